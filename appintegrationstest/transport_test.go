package appintegrationstest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRoundTripEnds has a client that gives up at every moment: the request's
// goroutine must end with it, or the bubble would not.
func TestRoundTripEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := appintegrationstest.New()
		defer srv.Close()
		srv.Put("a", associations(50)...)
		c := caller{srv: srv, client: client(t, srv)}
		cause := errors.New("enough")
		for _, f := range []appintegrationstest.Fault{
			{}, appintegrationstest.Stall(0), appintegrationstest.StallBody(3, 0), appintegrationstest.Drip(1, time.Second),
			{Do: func(w http.ResponseWriter, _ *http.Request) bool { // endless
				for {
					if _, err := w.Write(make([]byte, 1<<20)); err != nil {
						return true
					}
				}
			}},
		} {
			srv.Fail(f) // the body is never read, but closed
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Minute, func() { cancel(cause) })
			resp, err := srv.RoundTrip(c.request(t, ctx, "a", nil))
			if err != nil {
				assert.Equal(t, cause, err)
				continue
			}
			require.NoError(t, resp.Body.Close())
			require.NoError(t, resp.Body.Close())
			_, err = resp.Body.Read(make([]byte, 1))
			assert.ErrorIs(t, err, http.ErrBodyReadAfterClose)
			synctest.Wait()

			srv.Fail(f) // the body is read while the context ends
			resp, err = srv.RoundTrip(c.request(t, ctx, "a", nil))
			require.NoError(t, err)
			_, _ = io.CopyN(io.Discard, resp.Body, 3)
			cancel(cause)
			_, err = io.Copy(io.Discard, resp.Body)
			if f.Do != nil {
				assert.Equal(t, cause, err)
			}
			_, err = srv.RoundTrip(c.request(t, ctx, "a", nil))
			assert.Equal(t, cause, err, "an ended context")
			synctest.Wait()
		}
	})
}

// TestGoexit has a Fault.Do that ends its goroutine, as t.FailNow does. Over a
// socket that is for net/http to deal with.
func TestGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := appintegrationstest.New()
		defer srv.Close()
		srv.Fail(appintegrationstest.Fault{Do: func(http.ResponseWriter, *http.Request) bool { runtime.Goexit(); return true }})
		c := caller{srv: srv, client: client(t, srv)}
		assert.ErrorIs(t, c.get(t, "a", nil).sendErr, io.EOF)
		assert.Zero(t, last(t, srv).Status)
	})
}

// TestRoundTripRefuses has what a transport does not send.
func TestRoundTripRefuses(t *testing.T) {
	srv := appintegrationstest.New()
	defer srv.Close()
	for name, spoil := range map[string]func(*http.Request){
		"no host":      func(r *http.Request) { r.URL.Host = "" },
		"no URL":       func(r *http.Request) { r.URL = nil },
		"header value": func(r *http.Request) { r.Header.Set("X-A", "a\r\nX-B: c") },
		"header name":  func(r *http.Request) { r.Header["X A"] = []string{"b"} },
		"method":       func(r *http.Request) { r.Method = "G T" },
	} {
		closed := false
		r, err := http.NewRequest(http.MethodGet, srv.URL(), closer{&closed})
		require.NoError(t, err)
		spoil(r)
		_, err = srv.RoundTrip(r)
		assert.Error(t, err, name)
		assert.True(t, closed, name)
	}
	assert.Empty(t, srv.Requests())
}

type closer struct{ closed *bool }

func (closer) Read([]byte) (int, error) { return 0, io.EOF }
func (c closer) Close() error           { *c.closed = true; return nil }

// TestGzipAsked asks for compression as a caller, who then has to undo it.
func TestGzipAsked(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		c.srv.Put("a", associations(2)...)
		for _, asked := range []string{"gzip", "identity"} {
			c.srv.Fail(appintegrationstest.Gzip())
			r := c.request(t, t.Context(), "a", nil)
			r.Header.Set("Accept-Encoding", asked)
			o := c.do(r)
			assert.Equal(t, "gzip", o.header.Get("Content-Encoding"))
			assert.EqualValues(t, len(o.body), o.length)
			assert.Equal(t, "\x1f\x8b", o.body[:2])
		}
	})
}

// TestLargeBody streams more than any buffer holds, by hand and in one piece.
func TestLargeBody(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		const size = 1 << 20
		for _, flush := range []bool{false, true} {
			c.srv.Fail(appintegrationstest.Fault{Do: func(w http.ResponseWriter, _ *http.Request) bool {
				if flush {
					w.(http.Flusher).Flush()
				}
				n, err := w.Write(make([]byte, size))
				return n == size && err == nil
			}})
			o := c.get(t, "a", nil)
			require.NoError(t, o.readErr)
			assert.Len(t, o.body, size)
			assert.EqualValues(t, -1, o.length)
			assert.Equal(t, 200, last(t, c.srv).Status)
		}
	})
}

// TestContentLength has a Fault.Do that declares another length than it writes.
func TestContentLength(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		declare := func(n string) appintegrationstest.Fault {
			return appintegrationstest.Fault{Do: func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("Content-Length", n)
				_, _ = w.Write([]byte("{}"))
				_, _ = w.Write([]byte("{}"))
				return true
			}}
		}
		c.srv.Fail(declare("9"), declare("3"))
		o := c.get(t, "a", nil)
		assert.ErrorIs(t, o.readErr, io.ErrUnexpectedEOF)
		assert.Equal(t, "{}{}", o.body)
		o = c.get(t, "a", nil)
		assert.ErrorIs(t, o.readErr, io.ErrUnexpectedEOF, "what is beyond the length is not sent")
		assert.Equal(t, "{}", o.body)
	})
}

// TestHijack has a Fault.Do that writes to the connection itself.
func TestHijack(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		var hijackErr error
		c.srv.Fail(appintegrationstest.Fault{Do: func(w http.ResponseWriter, _ *http.Request) bool {
			conn, _, err := w.(http.Hijacker).Hijack()
			if hijackErr = err; err != nil {
				return true
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\n{}")
			return true
		}})
		o := c.get(t, "a", nil)
		if hijackErr == nil {
			assert.Equal(t, 299, o.status)
			assert.Equal(t, "{}", o.body)
			assert.Zero(t, last(t, c.srv).Status)
			return
		}
		assert.ErrorIs(t, hijackErr, http.ErrNotSupported)
		assert.Equal(t, 200, o.status)
	})
}

// TestDropOfKeptConnection holds what Drop says of net/http.
func TestDropOfKeptConnection(t *testing.T) {
	srv := appintegrationstest.NewServer(t)
	srv.Put("a", associations(1)...)
	c := caller{srv: srv, client: client(t, nil)}
	assertServed(t, c.get(t, "a", nil), clientIDs(1, 1))
	srv.Fail(appintegrationstest.CloseConnection())
	assertServed(t, c.get(t, "a", nil), clientIDs(1, 1))
	assert.Len(t, srv.Requests(), 3)
}

// TestByHand serves a request that a test made without a body or a request line.
func TestByHand(t *testing.T) {
	srv := appintegrationstest.New()
	defer srv.Close()
	srv.Put("a")
	c := caller{srv: srv}
	r := c.request(t, t.Context(), "a", nil)
	r.Host = r.URL.Host
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, r)
	assert.Equal(t, 200, w.Code, w.Body)
}
