package appintegrations

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"reflect"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/defaults"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const (
	// Idle connections to keep for one host: with fewer than there are
	// goroutines, each burst opens new ones.
	idleConnsPerHost = 512
	// Go's own limit is 10 MiB; an answer of this service has a few hundred
	// bytes of headers.
	maxHeaderBytes = 1 << 20
	// A connection of HTTP/2 outlives the requests that it lets hang. One that is
	// silent for so long is asked for a sign of life, and closed without one,
	// before the default AttemptTimeout.
	silence     = 10 * time.Second
	pingTimeout = 10 * time.Second
)

// defaultHTTPClients are shared by all clients of the process that bring none:
// one for each mode that changes the timeouts, and one, "", for all others.
var defaultHTTPClients = sync.OnceValue(func() map[aws.DefaultsMode]*http.Client {
	clients := map[aws.DefaultsMode]*http.Client{}
	for _, mode := range [...]aws.DefaultsMode{"", aws.DefaultsModeStandard, aws.DefaultsModeInRegion, aws.DefaultsModeCrossRegion, aws.DefaultsModeMobile} {
		clients[mode] = rebuilt(awshttp.NewBuildableClient(), mode)
	}
	return clients
})

func newDefaultHTTPClient(mode aws.DefaultsMode) *http.Client {
	if client, ok := defaultHTTPClients()[mode]; ok {
		return client
	}
	return defaultHTTPClients()[""]
}

// deriveHTTPClient returns a client like given that follows no redirects, if
// its type is one that can be told so.
func deriveHTTPClient(given HTTPClient, mode aws.DefaultsMode) HTTPClient {
	switch given := given.(type) {
	case *http.Client:
		if given == nil {
			return newDefaultHTTPClient(mode)
		}
		client := *given
		if _, ok := client.Transport.(redirectKeeper); !ok {
			client.Transport = redirectKeeper{RoundTripper: given.Transport}
		}
		client.CheckRedirect = followNone
		return &client
	case *awshttp.BuildableClient:
		if given == nil {
			return newDefaultHTTPClient(mode)
		}
		return rebuilt(given, mode)
	}
	return given
}

// A derivedClient is what was derived from the HTTP client of a call.
type derivedClient struct {
	given, client HTTPClient
	mode          aws.DefaultsMode
}

// derive derives from the HTTP client of a call. The last one is kept, so that
// calls that bring the same one share its connections; those of the one before
// are closed once they are idle.
func (c *core) derive(given HTTPClient, mode aws.DefaultsMode) HTTPClient {
	if _, ok := given.(*awshttp.BuildableClient); !ok {
		return deriveHTTPClient(given, mode) // which has no connections of its own
	}
	last := c.perCall.Load()
	if last != nil && last.given == given && last.mode == mode {
		return last.client
	}
	next := &derivedClient{given, deriveHTTPClient(given, mode), mode}
	closeIdle(c.perCall.Swap(next))
	return next.client
}

func closeIdle(d *derivedClient) {
	if d == nil {
		return
	}
	if closer, ok := d.client.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

// native returns Go's own transport if that is what a client sends with: its
// bodies end with the context of their request. Else nil.
func native(client HTTPClient) *http.Transport {
	c, ok := client.(*http.Client)
	if !ok {
		return nil
	}
	keeper, _ := c.Transport.(redirectKeeper)
	t, _ := keeper.transport().(*http.Transport)
	return t
}

// singleUse returns a client like given, each request of which opens a
// connection of its own and closes it, if its type is one that can be told so.
func singleUse(given HTTPClient) HTTPClient {
	t := native(given)
	if t == nil {
		return given
	}
	client := *given.(*http.Client)
	t = t.Clone()
	t.DisableKeepAlives = true
	client.Transport = redirectKeeper{RoundTripper: t}
	return &client
}

func followNone(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// A redirectKeeper hands on a redirect whose Location is no URL. http.Client
// looks at it before it asks CheckRedirect, and drops the answer for an error
// that would be retried. A nil RoundTripper is http.DefaultTransport.
type redirectKeeper struct {
	http.RoundTripper
	gates *dialGates // of a rebuilt transport; nil: none
}

func (k redirectKeeper) transport() http.RoundTripper {
	if k.RoundTripper == nil {
		return http.DefaultTransport
	}
	return k.RoundTripper
}

func (k redirectKeeper) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := k.transport().RoundTrip(req)
	if err != nil || resp == nil || resp.StatusCode/100 != 3 || resp.Header == nil {
		return resp, err
	}
	if _, err := req.URL.Parse(resp.Header.Get("Location")); err != nil {
		resp.Header.Del("Location")
	}
	return resp, nil
}

func (k redirectKeeper) CloseIdleConnections() {
	if closer, ok := k.transport().(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

// rebuilt makes a client from a buildable one: its transport, with proxy, CA
// bundle and dialer, its timeouts, and those of the mode, as the official
// client applies them.
func rebuilt(b *awshttp.BuildableClient, mode aws.DefaultsMode) *http.Client {
	if config, err := defaults.GetModeConfiguration(mode); err == nil {
		b = b.WithDialerOptions(func(d *net.Dialer) {
			if timeout, ok := config.GetConnectTimeout(); ok {
				d.Timeout = timeout
			}
		}).WithTransportOptions(func(t *http.Transport) {
			if timeout, ok := config.GetTLSNegotiationTimeout(); ok {
				t.TLSHandshakeTimeout = timeout
			}
		})
	}
	t := b.GetTransport()
	if t.MaxIdleConnsPerHost == awshttp.DefaultHTTPTransportMaxIdleConnsPerHost {
		t.MaxIdleConnsPerHost = idleConnsPerHost
		if t.MaxIdleConns != 0 { // 0: no limit
			t.MaxIdleConns = max(t.MaxIdleConns, idleConnsPerHost)
		}
	}
	if t.MaxResponseHeaderBytes == 0 {
		t.MaxResponseHeaderBytes = maxHeaderBytes
	}
	if timeout, ok := b.GetReadTimeout(); ok && timeout > 0 {
		t.DialContext = withReadTimeout(t.DialContext, timeout)
	}
	if t.HTTP2 == nil {
		t.HTTP2 = &http.HTTP2Config{SendPingTimeout: silence, PingTimeout: pingTimeout}
	}
	if t.DialContext != nil {
		t.DialContext = gated(t.DialContext)
	}
	gates := &dialGates{hosts: map[string]*dialGate{}}
	return &http.Client{Transport: redirectKeeper{t, gates}, Timeout: b.GetTimeout(), CheckRedirect: followNone}
}

type dialContext = func(ctx context.Context, network, addr string) (net.Conn, error)

// withReadTimeout does for a rebuilt client what the SDK does inside a
// buildable one: a connection that is silent for so long fails.
func withReadTimeout(dial dialContext, timeout time.Duration) dialContext {
	if dial == nil {
		dial = awshttp.NewBuildableClient().GetDialer().DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &readTimeoutConn{Conn: conn, timeout: timeout}, nil
	}
}

type readTimeoutConn struct {
	net.Conn
	timeout time.Duration
}

func (c *readTimeoutConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = &awshttp.ResponseTimeoutError{TimeoutDur: c.timeout}
	}
	return n, err
}

// same reports whether two interface values are the same. Types that cannot be
// compared are never the same.
func same(a, b any) bool {
	if a == nil || b == nil {
		return a == b
	}
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}
