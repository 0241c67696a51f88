package hookcompat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	ddaws "github.com/DataDog/dd-trace-go/contrib/aws/aws-sdk-go-v2/v2/aws"
	"github.com/DataDog/dd-trace-go/v2/ddtrace/mocktracer"
	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	"github.com/aws/aws-xray-sdk-go/v2/instrumentation/awsv2"
	"github.com/aws/aws-xray-sdk-go/v2/strategy/sampling"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/aws/aws-xray-sdk-go/v2/xraylog"
	"github.com/aws/smithy-go/tracing/smithyoteltracing"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	//lint:ignore SA1019 teams have it attached: nothing takes its place yet
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// A tracerUnderTest is one that teams attach. watch makes a call with it, and
// tells what it recorded.
type tracerUnderTest struct {
	name, version string
	watch         func(*testing.T, peer, *service) []string
	shows         string // what a success shows
}

var tracers = []tracerUnderTest{
	{name: "otelaws", version: "v0.72.0", watch: watchOtelaws, shows: "Traceparent: 00-RANDOM"},
	{name: "aws-xray-sdk-go", version: "v2.0.1", watch: watchXRay, shows: "X-Amzn-Trace-Id"},
	{name: "Datadog contrib", version: "v2.5.0", watch: watchDatadog, shows: "AppIntegrations.request"},
	{name: "smithyoteltracing", version: "v1.0.0", watch: watchSmithy, shows: "DoHTTPRequest"},
}

// Every tracer records and sends the same with both clients. Three things are
// not compared: the words of messages, the stack of an error, and the library in
// the User-Agent, which is each client's own name. The table of the results is in
// the log.
func TestTracers(t *testing.T) {
	var table strings.Builder
	for _, tr := range tracers {
		for _, end := range ends {
			ok := t.Run(tr.name+"/"+end.name, func(t *testing.T) {
				var seen [2][]string
				for n, p := range peers {
					seen[n] = tr.watch(t, p, &service{answers: end.answers})
				}
				if end.name == "success" {
					require.Contains(t, strings.Join(seen[0], "\n"), tr.shows)
				}
				assert.Equal(t, seen[0], seen[1])
				fmt.Fprintf(&table, "%-18s %-8s %-20s %3d lines equal\n", tr.name, tr.version, end.name, len(seen[0]))
				if t.Failed() {
					t.Logf("official:\n%s\nours:\n%s", strings.Join(seen[0], "\n"), strings.Join(seen[1], "\n"))
				}
			})
			if !ok {
				fmt.Fprintf(&table, "%-18s %-8s %-20s FAILED\n", tr.name, tr.version, end.name)
			}
		}
	}
	t.Logf("\n%s", table.String())
}

func watchOtelaws(t *testing.T, p peer, s *service) []string {
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	cfg := s.config()
	otelaws.AppendMiddlewares(&cfg.APIOptions, otelaws.WithTracerProvider(provider), otelaws.WithTextMapPropagator(propagation.TraceContext{}))
	ctx, root := provider.Tracer("caller").Start(t.Context(), "caller")
	items, err := p.new(cfg, nil)(ctx)
	root.End()
	for _, header := range s.sent {
		span := recorder.Ended()[0].SpanContext()
		assert.Contains(t, header.Get("Traceparent"), span.TraceID().String()+"-"+span.SpanID().String(), "the request names the span")
	}
	return append(tellSpans(recorder.Ended()), s.tell(items, err)...)
}

func watchSmithy(t *testing.T, p peer, s *service) []string {
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	ctx, root := provider.Tracer("caller").Start(t.Context(), "caller")
	items, err := p.new(s.config(), smithyoteltracing.Adapt(provider))(ctx)
	root.End()
	return append(tellSpans(recorder.Ended()), s.tell(items, err)...)
}

// tellSpans shows spans as a tree, in the order in which they began.
func tellSpans(ended []sdktrace.ReadOnlySpan) (lines []string) {
	spans := slices.Clone(ended)
	slices.SortStableFunc(spans, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	var show func(parent, indent string)
	show = func(parent, indent string) {
		for _, s := range spans {
			if s.Parent().SpanID().String() != parent {
				continue
			}
			status := s.Status().Code.String()
			lines = append(lines, fmt.Sprintf("%s%s, scope %s, kind %s, status %s, described %t", indent, s.Name(), s.InstrumentationScope().Name, s.SpanKind(), status, s.Status().Description != ""))
			for _, a := range sorted(s.Attributes()) {
				lines = append(lines, indent+"- "+a)
			}
			for _, e := range s.Events() {
				lines = append(lines, indent+"- event "+e.Name)
				for _, a := range sorted(e.Attributes) {
					lines = append(lines, indent+"  - "+a)
				}
			}
			show(s.SpanContext().SpanID().String(), indent+"  ")
		}
	}
	show("0000000000000000", "")
	return lines
}

// sorted tells attributes. A message is each client's own words.
func sorted(attributes []attribute.KeyValue) (lines []string) {
	for _, a := range attributes {
		value := sameType(a.Value.String())
		if strings.HasSuffix(string(a.Key), "message") && !strings.HasPrefix(string(a.Key), "api.") {
			value = fmt.Sprintf("empty %t", value == "")
		}
		lines = append(lines, fmt.Sprintf("%s=%s (%s)", a.Key, value, a.Value.Type()))
	}
	slices.Sort(lines)
	return lines
}

// everything is sampled.
type everything struct{}

func (everything) ShouldTrace(*sampling.Request) *sampling.Decision {
	return &sampling.Decision{Sample: true}
}

// watchXRay reads what the SDK sends to its daemon, for which a socket stands in.
func watchXRay(t *testing.T, p peer, s *service) []string {
	daemon, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer daemon.Close()
	emitter, err := xray.NewDefaultEmitter(daemon.LocalAddr().(*net.UDPAddr))
	require.NoError(t, err)
	xray.SetLogger(xraylog.NullLogger)
	ctx, err := xray.ContextWithConfig(t.Context(), xray.Config{Emitter: emitter, SamplingStrategy: everything{}})
	require.NoError(t, err)
	cfg := s.config()
	awsv2.AWSV2Instrumentor(&cfg.APIOptions)
	ctx, segment := xray.BeginSegment(ctx, "caller")
	items, callErr := p.new(cfg, nil)(ctx)
	segment.Close(nil)
	return append(segmentOf(t, daemon), s.tell(items, callErr)...)
}

// segmentOf reads a segment, without what is random or a time. A message is each
// client's own words, and the stack of an error is where it was made.
func segmentOf(t *testing.T, daemon net.PacketConn) (lines []string) {
	require.NoError(t, daemon.SetReadDeadline(time.Now().Add(10*time.Second)))
	datagram := make([]byte, 64<<10)
	n, _, err := daemon.ReadFrom(datagram)
	require.NoError(t, err)
	_, document, _ := bytes.Cut(datagram[:n], []byte("\n"))
	var segment any
	require.NoError(t, json.Unmarshal(document, &segment))
	for _, line := range flat("", segment) {
		path, _, _ := strings.Cut(line, " = ")
		leaf := path[strings.LastIndex(path, ".")+1:]
		switch {
		case leaf == "id" || leaf == "trace_id" || leaf == "parent_id" || leaf == "message" || leaf == "start_time" || leaf == "end_time":
			lines = append(lines, path)
		case strings.Contains(path, ".stack["):
		default:
			lines = append(lines, sameType(line))
		}
	}
	return lines
}

func watchDatadog(t *testing.T, p peer, s *service) (lines []string) {
	recorded := mocktracer.Start()
	defer recorded.Stop()
	cfg := s.config()
	ddaws.AppendMiddleware(&cfg)
	root, ctx := tracer.StartSpanFromContext(t.Context(), "caller")
	items, err := p.new(cfg, nil)(ctx)
	root.Finish()
	names := map[uint64]string{}
	for _, span := range recorded.FinishedSpans() {
		names[span.SpanID()] = span.OperationName()
	}
	for _, span := range recorded.FinishedSpans() {
		lines = append(lines, fmt.Sprintf("%s under %q", span.OperationName(), names[span.ParentID()]))
		for _, line := range flat("", span.Tags()) {
			lines = append(lines, "- "+tag(line))
		}
	}
	return append(lines, s.tell(items, err)...)
}

// tag leaves out what is random, and the words that are each client's own.
func tag(line string) string {
	name, value, _ := strings.Cut(line, " = ")
	switch name {
	case "aws.agent":
		return name + " = " + clientName.ReplaceAllString(value, "CLIENT")
	case "error.message", "error.msg", "error.stack", "error", "error.details", "_dd.p.tid":
		return fmt.Sprintf("%s empty %t", name, value == "")
	}
	return sameType(random.ReplaceAllString(line, "RANDOM"))
}
