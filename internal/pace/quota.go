package pace

import "time"

// manyFaults is where faults in a row are no longer counted: more than the
// attempts of any call.
const manyFaults = 200

const (
	// Faults in a row, with no success between them, whose attempts are retried:
	// as many as a call has attempts, so that a call that meets nothing but faults
	// uses them up, and a call that begins later does not retry.
	maxFaults = 3
	// The first retries of a call are spread over 50 ms. Where a service fails for
	// that long, their failures must not count as one fault each.
	spread = 50 * time.Millisecond
	// The time without a failure after which one more fault is retried: an outage
	// must be over for at most 10 s before calls are retried again. It grows
	// fourfold each time that no success follows: a caller that comes every 10 s
	// must not double the load of a long outage.
	secondChance = 8 * time.Second
	// The time without a failure after which an outage is forgotten, so that the
	// quotas of endpoints that nobody calls any more can be dropped.
	forget = 10 * time.Minute
	// What a call that fails at its first attempt adds to the credit of an outage.
	// A retry costs one: so one call in ten finds out whether the outage is over,
	// for its own good. A caller that calls once a second has a retry within 10 s.
	credit = 0.105
	// One success makes up for so many failures of the last fault. A service that
	// serves less than a fifth of the requests is overloaded: retries make it worse.
	failuresPerSuccess = 4
)

// A fault is a group of failures that one event may have caused: failures of
// attempts that were all sent before the first of them came back, or at most
// spread later. The zero value is no fault.
type fault struct {
	first time.Time // when the first failure came back
}

// begins reports whether the failure of an attempt begins another fault, and
// makes that fault the current one. A failure that belongs to an older fault,
// because its attempt was slow, begins none. A failure cannot come back before
// the first failure did: then the clock was set back.
func (f *fault) begins(sent, now time.Time) bool {
	if !sent.After(f.first.Add(spread)) && !now.Before(f.first.Add(-spread)) {
		return false
	}
	f.first = now
	return true
}

// A Quota is the retry quota of one endpoint. It limits retries in an outage by
// counting faults, not calls: a fault that meets 2,000 calls in flight is one
// fault, and all 2,000 may retry. Three faults in a row may be retried. Then
// nothing is retried until enough attempts succeed, or until nothing failed for
// 8 s. First attempts are never limited: their successes allow retries again.
//
// A slow outage, whose attempts fail by timeout, gets no more retries than one
// whose attempts fail at once. Every retry is sent after the first failure of
// the fault that it follows, so its own failure belongs to a later fault (or,
// within 50 ms, to the same fault: [Quota] then counts on the limit of attempts
// of a call). Hence three faults end the retries of all calls, however many
// calls there are and however long an attempt takes. The time that attempts
// take earns nothing: the 8 s without a failure end when the attempt that fails
// next is sent, not when it fails.
//
// The zero value is the quota of an endpoint that has not failed. A Quota must
// not be used by several goroutines at once.
type Quota struct {
	current fault
	last    time.Time // when the last failure came back
	failed  int64     // attempts, by the current fault
	passed  int64     // attempts that succeeded since the current fault began
	faults  uint8     // in a row
	chances uint8     // given for time without a failure, with no success since
	chance  bool      // the current fault is retried for time without a failure
	credit  float64   // towards a retry in an outage, at most one; below zero after a chance
}

// Failed reports the failure, at now, of an attempt that was sent at sent. number
// is the number of the attempt in its call: 1 for the first. Failed must be
// called once for each attempt that failed by what the endpoint or the network
// did, also for the last attempt of a call: what is not reported would look like
// time without a failure. It returns whether the attempt may be retried.
//
// A call that alone meets fault after fault is limited by its own attempts, not
// by the quota.
func (q *Quota) Failed(sent, now time.Time, number int) (retry bool) {
	if q.current.begins(sent, now) {
		q.begin(sent.Sub(q.last))
	}
	q.failed++
	q.last = now
	switch {
	case q.well() || int(q.faults) <= number || q.faults <= maxFaults && !q.chance:
		return true
	case number == 1:
		q.credit = min(q.credit+credit, 1)
	}
	if q.credit < 1 && q.faults > maxFaults {
		return false
	}
	q.credit--
	return true
}

// begin counts a fault that comes after a time without a failure.
func (q *Quota) begin(quiet time.Duration) {
	q.chance = false
	switch {
	case q.well() || quiet >= forget:
		q.faults, q.chances, q.credit = 0, 0, 0
	case q.faults >= maxFaults && quiet >= secondChance<<(2*q.chances):
		q.faults, q.chance = maxFaults-1, true
		q.chances++
	}
	q.faults = min(q.faults+1, manyFaults)
	q.failed, q.passed = 0, 0
}

// Succeeded reports an attempt that the endpoint served: a success, or an error
// that is not retried because the request is at fault.
func (q *Quota) Succeeded() {
	q.chances = 0
	q.passed++
}

// well reports whether the endpoint recovered from the current fault.
func (q *Quota) well() bool { return q.passed*failuresPerSuccess >= q.failed }

// Idle reports whether q does what a new Quota does, so that q may be dropped.
func (q *Quota) Idle(now time.Time) bool {
	return q.well() || now.Sub(q.last) >= forget
}
