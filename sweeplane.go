package appintegrations

import (
	"container/list"
	"context"
	"errors"
	"sync/atomic"
	"time"
)

const (
	firstInFlight = 4                     // calls of a lane: nothing is known of its quota yet
	rateLag       = 20 * time.Millisecond // by which timers may be late: MaxRate catches up
	// So long a sweep lets plain calls go first. Then it takes a turn, or it would
	// never come to its end beside calls that use up the quota.
	yieldPatience = 3 * time.Second
)

// A lane is the targets of one client, and what the client's service lets
// through. The mutex of the sweep guards it.
type lane struct {
	next, last int // targets that are not begun: the first and the last; next -1: none
	left       int // targets that are neither complete nor failed
	open       int // targets that are begun, and whose last result the consumer has not taken
	inFlight   int
	limit      int       // of calls in flight
	passes     int       // since the limit was raised, or a throttle came
	waiting    list.List // of *listing: begun, with a page to ask for

	own    *remote   // of a client that does not report where its calls go
	remote *remote   // whose rate the lane goes by; nil: not known
	slot   time.Time // when MaxRate allows the next request
	pause  time.Time // until when the service asked to wait
	yields time.Time // since when the lane lets plain calls go first; zero: it does not

	throttled time.Time // since when nothing but throttles came; zero: something did
	throttle  error     // the last
	failed    error     // why no target is begun any more

	queue *list.List    // of the sweep, that the lane is in; nil: none
	place *list.Element // in queue
	wake  time.Time     // when the lane may be able to send
	heap  int           // place in the heap of those that wait for a time; -1: none
}

// laneKey is what targets of one client have in common. Copies of a [Client] are
// one. nil: the client is of a type that cannot be compared.
func laneKey(client ListDataIntegrationAssociationsAPIClient) any {
	if c, ok := client.(*Client); ok && c != nil && c.core != nil {
		return c.core
	}
	if client != nil && !same(client, client) {
		return nil
	}
	return [1]any{client}
}

func newLane(client ListDataIntegrationAssociationsAPIClient, o *SweepOptions) *lane {
	l := &lane{next: -1, heap: -1, limit: min(firstInFlight, o.Concurrency)}
	switch c, ok := client.(*Client); {
	case client == nil:
		l.failed = operationError(&ConfigError{Field: "Client", Reason: "of the target is nil: set SweepTarget.Client"})
	case !ok:
		l.own = &remote{}
		l.remote = l.own
	case c != nil && c.core != nil && len(o.ClientOptions) == 0:
		l.remote = c.core.settings.expectedRemote()
	}
	return l
}

// wait returns how long the next request has to wait. 0: it may go now, and is
// counted as gone.
func (l *lane) wait(now time.Time, maxRate float64) time.Duration {
	if wait := max(l.pause.Sub(now), l.slot.Sub(now)); wait > 0 {
		return wait
	}
	if l.remote != nil {
		if wait := l.turn(now); wait > 0 {
			return wait
		}
	}
	l.spend(now, 1, maxRate)
	return 0
}

// turn waits for the rate of the remote. Plain calls that wait for it go first.
func (l *lane) turn(now time.Time) time.Duration {
	patient := l.yields.IsZero() || now.Sub(l.yields) < yieldPatience
	wait, yields := l.remote.sweepWait(patient)
	switch {
	case wait == 0:
		l.yields = time.Time{}
	case yields && l.yields.IsZero():
		l.yields = now
	}
	return wait
}

// spend counts requests for MaxRate.
func (l *lane) spend(now time.Time, requests int64, maxRate float64) {
	if maxRate == 0 || requests <= 0 {
		return
	}
	const longest = float64(24 * time.Hour)
	spacing := time.Duration(min(float64(requests)*float64(time.Second)/maxRate, longest))
	l.slot = latest(l.slot, now.Add(-rateLag)).Add(spacing)
}

// settle learns from a call that ended. It reports whether the call was
// throttled.
func (l *lane) settle(c *sweptCall, now time.Time, err error, o *SweepOptions) (throttled bool) {
	if r := c.remote.Load(); r != nil {
		l.remote, throttled = r, c.throttled.Load()
	} else if throttled = isThrottle(err); l.own != nil {
		l.own.hear(c.sent, now, throttled, err)
	}
	if throttled = throttled && err != nil; throttled {
		l.settleThrottle(c.sent, now, err, o.StallTimeout)
	} else if err == nil || responded(err) {
		l.throttled = time.Time{}
		l.grow(o.Concurrency)
	}
	if err != nil {
		l.pause = latest(l.pause, now.Add(askedWait(err)))
	}
	l.spend(now, c.requests.Load()-1, o.MaxRate)
	return throttled
}

func (l *lane) settleThrottle(sent, now time.Time, err error, stall time.Duration) {
	l.throttle, l.passes = err, 0
	if l.throttled.IsZero() {
		l.throttled = sent
	}
	if l.failed == nil && stall > 0 && now.Sub(l.throttled) >= stall {
		l.failed = err
	}
}

// grow doubles the limit when as many calls as it allows have passed.
func (l *lane) grow(concurrency int) {
	if l.passes++; l.passes >= l.limit {
		l.passes = 0
		l.limit = min(2*l.limit, concurrency)
	}
}

// hear is how the remote of a client that reports nothing learns what became of
// a call.
func (r *remote) hear(sent, now time.Time, throttled bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case throttled:
		r.rate.Throttled(sent, now)
	case err == nil || responded(err):
		r.rate.Passed(now)
	}
}

func responded(err error) bool {
	var answered interface{ HTTPStatusCode() int }
	return errors.As(err, &answered)
}

// askedWait is how long the service asked to wait; 0: it did not.
func askedWait(err error) time.Duration {
	if asked, ok := amzRetryAfter(err); ok {
		return asked
	}
	return retryAfter(err)
}

// A sweptCall is the context of a call that a sweep makes. The call finds it
// there, and reports what the sweep goes by. It is safe for concurrent use: a
// client around a [Client] may make several calls of one.
type sweptCall struct {
	context.Context
	sent      time.Time
	requests  atomic.Int64
	throttled atomic.Bool // the response that came last was a throttle
	remote    atomic.Pointer[remote]
}

type sweptKey struct{}

func (c *sweptCall) Value(key any) any {
	if key == (sweptKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// sweptIn returns the call of a sweep that ctx is for; nil: none.
func sweptIn(ctx context.Context) *sweptCall {
	c, _ := ctx.Value(sweptKey{}).(*sweptCall)
	return c
}

// settled reports an attempt that was sent.
func (c *sweptCall) settled(a *attempt) {
	if c == nil {
		return
	}
	c.requests.Add(1)
	c.throttled.Store(a.throttled)
	c.remote.Store(a.remote)
}
