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
// one for each mode that changes the timeouts, and one, "", for all others. Each
// is made when it is first asked for.
var defaultHTTPClients struct {
	mu     sync.Mutex
	byMode map[aws.DefaultsMode]*http.Client
}

func newDefaultHTTPClient(mode aws.DefaultsMode) *http.Client {
	switch mode {
	case aws.DefaultsModeStandard, aws.DefaultsModeInRegion, aws.DefaultsModeCrossRegion, aws.DefaultsModeMobile:
	default:
		mode = ""
	}
	shared := &defaultHTTPClients
	shared.mu.Lock()
	defer shared.mu.Unlock()
	client := shared.byMode[mode]
	if client == nil {
		if shared.byMode == nil {
			shared.byMode = map[aws.DefaultsMode]*http.Client{}
		}
		client = clientOf(rebuilt(awshttp.NewBuildableClient(), mode), 0)
		shared.byMode[mode] = client
	}
	return client
}

// deriveHTTPClient returns a client like given that follows no redirects and
// replaces connections that hang, if its type is one that can be told so.
func deriveHTTPClient(given HTTPClient, mode aws.DefaultsMode) HTTPClient {
	return derive(given, mode, func(_ any, newPool func() *pool) *pool { return newPool() })
}

// derive derives a client from given. shared returns the pool of a key, which
// newPool makes if there is none yet.
func derive(given HTTPClient, mode aws.DefaultsMode, shared func(key any, newPool func() *pool) *pool) HTTPClient {
	switch given := given.(type) {
	case *http.Client:
		if given == nil {
			return newDefaultHTTPClient(mode)
		}
		client := *given
		client.CheckRedirect = followNone
		if _, ok := client.Transport.(redirectKeeper); ok {
			return &client
		}
		keeper := redirectKeeper{RoundTripper: given.Transport}
		if t, ok := keeper.given().(*http.Transport); ok && t != nil {
			keeper.pool = shared(t, func() *pool { return newPool(t, false) })
		}
		client.Transport = keeper
		return &client
	case *awshttp.BuildableClient:
		if given == nil {
			return newDefaultHTTPClient(mode)
		}
		return clientOf(shared(buildableKey{given, mode}, func() *pool { return rebuilt(given, mode) }), given.GetTimeout())
	}
	return given
}

type buildableKey struct {
	client *awshttp.BuildableClient
	mode   aws.DefaultsMode
}

func clientOf(p *pool, timeout time.Duration) *http.Client {
	return &http.Client{Transport: redirectKeeper{p.base, p}, Timeout: timeout, CheckRedirect: followNone}
}

// poolOf returns the pool that a client sends with: its bodies end with the
// context of their request. nil: it has none.
func poolOf(client HTTPClient) *pool {
	c, ok := client.(*http.Client)
	if !ok {
		return nil
	}
	keeper, _ := c.Transport.(redirectKeeper)
	p, _ := keeper.transport().(*pool)
	return p
}

func followNone(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// A redirectKeeper hands on a redirect whose Location is no URL. http.Client
// looks at it before it asks CheckRedirect, and drops the answer for an error
// that would be retried. A nil RoundTripper is http.DefaultTransport.
type redirectKeeper struct {
	http.RoundTripper
	pool *pool // of Go's transport; nil: the RoundTripper is another one
}

func (k redirectKeeper) given() http.RoundTripper {
	if k.RoundTripper == nil {
		return http.DefaultTransport
	}
	return k.RoundTripper
}

// transport returns what to send with. http.DefaultTransport is looked up for
// each request: tests replace it.
func (k redirectKeeper) transport() http.RoundTripper {
	given := k.given()
	if t, ok := given.(*http.Transport); ok && k.pool != nil && t == k.pool.base {
		return k.pool
	}
	return given
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

// rebuilt makes a pool from a buildable client: its transport, with proxy, CA
// bundle and dialer, and the timeouts of the mode, as the official client applies
// them.
func rebuilt(b *awshttp.BuildableClient, mode aws.DefaultsMode) *pool {
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
	bound(t)
	t.OnProxyConnectResponse = withConnectError(t.OnProxyConnectResponse)
	return newPool(t, true)
}

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
