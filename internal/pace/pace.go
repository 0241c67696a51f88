// Package pace decides when a request may be sent and whether a failed one may
// be retried: an [Estimator] finds the rate limit of a service, a [Detector]
// finds out that there is one where throttles look like faults, and a [Quota]
// limits retries. All are pure: time comes in as an argument, and nothing here
// waits, locks or starts a goroutine.
package pace

import (
	"math"
	"time"
)

// Where a comment says what another value does, the tables of the tests say it:
// run them with -pace.tables. Without such a word, values near by do as well.
const (
	growEvery = 200 * time.Millisecond
	growth    = 0.01 // of the rate, each growEvery
	// Growth of a rate that is not measured, as after the first throttle: it
	// doubles. With 0.15, 600 lists that begin at once at 100 requests a second take
	// 1.35 of the bound instead of 1.1.
	guess     = 1.0
	maxGrowth = 0.25 // of a rate that was measured, after a long time without a throttle
	// Above this many requests a second growth is less, by the square root, so that
	// processes that share a quota meet: who has less grows more. Growth that is
	// less below it too saves a quarter of the throttles at 2 requests a second, but
	// 64 processes share 20 requests a second at a fairness of 0.67 instead of 0.89.
	fast = 20
	// The time without a throttle after which growth doubles, and again each time:
	// quiet seconds at 1 request a second, less at more by the power calmer. With 7
	// instead of 5, a quota that turns from 20 to 100 and back each 10 s is used by
	// 71 instead of 77 %. With the power 0.5 a process that comes late to 1000
	// requests a second gets its share more slowly: the fairness is 0.80 instead of
	// 0.99.
	quiet  = 5.0
	calmer = 0.4

	// If the rate has climbed by a quarter since the last throttle, the service
	// rejected none for most of the time, and what passed is less than what it lets
	// through: that is at least overshot of the rate. Without this rule 600 lists
	// that begin at once take 1.4 of the bound instead of 1.1.
	climbed  = 1.25
	overshot = 0.75

	// The share of the measured rate that is used. The rest is for processes that
	// come later: with 1 two that share 2 requests a second do so at a fairness of
	// 0.83 instead of 0.99.
	room = 0.98
	// What a bucket that is found empty holds on average, in requests. The first
	// measurement may rest on one request that passed, and then this is much: 20
	// lists at 2 requests a second take 1.02 of the bound instead of 1.3.
	partial = 0.5
	// After a throttle, the wait before a few requests probe the service: in units
	// of the time between two requests, doubled for each throttle before a request
	// passes.
	hold = 0.5
	// The longest of these waits: a service that lets nothing through is still
	// asked, to find out when it does.
	longest = 5 * time.Second
	// The measurements before the last one weigh as much as this many requests.
	// Where only the last one counts, 20 lists at 2 requests a second take 1.4 of
	// the bound instead of 1.1.
	trust = 2
	// The lateness of timers that is caught up. Without it timers that are up to
	// 2 ms late make 1000 requests a second 6 % slower.
	lag = 20 * time.Millisecond
	// A clock that goes back by more was set back. Less is two goroutines that
	// overtook each other.
	setBack = time.Second

	window    = time.Second // to count what passes before the first throttle
	firstRate = 10.0        // requests a second, at least, after the first throttle: one alone says little
	minRate   = 0.2         // requests a second: one in longest
	unlimited = 1e5         // requests a second: more than any quota, so as good as none
)

// An Estimator finds the rate at which a service lets requests through, and
// spaces requests to be just below that rate.
//
// A service limits the rate by a token bucket. A throttle shows that the bucket
// is empty, so the number of requests that pass between two throttles, divided by
// the time between them, is the rate at which the bucket fills. The Estimator
// uses a little less, so that processes that share the bucket find tokens in it,
// and lets the rate climb slowly, so that it is measured again; the longer
// nothing is throttled, the faster it climbs. A throttle by itself does not lower
// the rate: it holds back the next request, for longer each time until one
// passes. So a service that throttles everything for a while, as one that counts
// requests by the minute does, is asked a few times, and not by all callers at
// once; and what passes is measured over that time too.
//
// The zero value lets everything through until a throttle is seen. An Estimator
// must not be used by several goroutines at once. The times that its methods are
// told must be read under the lock that guards it.
type Estimator struct {
	rate  float64   // requests a second; 0: no limit
	next  time.Time // when the next request may go
	cut   time.Time // when the last throttle that counted came
	grown time.Time // up to when the rate has grown
	calm  time.Time // since when it may have

	// The measurement begins and ends with an empty bucket.
	since        time.Time
	from         float64       // the rate then
	idle         time.Duration // of the time since then, when nobody wanted to send
	fit, refused int           // requests, of which one of any that were under way together
	row          int           // throttles in a row
	known        float64       // requests that the rate rests on, up to trust

	seen   time.Time // the last time that was told
	passed time.Time // when a request last passed

	// Before the first throttle: what passed in this window and in the one before.
	windowStart  time.Time
	inWindow     int
	beforeWindow int
}

// Rate returns the requests a second that are let through; 0: no limit.
func (e *Estimator) Rate() float64 { return e.rate }

// LastPassed returns when a request last passed, by [Estimator.Passed]; the zero
// time: none ever did.
func (e *Estimator) LastPassed() time.Time { return e.passed }

// Idle reports whether e does what a new Estimator does, so that e may be
// dropped: nobody used it for 10 min.
func (e *Estimator) Idle(now time.Time) bool { return now.Sub(e.seen) >= forget }

// Wait returns how long the next request has to wait, at most 5 s. 0: it may go
// now, and is counted as gone. After waiting, ask again: the rate may have
// changed, and another request may have gone first.
func (e *Estimator) Wait(now time.Time) time.Duration {
	e.see(now)
	e.grow(now)
	if e.rate == 0 {
		return 0
	}
	if wait := e.next.Sub(now); wait > 0 {
		return wait
	}
	if late := now.Add(-lag); e.next.Before(late) {
		e.idle += late.Sub(e.next)
		e.next = late
	}
	e.next = e.next.Add(time.Duration(float64(time.Second) / e.rate))
	return 0
}

// Passed reports a response that is no throttle. A bare 503 that a [Detector]
// does not hold for a throttle may be one, so it must not be reported at all.
func (e *Estimator) Passed(now time.Time) {
	e.see(now)
	e.passed = now
	e.fit++
	if e.rate != 0 {
		return
	}
	if now.Sub(e.windowStart) >= window {
		e.beforeWindow, e.inWindow, e.windowStart = e.inWindow, 0, now
	}
	e.inWindow++
}

// Throttled reports a throttle, at now, of a request that was sent at sent. One
// that was sent before the last throttle that counted shows nothing new.
func (e *Estimator) Throttled(sent, now time.Time) {
	e.see(now)
	switch {
	case e.rate == 0:
		// The requests that passed may all have been a burst: half of them is a
		// start that is measured soon.
		e.rate = max(firstRate, float64(max(e.inWindow, e.beforeWindow))/window.Seconds()/2)
		e.known, e.inWindow, e.beforeWindow = 0, 0, 0
		e.restart(now)
	case !sent.After(e.cut):
		return
	case e.fit == 0:
		e.refused++
		e.row++
	default:
		e.refused++
		e.measure(now)
		e.restart(now)
	}
	wait := min(longest.Seconds(), hold/e.rate*math.Exp2(float64(e.row)))
	e.cut, e.next = now, now.Add(time.Duration(wait*float64(time.Second)))
	e.grown, e.calm = e.next, e.next
}

// measure moves the rate to what the time since the bucket was empty shows: the
// more requests that was, the closer.
func (e *Estimator) measure(now time.Time) {
	busy := max(now.Sub(e.since)-e.idle, time.Millisecond)
	fit := float64(e.fit)
	if e.known == 0 {
		fit += partial
	}
	passed := room * fit / busy.Seconds()
	if e.rate > climbed*e.from {
		passed = max(passed, overshot*e.rate)
	}
	n := float64(e.fit + e.refused)
	if passed < e.rate {
		e.rate = max(minRate, e.rate+(passed-e.rate)*n/(n+e.known))
	}
	e.known = min(trust, e.known+n)
}

func (e *Estimator) restart(now time.Time) {
	e.since, e.from, e.idle, e.fit, e.refused, e.row = now, e.rate, 0, 0, 0, 0
}

// grow lets the rate climb for the time since it last did.
func (e *Estimator) grow(now time.Time) {
	for e.rate != 0 && now.Sub(e.grown) >= growEvery {
		e.grown = e.grown.Add(growEvery)
		e.rate *= 1 + e.growth()
		if e.rate >= unlimited {
			e.rate = 0
		}
	}
}

func (e *Estimator) growth() float64 {
	if e.known == 0 {
		return guess
	}
	step := growth / math.Sqrt(max(1, e.rate/fast))
	spell := e.grown.Sub(e.calm).Seconds() * math.Pow(e.rate, calmer) / quiet
	return min(maxGrowth, step*math.Exp2(min(math.Floor(spell), 30)))
}

// see moves all times back with a clock that was set back.
func (e *Estimator) see(now time.Time) {
	back := now.Sub(e.seen)
	e.seen = now
	if back >= -setBack {
		return
	}
	for _, t := range []*time.Time{&e.next, &e.cut, &e.grown, &e.calm, &e.since, &e.passed, &e.windowStart} {
		if !t.IsZero() {
			*t = t.Add(back)
		}
	}
}
