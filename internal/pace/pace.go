// Package pace estimates how many requests a second a service lets through, and
// spaces requests to be just below that. It is pure: time comes in as an
// argument, and nothing here waits.
//
// A quota is a token bucket. A throttle tells that the bucket is empty, so what
// passes between two throttles, divided by the time between them, is the rate
// at which it fills: that is what an [Estimator] goes by. Above it the rate
// climbs slowly, so that the bucket runs empty now and then and the rate is
// measured anew, and quicker when nothing was throttled for long.
package pace

import "time"

const (
	growEvery = 200 * time.Millisecond
	growth    = 0.01 // of the rate, each growEvery
	guess     = 0.05 // the same, of a rate that is not measured
	maxGrowth = 0.25
	quiet     = 2 * time.Second // without a throttle; then, and again each time, growth doubles
	// A measured rate below this many requests a second grows slower, in
	// proportion: by so much a request, or the next throttle comes before there is
	// enough to measure by.
	slowBelow = 15

	pause    = 250 * time.Millisecond // after the first throttle: lets a few tokens gather, to measure by
	window   = time.Second            // to count what passes before the first throttle
	shortest = 50 * time.Millisecond  // between throttles to measure by
	shrink   = 0.7                    // of the rate, where there is nothing to measure by
	lowest   = 0.5                    // of the rate, whatever was measured: throttles come in clusters

	firstRate = 10.0 // requests a second, at least, after the first throttle: one alone says little
	minRate   = 0.2  // requests a second: a service that lets nothing through is asked still
	unlimited = 1e5  // requests a second: more than any quota, so as good as none
)

// An Estimator paces the requests of one client. The zero value lets everything
// through until a throttle is seen. It must not be used by several goroutines at
// once.
type Estimator struct {
	rate  float64   // requests a second; 0: no limit
	step  float64   // by which the rate grows, as long as it is not quiet
	next  time.Time // when the next request may go
	cut   time.Time // when the bucket was last seen empty
	grown time.Time // when the rate last grew
	fit   int       // requests that passed since cut
	short bool      // somebody had to wait since cut: what passed is all that there was room for

	// Before the first throttle: what passed in this window and in the one before.
	windowStart  time.Time
	inWindow     int
	beforeWindow int
}

// Rate returns the requests a second that are let through; 0: no limit.
func (e *Estimator) Rate() float64 { return e.rate }

// Wait returns how long the next request has to wait. 0: it may go now, and is
// counted as gone. After waiting, ask again: the rate may have changed, and
// another request may have gone first.
func (e *Estimator) Wait(now time.Time) time.Duration {
	e.grow(now)
	if e.rate == 0 {
		return 0
	}
	if wait := e.next.Sub(now); wait > 0 {
		e.short = true
		return wait
	}
	e.next = now.Add(e.spacing())
	return 0
}

func (e *Estimator) spacing() time.Duration {
	return time.Duration(float64(time.Second) / e.rate)
}

// Passed reports a request that the service did not throttle, whatever else it
// answered.
func (e *Estimator) Passed(now time.Time) {
	e.fit++
	if e.rate != 0 {
		return
	}
	if now.Sub(e.windowStart) >= window {
		e.beforeWindow, e.inWindow, e.windowStart = e.inWindow, 0, now
	}
	e.inWindow++
}

// Throttled reports a request that was sent at sent and throttled. What was
// sent before the last throttle that counted tells nothing new.
func (e *Estimator) Throttled(sent, now time.Time) {
	switch {
	case e.rate == 0:
		// The requests that passed may all have been a burst: half of them is a
		// start that is measured soon.
		e.rate = max(firstRate, float64(max(e.inWindow, e.beforeWindow))/window.Seconds()/2)
		e.step = guess
		e.restart(now)
		e.next = now.Add(pause)
	case !sent.After(e.cut):
	default:
		e.measure(now)
		e.restart(now)
		e.next = now.Add(e.spacing())
	}
}

// measure sets the rate to what the time since the last throttle shows.
func (e *Estimator) measure(now time.Time) {
	elapsed := now.Sub(e.cut)
	// Where nobody had to wait, fewer were sent than might have passed.
	if elapsed < shortest || !e.short {
		e.rate = max(minRate, e.rate*shrink)
		return
	}
	passed := float64(e.fit) / elapsed.Seconds()
	if e.step = growth; passed < e.rate*lowest {
		e.step = guess
	}
	e.rate = max(minRate, e.rate*lowest, min(e.rate, passed))
}

func (e *Estimator) restart(now time.Time) {
	e.cut, e.grown, e.fit, e.short = now, now, 0, false
	e.inWindow, e.beforeWindow = 0, 0
}

// grow lets the rate climb for the time since it last did.
func (e *Estimator) grow(now time.Time) {
	for e.rate != 0 && now.Sub(e.grown) >= e.unhurried(growEvery) {
		e.grown = e.grown.Add(e.unhurried(growEvery))
		e.rate *= 1 + e.growth()
		if e.rate >= unlimited {
			e.rate = 0
		}
	}
}

func (e *Estimator) growth() float64 {
	step := e.step
	for spell := e.grown.Sub(e.cut); spell >= e.unhurried(quiet) && step < maxGrowth; spell -= e.unhurried(quiet) {
		step *= 2
	}
	return min(step, maxGrowth)
}

// unhurried stretches a time for a slow rate that was measured.
func (e *Estimator) unhurried(d time.Duration) time.Duration {
	if e.step == guess || e.rate >= slowBelow || e.rate == 0 {
		return d
	}
	return time.Duration(float64(d) * slowBelow / e.rate)
}
