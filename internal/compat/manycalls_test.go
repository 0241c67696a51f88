package compat

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// A shaky service fails what reaches it before until, and takes 5 ms for a
// request. In silence it does not answer at all.
type shaky struct {
	until    time.Time
	silent   bool
	requests atomic.Int64
}

func (s *shaky) Do(r *http.Request) (*http.Response, error) {
	s.requests.Add(1)
	down := time.Now().Before(s.until)
	if down && s.silent {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	time.Sleep(5 * time.Millisecond)
	if down {
		return nil, syscall.ECONNRESET
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}

func shakyClient(p peer, s *shaky) client {
	return p.new(set("Region", "us-east-1"), set("Credentials", staticCredentials("")), set("HTTPClient", s))
}

// TestManyInFlight lets one reset meet all calls that are in flight: ours all
// succeed; the official client's retry quota counts calls.
func TestManyInFlight(t *testing.T) {
	for _, n := range []int{2, 32, 64, 200, 500} {
		for _, p := range peers {
			t.Run(fmt.Sprintf("%d calls, %s", n, p.name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &shaky{until: time.Now().Add(time.Millisecond)}
					c := shakyClient(p, s)
					var succeeded atomic.Int64
					var calls sync.WaitGroup
					for range n {
						calls.Go(func() {
							if _, err := c.list(context.Background(), anIntegration()); err == nil {
								succeeded.Add(1)
							}
						})
					}
					calls.Wait()
					t.Logf("%d of %d succeed, %d requests", succeeded.Load(), n, s.requests.Load())
					if p.name == "ours" {
						assert.EqualValues(t, n, succeeded.Load())
						assert.LessOrEqual(t, s.requests.Load(), int64(2*n))
					} else {
						assert.EqualValues(t, min(n, 100), succeeded.Load(), "official retries 100 at most")
					}
				})
			})
		}
	}
}

// TestLongOutage takes the service down for five minutes. After warm-up, ours costs
// at most 1.2 requests a call, and the error is that of the service.
func TestLongOutage(t *testing.T) {
	for _, callers := range []int{1, 20} {
		for _, p := range peers {
			t.Run(fmt.Sprintf("%d callers, %s", callers, p.name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &shaky{until: time.Now().Add(5 * time.Minute)}
					c := shakyClient(p, s)
					var calls, before atomic.Int64
					var hidden atomic.Int64
					var begin sync.Once
					warm := time.Now().Add(time.Minute)
					var group sync.WaitGroup
					for range callers {
						group.Go(func() {
							for time.Now().Before(s.until.Add(-30 * time.Second)) {
								if time.Now().After(warm) {
									begin.Do(func() { before.Store(s.requests.Load()) })
									calls.Add(1)
								}
								_, err := c.list(context.Background(), anIntegration())
								if err != nil && !strings.Contains(err.Error(), "reset") {
									hidden.Add(1)
								}
								time.Sleep(time.Second)
							}
						})
					}
					group.Wait()
					perCall := float64(s.requests.Load()-before.Load()) / float64(calls.Load())
					t.Logf("%d calls of %.2f requests; %d errors hide that of the service", calls.Load(), perCall, hidden.Load())
					if p.name == "ours" {
						assert.LessOrEqual(t, perCall, 1.2)
						assert.Zero(t, hidden.Load())
					}
				})
			})
		}
	}
}

func anIntegration() (in input) {
	identifier("an-integration")(&in)
	return in
}
