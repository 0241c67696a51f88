package appintegrations

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithytime "github.com/aws/smithy-go/time"
	smithywaiter "github.com/aws/smithy-go/waiter"
)

// The defaults of MinDelay and MaxDelay are those of the SDK's waiters for
// operations of similar length, TableExistsWaiter of DynamoDB for one.
const (
	defaultMinWaitDelay = 20 * time.Second
	defaultMaxWaitDelay = 120 * time.Second
)

// DataIntegrationAssociationsCompletedWaiterOptions are the options of a
// [DataIntegrationAssociationsCompletedWaiter].
//
// Experimental: may change before 1.0.
type DataIntegrationAssociationsCompletedWaiterOptions struct {

	// Functions that modify the middleware stack of every call. They are appended
	// to the APIOptions of the client, before ClientOptions run.
	APIOptions []func(*middleware.Stack) error

	// Functions that modify the options of every call. They run after APIOptions
	// were appended.
	ClientOptions []func(*Options)

	// MinDelay is the minimum delay between two rounds; only the one before the last
	// round can be shorter. 0: 20 seconds. It must not be negative, nor greater than
	// MaxDelay.
	MinDelay time.Duration

	// MaxDelay is the maximum delay between two rounds. 0: 120 seconds. It must
	// not be negative, nor less than MinDelay.
	MaxDelay time.Duration

	// LogWaitAttempts logs one line for each round, to the Logger of the call, as
	// logging.Debug.
	LogWaitAttempts bool

	// Retryable decides after each round: true and nil go on, false and nil end
	// the wait with success, an error ends the wait with that error. output holds
	// the associations of all pages and no NextToken; it is nil if err is not nil.
	// input is a copy.
	//
	// It is set when the option functions run, so that a custom Retryable can call
	// the one before it: with a context derived from the one it was given, because
	// that context carries AssociationArns and ClientIds. nil: the default, which
	// is described at [DataIntegrationAssociationsCompletedWaiter].
	Retryable func(ctx context.Context, input *ListDataIntegrationAssociationsInput, output *ListDataIntegrationAssociationsOutput, err error) (bool, error)

	// AssociationArns and ClientIds name the associations to wait for: each that
	// has one of these ARNs or one of these client ids. Each name must appear in
	// the list before the wait ends with success. Both empty: all associations.
	// They are compared byte for byte, and an empty name is a *ConfigError.
	AssociationArns []string
	ClientIds       []string

	// OnProgress is called after each round, the last included, in the goroutine
	// of the wait, which goes on when OnProgress returns. The waits of one waiter
	// may call it at the same time. nil: nothing is called.
	OnProgress func(WaitProgress)
}

// copied returns the options with slices of their own.
func (o DataIntegrationAssociationsCompletedWaiterOptions) copied() DataIntegrationAssociationsCompletedWaiterOptions {
	o.APIOptions = slices.Clone(o.APIOptions)
	o.ClientOptions = slices.Clone(o.ClientOptions)
	o.AssociationArns = slices.Clone(o.AssociationArns)
	o.ClientIds = slices.Clone(o.ClientIds)
	return o
}

// A DataIntegrationAssociationsCompletedWaiter waits until the executions of a
// data integration are finished: those of all associations, or of the ones that
// AssociationArns and ClientIds name. It uses the LastExecutionStatus of each
// association:
//   - COMPLETED is finished;
//   - FAILED ends the wait at once with an *[ExecutionFailedError];
//   - with no status yet, IN_PROGRESS, or a status that this package does not
//     know, the wait continues;
//   - so it does with an empty list, or one without a named association.
//
// Each round lists all pages. Only the list of the last round counts: an
// association that is no longer listed, and that is not named, is not waited for.
// The status is that of the last execution: until the service reports a new
// execution, a wait finds the status of the one before. A custom Retryable can
// tell them apart.
//
// The delays between rounds are those of the SDK's waiters, computed by
// [smithywaiter.ComputeDelay]. The client retries throttles and faults inside a
// round; an error of the client ends the wait, unless Retryable decides
// otherwise.
//
// A waiter is made by [NewDataIntegrationAssociationsCompletedWaiter]. It is
// safe for concurrent use if its client is.
//
// Experimental: may change before 1.0.
type DataIntegrationAssociationsCompletedWaiter struct {
	client  ListDataIntegrationAssociationsAPIClient
	options DataIntegrationAssociationsCompletedWaiterOptions
}

// NewDataIntegrationAssociationsCompletedWaiter returns a waiter that calls
// client. optFns run in order after the defaults are set. Options that cannot
// work, and a nil client, are an error of each wait.
func NewDataIntegrationAssociationsCompletedWaiter(client ListDataIntegrationAssociationsAPIClient, optFns ...func(*DataIntegrationAssociationsCompletedWaiterOptions)) *DataIntegrationAssociationsCompletedWaiter {
	w := &DataIntegrationAssociationsCompletedWaiter{client: client}
	w.options.setDefaults()
	w.options = w.options.with(optFns)
	return w
}

// with returns a copy of the options, changed by optFns.
func (o DataIntegrationAssociationsCompletedWaiterOptions) with(optFns []func(*DataIntegrationAssociationsCompletedWaiterOptions)) DataIntegrationAssociationsCompletedWaiterOptions {
	o = o.copied()
	for _, fn := range optFns {
		if fn != nil {
			fn(&o)
		}
	}
	o = o.copied() // of what optFns gave
	o.setDefaults()
	return o
}

func (o *DataIntegrationAssociationsCompletedWaiterOptions) setDefaults() {
	if o.MinDelay == 0 {
		o.MinDelay = defaultMinWaitDelay
	}
	if o.MaxDelay == 0 {
		o.MaxDelay = defaultMaxWaitDelay
	}
	if o.Retryable == nil {
		o.Retryable = executionsRetryable
	}
}

// Wait is [DataIntegrationAssociationsCompletedWaiter.WaitForOutput] without the
// output.
func (w *DataIntegrationAssociationsCompletedWaiter) Wait(ctx context.Context, params *ListDataIntegrationAssociationsInput, maxWaitDur time.Duration, optFns ...func(*DataIntegrationAssociationsCompletedWaiterOptions)) error {
	_, err := w.WaitForOutput(ctx, params, maxWaitDur, optFns...)
	return err
}

// WaitForOutput waits until the executions are finished, and returns the list of
// the last round: the associations of all pages, no NextToken, and the
// ResultMetadata of the last page.
//
// params is copied. params.MaxResults is the page size; params.NextToken must be
// nil or "", because a wait needs the complete list. maxWaitDur is the longest
// time to wait, and must be greater than zero. As with the SDK's waiters, the wait
// ends before maxWaitDur if no more than MinDelay is left for another round: a
// maxWaitDur of at most MinDelay allows one round. optFns change the options for
// this wait alone.
//
// Before anything is sent, the error is a *[ConfigError] (options, maxWaitDur or
// client) or a [smithy.InvalidParamsError] (params). Later, it is one of:
//   - *[ExecutionFailedError]: an execution failed;
//   - *[NotCompletedError]: maxWaitDur or the deadline of ctx has passed, or is
//     nearer than the next attempt, or ctx was canceled. The error contains the
//     last state. Return this error, not ctx.Err(), which may still be nil;
//   - what [ListDataIntegrationAssociationsPaginator.NextPage] returned, or
//     Retryable.
func (w *DataIntegrationAssociationsCompletedWaiter) WaitForOutput(ctx context.Context, params *ListDataIntegrationAssociationsInput, maxWaitDur time.Duration, optFns ...func(*DataIntegrationAssociationsCompletedWaiterOptions)) (*ListDataIntegrationAssociationsOutput, error) {
	options := w.options.with(optFns)
	if err := checkWait(ctx, w.client, params, maxWaitDur, &options); err != nil {
		return nil, err
	}
	wait := &completedWait{client: w.client, params: params.clone(), options: options}
	wait.named = namedAssociations{arns: options.AssociationArns, clients: options.ClientIds}
	ctx, cancel := context.WithTimeoutCause(ctx, maxWaitDur, errMaxWait)
	defer cancel()
	return wait.run(context.WithValue(ctx, namedKey{}, wait.named), maxWaitDur)
}

// checkWait rejects what can never work.
func checkWait(ctx context.Context, client ListDataIntegrationAssociationsAPIClient, params *ListDataIntegrationAssociationsInput, maxWaitDur time.Duration, o *DataIntegrationAssociationsCompletedWaiterOptions) error {
	switch {
	case ctx == nil:
		return operationError(errNilContext)
	case client == nil:
		return &ConfigError{Field: "client", Reason: "is nil: pass one to NewDataIntegrationAssociationsCompletedWaiter"}
	case params == nil:
		return operationError((&ListDataIntegrationAssociationsInput{}).validate())
	case valueOr(params.NextToken, "") != "":
		invalid := smithy.InvalidParamsError{Context: "ListDataIntegrationAssociationsInput"}
		invalid.Add(&paramError{field: "NextToken", reason: "a wait needs the complete list, field must be nil"})
		return operationError(invalid)
	case maxWaitDur <= 0:
		return &ConfigError{Field: "maxWaitDur", Reason: fmt.Sprintf("%v: maximum wait time for waiter must be greater than zero", maxWaitDur)}
	case o.MinDelay < 0:
		return &ConfigError{Field: "MinDelay", Reason: fmt.Sprintf("%v is negative: set a delay, or 0 for the default of %v", o.MinDelay, defaultMinWaitDelay)}
	case o.MaxDelay < 0:
		return &ConfigError{Field: "MaxDelay", Reason: fmt.Sprintf("%v is negative: set a delay, or 0 for the default of %v", o.MaxDelay, defaultMaxWaitDelay)}
	case o.MinDelay > o.MaxDelay:
		return &ConfigError{Field: "MinDelay", Reason: fmt.Sprintf("%v must be lesser than or equal to maximum waiter delay of %v: lower it, or raise MaxDelay", o.MinDelay, o.MaxDelay)}
	}
	if i := slices.Index(o.AssociationArns, ""); i >= 0 {
		return &ConfigError{Field: fmt.Sprintf("AssociationArns[%d]", i), Reason: "is empty, and would never appear in the list: remove it"}
	}
	if i := slices.Index(o.ClientIds, ""); i >= 0 {
		return &ConfigError{Field: fmt.Sprintf("ClientIds[%d]", i), Reason: "is empty, and would never appear in the list: remove it"}
	}
	return nil
}

// A completedWait is one wait of a waiter.
type completedWait struct {
	client  ListDataIntegrationAssociationsAPIClient
	params  ListDataIntegrationAssociationsInput
	options DataIntegrationAssociationsCompletedWaiterOptions
	named   namedAssociations
	attempt int64
	last    WaitProgress // of the last round that listed all pages
}

// run makes rounds until Retryable ends the wait or no time is left. It counts
// the time as the SDK's waiters do, so that the delays are the same.
func (w *completedWait) run(ctx context.Context, remaining time.Duration) (*ListDataIntegrationAssociationsOutput, error) {
	for {
		w.attempt++
		start := time.Now()
		out, listErr := w.list(ctx)
		progress := w.look(out, listErr)
		params := w.params.clone()
		again, err := w.options.Retryable(ctx, &params, out, listErr)
		if err != nil || !again {
			w.report(progress, 0, true)
			return w.result(ctx, out, err)
		}
		remaining -= time.Since(start)
		// Where exactly MinDelay is left, the SDK's waiters make another round at
		// once, and then again: for ever, if the clock stands still.
		if remaining <= w.options.MinDelay {
			w.report(progress, 0, true)
			return nil, w.ended(maxWaitError{w.options.MinDelay})
		}
		delay, err := smithywaiter.ComputeDelay(w.attempt, w.options.MinDelay, w.options.MaxDelay, remaining)
		if err != nil {
			return nil, fmt.Errorf("error computing waiter delay, %w", err)
		}
		w.report(progress, delay, false)
		remaining -= delay
		if smithytime.SleepWithContext(ctx, delay) != nil {
			return nil, w.ended(stopped(ctx))
		}
	}
}

// list lists all pages.
func (w *completedWait) list(ctx context.Context) (*ListDataIntegrationAssociationsOutput, error) {
	all := &ListDataIntegrationAssociationsOutput{}
	pages := NewListDataIntegrationAssociationsPaginator(w.client, &w.params)
	for page, err := range pages.Pages(ctx, w.callOptions(ctx)) {
		if err != nil {
			return nil, err
		}
		all.DataIntegrationAssociations = append(all.DataIntegrationAssociations, page.DataIntegrationAssociations...)
		all.ResultMetadata = page.ResultMetadata
	}
	return all, nil
}

// callOptions returns the option function of the calls of one round.
func (w *completedWait) callOptions(ctx context.Context) func(*Options) {
	logged := !w.options.LogWaitAttempts
	return func(o *Options) {
		o.caller = waiterCaller
		o.APIOptions = slices.Concat(o.APIOptions, w.options.APIOptions)
		for _, fn := range w.options.ClientOptions {
			if fn != nil {
				fn(o)
			}
		}
		// Not by smithywaiter.Logger: that would need a middleware stack.
		if !logged && o.Logger != nil {
			logged = true
			logging.WithContext(ctx, o.Logger).Logf(logging.Debug, "attempting waiter request, attempt count: %d", w.attempt)
		}
	}
}

// look returns the progress of a round and remembers the state of a complete
// list.
func (w *completedWait) look(out *ListDataIntegrationAssociationsOutput, err error) WaitProgress {
	progress := WaitProgress{Err: err}
	if err == nil {
		progress, w.last = w.named.look(out), w.named.look(out) // OnProgress may change what it gets
		w.last.Attempt = w.attempt
	}
	progress.Attempt = w.attempt
	return progress
}

func (w *completedWait) report(progress WaitProgress, delay time.Duration, last bool) {
	if w.options.OnProgress != nil {
		progress.NextDelay, progress.Last = delay, last
		w.options.OnProgress(progress)
	}
}

// result returns what Retryable ended the wait with.
func (w *completedWait) result(ctx context.Context, out *ListDataIntegrationAssociationsOutput, err error) (*ListDataIntegrationAssociationsOutput, error) {
	var canceledError *aws.RequestCanceledError
	switch {
	case err == nil:
		return out, nil
	case errors.As(err, &canceledError), ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))):
		return nil, w.ended(err)
	}
	return nil, err
}

func (w *completedWait) ended(err error) error {
	return &NotCompletedError{
		DataIntegrationIdentifier: valueOr(w.params.DataIntegrationIdentifier, ""),
		Attempts:                  w.attempt,
		Last:                      w.last,
		Err:                       err,
	}
}

// stopped is the error of a context that is done between two rounds.
func stopped(ctx context.Context) error {
	if cause := context.Cause(ctx); cause == errMaxWait {
		return cause
	}
	return canceled(ctx, wait{}, nil)
}

// errMaxWait ends a wait that took maxWaitDur.
var errMaxWait error = maxWaitError{}

type maxWaitError struct {
	minDelay time.Duration // no more than this was left; 0: nothing was
}

func (e maxWaitError) Error() string {
	const text = "exceeded max wait time for DataIntegrationAssociationsCompleted waiter"
	if e.minDelay == 0 {
		return text
	}
	return text + ": no more than the MinDelay of " + e.minDelay.String() + " is left for another round"
}
func (maxWaitError) Is(target error) bool { return target == context.DeadlineExceeded }

// executionsRetryable is the default Retryable.
func executionsRetryable(ctx context.Context, input *ListDataIntegrationAssociationsInput, output *ListDataIntegrationAssociationsOutput, err error) (bool, error) {
	named, ok := ctx.Value(namedKey{}).(namedAssociations)
	switch {
	case err != nil:
		return false, err
	case !ok:
		return false, errors.New("the default Retryable needs a context derived from the one that the waiter passed to Retryable")
	case output == nil:
		return false, errors.New("the default Retryable has neither an output nor an error")
	}
	state := named.look(output)
	if failed := failedExecutions(state.Associations); len(failed) > 0 {
		failure := &ExecutionFailedError{Executions: failed}
		if input != nil {
			failure.DataIntegrationIdentifier = valueOr(input.DataIntegrationIdentifier, "")
		}
		return false, failure
	}
	return !state.completed(), nil
}
