package pace_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/seed-10600c52/appintegrations/internal/pace"
)

var start = time.Unix(0, 0)

func newEstimator() algorithm { return &pace.Estimator{} }

// TestOracle sends against a token bucket: close to its rate, and with few
// throttles.
func TestOracle(t *testing.T) {
	for _, row := range []struct {
		name             string
		rate, burst      float64
		workers, wanted  int
		latency          time.Duration
		ratio, throttled float64 // at most
	}{
		{"20/s burst 40", 20, 40, 32, 2000, ms, 1.01, 0.05},
		{"20/s burst 40, one worker", 20, 40, 1, 2000, ms, 1.01, 0.05},
		{"20/s burst 40, 80 ms", 20, 40, 32, 2000, 80 * ms, 1.01, 0.06},
		{"20/s burst 1", 20, 1, 32, 2000, 10 * ms, 1.12, 0.07},
		{"100/s burst 10, 80 ms", 100, 10, 32, 5000, 80 * ms, 1.08, 0.03},
		{"100/s burst 200, 80 ms", 100, 200, 32, 2000, 80 * ms, 1.02, 0.05},
		{"100/s burst 200, 300 workers", 100, 200, 300, 5000, 80 * ms, 1.02, 0.08},
		{"1/s burst 1", 1, 1, 8, 200, 10 * ms, 1.30, 0.40},
		{"2/s burst 1", 2, 1, 8, 300, 300 * ms, 1.35, 0.35},
		{"2/s burst 100", 2, 100, 32, 600, 10 * ms, 1.01, 0.22},
		{"1000/s burst 1000", 1000, 1000, 64, 50_000, 5 * ms, 1.02, 0.02},
		{"a second of latency", 20, 40, 64, 2000, time.Second, 1.05, 0.16},
	} {
		t.Run(row.name, func(t *testing.T) {
			for seed := range uint64(3) {
				o := scenario{
					limiter: newBucket(steady(row.rate), row.burst), algorithm: newEstimator, workers: row.workers,
					wanted: row.wanted, horizon: time.Hour, latency: around(row.latency), seed: seed,
				}.run()
				bound := (float64(row.wanted) - row.burst) / row.rate
				ratio := o.took.Seconds() / bound
				t.Logf("%.3f of the bound of %.0f s, %.1f %% of %d throttled, %.2f/s at the end", ratio, bound, 100*o.throttledShare(), o.sent, o.rate)
				if ratio > row.ratio || o.throttledShare() > row.throttled || o.lost > 0 {
					t.Errorf("ratio %.3f, %.3f throttled, %d lost; want at most %.2f, %.2f, 0", ratio, o.throttledShare(), o.lost, row.ratio, row.throttled)
				}
			}
		})
	}
}

// TestHerd has many lists of one page that begin at once: none is lost, and all
// end in little more time than the quota takes.
func TestHerd(t *testing.T) {
	for _, h := range herds {
		for _, latency := range []time.Duration{1 * ms, 20 * ms, 80 * ms, 300 * ms} {
			for seed := range uint64(seeds) {
				o := h.scenario(seed, latency, newEstimator).run()
				if ratio := o.took.Seconds() / h.bound(); ratio > h.most || o.lost > 0 {
					t.Errorf("%d lists at %.0f/s, %v, seed %d: %.2f of the bound, %d lost; want at most %.2f, 0", h.lists, h.rate, latency, seed, ratio, o.lost, h.most)
				}
				if testing.Short() && seed == 4 {
					break
				}
			}
		}
	}
}

// TestManyPages has 500 lists of 4 pages, by 32 workers.
func TestManyPages(t *testing.T) {
	const wanted, rate, burst = 500 * 4, 20, 40
	for seed := range uint64(seeds) {
		o := scenario{
			limiter: newBucket(steady(rate), burst), algorithm: newEstimator, workers: 32, wanted: wanted,
			horizon: time.Hour, latency: around(20 * ms), seed: seed,
		}.run()
		if ratio := o.took.Seconds() / ((wanted - burst) / rate); ratio > 1.02 || o.throttledShare() > 0.05 || o.lost > 0 {
			t.Errorf("seed %d: %.3f of the bound, %.3f throttled, %d lost; want at most 1.02, 0.05, 0", seed, ratio, o.throttledShare(), o.lost)
		}
	}
}

// TestOddQuotas holds what is left of a quota that is no steady token bucket.
func TestOddQuotas(t *testing.T) {
	for _, x := range odds() {
		for seed := range uint64(2) {
			if ratio, throttled := x.run(rivals[1], seed); ratio > x.most || throttled > x.throttled {
				t.Errorf("%s, seed %d: capacity over pages %.3f, %.3f throttled; want at most %.2f, %.2f", x.name, seed, ratio, throttled, x.most, x.throttled)
			}
			if testing.Short() {
				break
			}
		}
	}
}

// TestShared has processes that share a quota.
func TestShared(t *testing.T) {
	for _, row := range []sharedRow{
		{2, 20, 40, 0, 120 * time.Second, 0.98},
		{2, 20, 40, 30 * time.Second, 200 * time.Second, 0.95},
		{2, 100, 200, 30 * time.Second, 200 * time.Second, 0.95},
		{8, 20, 40, 0, 200 * time.Second, 0.80},
		{64, 100, 200, 0, 200 * time.Second, 0.80},
	} {
		var ratios, fair []float64
		for seed := range uint64(5) {
			o := row.run(rivals[1], seed)
			ratios, fair = append(ratios, row.capacity()/float64(o.passed)), append(fair, o.jain)
			if testing.Short() {
				break
			}
		}
		ratio, jain := slices.Max(ratios), median(fair)
		t.Logf("%d processes, %.0f/s: capacity over pages %.3f, fairness %.2f", row.processes, row.rate, ratio, fair)
		if ratio > 1.02 || jain < row.fair {
			t.Errorf("%d processes, %.0f/s: capacity over pages %.3f, fairness %.2f; want at most 1.02, at least %.2f", row.processes, row.rate, ratio, jain, row.fair)
		}
	}
}

// TestFewProbes has 300 callers wait when everything is throttled, then a
// quota that opens: it is asked a few times, and used again at once.
func TestFewProbes(t *testing.T) {
	const closed = 60 * time.Second
	o := scenario{
		limiter:   newBucket(turns(0, 50, closed.Seconds()), 1),
		algorithm: newEstimator, workers: 300, once: true, wanted: 300, horizon: time.Hour, latency: around(20 * ms),
	}.run()
	// The burst of one passes, and 299 are throttled.
	t.Logf("%d throttled, the end %v after the quota opened", o.throttled-299, o.took-closed)
	if probes := o.throttled - 299; probes > 40 {
		t.Errorf("%d more requests are throttled; want at most 40", probes)
	}
	if after := o.took - closed; after > 15*time.Second {
		t.Errorf("299 pages at 50/s end %v after the quota opened; want 15 s at most", after)
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

// TestFirstThrottle holds the rate that the first throttle sets: half of what
// passed in a second, the last whole one or the one that has begun, at least 10.
func TestFirstThrottle(t *testing.T) {
	for _, row := range []struct {
		name   string
		passed []int // in each second
		want   float64
	}{
		{"one request", []int{1}, 10},
		{"a second", []int{100}, 50},
		{"fewer in the next", []int{100, 40}, 50},
		{"more in the next", []int{40, 100}, 50},
		{"long ago", []int{100, 40, 40}, 20},
	} {
		var e pace.Estimator
		for second, n := range row.passed {
			for i := range n {
				e.Passed(start.Add(time.Duration(second)*time.Second + time.Duration(i)*time.Second/time.Duration(n)))
			}
		}
		now := start.Add(time.Duration(len(row.passed))*time.Second - 1)
		e.Throttled(now, now)
		if got := e.Rate(); got != row.want {
			t.Errorf("%s: %v/s; want %v/s", row.name, got, row.want)
		}
		// When the limit is forgotten, so is what passed before, and under it.
		for range 100 {
			e.Passed(now)
		}
		now = now.Add(time.Hour)
		if e.Wait(now); e.Rate() != 0 {
			t.Errorf("%s: %v/s an hour later; want no limit", row.name, e.Rate())
		}
		e.Throttled(now, now)
		if got := e.Rate(); got != 10 {
			t.Errorf("%s: %v/s after a throttle an hour later; want 10/s", row.name, got)
		}
	}
}

// TestHold has nothing but throttles. The wait is half of the time between two
// requests, then doubles, up to 5 s. The rate does not change.
func TestHold(t *testing.T) {
	var e pace.Estimator
	now := start
	for i, want := range []time.Duration{50 * ms, 100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 5 * time.Second, 5 * time.Second} {
		e.Throttled(now, now)
		if got := e.Wait(now); got != want || e.Rate() != 10 {
			t.Errorf("throttle %d: Wait = %v at %v/s; want %v at 10/s", i+1, got, e.Rate(), want)
		}
		now = now.Add(ms)
	}
}

// TestMeasure holds the rate that throttles set: 0.98 of what passed since the
// bucket was found empty, of which it held half a request at first. A first
// measurement counts alone, a later one beside two requests.
func TestMeasure(t *testing.T) {
	type throttle struct {
		passed int           // since the one before
		at     time.Duration // since the one before
		want   float64       // requests a second
	}
	for _, row := range []struct {
		name      string
		throttles []throttle // after the first, which sets 10/s
	}{
		{"one passed", []throttle{{1, 150 * ms, 0.98 * 1.5 / 0.15}}},
		{"four passed", []throttle{{4, time.Second, 0.98 * 4.5}}},
		{"more than the rate", []throttle{{20, time.Second, 10}}},
		{"one in a minute", []throttle{{1, time.Minute, 0.2}}},
		{"at once", []throttle{{1, 1, 10}}},
		{"none passed", []throttle{{0, time.Second, 10}, {0, time.Second, 10}}},
		{"one passed, after throttles", []throttle{{0, time.Second, 10}, {0, time.Second, 10}, {1, time.Second, 0.98 * 1.5 / 3}}},
		{"a second time", []throttle{{4, time.Second, 4.41}, {2, time.Second, 4.41 + (1.96-4.41)*3/5}}},
		{"a second time, after a throttle", []throttle{{4, time.Second, 4.41}, {0, time.Second, 4.41}, {2, time.Second, 4.41 + (0.98-4.41)*4/6}}},
		{"a third time", []throttle{{4, time.Second, 4.41}, {2, time.Second, 2.94}, {1, time.Second, 2.94 + (0.98-2.94)*2/4}}},
	} {
		var e pace.Estimator
		now := start
		e.Throttled(now, now)
		for i, x := range row.throttles {
			for range x.passed {
				e.Passed(now)
			}
			now = now.Add(x.at)
			e.Throttled(now, now)
			if got := e.Rate(); math.Abs(got-x.want) > 1e-9 {
				t.Errorf("%s: %v/s after throttle %d; want %v/s", row.name, got, i+2, x.want)
			}
		}
	}
}

// TestGrowth holds that a measured rate grows by a hundredth each 200 ms, and
// above 20 requests a second by the square root of 20 over the rate less.
func TestGrowth(t *testing.T) {
	for _, row := range []struct {
		passed int // in the second that is measured
		rate   float64
		growth float64
	}{
		{4, 0.98 * 4.5, 0.01}, {20, 0.98 * 20.5, 0.01 / math.Sqrt(0.98*20.5/20)}, {30, 0.98 * 30.5, 0.01 / math.Sqrt(0.98*30.5/20)},
	} {
		var e pace.Estimator
		for range 200 {
			e.Passed(start)
		}
		e.Throttled(start, start)
		for range row.passed {
			e.Passed(start)
		}
		now := start.Add(time.Second)
		e.Throttled(now, now)
		if got := e.Rate(); math.Abs(got-row.rate) > 1e-9 {
			t.Fatalf("%d passed: %v/s; want %v/s", row.passed, got, row.rate)
		}
		now = now.Add(e.Wait(now))
		e.Wait(now.Add(200*ms - 1))
		if got := e.Rate(); math.Abs(got-row.rate) > 1e-9 {
			t.Errorf("%d passed: %v/s before 200 ms; want %v/s", row.passed, got, row.rate)
		}
		e.Wait(now.Add(200 * ms))
		if got, want := e.Rate(), row.rate*(1+row.growth); math.Abs(got-want) > 1e-9 {
			t.Errorf("%d passed: %v/s after 200 ms; want %v/s", row.passed, got, want)
		}
	}
}

// TestClimbed holds that a rate which has climbed by a quarter falls to three
// quarters of it at most.
func TestClimbed(t *testing.T) {
	var e pace.Estimator
	e.Throttled(start, start)
	e.Wait(start.Add(250 * ms))
	e.Passed(start.Add(300 * ms))
	if got := e.Rate(); got != 20 {
		t.Fatalf("%v/s; want 20/s", got)
	}
	e.Throttled(start.Add(250*ms), start.Add(time.Second))
	if got := e.Rate(); got != 15 {
		t.Errorf("%v/s; want 15/s", got)
	}
}

// TestLag holds that requests which a late timer held back go together, those of
// 20 ms at most. The rate is 100 requests a second.
func TestLag(t *testing.T) {
	for _, row := range []struct {
		late time.Duration
		sent int
		wait time.Duration // then
	}{
		{-1, 0, 1}, {0, 1, 10 * ms}, {5 * ms, 1, 5 * ms}, {10 * ms, 2, 10 * ms}, {20 * ms, 3, 10 * ms}, {25 * ms, 3, 10 * ms}, {150 * ms, 3, 10 * ms},
	} {
		var e pace.Estimator
		for range 200 {
			e.Passed(start)
		}
		e.Throttled(start, start)
		now := start.Add(5*ms + row.late)
		sent := 0
		for e.Wait(now) == 0 && sent < 100 {
			sent++
		}
		if wait := e.Wait(now); sent != row.sent || wait != row.wait {
			t.Errorf("%v late: %d requests go, and then Wait = %v; want %d, %v", row.late, sent, wait, row.sent, row.wait)
		}
	}
}

// TestIdleTime holds that the time in which nobody wants to send is no time in
// which few requests passed.
func TestIdleTime(t *testing.T) {
	measured := func(idle time.Duration) float64 {
		var e pace.Estimator
		e.Throttled(start, start)
		e.Passed(start.Add(100 * ms))
		now := start.Add(150 * ms)
		e.Throttled(now, now)
		for i := range 10 {
			if i == 5 {
				now = now.Add(idle)
			}
			for wait := e.Wait(now); wait > 0; wait = e.Wait(now) {
				now = now.Add(wait)
			}
			if i%2 == 0 {
				e.Passed(now)
			}
		}
		e.Throttled(now, now)
		return e.Rate()
	}
	busy := measured(0)
	for _, idle := range []time.Duration{time.Second, 2 * time.Second} {
		if got := measured(idle); got < 0.95*busy || got > 1.1*busy {
			t.Errorf("%v/s after %v in which nobody wants to send; want %v/s, as without it", got, idle, busy)
		}
	}
}

// TestGuess holds that a rate that was never measured doubles each 200 ms after
// the wait, until it is as good as none.
func TestGuess(t *testing.T) {
	var e pace.Estimator
	e.Throttled(start, start)
	for i := range 15 {
		at := start.Add(50*ms + time.Duration(i)*200*ms)
		want := 10 * math.Exp2(float64(i))
		if i == 14 {
			want = 0
		}
		if e.Wait(at.Add(-ms)); i > 0 && e.Rate() == want {
			t.Errorf("%v/s already", e.Rate())
		}
		if e.Wait(at); e.Rate() != want {
			t.Errorf("after %v: %v/s; want %v/s", at.Sub(start), e.Rate(), want)
		}
	}
}

// TestSlowest holds that the rate does not fall below one request in 5 s.
func TestSlowest(t *testing.T) {
	var e pace.Estimator
	for now := start; now.Before(start.Add(time.Hour)); now = now.Add(time.Minute) {
		e.Throttled(now, now)
		e.Passed(now.Add(time.Second))
	}
	if got := e.Rate(); got != 0.2 {
		t.Errorf("%v/s where one request a minute passes; want 0.2/s", got)
	}
}

// TestReportsAreUse holds that a report alone keeps an Estimator for 10 min.
func TestReportsAreUse(t *testing.T) {
	for name, report := range map[string]func(*pace.Estimator){
		"Wait":      func(e *pace.Estimator) { e.Wait(start) },
		"Passed":    func(e *pace.Estimator) { e.Passed(start) },
		"Throttled": func(e *pace.Estimator) { e.Throttled(start, start) },
	} {
		var e pace.Estimator
		report(&e)
		if e.Idle(start.Add(10*time.Minute-1)) || !e.Idle(start.Add(10*time.Minute)) {
			t.Errorf("%s: Idle = %v before 10 min, %v then; want false, true", name, e.Idle(start.Add(10*time.Minute-1)), e.Idle(start.Add(10*time.Minute)))
		}
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

// TestLastPassed holds that throttles are nothing that passed.
func TestLastPassed(t *testing.T) {
	var e pace.Estimator
	if got := e.LastPassed(); !got.IsZero() {
		t.Errorf("LastPassed() = %v before any response; want the zero time", got)
	}
	e.Throttled(start, start.Add(time.Second))
	if got := e.LastPassed(); !got.IsZero() {
		t.Errorf("LastPassed() = %v after a throttle; want the zero time", got)
	}
	e.Passed(start.Add(2 * time.Second))
	e.Throttled(start.Add(2*time.Second), start.Add(3*time.Second))
	if got, want := e.LastPassed(), start.Add(2*time.Second); !got.Equal(want) {
		t.Errorf("LastPassed() = %v; want %v", got, want)
	}
}

// TestSetBack sets the clock back by a day in the middle of a run. The quota is
// used as before.
func TestSetBack(t *testing.T) {
	var e pace.Estimator
	b := newBucket(steady(20), 10)
	passed := 0
	for at := time.Duration(0); at < 2*time.Minute; at += ms {
		now := start.Add(at)
		told := now
		if at >= time.Minute {
			told = told.Add(-24 * time.Hour)
		}
		if wait := e.Wait(told); wait > 5*time.Second {
			t.Fatalf("Wait = %v after %v; want at most 5 s", wait, at)
		} else if wait > 0 {
			continue
		}
		if b.take(now) {
			passed++
			e.Passed(told)
		} else {
			e.Throttled(told, told)
		}
	}
	if want := 20 * 120; passed < want {
		t.Errorf("%d requests pass in two minutes; want %d", passed, want)
	}
}

// TestIdle holds that what is idle lets everything through, as a new Estimator
// does.
func TestIdle(t *testing.T) {
	for _, rate := range []float64{0.2, 2, 20, 1000} {
		e := &pace.Estimator{}
		scenario{
			limiter: newBucket(steady(rate), 1), algorithm: func() algorithm { return e },
			workers: 32, horizon: time.Minute, latency: around(20 * ms),
		}.run()
		if now := start.Add(time.Minute); e.Idle(now) {
			t.Errorf("%g/s: Idle = true while it is used", rate)
		}
		now := start.Add(11 * time.Minute)
		if !e.Idle(now) {
			t.Errorf("%g/s: Idle = false 10 min later", rate)
		}
		if wait := e.Wait(now); wait != 0 || e.Rate() != 0 {
			t.Errorf("%g/s: Wait = %v, Rate() = %v 10 min later; want 0, 0", rate, wait, e.Rate())
		}
	}
	var q pace.Quota
	if !q.Idle(start) {
		t.Error("a new Quota is not idle")
	}
	q.Failed(start, start, start)
	if q.Idle(start.Add(10*time.Minute-1)) || !q.Idle(start.Add(10*time.Minute)) {
		t.Error("a Quota is not idle until 10 min after the last failure, and idle then")
	}
	var d pace.Detector
	if !d.Idle(start) {
		t.Error("a new Detector is not idle")
	}
	d.Bare503(start, start)
	if d.Idle(start.Add(9*time.Minute)) || !d.Idle(start.Add(11*time.Minute)) {
		t.Error("a Detector is not idle 9 min after it was used, and idle after 11")
	}
	d.Bare503(start.Add(5*time.Minute), start.Add(5*time.Minute))
	if d.Idle(start.Add(15*time.Minute-1)) || !d.Idle(start.Add(15*time.Minute)) {
		t.Error("a Detector used after 5 min is not idle before 15 min, and idle then")
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
