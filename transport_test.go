package appintegrations_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// transportFaults are answers that are none.
var transportFaults = []struct {
	name string
	do   func(c *faultConn)
}{
	{"reset before the headers", func(c *faultConn) { c.reset() }},
	{"closed before the headers", func(c *faultConn) { c.hangUp() }},
	{"garbage", func(c *faultConn) { c.say("\x16\x03\x01 not HTTP at all\r\n\r\n"); c.hangUp() }},
	{"conflicting Content-Length", func(c *faultConn) {
		c.say(ok200 + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n{} \n")
		c.hangUp()
	}},
	{"malformed Content-Length", func(c *faultConn) { c.say(ok200 + "Content-Length: many\r\n\r\n{}"); c.hangUp() }},
	{"unknown transfer encoding", func(c *faultConn) { c.say(ok200 + "Transfer-Encoding: x\r\n\r\n{}"); c.hangUp() }},
	{"headers of 9 MB", func(c *faultConn) { c.say(ok200); c.over = !endless(c, 9<<20); c.page("{}") }},
	{"headers of 64 MB", func(c *faultConn) { c.say(ok200); c.over = !endless(c, 64<<20); c.page("{}") }},
	{"one header of 9 MB", func(c *faultConn) { c.say(ok200 + "X-A: " + strings.Repeat("x", 9<<20) + "\r\n"); c.page("{}") }},
	{"endless informational answers", func(c *faultConn) {
		for c.say("HTTP/1.1 103 Early Hints\r\nLink: " + strings.Repeat("x", 8<<10) + "\r\n\r\n") {
		}
	}},
}

func endless(c *faultConn, size int) bool {
	line := "X-Filler: " + strings.Repeat("x", 8<<10) + "\r\n"
	for range size / len(line) {
		if !c.say(line) {
			return false
		}
	}
	return true
}

// TestTransport counts the attempts for faults of the transport.
func TestTransport(t *testing.T) {
	for _, f := range transportFaults {
		bubble(t, f.name, func(t *testing.T) {
			s := (&faultServer{answer: func(c *faultConn, _ int) { f.do(c); c.over = true }}).start(t)
			_, err := list(t, t.Context(), s.client(t))
			assertSendError(t, err, 3)
			assert.EqualValues(t, 3, s.requests.Load())

			s.requests.Store(0)
			s.answer = func(c *faultConn, n int) {
				if n == 1 {
					f.do(c)
					c.over = true
					return
				}
				c.page(whole)
			}
			got, err := list(t, t.Context(), s.client(t))
			require.NoError(t, err)
			assert.Equal(t, wholeText(), got)
			assert.EqualValues(t, 2, s.requests.Load())
		})
	}
	bubble(t, "connection refused", func(t *testing.T) {
		dials := 0
		client := stubClient("", func(o *appintegrations.Options) {
			o.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
				t.DialContext = func(context.Context, string, string) (net.Conn, error) {
					dials++
					return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
				}
			})
		})
		_, err := list(t, t.Context(), client)
		assertSendError(t, err, 3)
		assert.Equal(t, 3, dials)
	})
	bubble(t, "the cost of a reset", func(t *testing.T) {
		s := (&faultServer{answer: func(c *faultConn, n int) {
			if n%2 == 1 {
				c.reset()
				return
			}
			c.page(whole)
		}}).start(t)
		client := s.client(t)
		var took []time.Duration
		for range 201 {
			start := time.Now()
			_, err := list(t, t.Context(), client)
			require.NoError(t, err)
			took = append(took, time.Since(start))
			client.CloseIdleConnections() // a reset of a used connection is the transport's own affair
		}
		slices.Sort(took)
		t.Logf("a reset costs %v at the median, %v at most", took[100], took[200])
		assert.Less(t, took[100], 50*time.Millisecond)
		assert.EqualValues(t, 402, s.requests.Load())
	})
	bubble(t, "idle connections closed by the server", func(t *testing.T) {
		s := (&faultServer{answer: func(c *faultConn, _ int) { c.page(whole); c.hangUp() }}).start(t)
		client := s.client(t)
		for range 50 {
			_, err := list(t, t.Context(), client)
			require.NoError(t, err)
		}
		assert.EqualValues(t, 50, s.requests.Load())
	})
}

func assertSendError(t *testing.T, err error, attempts int) {
	t.Helper()
	sent, ok := as[*smithyhttp.RequestSendError](err)
	require.True(t, ok, "%v", err)
	assert.True(t, sent.ConnectionError())
	_, ok = as[*smithy.OperationError](err)
	assert.True(t, ok)
	exhausted, ok := as[*retry.MaxAttemptsError](err)
	if assert.Equal(t, attempts > 1, ok, "%v", err); ok {
		assert.Equal(t, attempts, exhausted.Attempt)
	}
	_, ok = as[smithy.APIError](err)
	assert.False(t, ok, "%v", err)
}

// TestPermanent has faults that another attempt would meet again.
func TestPermanent(t *testing.T) {
	_, pool := certificate()
	oldTLS := func(c *faultConn, _ int) bool {
		c.Read(make([]byte, 4096))
		c.say("\x15\x03\x01\x00\x02\x02\x46") // an alert: protocol version
		return false
	}
	oldHello := func(c *faultConn, _ int) bool {
		c.Read(make([]byte, 4096))
		c.say("\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02" + strings.Repeat("r", 32) + "\x00\xc0\x13\x00")
		return false
	}
	for _, row := range []struct {
		name string
		s    *faultServer
		url  string
		tls  *tls.Config
	}{
		{"unknown authority", &faultServer{tls: serverTLS()}, "", &tls.Config{}},
		{"wrong host", &faultServer{tls: serverTLS()}, "https://elsewhere.test", nil},
		{"TLS 1.1 only", &faultServer{tls: &tls.Config{Certificates: serverTLS().Certificates, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}}, "", nil},
		{"TLS 1.1 only, by an alert", &faultServer{tls: serverTLS(), greet: oldTLS}, "", nil},
		{"TLS 1.1 only, by a server hello", &faultServer{tls: serverTLS(), greet: oldHello}, "", nil},
		{"client certificate required", &faultServer{tls: &tls.Config{Certificates: serverTLS().Certificates, ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}}, "", nil},
		{"expired certificate", &faultServer{tls: serverTLS()}, "", &tls.Config{RootCAs: pool, Time: func() time.Time { return time.Date(2400, 1, 1, 0, 0, 0, 0, time.UTC) }}},
	} {
		bubble(t, row.name, func(t *testing.T) {
			s := row.s.start(t)
			if row.url != "" {
				s.url = row.url
			}
			client := s.client(t, func(o *appintegrations.Options) {
				if row.tls != nil {
					o.HTTPClient = s.buildable().WithTransportOptions(func(t *http.Transport) { t.TLSClientConfig = row.tls })
				}
			})
			_, err := list(t, t.Context(), client)
			t.Log(err)
			assertSendError(t, err, 1)
			assert.EqualValues(t, 1, s.conns.Load(), "connections")
			assert.Zero(t, s.requests.Load())
		})
	}
	for name, send := range map[string]roundTripper{
		"unsupported scheme": func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.URL.Scheme = "ftp"
			return http.DefaultTransport.RoundTrip(r)
		},
		"invalid header value": func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.Header.Set("X-A", "a\x00b")
			return http.DefaultTransport.RoundTrip(r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			sent := 0
			client := stubClient("", func(o *appintegrations.Options) {
				o.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) { sent++; return send(r) })}
			})
			_, err := list(t, t.Context(), client)
			assertSendError(t, err, 1)
			assert.Equal(t, 1, sent)
		})
	}
}
