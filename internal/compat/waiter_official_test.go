package compat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	staticcredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/logging"
	smithyrand "github.com/aws/smithy-go/rand"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ours "github.com/seed-10600c52/appintegrations"
)

// A waitScenario is what a waiter meets. The official waiters are made by one
// template; TableExistsWaiter of DynamoDB stands for all of them.
type waitScenario struct {
	seed      int64          // of the random source
	min, max  *time.Duration // nil: unset
	maxWait   time.Duration  // of the waiter
	latency   time.Duration  // of a call
	doneAt    int            // the call that finds what is waited for; 0: none
	failAt    int            // the call that fails; 0: none
	goOn      bool           // Retryable goes on after that
	deaf      bool           // calls do not end with their context
	cancelAt  time.Duration  // 0: never; negative: before the first call
	deadline  time.Duration  // of the caller's context; 0: none
	construct bool           // the options are given to the constructor
}

type waitOutcome struct {
	calls []time.Duration // when each began
	ended time.Duration
	err   error
}

var errWaitFault = errors.New("fault")

// call is one request of a scenario.
func (s *waitScenario) call(ctx context.Context, o *waitOutcome, start time.Time) (done bool, err error) {
	o.calls = append(o.calls, time.Since(start))
	timer := time.NewTimer(s.latency)
	defer timer.Stop()
	if s.deaf {
		<-timer.C
	} else {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	if len(o.calls) == s.failAt {
		return false, errWaitFault
	}
	return len(o.calls) == s.doneAt, nil
}

// run runs a scenario in virtual time.
func (s *waitScenario) run(t *testing.T, wait func(ctx context.Context, call func(context.Context) (bool, error)) error) (o waitOutcome) {
	before := smithyrand.Reader
	defer func() { smithyrand.Reader = before }()
	smithyrand.Reader = rand.New(rand.NewSource(s.seed))
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if s.deadline > 0 {
			ctx, cancel = context.WithTimeout(ctx, s.deadline)
			defer cancel()
		}
		if s.cancelAt < 0 {
			cancel()
		} else if s.cancelAt > 0 {
			defer time.AfterFunc(s.cancelAt, cancel).Stop()
		}
		start := time.Now()
		o.err = wait(ctx, func(ctx context.Context) (bool, error) { return s.call(ctx, &o, start) })
		o.ended = time.Since(start)
	})
	return o
}

func setDelay(field, value *time.Duration) {
	if value != nil {
		*field = *value
	}
}

type tableMock func(context.Context) (bool, error)

func (m tableMock) DescribeTable(ctx context.Context, _ *dynamodb.DescribeTableInput, _ ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	done, err := m(ctx)
	if err != nil {
		return nil, err
	}
	out := &dynamodb.DescribeTableOutput{Table: &dynamodbtypes.TableDescription{TableStatus: dynamodbtypes.TableStatusCreating}}
	if done {
		out.Table.TableStatus = dynamodbtypes.TableStatusActive
	}
	return out, nil
}

func (s *waitScenario) official(t *testing.T) waitOutcome {
	return s.run(t, func(ctx context.Context, call func(context.Context) (bool, error)) error {
		set := func(o *dynamodb.TableExistsWaiterOptions) {
			setDelay(&o.MinDelay, s.min)
			setDelay(&o.MaxDelay, s.max)
			before := o.Retryable
			o.Retryable = func(ctx context.Context, in *dynamodb.DescribeTableInput, out *dynamodb.DescribeTableOutput, err error) (bool, error) {
				if s.goOn && errors.Is(err, errWaitFault) {
					return true, nil
				}
				return before(ctx, in, out, err)
			}
		}
		if s.construct {
			return dynamodb.NewTableExistsWaiter(tableMock(call), set).Wait(ctx, &dynamodb.DescribeTableInput{}, s.maxWait)
		}
		return dynamodb.NewTableExistsWaiter(tableMock(call)).Wait(ctx, &dynamodb.DescribeTableInput{}, s.maxWait, set)
	})
}

type listMock func(context.Context) (bool, error)

func (m listMock) ListDataIntegrationAssociations(ctx context.Context, _ *ours.ListDataIntegrationAssociationsInput, _ ...func(*ours.Options)) (*ours.ListDataIntegrationAssociationsOutput, error) {
	done, err := m(ctx)
	if err != nil {
		return nil, err
	}
	status := ours.ExecutionStatusInProgress
	if done {
		status = ours.ExecutionStatusCompleted
	}
	return &ours.ListDataIntegrationAssociationsOutput{DataIntegrationAssociations: []ours.DataIntegrationAssociationSummary{
		{LastExecutionStatus: &ours.LastExecutionStatus{ExecutionStatus: status}},
	}}, nil
}

func (s *waitScenario) ours(t *testing.T) waitOutcome {
	return s.run(t, func(ctx context.Context, call func(context.Context) (bool, error)) error {
		set := func(o *ours.DataIntegrationAssociationsCompletedWaiterOptions) {
			setDelay(&o.MinDelay, s.min)
			setDelay(&o.MaxDelay, s.max)
			before := o.Retryable
			o.Retryable = func(ctx context.Context, in *ours.ListDataIntegrationAssociationsInput, out *ours.ListDataIntegrationAssociationsOutput, err error) (bool, error) {
				if s.goOn && errors.Is(err, errWaitFault) {
					return true, nil
				}
				return before(ctx, in, out, err)
			}
		}
		if s.construct {
			return ours.NewDataIntegrationAssociationsCompletedWaiter(listMock(call), set).Wait(ctx, &ours.ListDataIntegrationAssociationsInput{}, s.maxWait)
		}
		return ours.NewDataIntegrationAssociationsCompletedWaiter(listMock(call)).Wait(ctx, &ours.ListDataIntegrationAssociationsInput{}, s.maxWait, set)
	})
}

// kind says what ended a wait. Official has no error to match for maxWaitDur and
// for options that cannot work: its texts are in ours.
func (o waitOutcome) kind() string {
	const maxWait, noWait, delays = "exceeded max wait time for", "maximum wait time for waiter must be greater than zero", "must be lesser than or equal to maximum waiter delay"
	switch {
	case o.err == nil:
		return "done"
	case strings.Contains(o.err.Error(), maxWait):
		return maxWait
	case strings.Contains(o.err.Error(), noWait):
		return noWait
	case strings.Contains(o.err.Error(), delays):
		return delays
	case errors.Is(o.err, context.Canceled):
		return "canceled"
	case errors.Is(o.err, context.DeadlineExceeded):
		return "deadline exceeded"
	case o.err == errWaitFault: // unchanged: a caller may compare
		return "fault"
	}
	return o.err.Error()
}

func generatedWait(seed int64) waitScenario {
	random := rand.New(rand.NewSource(seed))
	upTo := func(d time.Duration) time.Duration { return 1 + time.Duration(random.Int63n(int64(d))) }
	oneIn := func(n int) bool { return random.Intn(n) == 0 }
	s := waitScenario{seed: seed, construct: oneIn(2), deaf: oneIn(2), goOn: oneIn(2)}
	s.maxWait, s.latency = upTo(time.Hour), upTo([]time.Duration{1, time.Millisecond, time.Second, time.Minute}[random.Intn(4)])
	if !oneIn(4) {
		d := upTo(time.Minute)
		s.min = &d
	}
	if !oneIn(4) {
		d := upTo(5 * time.Minute)
		if s.min != nil && !oneIn(8) {
			d = max(d, *s.min)
		}
		if oneIn(6) {
			d = 0
		}
		s.max = &d
	}
	if oneIn(10) {
		s.maxWait = upTo(20 * time.Second)
	}
	if oneIn(20) {
		s.maxWait = -time.Duration(random.Intn(2))
	}
	if oneIn(2) {
		s.doneAt = 1 + random.Intn(20)
	}
	if oneIn(3) {
		s.failAt = 1 + random.Intn(10)
	}
	if oneIn(4) {
		s.cancelAt = upTo(20 * time.Minute)
	}
	if oneIn(4) {
		s.deadline = upTo(20 * time.Minute)
	}
	return s
}

// TestWaiterAgainstOfficial: the same calls at the same nanosecond, and the same
// end, as a waiter of the SDK with the same options and the same random source.
func TestWaiterAgainstOfficial(t *testing.T) {
	const seeds = 6000
	kinds, calls, longest := map[string]int{}, 0, 0
	for seed := range int64(seeds) {
		s := generatedWait(seed)
		want, got := s.official(t), s.ours(t)
		require.Equal(t, want.calls, got.calls, "seed %d", seed)
		require.Equal(t, want.ended, got.ended, "seed %d", seed)
		require.Equal(t, want.kind(), got.kind(), "seed %d: official %v; ours %v", seed, want.err, got.err)
		kinds[want.kind()]++
		calls, longest = calls+len(got.calls), max(longest, len(got.calls))
	}
	t.Logf("counted: %d waits with %d calls, at most %d in one: %v", seeds, calls, longest, kinds)
	assert.Len(t, kinds, 7)
	for kind, n := range kinds {
		assert.Greater(t, n, seeds/100, kind)
	}
	assert.Greater(t, longest, 30)
}

// TestWaiterDifferences: where ours is meant to differ.
func TestWaiterDifferences(t *testing.T) {
	negative, zero := -time.Second, time.Duration(0)
	for _, row := range []struct {
		name           string
		scenario       waitScenario
		official, ours string
		calls          [2]int
	}{
		{"MinDelay 0", waitScenario{min: &zero, maxWait: time.Hour, doneAt: 3}, "error computing waiter delay, minDelay must be greater than zero when computing Delay", "done", [2]int{1, 3}},
		{"negative MinDelay", waitScenario{min: &negative, maxWait: time.Hour, doneAt: 3}, "done", "invalid configuration: MinDelay -1s is negative: set a delay, or 0 for the default of 20s", [2]int{3, 0}},
		{"negative MaxDelay", waitScenario{max: &negative, maxWait: time.Hour, doneAt: 3}, "done", "invalid configuration: MaxDelay -1s is negative: set a delay, or 0 for the default of 2m0s", [2]int{3, 0}},
		{"exactly MinDelay is left", waitScenario{maxWait: 20 * time.Second, doneAt: 1000}, "done", "exceeded max wait time for", [2]int{1000, 1}},
		{"a context that is done", waitScenario{maxWait: time.Hour, cancelAt: -1, doneAt: 1, deaf: true}, "done", "canceled", [2]int{1, 0}},
	} {
		t.Run(row.name, func(t *testing.T) {
			run := func(wait func(*waitScenario, *testing.T) waitOutcome) waitOutcome {
				s := row.scenario
				return wait(&s, t)
			}
			want, got := run((*waitScenario).official), run((*waitScenario).ours)
			assert.Equal(t, row.official, want.kind())
			assert.Equal(t, row.ours, got.kind())
			assert.Equal(t, row.calls, [2]int{len(want.calls), len(got.calls)})
		})
	}
}

// TestWaiterSurface: options, constructor and methods are those of the SDK's
// waiters, but for the names.
func TestWaiterSurface(t *testing.T) {
	renamed := strings.NewReplacer("dynamodb.", "appintegrations.", "TableExists", "DataIntegrationAssociationsCompleted", "DescribeTable", "ListDataIntegrationAssociations")
	shape := func(v any) string { return renamed.Replace(reflect.TypeOf(v).String()) }
	assert.Equal(t, shape(dynamodb.NewTableExistsWaiter), shape(ours.NewDataIntegrationAssociationsCompletedWaiter))
	assert.Equal(t, shape((*dynamodb.TableExistsWaiter).Wait), shape((*ours.DataIntegrationAssociationsCompletedWaiter).Wait))
	assert.Equal(t, shape((*dynamodb.TableExistsWaiter).WaitForOutput), shape((*ours.DataIntegrationAssociationsCompletedWaiter).WaitForOutput))
	assert.Equal(t, reflect.TypeFor[*dynamodb.TableExistsWaiter]().NumMethod(), reflect.TypeFor[*ours.DataIntegrationAssociationsCompletedWaiter]().NumMethod())
	options := reflect.TypeFor[dynamodb.TableExistsWaiterOptions]()
	for i := range options.NumField() {
		want := options.Field(i)
		got, ok := reflect.TypeFor[ours.DataIntegrationAssociationsCompletedWaiterOptions]().FieldByName(want.Name)
		require.True(t, ok, want.Name)
		assert.Equal(t, renamed.Replace(want.Type.String()), got.Type.String(), want.Name)
	}
	assert.Equal(t, 6, options.NumField())
}

// TestWaiterLog: LogWaitAttempts writes the same lines.
func TestWaiterLog(t *testing.T) {
	answers := func(bodies ...string) *recorder {
		return &recorder{answer: func(n int, _ *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{"X-Amzn-Requestid": {"r"}}, Body: io.NopCloser(strings.NewReader(bodies[n-1]))}, nil
		}}
	}
	logTo := func(lines *[]string) logging.Logger {
		return logging.LoggerFunc(func(c logging.Classification, format string, v ...any) {
			*lines = append(*lines, string(c)+" "+fmt.Sprintf(format, v...))
		})
	}
	var want, got []string
	key := staticcredentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")
	synctest.Test(t, func(t *testing.T) {
		table := "t"
		creating, active := `{"Table":{"TableStatus":"CREATING"}}`, `{"Table":{"TableStatus":"ACTIVE"}}`
		client := dynamodb.New(dynamodb.Options{Region: "us-east-1", Credentials: key, Logger: logTo(&want), HTTPClient: answers(creating, creating, active), DisableValidateResponseChecksum: true})
		require.NoError(t, dynamodb.NewTableExistsWaiter(client).Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &table}, time.Hour, func(o *dynamodb.TableExistsWaiterOptions) { o.LogWaitAttempts = true }))
	})
	synctest.Test(t, func(t *testing.T) {
		id := "example"
		running, completed := strings.Replace(onePage, `"ClientId"`, `"LastExecutionStatus":{"ExecutionStatus":"IN_PROGRESS"},"ClientId"`, 1), strings.Replace(onePage, `"ClientId"`, `"LastExecutionStatus":{"ExecutionStatus":"COMPLETED"},"ClientId"`, 1)
		twoPages := strings.TrimSuffix(running, "}") + `,"NextToken":"2"}`
		client := ours.New(ours.Options{Region: "us-east-1", Credentials: key, Logger: logTo(&got), HTTPClient: answers(running, twoPages, running, completed)})
		require.NoError(t, ours.NewDataIntegrationAssociationsCompletedWaiter(client).Wait(t.Context(), &ours.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: &id}, time.Hour, func(o *ours.DataIntegrationAssociationsCompletedWaiterOptions) { o.LogWaitAttempts = true }))
	})
	require.Len(t, want, 3)
	assert.Equal(t, want, got)
}
