package compat

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// waits are what ours waits for, at least and at most, before the second attempt.
var waits = []struct {
	name        string // of the row of differences
	answer      answer
	least, most time.Duration
}{
	{quickRetry, coded(503, "ServiceUnavailable"), 0, 50 * time.Millisecond},
	{honouredWait, reply(503, `{}`, "X-Amzn-Errortype", "A", "Retry-After", "2"), 2 * time.Second, 2 * time.Second},
	{honouredWait, reply(503, `{}`, "X-Amzn-Errortype", "A", "X-Amz-Retry-After", "1500"), 1500 * time.Millisecond, 1500 * time.Millisecond},
}

// What ours waits before the second attempt is what the service asks for, or
// little. What official waits is random, up to two seconds: of many calls, some
// wait for longer than ours ever does, and none for exactly what was asked.
func TestWaits(t *testing.T) {
	const calls = 40
	for _, r := range waits {
		outside := 0
		for range calls {
			for _, p := range peers {
				synctest.Test(t, func(t *testing.T) {
					start := time.Now()
					o := run(t, p, script(r.answer, page200), nil, nil)
					require.NoError(t, o.err)
					require.Len(t, o.sent, 2)
					took := time.Since(start)
					inside := r.least <= took && took <= r.most
					switch {
					case p.name == "ours":
						assert.True(t, inside, "%s: ours waited %v", r.name, took)
					case !inside:
						outside++
					}
				})
			}
		}
		assert.Greater(t, outside, calls/2, "%s: official", r.name)
	}
}

// In an outage both clients stop to retry at some time, ours long before
// official, and each call still tells the service's error.
func TestOutage(t *testing.T) {
	const warmUp, calls = 20, 200 // the warm-up uses up the budget of ours
	var requests, warm [2]int
	for i, p := range peers {
		synctest.Test(t, func(t *testing.T) {
			r := &recorder{answer: coded(503, "ServiceUnavailable")}
			c := p.new(basics(r)...)
			for n := range calls {
				if n == warmUp {
					warm[i] = len(r.sent())
				}
				_, err := c.list(t.Context(), anInput)
				require.Contains(t, verdict(outcome{err: err}), `503 GenericAPIError ServiceUnavailable "said"`, p.name)
			}
			requests[i] = len(r.sent())
		})
	}
	assert.Equal(t, 3*50+150, requests[0], "official")
	assert.LessOrEqual(t, requests[1]-warm[1], (calls-warmUp)*6/5, "ours")
	assert.Greater(t, warm[1], warmUp, "ours retries too")
	t.Logf("counted: %d requests of official and %d of ours for %d calls in an outage", requests[0], requests[1], calls)
}
