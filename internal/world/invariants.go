package world

import (
	"fmt"
	"strings"
	"time"
)

// An Invariant is what holds in every world.
type Invariant struct {
	Name     string
	Sentence string
	holds    func(*History) string // "": it does; else what shows that it does not
}

// Invariants are all of them. Each is a function of its own, which says what it
// takes for granted.
var Invariants = []Invariant{
	{"WholeLists", "A list that ends without an error is the service's list, in order, each item once.", wholeLists},
	{"NothingTwice", "What a caller was given is the beginning of the list, without a gap, whatever ended it, and however often it was resumed.", nothingTwice},
	{"TokensGoHome", "A NextToken comes back to the service, the account and the list that gave it, unchanged.", tokensGoHome},
	{"EndsInTime", "Every call ends within its deadline, and without one within what its attempts and its turn can take.", endsInTime},
	{"AttemptsWithinLimit", "No call makes more attempts than its limit, and only a throttle counts for none where the user set no limit.", attemptsWithinLimit},
	{"RetriesFaults", "A call that another attempt could help makes it: it gives up for its limit, its context, or a retry quota that three faults in a row used up.", retriesFaults},
	{"OutageIsCheap", "An endpoint that is down costs at most 1.2 requests a call after its first half minute.", outageIsCheap},
	{"EndpointsApart", "Calls to an endpoint as an account with which nothing is wrong make one request each, at once, whatever happens elsewhere.", endpointsApart},
	{"HealthyWorld", "In a world in which nothing goes wrong, nothing fails.", healthyWorld},
	{"Recovers", "Ten seconds after the end of all spells, calls succeed.", recovers},
	{"QuotaLosesNothing", "A quota, with nothing else wrong, delays calls; it fails none, or where two clients share it, none whose client had a page in the last 20 s.", quotaLosesNothing},
	{"QuotaIsUsed", "While a call waits under a quota, with nothing else wrong, pages pass at no less than a quarter of the rate of the quota.", quotaIsUsed},
	{"ClockIsCorrected", "The clock of a service that jumps, with nothing else wrong, fails no call.", clockIsCorrected},
	{"KeysAreRefreshed", "Keys that expire, with nothing else wrong, fail no call, even if their provider lies about when they do.", keysAreRefreshed},
	{"PoolIsReplaced", "Connections that answer no more cost each call one attempt timeout, however many they are.", poolIsReplaced},
	{"TimeoutsAreShared", "After an attempt timed out, no attempt that is sent later waits on a connection that was open then.", timeoutsAreShared},
	{"NothingLeaks", "When a world is over, no goroutine, connection or open body is left.", nothingLeaks},
	{"NoSecrets", "No text of an error or a log contains a secret key, a session token or a NextToken.", noSecrets},
	{"DocumentedErrors", "Each error is of a documented type, on one line of at most 1 KiB.", documentedErrors},
	{"KeysAreKept", "Keys are retrieved once for all calls, and not more than once a second when the service rejects them.", keysAreKept},
}

// A Violation is an invariant that does not hold in a world.
type Violation struct{ Invariant, Evidence string }

func (v Violation) String() string { return v.Invariant + ": " + v.Evidence }

// Check returns the invariants that do not hold.
func Check(h *History) (broken []Violation) {
	for _, inv := range Invariants {
		if evidence := inv.holds(h); evidence != "" {
			broken = append(broken, Violation{inv.Name, evidence})
		}
	}
	return broken
}

// each asks about each unit, and returns the first evidence.
func each(h *History, ask func(*Unit) string) string {
	for _, u := range h.Units {
		if evidence := ask(u); evidence != "" {
			c := h.caller(u)
			return fmt.Sprintf("caller %d (%s of list %d at remote %d), %v to %v: %s", u.Caller, c.Kind, u.List, u.Remote, u.Begin, u.End, evidence)
		}
	}
	return ""
}

func wholeLists(h *History) string {
	return each(h, func(u *Unit) string {
		if u.Ended && len(u.Items) < h.items(u) {
			return fmt.Sprintf("%d of %d items, and no error", len(u.Items), h.items(u))
		}
		return ""
	})
}

func nothingTwice(h *History) string {
	return each(h, func(u *Unit) string {
		for i, item := range u.Items {
			if want := itemARN(u.Remote, u.List, i); i >= h.items(u) || item != want {
				return fmt.Sprintf("item %d is %s; want %s of %d", i, item, want, h.items(u))
			}
		}
		return strings.Join(u.Wrong, "; ")
	})
}

func tokensGoHome(h *History) string { return strings.Join(h.Refused, "; ") }

// endsInTime allows a second after a deadline, for a body that does not end when
// it is closed.
func endsInTime(h *History) string {
	if len(h.Late) > 0 {
		return "had not ended after ten days: " + strings.Join(h.Late, "; ")
	}
	const grace = time.Second + 10*time.Millisecond
	return each(h, func(u *Unit) string {
		c, took := h.caller(u), u.End-u.Begin
		switch {
		case c.Deadline > 0 && took > c.Deadline+grace:
			return fmt.Sprintf("took %v; its deadline is after %v", took, c.Deadline)
		case c.Cancel > 0 && took > c.Cancel+grace:
			return fmt.Sprintf("took %v; it was canceled after %v", took, c.Cancel)
		case c.MaxWait > 0 && took > c.MaxWait+grace:
			return fmt.Sprintf("took %v; its maxWaitDur is %v", took, c.MaxWait)
		case took > h.bound(u):
			return fmt.Sprintf("took %v; its attempts and turns can take %v", took, h.bound(u))
		}
		return ""
	})
}

// bound is what a unit can take: for each of its calls, as many attempts as it
// may make, each with the retrieval of keys, a refresh of them, the wait that the
// service or the back-off asks for, and a turn that is given up after two minutes
// without a page; and for all of them, as often as the caller goes on after an
// error, what the quota takes for the requests of all callers.
func (h *History) bound(u *Unit) time.Duration {
	c := h.caller(u)
	n, _ := c.attempts()
	one := 2*c.attemptTimeout() + 26*time.Second + 2*time.Second
	if h.remote(u).throttles() {
		one += 2 * time.Minute
	}
	calls := time.Duration(len(h.of(u)) + c.Again + 1)
	bound := calls*time.Duration(n)*one + c.thinks(len(u.Items))
	if c.Kind == Sweeps { // three rounds, and five minutes of throttles
		bound = time.Duration(c.Again+1) * (3*bound + 5*time.Minute)
	}
	if h.remote(u).throttles() {
		bound += lastEnd(h.remote(u).Spells) + 10*time.Minute
	}
	if rate := h.remote(u).Rate; rate > 0 {
		bound += time.Duration(2 * float64(len(h.Requests[u.Remote])) / rate * float64(time.Second))
	}
	return bound
}

func attemptsWithinLimit(h *History) string {
	for _, c := range h.invocations() {
		if c.caller < 0 || c.caller >= len(h.Plan.Callers) {
			continue
		}
		limit, exact := h.Plan.Callers[c.caller].attempts()
		if !exact {
			for _, r := range c.requests {
				if f := faultOf(r.Fault); r.Fault == "quota" || f != nil && f.throttle || r.Fault == "bare 503" {
					limit++
					if h.Plan.sendsTwice(c.remote) { // to the next attempt too
						limit++
					}
				}
			}
		}
		if got := c.attempts(); got > limit {
			return fmt.Sprintf("a call of caller %d made %d attempts, of %d: %s", c.caller, got, limit, c)
		}
		if h.Plan.Network == Direct && len(c.requests) > c.attempts() {
			return fmt.Sprintf("a call of caller %d sent %d requests in %d attempts: %s", c.caller, len(c.requests), c.attempts(), c)
		}
	}
	return ""
}

// String shows the requests of a call and what became of them.
func (c *invocation) String() string {
	var b strings.Builder
	for _, r := range c.requests {
		fmt.Fprintf(&b, "[%v..%v %s %d %q] ", r.At, r.End, r.Attempt, r.Status, r.Fault)
	}
	return b.String()
}

// outageIsCheap looks at spells that hit each request of a remote with a fault
// that is retried and no throttle, and that no other spell interrupts. As many
// calls as are in flight at once may each have the one retry that the quota gives
// now and then.
func outageIsCheap(h *History) string {
	for i := range h.Plan.Remotes {
		for _, s := range h.Plan.Remotes[i].Spells {
			f := faultOf(s.Kind)
			if f == nil || !f.retried || f.throttle || s.Share < 1 || s.Kind == "bare 503" || len(h.Plan.Remotes[i].Spells) > 1 {
				continue
			}
			calls, requests := 0, 0
			for _, c := range h.invocations() {
				caller := &h.Plan.Callers[c.caller]
				if c.remote == i && c.requests[0].At > s.From+30*time.Second+2*caller.attemptTimeout() && c.requests[len(c.requests)-1].End < s.To && caller.Retryer == "" {
					calls, requests = calls+1, requests+c.attempts()
				}
			}
			if most := 1.2*float64(calls) + 2*float64(len(h.Plan.Callers)); float64(requests) > most {
				return fmt.Sprintf("%d requests of %d calls in %q of remote %d", requests, calls, s.Kind, i)
			}
		}
	}
	return ""
}

// endpointsApart allows a millisecond of every call for what opens connections.
func endpointsApart(h *History) string {
	return each(h, func(u *Unit) string {
		c := h.caller(u)
		if !h.quiet(u) || c.Deadline > 0 || c.Cancel > 0 {
			return ""
		}
		calls := h.of(u)
		for _, call := range calls {
			if len(call.requests) > 1 {
				return "a call made more than one request: " + call.String()
			}
		}
		switch {
		case u.Panic != nil || len(u.Errs) > 0 && c.Kind != Waits:
			return fmt.Sprintf("it failed: %v %v", u.Panic, u.Errs)
		case c.Kind == Waits, c.Kind == Sweeps:
			return ""
		}
		most := time.Duration(len(calls)+c.Prefetch+1)*(h.remote(u).Latency+5*dialTime) + time.Millisecond + c.thinks(len(u.Items))
		if took := u.End - u.Begin; took > most {
			return fmt.Sprintf("%d calls took %v; want at most %v", len(calls), took, most)
		}
		return ""
	})
}

func healthyWorld(h *History) string {
	if !h.Plan.healthy() {
		return ""
	}
	return each(h, func(u *Unit) string {
		c := h.caller(u)
		if c.Deadline > 0 || c.Cancel > 0 {
			return ""
		}
		if c.Kind == Waits {
			if u.Err != nil && !strings.Contains(u.Err.Error(), "exceeded max wait time") {
				return u.Err.Error()
			}
			return ""
		}
		if u.Err != nil || u.Panic != nil || !u.Ended && !u.Page && c.Break == 0 {
			return fmt.Sprintf("ended %v, error %v, panic %v", u.Ended, u.Err, u.Panic)
		}
		return ""
	})
}

func nothingLeaks(h *History) string {
	switch {
	case h.Crash != "":
		return "the bubble did not end: " + h.Crash + "\n" + h.Goroutines
	case h.Goroutines != "":
		return "goroutines:\n" + h.Goroutines
	case h.Bodies != 0:
		return fmt.Sprintf("%d bodies are open", h.Bodies)
	case h.Conns != 0:
		return fmt.Sprintf("%d connections are open", h.Conns)
	}
	return ""
}
