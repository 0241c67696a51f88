package appintegrations

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// throughStack makes the call with the hooks of the user around its steps.
func (c *call) throughStack(ctx context.Context) (*ListDataIntegrationAssociationsOutput, error) {
	stack := middleware.NewStack(operationName, smithyhttp.NewStackRequest)
	for i := range steps {
		steps[i].addTo(stack, c)
	}
	for _, option := range c.options.APIOptions {
		if option == nil {
			continue
		}
		if err := option(stack); err != nil {
			text := "API option: " + oneLine(err.Error(), maxMessageText/4) + "; the steps are " + stepList(stack)
			return nil, &foreignError{text: oneLine(text, maxCallText), err: err}
		}
	}
	observer, err := newInstruments(c.options.MeterProvider)
	if err != nil {
		return nil, err
	}
	input := c.input.clone()
	ctx = middleware.ClearStackValues(ctx)
	ctx = middleware.WithServiceID(ctx, ServiceID)
	ctx = middleware.WithOperationName(ctx, operationName)
	ctx, end := c.observe(ctx, &observer)
	first := &attempt{call: c, caller: ctx, ctx: ctx, stacked: true, root: &attemptRoot{instruments: &observer}}
	defer first.letGo()
	out, metadata, err := chain(stack, transmit).HandleInitialize(withAttempt(ctx, first), middleware.InitializeInput{Parameters: &input})
	end(err)
	if err != nil {
		c.ended = summaryOf(metadata, c)
		if _, looped := metadata.Get(summaryKey{}).(summary); !looped { // a step or a hook rejected the call
			return nil, onOneLine(err)
		}
		return nil, c.ended.in(err)
	}
	page, ok := out.Result.(*ListDataIntegrationAssociationsOutput)
	if !ok || page == nil {
		return nil, fmt.Errorf("a step of APIOptions returned %T in place of a page", out.Result)
	}
	c.ended = summaryOf(metadata, c)
	page.ResultMetadata = metadata
	return page, nil
}

// stepList lists the ids of the steps that hooks can refer to.
func stepList(stack *middleware.Stack) string {
	return strings.Join(slices.Concat(stack.Initialize.List(), stack.Serialize.List(), stack.Build.List(), stack.Finalize.List(), stack.Deserialize.List()), " ")
}

type attemptKey struct{}

func withAttempt(ctx context.Context, a *attempt) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

// copyOf returns a copy of the attempt that the context carries, for the work of
// one step: where a hook sends an attempt twice at once, each way down has
// copies of its own.
func copyOf(ctx context.Context, request any) (*attempt, error) {
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	if !ok {
		return nil, errors.New("a step of APIOptions dropped the context of the call")
	}
	fork := *a
	fork.ctx = ctx
	if request == nil {
		return &fork, nil
	}
	req, ok := request.(*smithyhttp.Request)
	if !ok {
		return nil, &smithy.SerializationError{Err: fmt.Errorf("unknown transport type %T", request)}
	}
	fork.req = req.Request
	return &fork, nil
}

// addTo adds the step to a stack: the SDK's own where it has one.
func (s *step) addTo(stack *middleware.Stack, c *call) {
	if s.ifAny && !hasInterceptors(&c.options) {
		return
	}
	if s.sdk != nil {
		s.sdk(c, stack)
		return
	}
	add := stackStep{s}
	switch s.phase {
	case inInitialize:
		stack.Initialize.Add(add, middleware.After)
	case inSerialize:
		stack.Serialize.Add(add, middleware.After)
	case inBuild:
		stack.Build.Add(add, middleware.After)
	case inFinalize:
		stack.Finalize.Add(add, middleware.After)
	case inDeserialize:
		stack.Deserialize.Add(add, middleware.After)
	}
}

// A stackStep is a step in a stack of the SDK.
type stackStep struct{ *step }

func (s stackStep) ID() string { return s.id }

// enter does what the step does on the way to the service. The context carries
// what the step left.
func (s stackStep) enter(ctx context.Context, parameters, request any) (context.Context, error) {
	if s.once == nil && s.there == nil {
		if s.span != "" && s.back == nil {
			return ctx, s.onlySeen(ctx)
		}
		return ctx, nil
	}
	a, err := copyOf(ctx, request)
	if err != nil {
		return ctx, err
	}
	err = s.observed(a, a.root.instruments, func() error {
		if s.once != nil {
			if err := a.prepare(s.once, parameters); err != nil {
				return err
			}
		}
		if s.there != nil {
			return s.there(a)
		}
		return nil
	})
	return withAttempt(ctx, a), err
}

// onlySeen makes the span of a step that does nothing else in a stack.
func (s stackStep) onlySeen(ctx context.Context) error {
	a, err := copyOf(ctx, nil)
	if err != nil {
		return err
	}
	return s.observed(a, a.root.instruments, func() error { return nil })
}

// prepare prepares a value of the call, on a copy of it, from the input that
// hooks may have changed.
func (a *attempt) prepare(once func(*call) error, parameters any) error {
	k := *a.call
	if parameters != nil {
		input, ok := parameters.(*ListDataIntegrationAssociationsInput)
		if !ok {
			return &smithy.SerializationError{Err: fmt.Errorf("unknown input parameters type %T", parameters)}
		}
		k.input = *input
	}
	a.call = &k
	return once(&k)
}

// leave does what the step does on the way back.
func (s stackStep) leave(ctx context.Context, in middleware.DeserializeInput, out *middleware.DeserializeOutput, err error) error {
	if s.back == nil || s.failed && err == nil {
		return err
	}
	a, copyErr := copyOf(ctx, in.Request)
	if copyErr != nil {
		return copyErr
	}
	if !a.take(out.RawResponse) && err == nil {
		return &smithy.DeserializationError{Err: fmt.Errorf("unknown transport type %T", out.RawResponse)}
	}
	if err != nil && s.span != "" {
		return s.back(a, err) // there is nothing to observe
	}
	err = s.observed(a, a.root.instruments, func() error { return s.back(a, err) })
	if a.page != nil {
		out.Result = a.page
	}
	return err
}

// take takes over the response that hooks handed on, and reports whether there
// is one.
func (a *attempt) take(raw any) bool {
	resp, ok := raw.(*smithyhttp.Response)
	if !ok || resp == nil || resp.Response == nil {
		return false
	}
	if _, ours := resp.Body.(*guardedBody); ours {
		a.resp = resp.Response
		return true
	}
	a.receive(nil, resp.Response)
	resp.Response = a.resp
	return true
}

func (s stackStep) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
	if ctx, err = s.enter(ctx, in.Parameters, nil); err != nil {
		return out, metadata, err
	}
	return next.HandleInitialize(ctx, in)
}

func (s stackStep) HandleSerialize(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (out middleware.SerializeOutput, metadata middleware.Metadata, err error) {
	if ctx, err = s.enter(ctx, in.Parameters, in.Request); err != nil {
		return out, metadata, err
	}
	return next.HandleSerialize(ctx, in)
}

func (s stackStep) HandleBuild(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (out middleware.BuildOutput, metadata middleware.Metadata, err error) {
	if ctx, err = s.enter(ctx, nil, in.Request); err != nil {
		return out, metadata, err
	}
	return next.HandleBuild(ctx, in)
}

func (s stackStep) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
	if ctx, err = s.enter(ctx, nil, in.Request); err != nil {
		return out, metadata, err
	}
	return next.HandleFinalize(ctx, in)
}

func (s stackStep) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
	if ctx, err = s.enter(ctx, nil, in.Request); err != nil {
		return out, metadata, err
	}
	out, metadata, err = next.HandleDeserialize(ctx, in)
	return out, metadata, s.leave(ctx, in, &out, err)
}

// retryStep is the retry loop in a stack: an attempt is what is left of the
// stack.
func retryStep(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
	a, err := copyOf(ctx, in.Request)
	if err != nil {
		return out, metadata, err
	}
	ctx, span := tracing.StartSpan(ctx, "RetryLoop") // the official client has two of them
	defer span.End()
	k, observer := *a.call, a.root.instruments
	original := in.Request.(*smithyhttp.Request)
	last, err := k.retry(ctx, func(a *attempt) error {
		a.stacked, a.root = true, &attemptRoot{instruments: observer}
		attemptCtx, span := tracing.StartSpan(a.ctx, "Attempt", func(o *tracing.SpanOptions) { o.Properties.Set("operation.attempt", a.number) })
		defer span.End()
		request := original.Clone()
		if a.number > 1 {
			if err := request.RewindStream(); err != nil {
				return foreign("rewind the body of the request", err)
			}
		}
		a.req = request.Request
		if err := a.setAttemptHeader(); err != nil { // steps between here and RetryMetricsHeader read it
			return err
		}
		in.Request = request
		start := time.Now()
		var err error
		out, a.metadata, err = next.HandleFinalize(withAttempt(attemptCtx, a), in)
		observer.record(ctx, attemptTime, start)
		observer.count(ctx, err)
		return err
	})
	if last != nil {
		metadata = k.resultMetadata(last)
	}
	metadata.Set(summaryKey{}, k.summary())
	return out, metadata, err
}

// summaryKey is the key of the summary in the metadata of a stack. Inside of the
// stack, hooks see the official chain without it.
type summaryKey struct{}

// summaryOf returns the summary that the retry loop left, or that of a call whose
// hooks did not let it get there.
func summaryOf(metadata middleware.Metadata, c *call) summary {
	if s, ok := metadata.Get(summaryKey{}).(summary); ok {
		return s
	}
	return c.summary()
}

// transmit is what is left when all steps are done: the request goes out. The
// SDK's own handler is around it for its span and its metrics.
func transmit(ctx context.Context, request any) (any, middleware.Metadata, error) {
	a, err := copyOf(ctx, request)
	if err != nil {
		return nil, middleware.Metadata{}, err
	}
	var sendErr error
	host := a.req.Host
	if strings.HasPrefix(host, "[") { // the SDK's handler takes no IPv6 address for a host
		a.req.Host = ""
	}
	handler := smithyhttp.NewClientHandlerWithOptions(smithyhttp.ClientDoFunc(func(req *http.Request) (*http.Response, error) {
		req.Host = host
		a.req, a.ctx = req, req.Context()
		if a.number == 0 { // the user took the loop out, and its time limit with it
			limited, cancel := a.limited(a.ctx)
			a.ctx, a.req = limited, req.WithContext(limited)
			a.root.mu.Lock()
			a.root.cancel = append(a.root.cancel, cancel)
			a.root.mu.Unlock()
		}
		if sendErr = a.send(); sendErr != nil {
			return nil, sendErr
		}
		return a.resp, nil
	}), func(h *smithyhttp.ClientHandler) { h.Meter = a.options.MeterProvider.Meter(scope) })
	out, metadata, err := handler.Handle(ctx, request)
	if sendErr != nil {
		err = sendErr
	}
	return out, metadata, err
}

// resultMetadata returns the metadata of the last attempt, and the results of
// all attempts for retry.GetAttemptResults. The key of those is the SDK's own,
// so the attempts are played to the SDK's loop once more.
func (c *call) resultMetadata(last *attempt) middleware.Metadata {
	results := make([]failure, 0, c.attempts)
	results = append(results, c.failures...)
	if len(results) == 0 || results[len(results)-1].attempt != last {
		results = append(results, failure{attempt: last})
	}
	replay := &replayRetryer{results: results, at: -1}
	loop := retry.NewAttemptMiddleware(replay, func(request any) any { return request }, func(a *retry.Attempt) { a.DisableClockSkewCorrection = true })
	_, metadata, _ := loop.HandleFinalize(context.Background(), middleware.FinalizeInput{}, replay)
	return metadata
}

// A replayRetryer tells the SDK's loop what happened.
type replayRetryer struct {
	results []failure
	at      int
}

func (r *replayRetryer) HandleFinalize(context.Context, middleware.FinalizeInput) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
	r.at++
	a := r.results[r.at].attempt
	return out, a.metadata, a.err
}

func (r *replayRetryer) IsErrorRetryable(error) bool { return r.results[r.at].retryable }

func (r *replayRetryer) MaxAttempts() int {
	if last := r.results[len(r.results)-1]; last.retryable && !last.retried {
		return len(r.results)
	}
	return 0
}

// RetryDelay is below zero: whatever the loop adds for x-amz-retry-after, at
// most 5 seconds, it does not wait.
func (*replayRetryer) RetryDelay(int, error) (time.Duration, error) { return -time.Hour, nil }

func (*replayRetryer) GetRetryToken(context.Context, error) (func(error) error, error) {
	return releaseNothing, nil
}
func (*replayRetryer) GetInitialToken() func(error) error { return releaseNothing }
