package world_test

import (
	"flag"
	"testing"
	"time"

	"github.com/seed-10600c52/appintegrations/internal/world"
)

var (
	seed   = flag.Uint64("world.seed", 1, "the first seed")
	shrink = flag.Duration("world.shrink", 10*time.Second, "how long to look for a smaller world that fails")
	n      = flag.Int("world.n", 0, "how many worlds to run; 0: a few")
)

func TestWorlds(t *testing.T) {
	worlds := *n
	if worlds == 0 {
		worlds = 100
		if testing.Short() {
			worlds = 20
		}
	}
	calls, bad := 0, 0
	for s := *seed; s < *seed+uint64(worlds); s++ {
		plan := world.Draw(s)
		h := world.Run(t, plan)
		calls += h.Calls()
		for _, v := range world.Check(h) {
			t.Errorf("world %d (%s): %v", s, plan.Network, v)
			if bad++; *shrink > 0 {
				small, still := world.Shrink(t, plan, v, *shrink)
				t.Errorf("shrunk: %v\n%s", still, small.Seen())
			}
		}
		if bad > 20 {
			break
		}
	}
	t.Logf("%d worlds, %d calls", worlds, calls)
}
