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

// defaultRetryer is the Retryer of a client that was given none. It goes
// through the interface of the SDK, so that retry.AddWithMaxAttempts and its
// kin work around it. What it goes by, the attempts that it is asked about carry.
// It is safe for concurrent use.
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

// IsErrorRetryable goes by the tables of the official client. What this package
// holds retryable besides says so itself, by RetryableError, and so other
// retryers of the SDK hear of it too. A service that asks for more time than a
// caller waits for is not asked again.
func (r *defaultRetryer) IsErrorRetryable(err error) bool {
	if !retryables.IsErrorRetryable(err).Bool() {
		return false
	}
	_, bounded := amzRetryAfter(err) // which goes before Retry-After
	return bounded || retryAfter(err) <= maxBackoff
}

var retryables = retry.IsErrorRetryables(retry.DefaultRetryables)

// RetryDelay returns what the service asked for, else a random share of a
// back-off that doubles: full jitter.
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

// retryAfter reads Retry-After, in seconds or as a date, which is relative to
// the answer's own Date: the two clocks need not agree (RFC 9110, section
// 10.2.3). 0: none, or in the past.
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

// GetRetryToken lets a call make another attempt unless the retry quota of its
// endpoint is used up. The quota was asked when the attempt failed: it has to
// hear of each failure. A throttle draws nothing: it proves the endpoint alive.
func (r *defaultRetryer) GetRetryToken(ctx context.Context, err error) (func(error) error, error) {
	if a := attemptAtGate(ctx); a != nil && !a.retryable && retryables.IsErrorRetryable(err).Bool() {
		return nil, fmt.Errorf("the retry quota of %s is used up", oneLine(a.signed().req.URL.Host, maxCodeText))
	}
	return nil, nil
}

// GetInitialToken is for retryers of the first generation; the loop here does
// not call it.
func (r *defaultRetryer) GetInitialToken() func(error) error { return releaseNothing }

// GetAttemptToken waits until the rate of the endpoint and account lets another
// attempt go.
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

// isBare503 reports whether a response is a 503 without an error code of its own:
// that of a proxy, or of a rate limiter before the service.
func isBare503(err error) bool {
	var bare *bareError
	var status interface{ HTTPStatusCode() int }
	return errors.As(err, &bare) && errors.As(err, &status) && status.HTTPStatusCode() == http.StatusServiceUnavailable
}

// neverBlocks reports whether a retryer is one of this package or of the SDK, or
// one of the SDK's wrappers around such a one: they need not be watched.
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
