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

// release gives back what an attempt was lent, told of the attempt's outcome.
type release = func(error) error

func releaseNothing(error) error { return nil }

// attempt makes attempts until one succeeds or the retryer has had enough.
func (c *call) attempt(ctx context.Context) (*ListDataIntegrationAssociationsOutput, error) {
	c.gate = gateContext{ctx, c}
	retryToken := releaseNothing
	for {
		out, err := c.try(ctx, retryToken)
		if err == nil {
			return out, nil
		}
		if retryToken, err = c.again(ctx, err); err != nil {
			return nil, err
		}
	}
}

// try makes one attempt, behind the retryer's gate.
func (c *call) try(ctx context.Context, retryToken release) (*ListDataIntegrationAssociationsOutput, error) {
	if ctx.Err() != nil {
		return nil, canceled(ctx, c.last)
	}
	attemptToken, err := c.retryer.GetAttemptToken(&c.gate)
	if err != nil {
		return nil, c.gateError(ctx, err)
	}
	c.attempts++
	out, err := c.exchange(ctx)
	// A token that cannot be given back takes nothing from a page that is here.
	if tokenErr := errors.Join(retryToken(err), attemptToken(err)); tokenErr != nil && err != nil {
		return nil, &finalError{joined{err, foreign("release a token", tokenErr)}}
	}
	return out, err
}

// gateError is the error of a call that the retryer did not let make another
// attempt.
func (c *call) gateError(ctx context.Context, err error) error {
	var canceledError *aws.RequestCanceledError
	switch {
	case ctx.Err() != nil:
		return canceled(ctx, c.last)
	case errors.As(err, &canceledError):
		return &finalError{err}
	}
	err = foreign("get an attempt token", err)
	if c.last != nil {
		err = joined{err, &lastError{c.last}}
	}
	return &finalError{err}
}

// again waits for the next attempt and returns its retry token, or returns the
// error of the call: err, with the reason why there is no next attempt.
func (c *call) again(ctx context.Context, err error) (release, error) {
	if isFinal(err) || ctx.Err() != nil && isCanceled(err) {
		return nil, c.ended(err)
	}
	c.last = err
	limit := c.retryer.MaxAttempts()
	exhausted := limit > 0 && c.attempts >= limit
	if mended, mendErr := c.mend(ctx, err, exhausted); mendErr != nil {
		return nil, c.ended(mendErr)
	} else if mended {
		c.logRetry(err)
		return releaseNothing, nil
	}
	if !c.retryer.IsErrorRetryable(err) {
		if wait := retryAfter(err); wait > maxBackoff && retryables.IsErrorRetryable(err).Bool() {
			err = &longWait{err, wait}
		}
		return nil, c.ended(err)
	}
	if exhausted {
		return nil, &retry.MaxAttemptsError{Attempt: c.attempts, Err: err}
	}
	if ctx.Err() != nil {
		return nil, c.ended(canceled(ctx, err))
	}
	token, tokenErr := c.retryer.GetRetryToken(&c.gate, err)
	if tokenErr != nil {
		return nil, c.ended(joined{err, foreign("no retry", tokenErr)})
	}
	delay, delayErr := c.retryer.RetryDelay(c.attempts, err)
	if delayErr != nil {
		return nil, c.ended(joined{err, foreign("no retry", delayErr)})
	}
	if err := sleep(ctx, delay, err); err != nil {
		return nil, c.ended(err)
	}
	c.logRetry(err)
	return token, nil
}

// finalError ends a call whatever its retryer says.
type finalError struct{ error }

func (e *finalError) Unwrap() error { return e.error }

// isFinal reports whether no retryer is asked: sending the same again could
// only do the same, or harm.
func isFinal(err error) bool {
	var (
		final    *finalError
		redirect *RedirectError
		config   *ConfigError
	)
	return errors.As(err, &final) || errors.As(err, &redirect) || errors.As(err, &config)
}

func isCanceled(err error) bool {
	var canceledError *aws.RequestCanceledError
	return errors.As(err, &canceledError)
}

// ended says how many attempts there were.
func (c *call) ended(err error) error {
	return &attemptsError{attempts: c.attempts, err: err}
}

// sleep waits between two attempts. A deadline that it would pass ends the call
// at once: the answer could only be lost.
func sleep(ctx context.Context, delay time.Duration, last error) error {
	if ctx.Err() != nil {
		return canceled(ctx, last)
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < delay {
		return cancellation(context.DeadlineExceeded, fmt.Errorf("a wait of %v would pass it", delay.Round(time.Millisecond)), last)
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return canceled(ctx, last)
	}
}

// canceled is the error of a call whose context is done. last is the error of
// the attempt before, nil if there is none.
func canceled(ctx context.Context, last error) error {
	return cancellation(ctx.Err(), context.Cause(ctx), last)
}

// cancellation joins what ended a call early with what it was worth: errors.Is
// finds the context's error and its cause, errors.As the last service error.
func cancellation(ctxErr, cause, last error) error {
	err := joined{&smithy.CanceledError{Err: ctxErr}}
	if cause != nil && cause != ctxErr {
		err = append(err, foreign("cause", cause))
	}
	if last != nil {
		err = append(err, &lastError{last})
	}
	return &aws.RequestCanceledError{Err: err}
}

// lastError marks the error of the attempt before in a text.
type lastError struct{ error }

func (e *lastError) Error() string { return "last error: " + e.error.Error() }
func (e *lastError) Unwrap() error { return e.error }

// joined is errors.Join with a text of one line.
type joined []error

func (e joined) Error() string {
	text := e[0].Error()
	for _, err := range e[1:] {
		text += ", " + err.Error()
	}
	return text
}

func (e joined) Unwrap() []error { return e }

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
