package pace_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/seed-10600c52/appintegrations/internal/pace"
)

var tables = flag.Bool("pace.tables", false, "print the tables of the simulations, which take minutes")

const (
	ms       = time.Millisecond
	attempts = 3 // of a call
)

// A load is what callers do to one endpoint in a simulation of retry quotas.
type load struct {
	callers int                                        // each makes a call after the other
	think   time.Duration                              // between two calls of a caller
	calls   int                                        // of a caller; 0: as many as there is time for
	arrive  time.Duration                              // instead of callers: a call begins each so many
	until   time.Duration                              // no call begins later
	outcome func(at time.Duration, r *rand.Rand) reply // of an attempt that is sent at at
	seed    uint64
}

type reply struct {
	after time.Duration
	ok    bool
}

// A call is one call of a caller, and what came of it.
type call struct {
	caller   int
	begun    time.Duration
	requests int
	ok       bool
	refused  bool // a retry
}

// calls simulates l and returns its calls. The back-off is the client's: up to
// 50 ms, then up to 4 s.
func (l load) run(q *pace.Quota) (done []*call) {
	r := rand.New(rand.NewPCG(l.seed, 11))
	events := queue[quotaEvent]{before: quotaEvent.before}
	order := 0
	push := func(e quotaEvent) { order++; e.order = order; events.push(e) }
	made := make([]int, l.callers)
	next := func(caller int, at time.Duration) {
		if at > l.until || caller >= 0 && l.calls > 0 && made[caller] == l.calls {
			return
		}
		if caller >= 0 {
			made[caller]++
		}
		push(quotaEvent{at: at, call: &call{caller: caller, begun: at}})
	}
	for c := range l.callers {
		next(c, 0)
	}
	if l.arrive > 0 {
		next(-1, 0)
	}
	for events.len() > 0 {
		e := events.pop()
		c := e.call
		if !e.back {
			if c.requests == 0 && c.caller < 0 {
				next(-1, e.at+l.arrive)
			}
			c.requests++
			reply := l.outcome(e.at, r)
			push(quotaEvent{at: e.at + reply.after, back: true, sent: e.at, ok: reply.ok, call: c})
			continue
		}
		if c.ok = e.ok; c.ok {
			q.Succeeded()
		} else if c.refused = !q.Failed(start.Add(c.begun), start.Add(e.sent), start.Add(e.at)); !c.refused && c.requests < attempts {
			backOff := 50 * ms
			if c.requests > 1 {
				backOff = 4 * time.Second
			}
			push(quotaEvent{at: e.at + time.Duration(r.Int64N(int64(backOff))), call: c})
			continue
		}
		done = append(done, c)
		if c.caller >= 0 {
			next(c.caller, e.at+l.think)
		}
	}
	return done
}

// A quotaEvent is an attempt that is sent, or one that comes back.
type quotaEvent struct {
	at    time.Duration
	back  bool
	sent  time.Duration
	ok    bool
	call  *call
	order int
}

func (e quotaEvent) before(f quotaEvent) bool {
	return e.at < f.at || e.at == f.at && e.order < f.order
}

// count returns the requests of a call of those that began from from to until,
// and the share of them that succeeded.
func count(calls []*call, from, until time.Duration) (n int, requests, succeeded float64) {
	for _, c := range calls {
		if c.begun >= from && c.begun < until {
			n++
			requests += float64(c.requests)
			if c.ok {
				succeeded++
			}
		}
	}
	return n, requests / float64(n), succeeded / float64(n)
}

// TestOneFault has n calls in flight that meet one fault, or two: all succeed.
func TestOneFault(t *testing.T) {
	for _, row := range []struct {
		name    string
		down    [][2]time.Duration // attempts sent in one of these fail
		takes   time.Duration      // a failure
		success time.Duration      // a success
		most    int                // requests of a call
	}{
		{"at once", [][2]time.Duration{{0, 1}}, 0, 20 * ms, 2},
		{"after 1 ms", [][2]time.Duration{{0, 1}}, 1 * ms, 20 * ms, 2},
		{"attempt timeout", [][2]time.Duration{{0, 1 * ms}}, 30 * time.Second, 20 * ms, 2},
		{"two, 10 ms apart", [][2]time.Duration{{0, 1 * ms}, {11 * ms, 12 * ms}}, 1 * ms, 20 * ms, 3},
	} {
		for _, n := range []int{1, 2, 32, 64, 200, 500, 2000} {
			t.Run(fmt.Sprint(row.name, ", ", n), func(t *testing.T) {
				var q pace.Quota
				l := load{callers: n, calls: 1, seed: uint64(n), outcome: func(at time.Duration, _ *rand.Rand) reply {
					for _, d := range row.down {
						if at >= d[0] && at < d[1] {
							return reply{row.takes, false}
						}
					}
					return reply{row.success, true}
				}}
				for _, c := range l.run(&q) {
					if !c.ok || c.requests > row.most {
						t.Fatalf("a call ended with success %v after %d requests, retry rejected %v; want success, at most %d", c.ok, c.requests, c.refused, row.most)
					}
				}
				if !q.Idle(start.Add(time.Minute)) {
					t.Error("Idle = false after every call succeeded")
				}
			})
		}
	}
}

// TestShortOutage holds that an outage of a second is one that a call can
// outlast by its back-off, however many calls meet it.
func TestShortOutage(t *testing.T) {
	for _, n := range []int{1, 64, 2000} {
		calls, well := 0, 0.0
		for seed := range uint64(max(1, 500/n)) {
			var q pace.Quota
			l := load{callers: n, calls: 1, seed: seed, outcome: func(at time.Duration, _ *rand.Rand) reply {
				return reply{ms, at >= time.Second}
			}}
			m, _, succeeded := count(l.run(&q), 0, time.Second)
			calls, well = calls+m, well+succeeded*float64(m)
		}
		if share := well / float64(calls); share < 0.7 {
			t.Errorf("%d callers: %.2f of the calls succeed; want 0.70 at least", n, share)
		}
	}
}

// TestOutage has an endpoint that serves nothing for a time. After the warm-up
// of three faults it is asked once a call, and 10 s after the end all is well.
func TestOutage(t *testing.T) {
	const from, recover, after = 5 * time.Second, 10 * time.Second, 40 * time.Second
	loads := []struct {
		name string
		load
	}{
		{"1 caller", load{callers: 1, think: 10 * ms}},
		{"1 caller, each second", load{callers: 1, think: time.Second}},
		{"1 caller, each 9 s", load{callers: 1, think: 9 * time.Second}},
		{"64 callers, each 10 s", load{callers: 64, think: 10 * time.Second}},
		{"200 callers", load{callers: 200, think: 500 * ms}},
		{"2000 callers", load{callers: 2000, think: 5 * time.Second}},
		{"a call each 2 ms", load{arrive: 2 * ms}},
		{"a call each 20 s", load{arrive: 20 * time.Second}},
	}
	fails := []struct {
		name string
		warm time.Duration // three faults, their back-off, and as long as an attempt takes
		take func(*rand.Rand) time.Duration
	}{
		{"at once", 10 * time.Second, func(*rand.Rand) time.Duration { return 0 }},
		{"in 1 ms", 10 * time.Second, func(*rand.Rand) time.Duration { return ms }},
		{"by timeout", 130 * time.Second, func(*rand.Rand) time.Duration { return 30 * time.Second }},
		{"at once or by timeout", 130 * time.Second, func(r *rand.Rand) time.Duration { return time.Duration(r.IntN(2)) * 30 * time.Second }},
		{"in 0 to 30 s", 130 * time.Second, func(r *rand.Rand) time.Duration { return time.Duration(r.Int64N(int64(30 * time.Second))) }},
	}
	for _, l := range loads {
		for _, fail := range fails {
			for _, length := range []time.Duration{time.Second, 10 * time.Second, 5 * time.Minute, time.Hour} {
				if (length == time.Hour || l.callers == 2000) && !*tables || length > time.Minute && testing.Short() {
					continue
				}
				l := l
				end := from + length
				l.until = end + after
				l.outcome = func(at time.Duration, r *rand.Rand) reply {
					if at >= from && at < end {
						return reply{fail.take(r), false}
					}
					return reply{20 * ms, true}
				}
				var q pace.Quota
				calls := l.run(&q)
				n, requests, _ := count(calls, from+fail.warm, end)
				m, requestsAfter, succeeded := count(calls, end+recover, l.until)
				name := fmt.Sprintf("%s, attempts fail %s, %v:", l.name, fail.name, length)
				if *tables {
					fmt.Printf("%-60s %7d calls, %.3f requests a call after warm-up; later %.3f\n", name, n, requests, requestsAfter)
				}
				if n >= 20 && requests > 1.2 {
					t.Errorf("%s %.3f requests a call; want at most 1.2", name, requests)
				}
				if m > 0 && (requestsAfter > 1 || succeeded < 1) {
					t.Errorf("%s after the end %.3f requests a call, %.3f succeed; want 1, all", name, requestsAfter, succeeded)
				}
			}
		}
	}
}

// TestPartialOutage has an endpoint that fails a share of the attempts for
// ever, at once or slowly.
func TestPartialOutage(t *testing.T) {
	for _, row := range []struct {
		callers        int
		think          time.Duration
		failure, takes time.Duration // a success takes takes
		share          float64
		most, least    float64 // requests a call, calls that succeed
	}{
		{1, time.Second, 20 * ms, 20 * ms, 0.01, 1.02, 0.999},
		{1, time.Second, 20 * ms, 20 * ms, 0.50, 1.80, 0.85}, // by three attempts a call: 1.75, 0.875
		{1, ms, 1 * ms, 300 * ms, 0.50, 1.80, 0.85},
		{4, ms, 1 * ms, 300 * ms, 0.33, 1.50, 0.95},
		{64, time.Second, 20 * ms, 20 * ms, 0.01, 1.02, 0.999},
		{64, time.Second, 20 * ms, 20 * ms, 0.50, 1.80, 0.86},
		{64, ms, 1 * ms, 300 * ms, 0.50, 1.80, 0.86},
		{64, ms, 30 * time.Second, 20 * ms, 0.50, 1.80, 0.82},
		{64, time.Second, 20 * ms, 20 * ms, 0.95, 1.60, 0.07}, // few attempts are under way together
		{2000, time.Second, 20 * ms, 20 * ms, 0.50, 1.80, 0.86},
		{2000, time.Second, 20 * ms, 20 * ms, 0.99, 1.05, 0.008}, // overloaded: retries would be 2 of 3 requests
	} {
		var q pace.Quota
		l := load{callers: row.callers, think: row.think, until: time.Hour / time.Duration(row.callers) * 4, seed: 5, outcome: func(_ time.Duration, r *rand.Rand) reply {
			if r.Float64() < row.share {
				return reply{row.failure, false}
			}
			return reply{row.takes, true}
		}}
		l.until = max(l.until, time.Minute)
		n, requests, succeeded := count(l.run(&q), 10*time.Second, l.until)
		t.Logf("%d callers, %.0f %% fail: %d calls of %.3f requests, %.3f succeed", row.callers, 100*row.share, n, requests, succeeded)
		if requests > row.most || succeeded < row.least {
			t.Errorf("%d callers, %.0f %% fail: %.3f requests a call, %.3f succeed; want at most %.2f, at least %.2f", row.callers, 100*row.share, requests, succeeded, row.most, row.least)
		}
	}
}

// TestManyEndpoints has callers that go round endpoints, all of which are down.
func TestManyEndpoints(t *testing.T) {
	for _, row := range []struct {
		endpoints int
		apart     time.Duration // two calls
	}{{1, 5 * ms}, {256, 5 * ms}, {257, 5 * ms}, {3000, 5 * ms}, {3000, 1 * ms}} {
		quotas := make([]pace.Quota, row.endpoints)
		calls, requests, now := 0, 0, start
		const rounds = 50
		for range rounds {
			for i := range quotas {
				calls++
				begun := now
				for attempt := range attempts {
					requests++
					sent := now
					now = now.Add(row.apart / attempts)
					if !quotas[i].Failed(begun, sent, now) || attempt == attempts-1 {
						break
					}
				}
				now = now.Add(60 * ms / time.Duration(row.endpoints))
			}
		}
		warm := row.endpoints * 3 * (attempts - 1) // three faults
		if got := float64(requests-warm) / float64(calls); got > 1.2 {
			t.Errorf("%d endpoints: %.3f requests a call; want at most 1.2", row.endpoints, got)
		}
		for i := range quotas {
			if quotas[i].Idle(now) {
				t.Fatalf("%d endpoints: Idle = true in an outage", row.endpoints)
			}
			if !quotas[i].Idle(now.Add(10 * time.Minute)) {
				t.Fatalf("%d endpoints: Idle = false 10 min after the last failure", row.endpoints)
			}
		}
	}
}

// A step is a failure, or a success, as a Quota hears of it.
type step struct {
	begun, sent, now time.Duration
	want             bool
}

const success = -1 // the time that a success begins

func TestQuota(t *testing.T) {
	const s = time.Second
	outage := []step{{0, 0, 1 * s, true}, {2 * s, 2 * s, 3 * s, true}, {4 * s, 4 * s, 5 * s, true}, {6 * s, 6 * s, 7 * s, false}}
	after := func(more ...step) []step { return append(outage[:len(outage):len(outage)], more...) }
	var eachSecond []step // from 8 s: one retry when 8 s without an attempt under way have passed
	for at := 8 * s; at < 60*s; at += s {
		eachSecond = append(eachSecond, step{at, at, at, at == 12*s || at == 20*s || at == 28*s || at == 36*s || at == 44*s || at == 52*s})
		if last := eachSecond[len(eachSecond)-1]; last.want {
			eachSecond = append(eachSecond, step{at, at + ms, at + ms, false})
		}
	}
	var tenEachSecond []step // eight calls for one retry are few here, but not 8 s
	for at := 8 * s; at < 30*s; at += s / 10 {
		tenEachSecond = append(tenEachSecond, step{at, at, at, at == 12*s || at == 20*s || at == 28*s})
	}
	var eachMinute []step // one retry for eight calls
	for at := time.Minute; at < 30*time.Minute; at += time.Minute {
		eachMinute = append(eachMinute, step{at, at, at, at%(8*time.Minute) == time.Minute})
	}
	for _, row := range []struct {
		name  string
		steps []step
	}{
		{"three faults in a row", after(step{8 * s, 8 * s, 9 * s, false}, step{10 * s, 10 * s, 11 * s, false})},
		{"a call of eight attempts", []step{{0, 0, 1 * s, true}, {0, 2 * s, 3 * s, true}, {0, 4 * s, 5 * s, true}, {0, 6 * s, 7 * s, true}, {0, 8 * s, 9 * s, true},
			{0, 12 * s, 13 * s, true}, {0, 13 * s, 14 * s, true}, {14 * s, 14 * s, 15 * s, false}}},
		{"a success between", []step{{0, 0, 1 * s, true}, {2 * s, 2 * s, 3 * s, true}, {begun: success}, {4 * s, 4 * s, 5 * s, true},
			{6 * s, 6 * s, 7 * s, true}, {8 * s, 8 * s, 9 * s, true}, {10 * s, 10 * s, 11 * s, false}}},
		{"a success after the outage", after(step{begun: success}, step{8 * s, 8 * s, 9 * s, true})},
		{"slow attempts come back in the outage", after(step{1 * s, 1 * s, 31 * s, true}, step{2 * s, 2 * s, 32 * s, false}, step{5 * s, 5 * s, 35 * s, false})},
		{"slow attempts of the outage come back after it", after(step{begun: success}, step{6 * s, 6 * s, 36 * s, true}, step{7 * s, 7 * s, 37 * s, true},
			step{40 * s, 40 * s, 41 * s, true}, step{42 * s, 42 * s, 43 * s, true}, step{44 * s, 44 * s, 45 * s, true}, step{46 * s, 46 * s, 47 * s, false})},
		{"slow attempts earn nothing", after(step{7 * s, 7 * s, 37 * s, false}, step{38 * s, 38 * s, 68 * s, false}, step{68 * s, 68 * s, 98 * s, false}, step{69 * s, 69 * s, 99 * s, false})},
		{"a call each second", after(eachSecond...)},
		{"ten calls each second", after(tenEachSecond...)},
		{"a call each minute", after(eachMinute...)},
		{"8 s before the third fault are a chance for the fourth", []step{{0, 0, 1 * s, true}, {2 * s, 2 * s, 3 * s, true}, {12 * s, 12 * s, 13 * s, true}, {13*s + ms, 13*s + ms, 13*s + ms, true},
			{14 * s, 14 * s, 15 * s, true}}},
		{"10 min without a failure", after(step{607 * s, 607 * s, 608 * s, true}, step{609 * s, 609 * s, 610 * s, true}, step{611 * s, 611 * s, 612 * s, true}, step{613 * s, 613 * s, 614 * s, false})},
		{"the clock stands still", []step{{0, 0, 0, true}, {0, 0, 0, true}, {0, 0, 0, true}, {0, 0, 0, true}}},
		{"the clock is set back: one wave more", after(step{-100 * s, -100 * s, -99 * s, true}, step{-98 * s, -98 * s, -97 * s, false})},
		{"the clock is set back at each failure", []step{{0, 0, 1 * s, true}, {-10 * s, -10 * s, -9 * s, true}, {-20 * s, -20 * s, -19 * s, true}, {-30 * s, -30 * s, -29 * s, true},
			{-28 * s, -28 * s, -27 * s, false}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var q pace.Quota
			for i, step := range row.steps {
				if step.begun == success {
					q.Succeeded()
				} else if got := q.Failed(start.Add(step.begun), start.Add(step.sent), start.Add(step.now)); got != step.want {
					t.Fatalf("step %d: Failed(%v, %v, %v) = %v; want %v", i, step.begun, step.sent, step.now, got, step.want)
				}
			}
		})
	}
}

// TestEndOfFaults: a fault is over when its failures are at most four times the
// successes since it began, or after three successes in a row.
func TestEndOfFaults(t *testing.T) {
	for _, row := range []struct {
		failures, successes int
		over                bool
	}{
		{8, 1, false}, {8, 2, true}, {9, 2, false}, {100, 2, false}, {100, 3, true},
	} {
		t.Run(fmt.Sprintf("%d failures, %d successes", row.failures, row.successes), func(t *testing.T) {
			var q pace.Quota
			now := time.Unix(0, 0)
			for range attempts {
				q.Failed(now, now, now)
				now = now.Add(time.Second)
			}
			for range row.failures {
				if q.Failed(now, now, now) {
					t.Fatal("a fourth fault in a row is retried")
				}
			}
			for range row.successes {
				q.Succeeded()
			}
			now = now.Add(time.Second)
			if retry := q.Failed(now, now, now); retry != row.over {
				t.Errorf("the next failure is retried: %v; want %v", retry, row.over)
			}
		})
	}
}

// TestSpread: what is sent up to 50 ms after a fault came back belongs to it.
func TestSpread(t *testing.T) {
	for _, row := range []struct {
		after time.Duration
		retry bool // of the fault that is the third or the fourth
	}{
		{50 * ms, true}, {50*ms + 1, false},
	} {
		var q pace.Quota
		start := time.Unix(0, 0)
		retry := false
		for _, at := range []time.Duration{0, row.after, time.Second, 2 * time.Second} {
			sent := start.Add(at)
			retry = q.Failed(sent, sent, sent)
		}
		if retry != row.retry {
			t.Errorf("%v: retried: %v; want %v", row.after, retry, row.retry)
		}
	}
}
