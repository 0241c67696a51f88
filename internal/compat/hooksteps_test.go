package compat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

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
