package appintegrations_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// TestVariablesOfTheSDK holds that two variables, with which other clients of the
// SDK retry and time out in another way, change nothing: in a call of its own, and
// in a stack of the SDK.
func TestVariablesOfTheSDK(t *testing.T) {
	for _, value := range []string{"", "true"} {
		for name, optFn := range map[string]func(*appintegrations.Options){
			"straight": func(*appintegrations.Options) {},
			"stack":    appintegrations.WithAPIOptions(smithyhttp.AddHeaderValue("X-Trace-Id", "1")),
		} {
			t.Run(fmt.Sprintf("%q, %s", value, name), func(t *testing.T) {
				t.Setenv("AWS_NEW_RETRIES_2026", value)
				t.Setenv("AWS_ENABLE_DEFAULT_SOCKET_TIMEOUT_2026", value)
				synctest.Test(t, func(t *testing.T) { variablesChangeNothing(t, optFn) })
			})
		}
	}
}

func variablesChangeNothing(t *testing.T, optFn func(*appintegrations.Options)) {
	const calls = 60 // each maximum below is missed with a probability under 0.6^60
	for _, row := range []struct {
		name                       string
		answer                     doFunc
		first, longest, atLeastOne time.Duration // of the waits: the first at most, each at most, one of them at least
	}{
		{"transient", reply(503, `{}`), 50 * time.Millisecond, 4 * time.Second, 1600 * time.Millisecond},
		{"throttled", reply(429, `{}`), time.Second, 2 * time.Second, 1200 * time.Millisecond},
	} {
		var longest time.Duration
		for range calls {
			s := scripted(row.answer)
			_, err := list(t, t.Context(), s.client(optFn, func(o *appintegrations.Options) { o.RetryMode = "standard" }))
			require.Error(t, err, row.name)
			require.Len(t, s.times, 3, "%s: attempts", row.name)
			assert.LessOrEqual(t, s.times[1].Sub(s.times[0]), row.first, "%s: the first wait", row.name)
			second := s.times[2].Sub(s.times[1])
			assert.LessOrEqual(t, second, row.longest, "%s: the second wait", row.name)
			longest = max(longest, second)
		}
		assert.GreaterOrEqual(t, longest, row.atLeastOne, "%s: the longest second wait of %d calls", row.name, calls)
	}
	asks := scripted(reply(503, `{}`, "X-Amz-Retry-After", "1500"), reply(200, whole))
	_, err := list(t, t.Context(), asks.client(optFn))
	require.NoError(t, err)
	assert.Equal(t, 1500*time.Millisecond, asks.times[1].Sub(asks.times[0]), "x-amz-retry-after")
}

// Without an AttemptTimeout a response may pause for any time: no variable sets a
// timeout of reads.
func TestNoSocketTimeoutByVariable(t *testing.T) {
	t.Setenv("AWS_ENABLE_DEFAULT_SOCKET_TIMEOUT_2026", "true")
	synctest.Test(t, func(t *testing.T) {
		s := (&faultServer{answer: func(c *faultConn, n int) {
			io.WriteString(c, ok200+fmt.Sprintf("Content-Length: %d\r\n\r\n", len(whole)))
			io.Copy(c, strings.NewReader(whole[:10]))
			time.Sleep(time.Hour)
			io.WriteString(c, whole[10:])
		}}).start(t)
		text, err := list(t, t.Context(), s.client(t, func(o *appintegrations.Options) { o.AttemptTimeout = -1 }))
		require.NoError(t, err)
		assert.Equal(t, wholeText(), text)
	})
}

// Two rules of the official v1.37.11 that later versions of it change. The fault of
// a ConflictException is that of later versions.
func TestErrorsAsOfficial(t *testing.T) {
	for _, row := range []struct {
		name   string
		answer doFunc
		code   string
		fault  smithy.ErrorFault
	}{
		{"an exception of other operations", reply(409, `{"Message":"no"}`, "X-Amzn-ErrorType", "ConflictException"), "ConflictException", smithy.FaultClient},
		{"the same in the body", reply(409, `{"__type":"ConflictException","Message":"no"}`), "ConflictException", smithy.FaultClient},
		{"in lower case", reply(400, `{"code":"conflictexception"}`), "conflictexception", smithy.FaultClient},
		{"another code with that status", reply(409, `{"code":"Other"}`), "Other", smithy.FaultUnknown},
		{"code before __type", reply(400, `{"__type":"AccessDeniedException","code":"Other"}`), "Other", smithy.FaultUnknown},
		{"code after __type in the text", reply(400, `{"code":"Other","__type":"AccessDeniedException"}`), "Other", smithy.FaultUnknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := scripted(row.answer)
			err := s.fails(t)
			generic, ok := as[*smithy.GenericAPIError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, row.code, generic.ErrorCode())
			assert.Equal(t, row.fault, generic.ErrorFault())
			assert.Equal(t, 1, s.count(), "requests")
		})
	}
}
