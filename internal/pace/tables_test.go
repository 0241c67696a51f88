package pace_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// A rival is an algorithm under its name. The oracle is told the quota of a
// process.
type rival struct {
	name string
	make func(rate, burst float64) algorithm
}

var rivals = []rival{
	{"before", func(_, _ float64) algorithm { return &landed{} }},
	{"ours", func(_, _ float64) algorithm { return newEstimator() }},
	{"oracle", func(rate, burst float64) algorithm { return &oracle{rate: rate, burst: max(1, burst)} }},
	{"CUBIC", func(_, _ float64) algorithm { return &cubic{} }},
	{"AIMD", func(_, _ float64) algorithm { return &aimd{} }},
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// A herd is a number of one-page lists that all begin at once.
type herd struct {
	lists       int
	rate, burst float64
	most        float64 // time, of the bound
}

var herds = []herd{{20, 2, 5, 1.35}, {60, 5, 5, 1.25}, {100, 10, 10, 1.25}, {600, 100, 10, 1.25}}

func (h herd) scenario(seed uint64, latency time.Duration, algorithm func() algorithm) scenario {
	return scenario{
		limiter: newBucket(steady(h.rate), h.burst), algorithm: algorithm,
		workers: h.lists, once: true, wanted: h.lists, horizon: time.Hour, latency: around(latency), seed: seed,
	}
}

func (h herd) bound() float64 { return (float64(h.lists) - h.burst) / h.rate }

const seeds = 30

func printHerds(rows []herd, from uint64) {
	for _, h := range rows {
		for _, r := range rivals {
			fmt.Printf("%4d lists at %3.0f/s b%-3.0f %-7s", h.lists, h.rate, h.burst, r.name)
			for _, latency := range []time.Duration{1 * ms, 20 * ms, 80 * ms, 300 * ms} {
				var ratios, throttled []float64
				lost := 0
				for seed := range uint64(seeds) {
					o := h.scenario(from+seed, latency, func() algorithm { return r.make(h.rate, h.burst) }).run()
					ratios = append(ratios, o.took.Seconds()/h.bound())
					throttled = append(throttled, o.throttledShare())
					lost += o.lost
				}
				fmt.Printf(" | %5v: %.2f (%.2f) %2.0f %% lost %d", latency, median(ratios), slices.Max(ratios), 100*median(throttled), lost)
			}
			fmt.Println()
		}
	}
}

// TestHerdTable prints the time over the bound, median and worst, the throttled
// share, and the calls lost of all seeds.
func TestHerdTable(t *testing.T) {
	if !*tables {
		t.Skip("needs -pace.tables")
	}
	printHerds(herds, 0)
}

func printOne(rates, bursts []float64, latencies []time.Duration, from uint64) {
	for _, r := range rivals {
		var all, slow, quick []float64
		for _, latency := range latencies {
			fmt.Printf("%-7s %5v", r.name, latency)
			for _, rate := range rates {
				fmt.Printf(" | %g/s:", rate)
				for _, burst := range bursts {
					if rate >= 1000 && burst < 10 || rate*latency.Seconds() > 28 {
						continue // too few workers
					}
					ratio, throttled := oneCell(r, rate, burst, latency, from)
					fmt.Printf(" %.2f/%.0f", ratio, 100*throttled)
					if all = append(all, ratio); rate <= 3 {
						slow = append(slow, throttled)
					} else {
						quick = append(quick, throttled)
					}
				}
			}
			fmt.Println()
		}
		sum := 0.0
		for _, x := range all {
			sum += math.Log(x)
		}
		fmt.Printf("%-7s geometric mean %.3f, worst %.2f, throttled up to 3/s %.0f %%, above %.1f %%\n", r.name,
			math.Exp(sum/float64(len(all))), slices.Max(all), 100*median(slow), 100*median(quick))
	}
}

// oneCell returns the medians of five seeds.
func oneCell(r rival, rate, burst float64, latency time.Duration, from uint64) (ratio, throttled float64) {
	var ratios, shares []float64
	for seed := range uint64(5) {
		o := scenario{
			limiter: newBucket(steady(rate), burst), algorithm: func() algorithm { return r.make(rate, burst) },
			workers: 32, wanted: int(burst + max(rate*60, 120)), horizon: time.Hour, latency: around(latency), seed: from + seed,
		}.run()
		ratios = append(ratios, o.took.Seconds()*rate/max(rate*60, 120))
		shares = append(shares, o.throttledShare())
	}
	return median(ratios), median(shares)
}

// TestOneTable prints the time over the bound and the throttled share in percent,
// of the bursts 1, 10, 100, 500.
func TestOneTable(t *testing.T) {
	if !*tables {
		t.Skip("needs -pace.tables")
	}
	printOne([]float64{1, 2, 5, 20, 100, 1000}, []float64{1, 10, 100, 500}, []time.Duration{1 * ms, 80 * ms, 300 * ms}, 0)
}

// A sharedRow has processes that share a quota, the second of which starts apart
// after the first, and so on.
type sharedRow struct {
	processes   int
	rate, burst float64
	apart       time.Duration
	horizon     time.Duration
	fair        float64 // at least
}

func (x sharedRow) capacity() float64 { return x.burst + x.rate*x.horizon.Seconds() }

func (x sharedRow) run(r rival, seed uint64) outcome {
	return scenario{
		limiter: newBucket(steady(x.rate), x.burst), processes: x.processes, apart: x.apart,
		algorithm: func() algorithm { return r.make(x.rate/float64(x.processes), x.burst/float64(x.processes)) },
		workers:   32, horizon: x.horizon, latency: around(20 * ms), seed: seed,
	}.run()
}

func printShared(rows []sharedRow, from uint64) {
	for _, x := range rows {
		fmt.Printf("%2d x %4.0f/s b%-4.0f %3v apart", x.processes, x.rate, x.burst, x.apart)
		for _, r := range rivals {
			var ratios, throttled, fair []float64
			for seed := range uint64(7) {
				o := x.run(r, from+seed)
				ratios = append(ratios, x.capacity()/float64(o.passed))
				throttled = append(throttled, o.throttledShare())
				fair = append(fair, o.jain)
			}
			fmt.Printf(" | %s %.2f, %2.0f %%, fair %.2f (%.2f)", r.name, median(ratios), 100*median(throttled), median(fair), slices.Min(fair))
		}
		fmt.Println()
	}
}

// TestSharedTable prints capacity over pages, the throttled share, and Jain's
// fairness of the second half: median and worst.
func TestSharedTable(t *testing.T) {
	if !*tables {
		t.Skip("needs -pace.tables")
	}
	printShared([]sharedRow{
		{2, 20, 40, 0, 200 * time.Second, 0},
		{2, 20, 40, 30 * time.Second, 260 * time.Second, 0},
		{2, 100, 200, 30 * time.Second, 260 * time.Second, 0},
		{2, 1000, 1000, 30 * time.Second, 260 * time.Second, 0},
		{2, 2, 4, 30 * time.Second, 600 * time.Second, 0},
		{8, 20, 40, 0, 300 * time.Second, 0},
		{8, 100, 200, 5 * time.Second, 300 * time.Second, 0},
		{64, 100, 200, 0, 300 * time.Second, 0},
		{64, 20, 40, 0, 300 * time.Second, 0},
	}, 0)
}

// An odd is a quota that is no steady token bucket.
type odd struct {
	name            string
	most, throttled float64 // capacity over pages and share, at most
	limiter         func(seed uint64) limiter
	capacity        func(since float64) float64 // requests a second
	burst           float64
	horizon         float64
	latency         func(int, *rand.Rand) time.Duration
	foreign         func(seed uint64) func(float64) float64
	late            time.Duration
}

func rateOdd(name string, most, throttled float64, rate func(float64) float64, horizon float64) odd {
	return odd{name: name, most: most, throttled: throttled, capacity: rate, burst: 40, horizon: horizon, latency: around(20 * ms),
		limiter: func(uint64) limiter { return newBucket(rate, 40) }}
}

func fixedOdd(name string, most, throttled float64, n int, window time.Duration, horizon float64) odd {
	x := rateOdd(name, most, throttled, steady(float64(n)/window.Seconds()), horizon)
	x.burst = 0
	x.limiter = func(uint64) limiter { return &fixedWindow{n: n, window: window} }
	return x
}

func slidingOdd(name string, most, throttled float64, n int, window time.Duration, horizon float64) odd {
	x := fixedOdd(name, most, throttled, n, window, horizon)
	x.burst = float64(n)
	x.limiter = func(uint64) limiter { return &slidingWindow{n: n, window: window} }
	return x
}

func randomShare(seed uint64) func(float64) float64 {
	r := rand.New(rand.NewPCG(seed, 3))
	shares := make([]float64, 200)
	for i := range shares {
		shares[i] = r.Float64() * 0.8
	}
	return func(since float64) float64 { return 100 * shares[int(since/10)%len(shares)] }
}

func eightServers(underWay int, r *rand.Rand) time.Duration {
	return time.Duration(float64(60*ms) * max(1, float64(underWay)/8) * (0.9 + 0.2*r.Float64()))
}

func odds() []odd {
	foreign := rateOdd("others take 0 to 80 % of 100/s", 1.15, 0.05, steady(100), 300)
	foreign.foreign = randomShare
	loaded := rateOdd("100/s, slower under load", 1.05, 0.05, steady(100), 120)
	loaded.latency = eightServers
	late := rateOdd("1000/s, timers up to 2 ms late", 1.10, 0.02, steady(1000), 30)
	late.late, late.latency = 2*ms, around(5*ms)
	later := rateOdd("100/s, timers up to 15 ms late", 1.05, 0.03, steady(100), 60)
	later.late = 15 * ms
	return []odd{
		rateOdd("20 -> 100/s", 1.10, 0.05, turns(20, 100, 30), 90),
		rateOdd("20 -> 1000/s", 1.18, 0.05, turns(20, 1000, 30), 90),
		rateOdd("100 -> 20/s", 1.05, 0.05, turns(100, 20, 30), 120),
		rateOdd("100 -> 1/s", 1.05, 0.08, turns(100, 1, 30), 150),
		rateOdd("10 to 90/s, period 120 s", 1.05, 0.05, func(x float64) float64 { return 50 + 40*math.Sin(x/120*2*math.Pi) }, 480),
		rateOdd("20 and 100/s, 10 s each", 1.40, 0.06, func(x float64) float64 { return 20 + 80*float64(int(x/10+1)%2) }, 240),
		fixedOdd("fixed 20 in 1 s", 1.08, 0.08, 20, time.Second, 120),
		fixedOdd("fixed 200 in 10 s", 1.10, 0.15, 200, 10*time.Second, 240),
		fixedOdd("fixed 1200 in 60 s", 1.05, 0.22, 1200, time.Minute, 480),
		slidingOdd("sliding 20 in 1 s", 1.15, 0.08, 20, time.Second, 120),
		slidingOdd("sliding 200 in 10 s", 1.25, 0.15, 200, 10*time.Second, 240),
		slidingOdd("sliding 1200 in 60 s", 1.20, 0.25, 1200, time.Minute, 480),
		foreign, loaded, late, later,
	}
}

// run returns the requests that the quota had room for over those that passed,
// and the throttled share.
func (x odd) run(r rival, seed uint64) (ratio, throttled float64) {
	s := scenario{
		limiter: x.limiter(seed), algorithm: func() algorithm { return r.make(x.capacity(x.horizon-1), x.burst) },
		workers: 32, horizon: seconds(x.horizon), latency: x.latency, late: x.late, seed: seed,
	}
	if x.foreign != nil {
		s.foreign = x.foreign(seed)
	}
	o := s.run()
	capacity := x.burst
	for since := 0.0; since < x.horizon; since += 0.1 {
		capacity += x.capacity(since) * 0.1
	}
	return (capacity - float64(o.foreign)) / float64(o.passed), o.throttledShare()
}

func printOdds(rows []odd, from uint64) {
	for _, x := range rows {
		fmt.Printf("%-32s", x.name)
		for _, r := range rivals {
			var ratios, throttled []float64
			for seed := range uint64(7) {
				ratio, share := x.run(r, from+seed)
				ratios, throttled = append(ratios, ratio), append(throttled, share)
			}
			fmt.Printf(" | %s %.2f (%.2f) %2.0f %%", r.name, median(ratios), slices.Max(ratios), 100*median(throttled))
		}
		fmt.Println()
	}
}

// TestOddTable prints capacity over pages, median and worst, and the throttled
// share. The oracle is told the last rate alone.
func TestOddTable(t *testing.T) {
	if !*tables {
		t.Skip("needs -pace.tables")
	}
	printOdds(odds(), 0)
}

// TestHeldOutTable prints scenarios and seeds that no constant was chosen by.
func TestHeldOutTable(t *testing.T) {
	if !*tables {
		t.Skip("needs -pace.tables")
	}
	const from = 300
	printHerds([]herd{{35, 3, 4, 0}, {12, 1, 2, 0}, {200, 25, 20, 0}, {1500, 400, 50, 0}}, from)
	printOne([]float64{1.5, 3, 8, 35, 60, 300}, []float64{1, 3, 25, 70}, []time.Duration{12 * ms, 45 * ms, 200 * ms}, from)
	printShared([]sharedRow{
		{2, 8, 10, 45 * time.Second, 400 * time.Second, 0},
		{2, 60, 30, 20 * time.Second, 240 * time.Second, 0},
		{2, 300, 300, 40 * time.Second, 240 * time.Second, 0},
		{3, 3, 5, 20 * time.Second, 500 * time.Second, 0},
		{5, 35, 60, 10 * time.Second, 300 * time.Second, 0},
		{16, 60, 100, 0, 240 * time.Second, 0},
		{16, 300, 100, 2 * time.Second, 240 * time.Second, 0},
		{50, 10, 50, 0, 240 * time.Second, 0},
	}, from)
	late := rateOdd("400/s, timers up to 5 ms late", 0, 0, steady(400), 60)
	late.late = 5 * ms
	printOdds([]odd{
		rateOdd("50 -> 200/s", 0, 0, turns(50, 200, 40), 100),
		rateOdd("60 -> 6/s", 0, 0, turns(60, 6, 40), 140),
		rateOdd("5 -> 50/s", 0, 0, turns(5, 50, 40), 120),
		rateOdd("nothing for 30 s, then 30/s", 0, 0, func(x float64) float64 { return 30 * min(1, float64(int((x+30)/60))) }, 120),
		fixedOdd("fixed 50 in 5 s", 0, 0, 50, 5*time.Second, 200),
		fixedOdd("fixed 7 in 1 s", 0, 0, 7, time.Second, 200),
		slidingOdd("sliding 100 in 2 s", 0, 0, 100, 2*time.Second, 150),
		late,
	}, from)
}

// TestRealTimeTable prints what passes of a quota in real time: timers are late
// here.
func TestRealTimeTable(t *testing.T) {
	if !*tables {
		t.Skip("needs -pace.tables")
	}
	for _, rate := range []float64{2, 100, 1000} {
		for _, workers := range []int{1, 32} {
			for _, r := range []rival{rivals[0], rivals[1]} {
				fmt.Printf("%-7s %4.0f/s, %2d workers, passed in each of 8 s: %v\n", r.name, rate, workers, realTime(r.make(rate, 100), rate, workers))
			}
		}
	}
}

// realTime lets workers, whose requests take no time, share a in real time.
func realTime(a algorithm, rate float64, workers int) (passed [8]int) {
	var mu, turn sync.Mutex
	began := time.Now()
	b := &bucket{rate: steady(rate), burst: 100, tokens: 100, at: began}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				turn.Lock()
				mu.Lock()
				wait := a.Wait(time.Now())
				for wait > 0 {
					mu.Unlock()
					time.Sleep(wait)
					mu.Lock()
					wait = a.Wait(time.Now())
				}
				turn.Unlock()
				now := time.Now()
				second := int(now.Sub(began).Seconds())
				if second >= len(passed) {
					mu.Unlock()
					return
				}
				if b.take(now) {
					a.Passed(now)
					passed[second]++
				} else {
					a.Throttled(now, now)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return passed
}
