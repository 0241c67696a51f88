// Command program is written for the official client, with the hooks that
// programs have: API options, interceptors, a tracer, a retryer, mocks.
// TestProgram runs it as it is, and with the two import paths of the client
// swapped: no other byte is changed, and both must print the same.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/appintegrations"
	"github.com/aws/aws-sdk-go-v2/service/appintegrations/types"
	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// service is the stub of an HTTP client: each list has two pages, and each
// request for the second is throttled at first.
type service struct{ throttled bool }

func (s *service) Do(req *http.Request) (*http.Response, error) {
	header := req.Header
	fmt.Println(req.Method, req.URL.RequestURI(), req.URL.Host, header.Get("Amz-Sdk-Request"), header.Get("X-Tenant"), header.Get("X-Loop"), header.Get("Traceparent") != "",
		strings.Contains(header.Get("Authorization"), "x-tenant"), strings.Contains(header.Get("User-Agent"), " billing/7"))
	second := req.URL.Query().Get("nextToken") == "2"
	switch {
	case strings.Contains(req.URL.Path, "missing"):
		return response(404, `{"Message":"no such data integration"}`, "ResourceNotFoundException"), nil
	case second && !s.throttled:
		s.throttled = true
		return response(429, `{"message":"slow down"}`, "ThrottlingException"), nil
	case second:
		s.throttled = false
		return response(200, `{"DataIntegrationAssociations":[{"ClientId":"c"}]}`, ""), nil
	}
	return response(200, `{"DataIntegrationAssociations":[{"ClientId":"a"},{"ClientId":"b"}],"NextToken":"2"}`, ""), nil
}

func response(status int, body, code string) *http.Response {
	header := http.Header{"X-Amzn-Requestid": {"request-id"}}
	if code != "" {
		header.Set("X-Amzn-Errortype", code)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// auditor is an interceptor of three kinds.
type auditor struct{ attempts int }

func (a *auditor) BeforeRetryLoop(_ context.Context, in *smithyhttp.InterceptorContext) error {
	input := in.Input.(*appintegrations.ListDataIntegrationAssociationsInput)
	if *input.DataIntegrationIdentifier == "forbidden" {
		return errors.New("not allowed here")
	}
	in.Request.Header.Set("X-Loop", fmt.Sprint(len(*input.DataIntegrationIdentifier)))
	return nil
}

func (a *auditor) AfterAttempt(_ context.Context, in *smithyhttp.InterceptorContext) error {
	a.attempts++
	fmt.Println("  attempt", a.attempts, in.Response.StatusCode, in.Output != nil)
	return nil
}

func (a *auditor) AfterExecution(_ context.Context, in *smithyhttp.InterceptorContext) error {
	page, ok := in.Output.(*appintegrations.ListDataIntegrationAssociationsOutput)
	if ok {
		fmt.Println("  executed", len(page.DataIntegrationAssociations))
	}
	return nil
}

// patient is a custom retryer.
type patient struct {
	aws.Retryer
	delays atomic.Int32
}

func (p *patient) MaxAttempts() int { return 4 }
func (p *patient) RetryDelay(int, error) (time.Duration, error) {
	p.delays.Add(1)
	return time.Millisecond, nil
}

// tenant puts a header on every request, before it is signed.
func tenant(id string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Build.Add(middleware.BuildMiddlewareFunc("Tenant", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
			in.Request.(*smithyhttp.Request).Header.Set("X-Tenant", id)
			return next.HandleBuild(ctx, in)
		}), middleware.After)
	}
}

// timed tells what the metadata of a call has.
func timed(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Timed", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleInitialize(ctx, in)
		results, _ := retry.GetAttemptResults(metadata)
		_, hasTime := awsmiddleware.GetResponseAt(metadata)
		id, _ := awsmiddleware.GetRequestIDMetadata(metadata)
		fmt.Println("  call of", awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx), awsmiddleware.GetRegion(ctx), len(results.Results), hasTime, id)
		return out, metadata, err
	}), middleware.After)
}

func main() {
	ctx, spans := context.Background(), tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	audit, retryer := &auditor{}, &patient{Retryer: retry.NewStandard()}
	cfg := aws.Config{
		Region: "eu-central-1", HTTPClient: &service{}, Retryer: func() aws.Retryer { return retryer },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "SECRET"}, nil
		}),
		APIOptions: []func(*middleware.Stack) error{awsmiddleware.AddUserAgentKeyValue("billing", "7")},
	}
	cfg.Interceptors.AddBeforeRetryLoop(audit)
	cfg.Interceptors.AddAfterAttempt(audit)
	cfg.Interceptors.AddAfterExecution(audit)
	otelaws.AppendMiddlewares(&cfg.APIOptions, otelaws.WithTracerProvider(provider), otelaws.WithTextMapPropagator(propagation.TraceContext{}))
	client := appintegrations.NewFromConfig(cfg, appintegrations.WithAPIOptions(tenant("of the client"), timed))

	paginator := appintegrations.NewListDataIntegrationAssociationsPaginator(client, &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("orders")})
	for paginator.HasMorePages() {
		page, err := paginator.NextPage(ctx, appintegrations.WithAPIOptions(tenant("of the call")))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(page.DataIntegrationAssociations), aws.ToString(page.NextToken))
	}
	fmt.Println(retryer.delays.Load(), "delays")
	failures(ctx, client)
	mocked(ctx, cfg)
	for _, span := range spans.GetSpans() {
		var attributes []string
		for _, a := range span.Attributes {
			attributes = append(attributes, fmt.Sprintf("%s=%s", a.Key, a.Value.String()))
		}
		slices.Sort(attributes)
		fmt.Println(span.Name, span.SpanKind, span.Status.Code, attributes)
	}
}

func failures(ctx context.Context, client *appintegrations.Client) {
	for _, id := range []string{"missing", "forbidden"} {
		_, err := client.ListDataIntegrationAssociations(ctx, &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: &id})
		var (
			notFound  *types.ResourceNotFoundException
			operation *smithy.OperationError
		)
		fmt.Println(id, errors.As(err, &notFound), errors.As(err, &operation), operation.Service(), operation.Operation())
		if id == "forbidden" {
			fmt.Println(operation.Err)
		}
	}
	_, err := client.ListDataIntegrationAssociations(ctx, &appintegrations.ListDataIntegrationAssociationsInput{})
	var invalid smithy.InvalidParamsError
	fmt.Println(errors.As(err, &invalid))
	_, err = client.ListDataIntegrationAssociations(ctx, &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("x")}, appintegrations.WithAPIOptions(func(stack *middleware.Stack) error {
		_, err := stack.Finalize.Remove("NoSuchStep")
		return err
	}))
	fmt.Println(err != nil)
}

// mocked answers in the place of the service, without credentials or a Region.
func mocked(ctx context.Context, cfg aws.Config) {
	mock := middleware.FinalizeMiddlewareFunc("Mock", func(ctx context.Context, _ middleware.FinalizeInput, _ middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
		switch operation := awsmiddleware.GetOperationName(ctx); operation {
		case "ListDataIntegrationAssociations":
			out.Result = &appintegrations.ListDataIntegrationAssociationsOutput{
				DataIntegrationAssociations: []types.DataIntegrationAssociationSummary{{ClientId: aws.String("mocked"), LastExecutionStatus: &types.LastExecutionStatus{ExecutionStatus: types.ExecutionStatusFailed}}},
			}
			return out, metadata, nil
		default:
			return out, metadata, fmt.Errorf("unexpected operation %q", operation)
		}
	})
	cfg.Region, cfg.Credentials = "", nil
	client := appintegrations.NewFromConfig(cfg, appintegrations.WithAPIOptions(func(stack *middleware.Stack) error { return stack.Finalize.Add(mock, middleware.Before) }))
	page, err := client.ListDataIntegrationAssociations(ctx, &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("any")})
	if err != nil {
		log.Fatal(err)
	}
	item := page.DataIntegrationAssociations[0]
	fmt.Println(*item.ClientId, item.LastExecutionStatus.ExecutionStatus)
}
