package appintegrations

import (
	"context"
	"errors"
	"fmt"
	"time"

	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/tracing"
)

// scope is that of the official client, so that dashboards stay.
const scope = "github.com/aws/aws-sdk-go-v2/service/appintegrations"

// The histograms of the official client.
const (
	callTime        = "client.call.duration"
	serializeTime   = "client.call.serialization_duration"
	identityTime    = "client.call.auth.resolve_identity_duration"
	endpointTime    = "client.call.resolve_endpoint_duration"
	signingTime     = "client.call.auth.signing_duration"
	deserializeTime = "client.call.deserialization_duration"
	attemptTime     = "client.call.attempt_duration"
)

const schemeLabel = "auth.scheme_id"

// histogramTexts describe the histograms.
var histogramTexts = map[string]string{
	callTime:        "The whole call, attempts and waits included",
	serializeTime:   "The making of the request from the input",
	identityTime:    "The retrieval of the credentials",
	endpointTime:    "The resolution of the endpoint",
	signingTime:     "The signing of the request",
	deserializeTime: "The reading and decoding of the response",
	attemptTime:     "One attempt, from the credentials to the decoded response",
}

// hooked reports whether anything of the SDK is to run with a call.
func (o *Options) hooked() bool {
	return len(o.APIOptions) > 0 || hasInterceptors(o) || traces(o.TracerProvider) || measures(o.MeterProvider)
}

func traces(p tracing.TracerProvider) bool {
	switch p.(type) {
	case tracing.NopTracerProvider, *tracing.NopTracerProvider:
		return false
	}
	return true
}

func measures(p metrics.MeterProvider) bool {
	switch p.(type) {
	case metrics.NopMeterProvider, *metrics.NopMeterProvider:
		return false
	}
	return true
}

// instruments measure a call. The zero value measures nothing.
type instruments struct {
	times            map[string]metrics.Float64Histogram
	attempts, errors metrics.Int64Counter
}

func newInstruments(p metrics.MeterProvider) (i instruments, err error) {
	if !measures(p) {
		return i, nil
	}
	meter := p.Meter(scope)
	i.times = make(map[string]metrics.Float64Histogram, len(histogramTexts))
	for name, text := range histogramTexts {
		i.times[name], err = meter.Float64Histogram(name, func(o *metrics.InstrumentOptions) { o.UnitLabel, o.Description = "s", text })
		if err != nil {
			return i, foreign("make a histogram", err)
		}
	}
	i.attempts, err = meter.Int64Counter("client.call.attempts", func(o *metrics.InstrumentOptions) {
		o.UnitLabel, o.Description = "{attempt}", "The attempts of a call"
	})
	if err == nil {
		i.errors, err = meter.Int64Counter("client.call.errors", func(o *metrics.InstrumentOptions) {
			o.UnitLabel, o.Description = "{error}", "The attempts that failed"
		})
	}
	if err != nil {
		return i, foreign("make a counter", err)
	}
	return i, nil
}

func (i *instruments) record(ctx context.Context, histogram string, start time.Time, options ...metrics.RecordMetricOption) {
	if h := i.times[histogram]; h != nil {
		h.Record(ctx, time.Since(start).Seconds(), append(options, operationLabels)...)
	}
}

func (i *instruments) count(ctx context.Context, err error) {
	if i.attempts == nil {
		return
	}
	i.attempts.Add(ctx, 1, operationLabels)
	if err != nil {
		i.errors.Add(ctx, 1, operationLabels, func(o *metrics.RecordMetricOptions) { o.Properties.Set("exception.type", exceptionType(err)) })
	}
}

func exceptionType(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprintf("%T", err)
}

func operationLabels(o *metrics.RecordMetricOptions) {
	o.Properties.Set("rpc.service", ServiceID)
	o.Properties.Set("rpc.method", operationName)
}

// observe begins the span and the histogram of the call. The function that it
// returns ends them.
func (c *call) observe(ctx context.Context, i *instruments) (context.Context, func(error)) {
	var span tracing.Span
	if traces(c.options.TracerProvider) {
		tracer := c.options.TracerProvider.Tracer(scope)
		ctx = tracing.WithOperationTracer(ctx, tracer)
		ctx, span = tracer.StartSpan(ctx, ServiceID+"."+operationName, func(o *tracing.SpanOptions) {
			o.Kind = tracing.SpanKindClient
			o.Properties.Set("rpc.system", "aws-api")
			o.Properties.Set("rpc.method", operationName)
			o.Properties.Set("rpc.service", ServiceID)
		})
	}
	start := time.Now()
	return ctx, func(err error) {
		i.record(ctx, callTime, start)
		if span != nil {
			endSpan(span, err)
		}
	}
}

func endSpan(span tracing.Span, err error) {
	defer span.End()
	span.SetProperty("error", err != nil)
	if err == nil {
		span.SetStatus(tracing.SpanStatusOK)
		return
	}
	span.SetStatus(tracing.SpanStatusError)
	span.SetProperty("exception.message", err.Error())
	span.SetProperty("exception.type", fmt.Sprintf("%T", err))
	var api smithy.APIError
	if errors.As(err, &api) {
		span.SetProperty("api.error_code", api.ErrorCode())
		span.SetProperty("api.error_message", api.ErrorMessage())
		span.SetProperty("api.error_fault", api.ErrorFault().String())
	}
}

// observed does the work of a step inside its span and its histogram.
func (s *step) observed(a *attempt, i *instruments, work func() error) error {
	if s.span == "" {
		return work()
	}
	start := time.Now()
	ctx := a.ctx
	inner, span := tracing.StartSpan(ctx, s.span)
	defer span.End()
	a.ctx = inner
	err := work()
	a.ctx = ctx
	switch s.span {
	case "ResolveAuthScheme":
		span.SetProperty(schemeLabel, a.scheme())
	case "ResolveEndpoint":
		if err == nil {
			span.SetProperty("client.call.resolved_endpoint", a.to.base.String())
		}
	}
	switch s.histogram {
	case identityTime, signingTime:
		i.record(ctx, s.histogram, start, func(o *metrics.RecordMetricOptions) { o.Properties.Set(schemeLabel, a.scheme()) })
	default:
		i.record(ctx, s.histogram, start)
	}
	return err
}

func (a *attempt) scheme() string {
	if a.anonymous {
		return "smithy.api#noAuth"
	}
	return "aws.auth#sigv4"
}
