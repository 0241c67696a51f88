package world_test

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/seed-10600c52/appintegrations/internal/world"
)

// kept returns a plan of testdata/plans.
func kept(t *testing.T, name string) (p world.Plan) {
	text, err := os.ReadFile("testdata/plans/" + name + ".json")
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// silent returns a plan in which connections fall silent while some requests have
// responses and others wait for theirs. Calls that come after that find the
// connections one after the other.
func silent(network world.Network) world.Plan {
	p := world.Plan{
		Network: network, Length: 2 * time.Minute, Accounts: make([]world.Account, 1),
		Remotes: []world.Remote{{
			Lists: []world.List{{Items: 2, PageSizes: []int{10}}}, Latency: 100 * time.Millisecond,
			Spells: []world.Spell{{Kind: "the open connections answer no more", From: 10 * time.Second}},
		}},
	}
	for i := range 20 { // at once, then one after the other
		p.Callers = append(p.Callers,
			world.Caller{Kind: world.Calls, Start: 9 * time.Second, Repeat: 1},
			world.Caller{Kind: world.Calls, Start: 9900*time.Millisecond + time.Duration(i)*5*time.Millisecond, Repeat: 1})
	}
	for _, start := range []time.Duration{39 * time.Second, 70 * time.Second} {
		p.Callers = append(p.Callers, world.Caller{Kind: world.Calls, Start: start, Repeat: 1, Watched: true})
	}
	return p
}

// TestPlans runs small worlds that once failed.
func TestPlans(t *testing.T) {
	one := make([]world.Account, 1)
	list := []world.List{{Items: 240, PageSizes: []int{10}}}
	for _, row := range []struct {
		name string
		runs int
		plan world.Plan
	}{
		{"a call over HTTP/2 after its connection was idle for too long waits for nothing", 1, world.Plan{
			Network: world.HTTP2, Length: 6 * time.Minute, Accounts: one,
			Remotes: []world.Remote{{Lists: list, Latency: 20 * time.Millisecond}},
			Callers: []world.Caller{
				{Kind: world.Iterate, Start: 219 * time.Second, Repeat: 1},
				{Kind: world.NextPage, Start: 281 * time.Second, Repeat: 1},
				{Kind: world.Calls, Start: 312 * time.Second, Repeat: 1},
			},
		}},
		{"a list alone under a slow quota is complete", 10, world.Plan{
			Network: world.Direct, Length: time.Minute, Accounts: one,
			Remotes: []world.Remote{{Lists: list, Latency: 20 * time.Millisecond, Rate: 1, Burst: 5}},
			Callers: []world.Caller{{Kind: world.Iterate, Start: time.Second, Repeat: 1}},
		}},
		{"lists of many callers, with two clients under quotas of two requests a second, are complete", 10, kept(t, "quota-of-two-clients")},
		{"one timeout replaces the connections that answer no more, though retries have responses over others, HTTP/1.1", 1, silent(world.HTTP1)},
		{"one timeout replaces the connection that answers no more, though retries have responses over others, HTTP/2", 1, silent(world.HTTP2)},
		{"responses that are sent twice are no pages of their own", 1, world.Plan{
			Network: world.HTTP1, Length: time.Minute, Accounts: one,
			Remotes: []world.Remote{{Lists: list, Latency: 20 * time.Millisecond, Spells: []world.Spell{{Kind: "responses are sent twice", To: time.Hour, Share: 1}}}},
			Callers: []world.Caller{{Kind: world.Iterate, Start: time.Second, Repeat: 1}},
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			for i := range row.runs {
				if testing.Short() && i > 0 {
					break
				}
				if i > 0 {
					row.plan.Seed++ // the services draw anew
				}
				h := world.Run(t, row.plan)
				if h.Calls() < len(row.plan.Callers) {
					t.Fatalf("%d calls of %d callers", h.Calls(), len(row.plan.Callers))
				}
				for _, v := range world.Check(h) {
					t.Error(v)
				}
			}
		})
	}
}

// TestDraw: a seed gives one plan, and the first thousand seeds everything that
// can go wrong.
func TestDraw(t *testing.T) {
	spells, kinds := map[string]int{}, map[world.CallerKind]int{}
	for seed := range uint64(1000) {
		plan := world.Draw(seed)
		if !reflect.DeepEqual(plan, world.Draw(seed)) {
			t.Fatalf("seed %d gives two plans", seed)
		}
		for _, r := range plan.Remotes {
			for _, s := range r.Spells {
				spells[s.Kind]++
			}
		}
		for _, a := range plan.Accounts {
			for _, s := range a.Spells {
				spells[s.Kind]++
			}
		}
		for _, c := range plan.Callers {
			kinds[c.Kind]++
		}
	}
	for _, kind := range world.Kinds() {
		if spells[kind] == 0 {
			t.Errorf("no world has a spell of %q", kind)
		}
	}
	if len(kinds) != 8 {
		t.Errorf("kinds of callers: %v; want 8", kinds)
	}
}
