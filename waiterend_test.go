package appintegrations_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/seed-10600c52/appintegrations/types"
)

// listFunc is a mock.
type listFunc func(context.Context, *appintegrations.ListDataIntegrationAssociationsInput, ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error)

func (f listFunc) ListDataIntegrationAssociations(ctx context.Context, in *appintegrations.ListDataIntegrationAssociationsInput, optFns ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
	return f(ctx, in, optFns...)
}

func always(list ...types.DataIntegrationAssociationSummary) listFunc {
	return func(context.Context, *appintegrations.ListDataIntegrationAssociationsInput, ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
		return &appintegrations.ListDataIntegrationAssociationsOutput{DataIntegrationAssociations: list}, nil
	}
}

var newWaiter = appintegrations.NewDataIntegrationAssociationsCompletedWaiter

func TestWaiterGoesByTheStatus(t *testing.T) {
	const completed, running, failed = types.ExecutionStatusCompleted, types.ExecutionStatusInProgress, types.ExecutionStatusFailed
	a := func(i int, status types.ExecutionStatus) types.DataIntegrationAssociationSummary {
		return execution(fmt.Sprint("arn-", i), fmt.Sprint("client-", i), status)
	}
	type list = []types.DataIntegrationAssociationSummary
	for _, row := range []struct {
		name          string
		list          list
		arns, clients []string
		want          string
	}{
		{"completed", list{a(1, completed), a(2, completed)}, nil, nil, "done"},
		{"in progress", list{a(1, completed), a(2, running)}, nil, nil, "1 COMPLETED, 1 IN_PROGRESS"},
		{"no status", list{a(1, completed), a(2, "")}, nil, nil, "1 without a status, 1 COMPLETED"},
		{"empty status", list{{LastExecutionStatus: &types.LastExecutionStatus{}}}, nil, nil, "1 without a status"},
		{"unknown status", list{a(1, completed), a(2, "PAUSED"), a(3, "PAUSED")}, nil, nil, "1 COMPLETED, 2 PAUSED"},
		{"another case", list{a(1, "completed")}, nil, nil, "1 completed"},
		{"an item of nothing", list{{}}, nil, nil, "1 without a status"},
		{"empty list", nil, nil, nil, "no associations"},
		{"one failed", list{a(1, running), a(2, failed)}, nil, nil, "failed arn-2"},
		{"two failed", list{a(1, failed), a(2, completed), a(3, failed)}, nil, nil, "failed arn-1 arn-3"},
		{"named, the others do not matter", list{a(1, failed), a(2, completed), a(3, running)}, []string{"arn-2"}, nil, "done"},
		{"named by client id", list{a(1, failed), a(2, completed), a(3, running)}, nil, []string{"client-2", "client-2"}, "done"},
		{"named by both", list{a(1, completed), a(2, running)}, []string{"arn-1"}, []string{"client-2"}, "1 COMPLETED, 1 IN_PROGRESS"},
		{"named and failed", list{a(1, failed), a(2, completed)}, []string{"arn-1", "arn-9"}, nil, "failed arn-1"},
		{"named and missing", list{a(1, completed)}, []string{"arn-1", "arn-9"}, []string{"client-9", "client-8", "client-9"}, "1 COMPLETED; not in the list: association arn-9, client id client-9, client id client-8"},
		{"an ARN is no client id", list{a(1, completed)}, []string{"client-1"}, []string{"arn-1"}, "no associations; not in the list: association client-1, client id arn-1"},
		{"a client id of two associations", list{execution("arn-1", "c", completed), execution("arn-2", "c", running)}, nil, []string{"c"}, "1 COMPLETED, 1 IN_PROGRESS"},
		{"named, in an empty list", nil, []string{"arn-1"}, nil, "no associations; not in the list: association arn-1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			out, err := newWaiter(always(row.list...)).WaitForOutput(t.Context(), input("example"), time.Second, naming(row.arns, row.clients))
			var notCompleted *appintegrations.NotCompletedError
			var executionFailed *appintegrations.ExecutionFailedError
			got := "done"
			switch {
			case errors.As(err, &notCompleted):
				got = strings.TrimSuffix(strings.TrimPrefix(err.Error(), "executions not completed: data integration example, 1 attempt: "), ": exceeded max wait time for DataIntegrationAssociationsCompleted waiter: no more than the MinDelay of 20s is left for another round")
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			case errors.As(err, &executionFailed):
				got = "failed"
				for _, e := range executionFailed.Executions {
					got += " " + e.DataIntegrationAssociationArn
				}
			default:
				require.NoError(t, err)
				assert.Equal(t, row.list, list(out.DataIntegrationAssociations))
			}
			assert.Equal(t, row.want, got)
		})
	}
}

// TestWaiterRefuses: what can never work is an error that names the field, and
// nothing is sent.
func TestWaiterRefuses(t *testing.T) {
	var none *appintegrations.Client
	withToken := input("example")
	withToken.NextToken = aws.String(plantedToken)
	set := func(fn waitOption) []waitOption { return []waitOption{nil, fn} }
	for _, row := range []struct {
		name    string
		ctx     context.Context
		client  appintegrations.ListDataIntegrationAssociationsAPIClient
		params  *appintegrations.ListDataIntegrationAssociationsInput
		max     time.Duration
		options []waitOption
		want    string
	}{
		{"no context", nil, always(), input("example"), time.Hour, nil, "operation error AppIntegrations: ListDataIntegrationAssociations, the context is nil"},
		{"no client", t.Context(), nil, input("example"), time.Hour, nil, "invalid configuration: client is nil: pass one to NewDataIntegrationAssociationsCompletedWaiter"},
		{"a nil Client", t.Context(), none, input("example"), time.Hour, nil, "operation error AppIntegrations: ListDataIntegrationAssociations, invalid configuration: Client was not made by New or NewFromConfig"},
		{"no params", t.Context(), nil, nil, time.Hour, nil, "invalid configuration: client is nil: pass one to NewDataIntegrationAssociationsCompletedWaiter"},
		{"nil params", t.Context(), always(), nil, time.Hour, nil, "missing required field, ListDataIntegrationAssociationsInput.DataIntegrationIdentifier"},
		{"NextToken", t.Context(), always(), withToken, time.Hour, nil, "a wait needs the complete list, field must be nil, ListDataIntegrationAssociationsInput.NextToken"},
		{"no time", t.Context(), always(), input("example"), 0, nil, "invalid configuration: maxWaitDur 0s: maximum wait time for waiter must be greater than zero"},
		{"negative time", t.Context(), always(), input("example"), -time.Second, nil, "invalid configuration: maxWaitDur -1s: maximum wait time for waiter must be greater than zero"},
		{"MinDelay above MaxDelay", t.Context(), always(), input("example"), time.Hour, set(delays(2*time.Second, time.Second)), "invalid configuration: MinDelay 2s must be lesser than or equal to maximum waiter delay of 1s: lower it, or raise MaxDelay"},
		{"MinDelay above the default of MaxDelay", t.Context(), always(), input("example"), time.Hour, set(delays(time.Hour, 0)), "invalid configuration: MinDelay 1h0m0s must be lesser than or equal to maximum waiter delay of 2m0s: lower it, or raise MaxDelay"},
		{"MaxDelay below the default of MinDelay", t.Context(), always(), input("example"), time.Hour, set(delays(0, time.Second)), "invalid configuration: MinDelay 20s must be lesser than or equal to maximum waiter delay of 1s: lower it, or raise MaxDelay"},
		{"negative MinDelay", t.Context(), always(), input("example"), time.Hour, set(delays(-1, 0)), "invalid configuration: MinDelay -1ns is negative: set a delay, or 0 for the default of 20s"},
		{"negative MaxDelay", t.Context(), always(), input("example"), time.Hour, set(delays(0, -1)), "invalid configuration: MaxDelay -1ns is negative: set a delay, or 0 for the default of 2m0s"},
		{"empty ARN", t.Context(), always(), input("example"), time.Hour, set(naming([]string{"a", ""}, nil)), "invalid configuration: AssociationArns[1] is empty, and would never appear in the list"},
		{"empty client id", t.Context(), always(), input("example"), time.Hour, set(naming(nil, []string{""})), "invalid configuration: ClientIds[0] is empty, and would never appear in the list"},
	} {
		t.Run(row.name, func(t *testing.T) {
			calls := 0
			client := row.client
			if mock, ok := client.(listFunc); ok {
				client = listFunc(func(ctx context.Context, in *appintegrations.ListDataIntegrationAssociationsInput, optFns ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
					calls++
					return mock(ctx, in, optFns...)
				})
			}
			out, err := newWaiter(client).WaitForOutput(row.ctx, row.params, row.max, row.options...)
			assert.Nil(t, out)
			assert.ErrorContains(t, err, row.want)
			assert.NotContains(t, err.Error(), plantedToken)
			var config *appintegrations.ConfigError
			var invalid smithy.InvalidParamsError
			assert.True(t, row.ctx == nil || errors.As(err, &config) || errors.As(err, &invalid), "typed")
			assert.Zero(t, calls)
			if row.ctx != nil {
				// Given to the constructor the options are the same error.
				assert.EqualError(t, newWaiter(client, row.options...).Wait(row.ctx, row.params, row.max), err.Error())
			}
		})
	}
}

// TestWaiterEndsAtOnce: a wait that is cut short ends at that time, with the
// state that it saw last.
func TestWaiterEndsAtOnce(t *testing.T) {
	errCause := errors.New("the operator is tired")
	slow := func(ctx context.Context) error { // a request that never ends by itself
		<-ctx.Done()
		return fmt.Errorf("mock: %w", context.Cause(ctx))
	}
	for _, row := range []struct {
		name    string
		context func(context.Context) (context.Context, context.CancelFunc)
		max     time.Duration
		stuckAt int // the call that never ends; 0: none
		after   time.Duration
		calls   int
		is      []error
		text    string
	}{
		{"canceled between rounds", cancelAfter(90*time.Second, nil), time.Hour, 0, 90 * time.Second, 2, []error{context.Canceled},
			"2 attempts: 1 COMPLETED, 1 IN_PROGRESS; not in the list: association arn-9: request canceled, context canceled"},
		{"canceled with a cause", cancelAfter(90*time.Second, errCause), time.Hour, 0, 90 * time.Second, 2, []error{context.Canceled, errCause},
			"association arn-9: request canceled, context canceled, cause: the operator is tired"},
		{"canceled in a request", cancelAfter(90*time.Second, errCause), time.Hour, 2, 90 * time.Second, 2, []error{errCause},
			"2 attempts: 1 COMPLETED, 1 IN_PROGRESS; not in the list: association arn-9: mock: the operator is tired"},
		{"canceled in the first request", cancelAfter(time.Second, nil), time.Hour, 1, time.Second, 1, []error{context.Canceled},
			"1 attempt: no complete list: mock: context canceled"},
		{"canceled before", cancelAfter(0, nil), time.Hour, 0, 0, 0, []error{context.Canceled},
			"1 attempt: no complete list: operation error AppIntegrations: ListDataIntegrationAssociations, request canceled, context canceled"},
		{"deadline between rounds", deadlineAfter(100 * time.Second), time.Hour, 0, 100 * time.Second, 2, []error{context.DeadlineExceeded},
			"association arn-9: request canceled, context deadline exceeded"},
		{"deadline in a request", deadlineAfter(100 * time.Second), time.Hour, 2, 100 * time.Second, 2, []error{context.DeadlineExceeded},
			"association arn-9: mock: context deadline exceeded"},
		{"maxWaitDur in a request", deadlineAfter(time.Hour), 100 * time.Second, 1, 100 * time.Second, 1, []error{context.DeadlineExceeded},
			"1 attempt: no complete list: mock: exceeded max wait time"},
		{"maxWaitDur below MinDelay", deadlineAfter(time.Hour), time.Minute - 1, 0, 0, 1, []error{context.DeadlineExceeded},
			"1 attempt: 1 COMPLETED, 1 IN_PROGRESS; not in the list: association arn-9: exceeded max wait time for DataIntegrationAssociationsCompleted waiter"},
		{"maxWaitDur as MinDelay", deadlineAfter(time.Hour), time.Minute, 0, 0, 1, []error{context.DeadlineExceeded}, "exceeded max wait time"},
		{"maxWaitDur", deadlineAfter(time.Hour), 150 * time.Second, 0, 90 * time.Second, 3, []error{context.DeadlineExceeded},
			"3 attempts: 1 COMPLETED, 1 IN_PROGRESS; not in the list: association arn-9: exceeded max wait time"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := row.context(t.Context())
				defer cancel()
				calls := 0
				mock := listFunc(func(ctx context.Context, _ *appintegrations.ListDataIntegrationAssociationsInput, _ ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
					if calls++; calls == row.stuckAt {
						return nil, slow(ctx)
					}
					return always(execution("arn-1", "c1", types.ExecutionStatusCompleted), execution("arn-2", "c2", types.ExecutionStatusInProgress))(ctx, nil)
				})
				start := time.Now()
				err := newWaiter(mock, delays(time.Minute, time.Minute)).Wait(ctx, input("example"), row.max, naming([]string{"arn-1", "arn-2", "arn-9"}, nil))
				assert.Equal(t, row.after, time.Since(start))
				assert.Equal(t, row.calls, calls)
				var ended *appintegrations.NotCompletedError
				require.ErrorAs(t, err, &ended)
				for _, is := range row.is {
					assert.ErrorIs(t, err, is)
				}
				assert.ErrorContains(t, err, row.text)
				if !strings.Contains(row.text, "no complete list") {
					assert.Equal(t, []string{"arn-9"}, ended.Last.MissingAssociationArns)
					assert.Len(t, ended.Last.Associations, 2)
				}
			})
		})
	}
}

func cancelAfter(d time.Duration, cause error) func(context.Context) (context.Context, context.CancelFunc) {
	return func(parent context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(parent)
		if d == 0 {
			cancel(cause)
		}
		timer := time.AfterFunc(d, func() { cancel(cause) })
		return ctx, func() { timer.Stop(); cancel(nil) }
	}
}

func deadlineAfter(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(parent context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(parent, d)
	}
}

// TestWaiterDeadlineNearerThanARetry: a client that gives up early, because its
// back-off would pass the end of the wait, ends it with the last state too.
func TestWaiterDeadlineNearerThanARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := finishing(3, 2)
		defer srv.Close()
		err := newWaiter(srv.Client(), delays(10*time.Second, 10*time.Second)).Wait(t.Context(), input("example"), 21*time.Second, onProgress(func(p appintegrations.WaitProgress) {
			if p.Attempt == 2 {
				srv.Fail(appintegrationstest.Throttle(15 * time.Second).Always())
			}
		}))
		var ended *appintegrations.NotCompletedError
		require.ErrorAs(t, err, &ended)
		var throttled *types.ThrottlingException
		assert.ErrorAs(t, err, &throttled)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.EqualValues(t, 2, ended.Last.Attempt)
		assert.EqualValues(t, 3, ended.Attempts)
		assert.Contains(t, err.Error(), "3 attempts: 3 IN_PROGRESS: ")
	})
}

// TestWaiterCanceledInARequest: a cancel reaches the request that is under way.
func TestWaiterCanceledInARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := finishing(3, 2)
		defer srv.Close()
		ctx, cancel := cancelAfter(61*time.Second, nil)(t.Context())
		defer cancel()
		start := time.Now()
		err := newWaiter(srv.Client(), delays(time.Minute, time.Minute)).Wait(ctx, input("example"), time.Hour, onProgress(func(appintegrations.WaitProgress) {
			srv.Fail(appintegrationstest.Stall(time.Hour).OnPage(2))
		}))
		var ended *appintegrations.NotCompletedError
		require.ErrorAs(t, err, &ended)
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorContains(t, err, "executions not completed: data integration example, 2 attempts: 3 IN_PROGRESS: operation error")
		assert.Equal(t, 61*time.Second, time.Since(start))
		assert.Len(t, srv.Requests(), 4)
	})
}

// TestWaiterErrorTexts: one line of at most 1 KiB, whatever the service and the
// caller write, with what matters in it, and never the token of a page.
func TestWaiterErrorTexts(t *testing.T) {
	long := strings.Repeat("long ", 1000)
	names := make([]string, 50)
	for i := range names {
		names[i] = fmt.Sprintf("arn-%d\r\n\x1b[31m%s", i, long)
	}
	failing := func(n int) listFunc {
		return func(_ context.Context, in *appintegrations.ListDataIntegrationAssociationsInput, _ ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
			out := &appintegrations.ListDataIntegrationAssociationsOutput{}
			for i := range n {
				a := execution(fmt.Sprintf("arn-%d", i), "c", types.ExecutionStatusFailed)
				a.LastExecutionStatus.StatusMessage = aws.String(fmt.Sprintf("reason %d\n%s\u202e", i, long))
				out.DataIntegrationAssociations = append(out.DataIntegrationAssociations, a)
			}
			if in.NextToken == nil {
				out.NextToken = aws.String(plantedToken)
			}
			return out, nil
		}
	}
	odd := make([]types.DataIntegrationAssociationSummary, 40)
	for i := range odd {
		odd[i] = execution("a", "c", types.ExecutionStatus(fmt.Sprint("ODD\n", i, long)))
	}
	endless := listFunc(func(_ context.Context, in *appintegrations.ListDataIntegrationAssociationsInput, _ ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
		return &appintegrations.ListDataIntegrationAssociationsOutput{NextToken: aws.String(plantedToken)}, nil
	})
	for _, row := range []struct {
		name   string
		client appintegrations.ListDataIntegrationAssociationsAPIClient
		id     string
		option waitOption
		failed int
		parts  []string
	}{
		{"300 failed", failing(150), "example", nil, 300, []string{"execution failed: data integration example: association arn-0: reason 0\\nlong", "; association arn-2: reason 2", " more"}},
		{"all of it long", failing(1), "\u202e" + long, nil, 2, []string{"association arn-0: reason 0"}},
		{"without an ARN", always(types.DataIntegrationAssociationSummary{ClientId: &long, LastExecutionStatus: &types.LastExecutionStatus{ExecutionStatus: "FAILED"}}), "example", nil, 1, []string{"client id long long", "...: no message"}},
		{"50 missing", always(odd...), long, naming(names, names), 0, []string{"no associations", `not in the list: association arn-0\r\n\x1b[31mlong`, " more: exceeded max wait time for DataIntegrationAssociationsCompleted waiter"}},
		{"40 odd statuses", always(odd...), "example", nil, 0, []string{"1 ODD\\n0", " more: exceeded max wait time"}},
		{"endless list", endless, "example", nil, 0, []string{"ListDataIntegrationAssociations"}},
		{"neither page nor error", listFunc(func(context.Context, *appintegrations.ListDataIntegrationAssociationsInput, ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
			return nil, nil
		}), "example", nil, 0, []string{"neither a page nor an error"}},
		{"a service that quotes the request", appintegrations.New(appintegrations.Options{
			Region: "us-east-1", Credentials: staticCredentials, RetryMaxAttempts: 1,
			HTTPClient: doFunc(func(r *http.Request) (*http.Response, error) {
				if !r.URL.Query().Has("nextToken") {
					return reply(200, `{"DataIntegrationAssociations":[],"NextToken":"`+plantedToken+`"}`)(r)
				}
				return reply(403, `{"message":"you sent `+r.URL.Query().Get("nextToken")+` as `+r.URL.RawQuery+`"}`, "X-Amzn-ErrorType", "AccessDeniedException")(r)
			}),
		}), "example", nil, 0, []string{"AccessDeniedException", "you sent REDACTED"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var shown bytes.Buffer
			w := newWaiter(row.client, onProgress(func(p appintegrations.WaitProgress) {
				text := p.String()
				assert.LessOrEqual(t, len(text), maxErrorText)
				assert.False(t, strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }), text)
				fmt.Fprintf(&shown, "%v %+v %#v", p, p, p)
			}))
			err := w.Wait(t.Context(), input(row.id), time.Second, row.option)
			require.Error(t, err)
			text := err.Error()
			assert.LessOrEqual(t, len(text), maxErrorText)
			assert.False(t, strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }), text)
			for _, part := range row.parts {
				assert.Contains(t, text, part)
			}
			fmt.Fprintf(&shown, "%v %+v %#v %v %+v %#v", err, err, err, w, w, w)
			for _, secret := range []string{plantedToken, "planted%2Bsecret", staticCredentials.Value.SecretAccessKey} {
				assert.NotContains(t, shown.String(), secret)
			}
			var loop *appintegrations.PaginationLoopError
			assert.Equal(t, row.name == "endless list", errors.As(err, &loop))
			var failed *appintegrations.ExecutionFailedError
			require.Equal(t, row.failed > 0, errors.As(err, &failed))
			if row.failed > 1 {
				require.Len(t, failed.Executions, row.failed, "the fields contain all of them")
				assert.Equal(t, fmt.Sprintf("reason %d\n%s\u202e", row.failed/2-1, long), failed.Executions[row.failed-1].StatusMessage, "as it came")
			}
		})
	}
}

// TestWaiterErrorTextsCount: however long the names are, each is in the text or
// counted in its "and N more", and the text is never cut in the middle.
func TestWaiterErrorTextsCount(t *testing.T) {
	t.Parallel()
	more := regexp.MustCompile(`and (\d+) more`)
	check := func(err error, name string, total int, end string) int {
		text := err.Error()
		require.LessOrEqual(t, len(text), maxErrorText)
		require.True(t, strings.HasSuffix(text, end), text)
		if _, names, ok := strings.Cut(text, "; not in the list: "); ok {
			text = names // the counts before it may have been cut too
		}
		shown, left := strings.Count(text, name), 0
		if match := more.FindStringSubmatch(text); match != nil {
			left, _ = strconv.Atoi(match[1])
		}
		require.Equal(t, total, shown+left, text)
		require.Positive(t, shown)
		return left
	}
	cut := 0
	for _, n := range []int{1, 2, 3, 4, 5, 6, 10, 40, 300} {
		for length := 0; length < 300; length += few(3, 13) {
			missing, failed, statuses := []string{}, []appintegrations.FailedExecution{}, map[types.ExecutionStatus]int{}
			for i := range n {
				statuses[types.ExecutionStatus(fmt.Sprint(i, strings.Repeat("S", length)))] = i
				missing = append(missing, fmt.Sprintf("arn-%d-%s", i, strings.Repeat("x", length)))
				failed = append(failed, appintegrations.FailedExecution{DataIntegrationAssociationArn: fmt.Sprint("arn-", i), StatusMessage: strings.Repeat("x", length)})
			}
			id, cause := strings.Repeat("i", length), errors.New("cause "+strings.Repeat("y", 10*length))
			state := appintegrations.WaitProgress{Attempt: 1, MissingAssociationArns: missing, Statuses: statuses}
			end := cause.Error()
			if len(end) > 360 {
				end = "y..."
			}
			cut += check(&appintegrations.NotCompletedError{DataIntegrationIdentifier: id, Last: state, Err: cause}, "arn-", n, end)
			cut += check(&appintegrations.ExecutionFailedError{DataIntegrationIdentifier: id, Executions: failed}, "arn-", n, "")
		}
	}
	assert.Greater(t, cut, 10_000)
}
