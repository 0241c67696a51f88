package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// printed are the attributes that are the same in each run.
var printed = []string{"rpc.method", "operation.attempt", "http.response.status_code", "http.status_code", "api.error_code", "auth.scheme_id"}

// printTree prints each span below the one that it is part of, in the order of
// their start.
func printTree(out io.Writer, spans tracetest.SpanStubs) {
	children := map[trace.SpanID][]tracetest.SpanStub{}
	for _, span := range spans {
		children[span.Parent.SpanID()] = append(children[span.Parent.SpanID()], span)
	}
	var below func(parent trace.SpanID, depth int)
	below = func(parent trace.SpanID, depth int) {
		slices.SortStableFunc(children[parent], func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
		for _, span := range children[parent] {
			fmt.Fprintf(out, "%s%s%s\n", strings.Repeat("  ", depth), span.Name, attributes(span))
			below(span.SpanContext.SpanID(), depth+1)
		}
	}
	below(trace.SpanID{}, 1)
}

func attributes(span tracetest.SpanStub) string {
	var b strings.Builder
	for _, name := range printed {
		for _, attribute := range span.Attributes {
			if string(attribute.Key) == name {
				fmt.Fprintf(&b, " %s=%s", name, attribute.Value.String())
			}
		}
	}
	return b.String()
}

// printMetrics prints how often each histogram was recorded, and the sum of each
// counter.
func printMetrics(out io.Writer, measured metricdata.ResourceMetrics) {
	var lines []string
	for _, scope := range measured.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				n := uint64(0)
				for _, point := range data.DataPoints {
					n += point.Count
				}
				lines = append(lines, fmt.Sprintf("  %s (%s): %d recorded", m.Name, m.Unit, n))
			case metricdata.Sum[int64]:
				n := int64(0)
				for _, point := range data.DataPoints {
					n += point.Value
				}
				lines = append(lines, fmt.Sprintf("  %s: %d", m.Name, n))
			}
		}
	}
	slices.Sort(lines)
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
}
