package world

import (
	"context"
	"maps"
	"slices"

	appintegrations "github.com/seed-10600c52/appintegrations"
)

// sweep lists all lists of the caller's endpoint, of all accounts. What failed,
// and what the range was left before, is swept again. Each list is a unit of its own; the
// first is u, which the caller has already.
func (c *caller) sweep(ctx context.Context, u *Unit) {
	units := map[[2]int]*Unit{}
	targets := map[[2]int]appintegrations.SweepTarget{}
	for i := range c.Remotes {
		for list := range c.Remotes[i].Lists {
			if c.Remotes[i].Endpoint != c.Remotes[c.Remote].Endpoint {
				continue
			}
			at := [2]int{i, list}
			if units[at] = u; i != c.Remote || list != c.List {
				units[at] = &Unit{Caller: c.number, Remote: i, List: list, Begin: u.Begin}
				c.units = append(c.units, units[at])
			}
			targets[at] = appintegrations.SweepTarget{Client: c.clients[c.Remotes[i].Account], DataIntegrationIdentifier: c.identifier(list)}
		}
	}
	defer func() {
		for _, other := range units {
			other.End, other.CtxErr = c.now(), ctx.Err()
		}
	}()
	for range c.Again + 1 {
		if c.sweepOnce(ctx, units, targets); len(targets) == 0 {
			return
		}
	}
}

// sweepOnce sweeps the targets, and leaves those that are not complete, from
// where they are to go on.
func (c *caller) sweepOnce(ctx context.Context, units map[[2]int]*Unit, targets map[[2]int]appintegrations.SweepTarget) {
	of := map[appintegrations.SweepTarget][2]int{}
	var all []appintegrations.SweepTarget
	for _, at := range slices.SortedFunc(maps.Keys(targets), func(a, b [2]int) int { return slices.Compare(a[:], b[:]) }) {
		of[targets[at]], all = at, append(all, targets[at])
	}
	results, ended := 0, map[[2]int]bool{}
	for r := range appintegrations.Sweep(ctx, all, func(o *appintegrations.SweepOptions) {
		o.Concurrency, o.Limit, o.EachPage = c.Concurrency, int32(c.Limit), c.EachPage
		o.ClientOptions = append(o.ClientOptions, c.sweepOptions)
		o.OnProgress = func(p appintegrations.SweepProgress) { c.look(p) }
	}) {
		c.look(r.Checkpoint)
		at := of[r.Target]
		u := units[at]
		if ended[at] {
			u.Wrong = append(u.Wrong, "a target of a sweep came again after its last result")
		}
		u.take(r.Associations...)
		switch {
		case r.Err != nil:
			u.failed(c.now(), r.Err)
		case r.Checkpoint.Done:
			u.Ended, u.Err = true, nil
			delete(targets, at)
		}
		if !r.Checkpoint.Done {
			r.Target.Resume = r.Checkpoint
			targets[at] = r.Target
		}
		ended[at] = r.Err != nil || r.Checkpoint.Done
		if results++; c.Break > 0 && results >= c.Break {
			return
		}
	}
	for target, at := range of {
		if _, missing := targets[at]; missing && !ended[at] {
			units[at].Wrong = append(units[at].Wrong, "a target of a sweep never ended: "+target.DataIntegrationIdentifier)
		}
	}
}

// sweepOptions leave the keys to each Client.
func (c *caller) sweepOptions(o *appintegrations.Options) {
	keys := o.Credentials
	c.options(o)
	o.Credentials = keys
}
