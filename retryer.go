package appintegrations

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const (
	defaultMaxAttempts = 3
	maxBackoff         = 20 * time.Second
	quickBackoff       = 50 * time.Millisecond // of the first retry: most faults hit one connection, not the service
)

// defaultRetryer is the Retryer of a client without a custom one. It implements the
// SDK's interface, so that retry.AddWithMaxAttempts and the like can wrap it. It
// has no state: the attempt in the context contains all that it decides by. It is
// safe for concurrent use.
type defaultRetryer struct {
	maxAttempts int
	limited     bool // by RetryMaxAttempts
}

func newRetryer(maxAttempts int) *defaultRetryer {
	if maxAttempts <= 0 {
		maxAttempts = defaultMaxAttempts
	}
	return &defaultRetryer{maxAttempts: maxAttempts}
}

func (r *defaultRetryer) MaxAttempts() int { return r.maxAttempts }

// IsErrorRetryable uses the tables of the official client. Errors that only this
// package retries implement RetryableError, so that the retryers of the SDK retry
// them too. A Retry-After of more than maxBackoff ends the call.
func (r *defaultRetryer) IsErrorRetryable(err error) bool {
	if !retryables.IsErrorRetryable(err).Bool() {
		return false
	}
	_, bounded := amzRetryAfter(err) // which goes before Retry-After
	return bounded || retryAfter(err) <= maxBackoff
}

var retryables = retry.IsErrorRetryables(retry.DefaultRetryables)

// RetryDelay returns the delay that the response asks for, or else a random part
// of a back-off that doubles with each attempt (full jitter). An
// x-amz-retry-after counts from the computed delay to 5 seconds more, as in the
// retry rules of AWS of 2026.
func (r *defaultRetryer) RetryDelay(attempt int, err error) (time.Duration, error) {
	delay := time.Duration(rand.Float64() * float64(backoff(attempt, isThrottle(err))))
	if asked, ok := amzRetryAfter(err); ok {
		return min(max(asked, delay), delay+5*time.Second), nil
	}
	if asked := retryAfter(err); asked > 0 {
		return asked, nil
	}
	return delay, nil
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

// amzRetryAfter reads x-amz-retry-after, in milliseconds.
func amzRetryAfter(err error) (time.Duration, bool) {
	ms, parseErr := strconv.ParseUint(answerHeader(err).Get("X-Amz-Retry-After"), 10, 63)
	if parseErr != nil {
		return 0, false
	}
	return time.Duration(min(ms, uint64(time.Hour/time.Millisecond))) * time.Millisecond, true
}

// retryAfter reads Retry-After, in seconds or as a date (RFC 9110, section 10.2.3).
// A date is relative to the Date of the same response, because the clocks of
// client and server may differ. 0: none, or in the past.
func retryAfter(err error) time.Duration {
	header := answerHeader(err)
	value := header.Get("Retry-After")
	if value == "" {
		return 0
	}
	const longest = 24 * time.Hour // to say no more than that
	if seconds, parseErr := strconv.ParseUint(value, 10, 64); parseErr == nil || errors.Is(parseErr, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(longest/time.Second))) * time.Second
	}
	at, parseErr := http.ParseTime(value)
	if parseErr != nil {
		return 0
	}
	now, parseErr := http.ParseTime(header.Get("Date"))
	if parseErr != nil {
		now = time.Now()
	}
	return min(max(at.Sub(now), 0), longest)
}

// asksToWait reports whether the response says how long to wait.
func asksToWait(err error) bool {
	_, asks := amzRetryAfter(err)
	return asks || retryAfter(err) > 0
}

func answerHeader(err error) http.Header {
	var answered *awshttp.ResponseError
	if !errors.As(err, &answered) || answered.Response == nil || answered.Response.Response == nil {
		return nil
	}
	return answered.Response.Header
}

// GetRetryToken allows another attempt unless the retry quota of the endpoint is
// used up. The quota was charged when the attempt failed, because it has to count
// every failure. A throttled attempt costs nothing: the endpoint is alive.
func (r *defaultRetryer) GetRetryToken(ctx context.Context, err error) (func(error) error, error) {
	if a := attemptAtGate(ctx); a != nil && !a.retryable && retryables.IsErrorRetryable(err).Bool() {
		return nil, fmt.Errorf("the retry quota of %s is used up", oneLine(a.signed().req.URL.Host, maxCodeText))
	}
	return nil, nil
}

// GetInitialToken is for retryers of the first generation; the loop here does
// not call it.
func (r *defaultRetryer) GetInitialToken() func(error) error { return releaseNothing }

// GetAttemptToken waits until the rate limit of the endpoint and account allows
// another attempt.
func (r *defaultRetryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	a := attemptAtGate(ctx)
	switch {
	case a == nil:
		return releaseNothing, nil
	case a.swept != nil:
		return nil, nil
	}
	if a.options.RetryMode == aws.RetryModeStandard {
		return nil, nil
	}
	a.paced = true
	return nil, a.waitTurn(ctx)
}

func (r *defaultRetryer) userAgentFeature(mode aws.RetryMode) awsmiddleware.UserAgentFeature {
	if mode == aws.RetryModeAdaptive {
		return awsmiddleware.UserAgentFeatureRetryModeAdaptive
	}
	return awsmiddleware.UserAgentFeatureRetryModeStandard
}

// isThrottle reports whether the service or a proxy rejected a request because of
// the request rate.
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

// isBare503 reports whether a response is a 503 without an error code, which a proxy
// or a rate limiter before the service sends.
func isBare503(err error) bool {
	var bare *bareError
	var status interface{ HTTPStatusCode() int }
	return errors.As(err, &bare) && errors.As(err, &status) && status.HTTPStatusCode() == http.StatusServiceUnavailable
}

// neverBlocks reports whether a retryer is one of this package or of the SDK, or an
// SDK wrapper around one of these. Only other retryers can block.
func neverBlocks(r aws.Retryer) bool {
	switch r.(type) {
	case *defaultRetryer, *retry.Standard, *retry.AdaptiveMode, aws.NopRetryer:
		return true
	}
	wrapper := reflect.Indirect(reflect.ValueOf(r))
	if !wrapper.IsValid() || wrapper.Kind() != reflect.Struct || wrapper.Type().PkgPath() != reflect.TypeFor[retry.Standard]().PkgPath() {
		return false
	}
	inner := wrapper.FieldByName("RetryerV2")
	if !inner.IsValid() || !inner.CanInterface() {
		return false
	}
	wrapped, ok := inner.Interface().(aws.Retryer)
	return ok && neverBlocks(wrapped)
}
