// Command otel lists the associations of a data integration with OpenTelemetry
// switched on, and prints the spans and the metrics as a tree.
//
// The list comes from the fake service, which answers the second page with a 503
// once: the tree shows two attempts of that call. The exporters keep what they
// are given in memory. In a service of your own, use those of your collector.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/metrics/smithyotelmetrics"
	"github.com/aws/smithy-go/tracing/smithyoteltracing"
	//lint:ignore SA1019 what replaces it needs no option of this client
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "otel:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	spans, reader := tracetest.NewInMemoryExporter(), sdkmetric.NewManualReader()
	tracing := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	defer tracing.Shutdown(ctx)
	metrics := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	defer metrics.Shutdown(ctx)

	client := fakeService().Client(observed(tracing, metrics))
	ctx, root := tracing.Tracer("example").Start(ctx, "list associations")
	in := &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")}
	for _, err := range client.Associations(ctx, in) {
		if err != nil {
			return err
		}
	}
	root.End()

	fmt.Fprintln(out, "Spans")
	printTree(out, spans.GetSpans())
	var measured metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &measured); err != nil {
		return err
	}
	fmt.Fprintln(out, "Metrics")
	printMetrics(out, measured)
	return nil
}

// observed returns a function that sets the options of a client. Either of the
// first two is enough for spans: TracerProvider makes those of the SDK's clients,
// one for each step; otelaws makes one for each call, with the attributes that
// dashboards for it know.
func observed(tracing *sdktrace.TracerProvider, metrics *sdkmetric.MeterProvider) func(*appintegrations.Options) {
	return func(o *appintegrations.Options) {
		o.TracerProvider = smithyoteltracing.Adapt(tracing)
		otelaws.AppendMiddlewares(&o.APIOptions, otelaws.WithTracerProvider(tracing))
		o.MeterProvider = smithyotelmetrics.Adapt(metrics)
	}
}

// fakeService has three associations on two pages, and fails once.
func fakeService() *appintegrationstest.Server {
	service := appintegrationstest.New(func(o *appintegrationstest.Options) { o.PageSize = 2 })
	service.Put("example", make([]appintegrations.DataIntegrationAssociationSummary, 3)...)
	service.Fail(appintegrationstest.BareStatus(503, "no healthy upstream").OnPage(2))
	return service
}
