package appintegrations_test

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"runtime"
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

// TestLostConnection has many calls in flight on one connection of HTTP/2, on a
// real socket, when that is lost. Of 64 calls of the official client v1.37.11 all
// succeed, of 500 calls 100.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 64, few(500, 200)} {
		for name, lose := range map[string]func(*h2Conn){
			"reset":   func(c *h2Conn) { c.reset() },
			"end":     func(c *h2Conn) { c.raw.Close() },
			"go away": func(c *h2Conn) { c.goAway(0); c.raw.Close() },
		} {
			t.Run(fmt.Sprintf("%d, %s", n, name), func(t *testing.T) {
				var waiting, lost atomic.Int64
				s := &faultServer{tls: serverTLS("h2")}
				s.answerH2 = func(c *h2Conn, stream uint32, requests int) {
					if requests == 1 || lost.Load() > 0 {
						c.page(stream, whole)
						return
					}
					if waiting.Add(1) == int64(n) {
						lost.Store(1)
						lose(c)
					}
				}
				s.listen(t)
				client := s.client(t)
				many(t, client, 1)
				many(t, client, n)
				t.Logf("%d of %d calls succeed: %d requests, %d connections", n, n, s.requests.Load()-1, s.conns.Load())
				assert.LessOrEqual(t, s.requests.Load(), int64(1+2*n))
			})
		}
	}
}

// goAway says that the connection will be closed, and that streams up to last were
// looked at (RFC 9113, section 6.8).
func (c *h2Conn) goAway(last uint32) {
	c.frame(h2GoAway, 0, 0, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, last), 0))
}

// TestManyClientsOfFewHosts has 3,000 Clients over 10 hosts share one HTTP client,
// while one of the hosts asks once for a new connection.
func TestManyClientsOfFewHosts(t *testing.T) {
	if testing.Short() {
		t.Skip("counts bytes, of so many hosts that it takes half a second")
	}
	const clients, hosts = 3000, 10
	servers := make([]*faultServer, hosts)
	for i := range servers {
		var gone atomic.Bool
		servers[i] = &faultServer{tls: serverTLS("h2"), answerH2: func(c *h2Conn, stream uint32, n int) {
			c.page(stream, whole)
			if i == 0 && n > clients/hosts && gone.CompareAndSwap(false, true) {
				c.goAway(1<<31 - 1)
			}
		}}
		servers[i].listen(t)
	}
	given := servers[0].httpClient()
	all := make([]*appintegrations.Client, clients)
	before := heap()
	for i := range all {
		all[i] = appintegrations.New(appintegrations.Options{
			Region: "us-east-1", Credentials: staticCredentials, HTTPClient: given, BaseEndpoint: aws.String(servers[i%hosts].url),
		})
	}
	made := (heap() - before) / clients
	for range 2 {
		var wg sync.WaitGroup
		for g := range 100 {
			wg.Go(func() {
				for i := g; i < clients; i += 100 {
					_, err := list(t, t.Context(), all[i])
					assert.NoError(t, err)
				}
			})
		}
		wg.Wait()
	}
	used := (heap() - before) / clients
	var conns int64
	for _, s := range servers {
		conns += s.conns.Load()
	}
	t.Logf("%d connections; %d bytes a Client, %d once it was used", conns, made, used)
	assert.LessOrEqual(t, used, int64(8<<10))
	all[0].CloseIdleConnections()
	runtime.KeepAlive(all)
}

func heap() int64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestManyHosts holds what a Client keeps of 3,000 hosts: nothing of those that it
// has no connection to, a transport of each that timed out.
func TestManyHosts(t *testing.T) {
	if testing.Short() {
		t.Skip("counts bytes, of so many hosts that it takes half a second")
	}
	const hosts = 3000
	bubble(t, "timed out", func(t *testing.T) {
		s := (&faultServer{answer: func(c *faultConn, _ int) { c.stall() }}).start(t)
		client := s.client(t)
		before := heap()
		var wg sync.WaitGroup
		for i := range hosts {
			wg.Go(func() {
				_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"), func(o *appintegrations.Options) {
					o.BaseEndpoint, o.Retryer = aws.String(fmt.Sprintf("http://host%d.test", i)), aws.NopRetryer{}
				})
				assert.Error(t, err)
			})
		}
		wg.Wait()
		kept := (heap() - before) / hosts
		t.Logf("%d bytes a host", kept)
		assert.LessOrEqual(t, kept, int64(8<<10))
		runtime.KeepAlive(client)
	})
	bubble(t, "served", func(t *testing.T) {
		s := (&faultServer{answer: func(c *faultConn, _ int) { c.page(whole) }}).start(t)
		client := s.client(t, func(o *appintegrations.Options) {
			o.HTTPClient = s.buildable().WithTransportOptions(func(t *http.Transport) { t.MaxIdleConns = 600 })
		})
		before := heap()
		for i := range hosts {
			_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"), func(o *appintegrations.Options) {
				o.BaseEndpoint = aws.String(fmt.Sprintf("http://host%d.test", i))
			})
			require.NoError(t, err)
		}
		client.CloseIdleConnections()
		time.Sleep(time.Hour) // what is known of the remotes becomes old
		synctest.Wait()
		_, err := list(t, t.Context(), client)
		require.NoError(t, err)
		kept := (heap() - before) / hosts
		t.Logf("%d bytes a host", kept)
		assert.LessOrEqual(t, kept, int64(2<<10))
		runtime.KeepAlive(client)
	})
}
