package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/seed-10600c52/appintegrations/types"
)

type lines struct{ text []string }

func (l *lines) Logf(c logging.Classification, format string, v ...any) {
	l.text = append(l.text, string(c)+" "+fmt.Sprintf(format, v...))
}

// TestWaiterOptionsReachTheCalls: as with the SDK's waiters, APIOptions are
// appended to the client's, then ClientOptions run.
func TestWaiterOptionsReachTheCalls(t *testing.T) {
	none := func(*middleware.Stack) error { return nil }
	logger := &lines{}
	calls := 0
	mock := listFunc(func(_ context.Context, in *appintegrations.ListDataIntegrationAssociationsInput, optFns ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
		calls++
		o := appintegrations.Options{APIOptions: make([]func(*middleware.Stack) error, 1, 8), Logger: logger}
		backing := o.APIOptions[:2]
		for _, fn := range optFns {
			fn(&o)
		}
		assert.Len(t, o.APIOptions, 1+2+1)
		assert.Equal(t, "set", o.AppID)
		assert.Nil(t, backing[1], "the client's own slice is not written to")
		out := &appintegrations.ListDataIntegrationAssociationsOutput{DataIntegrationAssociations: []types.DataIntegrationAssociationSummary{execution("a", "c", "COMPLETED")}}
		awsmiddleware.SetRequestIDMetadata(&out.ResultMetadata, fmt.Sprint("request-", calls))
		if in.NextToken == nil {
			out.NextToken = aws.String("next")
		}
		return out, nil
	})
	set := func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) {
		o.LogWaitAttempts = true
		o.APIOptions = append(o.APIOptions, none)
	}
	w := newWaiter(mock, set)
	out, err := w.WaitForOutput(t.Context(), input("example"), time.Second, set, func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) {
		assert.Equal(t, 20*time.Second, o.MinDelay)
		assert.Equal(t, 120*time.Second, o.MaxDelay)
		assert.NotNil(t, o.Retryable)
		o.ClientOptions = append(o.ClientOptions, nil, func(o *appintegrations.Options) {
			assert.Len(t, o.APIOptions, 3, "the APIOptions of the waiter came before")
			o.APIOptions = append(o.APIOptions, none)
			o.AppID = "set"
		})
		o.Retryable = nil
	})
	require.NoError(t, err)
	assert.Len(t, out.DataIntegrationAssociations, 2)
	id, _ := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
	assert.Equal(t, "request-2", id, "of the last page")
	assert.Equal(t, 2, calls)
	assert.Equal(t, []string{"DEBUG attempting waiter request, attempt count: 1"}, logger.text, "one line a round")
}

// TestWaiterAPIOptionsRun: the middleware of a waiter runs in the calls of all
// pages and rounds, and in no other call of the client.
func TestWaiterAPIOptionsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := finishing(5, 2, 0, 0, 0, 0, 1)
		defer srv.Close()
		client := srv.Client()
		require.NoError(t, newWaiter(client, delays(time.Minute, time.Minute)).Wait(t.Context(), input("example"), time.Hour, func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) {
			o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue("X-Probe", "waiter"))
		}))
		_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
		require.NoError(t, err)
		var probes []string
		for _, r := range srv.Requests() {
			probes = append(probes, r.Header.Get("X-Probe"))
		}
		assert.Equal(t, []string{"waiter", "waiter", "waiter", "waiter", "waiter", "waiter", ""}, probes)
	})
}

func TestWaiterRetryable(t *testing.T) {
	errMine := errors.New("mine")
	type retryable = func(context.Context, *appintegrations.ListDataIntegrationAssociationsInput, *appintegrations.ListDataIntegrationAssociationsOutput, error) (bool, error)
	for _, row := range []struct {
		name string
		wrap func(before retryable) retryable
		want string
	}{
		{"its error, unchanged", func(retryable) retryable {
			return func(context.Context, *appintegrations.ListDataIntegrationAssociationsInput, *appintegrations.ListDataIntegrationAssociationsOutput, error) (bool, error) {
				return true, errMine
			}
		}, "mine"},
		{"success", func(retryable) retryable {
			return func(_ context.Context, in *appintegrations.ListDataIntegrationAssociationsInput, _ *appintegrations.ListDataIntegrationAssociationsOutput, _ error) (bool, error) {
				in.DataIntegrationIdentifier = nil // it is a copy
				return false, nil
			}
		}, ""},
		{"the default with part of the output", func(before retryable) retryable {
			return func(ctx context.Context, _ *appintegrations.ListDataIntegrationAssociationsInput, out *appintegrations.ListDataIntegrationAssociationsOutput, err error) (bool, error) {
				part := &appintegrations.ListDataIntegrationAssociationsOutput{DataIntegrationAssociations: out.DataIntegrationAssociations[:1]}
				return before(context.WithValue(ctx, errMine, 1), nil, part, err)
			}
		}, ""},
		{"the default with another context", func(before retryable) retryable {
			return func(_ context.Context, in *appintegrations.ListDataIntegrationAssociationsInput, out *appintegrations.ListDataIntegrationAssociationsOutput, err error) (bool, error) {
				return before(t.Context(), in, out, err)
			}
		}, "the default Retryable needs a context derived from the one that the waiter passed to Retryable"},
		{"the default with nothing", func(before retryable) retryable {
			return func(ctx context.Context, in *appintegrations.ListDataIntegrationAssociationsInput, _ *appintegrations.ListDataIntegrationAssociationsOutput, err error) (bool, error) {
				return before(ctx, nil, nil, nil)
			}
		}, "the default Retryable has neither an output nor an error"},
	} {
		t.Run(row.name, func(t *testing.T) {
			mock := always(execution("a", "c", "COMPLETED"), execution("b", "c", "FAILED"))
			out, err := newWaiter(mock, func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) {
				o.Retryable = row.wrap(o.Retryable)
			}).WaitForOutput(t.Context(), input("example"), time.Hour)
			if row.want != "" {
				assert.EqualError(t, err, row.want)
				assert.Nil(t, out)
				return
			}
			require.NoError(t, err)
			assert.Len(t, out.DataIntegrationAssociations, 2)
		})
	}
}

// TestWaiterProgress: what OnProgress gets, and that nothing it or the caller
// changes moves the wait.
func TestWaiterProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := finishing(3, 2)
		defer srv.Close()
		in := input("example")
		var texts []string
		err := newWaiter(srv.Client(), delays(time.Minute, time.Minute)).Wait(t.Context(), in, 3*time.Minute, naming([]string{"arn-1", "arn-9"}, []string{"3"}), onProgress(func(p appintegrations.WaitProgress) {
			texts = append(texts, p.String())
			*in.DataIntegrationIdentifier = "changed"
			p.Statuses["changed"] = 7
			clear(p.Associations)
			p.MissingAssociationArns[0] = "changed"
		}))
		const tail = "; not in the list: association arn-9"
		assert.Equal(t, []string{
			"attempt 1: 2 IN_PROGRESS" + tail + ", next in 1m0s",
			"attempt 2: 1 COMPLETED, 1 IN_PROGRESS" + tail + ", next in 1m0s",
			"attempt 3: 1 COMPLETED, 1 IN_PROGRESS" + tail,
		}, texts)
		var ended *appintegrations.NotCompletedError
		require.ErrorAs(t, err, &ended)
		assert.Equal(t, map[types.ExecutionStatus]int{"COMPLETED": 1, "IN_PROGRESS": 1}, ended.Last.Statuses)
		assert.Equal(t, []string{"arn-9"}, ended.Last.MissingAssociationArns)
		assert.Equal(t, "arn-1", *ended.Last.Associations[0].DataIntegrationAssociationArn)
	})
}

// TestWaiterKeepsItsOptions: what a caller does to its slices, or to those that
// an option function sees, moves no other wait.
func TestWaiterKeepsItsOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arns := []string{"arn-1"}
		w := newWaiter(always(execution("arn-1", "c", "COMPLETED")), naming(arns, nil))
		arns[0] = "changed"
		require.NoError(t, w.Wait(t.Context(), input("example"), time.Second))
		change := func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) {
			o.AssociationArns[0] = "changed"
		}
		require.ErrorContains(t, w.Wait(t.Context(), input("example"), time.Second, change), "association changed")
		require.NoError(t, w.Wait(t.Context(), input("example"), time.Second))

		params, rounds := input("example"), 0
		mock := listFunc(func(_ context.Context, in *appintegrations.ListDataIntegrationAssociationsInput, _ ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
			assert.Equal(t, "example", *in.DataIntegrationIdentifier)
			rounds++
			return &appintegrations.ListDataIntegrationAssociationsOutput{}, nil
		})
		err := newWaiter(mock).Wait(t.Context(), params, time.Hour, func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) {
			o.Retryable = func(_ context.Context, in *appintegrations.ListDataIntegrationAssociationsInput, _ *appintegrations.ListDataIntegrationAssociationsOutput, _ error) (bool, error) {
				*in.DataIntegrationIdentifier, *params.DataIntegrationIdentifier = "changed", "changed"
				return rounds < 3, nil
			}
		})
		require.NoError(t, err)
		assert.Equal(t, 3, rounds)
	})
}

// TestWaiterSlowProgress: the time that OnProgress takes counts too.
func TestWaiterSlowProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := newWaiter(always()).Wait(t.Context(), input("example"), time.Minute, onProgress(func(appintegrations.WaitProgress) { time.Sleep(50 * time.Second) }))
		assert.EqualError(t, err, "executions not completed: data integration example, 1 attempt: no associations: exceeded max wait time for DataIntegrationAssociationsCompleted waiter")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Minute, time.Since(start))
	})
}

func ExampleNewDataIntegrationAssociationsCompletedWaiter() {
	service := appintegrationstest.New()
	service.Put("example", execution("arn-1", "connect-1", types.ExecutionStatusCompleted), execution("arn-2", "connect-2", types.ExecutionStatusFailed))
	waiter := appintegrations.NewDataIntegrationAssociationsCompletedWaiter(service.Client(), // or NewFromConfig(cfg)
		func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) {
			o.OnProgress = func(p appintegrations.WaitProgress) { fmt.Println(p) }
		})
	in := &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")}
	fmt.Println(waiter.Wait(context.Background(), in, time.Hour, func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) {
		o.ClientIds = []string{"connect-1"}
	}))
	fmt.Println(waiter.Wait(context.Background(), in, time.Hour))
	// Output:
	// attempt 1: 1 COMPLETED
	// <nil>
	// attempt 1: 1 COMPLETED, 1 FAILED
	// execution failed: data integration example: association arn-2: message of arn-2
}

// TestWaiterUserAgent: the calls of a waiter carry the mark of the SDK's waiters,
// with hooks and without.
func TestWaiterUserAgent(t *testing.T) {
	for _, hooked := range []bool{false, true} {
		var agent string
		client := stubClient("", func(o *appintegrations.Options) {
			o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
				agent = r.Header.Get("User-Agent")
				return replied(r, 200, strings.NewReader(`{"DataIntegrationAssociations":[{"LastExecutionStatus":{"ExecutionStatus":"COMPLETED"}}]}`)), nil
			})
			if hooked {
				o.APIOptions = append(o.APIOptions, func(*middleware.Stack) error { return nil })
			}
		})
		require.NoError(t, appintegrations.NewDataIntegrationAssociationsCompletedWaiter(client).Wait(t.Context(), input("example"), time.Minute))
		_, marks, ok := strings.Cut(agent, " m/")
		require.True(t, ok, agent)
		assert.Contains(t, strings.Split(marks, ","), "B", agent)
		assert.NotContains(t, strings.Split(marks, ","), "C", agent)
	}
}
