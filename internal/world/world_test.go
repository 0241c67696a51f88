package world_test

import (
	"flag"
	"io"
	"log"
	"os"
	"testing"
	"time"

	"github.com/seed-10600c52/appintegrations/internal/world"
)

var (
	seed   = flag.Uint64("world.seed", 1, "the first seed")
	n      = flag.Int("world.n", 0, "how many worlds to run, one seed after the other; 0: a few")
	most   = flag.Duration("world.time", 0, "begin no world after this time; 0: no limit")
	shrink = flag.Duration("world.shrink", 10*time.Second, "how long to look for a smaller world that fails; 0: not")
	first  = flag.Bool("world.first", false, "stop at the first world that fails")
)

// manyFailures are enough to see what is wrong.
const manyFailures = 20

func TestMain(m *testing.M) {
	flag.Parse()
	log.SetOutput(io.Discard) // package net/http logs each response that comes twice
	os.Exit(m.Run())
}

// TestWorlds runs worlds and checks all invariants. A world that fails is
// printed with its seed, and in a smaller form.
func TestWorlds(t *testing.T) {
	worlds := *n
	if worlds == 0 {
		worlds = 50
		if testing.Short() {
			worlds = 5
		}
	}
	began, ran, calls, requests, failures := time.Now(), 0, 0, 0, 0
	for s := *seed; s < *seed+uint64(worlds); s++ {
		if *most > 0 && time.Since(began) > *most || failures >= manyFailures || *first && failures > 0 {
			break
		}
		plan := world.Draw(s)
		h := world.Run(t, plan)
		ran, calls = ran+1, calls+h.Calls()
		for _, r := range h.Requests {
			requests += len(r)
		}
		for _, v := range world.Check(h) {
			failures++
			t.Errorf("world %d (%s): %v", s, plan.Network, v)
			if *shrink > 0 {
				small, still := world.Shrink(t, plan, v, *shrink)
				t.Errorf("shrunk: %v\n%s", still, small.Seen())
			}
		}
	}
	t.Logf("%d worlds, %d calls, %d requests, %v", ran, calls, requests, time.Since(began).Round(time.Second))
}
