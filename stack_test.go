package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

type (
	finalizeFunc    = func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error)
	deserializeFunc = func(context.Context, middleware.DeserializeInput, middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error)
)

func finalizeStep(do finalizeFunc) middleware.FinalizeMiddleware {
	return middleware.FinalizeMiddlewareFunc("test", do)
}

// stepsOf returns the ids of the steps of a call, phase by phase.
func stepsOf(t *testing.T, optFns ...func(*appintegrations.Options)) [][]string {
	var ids [][]string
	optFns = append(optFns, appintegrations.WithAPIOptions(func(s *middleware.Stack) error {
		ids = [][]string{s.Initialize.List(), s.Serialize.List(), s.Build.List(), s.Finalize.List(), s.Deserialize.List()}
		return nil
	}))
	_, err := stubClient("{}").ListDataIntegrationAssociations(t.Context(), input("example"), optFns...)
	require.NoError(t, err)
	return ids
}

// TestSteps holds the steps that hooks can refer to: those of the official
// client v1.37.11, in its order.
func TestSteps(t *testing.T) {
	want := [][]string{
		{"RegisterServiceMetadata", "legacyEndpointContextSetter", "SetLogger", "OperationInputValidation"},
		{"setOperationInput", "ResolveEndpoint", "OperationSerializer"},
		{"ClientRequestID", "ComputeContentLength", "SetCredentialSourceMiddleware", "UserAgent", "RecursionDetection"},
		{"spanRetryLoop", "InterceptBeforeRetryLoop", "Retry", "InterceptAttempt", "RetryMetricsHeader", "ResolveAuthScheme", "GetIdentity",
			"ResolveEndpointV2", "disableHTTPS", "ComputePayloadHash", "setLegacyContextSigningOptions", "Signing"},
		{"AddRawResponseToMetadata", "ErrorCloseResponseBody", "CloseResponseBody", "ResponseErrorWrapper", "RequestIDRetriever",
			"OperationDeserializer", "RecordResponseTiming", "RequestResponseLogger"},
	}
	assert.Equal(t, want, stepsOf(t))
	with := stepsOf(t, func(o *appintegrations.Options) {
		o.Interceptors.AddAfterExecution(afterExecution(func(context.Context, *smithyhttp.InterceptorContext) error { return nil }))
	})
	var steps []string
	for i, phase := range with {
		for _, id := range phase {
			if !strings.HasPrefix(id, "Intercept") || id == "InterceptBeforeRetryLoop" || id == "InterceptAttempt" {
				steps = append(steps, id)
			}
		}
		assert.Equal(t, want[i], steps)
		steps = nil
	}
}

type afterExecution func(context.Context, *smithyhttp.InterceptorContext) error

func (f afterExecution) AfterExecution(ctx context.Context, in *smithyhttp.InterceptorContext) error {
	return f(ctx, in)
}

// TestHookedShortCircuit answers before GetIdentity: neither credentials nor a
// Region are needed, and nothing is sent.
func TestHookedShortCircuit(t *testing.T) {
	page := &appintegrations.ListDataIntegrationAssociationsOutput{NextToken: aws.String("next")}
	client := appintegrations.New(appintegrations.Options{
		HTTPClient: doFunc(func(*http.Request) (*http.Response, error) { panic("sent") }),
		APIOptions: []func(*middleware.Stack) error{func(s *middleware.Stack) error {
			return s.Finalize.Add(finalizeStep(func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
				out.Result = page
				return out, metadata, nil
			}), middleware.Before)
		}},
	})
	out, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
	require.NoError(t, err)
	assert.Equal(t, "next", *out.NextToken)
}

func TestHookedOptionFails(t *testing.T) {
	s := scripted(reply(200, "{}"))
	cause := errors.New("cause")
	for name, row := range map[string]struct {
		option func(*middleware.Stack) error
		texts  []string
	}{
		"unknown id": {func(s *middleware.Stack) error {
			return s.Finalize.Insert(finalizeStep(nil), "Sining", middleware.Before)
		}, []string{"API option", "not found", " ResolveEndpointV2 ", " Signing ", "RequestResponseLogger"}},
		"error": {func(*middleware.Stack) error { return cause }, []string{"API option", "cause"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.client().ListDataIntegrationAssociations(t.Context(), input("example"), appintegrations.WithAPIOptions(row.option))
			checkText(t, err, row.texts...)
			if name == "error" {
				assert.ErrorIs(t, err, cause)
			}
		})
	}
	assert.Zero(t, s.count())
}

// TestHookedTwiceAtOnce sends each attempt twice at once, from every place of
// the stack that can: neither way down disturbs the other.
func TestHookedTwiceAtOnce(t *testing.T) {
	twice := func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
		var group sync.WaitGroup
		errs := make([]error, 2)
		outs := make([]middleware.FinalizeOutput, 2)
		original := in.Request.(*smithyhttp.Request)
		for i := range 2 {
			in := middleware.FinalizeInput{Request: original.Clone()}
			group.Go(func() { outs[i], _, errs[i] = next.HandleFinalize(ctx, in) })
		}
		group.Wait()
		return outs[1], metadata, errors.Join(errs...)
	}
	for _, place := range stepsOf(t)[3] {
		t.Run(place, func(t *testing.T) {
			var sent atomic.Int64
			client := stubClient("", func(o *appintegrations.Options) {
				o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
					n := sent.Add(1)
					return replied(r, 200, strings.NewReader(fmt.Sprintf(`{"NextToken":"%d"}`, n))), nil
				})
			})
			var calls sync.WaitGroup
			for range 8 {
				calls.Go(func() {
					page, err := client.ListDataIntegrationAssociations(t.Context(), input("example"), appintegrations.WithAPIOptions(func(s *middleware.Stack) error {
						return s.Finalize.Insert(finalizeStep(twice), place, middleware.After)
					}))
					if assert.NoError(t, err) {
						assert.NotEmpty(t, *page.NextToken)
					}
				})
			}
			calls.Wait()
			assert.Equal(t, int64(16), sent.Load())
		})
	}
}

// TestAttemptResults holds what retry.GetAttemptResults finds after more than
// one attempt, with hooks and without.
func TestAttemptResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, hooked := range []bool{false, true} {
			var optFns []func(*appintegrations.Options)
			if hooked {
				optFns = append(optFns, appintegrations.WithAPIOptions(func(*middleware.Stack) error { return nil }))
			}
			s := scripted(reply(500, "", "X-Amzn-RequestId", "r1"), reply(503, "", "X-Amzn-RequestId", "r2"), reply(200, "{}", "X-Amzn-RequestId", "r3"))
			page, err := s.client().ListDataIntegrationAssociations(t.Context(), input("example"), optFns...)
			require.NoError(t, err)
			results, ok := retry.GetAttemptResults(page.ResultMetadata)
			require.True(t, ok)
			require.Len(t, results.Results, 3)
			for i, r := range results.Results {
				id, _ := awsmiddleware.GetRequestIDMetadata(r.ResponseMetadata)
				assert.Equal(t, fmt.Sprintf("r%d", i+1), id)
				assert.Equal(t, i < 2, r.Retried)
				assert.Equal(t, i < 2, r.Retryable)
				var status *awshttp.ResponseError
				assert.Equal(t, i < 2, errors.As(r.Err, &status))
				raw, _ := r.GetRawResponse().(*smithyhttp.Response)
				require.NotNil(t, raw)
				assert.Equal(t, []int{500, 503, 200}[i], raw.StatusCode)
			}
			id, _ := awsmiddleware.GetRequestIDMetadata(page.ResultMetadata)
			assert.Equal(t, "r3", id)
			_, ok = awsmiddleware.GetResponseAt(page.ResultMetadata)
			assert.True(t, ok)
		}
	})
}

// TestHookedBounds: what a hook reads of a body ends at the limits of the
// attempt, and a response that a hook makes is read within them.
func TestHookedBounds(t *testing.T) {
	readAll := func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if resp, ok := out.RawResponse.(*smithyhttp.Response); ok && err == nil {
			body, readErr := io.ReadAll(resp.Body)
			if readErr != nil {
				return out, metadata, readErr
			}
			resp.Body = io.NopCloser(strings.NewReader(string(body)))
		}
		return out, metadata, err
	}
	synth := func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
		out.RawResponse = &smithyhttp.Response{Response: &http.Response{StatusCode: 200, Body: io.NopCloser(blankStream{})}}
		return out, metadata, nil
	}
	for name, row := range map[string]struct {
		hook deserializeFunc
		do   doFunc
		want any
	}{
		"endless body, read by a hook": {readAll, func(r *http.Request) (*http.Response, error) { return replied(r, 200, blankStream{}), nil }, new(*appintegrations.MalformedResponseError)},
		"silent body, read by a hook":  {readAll, stallsAfter(200, "{"), new(*appintegrations.AttemptTimeoutError)},
		"endless body, made by a hook": {synth, nil, new(*appintegrations.MalformedResponseError)},
	} {
		bubble(t, name, func(t *testing.T) {
			client := stubClient("", func(o *appintegrations.Options) { o.HTTPClient, o.MaxPageBytes = row.do, 1<<20 })
			_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"), appintegrations.WithAPIOptions(func(s *middleware.Stack) error {
				return s.Deserialize.Add(middleware.DeserializeMiddlewareFunc("test", row.hook), middleware.After)
			}))
			require.ErrorAs(t, err, row.want)
			var exhausted *retry.MaxAttemptsError
			assert.ErrorAs(t, err, &exhausted)
			assert.NotErrorIs(t, err, context.DeadlineExceeded)
		})
	}
}

// blankStream gives white space for ever.
type blankStream struct{}

func (blankStream) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
