package pace_test

import (
	"testing"
	"time"

	"github.com/seed-10600c52/appintegrations/internal/pace"
)

// A script is a run of responses, each of them so long after the one before and
// to an attempt that was sent 20 ms earlier.
type script struct {
	apart     time.Duration
	responses string // p: a page, o: another response, x: a bare 503, -: none
	times     int    // that they come
}

// TestDetector reports responses, and counts the bare 503s that are throttles.
func TestDetector(t *testing.T) {
	for _, row := range []struct {
		name      string
		scripts   []script
		throttles int
		last      bool // whether the last bare 503 is one
	}{
		{"one wave", []script{{ms, "p", 100}, {0, "x", 500}, {ms, "p", 100}}, 0, false},
		{"one wave over 40 ms", []script{{ms, "p", 100}, {ms, "x", 40}, {ms, "p", 100}}, 0, false},
		{"an outage of 400 ms", []script{{ms, "p", 1000}, {ms, "x", 400}, {ms, "p", 1000}}, 0, false},
		{"an outage without a page", []script{{ms, "p", 100}, {10 * ms, "x", 1000}}, 0, false},
		{"an outage with other responses", []script{{ms, "p", 100}, {10 * ms, "xo", 1000}}, 0, false},
		{"one in a hundred", []script{{ms, "ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppx", 100}}, 0, false},
		{"one in six", []script{{5 * ms, "pppppx", 1000}}, 0, false},
		{"one in five", []script{{5 * ms, "ppppx", 12}}, 3, true}, // the tenth and later
		{"one in two, at most nine in 2 s", []script{{112 * ms, "px", 100}}, 0, false},
		{"one in two, ten in 2 s", []script{{100 * ms, "px", 9}}, 0, false},
		{"one in two, ten in 2 s, the tenth", []script{{90 * ms, "px", 10}}, 1, true},
		{"two waves with pages between", []script{{ms, "p", 10}, {0, "x", 9}, {100 * ms, "p", 2}, {0, "x", 9}}, 9, true},
		{"two waves with a page between that was sent before", []script{{ms, "p", 10}, {0, "x", 9}, {10 * ms, "p", 1}, {60 * ms, "-x", 1}, {0, "x", 9}}, 0, false},
		{"two waves 3 s apart", []script{{ms, "p", 10}, {0, "x", 9}, {100 * ms, "p", 30}, {0, "x", 9}}, 0, false},
		{"two waves less than 2 s apart", []script{{0, "x", 9}, {100 * ms, "p", 1}, {1899 * ms, "x", 1}}, 1, true},
		{"two waves 2 s apart", []script{{0, "x", 9}, {100 * ms, "p", 1}, {1900 * ms, "x", 1}}, 0, false},
		{"the clock is set back by 2 s", []script{{0, "x", 9}, {100 * ms, "p", 1}, {-2200 * ms, "p", 1}, {0, "x", 1}}, 1, true},
		{"the clock is set back by more", []script{{0, "x", 9}, {100 * ms, "p", 1}, {-2400 * ms, "p", 1}, {0, "x", 1}}, 0, false},
		{"remembered for 10 s", []script{{10 * ms, "px", 20}, {time.Second, "ppppppppx", 1}}, 12, true},
		{"forgotten after 10 s", []script{{10 * ms, "px", 20}, {time.Second, "ppppppppppppx", 1}}, 11, false},
		{"remembered just before 10 s", []script{{10 * ms, "px", 20}, {999 * ms, "pppppppppx", 1}}, 12, true},
		{"forgotten at 10 s", []script{{10 * ms, "px", 20}, {time.Second, "pppppppppx", 1}}, 11, false},
		{"remembered while 503s are few", []script{{10 * ms, "px", 20}, {100 * ms, "pppppppppppppppppppx", 100}}, 111, true},
		{"pacing does not help: not for 5 min", []script{{10 * ms, "px", 20}, {10 * ms, "px", 5000}}, 211, false}, // for 4 s, and 20 responses,
		// The 11th throttle is the last response before 4 s without any.
		{"pacing does not help: found by the 20th response", []script{{10 * ms, "px", 20}, {5 * time.Second, "o", 1}, {ms, "p", 1}, {ms, "px", 9}}, 19, false},
		{"pacing helps: from a half to a fifth", []script{{10 * ms, "px", 20}, {5 * time.Second, "p", 1}, {ms, "ppppx", 10}}, 21, true},
		{"pacing does not help: from a half to a quarter", []script{{10 * ms, "px", 20}, {4500 * ms, "p", 1}, {ms, "ppx", 1}, {ms, "pppx", 9}}, 15, false},
		{"pacing does not help: again after 5 min", []script{{10 * ms, "px", 300}, {10 * time.Second, "p", 30}, {10 * ms, "px", 20}}, 222, true},
		// It is found not to help at 4.42 s, by the bare 503 after the 211th throttle.
		{"pacing does not help: again at 5 min", []script{{10 * ms, "px", 300}, {10 * time.Second, "p", 29}, {8200 * ms, "p", 1}, {10 * ms, "px", 20}}, 221, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			var d pace.Detector
			now, throttles, last := start, 0, false
			for _, s := range row.scripts {
				for range s.times {
					for _, r := range s.responses {
						now = now.Add(s.apart)
						sent := now.Add(-20 * ms)
						switch r {
						case 'p', 'o':
							d.Responded(sent, now, r == 'p')
						case 'x':
							if last = d.Bare503(sent, now); last {
								throttles++
							}
						}
					}
				}
			}
			if last != row.last || throttles != row.throttles {
				t.Errorf("%d throttles, the last is one: %v; want %d, %v", throttles, last, row.throttles, row.last)
			}
		})
	}
}

// TestBare503 has a limiter that answers bare 503s, and hosts that answer some
// requests with 503s whatever the rate.
func TestBare503(t *testing.T) {
	const horizon = 120 * time.Second
	for _, row := range []struct {
		name        string
		rate, burst float64
		broken      float64 // the share of the 503s
		workers     int
		latency     time.Duration
		least       float64 // pages a second
		lost, most  float64 // calls, and 503s, of the requests
	}{
		{"5/s", 5, 5, 0, 32, 20 * ms, 4.9, 0.06, 0.30},
		{"20/s", 20, 40, 0, 32, 20 * ms, 20, 0.002, 0.06},
		{"20/s, 300 ms", 20, 40, 0, 32, 300 * ms, 20, 0.002, 0.06},
		{"20/s, 200 workers", 20, 40, 0, 200, 20 * ms, 20, 0.01, 0.20},
		{"100/s", 100, 10, 0, 32, 20 * ms, 98, 0.002, 0.02},
		{"1000/s", 1000, 500, 0, 64, 20 * ms, 980, 0.002, 0.02},
		{"one in a hundred", 1e6, 1e6, 0.01, 32, 20 * ms, 1500, 0.001, 0.02},
		{"one in seven", 1e6, 1e6, 0.14, 32, 20 * ms, 1000, 0.01, 0.16},
		{"one in four", 1e6, 1e6, 0.25, 32, 20 * ms, 600, 0.02, 0.27},
		{"one in three", 1e6, 1e6, 0.34, 32, 300 * ms, 40, 0.04, 0.36},
	} {
		o := scenario{
			limiter: newBucket(steady(row.rate), row.burst), algorithm: newEstimator, workers: row.workers,
			horizon: horizon, latency: around(row.latency), bare: true, broken: row.broken, seed: 1,
		}.run()
		passed, lost := float64(o.passed)/horizon.Seconds(), float64(o.lost)/float64(o.sent)
		t.Logf("%-18s %.1f pages a second, %d calls lost, %.1f %% bare 503s, %d of them taken for throttles", row.name, passed, o.lost, 100*o.throttledShare(), o.taken)
		if passed < row.least || lost > row.lost || o.throttledShare() > row.most {
			t.Errorf("%s: %.1f pages a second, %.4f calls lost, %.3f bare 503s; want at least %.1f, at most %.4f, %.2f", row.name, passed, lost, o.throttledShare(), row.least, row.lost, row.most)
		}
	}
}
