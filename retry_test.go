package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// An answerScript answers the requests of a stub one after another, the last answer
// for all that follow, and notes when they came.
type answerScript struct {
	mu      sync.Mutex
	at      []time.Time
	answers []scriptedAnswer
}

type scriptedAnswer func(*http.Request) (*http.Response, error)

func (s *answerScript) Do(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.at = append(s.at, time.Now())
	answer := s.answers[min(len(s.at), len(s.answers))-1]
	s.mu.Unlock()
	return answer(r)
}

// gaps are the times between the requests.
func (s *answerScript) gaps() (gaps []time.Duration) {
	for i := 1; i < len(s.at); i++ {
		gaps = append(gaps, s.at[i].Sub(s.at[i-1]))
	}
	return gaps
}

func (s *answerScript) client(optFns ...func(*appintegrations.Options)) *appintegrations.Client {
	return stubClient("", append(optFns, func(o *appintegrations.Options) { o.HTTPClient = s })...)
}

// answering makes an answer; header is made of pairs.
func answering(status int, body string, header ...string) scriptedAnswer {
	return func(*http.Request) (*http.Response, error) {
		h := http.Header{"X-Amzn-Requestid": {"r1"}}
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func resetting(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}

var (
	fine      = answering(200, whole)
	down      = answering(503, "<html>down</html>")
	throttled = answering(429, "")
)

// within checks a wait against the range that it is drawn from.
type within struct{ from, to time.Duration }

func (w within) check(t *testing.T, got time.Duration, what string) {
	t.Helper()
	assert.GreaterOrEqual(t, got, w.from, what)
	assert.LessOrEqual(t, got, w.to, what)
}

// TestRetryTiming holds how often and when attempts follow each other.
func TestRetryTiming(t *testing.T) {
	t.Parallel()
	t.Run("back-off", testBackoff)
	t.Run("Retry-After", testRetryAfter)
	t.Run("statuses", testStatuses)
	t.Run("retryers", testRetryers)
	if !testing.Short() { // it takes half a second to estimate the share
		bubble(t, "an outage of 1 s", testShortOutage)
	}
}

// testBackoff measures the distribution of the waits: uniform between 0 and a
// bound that doubles.
func testBackoff(t *testing.T) {
	const trials = 400
	seconds := func(s ...float64) []float64 { return s }
	for _, row := range []struct {
		name   string
		answer scriptedAnswer
		bounds []float64 // seconds
	}{
		{"503", down, seconds(0.05, 4, 8, 16, 20, 20, 20)},
		{"reset", resetting, seconds(0.05, 4, 8, 16, 20)},
		{"an empty page", answering(200, ""), seconds(0.05, 4, 8)},
		{"408", answering(408, ""), seconds(0.05, 4)},
		{"ThrottlingException", answering(400, "", "X-Amzn-ErrorType", "ThrottlingException"), seconds(1, 2, 4, 8, 16, 20, 20)},
		{"429", throttled, seconds(1, 2, 4)},
	} {
		bubble(t, row.name, func(t *testing.T) {
			sums, longest := make([]float64, len(row.bounds)), make([]float64, len(row.bounds))
			for range trials {
				s := &answerScript{answers: []scriptedAnswer{row.answer}}
				client := s.client(func(o *appintegrations.Options) {
					o.RetryMaxAttempts, o.RetryMode = len(row.bounds)+1, aws.RetryModeStandard
				})
				_, err := list(t, t.Context(), client)
				require.Error(t, err)
				gaps := s.gaps()
				require.Len(t, gaps, len(row.bounds), "%v", err)
				for i, gap := range gaps {
					sums[i] += gap.Seconds()
					longest[i] = max(longest[i], gap.Seconds())
				}
			}
			for i, bound := range row.bounds {
				assert.LessOrEqual(t, longest[i], bound, "wait %d", i+1)
				assert.Greater(t, longest[i], 0.95*bound, "wait %d", i+1)
				assert.InDelta(t, bound/2, sums[i]/trials, 0.1*bound, "wait %d: the mean", i+1) // 7 standard deviations
			}
		})
	}
}

func testRetryAfter(t *testing.T) {
	const second = time.Second
	quick, ofThrottle := within{0, 50 * time.Millisecond}, within{0, second}
	exactly := func(d time.Duration) within { return within{d, d} }
	date := func(s string) string { return "Sat, 01 Jan 2050 " + s + " GMT" }
	for _, row := range []struct {
		name   string
		status int
		header []string
		want   within // where to is 0: final
		text   string // in the error that is final
	}{
		{"none", 503, nil, quick, ""},
		{"seconds", 503, []string{"Retry-After", "2"}, exactly(2 * second), ""},
		{"seconds, a throttle", 429, []string{"Retry-After", "2"}, exactly(2 * second), ""},
		{"20 seconds", 429, []string{"Retry-After", "20"}, exactly(20 * second), ""},
		{"21 seconds", 429, []string{"Retry-After", "21"}, within{}, "21s"},
		{"an hour", 503, []string{"Retry-After", "3600"}, within{}, "1h0m0s"},
		{"beyond any number", 503, []string{"Retry-After", "99999999999999999999999999"}, within{}, "24h0m0s"},
		{"zero", 503, []string{"Retry-After", "0"}, quick, ""},
		{"negative", 503, []string{"Retry-After", "-1"}, quick, ""},
		{"no number", 429, []string{"Retry-After", "soon"}, ofThrottle, ""},
		{"date", 503, []string{"Date", date("00:00:00"), "Retry-After", date("00:00:07")}, exactly(7 * second), ""},
		{"date of RFC 850", 503, []string{"Date", date("00:00:00"), "Retry-After", "Saturday, 01-Jan-50 00:00:07 GMT"}, exactly(7 * second), ""},
		{"date in the past", 503, []string{"Date", date("00:00:09"), "Retry-After", date("00:00:07")}, quick, ""},
		{"date far away", 503, []string{"Date", date("00:00:00"), "Retry-After", date("00:01:00")}, within{}, "1m0s"},
		{"date without a Date", 503, []string{"Retry-After", "Sat, 01 Jan 2000 00:00:03 GMT"}, exactly(3 * second), ""},
		{"milliseconds", 503, []string{"X-Amz-Retry-After", "1500"}, exactly(1500 * time.Millisecond), ""},
		{"milliseconds, a throttle", 429, []string{"X-Amz-Retry-After", "1500"}, exactly(1500 * time.Millisecond), ""},
		{"milliseconds, too few", 503, []string{"X-Amz-Retry-After", "0"}, quick, ""},
		{"milliseconds, too many", 503, []string{"X-Amz-Retry-After", "60000"}, within{5 * second, 5*second + 50*time.Millisecond}, ""},
		{"milliseconds, too many, a throttle", 429, []string{"X-Amz-Retry-After", "86400000000"}, within{5 * second, 6 * second}, ""},
		{"milliseconds, no number", 503, []string{"X-Amz-Retry-After", "1.5s"}, quick, ""},
		{"both", 503, []string{"Retry-After", "2", "X-Amz-Retry-After", "700"}, exactly(700 * time.Millisecond), ""},
		{"a page that is none", 200, []string{"Retry-After", "3"}, exactly(3 * second), ""},
		{"an error that is final", 404, []string{"Retry-After", "3"}, within{}, ""},
	} {
		bubble(t, row.name, func(t *testing.T) {
			s := &answerScript{answers: []scriptedAnswer{answering(row.status, "", row.header...), fine}}
			start := time.Now()
			got, err := list(t, t.Context(), s.client())
			if row.want.to > 0 {
				require.NoError(t, err)
				assert.Equal(t, wholeText(), got)
				require.Len(t, s.at, 2)
				row.want.check(t, s.gaps()[0], "the wait")
				return
			}
			require.Error(t, err)
			assert.Len(t, s.at, 1)
			assert.Zero(t, time.Since(start), "final at once")
			assert.Contains(t, err.Error(), row.text)
			_, ok := as[smithy.APIError](err)
			assert.True(t, ok, "%v", err)
		})
	}
	bubble(t, "beyond the deadline", func(t *testing.T) {
		s := &answerScript{answers: []scriptedAnswer{answering(503, "", "Retry-After", "10"), fine}}
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
		defer cancel()
		start := time.Now()
		_, err := list(t, ctx, s.client())
		assert.Zero(t, time.Since(start))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		api, ok := as[smithy.APIError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, "ServiceUnavailable", api.ErrorCode())
	})
}

// testStatuses has every status without a code.
func testStatuses(t *testing.T) {
	codes := map[int]string{
		408: "RequestTimeout", 425: "TooEarly", 429: "ThrottlingException", 500: "InternalServerError",
		502: "BadGateway", 503: "ServiceUnavailable", 504: "GatewayTimeout", 529: "HTTP529",
	}
	for status := 400; status < 600; status++ {
		for _, body := range []string{"", "<html><h1>proxy</h1></html>", `{"code": 404}`, "[1,2]", `{"message":{"x":1}}`, `{"mess`} {
			bubble(t, fmt.Sprint(status, " ", body), func(t *testing.T) {
				s := &answerScript{answers: []scriptedAnswer{answering(status, body)}}
				_, err := list(t, t.Context(), s.client())
				code, retried := codes[status]
				if want := map[bool]int{true: 3, false: 1}[retried]; len(s.at) != want {
					t.Errorf("%d requests; want %d", len(s.at), want)
				}
				api, ok := as[smithy.APIError](err)
				require.True(t, ok, "%v", err)
				if retried {
					assert.Equal(t, code, api.ErrorCode())
				}
				assert.NotEmpty(t, api.ErrorCode())
				assert.Empty(t, strings.Trim(api.ErrorCode(), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
				answered, ok := as[*awshttp.ResponseError](err)
				require.True(t, ok)
				assert.Equal(t, status, answered.HTTPStatusCode())
				assert.Equal(t, "r1", answered.ServiceRequestID())
				_, denied := as[*appintegrations.AccessDeniedException](err)
				_, gone := as[*appintegrations.ResourceNotFoundException](err)
				assert.False(t, denied || gone, "a proxy's status is not the service's word")
			})
		}
	}
}

// testRetryers has retryers of the SDK around and instead of the default.
func testRetryers(t *testing.T) {
	retryable := map[string]scriptedAnswer{
		"reset": resetting, "408": answering(408, ""), "425": answering(425, ""), "429": throttled, "529": answering(529, ""), "503": down,
		"empty": answering(200, ""), "HTML": answering(200, "<html>"), "204": answering(204, ""),
		"error in a 200": answering(200, "{}", "X-Amzn-ErrorType", "AccessDeniedException"),
	}
	for kind, row := range map[string]struct {
		retryer  func(*appintegrations.Options)
		requests int
	}{
		"default":          {func(*appintegrations.Options) {}, 3},
		"standard mode":    {func(o *appintegrations.Options) { o.RetryMode = aws.RetryModeStandard }, 3},
		"adaptive mode":    {func(o *appintegrations.Options) { o.RetryMode = aws.RetryModeAdaptive }, 3},
		"retry.Standard":   {func(o *appintegrations.Options) { o.Retryer = retry.NewStandard() }, 3},
		"NopRetryer":       {func(o *appintegrations.Options) { o.Retryer = aws.NopRetryer{} }, 1},
		"RetryMaxAttempts": {func(o *appintegrations.Options) { o.RetryMaxAttempts = 5 }, 5},
		"one attempt":      {func(o *appintegrations.Options) { o.RetryMaxAttempts = 1 }, 1},
		"WithMaxAttempts":  {func(o *appintegrations.Options) { o.Retryer = retry.AddWithMaxAttempts(o.Retryer, 4) }, 4},
		"WithErrorCodes":   {func(o *appintegrations.Options) { o.Retryer = retry.AddWithErrorCodes(o.Retryer, "X") }, 3},
		"WithMaxBackoff":   {func(o *appintegrations.Options) { o.Retryer = retry.AddWithMaxBackoffDelay(o.Retryer, time.Second) }, 3},
		"first generation": {func(o *appintegrations.Options) { o.Retryer = struct{ aws.Retryer }{retry.NewStandard()} }, 3},
	} {
		for name, answer := range retryable {
			bubble(t, kind+", "+name, func(t *testing.T) {
				s := &answerScript{answers: []scriptedAnswer{answer}}
				_, err := list(t, t.Context(), s.client(row.retryer))
				require.Error(t, err)
				assert.Len(t, s.at, row.requests)
				s = &answerScript{answers: []scriptedAnswer{answer}}
				_, err = list(t, t.Context(), s.client(), row.retryer)
				require.Error(t, err)
				assert.Len(t, s.at, row.requests, "per call")
			})
		}
	}
}

// testShortOutage begins a call at any time of an outage of 1 s.
func testShortOutage(t *testing.T) {
	const trials = 2000
	for name, fail := range map[string]scriptedAnswer{"refused": resetting, "503": down} {
		survived := 0
		for range trials {
			end := time.Now().Add(time.Second)
			client := stubClient("", func(o *appintegrations.Options) {
				o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
					if time.Now().Before(end) {
						return fail(r)
					}
					return fine(r)
				})
			})
			if _, err := list(t, t.Context(), client); err == nil {
				survived++
			}
		}
		share := float64(survived) / trials
		t.Logf("%s: %.1f %% of %d calls that begin with the outage survive it", name, 100*share, trials)
		assert.GreaterOrEqual(t, share, 0.70)
	}
}

// TestRetryBudget holds that a total outage is not met with three times the
// load, and that retries are back soon after it. The official client v1.37.11
// hides the service's error behind that of its quota.
func TestRetryBudget(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		fail  scriptedAnswer
		every time.Duration // between calls
		side  int           // calls side by side
	}{
		{"503", down, 0, 1},
		{"503, a call a second", down, time.Second, 1},
		{"503, side by side", down, 0, 25},
		{"reset", resetting, 0, 1},
		{"empty pages", answering(200, ""), 0, 1},
		{"slow 503", func(r *http.Request) (*http.Response, error) { time.Sleep(10 * time.Second); return down(r) }, 0, 1},
		{"no answer", func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }, 0, 1},
		{"no answer, side by side", func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }, 0, 25},
	} {
		for _, mode := range []aws.RetryMode{"", aws.RetryModeAdaptive, aws.RetryModeStandard} {
			bubble(t, row.name+" "+string(mode), func(t *testing.T) { testOutage(t, row.fail, row.every, row.side, mode) })
		}
	}
	bubble(t, "throttles draw nothing", func(t *testing.T) {
		s := &answerScript{answers: []scriptedAnswer{answering(400, "", "X-Amzn-ErrorType", "ThrottlingException")}}
		client := s.client()
		for range 100 {
			_, err := list(t, t.Context(), client)
			_, ok := as[*appintegrations.ThrottlingException](err)
			require.True(t, ok, "%v", err)
		}
		assert.Len(t, s.at, 300)
	})
	bubble(t, "a budget for each endpoint", func(t *testing.T) {
		s := &answerScript{answers: []scriptedAnswer{down}}
		client := s.client()
		for range 50 {
			list(t, t.Context(), client)
		}
		s.at, s.answers = nil, []scriptedAnswer{down, fine}
		_, err := list(t, t.Context(), client)
		assert.Error(t, err, "used up")
		s.at = nil
		_, err = list(t, t.Context(), client, func(o *appintegrations.Options) { o.BaseEndpoint = aws.String("https://other.test") })
		assert.NoError(t, err)
	})
}

func testOutage(t *testing.T, fail scriptedAnswer, every time.Duration, side int, mode aws.RetryMode) {
	const warmUp, calls = 50, 100
	s := &answerScript{answers: []scriptedAnswer{fail}}
	client := s.client(func(o *appintegrations.Options) { o.RetryMode = mode })
	outage := func(n int) (last error) {
		var wg sync.WaitGroup
		for i := range side {
			wg.Go(func() {
				for range n / side {
					_, err := list(t, t.Context(), client)
					assert.Error(t, err)
					if i == 0 {
						last = err
					}
					time.Sleep(every)
				}
			})
		}
		wg.Wait()
		return last
	}
	outage(warmUp)
	before := len(s.at)
	err := outage(calls)
	perCall := float64(len(s.at)-before) / calls
	assert.LessOrEqual(t, perCall, 1.2)
	_, exhausted := as[*retry.MaxAttemptsError](err)
	if !exhausted {
		assert.ErrorContains(t, err, "retry quota")
	}
	var api smithy.APIError
	var malformed *appintegrations.MalformedResponseError
	var timeout *appintegrations.AttemptTimeoutError
	assert.True(t, errors.As(err, &api) || errors.As(err, &malformed) || errors.As(err, &timeout) || errors.Is(err, syscall.ECONNRESET), "%v", err)

	// The outage ends: how long until a call survives a fault again?
	end := time.Now()
	recovered := false
	for !recovered && time.Since(end) <= 30*time.Second {
		time.Sleep(time.Second)
		s.at, s.answers = nil, []scriptedAnswer{resetting, fine}
		_, err := list(t, t.Context(), client)
		recovered = err == nil
	}
	took := time.Since(end)
	t.Logf("%.2f requests a call; recovered after %.1f s", perCall, took.Seconds())
	assert.True(t, recovered)
	assert.LessOrEqual(t, took, 11*time.Second)
}
