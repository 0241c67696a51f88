package compat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	official "github.com/aws/aws-sdk-go-v2/service/appintegrations"
	officialtypes "github.com/aws/aws-sdk-go-v2/service/appintegrations/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ours "github.com/seed-10600c52/appintegrations"
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

// stepCases tell which steps run, how often and in which order.
func stepCases() []hookCase {
	return []hookCase{
		{group: "API options", name: "steps at the ends of each phase, 500 then success", shows: "Deserialize After", do: func(t *testing.T, p peer) (seen []string) {
			pr := &probe{look: func(_ context.Context, place string) { seen = append(seen, place) }}
			return append(append(seen, seenIn(t, p, then(1, serverFault), pr.ends())...), seen...)
		}},
		{group: "API options", name: "steps beside each step, 500 then success", shows: "Signing Before", do: func(t *testing.T, p peer) (seen []string) {
			pr := &probe{look: func(_ context.Context, place string) { seen = append(seen, place) }}
			lines := seenIn(t, p, then(1, serverFault), pr.besideEach())
			return append(seen, lines...)
		}},
		{group: "API options", name: "steps beside each step and interceptor", shows: "InterceptTransmit Before", do: func(t *testing.T, p peer) (seen []string) {
			pr := &probe{look: func(_ context.Context, place string) { seen = append(seen, place) }}
			lines := seenIn(t, p, nil, (&watcher{}).everywhere(), pr.besideEach())
			return append(seen, lines...)
		}},
		{group: "API options", name: "of a client, then of a call, then of a second function", shows: "call", do: func(t *testing.T, p peer) (seen []string) {
			note := func(text string) option {
				return apiOption(func(stack *middleware.Stack) error {
					seen = append(seen, fmt.Sprintf("%s after %d steps", text, len(stack.Initialize.List())))
					return twiceInitialize(stack, text)
				})
			}
			run(t, p, nil, []option{note("client"), note("client too")}, []option{note("call"), note("call too")})
			return seen
		}},
		{group: "API options", name: "of aws.Config, then of the client", shows: "client", do: func(t *testing.T, p peer) (seen []string) {
			withConfig(t, p, nil, func(c *aws.Config) {
				c.APIOptions = append(c.APIOptions, func(*middleware.Stack) error { seen = append(seen, "config"); return nil })
			}, apiOption(func(*middleware.Stack) error { seen = append(seen, "client"); return nil }))
			return seen
		}},
		{group: "API options", name: "what each phase gets and returns", shows: "Initialize gets *appintegrations", do: typesOfPhases},
		{group: "API options", name: "input changed in Initialize", shows: "/changed/", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, apiOption(func(stack *middleware.Stack) error {
				return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("own", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
					in.Parameters = inputOf(p, input{id: aws.String("changed"), max: aws.Int32(7)})
					return next.HandleInitialize(ctx, in)
				}), middleware.Before)
			}))
		}},
		{group: "API options", name: "input changed before OperationSerializer", shows: "/changed/", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, apiOption(func(stack *middleware.Stack) error {
				return stack.Serialize.Insert(middleware.SerializeMiddlewareFunc("own", func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
					in.Parameters = inputOf(p, input{id: aws.String("changed")})
					return next.HandleSerialize(ctx, in)
				}), "OperationSerializer", middleware.Before)
			}))
		}},
		{group: "API options", name: "input of another type", shows: "error: ", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, apiOption(func(stack *middleware.Stack) error {
				return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("own", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
					in.Parameters = "text"
					return next.HandleInitialize(ctx, in)
				}), middleware.After)
			}))
		}},
		{group: "API options", name: "header after OperationSerializer", shows: "X-Own: set", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, apiOption(func(stack *middleware.Stack) error {
				return stack.Serialize.Insert(middleware.SerializeMiddlewareFunc("own", func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
					in.Request.(*smithyhttp.Request).Header.Set("X-Own", "set")
					return next.HandleSerialize(ctx, in)
				}), "OperationSerializer", middleware.After)
			}))
		}},
		{group: "API options", name: "output changed in Initialize", shows: "changed", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, apiOption(func(stack *middleware.Stack) error {
				return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("own", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
					out, metadata, err := next.HandleInitialize(ctx, in)
					changeOutput(out.Result)
					return out, metadata, err
				}), middleware.Before)
			}))
		}},
	}
}

func twiceInitialize(stack *middleware.Stack, id string) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc(id, func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		return next.HandleInitialize(ctx, in)
	}), middleware.After)
}

// typesOfPhases tells the types that steps assert without a look: a panic for
// the user if they were others.
func typesOfPhases(t *testing.T, p peer) (lines []string) {
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	run(t, p, nil, nil, []option{apiOption(func(stack *middleware.Stack) error {
		stack.Initialize.Add(middleware.InitializeMiddlewareFunc("own", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			add("Initialize gets %T", in.Parameters)
			out, metadata, err := next.HandleInitialize(ctx, in)
			add("Initialize returns %T", out.Result)
			return out, metadata, err
		}), middleware.After)
		stack.Serialize.Add(middleware.SerializeMiddlewareFunc("own", func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
			add("Serialize gets %T %T", in.Parameters, in.Request)
			out, metadata, err := next.HandleSerialize(ctx, in)
			add("Serialize returns %T", out.Result)
			return out, metadata, err
		}), middleware.After)
		stack.Build.Add(middleware.BuildMiddlewareFunc("own", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
			req := in.Request.(*smithyhttp.Request)
			add("Build gets %T %s %s host %q body %v stream %v", in.Request, req.Method, req.URL, req.URL.Host, req.Body, req.GetStream())
			out, metadata, err := next.HandleBuild(ctx, in)
			add("Build returns %T", out.Result)
			return out, metadata, err
		}), middleware.After)
		stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("own", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			req := in.Request.(*smithyhttp.Request)
			add("Finalize gets %T %s %s Host %q length %d", in.Request, req.Method, req.URL, req.Host, req.ContentLength)
			out, metadata, err := next.HandleFinalize(ctx, in)
			add("Finalize returns %T", out.Result)
			return out, metadata, err
		}), middleware.After)
		stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("own", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			add("Deserialize gets %T", in.Request)
			out, metadata, err := next.HandleDeserialize(ctx, in)
			add("Deserialize returns %T %T", out.RawResponse, out.Result)
			return out, metadata, err
		}), middleware.After)
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("outer", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			add("Deserialize returns at its start %T %T", out.RawResponse, out.Result)
			return out, metadata, err
		}), middleware.Before)
	})})
	return lines
}

// bodyCases change what comes back, before and after it is decoded.
func bodyCases() []hookCase {
	rewrite := func(change func(string) string) deserializeFunc {
		return func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			if resp, ok := out.RawResponse.(*smithyhttp.Response); ok && err == nil {
				body, _ := io.ReadAll(resp.Body)
				resp.Body = io.NopCloser(strings.NewReader(change(string(body))))
			}
			return out, metadata, err
		}
	}
	repair := rewrite(func(body string) string { return strings.TrimPrefix(body, ")]}'\n") })
	return []hookCase{
		{group: "API options", name: "a body repaired after OperationDeserializer", shows: `"ClientId":"c"`, do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, respond(200, ")]}'\n"+onePage), deserializeAt("OperationDeserializer", middleware.After, repair))
		}},
		{group: "API options", name: "a body repaired at the end of Deserialize", shows: `"ClientId":"c"`, do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, respond(200, ")]}'\n"+onePage), deserialize(middleware.After, repair))
		}},
		{group: "API options", name: "an error body repaired", shows: "AccessDenied", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, respond(403, `oops`), deserialize(middleware.After, rewrite(func(string) string { return `{"__type":"AccessDeniedException","message":"no"}` })))
		}},
		{group: "API options", name: "a status changed before it is decoded", shows: "attempt=2", do: func(t *testing.T, p peer) []string {
			n := 0
			return seenIn(t, p, nil, deserialize(middleware.After, func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
				out, metadata, err := next.HandleDeserialize(ctx, in)
				if n++; n == 1 {
					out.RawResponse.(*smithyhttp.Response).StatusCode = 503
				}
				return out, metadata, err
			}))
		}},
		{group: "API options", name: "an error before OperationDeserializer replaced by a page", shows: "page: ", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, denied, deserializeAt("OperationDeserializer", middleware.Before, func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
				out, metadata, err := next.HandleDeserialize(ctx, in)
				if err != nil {
					out.Result, err = mockPage(p), nil
				}
				return out, metadata, err
			}))
		}},
		{group: "API options", name: "a page that a step makes an error, retryable", shows: "MaxAttemptsError", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, deserialize(middleware.Before, func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
				out, metadata, err := next.HandleDeserialize(ctx, in)
				return out, metadata, errors.Join(err, retryableError{errOwn})
			}))
		}},
		{group: "API options", name: "an error of a step after Retry", shows: "> errOwn", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Retry", middleware.After, func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
				return out, metadata, errOwn
			}))
		}},
		{group: "API options", name: "an error of a step after Retry, retryable", shows: "MaxAttemptsError", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Retry", middleware.After, func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
				return out, metadata, retryableError{errOwn}
			}))
		}},
		{group: "API options", name: "a 200 whose body a step has emptied", shows: "sends ", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, deserialize(middleware.After, rewrite(func(string) string { return "" })))
		},
			official: []string{"page: null next nil"},
			ours: []string{attempt(2), attempt(3),
				"error: *smithy.OperationError > *retry.MaxAttemptsError > *http.ResponseError(200) > *smithy.DeserializationError > *appintegrations.MalformedResponseError"},
			reason: "only a complete page is one"},
	}
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

// removalCases remove each step.
func removalCases() (cases []hookCase) {
	for _, line := range officialSteps() {
		phase, id, _ := strings.Cut(line, ": ")
		c := hookCase{group: "a step removed", name: id, do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, then(1, serverFault), apiOption(func(stack *middleware.Stack) error { return removeStep(stack, phase, id) }))
		}}
		c.official, c.ours, c.reason = removalDiffers(id)
		cases = append(cases, c)
	}
	return cases
}

func removeStep(stack *middleware.Stack, phase, id string) (err error) {
	switch phase {
	case "Initialize":
		_, err = stack.Initialize.Remove(id)
	case "Serialize":
		_, err = stack.Serialize.Remove(id)
	case "Build":
		_, err = stack.Build.Remove(id)
	case "Finalize":
		_, err = stack.Finalize.Remove(id)
	case "Deserialize":
		_, err = stack.Deserialize.Remove(id)
	}
	return err
}

// officialSteps are the steps of the official client, "Finalize: Retry" for
// example.
func officialSteps() (steps []string) {
	c := officialPeer.new(append(basics(&recorder{}), apiOption(func(stack *middleware.Stack) error {
		steps = phases(stack)[1:]
		return nil
	}))...)
	c.list(context.Background(), anInput)
	return steps
}

// removalDiffers says how the clients differ without a step.
func removalDiffers(id string) (official, ours []string, reason string) {
	switch id {
	case "OperationSerializer":
		nothing := strings.NewReplacer("sends GET", "sends ", "/dataIntegrations/an-integration/associations", "").Replace
		slash := func(line string) string { return strings.Replace(line, ".com,", ".com/,", 1) }
		return []string{slash(nothing(attempt(1))), slash(nothing(attempt(2)))}, []string{nothing(attempt(1)), nothing(attempt(2))},
			"a request without a path has none added"
	case "Retry":
		return []string{strings.Replace(attempt(0), "; max=3", "", 1)}, []string{strings.NewReplacer(", Amz-Sdk-Request: attempt=0; max=3", "", "amz-sdk-request;", "").Replace(attempt(0))},
			"without a loop there is no attempt to number"
	case "RetryMetricsHeader":
		without := strings.NewReplacer("amz-sdk-request;", "", ", Amz-Sdk-Request: attempt=1; max=3", "", ", Amz-Sdk-Request: attempt=2; max=3", "").Replace
		return []string{attempt(1), attempt(2)}, []string{without(attempt(1)), without(attempt(2))}, "who takes out the step wants no such header"
	case "ResolveEndpointV2":
		nowhere := func(n int) string {
			return strings.Replace(attempt(n), "https://app-integrations.us-east-1.amazonaws.com", "", 1)
		}
		return []string{nowhere(1), nowhere(2), aPage}, []string{"error: *smithy.OperationError > *appintegrations.ConfigError"}, "a request without a host goes nowhere"
	case "ResolveAuthScheme":
		return []string{"error: *smithy.OperationError"}, []string{attempt(1), attempt(2), aPage}, "there is one scheme"
	case "GetIdentity":
		return []string{"error: *smithy.OperationError"}, []string{"error: *smithy.OperationError > *appintegrations.ConfigError"}, "an error of a type that names the field"
	case "ResponseErrorWrapper":
		return []string{"error: *smithy.OperationError > *appintegrations.InternalServiceError"}, []string{attempt(2), aPage}, "the status decides on a retry, and is kept with the error from the start"
	case "OperationDeserializer":
		return []string{"panics"}, []string{attempt(1), "error: *smithy.OperationError"}, "a library does not end a process"
	}
	return nil, nil, ""
}

// mockPage is a page of the client's own type, which a user's mock makes.
func mockPage(p peer) any {
	if p.name == "official" {
		return &official.ListDataIntegrationAssociationsOutput{
			DataIntegrationAssociations: []officialtypes.DataIntegrationAssociationSummary{{ClientId: aws.String("mocked")}}, NextToken: aws.String("next"),
		}
	}
	return &ours.ListDataIntegrationAssociationsOutput{
		DataIntegrationAssociations: []ours.DataIntegrationAssociationSummary{{ClientId: aws.String("mocked")}}, NextToken: aws.String("next"),
	}
}

func inputOf(p peer, in input) any {
	if p.name == "official" {
		return officialInput(in)
	}
	return ourInput(in)
}

// mockPages answers with a page in Finalize.
func mockPages(p peer, at middleware.RelativePosition) option {
	return finalize(at, func(ctx context.Context, _ middleware.FinalizeInput, _ middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
		if awsmiddleware.GetOperationName(ctx) != operation {
			return out, metadata, fmt.Errorf("unexpected operation %q", awsmiddleware.GetOperationName(ctx))
		}
		out.Result = mockPage(p)
		return out, metadata, nil
	})
}

// mockCases answer in the place of the service.
func mockCases() []hookCase {
	bare := func(t *testing.T, p peer, opts ...option) []string { // neither Region nor credentials
		r := &recorder{}
		out, err := p.new(append([]option{set("HTTPClient", r)}, opts...)...).list(t.Context(), anInput)
		return tell(outcome{sent: r.sent(), page: out, err: err})
	}
	deserialized := func(p peer) deserializeFunc {
		return func(context.Context, middleware.DeserializeInput, middleware.DeserializeHandler) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
			out.Result = mockPage(p)
			return out, metadata, nil
		}
	}
	raw := func(status int, body string) deserializeFunc {
		return func(context.Context, middleware.DeserializeInput, middleware.DeserializeHandler) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
			out.RawResponse = &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewBufferString(body))}}
			return out, metadata, nil
		}
	}
	result := func(result any) finalizeFunc {
		return func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
			out.Result = result
			return out, metadata, nil
		}
	}
	const panics = "a library does not end a process"
	return []hookCase{
		{group: "mocks", name: "Finalize Before, neither credentials nor Region", shows: `page: [{"ClientId":"mocked"}] next "next"`, do: func(t *testing.T, p peer) []string {
			return bare(t, p, mockPages(p, middleware.Before))
		}},
		{group: "mocks", name: "Finalize Before, an error", shows: "> errOwn", do: func(t *testing.T, p peer) []string {
			return bare(t, p, finalize(middleware.Before, func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
				return out, metadata, errOwn
			}))
		}},
		{group: "mocks", name: "Initialize Before", shows: "mocked", do: func(t *testing.T, p peer) []string {
			return bare(t, p, apiOption(func(stack *middleware.Stack) error {
				return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("mock", func(context.Context, middleware.InitializeInput, middleware.InitializeHandler) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
					out.Result = mockPage(p)
					return out, metadata, nil
				}), middleware.Before)
			}))
		}},
		{group: "mocks", name: "Serialize After", shows: "mocked", do: func(t *testing.T, p peer) []string {
			return bare(t, p, apiOption(func(stack *middleware.Stack) error {
				return stack.Serialize.Add(middleware.SerializeMiddlewareFunc("mock", func(context.Context, middleware.SerializeInput, middleware.SerializeHandler) (out middleware.SerializeOutput, metadata middleware.Metadata, err error) {
					out.Result = mockPage(p)
					return out, metadata, nil
				}), middleware.After)
			}))
		}},
		{group: "mocks", name: "Finalize After", shows: "mocked", do: func(t *testing.T, p peer) []string { return seenIn(t, p, nil, mockPages(p, middleware.After)) }},
		{group: "mocks", name: "Finalize After, anonymous", shows: "mocked", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, mockPages(p, middleware.After), set("Credentials", aws.AnonymousCredentials{}))
		}},
		{group: "mocks", name: "Finalize After, no credentials", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, mockPages(p, middleware.After), set("Credentials", nil))
		}, official: []string{`page: [{"ClientId":"mocked"}] next "next"`}, ours: []string{"error: *smithy.OperationError > *appintegrations.ConfigError"},
			reason: "no request leaves unsigned unless that is asked for"},
		{group: "mocks", name: "Deserialize Before", shows: "mocked", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, deserialize(middleware.Before, deserialized(p)))
		}},
		{group: "mocks", name: "Deserialize After, a raw response", shows: `"ClientId":"c"`, do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, deserialize(middleware.After, raw(200, onePage)))
		}},
		{group: "mocks", name: "Deserialize After, a raw response of an error", shows: "AccessDeniedException", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, deserialize(middleware.After, raw(403, `{"__type":"AccessDeniedException","message":"no"}`)))
		}},
		{group: "mocks", name: "Deserialize After, a raw response and interceptors", shows: `"ClientId":"c"`, do: func(t *testing.T, p peer) []string {
			w := &watcher{}
			return append(seenIn(t, p, nil, deserialize(middleware.After, raw(200, onePage)), w.everywhere()), w.seen...)
		}},
		{group: "mocks", name: "Deserialize After, nothing", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, deserialize(middleware.After, func(context.Context, middleware.DeserializeInput, middleware.DeserializeHandler) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
				return out, metadata, nil
			}))
		}, shows: "error: "},
		{group: "mocks", name: "another type", do: func(t *testing.T, p peer) []string { return bare(t, p, finalize(middleware.Before, result("text"))) },
			official: []string{"panics"}, ours: []string{"error: *smithy.OperationError"}, reason: panics},
		{group: "mocks", name: "nothing", do: func(t *testing.T, p peer) []string { return bare(t, p, finalize(middleware.Before, result(nil))) },
			official: []string{"panics"}, ours: []string{"error: *smithy.OperationError"}, reason: panics},
		{group: "mocks", name: "nil of the right type", do: func(t *testing.T, p peer) []string {
			var nothing any = (*official.ListDataIntegrationAssociationsOutput)(nil)
			if p.name == "ours" {
				nothing = (*ours.ListDataIntegrationAssociationsOutput)(nil)
			}
			return bare(t, p, finalize(middleware.Before, result(nothing)))
		}, official: []string{"panics"}, ours: []string{"error: *smithy.OperationError"}, reason: panics},
		{group: "mocks", name: "a paginator over a mock", shows: "2 pages", do: func(t *testing.T, p peer) []string {
			n := 0
			mock := finalize(middleware.Before, func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
				out.Result = mockPage(p)
				if n++; n == 2 {
					out.Result = lastPage(p)
				}
				return out, metadata, nil
			})
			pages := p.new(mock).paginator(anInput)
			for pages.HasMorePages() {
				_, err := pages.next(t.Context())
				require.NoError(t, err)
			}
			return []string{fmt.Sprint(n, " pages")}
		}},
	}
}

func lastPage(p peer) any {
	if p.name == "official" {
		return &official.ListDataIntegrationAssociationsOutput{}
	}
	return &ours.ListDataIntegrationAssociationsOutput{}
}

// The error of a mock that answers with something else names its type.
func TestMockOfAnotherType(t *testing.T) {
	for want, result := range map[string]any{"int": 7, "<nil>": nil, "*appintegrations.ListDataIntegrationAssociationsOutput": (*ours.ListDataIntegrationAssociationsOutput)(nil)} {
		o := run(t, ourPeer, nil, nil, []option{finalize(middleware.Before, func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
			out.Result = result
			return out, metadata, nil
		})})
		assert.ErrorContains(t, o.err, want)
		assert.Nil(t, o.page)
	}
}

// routeCases change the host.
func routeCases() []hookCase {
	other := changing(func(req *smithyhttp.Request) { req.URL.Host = "other.example" })
	return []hookCase{
		{group: "host routing", name: "after Retry", shows: "//app-integrations", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Retry", middleware.After, other))
		}},
		{group: "host routing", name: "after Retry, Host too", shows: "other.example", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Retry", middleware.After, changing(func(req *smithyhttp.Request) { req.Host = "other.example" })))
		}},
		{group: "host routing", name: "after ResolveEndpointV2", shows: "other.example", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("ResolveEndpointV2", middleware.After, other))
		}},
		{group: "host routing", name: "before Signing", shows: "other.example", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Signing", middleware.Before, other))
		}},
		{group: "host routing", name: "another host for each attempt", shows: "//b.example", do: func(t *testing.T, p peer) []string {
			hosts := []string{"a.example", "b.example", "c.example"}
			return seenIn(t, p, then(2, respond(503, `{}`)), finalizeAt("Signing", middleware.Before, changing(func(req *smithyhttp.Request) {
				req.URL.Host, hosts = hosts[0], hosts[1:]
			})))
		}},
		{group: "host routing", name: "after Signing", shows: "other.example", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Signing", middleware.After, other))
		}},
		{group: "host routing", name: "in Deserialize", shows: "other.example", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, deserialize(middleware.After, func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
				in.Request.(*smithyhttp.Request).URL.Host = "other.example"
				return next.HandleDeserialize(ctx, in)
			}))
		}},
		{group: "host routing", name: "scheme and path before Signing", shows: "http://other.example/p/", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Signing", middleware.Before, changing(func(req *smithyhttp.Request) {
				req.URL.Scheme, req.URL.Host, req.URL.Path = "http", "other.example", "/p"+req.URL.Path
			})))
		}},
	}
}

var failingSigner = signFunc(func(context.Context, aws.Credentials, *http.Request, string, string, string, time.Time, ...func(*v4.SignerOptions)) error {
	return errOwn
})
