package appintegrations_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// dying makes a server let all requests hang on the connections that are open
// when the flag is set.
func dying(s *faultServer) (die func()) {
	var dead sync.Map // of net.Conn
	s.greet = func(c *faultConn, _ int) bool { dead.Store(c.raw, false); return true }
	isDead := func(c *faultConn) bool { v, _ := dead.Load(c.raw); return v == true }
	s.answer = func(c *faultConn, _ int) {
		time.Sleep(10 * time.Millisecond)
		if isDead(c) {
			c.stall()
			return
		}
		c.page(whole)
	}
	s.answerH2 = func(c *h2Conn, stream uint32, _ int) {
		time.Sleep(10 * time.Millisecond)
		if !isDead(c.faultConn) {
			c.page(stream, whole)
		}
	}
	return func() { dead.Range(func(conn, _ any) bool { dead.Store(conn, true); return true }) }
}

// many makes n calls at once and returns how long each took.
func many(t *testing.T, client *appintegrations.Client, n int, optFns ...func(*appintegrations.Options)) []time.Duration {
	t.Helper()
	took := make([]time.Duration, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			start := time.Now()
			_, err := list(t, t.Context(), client, optFns...)
			assert.NoError(t, err)
			took[i] = time.Since(start)
		})
	}
	wg.Wait()
	slices.Sort(took)
	return took
}

func (s *faultServer) open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.live)
}

// TestDeadPool holds that connections that hang cost one AttemptTimeout in all:
// the call that finds out, and nobody after it. The official client v1.37.11
// waits for ever.
func TestDeadPool(t *testing.T) {
	for _, row := range []struct {
		name      string
		protocols []string // nil: no TLS
		size      int      // of the pool that dies
		conns     int64    // that it has
		client    func(*faultServer) appintegrations.HTTPClient
	}{
		{"HTTP/1.1, 1 connection", nil, 1, 1, nil},
		{"HTTP/1.1, 8 connections", nil, 8, 8, nil},
		{"HTTP/1.1, 64 connections", nil, 64, 64, nil},
		{"TLS, 8 connections", []string{"http/1.1"}, 8, 8, nil},
		{"HTTP/2", []string{"h2"}, 1, 1, nil},
		{"user's transport, HTTP/1.1", nil, 8, 8, userClient},
		{"user's transport, HTTP/2", []string{"h2"}, 1, 1, userClient},
	} {
		bubble(t, row.name, func(t *testing.T) {
			s := &faultServer{}
			if row.protocols != nil {
				s.tls = serverTLS(row.protocols...)
			}
			die := dying(s)
			s.start(t)
			client := s.client(t, func(o *appintegrations.Options) {
				if row.client != nil {
					o.HTTPClient = row.client(s)
				}
			})
			many(t, client, row.size)
			require.EqualValues(t, row.conns, s.conns.Load())
			die()
			first := many(t, client, 1)[0]
			after := many(t, client, 64)
			t.Logf("the first call waits %v, each of 64 after it at most %v; %d connections", first, after[63], s.conns.Load())
			assert.LessOrEqual(t, first, defaults+100*time.Millisecond)
			assert.GreaterOrEqual(t, first, 10*time.Second)
			assert.LessOrEqual(t, after[63], 100*time.Millisecond)
			if row.client == nil {
				assert.LessOrEqual(t, int64(s.open()), s.conns.Load()-row.conns, "the dead connections are closed")
			}
			client.CloseIdleConnections()
			synctest.Wait()
			assert.Zero(t, s.open(), "connections that are left")
		})
	}
}

func userClient(s *faultServer) appintegrations.HTTPClient {
	c := s.httpClient()
	c.Transport.(*http.Transport).MaxIdleConnsPerHost = 64
	return c
}

// TestDeadPoolInUse has many calls in flight when the connections die: each waits
// for its own timeout, at the same time, and then all succeed.
func TestDeadPoolInUse(t *testing.T) {
	t.Parallel()
	for _, protocols := range [][]string{nil, {"h2"}} {
		for _, n := range []int{8, 64, 500} {
			bubble(t, fmt.Sprintf("%d, %v", n, protocols), func(t *testing.T) {
				s := &faultServer{}
				if protocols != nil {
					s.tls = serverTLS(protocols...)
				}
				die := dying(s)
				client := s.start(t).client(t)
				many(t, client, 1)
				many(t, client, n)
				before := s.conns.Load()
				die()
				took := many(t, client, n)
				t.Logf("%d calls wait %v to %v; %d connections, then %d", n, took[0], took[n-1], before, s.conns.Load())
				assert.LessOrEqual(t, took[n-1], defaults+200*time.Millisecond)
				client.CloseIdleConnections()
				synctest.Wait()
				assert.Zero(t, s.open())
			})
		}
	}
}

// TestPoolOfOneHost holds that the other hosts keep their connections, and that a
// host that answers somebody keeps its own.
func TestPoolOfOneHost(t *testing.T) {
	bubble(t, "other hosts", func(t *testing.T) {
		sick, well := &faultServer{}, &faultServer{}
		die := dying(sick)
		dying(well)
		sick.start(t)
		well.start(t)
		client := sick.client(t, func(o *appintegrations.Options) {
			o.HTTPClient = sick.buildable().WithTransportOptions(func(t *http.Transport) {
				t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
					if addr == "well.test:80" {
						return well.dial(ctx, network, addr)
					}
					return sick.dial(ctx, network, addr)
				}
			})
		})
		toWell := func(o *appintegrations.Options) { o.BaseEndpoint = aws.String("http://well.test") }
		many(t, client, 8)
		many(t, client, 8, toWell)
		die()
		many(t, client, 1)
		many(t, client, 8, toWell)
		assert.EqualValues(t, 8, well.conns.Load(), "connections to the other host")
		assert.Equal(t, 8, well.open())
		assert.Equal(t, 1, sick.open(), "open connections to the host that hung")
	})
	bubble(t, "one request hangs", func(t *testing.T) {
		s := (&faultServer{tls: serverTLS("h2"), answerH2: func(c *h2Conn, stream uint32, n int) {
			if n != 2 {
				c.page(stream, whole)
			}
		}}).start(t)
		client := s.client(t)
		many(t, client, 1)
		var wg sync.WaitGroup
		wg.Go(func() { many(t, client, 1) })
		time.Sleep(time.Second)
		many(t, client, 1)
		wg.Wait()
		assert.EqualValues(t, 2, s.conns.Load(), "one for the call that timed out")
		many(t, client, 8)
		assert.EqualValues(t, 2, s.conns.Load(), "another response came since the request was sent")
	})
	bubble(t, "a host that hangs for ever", func(t *testing.T) {
		s := (&faultServer{tls: serverTLS("h2"), answerH2: func(*h2Conn, uint32, int) {}}).start(t)
		client := s.client(t, func(o *appintegrations.Options) { o.AttemptTimeout = time.Second })
		for range 20 {
			_, err := list(t, t.Context(), client)
			_, timedOut := as[*appintegrations.AttemptTimeoutError](err)
			assert.True(t, timedOut, "%v", err)
			time.Sleep(100 * time.Millisecond)
		}
		took := int64(time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) / (5 * time.Second))
		t.Logf("%d connections, %d requests", s.conns.Load(), s.requests.Load())
		assert.LessOrEqual(t, s.conns.Load(), took+2, "one in five seconds at most")
	})
	bubble(t, "HTTP/2 that is not Go's own", func(t *testing.T) {
		s := &faultServer{}
		die := dying(s)
		s.start(t)
		client := s.client(t, func(o *appintegrations.Options) {
			given := userClient(s).(*http.Client)
			given.Transport.(*http.Transport).TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{
				"h2": func(string, *tls.Conn) http.RoundTripper { return nil },
			}
			o.HTTPClient = given
		})
		many(t, client, 2)
		die()
		start := time.Now()
		many(t, client, 1)
		assert.GreaterOrEqual(t, time.Since(start), 2*defaults, "its pool is kept")
	})
}

// TestStuckDial has dials, and handshakes, that hang: the calls after them are not
// held up.
func TestStuckDial(t *testing.T) {
	for _, handshake := range []bool{false, true} {
		for _, stuck := range []int{1, 4} {
			bubble(t, fmt.Sprintf("%d, handshake %t", stuck, handshake), func(t *testing.T) {
				s := (&faultServer{tls: serverTLS("h2"), answerH2: func(c *h2Conn, stream uint32, _ int) { c.page(stream, whole) }}).start(t)
				var dials atomic.Int64
				if handshake {
					s.greet = func(c *faultConn, n int) bool {
						if n <= stuck {
							c.stall()
						}
						return n > stuck
					}
				}
				client := s.client(t, func(o *appintegrations.Options) {
					o.HTTPClient = s.buildable().WithTransportOptions(func(t *http.Transport) {
						dial := t.DialContext
						t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
							if n := dials.Add(1); !handshake && n <= int64(stuck) {
								<-ctx.Done()
								return nil, ctx.Err()
							}
							return dial(ctx, network, addr)
						}
					})
				})
				failed := 0
				for range stuck + 5 {
					ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
					start := time.Now()
					if _, err := list(t, ctx, client); err != nil {
						failed++
						assert.Equal(t, 1500*time.Millisecond, time.Since(start))
					}
					cancel()
				}
				t.Logf("%d of %d calls failed; %d dials", failed, stuck+5, dials.Load())
				assert.Equal(t, stuck, failed, "a call for each dial that hangs")
				time.Sleep(time.Minute)
			})
		}
	}
	bubble(t, "all", func(t *testing.T) {
		s := (&faultServer{}).start(t)
		client := s.client(t, func(o *appintegrations.Options) {
			o.HTTPClient = s.buildable().WithTransportOptions(func(t *http.Transport) {
				t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
			})
		})
		_, err := list(t, t.Context(), client)
		assertTimedOut(t, err, defaults)
	})
}

// TestDialsOfARequest holds how many connections a server can make a request
// open that takes connections and refuses the requests on them. The official
// client v1.37.11 opens 766 in 9 s for a GOAWAY on each.
func TestDialsOfARequest(t *testing.T) {
	for name, refuse := range map[string]func(*h2Conn, uint32){
		"REFUSED_STREAM": func(c *h2Conn, stream uint32) { c.frame(h2Reset, 0, stream, []byte{0, 0, 0, 7}) },
		"GOAWAY":         func(c *h2Conn, _ uint32) { c.frame(h2GoAway, 0, 0, make([]byte, 8)) },
		"GOAWAY and end": func(c *h2Conn, _ uint32) { c.frame(h2GoAway, 0, 0, make([]byte, 8)); c.raw.Close() },
		"end":            func(c *h2Conn, _ uint32) { c.raw.Close() },
	} {
		bubble(t, name, func(t *testing.T) {
			s := (&faultServer{tls: serverTLS("h2"), answerH2: func(c *h2Conn, stream uint32, _ int) { refuse(c, stream) }}).start(t)
			client := s.client(t)
			start := time.Now()
			_, err := list(t, t.Context(), client)
			t.Logf("%d connections, %d requests, %v: %v", s.conns.Load(), s.requests.Load(), time.Since(start), err)
			assertSendError(t, err, 3)
			assert.LessOrEqual(t, s.conns.Load(), int64(3*3))
		})
	}
}
