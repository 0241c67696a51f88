package compat

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ours "github.com/seed-10600c52/appintegrations"
)

// edgeCases are what steps and interceptors do now and then: loops of their own,
// time limits, bodies, other requests, panics.
func edgeCases() []hookCase {
	return []hookCase{
		{group: "edges", name: "a loop of the user's around Retry", shows: "page", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, then(1, denied), finalizeAt("Retry", middleware.Before, secondTry))
		}},
		{group: "edges", name: "a second try inside an attempt", shows: "page", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, then(1, denied), finalizeAt("Retry", middleware.After, secondTry))
		}},
		{group: "edges", name: "a second try before Signing", shows: "page", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, then(1, denied), finalizeAt("Signing", middleware.Before, secondTry))
		}},
		{group: "edges", name: "a second try in Deserialize", shows: "page", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, then(1, denied), deserialize(middleware.Before, func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
				out, metadata, err := next.HandleDeserialize(ctx, in)
				if err != nil {
					return next.HandleDeserialize(ctx, in)
				}
				return out, metadata, err
			}))
		}},
		{group: "edges", name: "time limit of a step for an attempt", shows: "context.DeadlineExceeded", do: func(t *testing.T, p peer) []string {
			start := time.Now()
			return append(seenIn(t, p, silent, finalizeAt("Retry", middleware.After, within2s)), "after "+after(start))
		},
			official: []string{"error: *smithy.OperationError > *http.ResponseError(0) > *smithy.CanceledError > context.DeadlineExceeded", "after 2s"},
			ours:     []string{attempt(2), attempt(3), "error: *smithy.OperationError > *retry.MaxAttemptsError > *http.RequestSendError > context.DeadlineExceeded", "after 8s"},
			reason:   "a time limit for an attempt ends the attempt: the call goes on while the caller's context lives"},
		{group: "edges", name: "time limit of a step for the call", shows: "context.DeadlineExceeded", do: func(t *testing.T, p peer) []string {
			start := time.Now()
			return append(seenIn(t, p, silent, finalizeAt("Retry", middleware.Before, within2s)), "after "+after(start))
		},
			official: []string{"error: *smithy.OperationError > *http.ResponseError(0) > *smithy.CanceledError > context.DeadlineExceeded"},
			ours:     []string{"error: *smithy.OperationError > *aws.RequestCanceledError > *smithy.CanceledError > context.DeadlineExceeded"},
			reason:   responseless + ", and a call that is canceled has one type of error"},
		{group: "edges", name: "context of a step that is canceled", shows: "context.Canceled", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, silent, finalizeAt("Retry", middleware.Before, func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(time.Second, cancel)
				return next.HandleFinalize(ctx, in)
			}))
		},
			official: []string{"error: *smithy.OperationError > *http.ResponseError(0) > *smithy.CanceledError > context.Canceled"},
			ours:     []string{"error: *smithy.OperationError > *aws.RequestCanceledError > *smithy.CanceledError > context.Canceled"},
			reason:   responseless + ", and a call that is canceled has one type of error"},
		{group: "edges", name: "a context without the values of the call", shows: "error: *smithy.OperationError", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("GetIdentity", middleware.Before, func(_ context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				return next.HandleFinalize(context.Background(), in)
			}))
		}},
		{group: "edges", name: "a body in Build is sent and hashed", shows: "body \"own body\"", do: bodyOfStep},
		{group: "edges", name: "another request in Build", shows: "/other", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, then(1, serverFault), apiOption(func(stack *middleware.Stack) error {
				return stack.Build.Add(middleware.BuildMiddlewareFunc("own", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
					req := in.Request.(*smithyhttp.Request).Clone()
					req.URL.Path += "/other"
					req.URL.RawPath = ""
					in.Request = req
					return next.HandleBuild(ctx, in)
				}), middleware.After)
			}))
		}},
		{group: "edges", name: "another method", shows: "sends POST", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Signing", middleware.Before, changing(func(req *smithyhttp.Request) { req.Method = http.MethodPost })))
		}},
		{group: "edges", name: "another type of request", shows: "error: ", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Retry", middleware.After, func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				in.Request = "text"
				return next.HandleFinalize(ctx, in)
			}))
		},
			official: []string{"error: *smithy.OperationError"}, ours: []string{"error: *smithy.OperationError > *smithy.SerializationError"},
			reason: "an error of a type that says what is wrong"},
		{group: "edges", name: "a step panics", shows: "panics", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalize(middleware.After, func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				panic("of a step")
			}))
		}},
		{group: "edges", name: "an interceptor panics", shows: "panics", do: func(t *testing.T, p peer) []string {
			w := &watcher{do: func(hook string, _ *interceptorContext) error {
				if hook == "AfterTransmit" {
					panic("of an interceptor")
				}
				return nil
			}}
			return seenIn(t, p, nil, w.everywhere())
		}},
		{group: "edges", name: "BeforeSerialization changes the input", shows: "/changed/", do: inputChangedIn("BeforeSerialization")},
		{group: "edges", name: "BeforeExecution changes the input", shows: "/changed/", do: inputChangedIn("BeforeExecution")},
		{group: "edges", name: "AfterSerialization changes the request", shows: "X-Own: a", do: requestChangedIn("AfterSerialization")},
		{group: "edges", name: "BeforeRetryLoop changes the request", shows: "X-Own: a", do: requestChangedIn("BeforeRetryLoop")},
		{group: "edges", name: "AfterTransmit replaces the response", shows: "response 200", do: func(t *testing.T, p peer) []string {
			w := &watcher{do: func(hook string, in *interceptorContext) error {
				if hook == "AfterTransmit" && in.Response.StatusCode == 503 {
					in.Response = &smithyhttp.Response{Response: &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(onePage))}}
				}
				return nil
			}}
			lines := seenIn(t, p, then(1, respond(503, `{}`)), w.everywhere())
			return append(lines, w.seen...)
		}},
		{group: "edges", name: "AfterTransmit changes the response", shows: "page", do: func(t *testing.T, p peer) []string {
			w := &watcher{do: func(hook string, in *interceptorContext) error {
				if hook == "AfterTransmit" {
					in.Response.StatusCode = 200
					in.Response.Body = io.NopCloser(strings.NewReader(onePage))
				}
				return nil
			}}
			return seenIn(t, p, respond(503, `{}`), w.everywhere())
		}},
		{group: "edges", name: "a step reads the body and puts it back", shows: `"ClientId":"c"`, do: func(t *testing.T, p peer) (lines []string) {
			read := func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
				out, metadata, err := next.HandleDeserialize(ctx, in)
				resp := out.RawResponse.(*smithyhttp.Response)
				body, readErr := io.ReadAll(resp.Body)
				lines = append(lines, fmt.Sprintf("read %d bytes, %v, length %d", len(body), readErr, resp.ContentLength))
				resp.Body = io.NopCloser(strings.NewReader(string(body)))
				return out, metadata, err
			}
			return append(seenIn(t, p, nil, deserialize(middleware.After, read)), lines...)
		}},
		{group: "edges", name: "a paginator with an API option", shows: "X-Own: set", do: func(t *testing.T, p peer) (lines []string) {
			r := &recorder{answer: script(respond(200, `{"NextToken":"2","DataIntegrationAssociations":[{}]}`), respond(200, onePage))}
			own := finalizeAt("Signing", middleware.Before, changing(func(req *smithyhttp.Request) { req.Header.Set("X-Own", "set") }))
			pages := p.new(append(basics(r), own)...).paginator(anInput)
			for pages.HasMorePages() {
				page, err := pages.next(t.Context(), own)
				require.NoError(t, err)
				lines = append(lines, page.Items)
			}
			for _, req := range r.sent() {
				lines = append(lines, describe(req))
			}
			return lines
		}},
		{group: "edges", name: "active span", shows: "Signing Before: Attempt", do: func(t *testing.T, p peer) (found []string) {
			pr := &probe{look: func(ctx context.Context, place string) {
				active, ok := tracing.GetSpan(ctx)
				found = append(found, fmt.Sprintf("%s: %s %t", place, active.Name(), ok))
			}}
			seenIn(t, p, nil, pr.besideEach(), set("TracerProvider", &tracer{}))
			return found
		}},
		{group: "edges", name: "active span in the HTTPClient", shows: "DoHTTPRequest", do: func(t *testing.T, p peer) (found []string) {
			seenIn(t, p, nil, set("TracerProvider", &tracer{}), set("HTTPClient", doFunc(func(req *http.Request) (*http.Response, error) {
				active, _ := tracing.GetSpan(req.Context())
				found = append(found, active.Name())
				return respond(200, onePage)(1, req)
			})))
			return found
		}},
		{group: "edges", name: "results of a Retry of the user's", shows: "attempt 2: no error", do: func(t *testing.T, p peer) []string {
			o := callHooked(t, p, then(1, serverFault), apiOption(func(stack *middleware.Stack) error {
				_, err := stack.Finalize.Swap("Retry", retry.NewAttemptMiddleware(steadyRetryer(), smithyhttp.RequestCloner))
				return err
			}))
			require.NoError(t, o.err)
			return tellMetadata(o.page.metadata)
		}},
		{group: "edges", name: "the stack after the call", shows: "Finalize: Signing", do: func(t *testing.T, p peer) []string {
			var kept *middleware.Stack
			run(t, p, nil, nil, []option{apiOption(func(stack *middleware.Stack) error { kept = stack; return nil })})
			return phases(kept)
		}},
		{group: "edges", name: "a step looks at the stack", shows: "Finalize: Signing", do: func(t *testing.T, p peer) (lines []string) {
			run(t, p, nil, nil, []option{apiOption(func(stack *middleware.Stack) error {
				return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("own", changing(func(*smithyhttp.Request) { lines = phases(stack) })), middleware.After)
			})})
			return lines
		}},
		{group: "edges", name: "no TracerProvider for a call", do: func(t *testing.T, p peer) []string {
			return tell(run(t, p, nil, nil, []option{set("TracerProvider", nil)}))
		}, official: []string{"panics"}, ours: []string{attempt(1), aPage}, reason: "nil means the default, for a call as for a client"},
		{group: "edges", name: "no MeterProvider for a call", do: func(t *testing.T, p peer) []string {
			return tell(run(t, p, nil, nil, []option{set("MeterProvider", nil)}))
		}, official: []string{"panics"}, ours: []string{attempt(1), aPage}, reason: "nil means the default, for a call as for a client"},
		{group: "edges", name: "bodies are closed", shows: "2 bodies, 2 closed", do: closedBodies(apiOption(func(*middleware.Stack) error { return nil }))},
		{group: "edges", name: "bodies are closed where a step swaps them", shows: "2 bodies", do: closedBodies(deserialize(middleware.After, func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			if resp := out.RawResponse.(*smithyhttp.Response); resp.StatusCode == 200 {
				resp.Body = io.NopCloser(strings.NewReader(onePage))
			}
			return out, metadata, err
		})), official: []string{"2 bodies, 1 closed"}, ours: []string{"2 bodies, 2 closed"}, reason: "a body that a step forgot would hold its connection for ever"},
		{group: "edges", name: "the request at each place of Finalize", shows: "after Signing", do: func(t *testing.T, p peer) (lines []string) {
			seenIn(t, p, then(1, serverFault), apiOption(func(stack *middleware.Stack) error {
				for _, id := range stack.Finalize.List() {
					look := changing(func(req *smithyhttp.Request) {
						lines = append(lines, fmt.Sprintf("after %s: %s %s, host %q, %v, %s", id, req.Method, req.URL, req.Host, names(req.Request), req.Header.Get("Amz-Sdk-Request")))
					})
					if err := stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("look "+id, look), id, middleware.After); err != nil {
						return err
					}
				}
				return nil
			}))
			return lines
		}},
		{group: "edges", name: "512 functions", shows: "X-Own: set|set", do: func(t *testing.T, p peer) []string {
			var fns []func(*middleware.Stack) error
			for n := range 512 {
				fns = append(fns, func(stack *middleware.Stack) error {
					return stack.Build.Add(middleware.BuildMiddlewareFunc(fmt.Sprint("own ", n), func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
						in.Request.(*smithyhttp.Request).Header.Add("X-Own", "set")
						return next.HandleBuild(ctx, in)
					}), middleware.After)
				})
			}
			return seenIn(t, p, nil, apiOption(fns...))
		}},
	}
}

// secondTry calls the next step again after an error.
func secondTry(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	again := middleware.FinalizeInput{Request: in.Request.(*smithyhttp.Request).Clone()}
	out, metadata, err := next.HandleFinalize(ctx, in)
	if err != nil {
		return next.HandleFinalize(ctx, again)
	}
	return out, metadata, err
}

func within2s(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return next.HandleFinalize(ctx, in)
}

// bodyOfStep tells what is sent, and what is signed, where a step gives the
// request a body.
func bodyOfStep(t *testing.T, p peer) (lines []string) {
	sign := option{"HTTPSignerV4", func(o any) {
		next := get[v4.HTTPSigner](o, "HTTPSignerV4")
		set("HTTPSignerV4", signFunc(func(ctx context.Context, k aws.Credentials, r *http.Request, hash, service, region string, at time.Time, optFns ...func(*v4.SignerOptions)) error {
			lines = append(lines, "signs "+hash)
			return next.SignHTTP(ctx, k, r, hash, service, region, at, optFns...)
		})).apply(o)
	}}
	n := 0
	send := set("HTTPClient", doFunc(func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		lines = append(lines, fmt.Sprintf("body %q %v length %d", body, err, req.ContentLength))
		if n++; n == 1 {
			return serverFault(n, req)
		}
		return respond(200, onePage)(n, req)
	}))
	o := callHooked(t, p, nil, sign, send, apiOption(func(stack *middleware.Stack) error {
		return stack.Serialize.Insert(middleware.SerializeMiddlewareFunc("own", func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
			req, err := in.Request.(*smithyhttp.Request).SetStream(strings.NewReader("own body"))
			assert.NoError(t, err)
			in.Request = req
			return next.HandleSerialize(ctx, in)
		}), "OperationSerializer", middleware.After)
	}))
	return append(lines, tell(o)...)
}

// closedBodies tells how many bodies of a 500 and a page are closed in the end.
func closedBodies(opt option) func(*testing.T, peer) []string {
	return func(t *testing.T, p peer) []string {
		bodies, closed := 0, 0
		by := then(1, serverFault)
		o := run(t, p, func(n int, req *http.Request) (*http.Response, error) {
			resp, err := by(n, req)
			bodies++
			resp.Body = &closing{Reader: resp.Body, close: func() { closed++ }}
			return resp, err
		}, []option{retrySteadily(), opt}, nil)
		require.NoError(t, o.err)
		return []string{fmt.Sprintf("%d bodies, %d closed", bodies, closed)}
	}
}

// A closing body counts the first time that it is closed.
type closing struct {
	io.Reader
	once  sync.Once
	close func()
}

func (c *closing) Close() error { c.once.Do(c.close); return nil }

// inputChangedIn has a hook that changes the input.
func inputChangedIn(hook string) func(*testing.T, peer) []string {
	return func(t *testing.T, p peer) []string {
		w := &watcher{do: func(name string, in *interceptorContext) error {
			if name == hook {
				reflect.ValueOf(in.Input).Elem().FieldByName("DataIntegrationIdentifier").Set(reflect.ValueOf(aws.String("changed")))
			}
			return nil
		}}
		return seenIn(t, p, nil, w.everywhere())
	}
}

// requestChangedIn has a hook that sets and adds headers and changes the query.
func requestChangedIn(hook string) func(*testing.T, peer) []string {
	return func(t *testing.T, p peer) []string {
		w := &watcher{do: func(name string, in *interceptorContext) error {
			if name == hook {
				in.Request.Header.Set("X-Own", "a")
				in.Request.URL.RawQuery = "own=1"
			}
			return nil
		}}
		return seenIn(t, p, then(1, serverFault), w.everywhere())
	}
}

// A step that waits for its context ends with the attempt, and so does a silent
// service where Retry is removed. The official client waits for ever.
func TestHookThatWaits(t *testing.T) {
	wait := finalize(middleware.After, func(ctx context.Context, _ middleware.FinalizeInput, _ middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
		<-ctx.Done()
		return out, metadata, ctx.Err()
	})
	rows := []struct {
		name string
		opts []option
		took time.Duration
	}{
		{"a step that waits", []option{retrySteadily(), wait}, 92 * time.Second},
		{"a step that waits, one attempt", []option{set("Retryer", aws.NopRetryer{}), wait}, 30 * time.Second},
		{"Retry removed", []option{apiOption(remove("Retry"))}, 30 * time.Second},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				o := run(t, ourPeer, silent, row.opts, nil)
				var timeout *ours.AttemptTimeoutError
				require.ErrorAs(t, o.err, &timeout)
				assert.NotErrorIs(t, o.err, context.DeadlineExceeded)
				assert.Equal(t, row.took, time.Since(start))
			})
		})
	}
}

// A hook that changes the input changes that of the call alone: the caller's
// stays as it is.
func TestHooksLeaveTheInput(t *testing.T) {
	id := "an-integration"
	w := &watcher{do: func(_ string, in *interceptorContext) error {
		p := reflect.ValueOf(in.Input).Elem().FieldByName("DataIntegrationIdentifier").Interface().(*string)
		*p = "changed"
		return nil
	}}
	r := &recorder{}
	_, err := ourPeer.new(append(basics(r), w.everywhere())...).list(t.Context(), input{id: &id})
	require.NoError(t, err)
	assert.Contains(t, r.sent()[0].URL.Path, "/changed/")
	assert.Equal(t, "an-integration", id)
}
