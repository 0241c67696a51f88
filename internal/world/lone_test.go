package world_test

import (
	"testing"
	"time"

	"github.com/seed-10600c52/appintegrations/internal/world"
)

func TestLone(t *testing.T) {
	for _, rate := range []float64{0.5, 1, 2, 5, 20} {
		for _, burst := range []int{1, 5, 11} {
			failed := 0
			for i := range 200 {
				p := world.Plan{Seed: uint64(i), Network: world.Direct, Length: time.Minute, Accounts: make([]world.Account, 1),
					Remotes: []world.Remote{{Lists: []world.List{{Items: 240, PageSizes: []int{10}}}, Latency: 20 * time.Millisecond, Rate: rate, Burst: burst}},
					Callers: []world.Caller{{Kind: world.Iterate, Start: time.Second, Repeat: 1}}}
				h := world.Run(t, p)
				if h.Units[0].Err != nil {
					failed++
				}
			}
			t.Logf("rate %v burst %d: %d of 200 lone lists of 24 pages failed", rate, burst, failed)
		}
	}
}
