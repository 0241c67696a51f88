package appintegrations_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"

	"github.com/seed-10600c52/appintegrations"
)

// A downService is down for a time: its endpoints fail at once, or keep silent.
// After that each endpoint may lose one more request, when a test says so.
type downService struct {
	until    time.Time
	silent   bool
	requests atomic.Int64
	lose     sync.Map // host: once
}

func (s *downService) Do(r *http.Request) (*http.Response, error) {
	s.requests.Add(1)
	if time.Now().Before(s.until) {
		if s.silent {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		return nil, syscall.ECONNREFUSED
	}
	if _, lost := s.lose.LoadAndDelete(r.URL.Host); lost {
		return nil, syscall.ECONNRESET
	}
	return replied(r, 200, strings.NewReader("{}")), nil
}

// TestOutages takes all endpoints of a client down, and measures how many
// requests a call costs after warm-up, which is three waves of failures at an
// endpoint, and whether a call 10 s after the end survives a fault again.
func TestOutages(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		endpoints, callers int
		silent             bool
		length             time.Duration
	}{
		{1, 1, false, 10 * time.Second}, {1, 1, false, 5 * time.Minute}, {1, 200, false, 10 * time.Second}, {1, 200, false, 2 * time.Minute}, {1, 2000, false, 20 * time.Second},
		{200, 200, false, time.Minute}, {257, 257, false, time.Minute}, {3000, 300, false, 2 * time.Minute},
		{1, 1, true, 30 * time.Minute}, {1, 200, true, 30 * time.Minute}, {1, 2000, true, 5 * time.Minute}, {257, 257, true, 30 * time.Minute},
	} {
		if testing.Short() && row.callers > 1 && row.length > time.Minute {
			continue
		}
		if max(row.callers, row.endpoints) > 1000 && !*full {
			continue
		}
		if (testing.Short() || raceDetector()) && row.endpoints*row.callers > 300 {
			continue
		}
		name := fmt.Sprintf("%d endpoints, %d callers, %v, silent %v", row.endpoints, row.callers, row.length, row.silent)
		bubble(t, name, func(t *testing.T) {
			start := time.Now()
			s := &downService{until: start.Add(row.length), silent: row.silent}
			client := stubClient("", func(o *appintegrations.Options) { o.HTTPClient, o.BaseEndpoint = s, aws.String("https://h0.test") })
			host := func(i int) string { return fmt.Sprintf("h%d.test", i%row.endpoints) }
			call := func(i int) error {
				if row.endpoints == 1 {
					_, err := client.ListDataIntegrationAssociations(context.Background(), input("example"))
					return err
				}
				_, err := client.ListDataIntegrationAssociations(context.Background(), input("example"), func(o *appintegrations.Options) { o.BaseEndpoint = aws.String("https://" + host(i)) })
				return err
			}
			warm := start.Add(10 * time.Second)
			if row.silent {
				warm = start.Add(130 * time.Second)
			}
			if row.endpoints > row.callers { // each endpoint is called less often
				warm = start.Add(row.length / 2)
			}
			var calls, before, after atomic.Int64
			var begin, end sync.Once
			last := s.until // of the calls that are measured: later ones may see the end
			if row.silent {
				last = last.Add(-35 * time.Second)
			}
			var callers sync.WaitGroup
			for c := range row.callers {
				callers.Go(func() {
					for i := c; time.Since(s.until) < 10*time.Second; i += row.callers {
						if now := time.Now(); now.After(warm) && now.Before(last) {
							begin.Do(func() { before.Store(s.requests.Load()) })
							calls.Add(1)
						} else if !now.Before(last) {
							end.Do(func() { after.Store(s.requests.Load()) })
						}
						call(i)
						time.Sleep(time.Second)
					}
				})
			}
			callers.Wait()
			if n := calls.Load(); n > 0 {
				perCall := float64(after.Load()-before.Load()) / float64(n)
				t.Logf("%d calls of %.3f requests after warm-up", n, perCall)
				if n >= 20 {
					assert.LessOrEqual(t, perCall, 1.2)
				}
			}
			for i := range min(row.endpoints, 300) {
				for range 3 {
					assert.NoError(t, call(i), "the outage is over")
				}
				s.lose.Store(host(i), true)
				assert.NoError(t, call(i), "within 10 s of the end, a call meets a fault")
			}
		})
	}
}
