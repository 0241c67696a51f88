package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// TestSweepShares: how the calls in flight are handed out among clients.
func TestSweepShares(t *testing.T) {
	bubble(t, "a free client needs no more than its round trips", func(t *testing.T) {
		free := &pagesMock{pages: 4, latency: 10 * time.Millisecond}
		start := time.Now()
		for r := range appintegrations.Sweep(t.Context(), sweepTargets(free, "i", 320)) {
			require.NoError(t, r.Err)
		}
		// 1280 pages by 32 are 40 round trips; 4, 8 and 16 come before.
		assert.LessOrEqual(t, time.Since(start), 45*10*time.Millisecond)
		assert.Equal(t, int64(32), free.most.Load())
	})
	for _, maxInFlight := range []int{1, 3, 40} {
		bubble(t, fmt.Sprintf("MaxInFlight %d", maxInFlight), func(t *testing.T) {
			var flying, most atomic.Int64
			var targets []appintegrations.SweepTarget
			for range 20 {
				targets = append(targets, sweepTargets(stubClient("", func(o *appintegrations.Options) { o.HTTPClient = counting(&flying, &most, reply(200, "{}")) }), "i", 30)...)
			}
			got := sweepAll(t, targets, func(o *appintegrations.SweepOptions) { o.MaxInFlight = maxInFlight })
			assert.Zero(t, got.failed)
			assert.Equal(t, int64(maxInFlight), most.Load())
		})
	}
	// Clients whose calls hang take what they have, and no more.
	for _, row := range []struct{ hanging, maxInFlight int }{{1, 2048}, {3, 16}, {20, 64}} {
		bubble(t, fmt.Sprintf("%d clients hang, MaxInFlight %d", row.hanging, row.maxInFlight), func(t *testing.T) {
			var targets []appintegrations.SweepTarget
			for range row.hanging {
				hangs := &pagesMock{pages: 1, latency: time.Millisecond}
				hangs.do = func(n int64, _ *appintegrations.ListDataIntegrationAssociationsInput) error {
					if n > 200 {
						time.Sleep(time.Hour)
					}
					return nil
				}
				targets = append(targets, sweepTargets(hangs, "hangs", 400)...)
			}
			free := &pagesMock{pages: 1, latency: 10 * time.Millisecond}
			targets = append(targets, sweepTargets(free, "free", 100)...)
			start := time.Now()
			last := time.Duration(0)
			for r := range appintegrations.Sweep(t.Context(), targets, func(o *appintegrations.SweepOptions) { o.MaxInFlight = row.maxInFlight }) {
				if r.Target.Client == free {
					last = time.Since(start)
				}
			}
			t.Logf("the free client is done after %v", last)
			assert.Less(t, last, 3*time.Second)
		})
	}
	bubble(t, "one is throttled, one is free", func(t *testing.T) {
		throttled := &pagesMock{pages: 1, do: func(int64, *appintegrations.ListDataIntegrationAssociationsInput) error {
			return &appintegrations.ThrottlingException{}
		}}
		free := &pagesMock{pages: 4, latency: 10 * time.Millisecond}
		start := time.Now()
		last := time.Duration(0)
		for r := range appintegrations.Sweep(t.Context(), append(sweepTargets(throttled, "t", 100), sweepTargets(free, "i", 320)...), func(o *appintegrations.SweepOptions) { o.MaxInFlight = 64 }) {
			if r.Err == nil {
				last = time.Since(start)
			}
		}
		assert.LessOrEqual(t, last, 45*10*time.Millisecond)
	})
}

// TestSweepMaxRate holds the rate over any time, also with attempts that fail.
func TestSweepMaxRate(t *testing.T) {
	bubble(t, "25/s", func(t *testing.T) {
		m := &pagesMock{pages: 4, latency: 10 * time.Millisecond}
		start := time.Now()
		got := sweepAll(t, sweepTargets(m, "i", 100), func(o *appintegrations.SweepOptions) { o.MaxRate = 25 })
		assert.Zero(t, got.failed)
		assert.InDelta(t, 399.0/25, time.Since(start).Seconds(), 0.1)
	})
	bubble(t, "faults count", func(t *testing.T) {
		var n atomic.Int64
		client := stubClient("", func(o *appintegrations.Options) {
			o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
				if n.Add(1)%2 == 0 {
					return down(r)
				}
				return reply(200, "{}")(r)
			})
		})
		start := time.Now()
		sweepAll(t, sweepTargets(client, "i", 200), func(o *appintegrations.SweepOptions) { o.MaxRate = 10 })
		assert.LessOrEqual(t, float64(n.Load())/time.Since(start).Seconds(), 10.5)
	})
	bubble(t, "the slowest, and the fastest", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		for _, rate := range []float64{1e-300, 1e300} {
			m := &pagesMock{pages: 1}
			for range appintegrations.Sweep(ctx, sweepTargets(m, "i", 3), func(o *appintegrations.SweepOptions) { o.MaxRate = rate }) {
			}
			assert.Equal(t, map[float64]int64{1e-300: 1, 1e300: 3}[rate], m.requests.Load())
			ctx = t.Context()
		}
	})
}

// TestSweepSlowConsumer: who takes the results slowly costs no more than that.
func TestSweepSlowConsumer(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		wait func(result int) time.Duration
		took time.Duration // at most; the bound is 98 s
	}{
		{"at the speed of the quota", func(int) time.Duration { return 190 * time.Millisecond }, 102 * time.Second},
		{"30 s for each second hundred", func(n int) time.Duration { return time.Duration(n/100%2) * 300 * time.Millisecond }, 125 * time.Second},
	} {
		bubble(t, row.name, func(t *testing.T) {
			q := &quota{limits: limits{rate: func(time.Duration) float64 { return 20 }, burst: 40, latency: 20 * time.Millisecond}, service: pagedService(paceIntegrations, pacePages)}
			client := q.service.Client(func(o *appintegrations.Options) { o.HTTPClient = q })
			start := time.Now()
			results := 0
			for r := range appintegrations.Sweep(t.Context(), sweepTargets(client, "i", paceIntegrations)) {
				require.NoError(t, r.Err)
				time.Sleep(row.wait(results))
				results++
			}
			t.Logf("took %v, %.1f %% throttled", time.Since(start), 100*float64(q.throttled)/float64(q.requests))
			assert.LessOrEqual(t, time.Since(start), row.took)
		})
	}
	bubble(t, "who takes nothing has no more in memory than Concurrency", func(t *testing.T) {
		m := &pagesMock{pages: 2}
		for range appintegrations.Sweep(t.Context(), sweepTargets(m, "i", 1000), func(o *appintegrations.SweepOptions) { o.Concurrency = 8 }) {
			time.Sleep(time.Hour)
			assert.LessOrEqual(t, m.requests.Load(), int64(2*(8+1)))
			break
		}
	})
	bubble(t, "pages too", func(t *testing.T) {
		m := &pagesMock{pages: 1000}
		for range appintegrations.Sweep(t.Context(), sweepTargets(m, "i", 1000), func(o *appintegrations.SweepOptions) { o.Concurrency, o.EachPage = 8, true }) {
			time.Sleep(time.Hour)
			assert.LessOrEqual(t, m.requests.Load(), int64(8+1))
			break
		}
	})
	bubble(t, "many clients have no more in memory than MaxInFlight", func(t *testing.T) {
		var targets []appintegrations.SweepTarget
		var requests atomic.Int64
		for range 50 {
			m := &pagesMock{pages: 1, do: func(int64, *appintegrations.ListDataIntegrationAssociationsInput) error {
				requests.Add(1)
				return nil
			}}
			targets = append(targets, sweepTargets(m, "i", 50)...)
		}
		for range appintegrations.Sweep(t.Context(), targets, func(o *appintegrations.SweepOptions) { o.MaxInFlight = 20 }) {
			time.Sleep(time.Hour)
			assert.LessOrEqual(t, requests.Load(), int64(2*20+1))
			break
		}
	})
}

// TestSweepProgress: what OnProgress is called with, and what it cannot do.
func TestSweepProgress(t *testing.T) {
	bubble(t, "grows, and ends with all", func(t *testing.T) {
		m := &pagesMock{pages: 4, latency: 10 * time.Millisecond}
		var told []appintegrations.SweepProgress
		for range appintegrations.Sweep(t.Context(), append(sweepTargets(m, "i", 100), appintegrations.SweepTarget{}), func(o *appintegrations.SweepOptions) {
			o.MaxRate, o.OnProgress = 25, func(p appintegrations.SweepProgress) { told = append(told, p) }
		}) {
		}
		require.Greater(t, len(told), 50)
		assert.Equal(t, 101, told[0].Targets)
		for i := 1; i < len(told); i++ {
			assert.GreaterOrEqual(t, told[i].Done, told[i-1].Done)
			assert.GreaterOrEqual(t, told[i].Associations, told[i-1].Associations)
		}
		last := told[len(told)-1]
		assert.InDelta(t, 25, last.Rate, 0.5)
		last.Rate = 0
		assert.Equal(t, appintegrations.SweepProgress{Targets: 101, Done: 100, Failed: 1, Associations: 1200, Requests: 400}, last)
	})
	bubble(t, "a callback that takes a minute slows down nothing", func(t *testing.T) {
		m := &pagesMock{pages: 4, latency: 10 * time.Millisecond}
		start := time.Now()
		var results time.Duration
		calls := 0
		for range appintegrations.Sweep(t.Context(), sweepTargets(m, "i", 100), func(o *appintegrations.SweepOptions) {
			o.OnProgress = func(appintegrations.SweepProgress) { calls++; time.Sleep(time.Minute) }
		}) {
			results = time.Since(start)
		}
		assert.Less(t, results, time.Second)
		assert.LessOrEqual(t, calls, 3)
	})
	bubble(t, "a panic of the callback is the consumer's", func(t *testing.T) {
		m := &pagesMock{pages: 4, latency: 10 * time.Millisecond}
		require.PanicsWithValue(t, "told", func() {
			for range appintegrations.Sweep(t.Context(), sweepTargets(m, "i", 100), func(o *appintegrations.SweepOptions) {
				o.OnProgress = func(p appintegrations.SweepProgress) { panic("told") }
			}) {
			}
		})
		require.Zero(t, m.inFlight.Load())
	})
	bubble(t, "the callback ends its goroutine", func(t *testing.T) {
		m := &pagesMock{pages: 4, latency: 10 * time.Millisecond}
		got := sweepAll(t, sweepTargets(m, "i", 100), func(o *appintegrations.SweepOptions) {
			o.OnProgress = func(p appintegrations.SweepProgress) { runtime.Goexit() }
		})
		assert.Zero(t, got.failed)
	})
	bubble(t, "requests of the Client, throttles", func(t *testing.T) {
		var n atomic.Int64
		client := stubClient("", func(o *appintegrations.Options) {
			o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
				switch n.Add(1) {
				case 3:
					return throttled(r)
				case 5:
					return resetting(r)
				}
				return reply(200, "{}")(r)
			})
		})
		var last appintegrations.SweepProgress
		for r := range appintegrations.Sweep(t.Context(), sweepTargets(client, "i", 10), func(o *appintegrations.SweepOptions) {
			o.OnProgress = func(p appintegrations.SweepProgress) { last = p }
		}) {
			require.NoError(t, r.Err)
		}
		last.Rate = 0
		assert.Equal(t, appintegrations.SweepProgress{Targets: 10, Done: 10, Requests: 12, Throttled: 1}, last)
	})
}

// TestSweepAnyClient: a throttle costs nothing whatever is around the client, and
// whichever retryer it has.
func TestSweepAnyClient(t *testing.T) {
	t.Parallel()
	type wrap func(*appintegrations.Client) appintegrations.ListDataIntegrationAssociationsAPIClient
	plain := func(c *appintegrations.Client) appintegrations.ListDataIntegrationAssociationsAPIClient { return c }
	for _, row := range []struct {
		name  string
		optFn func(*appintegrations.Options)
		wrap  wrap
		ratio float64
	}{
		{"standard mode", func(o *appintegrations.Options) { o.RetryMode = aws.RetryModeStandard }, plain, 1.05},
		{"one attempt", func(o *appintegrations.Options) { o.RetryMaxAttempts = 1 }, plain, 1.05},
		{"standard retryer of the SDK", func(o *appintegrations.Options) { o.Retryer = retry.NewStandard() }, plain, 1.05},
		{"no retryer", func(o *appintegrations.Options) { o.Retryer = aws.NopRetryer{} }, plain, 1.05},
		{"a decorator that passes the options on", nil, func(c *appintegrations.Client) appintegrations.ListDataIntegrationAssociationsAPIClient {
			return &passingOn{c}
		}, 1.05},
		{"a decorator that drops options and context", nil, func(c *appintegrations.Client) appintegrations.ListDataIntegrationAssociationsAPIClient {
			return mockFunc(func(_ context.Context, in *appintegrations.ListDataIntegrationAssociationsInput) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
				return c.ListDataIntegrationAssociations(context.Background(), in)
			})
		}, 1.10},
	} {
		bubble(t, row.name, func(t *testing.T) {
			q := &quota{limits: limits{rate: func(time.Duration) float64 { return 20 }, burst: 40, latency: 20 * time.Millisecond}, service: pagedService(100, 4)}
			client := q.service.Client(func(o *appintegrations.Options) { o.HTTPClient = q }, func(o *appintegrations.Options) {
				if row.optFn != nil {
					row.optFn(o)
				}
			})
			got := sweepAll(t, sweepTargets(row.wrap(client), "i", 100))
			t.Logf("%.3f of the bound, %.1f %% throttled", got.took.Seconds()/18, 100*float64(q.throttled)/float64(q.requests))
			assert.Equal(t, sweptQuota{listed: 400, took: got.took}, got)
			assert.LessOrEqual(t, got.took.Seconds()/18, row.ratio)
		})
	}
	bubble(t, "options for each call", func(t *testing.T) {
		var hosts sync.Map
		client := stubClient("", func(o *appintegrations.Options) {
			o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
				hosts.Store(r.URL.Host, true)
				if !strings.HasPrefix(r.Header.Get("User-Agent"), "aws-sdk-go-v2/") || !strings.Contains(r.Header.Get("User-Agent"), "sweeper") {
					return nil, errors.New(r.Header.Get("User-Agent"))
				}
				return reply(200, "{}")(r)
			})
		})
		got := sweepAll(t, sweepTargets(client, "i", 20), func(o *appintegrations.SweepOptions) {
			o.ClientOptions = []func(*appintegrations.Options){nil, func(o *appintegrations.Options) { o.Region, o.AppID = "eu-west-1", "sweeper" }}
		})
		assert.Zero(t, got.failed)
		hosts.Range(func(host, _ any) bool {
			return assert.Equal(t, "app-integrations.eu-west-1.amazonaws.com", host)
		})
	})
}

type passingOn struct{ *appintegrations.Client }

func (p *passingOn) ListDataIntegrationAssociations(ctx context.Context, in *appintegrations.ListDataIntegrationAssociationsInput, optFns ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
	return p.Client.ListDataIntegrationAssociations(ctx, in, optFns...)
}

// TestSweepBesidePlainCalls: calls of the same Client go before those of a sweep,
// share its rate, and do not end it.
func TestSweepBesidePlainCalls(t *testing.T) {
	t.Parallel()
	lists := few(60, 15)
	for _, row := range []struct {
		name    string
		callers int
		every   time.Duration
		p99     time.Duration // of the calls, at most
	}{
		{"a fifth of the quota", 1, 250 * time.Millisecond, 2 * time.Second},
		{"the whole quota for ever", 64, 0, 15 * time.Second},
	} {
		bubble(t, row.name, func(t *testing.T) {
			q := &quota{limits: limits{rate: func(time.Duration) float64 { return 20 }, burst: 40, latency: 20 * time.Millisecond}, service: pagedService(paceIntegrations, pacePages)}
			client := q.service.Client(func(o *appintegrations.Options) { o.HTTPClient = q })
			ctx, cancel := context.WithCancel(t.Context())
			var calls sync.WaitGroup
			var mu sync.Mutex
			var longest time.Duration
			made := 0
			for range row.callers {
				calls.Go(func() {
					for ctx.Err() == nil {
						start := time.Now()
						if _, err := client.ListDataIntegrationAssociations(ctx, input("i1")); ctx.Err() == nil {
							assert.NoError(t, err)
						}
						mu.Lock()
						longest, made = max(longest, time.Since(start)), made+1
						mu.Unlock()
						time.Sleep(row.every)
					}
				})
			}
			got := sweepAll(t, sweepTargets(client, "i", lists))
			cancel()
			calls.Wait()
			t.Logf("the sweep took %v; %d calls, the longest %v", got.took, made, longest)
			assert.Equal(t, sweptQuota{listed: lists * pacePages, took: got.took}, got)
			assert.LessOrEqual(t, longest, row.p99)
		})
	}
}

// TestSweepConcurrently: several sweeps of one Client at once.
func TestSweepConcurrently(t *testing.T) {
	t.Parallel()
	bubble(t, "20/s", func(t *testing.T) {
		q := &quota{limits: limits{rate: func(time.Duration) float64 { return 20 }, burst: 40, latency: 20 * time.Millisecond}, service: pagedService(200, 2)}
		client := q.service.Client(func(o *appintegrations.Options) { o.HTTPClient = q })
		targets := sweepTargets(client, "i", 200)
		seq := appintegrations.Sweep(t.Context(), targets)
		start := time.Now()
		var sweeps sync.WaitGroup
		for range 4 {
			sweeps.Go(func() {
				listed := 0
				for r := range seq {
					assert.NoError(t, r.Err)
					listed += len(r.Associations)
				}
				assert.Equal(t, 400, listed)
			})
		}
		sweeps.Wait()
		ratio := time.Since(start).Seconds() / ((1600 - 40) / 20.0)
		t.Logf("%.3f of the bound", ratio)
		assert.LessOrEqual(t, ratio, 1.05)
	})
}
