package appintegrations_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
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

// TestTimeoutIsRemembered has a connection of HTTP/2 on which some streams hang
// and others do not, so that it is not replaced. A call that timed out on it goes
// on over another connection.
func TestTimeoutIsRemembered(t *testing.T) {
	for _, row := range []struct {
		name   string
		second int // status of the response on the second connection
		client func(*faultServer) appintegrations.HTTPClient
	}{
		{"BuildableClient", 200, func(s *faultServer) appintegrations.HTTPClient { return s.buildable() }},
		{"http.Client", 200, userClient},
		{"after another fault", 503, func(s *faultServer) appintegrations.HTTPClient { return s.buildable() }},
	} {
		bubble(t, row.name, func(t *testing.T) {
			s := &faultServer{tls: serverTLS("h2")}
			var conns sync.Map
			s.greet = func(c *faultConn, n int) bool { conns.Store(c.raw, n); return true }
			var victim atomic.Bool // the next requests are those of the call that hangs
			s.answerH2 = func(c *h2Conn, stream uint32, _ int) {
				n, _ := conns.Load(c.raw)
				switch {
				case n == 1 && victim.Load():
				case n == 2 && row.second != 200:
					c.abort(stream)
				default:
					c.page(stream, whole)
				}
			}
			client := s.start(t).client(t, func(o *appintegrations.Options) { o.HTTPClient = row.client(s) })
			many(t, client, 1)
			victim.Store(true)
			var wg sync.WaitGroup
			wg.Go(func() {
				time.Sleep(time.Second)
				victim.Store(false)
				many(t, client, 1) // somebody has a response
				victim.Store(true)
			})
			took := many(t, client, 1)
			wg.Wait()
			t.Logf("%v; %d connections", took[0], s.conns.Load())
			assert.LessOrEqual(t, took[0], defaults+5*time.Second)
			victim.Store(false)
			synctest.Wait()
			open := s.open()
			many(t, client, 8)
			synctest.Wait()
			assert.Equal(t, open, s.open(), "the others stay with their connection")
		})
	}
}

// TestPoolInUseEnds: a response that is under way when the pool is replaced
// arrives.
func TestPoolInUseEnds(t *testing.T) {
	for _, protocols := range [][]string{nil, {"h2"}} {
		bubble(t, fmt.Sprint(protocols), func(t *testing.T) {
			s := &faultServer{}
			if protocols != nil {
				s.tls = serverTLS(protocols...)
			}
			s.answer = func(c *faultConn, n int) {
				switch n {
				case 2:
					time.Sleep(25 * time.Second)
				case 3:
					c.stall()
					return
				}
				c.page(whole)
			}
			s.answerH2 = func(c *h2Conn, stream uint32, n int) {
				switch n {
				case 2:
					time.Sleep(25 * time.Second)
				case 3:
					return
				}
				c.page(stream, whole)
			}
			client := s.start(t).client(t)
			many(t, client, 1)
			var wg sync.WaitGroup
			wg.Go(func() {
				took := many(t, client, 1)
				assert.Equal(t, 25*time.Second, took[0])
			})
			time.Sleep(time.Second)
			wg.Go(func() { many(t, client, 1, func(o *appintegrations.Options) { o.AttemptTimeout = 2 * time.Second }) })
			wg.Wait()
			synctest.Wait()
			assert.EqualValues(t, 4, s.requests.Load())
			assert.Equal(t, 1, s.open(), "the old connections are closed when they are no longer used")
		})
	}
}

// TestPoolsOfManyHosts holds that what a client keeps of hosts which hung is
// bounded: not a transport for each, of 2,000 bytes.
func TestPoolsOfManyHosts(t *testing.T) {
	if testing.Short() || raceDetector() {
		t.Skip("counts bytes, of so many hosts that it takes a second")
	}
	bubble(t, "3,000", func(t *testing.T) {
		const hosts = 3000
		s := (&faultServer{tls: serverTLS("h2"), answerH2: func(*h2Conn, uint32, int) {}}).start(t)
		client := s.client(t, func(o *appintegrations.Options) {
			o.RetryMaxAttempts, o.AttemptTimeout = 1, time.Second
			o.HTTPClient = s.buildable().WithTransportOptions(func(t *http.Transport) { t.TLSClientConfig.InsecureSkipVerify = true })
		})
		call := func(i int) {
			_, err := list(t, t.Context(), client, func(o *appintegrations.Options) { o.BaseEndpoint = aws.String(fmt.Sprintf("https://h%d.test", i)) })
			assert.Error(t, err)
		}
		inUse := func() int64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		call(-1)
		before := inUse()
		for i := range hosts {
			call(i)
		}
		client.CloseIdleConnections()
		synctest.Wait()
		bytes := (inUse() - before) / hosts
		t.Logf("%d bytes a host", bytes)
		assert.LessOrEqual(t, bytes, int64(1500))
		assert.Zero(t, s.open())
		runtime.KeepAlive(client)
	})
}

// TestProxyPasswordAnywhere has the proxy in a transport that this package does
// not see.
func TestProxyPasswordAnywhere(t *testing.T) {
	for _, address := range []string{"http://user:hunter2%zz@proxy.test", "http://user:hun ter2@proxy.test", "http://user:hunter2@proxy.test:x", "://user:hunter2@proxy.test"} {
		for name, err := range map[string]func() error{
			"of the environment": func() error {
				_, err := url.Parse(address)
				return fmt.Errorf("invalid proxy address %q: %v", address, err)
			},
			"of a URL": func() error { _, err := url.Parse(address); return err },
		} {
			inner := &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return nil, err() }}
			for kind, client := range map[string]appintegrations.HTTPClient{
				"RoundTripper": &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) { return inner.RoundTrip(r) })},
				"Do":           doFunc(func(r *http.Request) (*http.Response, error) { return (&http.Client{Transport: inner}).Do(r) }),
				"http.Client":  &http.Client{Transport: inner},
			} {
				t.Run(strings.Join([]string{address, name, kind}, ", "), func(t *testing.T) {
					c := appintegrations.New(appintegrations.Options{Region: "us-east-1", Credentials: staticCredentials, HTTPClient: client, Retryer: aws.NopRetryer{}})
					_, err := list(t, t.Context(), c)
					require.Error(t, err)
					for _, text := range everyText(err) {
						assert.NotContains(t, text, "hunter2")
						assert.NotContains(t, text, "ter2@")
					}
					var u *url.Error
					if errors.As(err, &u) {
						assert.NotContains(t, u.Error(), "ter2@")
					}
				})
			}
		}
	}
}
