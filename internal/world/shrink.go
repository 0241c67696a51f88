package world

import (
	"slices"
	"testing"
	"time"
)

// shrinkTries is how often a plan is run to see whether it still breaks the
// invariant: the order of goroutines differs from run to run.
const shrinkTries = 3

// Shrink returns a smaller plan that still breaks the invariant of the
// violation, and how it does. It takes parts away one by one, for no longer than
// the given time.
func Shrink(t *testing.T, p Plan, v Violation, most time.Duration) (Plan, Violation) {
	until := time.Now().Add(most)
	breaks := func(q Plan) bool {
		for range shrinkTries {
			for _, found := range Check(Run(t, q)) {
				if found.Invariant == v.Invariant {
					v = found
					return true
				}
			}
		}
		return false
	}
	for smaller := true; smaller; {
		smaller = false
		for _, cut := range cuts(&p) {
			if time.Now().After(until) {
				return p, v
			}
			q := p.copied()
			if cut(&q) && breaks(q) {
				p, smaller = q, true
			}
		}
	}
	return p, v
}

// copied returns a plan whose parts can be changed.
func (p *Plan) copied() Plan {
	q := *p
	q.Accounts, q.Remotes, q.Callers = slices.Clone(p.Accounts), slices.Clone(p.Remotes), slices.Clone(p.Callers)
	for i := range q.Accounts {
		q.Accounts[i].Spells = slices.Clone(q.Accounts[i].Spells)
	}
	for i := range q.Remotes {
		q.Remotes[i].Spells, q.Remotes[i].Lists = slices.Clone(q.Remotes[i].Spells), slices.Clone(q.Remotes[i].Lists)
	}
	return q
}

// cuts are what can be taken away from a plan, the largest parts first. A cut
// reports whether there was something to take. Callers keep their number, which is part of what
// the service draws by: one that is taken away does nothing.
func cuts(p *Plan) (all []func(*Plan) bool) {
	for size := len(p.Callers) / 2; size > 1; size /= 2 {
		for i := 0; i < len(p.Callers); i += size {
			all = append(all, func(q *Plan) bool { return idle(q.Callers[i:min(i+size, len(q.Callers))]) })
		}
	}
	for i := range p.Callers {
		all = append(all, func(q *Plan) bool { return idle(q.Callers[i : i+1]) })
	}
	for i := range p.Remotes {
		for j := range p.Remotes[i].Spells {
			all = append(all, func(q *Plan) bool { return cutSpell(&q.Remotes[i].Spells, j) })
		}
		all = append(all, func(q *Plan) bool { return change(&q.Remotes[i].Rate, 0) })
	}
	for i := range p.Accounts {
		for j := range p.Accounts[i].Spells {
			all = append(all, func(q *Plan) bool { return cutSpell(&q.Accounts[i].Spells, j) })
		}
		all = append(all, func(q *Plan) bool { return change(&q.Accounts[i].Life, 0) })
	}
	for i := range p.Callers {
		all = append(all, simpler(i)...)
	}
	return all
}

// simpler are cuts of one caller.
func simpler(i int) []func(*Plan) bool {
	return []func(*Plan) bool{
		func(q *Plan) bool { return change(&q.Callers[i].Repeat, min(1, q.Callers[i].Repeat)) },
		func(q *Plan) bool { return change(&q.Callers[i].Prefetch, 0) },
		func(q *Plan) bool { return change(&q.Callers[i].Break, 0) },
		func(q *Plan) bool { return change(&q.Callers[i].Again, 0) },
		func(q *Plan) bool { return change(&q.Callers[i].Deadline, 0) },
		func(q *Plan) bool { return change(&q.Callers[i].Cancel, 0) },
		func(q *Plan) bool { return change(&q.Callers[i].Think, 0) },
		func(q *Plan) bool { return change(&q.Callers[i].Hooked, false) },
		func(q *Plan) bool { return change(&q.Callers[i].PerCall, false) },
		func(q *Plan) bool { return change(&q.Callers[i].LogMode, 0) },
		func(q *Plan) bool { return change(&q.Callers[i].Decorated, false) },
		func(q *Plan) bool { return change(&q.Callers[i].Watched, false) },
		func(q *Plan) bool { return change(&q.Callers[i].AttemptTimeout, 0) },
		func(q *Plan) bool { return change(&q.Callers[i].RetryMaxAttempts, 0) },
		func(q *Plan) bool { return change(&q.Callers[i].Retryer, "") },
		func(q *Plan) bool { return change(&q.Callers[i].Standard, false) },
	}
}

func change[T comparable](field *T, to T) bool {
	changed := *field != to
	*field = to
	return changed
}

// idle makes callers do nothing, and reports whether they did something.
func idle(callers []Caller) (changed bool) {
	for i := range callers {
		changed = changed || callers[i].Repeat > 0
		callers[i] = Caller{Kind: Calls}
	}
	return changed
}

func cutSpell(spells *[]Spell, j int) bool {
	if j >= len(*spells) {
		return false
	}
	*spells = slices.Delete(*spells, j, j+1)
	return true
}

// Seen returns what of the plan its callers use, to print it.
func (p Plan) Seen() string {
	q := p.copied()
	q.Callers = slices.DeleteFunc(q.Callers, func(c Caller) bool { return c.Repeat == 0 })
	return q.String()
}
