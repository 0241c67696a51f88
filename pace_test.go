package appintegrations_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

type limits struct {
	rate    func(elapsed time.Duration) float64 // requests a second
	burst   float64
	latency time.Duration
	proxy   bool // the 429 is a proxy's: HTML, without a code
}

// A quota is a token bucket before a service, whose rate may change.
type quota struct {
	limits
	service *appintegrationstest.Server

	mu                  sync.Mutex
	start, last         time.Time
	tokens              float64
	requests, throttled int
	ofSecond            map[int]int // requests that came, by second
}

func (q *quota) take() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if q.start.IsZero() {
		q.start, q.last, q.tokens, q.ofSecond = now, now, q.burst, map[int]int{}
	}
	q.tokens = min(q.burst, q.tokens+now.Sub(q.last).Seconds()*q.rate(now.Sub(q.start)))
	q.last = now
	q.requests++
	q.ofSecond[int(now.Sub(q.start)/time.Second)]++
	if q.tokens < 1-1e-9 {
		q.throttled++
		return false
	}
	q.tokens--
	return true
}

func (q *quota) Do(r *http.Request) (*http.Response, error) {
	time.Sleep(q.latency / 2)
	defer time.Sleep(q.latency / 2)
	if !q.take() {
		if q.proxy {
			return answering(429, "<html>429 Too Many Requests</html>")(r)
		}
		return answering(429, `{"Message":"Rate exceeded"}`, "X-Amzn-ErrorType", "ThrottlingException")(r)
	}
	return q.service.RoundTrip(r)
}

const (
	paceIntegrations, pacePages, paceWorkers = 500, 4, 32
	paceRequests                             = paceIntegrations * pacePages
)

// TestPace lists 500 integrations of 4 pages with 32 goroutines of plain
// paginators under a quota, in virtual time. The official client v1.37.11 fails
// 436 of them in the first row.
func TestPace(t *testing.T) {
	t.Parallel()
	steady := func(rate float64) func(time.Duration) float64 {
		return func(time.Duration) float64 { return rate }
	}
	bound := func(rate, burst float64) float64 { return (paceRequests - burst) / rate }
	const turn = 40 * time.Second
	rising := func(elapsed time.Duration) float64 {
		if elapsed < turn {
			return 20
		}
		return 100
	}
	for i, row := range []struct {
		name   string
		limits limits
		bound  float64 // seconds: (requests - burst) / rate
		ratio  float64 // of the bound, at most
		failed int     // at most
	}{
		{"20/s, burst 40", limits{rate: steady(20), burst: 40}, bound(20, 40), 1.10, 5},
		{"20/s, burst 40, 80 ms", limits{rate: steady(20), burst: 40, latency: 80 * time.Millisecond}, bound(20, 40), 1.10, 5},
		{"100/s, burst 200, 80 ms", limits{rate: steady(100), burst: 200, latency: 80 * time.Millisecond}, bound(100, 200), 1.20, 5},
		{"20/s, by a proxy", limits{rate: steady(20), burst: 40, proxy: true}, bound(20, 40), 1.10, 5},
		{"5/s, burst 5", limits{rate: steady(5), burst: 5}, bound(5, 5), 1.10, 5},
		{"20 to 100/s", limits{rate: rising, burst: 40}, turn.Seconds() + (paceRequests-40-20*turn.Seconds())/100, 1.20, 5},
	} {
		if i > 1 && raceDetector() || i > 0 && testing.Short() {
			continue // they take their time, and the race detector finds no more in them
		}
		modes := []aws.RetryMode{""}
		if i == 0 {
			modes = append(modes, aws.RetryModeAdaptive)
		}
		for _, mode := range modes {
			bubble(t, row.name+" "+string(mode), func(t *testing.T) {
				q := &quota{limits: row.limits, service: pagedService(paceIntegrations, pacePages)}
				client := q.service.Client(func(o *appintegrations.Options) { o.RetryMode, o.HTTPClient = mode, q })
				start := time.Now()
				failed, listed := listAll(t, client, paceIntegrations, paceWorkers)
				ratio := time.Since(start).Seconds() / row.bound
				t.Logf("%d of %d failed, %d items listed, %.3f of the bound of %.0f s, %.1f %% throttled",
					failed, paceIntegrations, listed, ratio, row.bound, 100*float64(q.throttled)/float64(q.requests))
				assert.LessOrEqual(t, failed, row.failed)
				assert.LessOrEqual(t, ratio, row.ratio)
				assert.GreaterOrEqual(t, listed, (paceIntegrations-failed)*pacePages)
			})
		}
	}
	bubble(t, "standard is not paced", func(t *testing.T) {
		q := &quota{limits: limits{rate: steady(20), burst: 40}, service: pagedService(paceIntegrations, pacePages)}
		client := q.service.Client(func(o *appintegrations.Options) { o.RetryMode, o.HTTPClient = aws.RetryModeStandard, q })
		failed, _ := listAll(t, client, paceIntegrations, paceWorkers)
		t.Logf("%d of %d failed, %.1f %% throttled", failed, paceIntegrations, 100*float64(q.throttled)/float64(q.requests))
		assert.Greater(t, failed, paceIntegrations/4, "as with the official client")
	})
	bubble(t, "nothing is paced before a throttle", func(t *testing.T) {
		client := pagedService(paceIntegrations, pacePages).Client()
		start := time.Now()
		failed, listed := listAll(t, client, paceIntegrations, paceWorkers)
		assert.Zero(t, failed)
		assert.Equal(t, paceRequests, listed)
		assert.Zero(t, time.Since(start))
	})
	bubble(t, "failures that are no throttles do not pace", func(t *testing.T) {
		s := &answerScript{answers: []scriptedAnswer{down}}
		client := s.client(func(o *appintegrations.Options) { o.RetryMaxAttempts = 1 })
		start := time.Now()
		for range 500 {
			list(t, t.Context(), client)
		}
		assert.Zero(t, time.Since(start))
	})
}

// pagedService has integrations i0, i1, ... of one association a page.
func pagedService(integrations, pages int) *appintegrationstest.Server {
	service := appintegrationstest.New(func(o *appintegrationstest.Options) { o.PageSize = 1 })
	for i := range integrations {
		service.Put(fmt.Sprint("i", i), make([]appintegrations.DataIntegrationAssociationSummary, pages)...)
	}
	return service
}

func listAll(t *testing.T, client *appintegrations.Client, integrations, workers int) (failed, listed int) {
	var failures, items atomic.Int64
	todo := make(chan string, integrations)
	for i := range integrations {
		todo <- fmt.Sprint("i", i)
	}
	close(todo)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for id := range todo {
				p := appintegrations.NewListDataIntegrationAssociationsPaginator(client, input(id))
				for p.HasMorePages() {
					page, err := p.NextPage(t.Context())
					if err != nil {
						var throttled *appintegrations.ThrottlingException
						assert.True(t, errors.As(err, &throttled), "%v", err)
						failures.Add(1)
						break
					}
					items.Add(int64(len(page.DataIntegrationAssociations)))
				}
			}
		})
	}
	wg.Wait()
	return int(failures.Load()), int(items.Load())
}
