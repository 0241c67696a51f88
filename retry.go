package appintegrations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithy "github.com/aws/smithy-go"
)

func releaseNothing(error) error { return nil }

// retry makes attempts until one succeeds, or until there is to be no other.
// walk takes the steps of one attempt.
func (c *call) retry(ctx context.Context, walk func(*attempt) error) (*attempt, error) {
	if c.noTarget != nil {
		return nil, c.noTarget
	}
	if err := c.askMaxAttempts(ctx); err != nil {
		return nil, canceled(ctx, wait{}, nil)
	}
	for {
		a, err := c.try(ctx, walk)
		if err == nil {
			c.decided(ctx, a, false, 0)
			return a, nil
		}
		if err = c.again(ctx, a, err); err != nil {
			return a, err
		}
	}
}

// try makes one attempt, behind the retryer's gate and within the attempt's time
// limit. The attempt is nil if the gate let none through.
func (c *call) try(ctx context.Context, walk func(*attempt) error) (*attempt, error) {
	if ctx.Err() != nil {
		return nil, canceled(ctx, wait{}, c.lastError())
	}
	a := &attempt{call: c, number: c.attempts + 1, caller: ctx, remote: c.expectedRemote()}
	a.gate = gateContext{ctx, a}
	gate := wait{what: "a token of the Retryer", since: time.Now()}
	releaseAttempt, err := a.askAttemptToken(ctx)
	begun := time.Now()
	c.waited += begun.Sub(gate.since)
	if err != nil {
		return nil, c.gateError(ctx, gate, err)
	}
	c.attempts++
	err = a.walk(ctx, walk)
	a.took = time.Since(begun)
	a.settle(err)
	// A page that has arrived is returned even if its tokens cannot be released.
	if tokenErr := c.releaseTokens(ctx, err, c.release, releaseAttempt); tokenErr != nil && err != nil {
		err = &verdict{error: joined{err, foreign("release a token", tokenErr)}, final: true}
	}
	a.err = err
	if !a.stacked && (err != nil || a.number > 1) {
		a.metadata = a.describe()
	}
	return a, err
}

// walk takes the steps of the attempt within its time limit. Here, once for all
// of them, what the end of a context did to a step becomes the reason for it.
func (a *attempt) walk(ctx context.Context, walk func(*attempt) error) error {
	limited, cancel := a.limited(ctx)
	defer cancel()
	defer a.letGo()
	a.ctx = limited
	err := walk(a)
	switch {
	case err == nil || isAPIError(err):
		return err
	case ctx.Err() != nil:
		return canceled(ctx, a.waitedFor(), a.lastError())
	case isContextError(err):
		return a.timedOut(limited, err)
	}
	return err
}

func isContextError(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// lastError is the error of the attempt before; nil: there is none.
func (c *call) lastError() error {
	if c.last == nil {
		return nil
	}
	return c.last.err
}

// gateError is the error of a call that the retryer did not let make another
// attempt.
func (c *call) gateError(ctx context.Context, gate wait, err error) error {
	switch {
	case ctx.Err() != nil && !(isCanceled(err) && errors.Is(err, ctx.Err()) && errors.Is(err, context.Cause(ctx))):
		return canceled(ctx, gate, c.lastError())
	case isCanceled(err):
		return &verdict{error: err, final: true}
	}
	err = foreign("get an attempt token", err)
	if last := c.lastError(); last != nil {
		err = joined{err, &note{before: "last error: ", err: last}}
	}
	return &verdict{error: err, final: true}
}

// again returns nil when another attempt is to be made, after the wait for it.
// Else it returns the error of the call: that of the attempt, and why there is
// no other attempt.
func (c *call) again(ctx context.Context, a *attempt, err error) error {
	if a == nil {
		return err
	}
	raced := c.lostRace(a)
	if !raced {
		c.backoffs++
	}
	if !c.quotaLives(a) {
		c.counted++
	}
	c.last, c.release = a, nil
	f := failure{attempt: a}
	defer func() { c.failures = append(c.failures, f) }()
	delay, end := c.next(ctx, a, raced, &f)
	c.decided(ctx, a, end == nil, delay)
	if end != nil {
		return end
	}
	begun := time.Now()
	end = sleep(ctx, delay, err)
	c.waited += time.Since(begun)
	f.retried = end == nil
	return end
}

// next decides what follows an attempt that failed: the delay before the next
// one, or the error of the call.
func (c *call) next(ctx context.Context, a *attempt, raced bool, f *failure) (time.Duration, error) {
	err := a.err
	switch {
	case isFinal(err) || ctx.Err() != nil && isCanceled(err):
		return 0, err
	case c.swept != nil && a.throttled:
		return 0, withLongWait(err)
	}
	exhausted := c.maxAttempts > 0 && c.counted >= c.maxAttempts
	if !exhausted {
		remedied, remedyErr := c.remedy(ctx, a)
		if remedyErr != nil {
			return 0, remedyErr
		}
		if remedied {
			f.retryable = true
			return 0, nil
		}
	}
	retryable, askErr := ask(c, ctx, func() (bool, error) { return c.retryer.IsErrorRetryable(err), nil })
	switch {
	case askErr != nil:
		return 0, canceled(ctx, wait{}, err)
	case !retryable:
		return 0, withLongWait(err)
	}
	if f.retryable = true; exhausted {
		return 0, &retry.MaxAttemptsError{Attempt: c.attempts, Err: err}
	}
	return c.backOff(ctx, a, raced)
}

// quotaAlive is how long a page that passed shows that the quota of its account
// lives: as long as a back-off lasts at most. Where several clients share a quota
// of two requests a second, one of them may get no page for ten seconds.
const quotaAlive = maxBackoff

// lostRace reports whether the attempt was throttled because others were faster:
// a page passed since the attempt before it was sent. Then it waits for its turn
// and for nothing else.
func (c *call) lostRace(a *attempt) bool {
	since := a.signed().sentAt
	if c.last != nil {
		since = c.last.signed().sentAt
	}
	return c.quotaLives(a) && !a.passed.Before(since)
}

// quotaLives reports whether the attempt was throttled though the quota of its
// account lives: something passed lately, or the throttles began lately and what
// was sent before them may still pass. Then the attempt does not count as one of the call's attempts,
// unless the user said how many those are.
func (c *call) quotaLives(a *attempt) bool {
	return a.throttled && a.paced && (a.mayPass || time.Since(a.passed) <= quotaAlive) &&
		c.options.RetryMaxAttempts == 0 && c.maxAttempts == defaultMaxAttempts
}

// backOff draws a retry token and returns the delay until the next attempt. An
// attempt that lost a race waits for its turn, and not besides, unless the
// service asks for it.
func (c *call) backOff(ctx context.Context, a *attempt, raced bool) (time.Duration, error) {
	if ctx.Err() != nil {
		return 0, canceled(ctx, wait{}, a.err)
	}
	begun := time.Now()
	token, err := ask(c, ctx, func() (release, error) { return c.retryer.GetRetryToken(&a.gate, a.err) })
	if err != nil {
		return 0, noRetry(ctx, begun, a.err, err)
	}
	c.release = token
	if raced && !asksToWait(a.err) {
		return 0, nil
	}
	delay, err := ask(c, ctx, func() (time.Duration, error) { return c.retryer.RetryDelay(c.backoffs, a.err) })
	if err != nil {
		return 0, noRetry(ctx, begun, a.err, err)
	}
	return delay, inTime(ctx, delay, "the back-off takes", a.err)
}

// noRetry is the error of a call whose retryer failed, or was asked until the
// context was done.
func noRetry(ctx context.Context, asked time.Time, last, err error) error {
	if ctx.Err() != nil {
		return canceled(ctx, wait{what: "the Retryer", since: asked}, last)
	}
	return joined{last, foreign("no retry", err)}
}

// releaseTokens returns the tokens of an attempt to the retryer.
func (c *call) releaseTokens(ctx context.Context, err error, tokens ...release) error {
	var errs []error
	for _, token := range tokens {
		if token == nil {
			continue
		}
		if _, tokenErr := ask(c, ctx, func() (struct{}, error) { return struct{}{}, token(err) }); tokenErr != nil {
			errs = append(errs, tokenErr)
		}
	}
	return errors.Join(errs...)
}

func (c *call) askMaxAttempts(ctx context.Context) (err error) {
	if c.ownRetryer {
		c.maxAttempts = c.retryer.MaxAttempts()
		return nil
	}
	c.maxAttempts, err = await(ctx, func() (int, error) { return c.retryer.MaxAttempts(), nil })
	return err
}

func (a *attempt) askAttemptToken(ctx context.Context) (release, error) {
	if a.ownRetryer {
		return a.retryer.GetAttemptToken(&a.gate)
	}
	return await(ctx, func() (release, error) { return a.retryer.GetAttemptToken(&a.gate) })
}

// ask asks the retryer. One of the user's is waited for no longer than the call
// lasts.
func ask[T any](c *call, ctx context.Context, f func() (T, error)) (T, error) {
	if c.ownRetryer {
		return f()
	}
	return await(ctx, f)
}

// withLongWait adds to an error that could be retried the wait that its service
// asked for, where that is longer than a caller waits.
func withLongWait(err error) error {
	if wait := retryAfter(err); wait > maxBackoff && retryables.IsErrorRetryable(err).Bool() {
		return &note{err: err, after: ", it asks to wait " + wait.String() + ", and a call waits " + maxBackoff.String() + " at most"}
	}
	return err
}

// isFinal reports whether no retryer is asked: sending the same again could
// only do the same, or harm.
func isFinal(err error) bool {
	var (
		v        *verdict
		redirect *RedirectError
		config   *ConfigError
	)
	return errors.As(err, &v) && v.final || errors.As(err, &redirect) || errors.As(err, &config)
}

func isCanceled(err error) bool {
	var canceledError *aws.RequestCanceledError
	return errors.As(err, &canceledError)
}

// sleep waits between two attempts.
func sleep(ctx context.Context, delay time.Duration, last error) error {
	if delay <= 0 {
		return nil
	}
	begun := time.Now()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return canceled(ctx, wait{what: "the back-off of " + rounded(delay), since: begun}, last)
	}
}

// inTime returns an error if the context is done, or will be before the delay is
// over: the response could only be lost. what begins the sentence that the delay
// ends.
func inTime(ctx context.Context, delay time.Duration, what string, last error) error {
	if ctx.Err() != nil {
		return canceled(ctx, wait{}, last)
	}
	deadline, ok := ctx.Deadline()
	if left := time.Until(deadline); ok && left < delay {
		cause := fmt.Errorf("%s %s, and the deadline is in %s", what, rounded(delay), rounded(left))
		return cancellation(context.DeadlineExceeded, "", cause, last)
	}
	return nil
}

// canceled is the error of a call whose context is done while it waits. last is
// the error of the attempt before, nil if there is none.
func canceled(ctx context.Context, w wait, last error) error {
	return cancellation(ctx.Err(), w.lasted(), context.Cause(ctx), last)
}

// cancellation joins what ended a call early with what it was worth: errors.Is
// finds the context's error and its cause, errors.As the last service error. The
// text of *aws.RequestCanceledError says that the call was canceled; that of
// *smithy.CanceledError need not say it again.
func cancellation(ctxErr error, waited string, cause, last error) error {
	err := joined{&retold{text: ctxErr.Error() + waited, err: &smithy.CanceledError{Err: ctxErr}}}
	if cause != nil && cause != ctxErr {
		err = append(err, foreign("cause", cause))
	}
	if last != nil {
		err = append(err, &note{before: "last error: ", err: last})
	}
	return &aws.RequestCanceledError{Err: err}
}

// asRetryerV2 adds to a retryer of the first generation what it lacks.
func asRetryerV2(r aws.Retryer) aws.RetryerV2 {
	if v2, ok := r.(aws.RetryerV2); ok {
		return v2
	}
	return retryerV1{r}
}

type retryerV1 struct{ aws.Retryer }

func (r retryerV1) GetAttemptToken(context.Context) (func(error) error, error) {
	return r.GetInitialToken(), nil
}
