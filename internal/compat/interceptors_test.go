package compat

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// hookNames are the interceptors in the order of a call that succeeds.
var hookNames = []string{
	"BeforeExecution", "BeforeSerialization", "AfterSerialization", "BeforeRetryLoop", "BeforeAttempt", "BeforeSigning", "AfterSigning",
	"BeforeTransmit", "AfterTransmit", "BeforeDeserialization", "AfterDeserialization", "AfterAttempt", "AfterExecution",
}

// A watcher is a user's interceptor of every kind.
type watcher struct {
	do    func(hook string, in *smithyhttp.InterceptorContext) error // nil: nothing
	label string
	seen  []string
}

func (w *watcher) hook(name string, in *smithyhttp.InterceptorContext) error {
	w.seen = append(w.seen, w.label+name+": "+inside(in))
	if w.do == nil {
		return nil
	}
	return w.do(name, in)
}

type interceptorContext = smithyhttp.InterceptorContext

func (w *watcher) BeforeExecution(_ context.Context, in *interceptorContext) error {
	return w.hook("BeforeExecution", in)
}
func (w *watcher) BeforeSerialization(_ context.Context, in *interceptorContext) error {
	return w.hook("BeforeSerialization", in)
}
func (w *watcher) AfterSerialization(_ context.Context, in *interceptorContext) error {
	return w.hook("AfterSerialization", in)
}
func (w *watcher) BeforeRetryLoop(_ context.Context, in *interceptorContext) error {
	return w.hook("BeforeRetryLoop", in)
}
func (w *watcher) BeforeAttempt(_ context.Context, in *interceptorContext) error {
	return w.hook("BeforeAttempt", in)
}
func (w *watcher) BeforeSigning(_ context.Context, in *interceptorContext) error {
	return w.hook("BeforeSigning", in)
}
func (w *watcher) AfterSigning(_ context.Context, in *interceptorContext) error {
	return w.hook("AfterSigning", in)
}
func (w *watcher) BeforeTransmit(_ context.Context, in *interceptorContext) error {
	return w.hook("BeforeTransmit", in)
}
func (w *watcher) AfterTransmit(_ context.Context, in *interceptorContext) error {
	return w.hook("AfterTransmit", in)
}
func (w *watcher) BeforeDeserialization(_ context.Context, in *interceptorContext) error {
	return w.hook("BeforeDeserialization", in)
}
func (w *watcher) AfterDeserialization(_ context.Context, in *interceptorContext) error {
	return w.hook("AfterDeserialization", in)
}
func (w *watcher) AfterAttempt(_ context.Context, in *interceptorContext) error {
	return w.hook("AfterAttempt", in)
}
func (w *watcher) AfterExecution(_ context.Context, in *interceptorContext) error {
	return w.hook("AfterExecution", in)
}

// everywhere registers the watcher with every hook.
func (w *watcher) everywhere() option {
	return interceptors(func(r *smithyhttp.InterceptorRegistry) { w.register(r) })
}

func (w *watcher) register(r *smithyhttp.InterceptorRegistry) {
	r.AddBeforeExecution(w)
	r.AddBeforeSerialization(w)
	r.AddAfterSerialization(w)
	r.AddBeforeRetryLoop(w)
	r.AddBeforeAttempt(w)
	r.AddBeforeSigning(w)
	r.AddAfterSigning(w)
	r.AddBeforeTransmit(w)
	r.AddAfterTransmit(w)
	r.AddBeforeDeserialization(w)
	r.AddAfterDeserialization(w)
	r.AddAfterAttempt(w)
	r.AddAfterExecution(w)
}

// inside says what the context of a hook holds. Both packages have one name, so
// their types are told alike.
func inside(in *interceptorContext) string {
	text := "no input"
	if in.Input != nil {
		id, _ := reflect.ValueOf(in.Input).Elem().FieldByName("DataIntegrationIdentifier").Interface().(*string)
		text = fmt.Sprintf("%T %s", in.Input, quoted(id))
	}
	if in.Request != nil {
		text += fmt.Sprintf(", request %s %s %v", in.Request.Method, in.Request.URL, slices.Sorted(maps.Keys(in.Request.Header)))
	}
	if in.Response != nil {
		text += fmt.Sprintf(", response %d %s", in.Response.StatusCode, in.Response.Header.Get("X-Amzn-Requestid"))
	}
	if in.Output != nil {
		text += fmt.Sprintf(", output %T %s", in.Output, itemsOf(in.Output))
	}
	return text
}

// itemsOf tells the items of an output of either client.
func itemsOf(output any) string {
	v := reflect.ValueOf(output)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return "nil"
	}
	return shortItems(asJSON(v.Elem().FieldByName("DataIntegrationAssociations").Interface()))
}

// resetByPeer is what a connection that the server closed gives.
var resetByPeer = fails(fmt.Errorf("read: %w", syscall.ECONNRESET))

var serverFault = coded(500, "InternalServiceError")

// ends are how a call can go, by their names.
var ends = []struct {
	name, shows string
	by          answer
}{
	{"success", "page: ", nil},
	{"500 then success", "attempt=2", then(1, serverFault)},
	{"403", "AccessDeniedException", denied},
	{"3 x 500", "*retry.MaxAttemptsError", serverFault},
	{"reset then success", "attempt=2", then(1, resetByPeer)},
	{"3 resets", "*http.RequestSendError", resetByPeer},
}

func interceptorCases() (cases []hookCase) {
	watch := func(by answer, opts ...option) func(*testing.T, peer) []string {
		return func(t *testing.T, p peer) []string {
			w := &watcher{}
			lines := seenIn(t, p, by, append([]option{w.everywhere()}, opts...)...)
			return append(w.seen, lines...)
		}
	}
	for _, end := range ends {
		c := hookCase{group: "interceptors", name: end.name, shows: end.shows, do: watch(end.by)}
		if end.name == "3 resets" {
			c.official = []string{"error: *smithy.OperationError > *retry.MaxAttemptsError > *http.ResponseError(0) > *http.RequestSendError > ECONNRESET"}
			c.ours = []string{"error: *smithy.OperationError > *retry.MaxAttemptsError > *http.RequestSendError > ECONNRESET"}
			c.reason = responseless
		}
		cases = append(cases, c)
	}
	return append(cases,
		hookCase{group: "interceptors", name: "a mock answers", shows: "AfterExecution: *appintegrations", do: func(t *testing.T, p peer) []string {
			return watch(nil, finalize(middleware.Before, func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
				out.Result = mockPage(p)
				return out, metadata, nil
			}))(t, p)
		}},
		hookCase{group: "interceptors", name: "of a client, then of a call", shows: "call AfterExecution", do: func(t *testing.T, p peer) []string {
			w, x := &watcher{label: "client "}, &watcher{label: "call "}
			var order []string
			w.do = func(string, *interceptorContext) error { order = append(order, w.seen[len(w.seen)-1]); return nil }
			x.do = func(string, *interceptorContext) error { order = append(order, x.seen[len(x.seen)-1]); return nil }
			o := run(t, p, nil, []option{w.everywhere()}, []option{x.everywhere()})
			return append(order, tell(o)...)
		}},
		hookCase{group: "interceptors", name: "of aws.Config", shows: "AfterExecution", do: func(t *testing.T, p peer) []string {
			w := &watcher{}
			o := withConfig(t, p, nil, func(c *aws.Config) { w.register(&c.Interceptors) })
			return append(w.seen, tell(o)...)
		}},
		hookCase{group: "interceptors", name: "headers that hooks set", shows: "X-By-Beforeretryloop signed", do: headersOfHooks},
		hookCase{group: "interceptors", name: "what hooks replace in the output", shows: `"ClientId":"changed"`, do: func(t *testing.T, p peer) []string {
			w := &watcher{do: func(hook string, in *interceptorContext) error {
				if hook == "AfterDeserialization" {
					changeOutput(in.Output)
				}
				if hook == "AfterAttempt" {
					in.Output = nil
				}
				return nil
			}}
			return seenIn(t, p, nil, w.everywhere())
		}},
		hookCase{group: "interceptors", name: "of one kind alone", shows: "AfterAttempt", do: func(t *testing.T, p peer) []string {
			w := &watcher{}
			lines := seenIn(t, p, then(1, serverFault), interceptors(func(r *smithyhttp.InterceptorRegistry) { r.AddAfterAttempt(w) }))
			return append(w.seen, lines...)
		}},
		hookCase{group: "interceptors", name: "no identifier", shows: "AfterExecution", do: func(t *testing.T, p peer) []string {
			w, r := &watcher{}, &recorder{}
			out, err := p.new(append(basics(r), w.everywhere())...).list(t.Context(), input{})
			return append(w.seen, tell(outcome{sent: r.sent(), page: out, err: err})...)
		}},
	)
}

const responseless = "without a response there is no ResponseError"

// headersOfHooks sets a header in each hook that has a request, and tells which
// of them each request carries and signs.
func headersOfHooks(t *testing.T, p peer) (lines []string) {
	w := &watcher{do: func(hook string, in *interceptorContext) error {
		if in.Request != nil {
			in.Request.Header.Set("X-By-"+strings.ToLower(hook), "1")
		}
		return nil
	}}
	o := run(t, p, then(2, serverFault), []option{retrySteadily(), w.everywhere()}, nil)
	for n, req := range o.sent {
		for _, name := range slices.Sorted(maps.Keys(req.Header)) {
			if strings.HasPrefix(name, "X-By-") {
				signed := strings.Contains(req.Header.Get("Authorization"), strings.ToLower(name))
				lines = append(lines, fmt.Sprintf("request %d: %s %s", n+1, name, map[bool]string{true: "signed", false: "not signed"}[signed]))
			}
		}
	}
	return lines
}

// changeOutput writes another client id into the items of an output.
func changeOutput(output any) {
	items := reflect.ValueOf(output).Elem().FieldByName("DataIntegrationAssociations")
	for i := range items.Len() {
		items.Index(i).FieldByName("ClientId").Set(reflect.ValueOf(aws.String("changed")))
	}
}

// failingHookCases have an error in each of the hooks: a plain one, one that is
// to be retried, and one that is gone when it is retried.
func failingHookCases() (cases []hookCase) {
	fail := func(hook string, err error, times int) func(*testing.T, peer) []string {
		return func(t *testing.T, p peer) []string {
			failed := 0
			w := &watcher{do: func(name string, _ *interceptorContext) error {
				if name != hook || failed == times {
					return nil
				}
				failed++
				return err
			}}
			start := time.Now()
			lines := seenIn(t, p, nil, w.everywhere())
			return append(append(w.seen, lines...), "after "+after(start))
		}
	}
	const always = -1
	for _, hook := range hookNames {
		cases = append(cases,
			hookCase{group: "error in a hook", name: hook, shows: "> errOwn", do: fail(hook, errOwn, always)},
			hookCase{group: "error in a hook", name: hook + ", retryable", shows: "> errOwn", do: fail(hook, retryableError{errOwn}, always)},
			hookCase{group: "error in a hook", name: hook + ", retryable once", do: fail(hook, retryableError{errOwn}, 1), shows: hook})
	}
	return append(cases, hookCase{group: "error in a hook", name: "AfterExecution of a call that failed", shows: "> errOwn", do: func(t *testing.T, p peer) []string {
		w := &watcher{do: func(hook string, _ *interceptorContext) error {
			if hook == "AfterExecution" {
				return errOwn
			}
			return nil
		}}
		lines := seenIn(t, p, denied, w.everywhere())
		return append(w.seen, lines...)
	}})
}

// A hook that fails ends the call with an error of the operation, whichever it
// is.
func TestFailingHookIsFound(t *testing.T) {
	for _, hook := range hookNames {
		eachPeer(t, func(t *testing.T, p peer) {
			w := &watcher{do: func(name string, _ *interceptorContext) error {
				if name == hook {
					return errOwn
				}
				return nil
			}}
			o := run(t, p, nil, []option{w.everywhere()}, nil)
			if !errors.Is(o.err, errOwn) || o.page != nil {
				t.Errorf("%s: %v, page %v; want the error of the hook and no page", hook, o.err, o.page)
			}
		})
	}
}
