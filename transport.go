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
)

// defaultHTTPClient is shared by all clients of the process that bring none.
var defaultHTTPClient = sync.OnceValue(func() *http.Client {
	return rebuilt(awshttp.NewBuildableClient(), "")
})

// newDefaultHTTPClient returns the shared client, but for modes that change
// its timeouts.
func newDefaultHTTPClient(mode aws.DefaultsMode) *http.Client {
	if _, err := defaults.GetModeConfiguration(mode); err == nil {
		return rebuilt(awshttp.NewBuildableClient(), mode)
	}
	return defaultHTTPClient()
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

// native reports whether answers come from Go's own transport, whose bodies end
// with the context of their request.
func native(client HTTPClient) bool {
	c, ok := client.(*http.Client)
	if !ok {
		return false
	}
	_, ok = c.Transport.(*http.Transport)
	return ok || c.Transport == nil
}

func followNone(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

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
		t.MaxIdleConns = max(t.MaxIdleConns, idleConnsPerHost)
	}
	if t.MaxResponseHeaderBytes == 0 {
		t.MaxResponseHeaderBytes = maxHeaderBytes
	}
	if timeout, ok := b.GetReadTimeout(); ok && timeout > 0 {
		t.DialContext = withReadTimeout(t.DialContext, timeout)
	}
	return &http.Client{Transport: t, Timeout: b.GetTimeout(), CheckRedirect: followNone}
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
