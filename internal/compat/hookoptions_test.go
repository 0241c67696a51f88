package compat

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// optionCases hold the idioms that users have: steps added, inserted and
// swapped, and the helpers of the SDK.
func optionCases() (cases []hookCase) {
	add := func(name, shows string, opts ...option) {
		cases = append(cases, hookCase{group: "API options", name: name, shows: shows, do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, then(1, serverFault), opts...)
		}})
	}
	own := changing(func(req *smithyhttp.Request) { req.Header.Add("X-Own", "set") })
	add("a function that does nothing", "attempt=2", apiOption(func(*middleware.Stack) error { return nil }))
	add("header before Retry", "X-Own: set", finalizeAt("Retry", middleware.Before, own))
	add("header after Retry", "X-Own: set", finalizeAt("Retry", middleware.After, own))
	add("header before Signing", "X-Own: set", finalizeAt("Signing", middleware.Before, own))
	add("header after Signing", "X-Own: set", finalizeAt("Signing", middleware.After, own))
	add("Accept-Encoding taken out before Signing", "sends GET", finalizeAt("Signing", middleware.Before, changing(func(req *smithyhttp.Request) { req.Header.Del("Accept-Encoding") })))
	add("Accept-Encoding set before Signing", "Accept-Encoding: gzip", finalizeAt("Signing", middleware.Before, changing(func(req *smithyhttp.Request) { req.Header.Set("Accept-Encoding", "gzip") })))
	add("query changed before Signing", "?own=1", finalizeAt("Signing", middleware.Before, changing(func(req *smithyhttp.Request) { req.URL.RawQuery = "own=1" })))
	add("payload hash after ResolveEndpointV2", "page", finalizeAt("ResolveEndpointV2", middleware.After, setHash("UNSIGNED-PAYLOAD")))
	add("payload hash before Signing", "page", finalizeAt("Signing", middleware.Before, setHash("UNSIGNED-PAYLOAD")))
	add("ComputePayloadHash swapped", "page", apiOption(func(stack *middleware.Stack) error {
		_, err := stack.Finalize.Swap("ComputePayloadHash", middleware.FinalizeMiddlewareFunc("own", setHash("UNSIGNED-PAYLOAD")))
		return err
	}))
	add("v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware", "page", apiOption(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware))
	add("v4.AddContentSHA256HeaderMiddleware", "X-Amz-Content-Sha256: e3b0c442", apiOption(v4.AddContentSHA256HeaderMiddleware))
	add("v4.Swap..., then v4.AddContentSHA256HeaderMiddleware", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD", apiOption(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware, v4.AddContentSHA256HeaderMiddleware))
	add("v4.RemoveComputePayloadSHA256Middleware", "", apiOption(v4.RemoveComputePayloadSHA256Middleware))
	add("AddUserAgentKey", " own", apiOption(awsmiddleware.AddUserAgentKey("own")))
	add("AddUserAgentKeyValue", "own/1.0", apiOption(awsmiddleware.AddUserAgentKeyValue("own", "1.0")))
	add("AddSDKAgentKey", "md/own", apiOption(awsmiddleware.AddSDKAgentKey(awsmiddleware.AdditionalMetadata, "own")))
	add("AddSDKAgentKeyValue", "lib/own#1.0", apiOption(awsmiddleware.AddSDKAgentKeyValue(awsmiddleware.FrameworkMetadata, "own", "1.0")))
	add("AddRequestUserAgentMiddleware", "page", apiOption(awsmiddleware.AddRequestUserAgentMiddleware))
	add("SetHeaderValue", "X-Own: a", apiOption(smithyhttp.SetHeaderValue("X-Own", "a")))
	add("AddHeaderValue", "X-Own: a|b", apiOption(smithyhttp.AddHeaderValue("X-Own", "a"), smithyhttp.AddHeaderValue("X-Own", "b")))
	add("WithHeaderComment", "", apiOption(smithyhttp.WithHeaderComment("User-Agent", "own")))
	add("AddRawResponseToMetadata a second time", "", apiOption(awsmiddleware.AddRawResponseToMetadata))
	add("AddClientRequestIDMiddleware a second time", "", apiOption(awsmiddleware.AddClientRequestIDMiddleware))
	add("AddRetryMiddlewares a second time", "", apiOption(func(stack *middleware.Stack) error {
		return retry.AddRetryMiddlewares(stack, retry.AddRetryMiddlewaresOptions{Retryer: steadyRetryer()})
	}))
	add("Retry swapped", "attempt=2", apiOption(func(stack *middleware.Stack) error {
		_, err := stack.Finalize.Swap("Retry", retry.NewAttemptMiddleware(steadyRetryer(), smithyhttp.RequestCloner))
		return err
	}))
	add("ValidateContentLengthHeader", "", apiOption(smithyhttp.ValidateContentLengthHeader))
	add("AddRequireMinimumProtocol", "", apiOption(func(stack *middleware.Stack) error { return smithyhttp.AddRequireMinimumProtocol(stack, 2, 0) }))
	add("Signing swapped for an own signer", "page", apiOption(func(stack *middleware.Stack) error {
		_, err := stack.Finalize.Swap("Signing", middleware.FinalizeMiddlewareFunc("Signing", ownSignature))
		return err
	}))
	add("Signing removed, an own signer added", "page", apiOption(func(stack *middleware.Stack) error {
		if _, err := stack.Finalize.Remove("Signing"); err != nil {
			return err
		}
		return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("OwnSigning", ownSignature), middleware.After)
	}))
	add("ResolveEndpointV2 swapped for an own step", "https://own.example/v2/", apiOption(func(stack *middleware.Stack) error {
		_, err := stack.Finalize.Swap("ResolveEndpointV2", middleware.FinalizeMiddlewareFunc("OwnEndpoint", ownEndpoint))
		return err
	}))
	add("ResolveEndpointV2 removed, an own step before Signing", "https://own.example/v2/", apiOption(remove("ResolveEndpointV2")), finalizeAt("Signing", middleware.Before, ownEndpoint))
	add("an own step at the end of Build resolves, ResolveEndpointV2 removed", "https://own.example/v2/", apiOption(remove("ResolveEndpointV2"), func(stack *middleware.Stack) error {
		return stack.Build.Add(middleware.BuildMiddlewareFunc("own", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
			toOwnEndpoint(in.Request.(*smithyhttp.Request))
			return next.HandleBuild(ctx, in)
		}), middleware.After)
	}))
	add("GetIdentity and Signing removed, an own signer, no credentials", "own-region/own-service", set("Credentials", nil),
		apiOption(remove("GetIdentity"), remove("Signing")), finalize(middleware.After, ownSignature))
	add("GetIdentity and Signing removed", "unsigned", apiOption(remove("GetIdentity"), remove("Signing")))
	add("the same id twice", "", apiOption(twice, twice))
	cases = append(cases, stepCases()...)
	cases = append(cases, bodyCases()...)
	return append(cases, errorCases()...)
}

func setHash(hash string) finalizeFunc {
	return func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		return next.HandleFinalize(v4.SetPayloadHash(ctx, hash), in)
	}
}

// ownSignature signs as a user does who has keys of another kind.
func ownSignature(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
	req := in.Request.(*smithyhttp.Request)
	err = v4.NewSigner().SignHTTP(ctx, keys("own-token"), req.Request, v4.GetPayloadHash(ctx), "own-service", "own-region", time.Now())
	if err != nil {
		return out, metadata, err
	}
	return next.HandleFinalize(ctx, in)
}

var ownEndpoint = changing(toOwnEndpoint)

func toOwnEndpoint(req *smithyhttp.Request) {
	req.URL.Scheme, req.URL.Host, req.URL.Path = "https", "own.example", "/v2"+req.URL.Path
}

func remove(id string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		_, err := stack.Finalize.Remove(id)
		return err
	}
}

func twice(stack *middleware.Stack) error {
	return stack.Build.Add(middleware.BuildMiddlewareFunc("twice", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
		return next.HandleBuild(ctx, in)
	}), middleware.After)
}

// errorCases are options that are wrong.
func errorCases() []hookCase {
	return []hookCase{
		{group: "API options", name: "a function that fails", shows: "errOwn", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, apiOption(func(*middleware.Stack) error { return errOwn }))
		}, official: []string{"error: errOwn"}, ours: []string{"error: *smithy.OperationError > errOwn"}, reason: optionErrors},
		{group: "API options", name: "a nil function", do: func(t *testing.T, p peer) []string { return seenIn(t, p, nil, apiOption(nil)) },
			official: []string{"panics"}, ours: []string{attempt(1), aPage}, reason: "a library does not end a process"},
		{group: "API options", name: "an unknown id", shows: "error: ", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Unknown", middleware.After, changing(func(*smithyhttp.Request) {})))
		}, official: []string{"error: "}, ours: []string{"error: *smithy.OperationError"}, reason: optionErrors},
	}
}

// The error of an unknown id lists the ids that there are, in bounds.
func TestUnknownID(t *testing.T) {
	o := run(t, ourPeer, nil, nil, []option{finalizeAt("Sining", middleware.After, changing(func(*smithyhttp.Request) {}))})
	require.Error(t, o.err)
	assert.Empty(t, o.sent)
	for _, line := range officialSteps() {
		_, id, _ := strings.Cut(line, ": ")
		assert.ErrorContains(t, o.err, " "+id)
	}
	assert.LessOrEqual(t, len(o.err.Error()), 1024)
}

var failingSigner = signFunc(func(context.Context, aws.Credentials, *http.Request, string, string, string, time.Time, ...func(*v4.SignerOptions)) error {
	return errOwn
})
