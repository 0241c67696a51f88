package compat

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ours "github.com/seed-10600c52/appintegrations"
)

// spanCases hold the spans and the measurements.
func spanCases() (cases []hookCase) {
	observe := func(by answer, opts ...option) func(*testing.T, peer) []string {
		return func(t *testing.T, p peer) []string {
			spans, measured := &tracer{}, &meter{}
			o := callHooked(t, p, by, append([]option{set("TracerProvider", spans), set("MeterProvider", measured)}, opts...)...)
			return append(append(spans.lines(true), measured.shown(true)...), tell(o)[len(o.sent):]...)
		}
	}
	for _, end := range ends {
		c := hookCase{group: "spans and metrics", name: end.name, shows: "span SignRequest", do: observe(end.by)}
		failed := "error: *smithy.OperationError > *retry.MaxAttemptsError > "
		switch end.name {
		case "500 then success":
			c.official, c.ours = waited("aws.request_id=request-1(string) ", 2)
			c.reason = waiting
		case "3 x 500":
			c.official, c.ours = waited("aws.request_id=request-1(string) ", 3)
			c.reason = waiting
		case "reset then success":
			c.official, c.ours = waited("", 2, errorsLine("*http.ResponseError", "1"), errorsLine("*http.RequestSendError", "1"))
			c.reason = responseless + "; " + waiting
		case "3 resets":
			c.official, c.ours = waited("", 3, errorsLine("*http.ResponseError", "2"), errorsLine("*http.RequestSendError", "3"))
			c.official = slices.Insert(c.official, 3, errorsLine("*retry.MaxAttemptsError", "1"))
			c.official = append(c.official, failed+"*http.ResponseError(0) > *http.RequestSendError > ECONNRESET")
			c.ours = append(c.ours, failed+"*http.RequestSendError > ECONNRESET")
			c.reason = responseless + "; " + waiting
		}
		cases = append(cases, c)
	}
	return append(cases,
		hookCase{group: "spans and metrics", name: "a mock answers", shows: "status 1", do: func(t *testing.T, p peer) []string {
			return observe(nil, mockPages(p, middleware.Before))(t, p)
		}},
		hookCase{group: "spans and metrics", name: "a mock answers in each attempt", shows: "span Attempt", do: func(t *testing.T, p peer) []string {
			return observe(nil, mockPages(p, middleware.After))(t, p)
		}},
		uncoded(observe(then(1, respond(500, `{}`)))),
		hookCase{group: "spans and metrics", name: "an API option fails", do: observe(nil, apiOption(func(*middleware.Stack) error { return errOwn })), shows: "errOwn",
			official: []string{"error: errOwn"}, ours: []string{"error: *smithy.OperationError > errOwn"}, reason: optionErrors},
		hookCase{group: "spans and metrics", name: "no credentials", shows: "span GetIdentity", do: observe(nil, set("Credentials", aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errOwn
		})))},
		hookCase{group: "spans and metrics", name: "no endpoint", shows: "span ResolveEndpoint", do: observe(nil, resolveWith(func(ours.EndpointParameters) (e smithyendpoints.Endpoint, err error) { return e, errOwn }))},
		hookCase{group: "spans and metrics", name: "no signature", shows: "span SignRequest", do: observe(nil, set("HTTPSignerV4", failingSigner))},
		hookCase{group: "spans and metrics", name: "anonymous", shows: "smithy.api#noAuth", do: observe(nil, set("Credentials", aws.AnonymousCredentials{}))},
		hookCase{group: "spans and metrics", name: "with interceptors", shows: "span OperationDeserializer", do: func(t *testing.T, p peer) []string {
			return observe(nil, (&watcher{}).everywhere())(t, p)
		}},
		hookCase{group: "spans and metrics", name: "a span of a user's step", shows: "span of the user's", do: observe(nil, finalize(middleware.After, func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			ctx, span := tracing.StartSpan(ctx, "of the user's")
			defer span.End()
			active, _ := tracing.GetSpan(ctx)
			span.SetProperty("active", active.Name())
			return next.HandleFinalize(ctx, in)
		}))},
		hookCase{group: "spans and metrics", name: "under a span of the caller", shows: "  span AppIntegrations.ListDataIntegrationAssociations", do: func(t *testing.T, p peer) []string {
			spans, r := &tracer{}, &recorder{}
			ctx, root := spans.Tracer("of the caller").StartSpan(t.Context(), "caller")
			p.new(append(basics(r), set("TracerProvider", spans))...).list(ctx, anInput)
			root.End()
			return spans.lines(true)
		}},
		hookCase{group: "spans and metrics", name: "a tracer of the call alone", shows: "span Attempt", do: func(t *testing.T, p peer) []string {
			spans := &tracer{}
			run(t, p, nil, nil, []option{set("TracerProvider", spans)})
			return spans.lines(true)
		}},
		hookCase{group: "spans and metrics", name: "a meter of the call alone", shows: "client.call.duration", do: func(t *testing.T, p peer) []string {
			measured := &meter{}
			run(t, p, nil, nil, []option{set("MeterProvider", measured)})
			return measured.shown(true)
		}},
		hookCase{group: "spans and metrics", name: "an instrument that can not be made", shows: "errOwn", do: func(t *testing.T, p peer) []string {
			measured := &meter{fails: map[string]error{"client.call.duration": errOwn}}
			return tell(callHooked(t, p, nil, set("MeterProvider", measured)))
		}, official: []string{"error: errOwn"}, ours: []string{"error: *smithy.OperationError > errOwn"}, reason: optionErrors},
		hookCase{group: "spans and metrics", name: "over a socket", shows: "client.http.connections.acquire_duration", do: overSocket, sockets: true},
		hookCase{group: "spans and metrics", name: "64 calls at once", shows: "histogram client.call.duration, unit s, scope " + officialPath + ", described true {rpc.method=ListDataIntegrationAssociations(string) rpc.service=AppIntegrations(string)}: 64 times", do: manyAtOnce},
	)
}

// uncoded is the case of an error without a code.
func uncoded(do func(*testing.T, peer) []string) hookCase {
	c := hookCase{group: "spans and metrics", name: "500 without a code, then success", shows: "span Attempt", do: do}
	c.official, c.ours = waited("aws.request_id=request-1(string) ", 2, errorsLine("UnknownError", "1"), errorsLine("InternalServerError", "1"))
	c.reason = "an error without a code gets that of its status; " + waiting
	return c
}

const waiting = "the wait before the next attempt is no part of an attempt"

// waited are the lines of attempts with a wait of a second between them: the
// official client counts it into the attempt before it. counters are lines that
// differ beside these, one of the official client and one of ours.
func waited(id string, attempts int, counters ...string) (official, ours []string) {
	for n := 1; n < attempts; n++ {
		span := fmt.Sprintf("      span Attempt, scope %s, kind 0, status 0, ended true, {%soperation.attempt=%d(int)} took ", officialPath, id, n)
		official, ours = append(official, span+"1s"), append(ours, span+"0s")
	}
	if len(counters) > 0 {
		official, ours = append(official, counters[0]), append(ours, counters[1])
	}
	histogram := fmt.Sprintf("histogram client.call.attempt_duration, unit s, scope %s, described true {rpc.method=ListDataIntegrationAssociations(string) rpc.service=AppIntegrations(string)}: %d times, sum ", officialPath, attempts)
	return append(official, histogram+fmt.Sprint(attempts-1)), append(ours, histogram+"0")
}

const optionErrors = "every error of a call is an OperationError: errors.Is finds the user's in it"

// errorsLine is the line of the counter of errors.
func errorsLine(kind, times string) string {
	return "counter client.call.errors, unit {error}, scope " + officialPath + ", described true {exception.type=" + kind +
		"(string) rpc.method=ListDataIntegrationAssociations(string) rpc.service=AppIntegrations(string)}: " + times + " times, sum " + times
}

// overSocket calls a server twice, the second time with a connection that is
// there. Durations are not compared.
func overSocket(t *testing.T, p peer) []string {
	var n atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 2 {
			w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
			w.WriteHeader(http.StatusForbidden)
			return
		}
		pageServer(w, r)
	}))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	spans, measured := &tracer{}, &meter{}
	c := p.new(set("Region", "us-east-1"), set("Credentials", staticCredentials("")), base(server.URL), set("TracerProvider", spans), set("MeterProvider", measured))
	for range 2 {
		c.list(t.Context(), anInput)
	}
	lines := append(spans.lines(false), measured.shown(false)...)
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], port, "PORT")
	}
	return lines
}

// manyAtOnce has 64 callers of one client, whose spans and metrics are counted.
func manyAtOnce(t *testing.T, p peer) []string {
	spans, measured, r := &tracer{}, &meter{}, &recorder{}
	c := p.new(append(basics(r), set("TracerProvider", spans), set("MeterProvider", measured))...)
	const callers = 64
	errs := make(chan error, callers)
	for range callers {
		go func() {
			_, err := c.list(t.Context(), anInput)
			errs <- err
		}()
	}
	for range callers {
		assert.NoError(t, <-errs)
	}
	assert.Len(t, spans.roots, callers)
	return append(spans.lines(true), measured.shown(false)...)
}

// A provider that does nothing is no reason to take the slow path, whether it is
// given as a value or as a pointer.
func TestNopProviders(t *testing.T) {
	for name, opt := range map[string]option{
		"tracer": set("TracerProvider", tracing.NopTracerProvider{}), "pointer to a tracer": set("TracerProvider", &tracing.NopTracerProvider{}),
		"meter": set("MeterProvider", metrics.NopMeterProvider{}), "pointer to a meter": set("MeterProvider", &metrics.NopMeterProvider{}),
	} {
		t.Run(name, func(t *testing.T) {
			eachPeer(t, func(t *testing.T, p peer) {
				assert.NoError(t, run(t, p, nil, []option{opt}, nil).err)
			})
		})
	}
}
