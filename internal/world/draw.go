package world

import (
	"math/rand/v2"
	"time"
)

// Draw makes a plan of a seed. Many worlds are small, some are full. A tenth of
// them is healthy, in a third only one kind of thing goes wrong, and in half of
// them no caller changes how calls are retried. In some all callers meet at small
// quotas, and in some of those with connections all of these fall silent.
func Draw(seed uint64) Plan {
	d := &drawing{Rand: rand.New(rand.NewPCG(seed, 0x776f726c64))}
	p := Plan{Seed: seed, Length: time.Duration(10+d.IntN(600)) * time.Second}
	switch n := d.IntN(20); {
	case n < 15:
		p.Network = Direct
	case n < 18:
		p.Network = HTTP1
	default:
		p.Network = HTTP2
	}
	healthy := d.oneIn(10)
	if d.oneIn(3) {
		d.only = d.theme(&p)
	}
	d.usual = d.oneIn(2)
	for range 1 + d.IntN(2) {
		p.Accounts = append(p.Accounts, d.account(&p, healthy || d.only != ""))
	}
	moments := make([]time.Duration, 1+d.IntN(4))
	for i := range moments {
		moments[i] = d.upTo(p.Length)
	}
	for endpoint := range 1 + d.IntN(3) {
		for account := range p.Accounts {
			p.Remotes = append(p.Remotes, d.remote(&p, endpoint, account, moments, healthy))
		}
	}
	p.Slog = d.oneIn(2)
	callers := []int{1, 2, 4, 8, 16, 64}[d.IntN(6)]
	for range callers {
		p.Callers = append(p.Callers, d.caller(&p, moments, callers))
	}
	switch {
	case healthy:
	case p.Network == Direct && d.oneIn(8):
		d.crowd(&p)
	case p.Network != Direct && d.oneIn(3):
		d.silence(&p)
	}
	if healthy { // nothing that a caller does ends a call early
		for i := range p.Callers {
			c := &p.Callers[i]
			c.Deadline, c.Cancel = 0, 0
		}
	}
	return p
}

type drawing struct {
	*rand.Rand
	only  string // the kind of all spells of the world; "": any
	usual bool   // no caller changes how calls are retried
}

// quotas stands for the quotas of a world in which nothing else goes wrong.
const quotas = "quotas"

// theme draws what alone goes wrong in a world.
func (d *drawing) theme(p *Plan) string {
	switch d.IntN(4) {
	case 0:
		return quotas
	case 1:
		p.Network = pick(d, HTTP1, HTTP1, HTTP2)
		return pick(d, connectionSpells...)
	}
	return d.kind(p)
}

func (d *drawing) upTo(most time.Duration) time.Duration {
	return time.Duration(d.Int64N(int64(most))) + 1
}

func (d *drawing) oneIn(n int) bool { return d.IntN(n) == 0 }

func pick[T any](d *drawing, values ...T) T { return values[d.IntN(len(values))] }

func (d *drawing) account(p *Plan, healthy bool) Account {
	a := Account{Named: d.oneIn(2)}
	if healthy || d.oneIn(2) {
		return a
	}
	if d.oneIn(2) {
		a.Life, a.Lies = time.Minute+d.upTo(p.Length), d.oneIn(2)
	}
	for range d.IntN(3) {
		kind := pick(d, providerFails, providerPanics, providerExits, providerHangs, providerStubborn, providerStale)
		a.Spells = append(a.Spells, d.spell(p, kind, nil))
	}
	return a
}

func (d *drawing) spell(p *Plan, kind string, moments []time.Duration) Spell {
	s := Spell{Kind: kind, From: d.upTo(p.Length), Share: 1, Amount: d.upTo(5 * time.Second)}
	if len(moments) > 0 && d.oneIn(2) { // where many callers begin
		s.From = pick(d, moments...) + d.upTo(30*time.Millisecond)
	}
	switch d.IntN(4) {
	case 0:
		s.To = s.From + time.Millisecond
	case 1:
		s.To = s.From + d.upTo(2*time.Second)
	case 2:
		s.To = s.From + d.upTo(time.Minute)
	default:
		s.To = s.From + d.upTo(5*time.Minute)
		s.Share = d.Float64() / 2
	}
	return s
}

// crowd makes the world one of small quotas, with which nothing else is wrong:
// most callers come at the same moment, as they do when a program starts.
func (d *drawing) crowd(p *Plan) {
	clear(p.Accounts)
	for i := range p.Remotes {
		r := &p.Remotes[i]
		r.Spells, r.Rate, r.Burst = nil, pick(d, 0.5, 1, 2, 5, 20), 1+d.IntN(8)
		for j := range r.Lists {
			r.Lists[j].Items = min(r.Lists[j].Items, 60)
		}
	}
	begin := d.upTo(p.Length)
	for i := range p.Callers {
		c := &p.Callers[i]
		if c.Start = begin + d.upTo(10*time.Millisecond); c.Kind == Waits {
			c.Kind, c.MaxWait = Calls, 0
		}
		c.Repeat, c.Limit = min(c.Repeat, 4), 0
		patient(c)
	}
}

// silence makes the world one in which connections fall silent, and nothing else
// is wrong. Half of the callers come in a burst, and the others at any time.
func (d *drawing) silence(p *Plan) {
	clear(p.Accounts)
	p.Length = min(p.Length, 2*time.Minute)
	burst := p.Length / 4
	for i := range p.Remotes {
		r := &p.Remotes[i]
		r.Spells, r.Rate = nil, 0
		for range d.IntN(3) {
			s := Spell{Kind: pick(d, deadPool, mutePool), From: d.upTo(p.Length)}
			if d.oneIn(2) {
				s.From = burst + d.upTo(100*time.Millisecond)
			}
			r.Spells = append(r.Spells, s)
		}
	}
	for i := range p.Callers {
		c := &p.Callers[i]
		if c.Start = d.upTo(p.Length); d.oneIn(2) {
			c.Start = burst + d.upTo(10*time.Millisecond)
		}
		c.Repeat, c.Pause, c.Watched = 2*c.Repeat, d.upTo(10*time.Second), true
		patient(c)
	}
}

// patient takes from a caller what ends its calls early.
func patient(c *Caller) {
	c.Deadline, c.Cancel, c.Retryer, c.RetryMaxAttempts, c.Standard = 0, 0, "", 0, false
}

// connectionSpells are those of worlds with connections.
var connectionSpells = []string{lost, deadPool, mutePool, dialFails, dialHangs, down, twice}

func (d *drawing) remote(p *Plan, endpoint, account int, moments []time.Duration, healthy bool) Remote {
	r := Remote{Endpoint: endpoint, Account: account, Latency: d.upTo(pick(d, 5*time.Millisecond, 100*time.Millisecond, time.Second))}
	for range 1 + d.IntN(3) {
		r.Lists = append(r.Lists, d.list(p))
	}
	if healthy || d.oneIn(4) {
		return r
	}
	if d.only == quotas || d.only == "" && d.oneIn(4) {
		r.Rate, r.Burst = pick(d, 1, 2, 5, 20, 100.0), 1+d.IntN(20)
	}
	if d.only == quotas {
		return r
	}
	for range d.IntN(5) {
		r.Spells = append(r.Spells, d.spell(p, d.kind(p), moments))
		if last := &r.Spells[len(r.Spells)-1]; last.Kind == jump {
			last.Amount = pick(d, -1, time.Duration(1)) * (10*time.Minute + d.upTo(10*time.Hour))
		}
	}
	return r
}

func (d *drawing) kind(p *Plan) string {
	if d.only != "" {
		return d.only
	}
	switch n := d.IntN(10); {
	case n == 0:
		return slow
	case n == 1:
		return emptyPages
	case n == 2 && p.Network == Direct:
		return jump
	case n <= 6 && p.Network != Direct:
		return pick(d, connectionSpells...)
	}
	return faults[d.IntN(len(faults))].kind
}

func (d *drawing) list(p *Plan) List {
	l := List{Items: pick(d, 0, 1, 2, 7, 10, 25, 26, d.IntN(60), d.IntN(301)), Completed: d.upTo(p.Length)}
	for range 1 + d.IntN(3) {
		l.PageSizes = append(l.PageSizes, pick(d, 1, 3, 10, 25, 25, 50, 1+d.IntN(50)))
	}
	if l.Items > 100 { // or half of the time goes into lists of single items
		for i := range l.PageSizes {
			l.PageSizes[i] = max(l.PageSizes[i], 10)
		}
	}
	return l
}

func (d *drawing) caller(p *Plan, moments []time.Duration, callers int) Caller {
	c := Caller{
		Kind: pick(d, Calls, Calls, Calls, NextPage, Iterate, Ranges, Pages, Resumes, Waits, Sweeps), Remote: d.IntN(len(p.Remotes)),
		Start: d.upTo(p.Length), Repeat: 1 + d.IntN(1+60/callers), Pause: d.upTo(time.Second),
	}
	if d.oneIn(2) {
		c.Start = pick(d, moments...) + d.upTo(10*time.Millisecond)
	}
	c.List = d.IntN(len(p.Remotes[c.Remote].Lists))
	if d.oneIn(2) {
		c.Limit = pick(d, 1, 2, 10, 50)
		if p.Remotes[c.Remote].Lists[c.List].Items > 60 {
			c.Limit = max(c.Limit, 10)
		}
	}
	if c.Kind == Waits {
		c.MaxWait, c.Repeat = d.upTo(p.Length)+time.Second, 1
	}
	if c.Kind == Sweeps {
		c.Repeat, c.Concurrency, c.EachPage = min(c.Repeat, 3), d.IntN(6), d.oneIn(2)
	}
	c.Prefetch = max(0, d.IntN(6)-2)
	c.Break = max(0, d.IntN(60)-20)
	c.Again = d.IntN(4)
	if d.oneIn(5) {
		c.Deadline = d.upTo(pick(d, 200*time.Millisecond, 5*time.Second, time.Minute))
	}
	if d.oneIn(8) {
		c.Cancel = d.upTo(pick(d, 200*time.Millisecond, 5*time.Second, time.Minute))
	}
	if c.Deadline == 0 && c.Cancel == 0 && d.oneIn(2) {
		c.Think = d.upTo(100 * time.Millisecond)
	}
	d.callerOptions(&c)
	return c
}

func (d *drawing) callerOptions(c *Caller) {
	if !d.usual && d.oneIn(3) {
		c.Retryer = pick(d, "nop", "standard", "max2")
	}
	if !d.usual && d.oneIn(4) {
		c.RetryMaxAttempts = 1 + d.IntN(6)
	}
	c.Standard = !d.usual && d.oneIn(4)
	if d.oneIn(4) {
		c.AttemptTimeout = time.Second + d.upTo(10*time.Second)
	}
	c.Hooked, c.PerCall, c.Decorated, c.Watched = d.oneIn(8), d.oneIn(5), d.oneIn(4), !d.oneIn(4)
	if d.oneIn(8) {
		c.LogMode = 1 + d.Uint64N(1<<6-1)
	}
}
