package compat

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/tracing"
)

// A tracer is a TracerProvider that keeps the spans as a tree.
type tracer struct {
	mu    sync.Mutex
	roots []*span
}

type span struct {
	*tracer
	scope, name string
	kind        tracing.SpanKind
	status      tracing.SpanStatus
	properties  map[any]any
	events      []string
	started     time.Time
	took        time.Duration
	ended       bool
	children    []*span
}

type spanKey struct{}

func (t *tracer) Tracer(scope string, _ ...tracing.TracerOption) tracing.Tracer {
	return scopedTracer{t, scope}
}

type scopedTracer struct {
	*tracer
	scope string
}

func (t scopedTracer) StartSpan(ctx context.Context, name string, opts ...tracing.SpanOption) (context.Context, tracing.Span) {
	var o tracing.SpanOptions
	for _, opt := range opts {
		opt(&o)
	}
	s := &span{tracer: t.tracer, scope: t.scope, name: name, kind: o.Kind, properties: propertiesOf(o.Properties), started: time.Now()}
	t.mu.Lock()
	defer t.mu.Unlock()
	if parent, ok := ctx.Value(spanKey{}).(*span); ok {
		parent.children = append(parent.children, s)
	} else {
		t.roots = append(t.roots, s)
	}
	return context.WithValue(tracing.WithSpan(ctx, s), spanKey{}, s), s
}

func propertiesOf(p smithy.Properties) map[any]any {
	all := map[any]any{}
	maps.Copy(all, p.Values())
	return all
}

func (s *span) Name() string { return s.name }
func (s *span) Context() tracing.SpanContext {
	return tracing.SpanContext{TraceID: "a-trace", SpanID: s.name}
}
func (s *span) AddEvent(name string, _ ...tracing.EventOption) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, name)
}
func (s *span) SetStatus(status tracing.SpanStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}
func (s *span) SetProperty(k, v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.properties[k] = v
}
func (s *span) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended { // the official client ends some of them twice
		s.ended, s.took = true, time.Since(s.started)
	}
}

// lines shows the spans, children under their parent. Their durations are
// shown where time is virtual.
func (t *tracer) lines(durations bool) (lines []string) {
	for _, s := range t.roots {
		lines = s.append(lines, "", durations)
	}
	return lines
}

func (s *span) append(lines []string, indent string, durations bool) []string {
	text := fmt.Sprintf("%sspan %s, scope %s, kind %d, status %d, ended %t, %s", indent, s.name, s.scope, s.kind, s.status, s.ended, attributes(s.properties))
	if durations {
		text += " took " + s.took.String()
	}
	lines = append(lines, text)
	for _, event := range s.events {
		lines = append(lines, indent+"event "+event)
	}
	for _, child := range s.children {
		lines = child.append(lines, indent+"  ", durations)
	}
	return lines
}

// attributes are told in the order of their names. A message is each client's
// own words, and so are the names of its unexported types.
func attributes(all map[any]any) string {
	var text []string
	for k, v := range all {
		switch _, name, _ := strings.Cut(fmt.Sprint(v), "."); {
		case k == "exception.message":
			v = fmt.Sprint("empty ", v == "")
		case k == "exception.type" && name != "" && strings.ToLower(name[:1]) == name[:1]:
			v = "unexported"
		case k == "exception.type": // the exceptions of ours are those of its package types, by alias
			v = strings.Replace(fmt.Sprint(v), "*types.", "*appintegrations.", 1)
		}
		text = append(text, fmt.Sprintf("%v=%v(%T)", k, v, v))
	}
	slices.Sort(text)
	return "{" + strings.Join(text, " ") + "}"
}

// A meter is a MeterProvider that keeps what is measured. Instruments of other
// kinds than the client has today panic.
type meter struct {
	fails map[string]error // by the name of the instrument

	mu    sync.Mutex
	lines map[string]*series
}

type series struct {
	count int
	sum   float64
}

func (m *meter) Meter(scope string, _ ...metrics.MeterOption) metrics.Meter {
	return scopedMeter{nil, m, scope}
}

type scopedMeter struct {
	metrics.Meter
	*meter
	scope string
}

type instrument struct {
	*meter
	title string
}

func (m scopedMeter) instrument(kind, name string, opts []metrics.InstrumentOption) (*instrument, error) {
	var o metrics.InstrumentOptions
	for _, opt := range opts {
		opt(&o)
	}
	title := fmt.Sprintf("%s %s, unit %s, scope %s, described %t", kind, name, o.UnitLabel, m.scope, o.Description != "")
	return &instrument{m.meter, title}, m.fails[name]
}

// series needs the lock.
func (m *meter) series(title string) *series {
	if m.lines == nil {
		m.lines = map[string]*series{}
	}
	if m.lines[title] == nil {
		m.lines[title] = &series{}
	}
	return m.lines[title]
}

func (i *instrument) add(value float64, opts []metrics.RecordMetricOption) {
	var o metrics.RecordMetricOptions
	for _, opt := range opts {
		opt(&o)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	s := i.series(i.title + " " + attributes(propertiesOf(o.Properties)))
	s.count++
	s.sum += value
}

func (m scopedMeter) Int64Counter(name string, opts ...metrics.InstrumentOption) (metrics.Int64Counter, error) {
	i, err := m.instrument("counter", name, opts)
	return int64Instrument{i}, err
}

func (m scopedMeter) Int64UpDownCounter(name string, opts ...metrics.InstrumentOption) (metrics.Int64UpDownCounter, error) {
	i, err := m.instrument("up/down counter", name, opts)
	return int64Instrument{i}, err
}

func (m scopedMeter) Float64Histogram(name string, opts ...metrics.InstrumentOption) (metrics.Float64Histogram, error) {
	i, err := m.instrument("histogram", name, opts)
	return float64Instrument{i}, err
}

type int64Instrument struct{ *instrument }

func (i int64Instrument) Add(_ context.Context, v int64, opts ...metrics.RecordMetricOption) {
	i.add(float64(v), opts)
}

type float64Instrument struct{ *instrument }

func (i float64Instrument) Record(_ context.Context, v float64, opts ...metrics.RecordMetricOption) {
	i.add(v, opts)
}

// shown are the measurements in the order of their names: how many, and with
// sums what they come to.
func (m *meter) shown(sums bool) (lines []string) {
	for _, title := range slices.Sorted(maps.Keys(m.lines)) {
		s := m.lines[title]
		text := fmt.Sprintf("%s: %d times", title, s.count)
		if sums {
			text += fmt.Sprintf(", sum %g", s.sum)
		}
		lines = append(lines, text)
	}
	return lines
}
