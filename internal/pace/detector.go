package pace

import "time"

const (
	// A Detector looks back 2 s, in steps of a slot.
	slots = 8
	slot  = 250 * time.Millisecond

	// At least leastBare responses of that time, and one of bareShare responses,
	// must be bare 503s. Fewer are faults of the service, against which a retry
	// helps.
	leastBare, bareShare = 10, 5
	leastFaults          = 2 // one fault can meet any number of requests
	// The time without a bare 503 after which a limiter is forgotten. Once requests
	// are paced it rejects few of them, too few to be detected by.
	remember = 10 * time.Second
	// Responses after which pacing must have reduced the share of bare 503s to
	// less than half. It reduces the share of a limiter, from 60 to 99 % when all
	// workers send at once, to 5 % at 20 requests a second and 35 % at 1.
	enough, reduction = 20, 2

	// The time in which the pace is found: only attempts sent later are compared.
	// With 2 s, a limiter of 100 requests a second and a latency of 300 ms is taken
	// for a broken host.
	settle = 4 * time.Second
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

	current fault // of bare 503s
	passed  bool  // a page was sent after the current fault began, and passed

	detected   time.Time // when a limiter last was
	until      time.Time // until when the limiter is remembered
	distrusted time.Time // until when none is detected
	before     tally     // the 2 s before it was detected
	paced      tally     // of attempts sent after it was detected, settle later
}

// A tally counts responses.
type tally struct{ responses, bare, faults int }

// Idle reports whether d does what a new Detector does, so that d may be
// dropped: nobody used it for 10 min.
func (d *Detector) Idle(now time.Time) bool {
	return now.Sub(d.epoch.Add(time.Duration(d.newest)*slot)) >= forget
}

// Responded reports, at now, a response other than a bare 503 to an attempt that
// was sent at sent. page is true for a success.
func (d *Detector) Responded(sent, now time.Time, page bool) {
	d.count(sent, now, 0)
	if page && sent.After(d.current.first) {
		d.passed = true
	}
}

// Bare503 reports, at now, a bare 503 to an attempt that was sent at sent. It
// returns whether the 503 is a throttle.
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
