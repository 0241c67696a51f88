package appintegrations_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// A sweptQuota is what a sweep made of quotas.
type sweptQuota struct {
	failed, listed, twice int
	took                  time.Duration
}

// sweepAll sweeps 500 integrations of 4 pages, or others, and counts.
func sweepAll(t *testing.T, targets []appintegrations.SweepTarget, optFns ...func(*appintegrations.SweepOptions)) (got sweptQuota) {
	start := time.Now()
	ended := map[string]bool{}
	for r := range appintegrations.Sweep(t.Context(), targets, optFns...) {
		key := fmt.Sprintf("%p %s", r.Target.Client, r.Target.DataIntegrationIdentifier)
		if ended[key] {
			got.twice++
		}
		ended[key] = true
		got.listed += len(r.Associations)
		if r.Err != nil {
			got.failed++
			t.Log(r.Err)
		}
	}
	got.took = time.Since(start)
	require.Len(t, ended, len(targets))
	return got
}

// TestSweepQuota lists 500 integrations of 4 pages under a quota, in virtual time.
func TestSweepQuota(t *testing.T) {
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
	falling := func(elapsed time.Duration) float64 {
		if elapsed < 10*time.Second {
			return 100
		}
		return 20
	}
	for i, row := range []struct {
		name      string
		limits    limits
		bound     float64 // seconds
		ratio     float64 // of the bound, at most
		throttled float64 // share of the requests, at most
	}{
		{"20/s, burst 40", limits{rate: steady(20), burst: 40}, bound(20, 40), 1.02, 0.05},
		{"20/s, burst 40, 80 ms", limits{rate: steady(20), burst: 40, latency: 80 * time.Millisecond}, bound(20, 40), 1.02, 0.05},
		{"100/s, burst 200, 80 ms", limits{rate: steady(100), burst: 200, latency: 80 * time.Millisecond}, bound(100, 200), 1.05, 0.05},
		{"100/s, burst 10, 20 ms", limits{rate: steady(100), burst: 10, latency: 20 * time.Millisecond}, bound(100, 10), 1.12, 0.05},
		{"20/s, a proxy's 429", limits{rate: steady(20), burst: 40, proxy: true}, bound(20, 40), 1.05, 0.05},
		{"20 to 100/s", limits{rate: rising, burst: 40}, turn.Seconds() + (paceRequests-40-20*turn.Seconds())/100, 1.10, 0.10},
		{"100 to 20/s", limits{rate: falling, burst: 40, latency: 20 * time.Millisecond}, 10 + (paceRequests-40-1000)/20.0, 1.05, 0.10},
		{"5/s, burst 5", limits{rate: steady(5), burst: 5, latency: 20 * time.Millisecond}, bound(5, 5), 1.05, 0.15},
	} {
		if i > 0 && (testing.Short() || raceDetector()) {
			continue
		}
		bubble(t, row.name, func(t *testing.T) {
			q := &quota{limits: row.limits, service: pagedService(paceIntegrations, pacePages)}
			client := q.service.Client(func(o *appintegrations.Options) { o.HTTPClient = q })
			got := sweepAll(t, sweepTargets(client, "i", paceIntegrations))
			ratio, share := got.took.Seconds()/row.bound, float64(q.throttled)/float64(q.requests)
			t.Logf("%d failed, %d of %d items, %d twice, %.3f of the bound of %.0f s, %.1f %% throttled",
				got.failed, got.listed, paceRequests, got.twice, ratio, row.bound, 100*share)
			assert.Equal(t, sweptQuota{listed: paceRequests, took: got.took}, got)
			assert.LessOrEqual(t, ratio, row.ratio)
			assert.LessOrEqual(t, share, row.throttled)
		})
	}
}

// TestSweepTwoProcesses: two clients that share a quota are as two processes. If
// one gets the larger share and ends first, the rate of the other has to climb: so a
// run may take a little longer, and the mean counts.
func TestSweepTwoProcesses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the mean of few runs varies too much")
	}
	runs, sum, worst := 5, 0.0, 0.0
	if raceDetector() {
		runs = 3
	}
	for run := range runs {
		bubble(t, fmt.Sprint("run ", run), func(t *testing.T) {
			q := &quota{limits: limits{rate: func(time.Duration) float64 { return 20 }, burst: 40}, service: pagedService(paceIntegrations, pacePages)}
			start := time.Now()
			var sweeps sync.WaitGroup
			for range 2 {
				client := q.service.Client(func(o *appintegrations.Options) { o.HTTPClient = q })
				sweeps.Go(func() {
					got := sweepAll(t, sweepTargets(client, "i", paceIntegrations))
					assert.Equal(t, sweptQuota{listed: paceRequests, took: got.took}, got)
				})
			}
			sweeps.Wait()
			ratio := time.Since(start).Seconds() / ((2*paceRequests - 40) / 20.0)
			sum, worst = sum+ratio, max(worst, ratio)
		})
	}
	t.Logf("%.3f of the bound, at worst %.3f", sum/float64(runs), worst)
	assert.LessOrEqual(t, sum/float64(runs), 1.05)
}

// A bareLimiter answers as a limiter before the service: 503, without a code.
type bareLimiter struct{ *quota }

func (q bareLimiter) Do(r *http.Request) (*http.Response, error) {
	if !q.take() {
		return answering(503, "<html>503 Service Temporarily Unavailable</html>")(r)
	}
	return q.service.RoundTrip(r)
}

// TestSweepBareLimiter: throttles that look like faults fail no list.
func TestSweepBareLimiter(t *testing.T) {
	t.Parallel()
	runs := 5
	if testing.Short() || raceDetector() {
		runs = 1
	}
	for run := range runs {
		bubble(t, fmt.Sprint("run ", run), func(t *testing.T) {
			q := bareLimiter{&quota{limits: limits{rate: func(time.Duration) float64 { return 20 }, burst: 40}, service: pagedService(paceIntegrations, pacePages)}}
			client := q.service.Client(func(o *appintegrations.Options) { o.HTTPClient = q })
			got := sweepAll(t, sweepTargets(client, "i", paceIntegrations))
			t.Logf("%d failed, %.3f of the bound, %.1f %% rejected", got.failed, got.took.Seconds()/98, 100*float64(q.throttled)/float64(q.requests))
			assert.Equal(t, sweptQuota{listed: paceRequests, took: got.took}, got)
		})
	}
}

// A chaos spoils 4 % of the responses: 1 % each are a 503, a reset, a body that is
// cut off; 0.5 % each an empty 200 and one with HTML.
type chaos struct {
	*quota
	random *rand.Rand
	mu     sync.Mutex
}

func (c *chaos) Do(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	die := c.random.Float64()
	c.mu.Unlock()
	switch {
	case die < 0.010:
		return answering(503, `{"Message":"no"}`, "X-Amzn-ErrorType", "ServiceUnavailable")(r)
	case die < 0.020:
		return resetting(r)
	case die < 0.025:
		return answering(200, "")(r)
	case die < 0.030:
		return answering(200, "<html></html>")(r)
	}
	resp, err := c.quota.Do(r)
	if die < 0.040 && err == nil && resp.StatusCode == 200 {
		body, _ := io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(strings.NewReader(string(body[:len(body)/2])))
	}
	return resp, err
}

// TestSweepChaos: no list fails, and none is incomplete in silence.
func TestSweepChaos(t *testing.T) {
	t.Parallel()
	seeds := uint64(more(30, 10, 2))
	if raceDetector() {
		seeds = 2
	}
	worst := 0.0
	for seed := range seeds {
		bubble(t, fmt.Sprint("seed ", seed), func(t *testing.T) {
			q := &chaos{quota: &quota{limits: limits{rate: func(time.Duration) float64 { return 100 }, burst: 200, latency: 20 * time.Millisecond}, service: pagedService(paceIntegrations, pacePages)}, random: rand.New(rand.NewPCG(seed, 1))}
			client := q.service.Client(func(o *appintegrations.Options) { o.HTTPClient = q })
			got := sweepAll(t, sweepTargets(client, "i", paceIntegrations))
			worst = max(worst, got.took.Seconds()/18)
			assert.Equal(t, sweptQuota{listed: paceRequests, took: got.took}, got)
		})
	}
	t.Logf("at worst %.3f of the bound", worst)
}

// TestSweepStart sweeps 200 accounts of the likeliest size at once: 20
// integrations of one page each, 2 requests a second, burst 5.
func TestSweepStart(t *testing.T) {
	t.Parallel()
	clients := 200
	if testing.Short() || raceDetector() {
		clients = 20
	}
	bubble(t, "2/s, burst 5", func(t *testing.T) {
		var targets []appintegrations.SweepTarget
		var quotas []*quota
		service := pagedService(20, 1)
		for range clients {
			q := &quota{limits: limits{rate: func(time.Duration) float64 { return 2 }, burst: 5, latency: 20 * time.Millisecond}, service: service}
			quotas = append(quotas, q)
			targets = append(targets, sweepTargets(service.Client(func(o *appintegrations.Options) { o.HTTPClient = q }), "i", 20)...)
		}
		ends := map[any]time.Duration{}
		start := time.Now()
		failed, listed := 0, 0
		for r := range appintegrations.Sweep(t.Context(), targets) {
			ends[r.Target.Client] = time.Since(start)
			listed += len(r.Associations)
			if r.Err != nil {
				failed++
			}
		}
		sum, worst, throttled, requests := 0.0, 0.0, 0, 0
		for _, end := range ends {
			sum, worst = sum+end.Seconds()/7.5, max(worst, end.Seconds()/7.5)
		}
		for _, q := range quotas {
			throttled, requests = throttled+q.throttled, requests+q.requests
		}
		mean := sum / float64(clients)
		t.Logf("%d failed, %d of %d items, %.3f of the bound, at worst %.3f, %.1f %% throttled", failed, listed, len(targets), mean, worst, 100*float64(throttled)/float64(requests))
		assert.Zero(t, failed)
		assert.Equal(t, len(targets), listed)
		assert.Len(t, ends, clients)
		assert.LessOrEqual(t, mean, 1.35)
	})
}

// TestSweepStalls: a client that gets nothing but throttles ends at StallTimeout,
// and another one is not held up.
func TestSweepStalls(t *testing.T) {
	for _, timeout := range []time.Duration{0, time.Minute} {
		bubble(t, fmt.Sprint(timeout), func(t *testing.T) {
			m := &pagesMock{pages: 2, latency: 10 * time.Millisecond, do: func(n int64, _ *appintegrations.ListDataIntegrationAssociationsInput) error {
				if n > 20 {
					return &appintegrations.ThrottlingException{}
				}
				return nil
			}}
			free := &pagesMock{pages: 2, latency: 10 * time.Millisecond}
			count := newSweepCount()
			start := time.Now()
			inLists := 0
			for r := range appintegrations.Sweep(t.Context(), append(sweepTargets(m, "i", 500), sweepTargets(free, "free", 100)...), func(o *appintegrations.SweepOptions) { o.StallTimeout = timeout }) {
				count.add(r)
				var throttled *appintegrations.ThrottlingException
				switch {
				case r.Target.Client == free:
					require.NoError(t, r.Err)
					assert.Less(t, time.Since(start), 2*time.Second)
				case r.Err != nil:
					require.ErrorAs(t, r.Err, &throttled)
					if r.Checkpoint.NextToken != "" {
						inLists++
						assert.Len(t, r.Associations, 3)
					}
				}
			}
			eachOnce(t, 600, count.ends, "ends")
			want := timeout
			if want == 0 {
				want = 5 * time.Minute
			}
			t.Logf("ends after %v, %d requests, %d lists were begun", time.Since(start), m.requests.Load(), inLists)
			assert.InDelta(t, want.Seconds(), time.Since(start).Seconds(), 10)
			assert.Less(t, m.requests.Load(), int64(200))
			assert.Positive(t, inLists)
		})
	}
	bubble(t, "negative: never", func(t *testing.T) {
		m := &pagesMock{pages: 1, do: func(n int64, _ *appintegrations.ListDataIntegrationAssociationsInput) error {
			if n > 5 && n < 500 {
				return &appintegrations.ThrottlingException{}
			}
			return nil
		}}
		got := sweepAll(t, sweepTargets(m, "i", 20), func(o *appintegrations.SweepOptions) { o.StallTimeout = -1 })
		assert.Zero(t, got.failed)
		assert.Greater(t, got.took, 20*time.Minute)
	})
}

// TestSweepRetryAfter: a client waits as long as its service asks for, however long
// that is, and no other client does.
func TestSweepRetryAfter(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		body   string
		header []string
	}{
		{"throttle", 429, `{"Message":"slow"}`, []string{"X-Amzn-ErrorType", "ThrottlingException", "Retry-After", "600"}},
		{"proxy", 429, "<html>", []string{"Retry-After", "600"}},
		{"maintenance", 503, "<html>", []string{"Retry-After", "600"}},
		{"milliseconds", 429, "{}", []string{"X-Amz-Retry-After", "600000"}},
	} {
		bubble(t, row.name, func(t *testing.T) {
			answers := make([]doFunc, 60)
			for i := range answers {
				answers[i] = reply(200, "{}")
			}
			answers[29] = reply(row.status, row.body, row.header...)
			s := scripted(answers...)
			free := &pagesMock{pages: 1}
			start := time.Now()
			var mu sync.Mutex
			paused := 0
			count := newSweepCount()
			for r := range appintegrations.Sweep(t.Context(), append(sweepTargets(s.client(), "i", 100), sweepTargets(free, "free", 100)...), func(o *appintegrations.SweepOptions) {
				o.Concurrency = 1
				o.OnProgress = func(p appintegrations.SweepProgress) {
					mu.Lock()
					defer mu.Unlock()
					paused = max(paused, p.Paused)
				}
			}) {
				require.NoError(t, r.Err)
				count.add(r)
				if r.Target.Client == free {
					assert.Zero(t, time.Since(start))
				}
			}
			eachOnce(t, 200, count.ends, "ends")
			assert.Equal(t, 101, s.count())
			assert.InDelta(t, 600, time.Since(start).Seconds(), 5)
			mu.Lock()
			defer mu.Unlock()
			assert.Equal(t, 1, paused)
		})
	}
	bubble(t, "for ever", func(t *testing.T) {
		s := scripted(reply(429, "{}", "Retry-After", "600"))
		start := time.Now()
		for r := range appintegrations.Sweep(t.Context(), sweepTargets(s.client(), "i", 100), func(o *appintegrations.SweepOptions) { o.Concurrency = 1 }) {
			var throttled *appintegrations.ThrottlingException
			require.True(t, errors.As(r.Err, &throttled), "%v", r.Err)
		}
		assert.Equal(t, 2, s.count())
		assert.Equal(t, 10*time.Minute, time.Since(start))
	})
}
