package world

import (
	"slices"
	"strings"
	"time"
)

// An invocation is one call of the client, as the services saw it.
type invocation struct {
	id       string
	remote   int
	caller   int
	requests []*Request // in the order of arrival
}

// invocations are those of all remotes, in the order of their first requests.
func (h *History) invocations() []*invocation {
	if h.calls != nil {
		return h.calls
	}
	byID := map[string]*invocation{}
	for remote, requests := range h.Requests {
		for _, r := range requests {
			c := byID[r.Invocation]
			if c == nil {
				c = &invocation{id: r.Invocation, remote: remote, caller: r.Caller}
				byID[r.Invocation] = c
				h.calls = append(h.calls, c)
			}
			c.requests = append(c.requests, r)
		}
	}
	slices.SortStableFunc(h.calls, func(a, b *invocation) int { return int(a.requests[0].At - b.requests[0].At) })
	return h.calls
}

// Calls is how many calls reached a service.
func (h *History) Calls() int { return len(h.invocations()) }

// of returns the invocations of a unit.
func (h *History) of(u *Unit) (calls []*invocation) {
	for _, c := range h.invocations() {
		if at := c.requests[0].At; c.caller == u.Caller && c.remote == u.Remote && c.requests[0].List == u.List && u.Begin <= at && at <= u.End {
			calls = append(calls, c)
		}
	}
	return calls
}

// last returns the last invocation of a unit; nil: none reached a service.
func (h *History) last(u *Unit) *invocation {
	calls := h.of(u)
	if len(calls) == 0 {
		return nil
	}
	return calls[len(calls)-1]
}

// attempts are the attempts that reached the service: the transport may send one
// of them more than once.
func (c *invocation) attempts() int {
	seen := map[string]bool{}
	for _, r := range c.requests {
		seen[r.Attempt] = true
	}
	return len(seen)
}

// waves is how many faults in a row a remote had had until a time: groups of
// failures of requests of which none was sent more than 50 ms after the first of
// them came back. Twenty pages in a row that a client got end the row for it.
func (h *History) waves(remote, client int, until time.Duration) int {
	requests := slices.Clone(h.Requests[remote])
	slices.SortStableFunc(requests, func(a, b *Request) int { return int(a.End - b.End) })
	n, pages, first := 0, 0, time.Duration(-1)
	for _, r := range requests {
		switch {
		case r.At > until || r.Fault == "quota":
		case r.Finished && (r.Fault == "" || r.Fault == slow):
			if h.Plan.client(&h.Plan.Callers[r.Caller], remote) == client {
				pages++
			}
		case r.Fault != "":
			if pages >= 20 {
				n = 0
			}
			if pages = 0; n == 0 || r.At > first+50*time.Millisecond {
				n, first = n+1, r.End
			}
		}
	}
	return n
}

func (h *History) caller(u *Unit) *Caller   { return &h.Plan.Callers[u.Caller] }
func (h *History) remote(u *Unit) *Remote   { return &h.Plan.Remotes[u.Remote] }
func (h *History) account(u *Unit) *Account { return &h.Plan.Accounts[h.remote(u).Account] }
func (h *History) items(u *Unit) (n int)    { return h.remote(u).Lists[u.List].Items }

// quiet reports whether nothing goes wrong at the remotes that a unit calls. A
// sweep calls several, and a panic of one client ends it.
func (h *History) quiet(u *Unit) bool {
	for i := range h.Plan.Remotes {
		asked := i == u.Remote || h.caller(u).Kind == Sweeps && h.Plan.Remotes[i].Endpoint == h.remote(u).Endpoint
		if asked && !h.Plan.calm(i) {
			return false
		}
	}
	return true
}

// excused reports whether a unit is a sweep that the panic of a provider ended.
func (h *History) excused(u *Unit) bool {
	return h.caller(u).Kind == Sweeps && u.Panic == any(providerPanic)
}

// spellsEnd is when the last spell on the remote, its endpoint and its keys ends.
func (p *Plan) spellsEnd(remote int) (end time.Duration) {
	for i := range p.Remotes {
		if p.Remotes[i].Endpoint == p.Remotes[remote].Endpoint {
			end = max(end, lastEnd(p.Remotes[i].Spells))
		}
	}
	return max(end, lastEnd(p.Accounts[p.Remotes[remote].Account].Spells))
}

func lastEnd(spells []Spell) (end time.Duration) {
	for _, s := range spells {
		end = max(end, s.To)
	}
	return end
}

// throttles reports whether a quota or a spell of the remote throttles.
func (r *Remote) throttles() bool {
	return r.Rate > 0 || slices.ContainsFunc(r.Spells, func(s Spell) bool {
		f := faultOf(s.Kind)
		return f != nil && f.throttle || strings.Contains(s.Kind, "503")
	})
}
