package pace_test

import (
	"container/heap"
	"math"
	"testing"
	"time"

	"github.com/seed-10600c52/appintegrations/internal/pace"
)

var start = time.Unix(0, 0)

// A bucket is the oracle: a quota, as the service keeps it.
type bucket struct {
	rate, burst, tokens float64
	at                  time.Time
}

func (b *bucket) refill(now time.Time) {
	b.tokens = min(b.burst, b.tokens+now.Sub(b.at).Seconds()*b.rate)
	b.at = now
}

func (b *bucket) take(now time.Time) bool {
	b.refill(now)
	if b.tokens < 1-1e-9 {
		return false
	}
	b.tokens--
	return true
}

// An event is a worker that wants to send, or an answer on its way to it.
type event struct {
	at     time.Time
	answer bool
	sent   time.Time
	ok     bool
	order  int
}

type events []event

func (q events) Len() int { return len(q) }
func (q events) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].order < q[j].order
}
func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *events) Push(e any)   { *q = append(*q, e.(event)) }
func (q *events) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	*q = (*q)[:last]
	return e
}

type result struct {
	took            time.Duration
	sent, throttled int
	rate            float64 // the estimate at the end
}

// simulate lets workers send until wanted requests have passed. rateAt changes
// the bucket's rate.
func simulate(e *pace.Estimator, b *bucket, workers, wanted int, latency time.Duration, rateAt func(time.Duration) float64) (r result) {
	b.at = start
	var queue events
	order := 0
	push := func(v event) { order++; v.order = order; heap.Push(&queue, v) }
	for range workers {
		push(event{at: start})
	}
	for passed := 0; passed < wanted && r.sent < 50*wanted; {
		v := heap.Pop(&queue).(event)
		r.took = v.at.Sub(start)
		if rateAt != nil {
			b.refill(v.at) // at the old rate
			b.rate = rateAt(r.took)
		}
		switch {
		case v.answer && v.ok:
			e.Passed(v.at)
			passed++
			push(event{at: v.at})
		case v.answer:
			e.Throttled(v.sent, v.at)
			r.throttled++
			push(event{at: v.at})
		default:
			if wait := e.Wait(v.at); wait > 0 {
				push(event{at: v.at.Add(wait)})
				continue
			}
			r.sent++
			push(event{at: v.at.Add(latency), answer: true, sent: v.at, ok: b.take(v.at)})
		}
	}
	r.rate = e.Rate()
	return r
}

// TestOracle sends against a token bucket: close to its rate, and with few
// throttles.
func TestOracle(t *testing.T) {
	for _, row := range []struct {
		name           string
		rate, burst    float64
		workers        int
		wanted         int
		latency        time.Duration
		ratio, refused float64 // at most
	}{
		{"20/s burst 40", 20, 40, 32, 2000, time.Millisecond, 1.02, 0.05},
		{"20/s burst 40, one worker", 20, 40, 1, 2000, time.Millisecond, 1.02, 0.05},
		{"20/s burst 40, 80 ms", 20, 40, 32, 2000, 80 * time.Millisecond, 1.02, 0.05},
		{"20/s burst 1", 20, 1, 32, 2000, 10 * time.Millisecond, 1.15, 0.10},
		{"100/s burst 200, 80 ms", 100, 200, 32, 2000, 80 * time.Millisecond, 1.05, 0.05},
		{"100/s burst 200, 300 workers", 100, 200, 300, 5000, 80 * time.Millisecond, 1.05, 0.15},
		{"1/s burst 1", 1, 1, 8, 200, 10 * time.Millisecond, 2.20, 0.50}, // too few pass between two throttles to measure by,
		{"2/s burst 100", 2, 100, 32, 600, 10 * time.Millisecond, 1.05, 0.15},
		{"1000/s burst 1000", 1000, 1000, 64, 50_000, 5 * time.Millisecond, 1.10, 0.05},
		{"a second of latency", 20, 40, 64, 2000, time.Second, 1.05, 0.12},
	} {
		t.Run(row.name, func(t *testing.T) {
			var e pace.Estimator
			r := simulate(&e, &bucket{rate: row.rate, burst: row.burst, tokens: row.burst}, row.workers, row.wanted, row.latency, nil)
			bound := (float64(row.wanted) - row.burst) / row.rate
			ratio, refused := r.took.Seconds()/bound, float64(r.throttled)/float64(r.sent)
			t.Logf("%.3f of the bound of %.0f s, %.1f %% of %d throttled, %.2f/s at the end", ratio, bound, 100*refused, r.sent, r.rate)
			if ratio > row.ratio || refused > row.refused {
				t.Errorf("ratio %.3f, %.3f throttled; want at most %.2f, %.2f", ratio, refused, row.ratio, row.refused)
			}
		})
	}
}

func TestQuotaChanges(t *testing.T) {
	const turn = 30 * time.Second
	for _, row := range []struct {
		name     string
		from, to float64
		within   time.Duration // until the new rate is nearly used
	}{
		{"rises fivefold", 20, 100, 12 * time.Second},
		{"doubles", 20, 40, 8 * time.Second},
		{"falls to a fifth", 100, 20, 12 * time.Second},
		{"falls to a hundredth", 100, 1, 30 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			var e pace.Estimator
			b := &bucket{rate: row.from, burst: 40, tokens: 40}
			change := func(at time.Duration) float64 {
				if at < turn {
					return row.from
				}
				return row.to
			}
			wanted := int(40 + row.from*turn.Seconds() + row.to*row.within.Seconds()*0.5)
			simulate(&e, b, 32, wanted, 20*time.Millisecond, change)
			if got := e.Rate(); got < 0.6*row.to || got > 2.5*row.to {
				t.Errorf("the estimate is %.1f/s; want about %.0f", got, row.to)
			}
		})
	}
}

// TestNoQuota holds that nothing waits where nothing is throttled, and that a
// limit that is no more is forgotten.
func TestNoQuota(t *testing.T) {
	var e pace.Estimator
	for i := range 100_000 {
		if wait := e.Wait(start.Add(time.Duration(i))); wait != 0 {
			t.Fatalf("Wait = %v before any throttle", wait)
		}
	}
	e.Throttled(start, start.Add(time.Second))
	if e.Rate() == 0 {
		t.Fatal("a throttle sets no limit")
	}
	e.Wait(start.Add(time.Hour))
	if got := e.Rate(); got != 0 {
		t.Errorf("an hour after the last throttle the limit is %.0f/s; want none", got)
	}
}

// TestThrottledForever holds that a service that lets nothing through is asked
// still, but seldom.
func TestThrottledForever(t *testing.T) {
	var e pace.Estimator
	now, sent := start, 0
	for now.Sub(start) < time.Hour {
		wait := e.Wait(now)
		if wait > 5*time.Second {
			t.Fatalf("Wait = %v; want at most 5 s", wait)
		}
		now = now.Add(wait)
		if wait == 0 {
			sent++
			e.Throttled(now, now.Add(time.Millisecond))
			now = now.Add(2 * time.Millisecond)
		}
	}
	t.Logf("%d requests in an hour", sent)
	if sent < 600 || sent > 1800 {
		t.Errorf("%d requests in an hour of throttles; want one in 2 to 6 s", sent)
	}
}

// TestOldNews holds that throttles of requests that were under way together
// count once.
func TestOldNews(t *testing.T) {
	var e pace.Estimator
	for i := range 100 {
		e.Wait(start)
		e.Passed(start.Add(time.Duration(i) * time.Millisecond))
	}
	e.Throttled(start, start.Add(200*time.Millisecond))
	rate := e.Rate()
	for i := range 50 {
		e.Throttled(start.Add(time.Duration(i)*time.Millisecond), start.Add(201*time.Millisecond))
	}
	if got := e.Rate(); got != rate {
		t.Errorf("50 throttles of the same burst: %.2f/s; want %.2f/s still", got, rate)
	}
}

// TestClock has times that stand still or go back, and gaps of years.
func TestClock(t *testing.T) {
	for _, step := range []time.Duration{0, -time.Second, time.Nanosecond, 100 * 365 * 24 * time.Hour} {
		var e pace.Estimator
		now := start
		for i := range 50 {
			if wait := e.Wait(now); wait < 0 || wait > time.Hour && step >= 0 {
				t.Fatalf("step %v: Wait = %v", step, wait)
			}
			if i%3 == 0 {
				e.Throttled(now, now)
			} else {
				e.Passed(now)
			}
			if r := e.Rate(); math.IsNaN(r) || math.IsInf(r, 0) || r < 0 {
				t.Fatalf("step %v: Rate = %v", step, r)
			}
			now = now.Add(step)
		}
	}
}
