package appintegrations

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithy "github.com/aws/smithy-go"
)

const (
	defaultMaxAttempts = 3
	maxBackoff         = 20 * time.Second
	quickBackoff       = 50 * time.Millisecond // of the first retry: most faults hit one connection, not the service
)

// release gives back what an attempt was lent, told of the attempt's outcome.
type release = func(error) error

func releaseNothing(error) error { return nil }

// attempt makes attempts until one succeeds or the retryer has had enough.
func (c *call) attempt(ctx context.Context) (*ListDataIntegrationAssociationsOutput, error) {
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
		return nil, canceled(ctx, nil)
	}
	attemptToken, err := c.retryer.GetAttemptToken(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, canceled(ctx, nil)
		}
		return nil, &permanentError{foreign("get an attempt token", err)}
	}
	c.attempts++
	out, err := c.exchange(ctx)
	// A token that cannot be given back takes nothing from a page that is here.
	if tokenErr := errors.Join(retryToken(err), attemptToken(err)); tokenErr != nil && err != nil {
		return nil, &permanentError{joined{err, foreign("release a token", tokenErr)}}
	}
	return out, err
}

// again waits for the next attempt and returns its retry token, or returns the
// error of the call: err, with the reason why there is no next attempt.
func (c *call) again(ctx context.Context, err error) (release, error) {
	var final *permanentError
	if errors.As(err, &final) || isCanceled(err) || !c.retryer.IsErrorRetryable(err) {
		return nil, c.ended(err)
	}
	if limit := c.retryer.MaxAttempts(); limit > 0 && c.attempts >= limit {
		return nil, &retry.MaxAttemptsError{Attempt: c.attempts, Err: err}
	}
	token, tokenErr := c.retryer.GetRetryToken(ctx, err)
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

// ended says how many attempts there were.
func (c *call) ended(err error) error {
	if c.attempts == 0 {
		return err
	}
	return &attemptsError{attempts: c.attempts, err: err}
}

// sleep waits between two attempts. A deadline that it would pass ends the call
// at once: the answer could only be lost.
func sleep(ctx context.Context, delay time.Duration, last error) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < delay {
		return cancellation(context.DeadlineExceeded, fmt.Errorf("a back-off of %v would pass it", delay.Round(time.Millisecond)), last)
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

func isCanceled(err error) bool {
	var e *aws.RequestCanceledError
	return errors.As(err, &e)
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

// defaultRetryer is the Retryer of a client that was given none. It goes
// through the interface of the SDK, so that retry.AddWithMaxAttempts and its
// kin work around it.
type defaultRetryer struct {
	maxAttempts int
	retryables  retry.IsErrorRetryables
}

func newRetryer(maxAttempts int) *defaultRetryer {
	if maxAttempts <= 0 {
		maxAttempts = defaultMaxAttempts
	}
	return &defaultRetryer{
		maxAttempts: maxAttempts,
		// What this package holds retryable says so itself, by RetryableError; the
		// rest is what the official client retries.
		retryables: retry.DefaultRetryables,
	}
}

func (r *defaultRetryer) MaxAttempts() int { return r.maxAttempts }

func (r *defaultRetryer) IsErrorRetryable(err error) bool {
	return r.retryables.IsErrorRetryable(err).Bool()
}

// RetryDelay returns a random share of a back-off that doubles: full jitter.
func (r *defaultRetryer) RetryDelay(attempt int, err error) (time.Duration, error) {
	return time.Duration(rand.Float64() * float64(backoff(attempt, isThrottle(err)))), nil
}

func backoff(attempt int, throttle bool) time.Duration {
	exponent := min(max(attempt, 1), 10)
	switch {
	case throttle:
		return min(time.Second<<(exponent-1), maxBackoff)
	case exponent == 1:
		return quickBackoff
	}
	return min(time.Second<<exponent, maxBackoff)
}

func (r *defaultRetryer) GetRetryToken(context.Context, error) (func(error) error, error) {
	return releaseNothing, nil
}

func (r *defaultRetryer) GetInitialToken() func(error) error { return releaseNothing }

func (r *defaultRetryer) GetAttemptToken(context.Context) (func(error) error, error) {
	return releaseNothing, nil
}

func (r *defaultRetryer) userAgentFeature(mode aws.RetryMode) awsmiddleware.UserAgentFeature {
	if mode == aws.RetryModeAdaptive {
		return awsmiddleware.UserAgentFeatureRetryModeAdaptive
	}
	return awsmiddleware.UserAgentFeatureRetryModeStandard
}

// isThrottle reports whether the service, or a proxy, refused for the rate of
// requests.
func isThrottle(err error) bool {
	var status interface{ HTTPStatusCode() int }
	if errors.As(err, &status) && status.HTTPStatusCode() == http.StatusTooManyRequests {
		return true
	}
	var coded interface{ ErrorCode() string }
	if !errors.As(err, &coded) {
		return false
	}
	_, ok := retry.DefaultThrottleErrorCodes[coded.ErrorCode()]
	return ok
}
