package pace_test

import "time"

// A landed is the estimator that this package began with.

const (
	landedGrowEvery = 200 * time.Millisecond
	landedGrowth    = 0.01
	landedGuess     = 0.05
	landedMaxGrowth = 0.25
	landedQuiet     = 2 * time.Second

	landedSlowBelow = 15

	landedPause    = 250 * time.Millisecond
	landedWindow   = time.Second
	landedShortest = 50 * time.Millisecond
	landedShrink   = 0.7
	landedLowest   = 0.5

	landedFirstRate = 10.0
	landedMinRate   = 0.2
	landedUnlimited = 1e5
)

type landed struct {
	rate         float64
	step         float64
	next         time.Time
	cut          time.Time
	grown        time.Time
	fit          int
	short        bool
	windowStart  time.Time
	inWindow     int
	beforeWindow int
}

func (e *landed) Rate() float64 { return e.rate }
func (e *landed) Wait(now time.Time) time.Duration {
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

func (e *landed) spacing() time.Duration {
	return time.Duration(float64(time.Second) / e.rate)
}
func (e *landed) Passed(now time.Time) {
	e.fit++
	if e.rate != 0 {
		return
	}
	if now.Sub(e.windowStart) >= landedWindow {
		e.beforeWindow, e.inWindow, e.windowStart = e.inWindow, 0, now
	}
	e.inWindow++
}
func (e *landed) Throttled(sent, now time.Time) {
	switch {
	case e.rate == 0:
		e.rate = max(landedFirstRate, float64(max(e.inWindow, e.beforeWindow))/landedWindow.Seconds()/2)
		e.step = landedGuess
		e.restart(now)
		e.next = now.Add(landedPause)
	case !sent.After(e.cut):
	default:
		e.measure(now)
		e.restart(now)
		e.next = now.Add(e.spacing())
	}
}
func (e *landed) measure(now time.Time) {
	elapsed := now.Sub(e.cut)
	if elapsed < landedShortest || !e.short {
		e.rate = max(landedMinRate, e.rate*landedShrink)
		return
	}
	passed := float64(e.fit) / elapsed.Seconds()
	if e.step = landedGrowth; passed < e.rate*landedLowest {
		e.step = landedGuess
	}
	e.rate = max(landedMinRate, e.rate*landedLowest, min(e.rate, passed))
}

func (e *landed) restart(now time.Time) {
	e.cut, e.grown, e.fit, e.short = now, now, 0, false
	e.inWindow, e.beforeWindow = 0, 0
}
func (e *landed) grow(now time.Time) {
	for e.rate != 0 && now.Sub(e.grown) >= e.unhurried(landedGrowEvery) {
		e.grown = e.grown.Add(e.unhurried(landedGrowEvery))
		e.rate *= 1 + e.growth()
		if e.rate >= landedUnlimited {
			e.rate = 0
		}
	}
}

func (e *landed) growth() float64 {
	step := e.step
	for spell := e.grown.Sub(e.cut); spell >= e.unhurried(landedQuiet) && step < landedMaxGrowth; spell -= e.unhurried(landedQuiet) {
		step *= 2
	}
	return min(step, landedMaxGrowth)
}
func (e *landed) unhurried(d time.Duration) time.Duration {
	if e.step == landedGuess || e.rate >= landedSlowBelow || e.rate == 0 {
		return d
	}
	return time.Duration(float64(d) * landedSlowBelow / e.rate)
}
