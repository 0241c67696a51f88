package pace

import "time"

const (
	slots = 8
	slot  = 250 * time.Millisecond // slots of it are the 2 s that a Detector looks back

	// Of the responses of that time so many, and one of so many, must be bare
	// 503s: fewer are a fault of the service, and a retry is what helps.
	leastBare, bareShare = 10, 5
	leastFaults          = 2
	// The time without a bare 503 after which a limiter is forgotten. Once requests
	// are paced it rejects few of them, too few to be detected by.
	remember = 10 * time.Second
	// Responses after which pacing must have reduced the share of bare 503s to
	// less than half. It reduces the share of a limiter, from 60 to 99 % when all
	// workers send at once, to 5 % at 20 requests a second and 35 % at 1.
	enough, reduction = 20, 2
	settle            = 4 * time.Second // until the pace is found: only later attempts count
	// The time for which a service whose 503s pacing did not reduce is not paced.
	// Each try slows such a service down for about 20 s.
	distrust = 5 * time.Minute
)

// A Detector finds out whether bare 503 responses, which have no error code,
// come from a rate limiter or from a fault of the service. They come from a rate
// limiter if, in the last 2 s, at least ten responses and at least a fifth of
// all responses were bare 503s, and a page passed between two of them that are
// not one fault. Then bare 503s are throttles until none comes for 10 s. If
// pacing does not reduce their share, they come from a broken host, and for
// 5 min they are throttles no more.
//
// The zero value has seen nothing. A Detector must not be used by several
// goroutines at once.
type Detector struct {
	epoch  time.Time
	newest int // slot, counted from epoch
	recent [slots]tally

	current fault
	passed  bool // a page, that was sent after current began

	detected      time.Time // when a limiter was last
	until         time.Time // to when it is remembered
	distrusted    time.Time // to when none is detected
	before, paced tally     // responses when it was detected; of attempts sent settle later
}

// A tally counts responses.
type tally struct{ responses, bare, faults int }

// Idle reports whether d does what a new Detector does, so that d may be
// dropped: nobody used it for 10 min.
func (d *Detector) Idle(now time.Time) bool {
	return now.Sub(d.epoch.Add(time.Duration(d.newest)*slot)) >= forget
}

// Responded reports a response, that came at now to an attempt that was sent at
// sent, and that was no bare 503. page reports whether it was a success.
func (d *Detector) Responded(sent, now time.Time, page bool) {
	d.count(sent, now, 0)
	if page && sent.After(d.current.first) {
		d.passed = true
	}
}

// Bare503 reports a bare 503 and returns whether it is a throttle.
func (d *Detector) Bare503(sent, now time.Time) (throttle bool) {
	t := d.count(sent, now, 1)
	if (d.passed || d.current == fault{}) && d.current.begins(sent, now) {
		d.passed = false
		t.faults++
	}
	return d.limits(now)
}

// limits decides whether a bare 503 is a throttle.
func (d *Detector) limits(now time.Time) bool {
	switch limited := now.Before(d.until); {
	case limited && d.paced.responses >= enough && !d.reduced():
		d.until, d.distrusted = now, now.Add(distrust)
		return false
	case !limited && now.Before(d.distrusted):
		return false
	case !limited:
		sum := d.sum()
		if sum.bare < leastBare || sum.bare*bareShare < sum.responses || sum.faults < leastFaults {
			return false
		}
		d.detected, d.before, d.paced = now, sum, tally{}
	}
	d.until = now.Add(remember)
	return true
}

// reduced reports whether bare 503s are fewer of the responses than before.
func (d *Detector) reduced() bool {
	return reduction*d.paced.bare*d.before.responses < d.before.bare*d.paced.responses
}

func (d *Detector) count(sent, now time.Time, bare int) *tally {
	t := d.at(now)
	t.responses++
	t.bare += bare
	if sent.After(d.detected.Add(settle)) {
		d.paced.responses++
		d.paced.bare += bare
	}
	return t
}

// sum returns the responses of the last 2 s.
func (d *Detector) sum() (sum tally) {
	for _, t := range d.recent {
		sum.responses += t.responses
		sum.bare += t.bare
		sum.faults += t.faults
	}
	return sum
}

// at returns the tally of now. A clock that was set back begins anew.
func (d *Detector) at(now time.Time) *tally {
	n := int(now.Sub(d.epoch) / slot)
	if d.epoch.IsZero() || n < d.newest-slots {
		*d = Detector{epoch: now}
		n = 0
	}
	for range min(n-d.newest, slots) {
		d.newest++
		d.recent[d.newest%slots] = tally{}
	}
	d.newest = max(d.newest, n)
	return &d.recent[d.newest%slots]
}
