package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// TestStart lists integrations of one page each, all at once, under a quota: the
// likeliest account has 20 of them and 2 requests a second. All is start, there is no
// steady state, and no list may be lost.
func TestStart(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		lists       int
		rate, burst float64
		ratio       float64 // of the bound, (lists - burst) / rate, at most
	}{
		{20, 2, 5, 1.35},
		{60, 5, 5, 1.25},
		{100, 10, 10, 1.25},
		{600, 100, 10, 1.25},
	} {
		for _, mode := range []aws.RetryMode{"", aws.RetryModeAdaptive} {
			t.Run(fmt.Sprintf("%d lists at %v/s, mode %q", row.lists, row.rate, mode), func(t *testing.T) {
				runs := more(30, 10, 3)
				if raceDetector() {
					runs = 3
				}
				worst, sum, throttled, requests := 0.0, 0.0, 0, 0
				for range runs {
					synctest.Test(t, func(t *testing.T) {
						q := &quota{limits: limits{rate: func(time.Duration) float64 { return row.rate }, burst: row.burst}, service: pagedService(row.lists, 1)}
						client := q.service.Client(func(o *appintegrations.Options) { o.RetryMode, o.HTTPClient = mode, q })
						start := time.Now()
						failed, listed := listAll(t, client, row.lists, row.lists)
						ratio := time.Since(start).Seconds() / ((float64(row.lists) - row.burst) / row.rate)
						assert.Zero(t, failed)
						assert.Equal(t, row.lists, listed)
						worst, sum, throttled, requests = max(worst, ratio), sum+ratio, throttled+q.throttled, requests+q.requests
					})
				}
				t.Logf("%d runs: %.3f of the bound, at worst %.3f; %.1f %% throttled", runs, sum/float64(runs), worst, 100*float64(throttled)/float64(requests))
				assert.LessOrEqual(t, sum/float64(runs), row.ratio)
			})
		}
	}
}

// TestThrottledForEver: a quota that lets nothing through ends every call, after
// its attempts or after two minutes without its turn.
func TestThrottledForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := scripted(reply(429, ""))
		client := s.client()
		_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
		var exhausted *retry.MaxAttemptsError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, 3, exhausted.Attempt)
		assert.Equal(t, 3, s.count())
	})
	synctest.Test(t, func(t *testing.T) {
		client := scripted(reply(429, "")).client()
		start := time.Now()
		var throttled atomic.Int64
		var calls sync.WaitGroup
		for range 300 {
			calls.Go(func() {
				_, err := client.ListDataIntegrationAssociations(context.Background(), input("example"))
				var e *appintegrations.ThrottlingException
				if assert.ErrorAs(t, err, &e) {
					throttled.Add(1)
				}
			})
		}
		calls.Wait()
		t.Logf("300 calls end after %v", time.Since(start))
		assert.Equal(t, int64(300), throttled.Load())
		assert.LessOrEqual(t, time.Since(start), 5*time.Minute)
	})
}

// TestAttemptsToTheLetter: who says how many attempts a call may make gets no
// more, however many pages pass beside it.
func TestAttemptsToTheLetter(t *testing.T) {
	t.Parallel()
	for name, optFn := range map[string]func(*appintegrations.Options){
		"RetryMaxAttempts":     func(o *appintegrations.Options) { o.RetryMaxAttempts = 3 },
		"Retryer":              func(o *appintegrations.Options) { o.Retryer = retry.NewStandard() },
		"wrapper of a Retryer": func(o *appintegrations.Options) { o.Retryer = retry.AddWithMaxAttempts(o.Retryer, 2) },
		"standard mode":        func(o *appintegrations.Options) { o.RetryMode = aws.RetryModeStandard },
		"none":                 func(*appintegrations.Options) {},
	} {
		bubble(t, name, func(t *testing.T) {
			var of [2]atomic.Int64 // requests: throttled, passed
			var headers sync.Map
			client := stubClient("", optFn, func(o *appintegrations.Options) {
				o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
					time.Sleep(time.Millisecond)
					if strings.Contains(r.URL.Path, "throttled") {
						if n := of[0].Add(1); n < 8 {
							headers.Store(n, r.Header.Get("Amz-Sdk-Request"))
							return replied(r, 429, strings.NewReader("")), nil
						}
					}
					of[1].Add(1)
					return replied(r, 200, strings.NewReader("{}")), nil
				})
			})
			unpaced := func(o *appintegrations.Options) { o.RetryMode = aws.RetryModeStandard }
			ctx, cancel := context.WithCancel(t.Context())
			var beside sync.WaitGroup
			for i := range 2 { // so that some page passes in every millisecond
				beside.Go(func() {
					time.Sleep(time.Duration(i) * time.Millisecond / 2)
					for ctx.Err() == nil {
						client.ListDataIntegrationAssociations(ctx, input("passes"), unpaced)
					}
				})
			}
			time.Sleep(20 * time.Millisecond)
			_, err := client.ListDataIntegrationAssociations(t.Context(), input("throttled"))
			cancel()
			beside.Wait()
			if name == "none" {
				require.NoError(t, err)
				assert.Equal(t, int64(8), of[0].Load())
				third, _ := headers.Load(int64(3))
				fourth, _ := headers.Load(int64(4))
				assert.Equal(t, []any{"attempt=3; max=3", "attempt=4"}, []any{third, fourth})
				return
			}
			var exhausted *retry.MaxAttemptsError
			require.ErrorAs(t, err, &exhausted)
			assert.Equal(t, int64(exhausted.Attempt), of[0].Load())
			assert.LessOrEqual(t, exhausted.Attempt, 3)
		})
	}
}

// TestTurnsAreFair: calls that wait for their turn get it in the order in which
// they came, also those that were throttled meanwhile.
func TestTurnsAreFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &quota{limits: limits{rate: func(time.Duration) float64 { return 1 }, burst: 1}, service: pagedService(40, 1)}
		client := q.service.Client(func(o *appintegrations.Options) { o.HTTPClient = q })
		var mu sync.Mutex
		var order []int
		var calls sync.WaitGroup
		for i := range 40 {
			calls.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				_, err := client.ListDataIntegrationAssociations(t.Context(), input(fmt.Sprint("i", i)))
				assert.NoError(t, err)
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
			})
		}
		calls.Wait()
		late := 0
		for place, i := range order {
			late = max(late, place-i)
		}
		t.Logf("order: %v", order)
		assert.LessOrEqual(t, late, 4, "places that a call was overtaken")
	})
}

// TestDeadlineBeforeTurn: a call whose deadline is nearer than its turn ends at
// once, and its error contains the throttle.
func TestDeadlineBeforeTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := scripted(reply(429, "")).client()
		var calls sync.WaitGroup
		for range 30 {
			calls.Go(func() { client.ListDataIntegrationAssociations(context.Background(), input("example")) })
		}
		time.Sleep(10 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		_, err := client.ListDataIntegrationAssociations(ctx, input("example"))
		assert.Less(t, time.Since(start), 100*time.Millisecond)
		assert.True(t, errors.Is(err, context.DeadlineExceeded))
		calls.Wait()
	})
}
