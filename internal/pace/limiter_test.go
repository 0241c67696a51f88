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
		{"remembered for 10 s", []script{{10 * ms, "px", 20}, {time.Second, "pppppppppx", 1}}, 12, true},
		{"forgotten after 10 s", []script{{10 * ms, "px", 20}, {time.Second, "ppppppppppppx", 1}}, 11, false},
		{"remembered while 503s are few", []script{{10 * ms, "px", 20}, {100 * ms, "pppppppppppppppppppx", 100}}, 111, true},
		{"pacing does not help: not for 5 min", []script{{10 * ms, "px", 20}, {10 * ms, "px", 5000}}, 0, false},
		{"pacing does not help: again after 5 min", []script{{10 * ms, "px", 300}, {10 * time.Second, "p", 30}, {10 * ms, "px", 20}}, 0, true},
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
			if last != row.last || row.throttles > 0 && throttles != row.throttles || !row.last && row.throttles == 0 && throttles > 300 {
				t.Errorf("%d throttles, the last is one: %v; want %d, %v", throttles, last, row.throttles, row.last)
			}
		})
	}
}
