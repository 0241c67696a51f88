package pace_test

import (
	"math"
	"time"
)

// A cubic is the rate limiter of the adaptive retry mode of aws-sdk-go-v2
// v1.47.7 (aws/retry/adaptive_ratelimit.go), in virtual time.
type cubic struct {
	enabled                                 bool
	fill, measured, bucket, lastMax, window float64
	count                                   int
	lastThrottle, lastRefill                time.Time
	tokens, capacity                        float64
}

func (c *cubic) Rate() float64 { return c.fill }

func (c *cubic) refill(now time.Time) {
	if !c.lastRefill.IsZero() {
		c.tokens = min(c.tokens+now.Sub(c.lastRefill).Seconds()*c.fill, c.capacity)
	}
	c.lastRefill = now
}

func (c *cubic) Wait(now time.Time) time.Duration {
	if c.lastThrottle.IsZero() {
		c.lastThrottle, c.bucket = now, math.Floor(sinceStart(now))
	}
	if !c.enabled {
		return 0
	}
	c.refill(now)
	if c.tokens < 1 {
		return max(seconds((1-c.tokens)/c.fill), time.Nanosecond)
	}
	c.tokens--
	return 0
}

func (c *cubic) Passed(now time.Time)       { c.update(now, false) }
func (c *cubic) Throttled(_, now time.Time) { c.update(now, true) }

func (c *cubic) update(now time.Time, throttled bool) {
	const beta, scale, smooth = 0.7, 0.4, 0.8
	c.count++
	if bucket := math.Floor(sinceStart(now)*2) / 2; bucket > c.bucket {
		c.measured = float64(c.count)/(bucket-c.bucket)*smooth + c.measured*(1-smooth)
		c.count, c.bucket = 0, bucket
	}
	var rate float64
	if throttled {
		c.lastMax = c.measured
		if c.enabled {
			c.lastMax = min(c.measured, c.fill)
		}
		c.lastThrottle, c.enabled = now, true
		rate = c.lastMax * beta
	}
	c.window = math.Pow(c.lastMax*(1-beta)/scale, 1./3)
	if !throttled {
		rate = scale*math.Pow(now.Sub(c.lastThrottle).Seconds()-c.window, 3) + c.lastMax
	}
	rate = min(rate, 2*c.measured)
	c.refill(now)
	c.fill, c.capacity = max(rate, 0.5), max(rate, 1)
	c.tokens = min(c.tokens, c.capacity)
}

func sinceStart(t time.Time) float64 { return t.Sub(start).Seconds() }

// An aimd adds 1/s to its rate each second, and takes three tenths of it away by
// a throttle.
type aimd struct {
	rate             float64
	next, cut, grown time.Time
	windowStart      time.Time
	in, before       int
}

func (e *aimd) Rate() float64 { return e.rate }

func (e *aimd) Wait(now time.Time) time.Duration {
	if e.rate == 0 {
		return 0
	}
	e.rate += now.Sub(e.grown).Seconds()
	e.grown = now
	if wait := e.next.Sub(now); wait > 0 {
		return wait
	}
	e.next = now.Add(seconds(1 / e.rate))
	return 0
}

func (e *aimd) Passed(now time.Time) {
	if now.Sub(e.windowStart) >= time.Second {
		e.before, e.in, e.windowStart = e.in, 0, now
	}
	e.in++
}

func (e *aimd) Throttled(sent, now time.Time) {
	switch {
	case e.rate == 0:
		e.rate = max(10, float64(max(e.in, e.before))/2)
	case sent.After(e.cut):
		e.rate = max(0.2, e.rate*0.7)
	default:
		return
	}
	e.cut, e.grown = now, now
	e.next = now.Add(seconds(1 / e.rate))
}

// An oracle knows the quota.
type oracle struct {
	rate, burst, tokens float64
	at                  time.Time
}

func (o *oracle) Rate() float64            { return o.rate }
func (o *oracle) Passed(time.Time)         {}
func (o *oracle) Throttled(_, _ time.Time) {}
func (o *oracle) Wait(now time.Time) time.Duration {
	if o.at.IsZero() {
		o.at, o.tokens = now, o.burst
	}
	o.tokens = min(o.burst, o.tokens+now.Sub(o.at).Seconds()*o.rate)
	o.at = now
	if o.tokens < 1 {
		return seconds((1-o.tokens)/o.rate) + 1
	}
	o.tokens--
	return 0
}
