package appintegrationstest

import "time"

// bucket is the state of a Quota. Its zero value is full.
type bucket struct {
	started bool
	tokens  float64
	last    time.Time
}

// take reports whether a request at now is within q, and counts it if so. A
// clock that goes back fills nothing.
func (b *bucket) take(now time.Time, q Quota) bool {
	if q.PerSecond <= 0 {
		return true
	}
	burst := float64(max(q.Burst, 1))
	if !b.started {
		b.started, b.tokens, b.last = true, burst, now
	}
	if d := now.Sub(b.last); d > 0 {
		b.tokens = min(burst, b.tokens+d.Seconds()*q.PerSecond)
		b.last = now
	}
	// A client that waits exactly 1/PerSecond must pass, whatever the rounding
	// of the sums was.
	const epsilon = 1e-9
	if b.tokens < 1-epsilon {
		return false
	}
	b.tokens--
	return true
}
