package appintegrations

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/seed-10600c52/appintegrations/internal/pace"
)

const (
	defaultMaxAttempts = 3
	maxBackoff         = 20 * time.Second
	quickBackoff       = 50 * time.Millisecond // of the first retry: most faults hit one connection, not the service
)

// defaultRetryer is the Retryer of a client that was given none. It goes
// through the interface of the SDK, so that retry.AddWithMaxAttempts and its
// kin work around it. It is safe for concurrent use.
type defaultRetryer struct {
	maxAttempts int

	mu      sync.Mutex
	budgets map[string]*budget // by endpoint
	pace    pace.Estimator
}

func newRetryer(maxAttempts int) *defaultRetryer {
	if maxAttempts <= 0 {
		maxAttempts = defaultMaxAttempts
	}
	return &defaultRetryer{maxAttempts: maxAttempts, budgets: map[string]*budget{}}
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

func answerHeader(err error) http.Header {
	var answered *awshttp.ResponseError
	if !errors.As(err, &answered) || answered.Response == nil || answered.Response.Response == nil {
		return nil
	}
	return answered.Response.Header
}

// GetRetryToken draws a retry from the budget of the endpoint. A throttle draws
// nothing: it proves the endpoint alive, and the pace sees to the rest.
func (r *defaultRetryer) GetRetryToken(ctx context.Context, err error) (func(error) error, error) {
	if isThrottle(err) {
		return releaseNothing, nil
	}
	endpoint := ""
	if a := attemptAtGate(ctx); a != nil {
		endpoint = a.host()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.budget(endpoint).draw(time.Now()) {
		return nil, fmt.Errorf("the retry budget of %s is used up", oneLine(endpoint, maxCodeText))
	}
	return func(err error) error {
		if err == nil {
			r.give(endpoint)
		}
		return nil
	}, nil
}

// GetInitialToken is for retryers of the first generation; the loop here does
// not call it.
func (r *defaultRetryer) GetInitialToken() func(error) error { return releaseNothing }

// GetAttemptToken waits until the pace of the client lets another attempt go.
// The function that it returns is told what came of it.
func (r *defaultRetryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	a := attemptAtGate(ctx)
	if a == nil {
		return releaseNothing, nil
	}
	if a.options.RetryMode != aws.RetryModeStandard {
		if err := r.waitTurn(ctx, a.lastError()); err != nil {
			return nil, err
		}
	}
	sent := time.Now()
	return func(err error) error {
		r.settle(a.host(), sent, err)
		return nil
	}, nil
}

func (r *defaultRetryer) waitTurn(ctx context.Context, last error) error {
	for {
		r.mu.Lock()
		wait := r.pace.Wait(time.Now())
		r.mu.Unlock()
		if wait == 0 {
			return nil
		}
		if err := sleep(ctx, wait, last); err != nil {
			return err
		}
	}
}

// settle tells the pace, and after a success the budget, of an attempt.
func (r *defaultRetryer) settle(endpoint string, sent time.Time, err error) {
	var answered interface{ HTTPStatusCode() int }
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		r.pace.Passed(now)
		r.budget(endpoint).give(now)
	case isThrottle(err):
		r.pace.Throttled(sent, now)
	default:
		if errors.As(err, &answered) {
			r.pace.Passed(now)
		}
		if retryables.IsErrorRetryable(err).Bool() {
			r.budget(endpoint).fail(sent, now)
		}
	}
}

func (r *defaultRetryer) give(endpoint string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.budget(endpoint).give(time.Now())
}

// maxBudgets bounds the endpoints that have a budget of their own; a resolver
// may make up any number of them.
const maxBudgets = 256

func (r *defaultRetryer) budget(endpoint string) *budget {
	b := r.budgets[endpoint]
	if b == nil {
		if len(r.budgets) >= maxBudgets {
			clear(r.budgets)
		}
		b = &budget{tokens: budgetTokens}
		r.budgets[endpoint] = b
	}
	return b
}

const (
	// Retries that may fail before calls are made without: enough for a burst of
	// faults, few enough that an outage is not met with three times the load.
	budgetTokens = 32
	// Tokens that come back in a second without a failure, so that an endpoint
	// that nobody called for a while is given another chance.
	budgetRefill = 0.125
)

// A budget bounds the retries at one endpoint: a token bucket from which each
// retry draws and to which each success gives.
type budget struct {
	tokens float64
	at     time.Time
}

func (b *budget) refill(now time.Time) {
	if !b.at.IsZero() {
		b.tokens = min(budgetTokens, b.tokens+now.Sub(b.at).Seconds()*budgetRefill)
	}
	b.at = now
}

func (b *budget) draw(now time.Time) bool {
	b.refill(now)
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// fail counts out the time of an attempt that failed: an endpoint that takes
// long to fail earns no retry by it.
func (b *budget) fail(sent, now time.Time) {
	if sent.After(b.at) {
		b.refill(sent)
	}
	b.at = now
}

func (b *budget) give(now time.Time) {
	b.refill(now)
	b.tokens = min(budgetTokens, b.tokens+1)
}

// host returns the host and port that the attempt was sent to; "": none yet.
func (a *attempt) host() string {
	if a = a.signed(); a.req == nil || a.req.URL == nil {
		return ""
	}
	return a.req.URL.Host
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
