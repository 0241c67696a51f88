package appintegrationstest

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	appintegrations "github.com/seed-10600c52/appintegrations"
)

// Options configure a [Server]. The zero value of every field works.
type Options struct {
	// Addr is the TCP address to listen on; empty: a free port of 127.0.0.1.
	// [New] does not use it.
	Addr string

	// TLS makes the listener speak TLS, with a certificate of its own:
	// [Server.Config] trusts it, and [Server.Certificate] returns it. [New] does
	// not use it.
	TLS bool

	// HTTP2 makes the listener accept HTTP/2 besides HTTP/1.1: negotiated with
	// TLS, as the service does it, and without TLS from clients that begin with
	// HTTP/2 (h2c with prior knowledge), such as the one of [Server.Config]. [New]
	// does not use it.
	HTTP2 bool

	// Region is the Region that requests must be signed for; empty: us-east-1.
	Region string

	// AccessKeyID and SecretAccessKey are the key that requests must be signed
	// with; empty: the example key of the AWS documentation.
	AccessKeyID, SecretAccessKey string

	// SessionToken is the security token that requests must contain; empty: they
	// must contain none.
	SessionToken string

	// PageSize is the number of items on a page if the request contains no
	// maxResults; 0 or negative: 25.
	PageSize int

	// Now is the server's clock: requests must be signed within 5 minutes of it,
	// and the Date of responses and the quotas go by it. It is called
	// concurrently. Nil: time.Now.
	Now func() time.Time

	// Quota limits the rate of requests for associations; zero: no limit.
	Quota Quota

	// DataIntegrationsQuota limits the rate of requests for the list of data
	// integrations, which do not count in Quota; zero: no limit.
	DataIntegrationsQuota Quota

	// Advance, if not nil, returns an association as it is at the time now, by the
	// server's clock. The server calls it for each association on a page when it
	// sends the page, so that an execution can complete or fail while a test waits
	// for it. The identifier is the one of Put, or the Name of PutIntegration, even
	// if the request contains another identifier of the data integration. The
	// association is a copy of the one that was put: Advance may change it, and
	// everything that it points to. Advance is called concurrently.
	Advance func(dataIntegrationIdentifier string, association appintegrations.DataIntegrationAssociationSummary, now time.Time) appintegrations.DataIntegrationAssociationSummary

	// MaxRequests is how many requests [Server.Requests] keeps, the latest ones; 0 or
	// negative: all of them. A server that runs for days needs a limit.
	MaxRequests int

	// OnRequest, if not nil, is called with each request after its response, for
	// example to log it. It is called concurrently; [Server.Close] waits for it.
	OnRequest func(Request)
}

// Quota is a token bucket: PerSecond requests a second in the long run, Burst of
// them at once. A request beyond it gets a ThrottlingException without
// Retry-After. PerSecond 0 or negative: no quota. Burst below 1: 1.
type Quota struct {
	PerSecond float64
	Burst     int
}

// Request is what a [Server] saw of one request.
type Request struct {
	Time       time.Time // by Options.Now
	Proto      string    // "HTTP/1.1", "HTTP/2.0"
	TLS        bool
	Method     string
	Operation  string // "ListDataIntegrationAssociations", "ListDataIntegrations"; empty if the path or the method is another
	Path       string // as on the wire, escaped
	RawQuery   string // as on the wire
	Header     http.Header
	Identifier string // of the data integration, unescaped, as the request contains it; empty if the path is another
	Page       int    // 1 is the first; 0 if the token is not one of this list
	RequestID  string // the id that the response contains
	Status     int    // of the response; 0 if none was begun
	Fault      string // the fault of Fail that the request met, for example "throttle with Retry-After 2s"; "custom" for a Fault of yours
	Refused    string // why it was rejected, code and message; empty if it was not, or if a fault sent the response
}

// Server is a fake of the service. It is safe for concurrent use. Make one with
// [NewServer], [Start] or [New].
type Server struct {
	opts   Options
	url    string
	verify verifier
	tokens tokenizer
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	active sync.WaitGroup    // requests in progress
	serve  sync.WaitGroup    // the listener's goroutine
	http   *http.Server      // nil without a listener
	cert   *x509.Certificate // nil without TLS

	mu     sync.Mutex
	closed bool
	known  registry
	faults []Fault
	log    []*Request
	bucket map[operation]*bucket
}

// The key is the example of the AWS documentation, so that scanners for leaked
// keys know it.
const (
	defaultAddr     = "127.0.0.1:0"
	defaultRegion   = "us-east-1"
	defaultKeyID    = "AKIAIOSFODNN7EXAMPLE"
	defaultSecret   = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	defaultPageSize = 25
	signingName     = "app-integrations"
	clockWindow     = 5 * time.Minute
	socketlessURL   = "https://app-integrations.fake.invalid"
)

// New returns a Server without a listener: an [http.Handler] for a server of your
// own, and an [http.RoundTripper] that needs no socket, for testing/synctest. It
// has no goroutine besides one for each request in progress.
func New(optFns ...func(*Options)) *Server {
	var o Options
	for _, fn := range optFns {
		fn(&o)
	}
	o.setDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		opts:   o,
		url:    socketlessURL,
		ctx:    ctx,
		cancel: cancel,
		bucket: map[operation]*bucket{listAssociations: {}, listIntegrations: {}},
		verify: verifier{
			keyID: o.AccessKeyID, secret: o.SecretAccessKey, token: o.SessionToken,
			region: o.Region, service: signingName, window: clockWindow,
		},
	}
	_, _ = rand.Read(s.tokens.key[:]) // never fails since Go 1.24
	return s
}

func (o *Options) setDefaults() {
	setDefault(&o.Addr, defaultAddr)
	setDefault(&o.Region, defaultRegion)
	setDefault(&o.AccessKeyID, defaultKeyID)
	setDefault(&o.SecretAccessKey, defaultSecret)
	if o.PageSize <= 0 {
		o.PageSize = defaultPageSize
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

func setDefault(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

// Close ends the listener, its connections and every stalled request, and waits
// until the last request has its response or is dropped: a Fault.Do of your own
// must return when the request's context ends. After Close a request fails like
// one to a port where nobody listens. Closing twice is harmless.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	if s.http != nil {
		_ = s.http.Close()
	}
	s.active.Wait()
	s.serve.Wait()
}

// enter counts a request in, unless the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.active.Add(1)
	return true
}

// URL returns the endpoint of the server, without a slash at the end. A server of
// [New] has one too, with a host name that does not resolve.
func (s *Server) URL() string { return s.url }

// Certificate returns the certificate of the listener, for the trusted
// authorities of a client; nil without Options.TLS.
func (s *Server) Certificate() *x509.Certificate { return s.cert }

// Config returns a configuration for any client of the AWS SDK for Go v2: the
// server's endpoint, Region and key. With Options.TLS or Options.HTTP2 it contains
// an HTTPClient that trusts the certificate and speaks HTTP/2; without a listener
// it contains one that needs no socket.
func (s *Server) Config() aws.Config {
	creds := aws.Credentials{
		AccessKeyID:     s.opts.AccessKeyID,
		SecretAccessKey: s.opts.SecretAccessKey,
		SessionToken:    s.opts.SessionToken,
		Source:          "appintegrationstest",
	}
	cfg := aws.Config{
		Region:       s.opts.Region,
		BaseEndpoint: aws.String(s.url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return creds, nil
		}),
	}
	cfg.HTTPClient = s.client()
	if s.http == nil {
		cfg.HTTPClient = socketless{s}
	}
	return cfg
}

// socketless makes an HTTP client of a Server. It is no *http.Client: that one
// would follow the redirects of Redirect back to this very server.
type socketless struct{ s *Server }

func (c socketless) Do(r *http.Request) (*http.Response, error) { return c.s.RoundTrip(r) }

// Fail queues faults. A request meets the first fault in the queue that matches it,
// and uses it up. The faults apply to requests whose signature, method and path
// are right and that are within the quota.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Requests returns copies of the requests so far, in the order of arrival, also of
// those that were rejected or dropped. Options.MaxRequests limits their number.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, len(s.log))
	for i, r := range s.log {
		out[i] = r.clone()
	}
	return out
}

func (r *Request) clone() Request {
	c := *r
	c.Header = r.Header.Clone()
	return c
}
