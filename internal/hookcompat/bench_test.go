package hookcompat

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	//lint:ignore SA1019 teams have it attached: nothing takes its place yet
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// hooks are what is attached, from nothing on.
var hooks = []struct {
	name   string
	attach func(*aws.Config)
}{
	{"plain", func(*aws.Config) {}},
	{"no-op option", func(c *aws.Config) {
		c.APIOptions = append(c.APIOptions, func(*middleware.Stack) error { return nil })
	}},
	{"otelaws", func(c *aws.Config) {
		provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(dropped{}))
		otelaws.AppendMiddlewares(&c.APIOptions, otelaws.WithTracerProvider(provider), otelaws.WithTextMapPropagator(propagation.TraceContext{}))
	}},
}

// dropped spans are recorded and sent nowhere.
type dropped struct{}

func (dropped) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (dropped) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (dropped) Shutdown(context.Context) error                  { return nil }
func (dropped) ForceFlush(context.Context) error                { return nil }

// A pageOnly answers with one page, and keeps nothing.
type pageOnly string

func (p pageOnly) Do(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"X-Amzn-Requestid": {"request-1"}, "Content-Type": {"application/json"}},
		Body:   io.NopCloser(strings.NewReader(string(p))), ContentLength: int64(len(p)), Request: req}, nil
}

// listingOf is a call that lists a number of items.
func listingOf(p peer, attach func(*aws.Config), items int) listing {
	cfg := (&service{}).config()
	cfg.HTTPClient = pageOnly(pageOf(items))
	attach(&cfg)
	return p.new(cfg, nil)
}

func BenchmarkHooks(b *testing.B) {
	for _, items := range []int{0, 1, 10, 50} {
		for _, h := range hooks {
			for _, p := range peers {
				b.Run(fmt.Sprintf("%d items/%s/%s", items, h.name, p.name), func(b *testing.B) {
					list := listingOf(p, h.attach, items)
					b.ReportAllocs()
					for b.Loop() {
						if n, err := list(b.Context()); err != nil || n != items {
							b.Fatal(n, err)
						}
					}
				})
			}
		}
	}
}

// With otelaws attached and ten items a page, the official client allocates at
// least two and a half times as much. An empty page is nearly all stack, which is
// the same for both: its figure is in the log.
func TestAllocationsWithHooks(t *testing.T) {
	for _, items := range []int{0, 1, 10, 50} {
		for _, h := range hooks {
			count := map[string]float64{}
			for _, p := range peers {
				list := listingOf(p, h.attach, items)
				count[p.name] = testing.AllocsPerRun(200, func() {
					if n, err := list(t.Context()); err != nil || n != items {
						t.Fatal(n, err)
					}
				})
			}
			ratio := count["official"] / count["ours"]
			t.Logf("%2d items, %-12s official %5.0f, ours %4.0f allocations a call: %.1fx", items, h.name, count["official"], count["ours"], ratio)
			if items == 10 && h.name == "otelaws" {
				assert.GreaterOrEqual(t, ratio, 2.5)
			}
			require.GreaterOrEqual(t, ratio, 1.0, "ours never allocates more")
		}
	}
}
