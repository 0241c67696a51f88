// Command program is written for the official client. TestProgram runs it as it
// is, and with the two import paths of the client swapped: no other byte is
// changed, and both must print the same.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/appintegrations"
	"github.com/aws/aws-sdk-go-v2/service/appintegrations/types"
	smithy "github.com/aws/smithy-go"
)

// service is the stub of an HTTP client.
type service struct{ requests []string }

func (s *service) Do(req *http.Request) (*http.Response, error) {
	s.requests = append(s.requests, req.URL.RequestURI())
	status, header, body := 200, http.Header{"X-Amzn-Requestid": {fmt.Sprint("request-", len(s.requests))}}, ""
	switch token := req.URL.Query().Get("nextToken"); {
	case strings.Contains(req.URL.Path, "missing"):
		status, body = 404, `{"Message":"no such data integration"}`
		header.Set("X-Amzn-Errortype", "ResourceNotFoundException:http://internal.amazon.com/coral/")
	case strings.Contains(req.URL.Path, "busy"):
		status, body = 429, `{"__type":"com.amazonaws.appintegrations#ThrottlingException","message":"Rate exceeded"}`
	case token == "":
		body = page("page-2", `{"ClientId":"a","DestinationURI":"s3://b/c","ExecutionConfiguration":{"ExecutionMode":"ON_DEMAND","OnDemandConfiguration":{"StartTime":"1","EndTime":"2"}}}`)
	case token == "page-2":
		body = page("page-3", `{"ClientId":"b","LastExecutionStatus":{"ExecutionStatus":"FAILED","StatusMessage":"no source"}}`)
	default:
		body = page("", `{"ClientId":"c","ExecutionConfiguration":{"ExecutionMode":"SCHEDULED","ScheduleConfiguration":{"ScheduleExpression":"rate(1 hour)","FirstExecutionFrom":"0","Object":"o"}}},{}`)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

func page(next, items string) string {
	token := "null"
	if next != "" {
		token = `"` + next + `"`
	}
	return `{"DataIntegrationAssociations":[` + items + `],"NextToken":` + token + `}`
}

// mock is an API client of the user's own.
type mock struct{ calls int }

func (m *mock) ListDataIntegrationAssociations(_ context.Context, params *appintegrations.ListDataIntegrationAssociationsInput, _ ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
	m.calls++
	if m.calls == 2 {
		return nil, &types.InternalServiceError{Message: aws.String("try again")}
	}
	return &appintegrations.ListDataIntegrationAssociationsOutput{
		DataIntegrationAssociations: []types.DataIntegrationAssociationSummary{{ClientId: params.DataIntegrationIdentifier}},
		NextToken:                   aws.String("again"),
	}, nil
}

var _ appintegrations.ListDataIntegrationAssociationsAPIClient = (*mock)(nil)

func main() {
	ctx, stub := context.Background(), &service{}
	cfg := aws.Config{
		Region: "eu-central-1", HTTPClient: stub, Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
		Retryer: func() aws.Retryer { return retry.AddWithMaxBackoffDelay(retry.NewStandard(), 1) },
	}
	client := appintegrations.NewFromConfig(cfg, func(o *appintegrations.Options) { o.AppID = "program" })
	fmt.Println(client.Options().Region, client.Options().AppID, appintegrations.ServiceID, appintegrations.ServiceAPIVersion)
	all(ctx, client)
	failures(ctx, client)
	mocked(ctx)
	options(ctx, client)
	fmt.Println(strings.Join(stub.requests, "\n"))
}

func all(ctx context.Context, client appintegrations.ListDataIntegrationAssociationsAPIClient) {
	paginator := appintegrations.NewListDataIntegrationAssociationsPaginator(client, &appintegrations.ListDataIntegrationAssociationsInput{
		DataIntegrationIdentifier: aws.String("an integration"),
	}, func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) { o.Limit = 2 })
	for paginator.HasMorePages() {
		out, err := paginator.NextPage(ctx)
		if err != nil {
			log.Fatal(err)
		}
		id, _ := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
		for _, item := range out.DataIntegrationAssociations {
			text, _ := json.Marshal(item)
			fmt.Println(id, string(text), describe(item))
		}
	}
	_, err := paginator.NextPage(ctx)
	fmt.Println(err)
}

func describe(item types.DataIntegrationAssociationSummary) string {
	if item.LastExecutionStatus != nil && item.LastExecutionStatus.ExecutionStatus == types.ExecutionStatusFailed {
		return "failed: " + aws.ToString(item.LastExecutionStatus.StatusMessage)
	}
	if item.ExecutionConfiguration == nil {
		return "?"
	}
	switch mode := item.ExecutionConfiguration.ExecutionMode; mode {
	case types.ExecutionModeOnDemand:
		return "from " + *item.ExecutionConfiguration.OnDemandConfiguration.StartTime
	case types.ExecutionModeScheduled:
		return *item.ExecutionConfiguration.ScheduleConfiguration.ScheduleExpression
	default:
		return string(mode)
	}
}

func failures(ctx context.Context, client *appintegrations.Client) {
	for _, id := range []string{"missing", "busy"} {
		_, err := client.ListDataIntegrationAssociations(ctx, &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: &id})
		var (
			notFound  *types.ResourceNotFoundException
			throttled *types.ThrottlingException
			operation *smithy.OperationError
			response  *awshttp.ResponseError
			spent     *retry.MaxAttemptsError
			api       smithy.APIError
		)
		fmt.Println(id, errors.As(err, &notFound), errors.As(err, &throttled), errors.As(err, &operation), errors.As(err, &response), errors.As(err, &spent), errors.As(err, &api))
		fmt.Println(operation.Service(), operation.Operation(), response.HTTPStatusCode(), response.ServiceRequestID())
		fmt.Println(api.ErrorCode(), api.ErrorMessage(), api.ErrorFault(), api)
	}
	_, err := client.ListDataIntegrationAssociations(ctx, nil)
	var invalid smithy.InvalidParamsError
	fmt.Println(errors.As(err, &invalid), invalid.Len(), err)
}

func mocked(ctx context.Context) {
	m := &mock{}
	paginator := appintegrations.NewListDataIntegrationAssociationsPaginator(m, &appintegrations.ListDataIntegrationAssociationsInput{
		DataIntegrationIdentifier: aws.String("mocked"), MaxResults: aws.Int32(5),
	}, func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) {
		fmt.Println("limit", o.Limit)
		o.StopOnDuplicateToken = true
	})
	for n := 0; paginator.HasMorePages() && n < 10; n++ {
		out, err := paginator.NextPage(ctx)
		if err != nil {
			var internal *types.InternalServiceError
			fmt.Println(errors.As(err, &internal), internal.ErrorFault(), err)
			continue
		}
		fmt.Println(*out.DataIntegrationAssociations[0].ClientId, *out.NextToken)
	}
	fmt.Println(m.calls, types.ExecutionMode("").Values(), types.ExecutionStatusCompleted.Values())
}

func options(ctx context.Context, client *appintegrations.Client) {
	list := func(optFns ...func(*appintegrations.Options)) {
		_, err := client.ListDataIntegrationAssociations(ctx, &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("options")}, optFns...)
		fmt.Println(err)
	}
	list(appintegrations.WithSigV4SigningName("other"), appintegrations.WithSigV4SigningRegion("other-1"), appintegrations.WithAPIOptions())
	list(appintegrations.WithEndpointResolverV2(appintegrations.NewDefaultEndpointResolverV2()), func(o *appintegrations.Options) {
		o.BaseEndpoint = aws.String("http://localhost:4566")
		o.EndpointOptions = appintegrations.EndpointResolverOptions{DisableHTTPS: true}
		o.Retryer = retry.AddWithErrorCodes(o.Retryer, "Other")
	})
	endpoint, err := appintegrations.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, appintegrations.EndpointParameters{
		Region: aws.String("cn-north-1"), UseFIPS: aws.Bool(true),
	}.WithDefaults())
	fmt.Println(endpoint.URI.String(), err, appintegrations.EndpointParameters{}.ValidateRequired())
	copied := client.Options().Copy()
	copied.APIOptions = append(copied.APIOptions, nil)
	fmt.Println(len(client.Options().APIOptions), len(copied.APIOptions), copied.EndpointOptions.GetUseFIPSEndpoint())
}
