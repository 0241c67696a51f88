package compat

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A probe adds a step at places of the stack, each of which calls look on its
// way in.
type probe struct {
	look func(ctx context.Context, place string)
	in   func(ctx context.Context, place string) context.Context // nil: the context goes on as it is
}

func (p *probe) pass(ctx context.Context, place string) context.Context {
	p.look(ctx, place)
	if p.in == nil {
		return ctx
	}
	return p.in(ctx, place)
}

func (p *probe) initialize(place string) middleware.InitializeMiddleware {
	return middleware.InitializeMiddlewareFunc("probe "+place, func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		return next.HandleInitialize(p.pass(ctx, place), in)
	})
}

func (p *probe) serialize(place string) middleware.SerializeMiddleware {
	return middleware.SerializeMiddlewareFunc("probe "+place, func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
		return next.HandleSerialize(p.pass(ctx, place), in)
	})
}

func (p *probe) build(place string) middleware.BuildMiddleware {
	return middleware.BuildMiddlewareFunc("probe "+place, func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
		return next.HandleBuild(p.pass(ctx, place), in)
	})
}

func (p *probe) finalize(place string) middleware.FinalizeMiddleware {
	return middleware.FinalizeMiddlewareFunc("probe "+place, func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		return next.HandleFinalize(p.pass(ctx, place), in)
	})
}

func (p *probe) deserialize(place string) middleware.DeserializeMiddleware {
	return middleware.DeserializeMiddlewareFunc("probe "+place, func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		return next.HandleDeserialize(p.pass(ctx, place), in)
	})
}

var positions = map[middleware.RelativePosition]string{middleware.Before: " Before", middleware.After: " After"}

// ends adds a step at both ends of each phase.
func (p *probe) ends() option {
	return apiOption(func(stack *middleware.Stack) error {
		for at, where := range positions {
			stack.Initialize.Add(p.initialize("Initialize"+where), at)
			stack.Serialize.Add(p.serialize("Serialize"+where), at)
			stack.Build.Add(p.build("Build"+where), at)
			stack.Finalize.Add(p.finalize("Finalize"+where), at)
			stack.Deserialize.Add(p.deserialize("Deserialize"+where), at)
		}
		return nil
	})
}

// besideEach inserts a step before and one after each step that is there.
func (p *probe) besideEach() option {
	return apiOption(func(stack *middleware.Stack) error {
		for at, where := range positions {
			for _, line := range phases(stack)[1:] {
				phase, id, _ := strings.Cut(line, ": ")
				if err := p.insert(stack, phase, id, at, id+where); err != nil && !strings.HasPrefix(id, "probe ") {
					return err
				}
			}
		}
		return nil
	})
}

func (p *probe) insert(stack *middleware.Stack, phase, id string, at middleware.RelativePosition, place string) error {
	if strings.HasPrefix(id, "probe ") {
		return nil
	}
	switch phase {
	case "Initialize":
		return stack.Initialize.Insert(p.initialize(place), id, at)
	case "Serialize":
		return stack.Serialize.Insert(p.serialize(place), id, at)
	case "Build":
		return stack.Build.Insert(p.build(place), id, at)
	case "Finalize":
		return stack.Finalize.Insert(p.finalize(place), id, at)
	case "Deserialize":
		return stack.Deserialize.Insert(p.deserialize(place), id, at)
	}
	return fmt.Errorf("unknown phase %q", phase)
}

type (
	ordinaryKey struct{} // of a value that a caller puts into the context
	callerKey   struct{} // of a stack value that a caller puts there
	stepKey     struct{} // of a stack value that a step puts there
)

// contextCases hold what the steps of a user find in the context.
func contextCases() (cases []hookCase) {
	values := map[string]func(context.Context) any{
		"service":            func(ctx context.Context) any { return awsmiddleware.GetServiceID(ctx) },
		"operation":          func(ctx context.Context) any { return awsmiddleware.GetOperationName(ctx) },
		"smithy service":     func(ctx context.Context) any { return middleware.GetServiceID(ctx) },
		"smithy operation":   func(ctx context.Context) any { return middleware.GetOperationName(ctx) },
		"Region":             func(ctx context.Context) any { return awsmiddleware.GetRegion(ctx) },
		"signing name":       nameInContext,
		"signing Region":     regionInContext,
		"signing keys":       func(ctx context.Context) any { return awsmiddleware.GetSigningCredentials(ctx).HasKeys() },
		"partition":          func(ctx context.Context) any { return awsmiddleware.GetPartitionID(ctx) },
		"endpoint source":    func(ctx context.Context) any { return awsmiddleware.GetEndpointSource(ctx) },
		"legacy endpoints":   func(ctx context.Context) any { return awsmiddleware.GetRequiresLegacyEndpoints(ctx) },
		"host immutable":     func(ctx context.Context) any { return smithyhttp.GetHostnameImmutable(ctx) },
		"logger":             func(ctx context.Context) any { return fmt.Sprintf("%T", middleware.GetLogger(ctx)) },
		"payload hash":       func(ctx context.Context) any { return v4.GetPayloadHash(ctx) },
		"ordinary value":     func(ctx context.Context) any { return ctx.Value(ordinaryKey{}) },
		"caller stack value": func(ctx context.Context) any { return middleware.GetStackValue(ctx, callerKey{}) },
		"step stack value":   func(ctx context.Context) any { return middleware.GetStackValue(ctx, stepKey{}) },
	}
	shows := map[string]string{
		"service": "Finalize After: AppIntegrations", "operation": "Finalize After: List", "Region": "Finalize After: us-east-1", "ordinary value": "Deserialize After: kept",
		"payload hash": "Finalize After: e3b0c442", "logger": "Finalize After: *compat.lines", "step stack value": "Deserialize After: of a step",
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value := values[name]
		cases = append(cases, hookCase{group: "context", name: name, shows: shows[name], do: func(t *testing.T, p peer) (found []string) {
			look := func(ctx context.Context, place string) {
				found = append(found, fmt.Sprintf("%s: %v", place, value(ctx)))
			}
			ends, beside := &probe{look: look, in: setStepValue}, &probe{look: look}
			callHooked(t, p, then(1, serverFault), set("Logger", &lines{}), beside.besideEach(), ends.ends())
			return found
		}})
	}
	return append(cases,
		hookCase{group: "context", name: "values in the context of the request", shows: "ordinary kept", do: func(t *testing.T, p peer) (lines []string) {
			callHooked(t, p, nil, set("HTTPClient", doFunc(func(req *http.Request) (*http.Response, error) {
				ctx := req.Context()
				lines = append(lines, fmt.Sprintf("ordinary %v, of the caller %v, operation %v", ctx.Value(ordinaryKey{}), middleware.GetStackValue(ctx, callerKey{}), awsmiddleware.GetOperationName(ctx)))
				return respond(200, onePage)(1, req)
			})), apiOption(func(*middleware.Stack) error { return nil }))
			return lines
		}},
		hookCase{group: "context", name: "what a caller says of signing is not heard", shows: "/us-east-1/app-integrations/", do: func(t *testing.T, p peer) []string {
			r := &recorder{}
			ctx := signedAs(t.Context(), "of-caller", "of-caller-1")
			out, err := p.new(append(basics(r), apiOption(func(*middleware.Stack) error { return nil }))...).list(v4.SetPayloadHash(ctx, "of-caller"), anInput)
			return tell(outcome{sent: r.sent(), page: out, err: err})
		}},
		hookCase{group: "context", name: "SetSigningName and SetSigningRegion before setLegacyContextSigningOptions", shows: "/of-step-1/of-step/", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("setLegacyContextSigningOptions", middleware.Before, signingOfStep))
		}},
		hookCase{group: "context", name: "SetSigningName and SetSigningRegion in Initialize", shows: "/of-step-1/of-step/", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, apiOption(func(stack *middleware.Stack) error {
				return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("own", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
					return next.HandleInitialize(signedAs(ctx, "of-step", "of-step-1"), in)
				}), middleware.After)
			}))
		}},
		hookCase{group: "context", name: "SetSigningName and SetSigningRegion before Signing", shows: "page", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Signing", middleware.Before, signingOfStep))
		},
			official: []string{attempt(1)}, ours: []string{strings.Replace(attempt(1), "/us-east-1/app-integrations/", "/of-step-1/of-step/", 1)},
			reason: "what a step says of signing is heard until it is signed"},
		hookCase{group: "context", name: "deadline", shows: "Initialize Before: none", do: func(t *testing.T, p peer) (lines []string) {
			ends := &probe{look: func(ctx context.Context, place string) {
				deadline, ok := ctx.Deadline()
				text := "none"
				if ok {
					text = time.Until(deadline).String()
				}
				lines = append(lines, place+": "+text)
			}}
			callHooked(t, p, nil, ends.ends())
			return lines
		},
			official: []string{"Finalize After: none", "Deserialize Before: none", "Deserialize After: none"},
			ours:     []string{"Finalize After: 30s", "Deserialize Before: 30s", "Deserialize After: 30s"},
			reason:   "an attempt ends with AttemptTimeout"},
	)
}

func signingOfStep(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	return next.HandleFinalize(signedAs(ctx, "of-step", "of-step-1"), in)
}

func setStepValue(ctx context.Context, place string) context.Context {
	if place == "Initialize Before" {
		return middleware.WithStackValue(ctx, stepKey{}, "of a step")
	}
	return ctx
}

// callHooked makes a call whose context has a value and a stack value.
func callHooked(t *testing.T, p peer, by answer, opts ...option) outcome {
	t.Helper()
	r := &recorder{answer: by}
	ctx := middleware.WithStackValue(context.WithValue(t.Context(), ordinaryKey{}, "kept"), callerKey{}, "of the caller")
	out, err := p.new(append(append(basics(r), retrySteadily()), opts...)...).list(ctx, anInput)
	return outcome{sent: r.sent(), page: out, err: err}
}

// metadataCases hold what the metadata of a call has.
func metadataCases() (cases []hookCase) {
	// The step that catches the metadata hooks the call, and is there for those
	// of a call that fails.
	hooked := func(by answer, opts ...option) func(*testing.T, peer) []string {
		return func(t *testing.T, p peer) []string {
			var caught middleware.Metadata
			catch := apiOption(func(stack *middleware.Stack) error {
				return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("catch", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
					out, metadata, err = next.HandleInitialize(ctx, in)
					caught = metadata
					return out, metadata, err
				}), middleware.Before)
			})
			o := callHooked(t, p, by, append([]option{catch}, opts...)...)
			seen := tellMetadata(caught)
			if o.page != nil {
				assert.Equal(t, seen, tellMetadata(o.page.metadata), "the step and the caller see the same")
			}
			return seen
		}
	}
	for _, end := range ends {
		c := hookCase{group: "metadata", name: end.name, shows: "attempt 1: ", do: hooked(end.by)}
		if strings.Contains(end.name, "reset") {
			for n := range map[bool]int{true: 3, false: 1}[end.name == "3 resets"] {
				outer, retried := "", n < 2
				if !retried {
					outer = "*retry.MaxAttemptsError > "
				}
				const line = "attempt %d: %s%s*http.RequestSendError > ECONNRESET, retryable true, retried %t, request id \"\", raw response *http.Response"
				c.official = append(c.official, fmt.Sprintf(line, n+1, outer, "*http.ResponseError(0) > ", retried))
				c.ours = append(c.ours, fmt.Sprintf(line, n+1, outer, "", retried))
			}
			c.reason = responseless
		}
		cases = append(cases, c)
	}
	cases = append(cases,
		hookCase{group: "metadata", name: "Date five minutes ahead", shows: "skew 5m0s", do: hooked(dated(5*time.Minute, respond(200, onePage)))},
		hookCase{group: "metadata", name: "Date that is none", shows: "request id", do: hooked(reply(200, onePage, "Date", "yesterday"))},
		hookCase{group: "metadata", name: "no request id", shows: "raw response", do: hooked(func(n int, req *http.Request) (*http.Response, error) {
			resp, err := respond(200, onePage)(n, req)
			resp.Header.Del("X-Amzn-Requestid")
			return resp, err
		})},
		hookCase{group: "metadata", name: "of a mock", shows: `request id "of a mock"`, do: func(t *testing.T, p peer) []string {
			return hooked(nil, finalize(middleware.Before, func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
				out.Result = mockPage(p)
				awsmiddleware.SetRequestIDMetadata(&metadata, "of a mock")
				return out, metadata, nil
			}))(t, p)
		}},
		hookCase{group: "metadata", name: "the response is raw", shows: "*http.Response 200 body", do: func(t *testing.T, p peer) []string {
			o := callHooked(t, p, nil, apiOption(func(*middleware.Stack) error { return nil }))
			require.NoError(t, o.err)
			raw, ok := awsmiddleware.GetRawResponse(o.page.metadata).(*smithyhttp.Response)
			require.True(t, ok)
			return []string{fmt.Sprintf("%T %d body %t", raw, raw.StatusCode, raw.Body != nil)}
		}},
	)
	return append(cases, plainMetadataCases()...)
}

// plainMetadataCases are those of a call without hooks.
func plainMetadataCases() []hookCase {
	plain := func(by answer) func(*testing.T, peer) []string {
		return func(t *testing.T, p peer) []string {
			o := callHooked(t, p, by)
			require.NoError(t, o.err)
			return tellMetadata(o.page.metadata)
		}
	}
	single := hookCase{group: "metadata", name: "no hooks", shows: `request id "request-1"`, do: plain(nil)}
	if !alwaysStack {
		single.official = []string{"raw response *http.Response 200", "response at 2000-01-01 00:00:00", `attempt 1: no error, retryable false, retried false, request id "request-1", raw response *http.Response`}
		single.ours = []string{"raw response <nil>", "response at none"}
		single.reason = "without hooks, and after one attempt, the response and its time are not kept: they cost more than they are used"
	}
	const resetLine = `*http.RequestSendError > ECONNRESET, retryable true, retried true, request id "", raw response `
	ofReset := "<nil>" // the official client has one without a status
	if alwaysStack {
		ofReset = "*http.Response"
	}
	return []hookCase{single,
		{group: "metadata", name: "no hooks, 500 then success", shows: "attempt 2: no error", do: plain(then(1, serverFault))},
		{group: "metadata", name: "no hooks, reset then success", shows: "attempt 2: no error", do: plain(then(1, resetByPeer)),
			official: []string{"attempt 1: *http.ResponseError(0) > " + resetLine + "*http.Response"}, ours: []string{"attempt 1: " + resetLine + ofReset}, reason: responseless},
		{group: "metadata", name: "no hooks, dated, 500 then success", shows: "skew 5m0s", do: plain(script(serverFault, dated(5*time.Minute, respond(200, onePage))))},
	}
}

// tellMetadata says what is in the metadata of a call.
func tellMetadata(metadata middleware.Metadata) []string {
	id, _ := awsmiddleware.GetRequestIDMetadata(metadata)
	lines := []string{"raw response " + tellRaw(awsmiddleware.GetRawResponse(metadata), true), "response at none", "server time none", "skew none", fmt.Sprintf("request id %q", id)}
	if at, ok := awsmiddleware.GetResponseAt(metadata); ok {
		lines[1] = "response at " + at.UTC().Format(time.DateTime)
	}
	if at, ok := awsmiddleware.GetServerTime(metadata); ok {
		lines[2] = "server time " + at.UTC().Format(time.DateTime)
	}
	if skew, ok := awsmiddleware.GetAttemptSkew(metadata); ok {
		lines[3] = "skew " + skew.String()
	}
	results, _ := retry.GetAttemptResults(metadata)
	for n, r := range results.Results {
		id, _ := awsmiddleware.GetRequestIDMetadata(r.ResponseMetadata)
		what := "no error"
		if r.Err != nil {
			what = links(r.Err)
		}
		lines = append(lines, fmt.Sprintf("attempt %d: %s, retryable %t, retried %t, request id %q, raw response %s", n+1, what, r.Retryable, r.Retried, id, tellRaw(r.GetRawResponse(), false)))
	}
	return lines
}

func tellRaw(raw any, withStatus bool) string {
	text := fmt.Sprintf("%T", raw)
	if resp, ok := raw.(*smithyhttp.Response); ok && resp != nil && resp.Response != nil && withStatus {
		text += fmt.Sprint(" ", resp.StatusCode)
	}
	return text
}

// After a single attempt ours keeps no list of one on the plain path.
func TestPlainMetadataIsSmall(t *testing.T) {
	o := run(t, ourPeer, nil, nil, nil)
	require.NoError(t, o.err)
	_, ok := retry.GetAttemptResults(o.page.metadata)
	assert.Equal(t, alwaysStack, ok)
}
