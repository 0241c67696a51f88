package appintegrations_test

import (
	"context"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seed-10600c52/appintegrations"
)

// A connCounter serves pages on loopback and counts connections.
type connCounter struct {
	*httptest.Server
	opened, open, requests atomic.Int64
}

func countConns(t *testing.T, start func(*httptest.Server), answer http.HandlerFunc) *connCounter {
	c := &connCounter{}
	c.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.requests.Add(1)
		answer(w, r)
	}))
	c.Config.ErrorLog = log.New(io.Discard, "", 0)
	c.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			c.opened.Add(1)
			c.open.Add(1)
		case http.StateClosed, http.StateHijacked:
			c.open.Add(-1)
		}
	}
	start(c.Server)
	t.Cleanup(c.Close)
	return c
}

func (c *connCounter) client(httpClient appintegrations.HTTPClient, optFns ...func(*appintegrations.Options)) *appintegrations.Client {
	return appintegrations.New(appintegrations.Options{
		Region: "us-east-1", Credentials: staticCredentials, BaseEndpoint: aws.String(c.URL), HTTPClient: httpClient,
	}, optFns...)
}

// noneOpen waits until the server has seen all connections closed.
func (c *connCounter) noneOpen(t *testing.T) {
	t.Helper()
	assert.Eventually(t, func() bool { return c.open.Load() == 0 }, 5*time.Second, 5*time.Millisecond, "%d connections are open", c.open.Load())
}

func buildableFor(s *httptest.Server) *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		if base := s.Client().Transport.(*http.Transport); base.TLSClientConfig != nil {
			t.TLSClientConfig = base.TLSClientConfig.Clone()
		}
	})
}

// TestConnections holds how many connections there are. The official client
// v1.37.11 opens 1,887 for 200 goroutines of 50 calls, and keeps 500 for 500
// clients without a way to close them.
func TestConnections(t *testing.T) {
	t.Run("200 goroutines", testManyGoroutines)
	t.Run("500 clients", testManyClients)
	t.Run("closing", testCloseIdle)
	t.Run("cancelled anywhere", testCancelledAnywhere)
}

func testManyGoroutines(t *testing.T) {
	h2 := func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() }
	for _, row := range []struct {
		name       string
		limit      int64
		calls      int64 // of each goroutine
		warm       bool
		start      func(*httptest.Server)
		httpClient func(*httptest.Server) appintegrations.HTTPClient
	}{
		{"none", 300, 50, false, (*httptest.Server).Start, func(*httptest.Server) appintegrations.HTTPClient { return nil }},
		{"BuildableClient", 300, 50, false, (*httptest.Server).Start, func(s *httptest.Server) appintegrations.HTTPClient { return buildableFor(s) }},
		{"BuildableClient, TLS", 450, 10, false, (*httptest.Server).StartTLS, func(s *httptest.Server) appintegrations.HTTPClient { return buildableFor(s) }},
		{"BuildableClient, HTTP/2", 1, 10, true, h2, func(s *httptest.Server) appintegrations.HTTPClient { return buildableFor(s) }},
	} {
		if row.name == "BuildableClient, TLS" && testing.Short() {
			continue // hundreds of handshakes
		}
		t.Run(row.name, func(t *testing.T) {
			// Go dials once for each request that waits. How many wait depends on how
			// busy the machine is, so the best of three runs counts.
			fewest := int64(math.MaxInt64)
			for run := 0; run < 3 && fewest > row.limit; run++ {
				fewest = min(fewest, testGoroutines(t, row.start, row.httpClient, int64(few(int(row.calls), 10)), row.warm))
			}
			assert.LessOrEqual(t, fewest, row.limit)
		})
	}
}

// testGoroutines returns how many connections calls of many goroutines open.
func testGoroutines(t *testing.T, start func(*httptest.Server), httpClient func(*httptest.Server) appintegrations.HTTPClient, calls int64, burst bool) int64 {
	const goroutines = 200
	s := countConns(t, start, func(w http.ResponseWriter, r *http.Request) { servePage(w, r) })
	client := s.client(httpClient(s.Server))
	warm := int64(0)
	if burst { // a burst before HTTP/2 is agreed on opens connections that are not needed
		_, err := list(t, t.Context(), client)
		require.NoError(t, err)
		warm++
	}
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range calls {
				if _, err := list(t, t.Context(), client); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	opened := s.opened.Load()
	t.Logf("%d connections for %d calls, %d requests", opened, goroutines*calls, s.requests.Load())
	assert.EqualValues(t, goroutines*calls+warm, s.requests.Load())
	client.CloseIdleConnections()
	s.noneOpen(t)
	return opened
}

func testManyClients(t *testing.T) {
	clients := few(500, 100)
	// On a busy machine net/http gives up a connection now and then: one whose
	// request it does not see written within 50 ms of the answer.
	const limit = 5
	for _, row := range []struct {
		name  string
		limit int64
		optFn func(*appintegrations.Options)
	}{
		{"none", limit, func(*appintegrations.Options) {}},
		{"none, with a mode", limit, func(o *appintegrations.Options) { o.DefaultsMode = aws.DefaultsModeInRegion }},
		{"none, per call", limit, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := countConns(t, (*httptest.Server).Start, servePage)
			var last *appintegrations.Client
			for range clients {
				var perCall []func(*appintegrations.Options)
				if row.optFn == nil {
					last = s.client(&http.Client{})
					perCall = append(perCall, func(o *appintegrations.Options) { o.HTTPClient = nil })
				} else {
					last = s.client(nil, func(o *appintegrations.Options) { o.DefaultsMode = "" }, row.optFn)
				}
				_, err := list(t, t.Context(), last, perCall...)
				require.NoError(t, err)
			}
			t.Logf("%d connections for %d clients", s.opened.Load(), clients)
			assert.LessOrEqual(t, s.opened.Load(), row.limit)
			s.client(nil, func(o *appintegrations.Options) { o.DefaultsMode = last.Options().DefaultsMode }).CloseIdleConnections()
			s.noneOpen(t)
		})
	}
	t.Run("two clients in turn", testTwoClientsInTurn)
	t.Run("a BuildableClient of each call", func(t *testing.T) {
		s := countConns(t, (*httptest.Server).Start, servePage)
		client := s.client(nil)
		for range 50 {
			_, err := list(t, t.Context(), client, func(o *appintegrations.Options) { o.HTTPClient = awshttp.NewBuildableClient() })
			require.NoError(t, err)
		}
		assert.EqualValues(t, 50, s.opened.Load())
		client.CloseIdleConnections()
		s.noneOpen(t)
	})
	t.Run("one BuildableClient for all calls", func(t *testing.T) {
		s := countConns(t, (*httptest.Server).Start, servePage)
		client, shared := s.client(nil), awshttp.NewBuildableClient()
		for range 50 {
			_, err := list(t, t.Context(), client, func(o *appintegrations.Options) { o.HTTPClient = shared })
			require.NoError(t, err)
		}
		assert.LessOrEqual(t, s.opened.Load(), int64(limit))
		client.CloseIdleConnections()
		s.noneOpen(t)
	})
}

// testTwoClientsInTurn gives calls one of two HTTP clients.
func testTwoClientsInTurn(t *testing.T) {
	for _, row := range []struct {
		name  string
		limit int64
		of    func() appintegrations.HTTPClient
	}{
		{"BuildableClient", 32, func() appintegrations.HTTPClient { return awshttp.NewBuildableClient() }},
		{"http.Client", 48, func() appintegrations.HTTPClient { // whose dialler is the user's
			return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := countConns(t, (*httptest.Server).Start, servePage)
			client, given := s.client(nil), [2]appintegrations.HTTPClient{row.of(), row.of()}
			var wg sync.WaitGroup
			for g := range 16 {
				wg.Go(func() {
					for i := range 60 {
						_, err := list(t, t.Context(), client, func(o *appintegrations.Options) { o.HTTPClient = given[(g+i)%2] })
						assert.NoError(t, err)
					}
				})
			}
			wg.Wait()
			t.Logf("%d connections for 960 calls", s.opened.Load())
			assert.LessOrEqual(t, s.opened.Load(), row.limit)
			client.CloseIdleConnections()
			s.noneOpen(t)
		})
	}
	t.Run("more than are kept", func(t *testing.T) {
		s := countConns(t, (*httptest.Server).Start, servePage)
		client := s.client(nil)
		var wg sync.WaitGroup
		for range 4 {
			given := make([]appintegrations.HTTPClient, 20)
			for i := range given {
				given[i] = awshttp.NewBuildableClient()
			}
			wg.Go(func() {
				for i := range 100 {
					_, err := list(t, t.Context(), client, func(o *appintegrations.Options) { o.HTTPClient = given[i%len(given)] })
					assert.NoError(t, err)
				}
			})
		}
		wg.Wait()
		assert.Eventually(t, func() bool { return s.open.Load() <= 16 }, 5*time.Second, 5*time.Millisecond, "those that are not kept are closed")
		client.CloseIdleConnections()
		s.noneOpen(t)
	})
	t.Run("a user's transport", func(t *testing.T) {
		s := countConns(t, (*httptest.Server).Start, servePage)
		client := s.client(nil)
		transports := make([]*http.Transport, 20)
		for i := range transports {
			transports[i] = &http.Transport{}
			defer transports[i].CloseIdleConnections()
			_, err := list(t, t.Context(), client, func(o *appintegrations.Options) { o.HTTPClient = &http.Client{Transport: transports[i]} })
			require.NoError(t, err)
		}
		assert.EqualValues(t, 20, s.open.Load(), "a user's connections are closed when the user asks for it")
		client.CloseIdleConnections()
		assert.Eventually(t, func() bool { return s.open.Load() == 4 }, 5*time.Second, 5*time.Millisecond, "of the last 16")
	})
	t.Run("http.DefaultTransport", func(t *testing.T) {
		s := countConns(t, (*httptest.Server).Start, servePage)
		client := s.client(&http.Client{})
		for _, optFn := range []func(*appintegrations.Options){nil, func(o *appintegrations.Options) { o.HTTPClient = &http.Client{} }} {
			_, err := list(t, t.Context(), client, optFn)
			require.NoError(t, err)
			client.CloseIdleConnections()
		}
		assert.EqualValues(t, 1, s.opened.Load())
		assert.EqualValues(t, 1, s.open.Load(), "it belongs to everybody")
		http.DefaultClient.CloseIdleConnections()
		s.noneOpen(t)
	})
}

// testCloseIdle closes the connections of every kind of client, with answers of
// every kind before.
func testCloseIdle(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){
		"plain": (*httptest.Server).Start, "TLS": (*httptest.Server).StartTLS,
		"HTTP/2": func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() },
	} {
		for kind, of := range map[string]func(*httptest.Server) appintegrations.HTTPClient{
			"BuildableClient": func(s *httptest.Server) appintegrations.HTTPClient { return buildableFor(s) },
			"*http.Client":    func(s *httptest.Server) appintegrations.HTTPClient { return s.Client() },
			"wrapper": func(s *httptest.Server) appintegrations.HTTPClient {
				return &http.Client{Transport: s.Client().Transport}
			},
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				s := countConns(t, start, func(w http.ResponseWriter, r *http.Request) {
					switch r.URL.Query().Get("nextToken") {
					case "error":
						w.WriteHeader(404)
					case "redirect":
						http.Redirect(w, r, "/", http.StatusTemporaryRedirect)
					default:
						servePage(w, r)
					}
				})
				client := s.client(of(s.Server))
				for _, token := range []string{"", "error", "redirect", ""} {
					in := input("example")
					in.NextToken = aws.String(token)
					client.ListDataIntegrationAssociations(t.Context(), in)
				}
				client.CloseIdleConnections()
				s.noneOpen(t)
				_, err := list(t, t.Context(), client)
				assert.NoError(t, err, "it can be used afterwards")
				client.CloseIdleConnections()
				s.noneOpen(t)
			})
		}
	}
}

// testCancelledAnywhere cancels 200 calls at random: before they begin, while
// they dial, wait, read or back off.
func testCancelledAnywhere(t *testing.T) {
	before := goleak.IgnoreCurrent()
	for name, start := range map[string]func(*httptest.Server){
		"plain": (*httptest.Server).Start, "HTTP/2": func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() },
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int64
			s := countConns(t, start, func(w http.ResponseWriter, r *http.Request) {
				switch n.Add(1) % 4 {
				case 0:
					w.WriteHeader(503)
				case 1:
					w.Write([]byte(whole[:20]))
					http.NewResponseController(w).Flush()
					select {
					case <-r.Context().Done():
					case <-time.After(20 * time.Millisecond):
					}
				case 2:
					select {
					case <-r.Context().Done():
					case <-time.After(20 * time.Millisecond):
					}
					servePage(w, r)
				default:
					servePage(w, r)
				}
			})
			client := s.client(buildableFor(s.Server))
			var wg sync.WaitGroup
			var canceled atomic.Int64
			for range 200 {
				wg.Go(func() {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					timer := time.AfterFunc(rand.N(40*time.Millisecond), cancel)
					defer timer.Stop()
					if _, err := list(t, ctx, client); err != nil && ctx.Err() != nil {
						canceled.Add(1)
						assert.ErrorIs(t, err, context.Canceled)
					}
				})
			}
			wg.Wait()
			t.Logf("%d of 200 calls ended by the cancellation", canceled.Load())
			assert.Eventually(t, func() bool { // the streams of calls that are cancelled end a little later
				client.CloseIdleConnections()
				return s.open.Load() == 0
			}, 5*time.Second, 5*time.Millisecond)
			s.Close()
		})
	}
	goleak.VerifyNone(t, before)
}
