package pace

import "time"

const (
	// Faults in a row, with no success between them, whose attempts are retried:
	// as many as a call has attempts. A call that the second or third fault meets
	// may be retried too: it may have begun just then.
	maxFaults = 3
	// The first retries of calls are spread over 50 ms. Where a service fails for
	// that long, their failures must not count as one fault each.
	spread = 50 * time.Millisecond
	// The time without an attempt under way after which one more fault is retried,
	// once: 10 s after the end of an outage calls must be retried again, even if
	// the first attempt of every call fails.
	secondChance = 8 * time.Second
	// The calls that must fail before the next such chance, for each retry of the
	// last one: however rare calls are, an outage costs at most 1.2 requests a call.
	callsPerRetry = 8
	// The time without a failure after which an outage is forgotten, so that the
	// quotas of endpoints that nobody calls any more can be dropped.
	forget = 10 * time.Minute
	// One success makes up for so many failures of the last fault. A service that
	// serves less than a fifth of the requests is overloaded: retries make it worse.
	failuresPerSuccess = 4
	// So many successes with no failure between them show that a fault is over,
	// however many attempts it failed. A service that fails 80 % of the attempts has
	// three in a row in one case of 125.
	successesInRow = 3
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
// fault, and all 2,000 may be retried. Three faults in a row may be retried, and
// a call that was under way when the first of them came may use all its attempts.
// Then the Quota is used up until enough attempts succeed. While it is used up,
// one more fault may be retried, once, each time that 8 s have passed without an
// attempt under way and eight calls have failed for each retry of the last such
// fault. First attempts are never limited, and their successes refill the Quota.
//
// A slow outage, whose attempts fail by timeout, gets no more retries than one
// whose attempts fail at once. A retry is sent after the first failure of the
// fault that it follows. So its own failure belongs to a later fault, or, within
// 50 ms, to the same one, and then uses up one of the few attempts of its call.
// Hence three faults end the retries of all calls, however many calls there are,
// however long an attempt takes, and whether calls begin together or one after
// the other. The time that attempts take earns nothing: the 8 s are the time from
// a failure until the attempt that fails next is sent, which is none where
// attempts overlap.
//
// The zero value is the quota of an endpoint that has not failed. A Quota must
// not be used by several goroutines at once.
type Quota struct {
	current fault
	began   time.Time     // when the first failure of the faults in a row came back
	last    time.Time     // when the last failure came back
	unused  time.Duration // time with no attempt under way that failed, since the last chance
	failed  int64         // attempts, by the current fault
	passed  int64         // attempts that succeeded since the current fault began
	owed    int64         // calls that must fail before another chance
	row     int           // successes since the last failure
	faults  int           // in a row
	chance  bool          // the current fault is one, by secondChance
}

// Failed reports the failure, at now, of an attempt that was sent at sent, of a
// call whose first attempt was sent at begun: the same time for that attempt. It
// must be called once for each attempt that failed by what the endpoint or the
// network did, also for the last attempt of a call: what is not reported would
// look like time without a failure. It returns whether the call may be retried.
func (q *Quota) Failed(begun, sent, now time.Time) (retry bool) {
	quiet := max(0, sent.Sub(q.last))
	q.unused = min(q.unused+min(quiet, forget), forget)
	if begun.Equal(sent) {
		q.owed = max(0, q.owed-1)
	}
	if q.current.begins(sent, now) {
		q.begin(quiet)
	}
	q.failed++
	q.last = now
	well := q.well()
	q.row = 0
	switch {
	case well, !begun.After(q.began.Add(spread)):
		return true
	case q.chance && !sent.After(q.current.first):
		q.owed += callsPerRetry
		return true
	}
	return !q.chance && q.faults <= maxFaults
}

// begin counts a fault that comes after a time without a failure.
func (q *Quota) begin(quiet time.Duration) {
	if q.well() || quiet >= forget {
		*q = Quota{current: q.current, began: q.current.first}
	}
	if q.current.first.Before(q.began) {
		q.began = q.current.first // the clock was set back
	}
	q.faults++
	q.failed, q.passed = 0, 0
	if q.chance = q.faults > maxFaults && q.unused >= secondChance && q.owed == 0; q.chance {
		q.unused = 0
	}
}

// Succeeded reports an attempt that the endpoint served: a success, or an error
// that is not retried because the request is at fault.
func (q *Quota) Succeeded() {
	q.passed++
	q.row++
}

// well reports whether the endpoint recovered from the current fault.
func (q *Quota) well() bool {
	return q.passed*failuresPerSuccess >= q.failed || q.row >= successesInRow
}

// Idle reports whether q does what a new Quota does, so that q may be dropped.
func (q *Quota) Idle(now time.Time) bool {
	return q.well() || now.Sub(q.last) >= forget
}
