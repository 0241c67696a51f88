package appintegrations

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// turnPatience is how long a call waits for its turn at a remote that lets
// nothing through: a few times the 20 s that a back-off lasts at most.
const turnPatience = 2 * time.Minute

// A line is who waits for a turn to send, first come first served. A call keeps
// its place by its ticket: one that was throttled stands before those that came
// after it. The mutex of the remote guards it.
type line struct {
	waiting []*waiter
	dry     atomic.Bool // nothing passed since the last throttle; read without the mutex too
	since   time.Time   // while dry: when the first of the throttles came
}

type waiter struct {
	ticket uint64
	spare  bool          // the call has more than one attempt left
	wake   chan struct{} // the waiter may be the next now
}

func (l *line) join(w *waiter) {
	i, _ := slices.BinarySearchFunc(l.waiting, w, func(a, b *waiter) int { return cmp.Compare(a.ticket, b.ticket) })
	l.waiting = slices.Insert(l.waiting, i, w)
}

func (l *line) leave(w *waiter) {
	i := slices.Index(l.waiting, w)
	l.waiting = slices.Delete(l.waiting, i, i+1)
	l.wakeNext()
}

// next returns who is to send next: the first. But while nothing passes, an
// attempt may be the last of its call, so the first who has one to spare finds
// out whether anything passes again.
func (l *line) next() *waiter {
	if l.dry.Load() {
		if i := slices.IndexFunc(l.waiting, func(w *waiter) bool { return w.spare }); i >= 0 {
			return l.waiting[i]
		}
	}
	return l.waiting[0]
}

func (l *line) wakeNext() {
	if len(l.waiting) == 0 {
		return
	}
	select {
	case l.next().wake <- struct{}{}:
	default:
	}
}

// passed and throttled report what came back.
func (l *line) passed() {
	if l.dry.Load() {
		l.dry.Store(false)
		l.wakeNext()
	}
}

func (l *line) throttled(now time.Time) {
	if !l.dry.Load() {
		l.dry.Store(true)
		l.since = now
	}
}

// waitTurn waits until the attempt may be sent. The error ends the call: its
// context is done, its deadline is nearer than its turn, or the remote lets
// nothing through.
func (a *attempt) waitTurn(ctx context.Context) error {
	if a.ticket == 0 {
		a.ticket = a.tickets.Add(1)
	}
	r := a.remote
	if r == nil { // the first attempt finds out where it goes
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	begun := time.Now()
	if len(r.line.waiting) == 0 && r.rate.Wait(begun) == 0 {
		return nil
	}
	w := &waiter{ticket: a.ticket, spare: a.counted+1 < a.maxAttempts || a.maxAttempts == 0, wake: make(chan struct{}, 1)}
	r.line.join(w)
	defer r.line.leave(w)
	for now := begun; ; now = time.Now() {
		again := latest(begun, r.rate.LastPassed()).Add(turnPatience)
		if !now.Before(again) {
			return r.givenUp(a.lastError())
		}
		turn := now
		if r.line.next() != w {
			r.line.wakeNext()
			if rate := r.rate.Rate(); rate > 0 {
				turn = now.Add(time.Duration(float64(slices.Index(r.line.waiting, w)) / rate * float64(time.Second)))
			}
		} else {
			wait := r.rate.Wait(now)
			if wait == 0 {
				return nil
			}
			turn = now.Add(wait)
			again = earliest(again, turn)
		}
		if err := inTime(ctx, turn.Sub(now), "its turn comes in", a.lastError()); err != nil {
			return err
		}
		r.mu.Unlock()
		err := w.sleep(ctx, again.Sub(now), wait{what: "its turn", host: r.host, since: begun}, a.lastError())
		r.mu.Lock()
		if err != nil {
			return err
		}
	}
}

// sweepWait returns how long a sweep has to wait. 0: it may send a request, which
// is counted as gone. If it yields, calls in the line go first.
func (r *remote) sweepWait(yield bool) (wait time.Duration, yields bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n, rate := len(r.line.waiting), r.rate.Rate(); yield && n > 0 && rate > 0 {
		return min(time.Duration(float64(n)/rate*float64(time.Second)), time.Second), true
	}
	return r.rate.Wait(time.Now()), false
}

// sleep waits for the time, or until the waiter may be the first.
func (w *waiter) sleep(ctx context.Context, d time.Duration, turn wait, last error) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-w.wake:
		return nil
	case <-ctx.Done():
		return canceled(ctx, turn, last)
	}
}

// givenUp is the error of a call that waited for its turn in vain: the throttle
// of its own last attempt, else the last one that the remote answered with.
func (r *remote) givenUp(last error) error {
	if last == nil {
		last = r.throttle
	}
	return &verdict{error: &note{err: last, after: fmt.Sprintf(", gave up after %v in which nothing else came from %s", turnPatience, r.host)}, final: true}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
