package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// hangs are the ways in which a server lets a client wait for ever.
var hangs = []struct {
	name string
	do   func(c *faultConn)
}{
	{"no answer", func(c *faultConn) { c.stall() }},
	{"headers drip", func(c *faultConn) { c.drip(ok200+strings.Repeat("X-A: 1\r\n", 1000), oneByte) }},
	{"stall in the status line", func(c *faultConn) { c.say("HTTP/1.1 2"); c.stall() }},
	{"stall in the headers", func(c *faultConn) { c.say(ok200 + "Content-Len"); c.stall() }},
	{"stall after the headers", func(c *faultConn) { c.say(ok200 + "Content-Length: 9\r\n\r\n"); c.stall() }},
	{"body drips", func(c *faultConn) { c.say(ok200 + "Content-Length: 1000\r\n\r\n"); c.drip(whole, oneByte) }},
	{"chunks drip", func(c *faultConn) {
		c.say(ok200 + "Transfer-Encoding: chunked\r\n\r\n")
		c.drip(strings.Repeat("1\r\n \r\n", 1000), oneByte)
	}},
	{"stall in the body", func(c *faultConn) { c.say(ok200 + "Content-Length: 1000\r\n\r\n" + whole[:40]); c.stall() }},
	{"stall after the JSON", func(c *faultConn) { c.say(ok200 + "Content-Length: 1000\r\n\r\n" + whole); c.stall() }},
	{"no last chunk", func(c *faultConn) {
		c.say(fmt.Sprintf(ok200+"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(whole), whole))
		c.stall()
	}},
	{"endless blanks after the JSON", func(c *faultConn) {
		c.say(ok200 + "Connection: close\r\n\r\n" + whole)
		c.drip(strings.Repeat(" ", 1000), oneByte)
	}},
	{"endless informational answers", func(c *faultConn) {
		c.drip(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 1000), 10*time.Millisecond)
	}},
	{"error body drips", func(c *faultConn) {
		c.say("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 1000\r\n\r\n")
		c.drip(strings.Repeat("x", 1000), oneByte)
	}},
}

var hangsH2 = []struct {
	name string
	do   func(c *h2Conn, stream uint32)
}{
	{"no answer", func(*h2Conn, uint32) {}},
	{"dead connection", func(c *h2Conn, _ uint32) { c.mute.Store(true) }},
	{"stall after the headers", func(c *h2Conn, stream uint32) { c.headers(stream) }},
	{"stall in the body", func(c *h2Conn, stream uint32) { c.headers(stream); c.frame(h2Data, 0, stream, []byte(whole[:40])) }},
	{"body drips", func(c *h2Conn, stream uint32) {
		c.headers(stream)
		for i := 0; i < len(whole) && c.frame(h2Data, 0, stream, []byte(whole[i:i+1])); i++ {
			time.Sleep(oneByte)
		}
	}},
}

// TestNoHang holds that no server, proxy or stub makes a call wait for longer
// than AttemptTimeout: the next attempt goes over a new connection. The official
// client v1.37.11 waits for ever.
func TestNoHang(t *testing.T) {
	for _, h := range hangs {
		for _, secure := range []bool{false, true} {
			name := h.name
			if secure {
				name += ", TLS"
			}
			bubble(t, name, func(t *testing.T) {
				s := &faultServer{answer: func(c *faultConn, n int) {
					if n == 2 { // the first one only warms the connection
						h.do(c)
						return
					}
					c.page(whole)
				}}
				if secure {
					s.tls = serverTLS()
				}
				testHang(t, s.start(t), 3)
			})
		}
	}
	for _, h := range hangsH2 {
		bubble(t, h.name+", HTTP/2", func(t *testing.T) {
			s := &faultServer{tls: serverTLS("h2"), answerH2: func(c *h2Conn, stream uint32, n int) {
				if n == 2 {
					h.do(c, stream)
					return
				}
				c.page(stream, whole)
			}}
			testHang(t, s.start(t), 3)
		})
	}
	t.Run("always", func(t *testing.T) { testAlwaysHangs(t) })
	t.Run("stubs", func(t *testing.T) { testStubsHang(t) })
	bubble(t, "connection handed over", func(t *testing.T) {
		s := (&faultServer{answer: func(c *faultConn, n int) {
			c.say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			c.stall()
		}}).start(t)
		start := time.Now()
		_, err := list(t, t.Context(), s.client(t))
		assert.Equal(t, defaults, time.Since(start))
		answered, _ := as[*awshttp.ResponseError](err)
		require.NotNil(t, answered, "%v", err)
		assert.Equal(t, http.StatusSwitchingProtocols, answered.HTTPStatusCode())
	})
	bubble(t, "TLS handshake", func(t *testing.T) {
		s := (&faultServer{tls: serverTLS(), answer: func(c *faultConn, _ int) { c.page(whole) }}).start(t)
		s.greet = func(c *faultConn, n int) bool {
			if n == 1 {
				c.stall()
			}
			return n > 1
		}
		start := time.Now()
		got, err := list(t, t.Context(), s.client(t))
		require.NoError(t, err)
		assert.Equal(t, wholeText(), got)
		assert.InDelta(t, 10, time.Since(start).Seconds(), 0.06, "the TLS timeout of the SDK")
	})
}

// testHang makes a call that is answered, and one that hangs once.
func testHang(t *testing.T, s *faultServer, requests int) {
	client := s.client(t)
	_, err := list(t, t.Context(), client)
	require.NoError(t, err)
	start := time.Now()
	got, err := list(t, t.Context(), client)
	took := time.Since(start)
	require.NoError(t, err)
	assert.Equal(t, wholeText(), got)
	assert.EqualValues(t, requests, s.requests.Load(), "requests")
	assert.EqualValues(t, 2, s.conns.Load(), "connections")
	// A dead connection of HTTP/2 is found out by a ping, before the timeout.
	assert.LessOrEqual(t, took, defaults+50*time.Millisecond)
	assert.GreaterOrEqual(t, took, 20*time.Second)
}

func testAlwaysHangs(t *testing.T) {
	attemptTimeout := func(d time.Duration) func(*appintegrations.Options) {
		return func(o *appintegrations.Options) { o.AttemptTimeout = d }
	}
	for _, h := range hangs {
		if h.name == "error body drips" {
			continue // it is that error
		}
		bubble(t, h.name, func(t *testing.T) {
			s := (&faultServer{answer: func(c *faultConn, _ int) { h.do(c) }}).start(t)
			start := time.Now()
			_, err := list(t, t.Context(), s.client(t), attemptTimeout(2*time.Second))
			assert.InDelta(t, 6, time.Since(start).Seconds(), 4.06, "three attempts and two waits")
			assert.EqualValues(t, 3, s.requests.Load())
			assert.EqualValues(t, 3, s.conns.Load())
			assertTimedOut(t, err, 2*time.Second)
		})
	}
	for name, optFn := range map[string]func(*appintegrations.Options){
		"user's http.Client":        nil,
		"user's http.Client, retry": func(o *appintegrations.Options) { o.Retryer = retry.NewStandard() },
	} {
		bubble(t, name, func(t *testing.T) {
			s := (&faultServer{answer: func(c *faultConn, _ int) { c.stall() }}).start(t)
			client := s.client(t, attemptTimeout(time.Second), func(o *appintegrations.Options) { o.HTTPClient = s.httpClient() })
			if optFn == nil {
				optFn = func(*appintegrations.Options) {}
			}
			_, err := list(t, t.Context(), client, optFn)
			assert.EqualValues(t, 3, s.requests.Load())
			assertTimedOut(t, err, time.Second)
		})
	}
	bubble(t, "the caller's deadline is nearer", func(t *testing.T) {
		s := (&faultServer{answer: func(c *faultConn, _ int) { c.stall() }}).start(t)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		_, err := list(t, ctx, s.client(t))
		assert.Equal(t, 5*time.Second, time.Since(start))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		_, ok := as[*aws.RequestCanceledError](err)
		assert.True(t, ok, "%v", err)
		_, ok = as[*appintegrations.AttemptTimeoutError](err)
		assert.False(t, ok, "%v", err)
	})
	bubble(t, "no AttemptTimeout", func(t *testing.T) {
		s := (&faultServer{answer: func(c *faultConn, _ int) { time.Sleep(time.Hour); c.page(whole) }}).start(t)
		_, err := list(t, t.Context(), s.client(t), attemptTimeout(-1))
		assert.NoError(t, err)
	})
}

func assertTimedOut(t *testing.T, err error, after time.Duration) {
	t.Helper()
	timeout, ok := as[*appintegrations.AttemptTimeoutError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, after, timeout.After)
	assert.NotErrorIs(t, err, context.DeadlineExceeded)
	_, ok = as[*retry.MaxAttemptsError](err)
	assert.True(t, ok, "%v", err)
	assert.NotContains(t, err.Error(), "deadline")
}

// A stubBody gives text and then blocks until it is closed. It cannot be closed
// twice.
type stubBody struct {
	text   io.Reader
	closed chan struct{}
}

func (b stubBody) Close() error { close(b.closed); return nil }
func (b stubBody) Read(p []byte) (int, error) {
	if n, err := b.text.Read(p); err == nil {
		return n, nil
	}
	<-b.closed
	return 0, io.ErrClosedPipe
}

type zeros struct{}

func (zeros) Read([]byte) (int, error) { time.Sleep(time.Second); return 0, nil }

type blanks struct{}

func (blanks) Read(p []byte) (int, error) { time.Sleep(time.Second); p[0] = ' '; return 1, nil }

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// testStubsHang has stubs that hang, in the place of a client and of its
// transport.
func testStubsHang(t *testing.T) {
	answer := func(body io.ReadCloser) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body}, nil
	}
	for name, do := range map[string]roundTripper{
		"blocks until cancelled":          func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() },
		"blocks, and says so its own way": func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, errors.New("gone") },
		"body ignores the context": func(*http.Request) (*http.Response, error) {
			return answer(stubBody{strings.NewReader(whole[:30]), make(chan struct{})})
		},
		"body blocks after the JSON": func(*http.Request) (*http.Response, error) {
			return answer(stubBody{strings.NewReader(whole), make(chan struct{})})
		},
		"body gives nothing": func(*http.Request) (*http.Response, error) { return answer(io.NopCloser(zeros{})) },
		"body gives blanks":  func(*http.Request) (*http.Response, error) { return answer(io.NopCloser(blanks{})) },
	} {
		for kind, client := range map[string]appintegrations.HTTPClient{"Do": doFunc(do), "RoundTripper": &http.Client{Transport: do}} {
			bubble(t, name+", "+kind, func(t *testing.T) {
				c := stubClient("", func(o *appintegrations.Options) { o.HTTPClient, o.AttemptTimeout = client, 3*time.Second })
				start := time.Now()
				_, err := list(t, t.Context(), c)
				assert.InDelta(t, 9, time.Since(start).Seconds(), 4.06+3, "a Read that cannot be broken off is waited for")
				assertTimedOut(t, err, 3*time.Second)
			})
		}
	}
}
