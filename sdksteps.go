package appintegrations

import (
	"context"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// The SDK's own steps, which stand in a stack as they are.

func addServiceMetadata(c *call, s *middleware.Stack) {
	s.Initialize.Add(&awsmiddleware.RegisterServiceMetadata{ServiceID: ServiceID, Region: c.options.Region, OperationName: operationName}, middleware.After)
}

func addLogger(c *call, s *middleware.Stack) { middleware.AddSetLoggerMiddleware(s, c.options.Logger) }

func addContentLength(_ *call, s *middleware.Stack) {
	s.Build.Add(&smithyhttp.ComputeContentLength{}, middleware.After)
}

// addUserAgent adds the SDK's own type: AddUserAgentKeyValue of the SDK looks for
// it.
func addUserAgent(c *call, s *middleware.Stack) {
	s.Build.Add(requestUserAgent(&c.options, c.who), middleware.After)
}

func addRequestID(_ *call, s *middleware.Stack) {
	s.Build.Add(&awsmiddleware.ClientRequestID{}, middleware.After)
}

func addRecursionDetection(_ *call, s *middleware.Stack) {
	s.Build.Add(&awsmiddleware.RecursionDetection{}, middleware.After)
}

// addRetryMetricsHeader adds a place to insert at: the retry loop has set the
// header, for the hooks between the two.
func addRetryMetricsHeader(_ *call, s *middleware.Stack) {
	s.Finalize.Add(stackStep{&step{id: "RetryMetricsHeader"}}, middleware.After)
}

// addRequestLogger adds a place to insert at, unless requests are logged.
func addRequestLogger(c *call, s *middleware.Stack) {
	logger := step{id: "RequestResponseLogger"}
	if c.logsRequests() {
		logger.there = (*attempt).logRequest
	}
	s.Deserialize.Add(stackStep{&logger}, middleware.After)
}

func addRetryLoopSpan(_ *call, s *middleware.Stack) {
	s.Finalize.Add(middleware.FinalizeMiddlewareFunc("spanRetryLoop", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		ctx, span := tracing.StartSpan(ctx, "RetryLoop")
		defer span.End()
		return next.HandleFinalize(ctx, in)
	}), middleware.After)
}

func addRetryLoop(_ *call, s *middleware.Stack) {
	s.Finalize.Add(middleware.FinalizeMiddlewareFunc(retryID, retryStep), middleware.After)
}

func addPayloadHash(_ *call, s *middleware.Stack) {
	s.Finalize.Add(&v4.ComputePayloadSHA256{}, middleware.After)
}

func addRawResponse(_ *call, s *middleware.Stack) {
	s.Deserialize.Add(&awsmiddleware.AddRawResponse{}, middleware.After)
}

func addRequestIDRetriever(_ *call, s *middleware.Stack) {
	s.Deserialize.Add(&awsmiddleware.RequestIDRetriever{}, middleware.After)
}

// addCloseBody adds a step like the SDK's own, which reads what is left of the
// body, without a bound, before it closes it.
func addCloseBody(_ *call, s *middleware.Stack) {
	s.Deserialize.Add(middleware.DeserializeMiddlewareFunc("CloseResponseBody", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if resp, ok := out.RawResponse.(*smithyhttp.Response); ok && resp != nil && resp.Response != nil && resp.Body != nil {
			resp.Body.Close()
		}
		return out, metadata, err
	}), middleware.After)
}

func addResponseTiming(c *call, s *middleware.Stack) {
	s.Deserialize.Add(&awsmiddleware.RecordResponseTiming{DisableClockSkewCorrection: c.options.DisableClockSkewCorrection}, middleware.After)
}

func hasInterceptors(o *Options) bool {
	i := &o.Interceptors
	return len(i.BeforeExecution)+len(i.BeforeSerialization)+len(i.AfterSerialization)+len(i.BeforeRetryLoop)+
		len(i.BeforeAttempt)+len(i.BeforeSigning)+len(i.AfterSigning)+len(i.BeforeTransmit)+len(i.AfterTransmit)+
		len(i.BeforeDeserialization)+len(i.AfterDeserialization)+len(i.AfterAttempt)+len(i.AfterExecution) > 0
}

// Steps that run interceptors. As in the official client, two of them are always
// there, and the others if any interceptor is set: the first of them makes the
// context that all share.

func addInterceptBeforeRetryLoop(c *call, s *middleware.Stack) {
	s.Finalize.Add(&smithyhttp.InterceptBeforeRetryLoop{Interceptors: c.options.Interceptors.BeforeRetryLoop}, middleware.After)
}

func addInterceptAttempt(c *call, s *middleware.Stack) {
	i := &c.options.Interceptors
	s.Finalize.Add(&smithyhttp.InterceptAttempt{BeforeAttempt: i.BeforeAttempt, AfterAttempt: i.AfterAttempt}, middleware.After)
}

func addInterceptExecution(c *call, s *middleware.Stack) {
	i := &c.options.Interceptors
	s.Initialize.Add(&smithyhttp.InterceptExecution{BeforeExecution: i.BeforeExecution, AfterExecution: i.AfterExecution}, middleware.After)
}

func addInterceptBeforeSerialization(c *call, s *middleware.Stack) {
	s.Serialize.Add(&smithyhttp.InterceptBeforeSerialization{Interceptors: c.options.Interceptors.BeforeSerialization}, middleware.After)
}

func addInterceptAfterSerialization(c *call, s *middleware.Stack) {
	s.Serialize.Add(&smithyhttp.InterceptAfterSerialization{Interceptors: c.options.Interceptors.AfterSerialization}, middleware.After)
}

func addInterceptBeforeSigning(c *call, s *middleware.Stack) {
	s.Finalize.Add(&smithyhttp.InterceptBeforeSigning{Interceptors: c.options.Interceptors.BeforeSigning}, middleware.After)
}

func addInterceptAfterSigning(c *call, s *middleware.Stack) {
	s.Finalize.Add(&smithyhttp.InterceptAfterSigning{Interceptors: c.options.Interceptors.AfterSigning}, middleware.After)
}

func addInterceptTransmit(c *call, s *middleware.Stack) {
	i := &c.options.Interceptors
	s.Deserialize.Add(&smithyhttp.InterceptTransmit{BeforeTransmit: i.BeforeTransmit, AfterTransmit: i.AfterTransmit}, middleware.After)
}

func addInterceptBeforeDeserialization(c *call, s *middleware.Stack) {
	s.Deserialize.Add(&smithyhttp.InterceptBeforeDeserialization{Interceptors: c.options.Interceptors.BeforeDeserialization}, middleware.After)
}

func addInterceptAfterDeserialization(c *call, s *middleware.Stack) {
	s.Deserialize.Add(&smithyhttp.InterceptAfterDeserialization{Interceptors: c.options.Interceptors.AfterDeserialization}, middleware.After)
}
