package appintegrationstest

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	appintegrations "github.com/seed-10600c52/appintegrations"
)

// Options configure a [Server]. The zero value of every field works.
type Options struct {
	// Addr is the TCP address to listen on; empty: a free port of 127.0.0.1.
	// [New] does not use it.
	Addr string

	// Region is the Region that requests must be signed for; empty: us-east-1.
	Region string

	// AccessKeyID and SecretAccessKey are the key that requests must be signed
	// with; empty: the example key of the AWS documentation.
	AccessKeyID, SecretAccessKey string

	// SessionToken is the security token that requests must carry; empty: they
	// must carry none.
	SessionToken string

	// PageSize is the size of a page that the request does not ask for; 0 or
	// negative: 25, as the service.
	PageSize int

	// Now is the server's clock: requests must be signed within 5 minutes of it,
	// and the Date of answers and Quota go by it. It is called concurrently.
	// Nil: time.Now.
	Now func() time.Time

	// Quota limits the rate of requests for associations; zero: no limit.
	Quota Quota

	// DataIntegrationsQuota limits the rate of requests for the list of data
	// integrations, which do not count in Quota; zero: no limit.
	DataIntegrationsQuota Quota

	// Advance, if not nil, returns an association as it is at the time now, which
	// comes from the server's clock. It is called for each association of a page
	// when the page is served, so that an execution can begin, complete or fail
	// while a test waits for it. The identifier is the one that the association was
	// put under, even if a request used another one of the data integration. The
	// association is a copy of the one that was put: Advance may change it, and
	// everything it points to. It is called concurrently.
	Advance func(dataIntegrationIdentifier string, association appintegrations.DataIntegrationAssociationSummary, now time.Time) appintegrations.DataIntegrationAssociationSummary
}

// Quota is a token bucket: PerSecond requests a second in the long run, Burst
// of them at once. A request beyond it gets a ThrottlingException without
// Retry-After. PerSecond 0 or negative: no quota. Burst below 1: 1.
type Quota struct {
	PerSecond float64
	Burst     int
}

// Request is what a [Server] saw of one request.
type Request struct {
	Time       time.Time // by Options.Now
	Method     string
	Operation  string // "ListDataIntegrationAssociations", "ListDataIntegrations"; empty if the path or the method is another
	Path       string // as on the wire, escaped
	RawQuery   string // as on the wire
	Header     http.Header
	Identifier string // of the data integration, unescaped; empty if the path is another
	Page       int    // 1 is the first; 0 if the token is not one of this server
	Status     int    // of the answer; 0 if none was begun
	Fault      string // what the request met of Fail, for example "throttle with Retry-After 2s"; "custom" for a Fault of yours
	Refused    string // why it was refused, code and message; empty if it was not, or if a fault answered
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
	active sync.WaitGroup // requests that are being answered
	serve  sync.WaitGroup // the listener's goroutine
	http   *http.Server   // nil without a listener

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

// NewServer starts a Server that listens on a socket, for the length of a test:
// it is closed by tb.Cleanup, and tb fails at once if it cannot listen.
func NewServer(tb testing.TB, optFns ...func(*Options)) *Server {
	tb.Helper()
	s, err := Start(optFns...)
	if err != nil {
		tb.Fatalf("appintegrationstest: %v", err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Start starts a Server that listens on a socket, outside of tests. The caller
// closes it. The error is that of listening on Options.Addr.
func Start(optFns ...func(*Options)) (*Server, error) {
	s := New(optFns...)
	ln, err := net.Listen("tcp", s.opts.Addr)
	if err != nil {
		s.Close()
		return nil, err
	}
	s.url = "http://" + reachable(ln.Addr())
	s.http = &http.Server{
		Handler: s,
		// A client that never finishes its headers must not outlive a test.
		ReadHeaderTimeout: time.Minute,
	}
	s.serve.Go(func() { _ = s.http.Serve(ln) }) // always ErrServerClosed: Close is its only end
	return s, nil
}

// reachable is the address to dial for a listener: one that listens on every
// address is asked on the loopback.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// New returns a Server without a listener: an [http.Handler] to put behind a
// server of one's own, and an [http.RoundTripper] that answers without a
// socket, for testing/synctest. Its goroutines end with the requests that they
// answer.
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
// until the last request has been answered or dropped: a Fault.Do of one's own
// must return when the request's context ends. A request after Close fails like
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

// URL returns the endpoint of the server, without a slash at the end. A server
// of [New] has one too, under a name that resolves nowhere.
func (s *Server) URL() string { return s.url }

// Config returns a configuration for any client of the AWS SDK for Go v2: the
// server's endpoint, Region and key. Without a listener its HTTPClient answers
// from the server itself.
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
	if s.http == nil {
		cfg.HTTPClient = socketless{s}
	}
	return cfg
}

// socketless makes an HTTP client of a Server. It is no *http.Client: that one
// would follow the redirects of Redirect back to this very server.
type socketless struct{ s *Server }

func (c socketless) Do(r *http.Request) (*http.Response, error) { return c.s.RoundTrip(r) }

// Fail queues faults. A request meets the first one in the queue that matches
// it, and uses it up.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Requests returns what the server has seen so far, in the order of arrival:
// answered, refused and dropped requests alike. They are copies.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, len(s.log))
	for i, r := range s.log {
		out[i] = *r
		out[i].Header = r.Header.Clone()
	}
	return out
}
