package appintegrations_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/seed-10600c52/appintegrations/types"
)

var wireIdentifiers = []string{
	"plain",
	"arn:aws:app-integrations:us-east-1:123456789012:data-integration/0a1b2c3d-4e5f-6789-abcd-ef0123456789",
	"a b/c",
	"é%2F+&=~?#",
	"日本 語",
	"../x",
	"%2e%2e",
	"a//b/",
	"-._~!$'()*,;:@[]{}|\\^`\"<>",
	strings.Repeat("0123456789", 1000),
}

// TestIdentifiersArriveByteExact lists under identifiers of each kind over a
// real socket. The service takes none whose signature does not verify.
func TestIdentifiersArriveByteExact(t *testing.T) {
	for _, session := range []string{"", "FwoGZXIvYXdzEXAMPLE+/=="} {
		server := appintegrationstest.NewServer(t, func(o *appintegrationstest.Options) { o.SessionToken = session })
		client := server.Client()
		for _, id := range wireIdentifiers {
			server.Put(id, types.DataIntegrationAssociationSummary{ClientId: &id})
			out, err := client.ListDataIntegrationAssociations(t.Context(), input(id))
			require.NoError(t, err, "%.40q", id)
			require.Len(t, out.DataIntegrationAssociations, 1)
			assert.Equal(t, id, *out.DataIntegrationAssociations[0].ClientId)
			requestID, ok := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
			assert.True(t, ok)
			assert.NotEmpty(t, requestID)
		}
		for i, r := range server.Requests() {
			assert.Equal(t, wireIdentifiers[i], r.Identifier)
			assert.Equal(t, http.StatusOK, r.Status, r.Refused)
			assert.Equal(t, session, r.Header.Get("X-Amz-Security-Token"))
		}
	}
}

// TestTokensArriveByteExact sends tokens that the service did not give: it
// refuses them by their meaning, after it has verified the signature over them.
func TestTokensArriveByteExact(t *testing.T) {
	server := appintegrationstest.NewServer(t)
	server.Put("example")
	tokens := []string{"tok+/= &%é", "a b", "?#[]@!$&'()*+,;=", "%2B", "日本 語", strings.Repeat("t", 8<<10)}
	for _, token := range tokens {
		_, err := server.Client().ListDataIntegrationAssociations(t.Context(), &appintegrations.ListDataIntegrationAssociationsInput{
			DataIntegrationIdentifier: aws.String("example"), NextToken: &token, MaxResults: aws.Int32(50),
		})
		var invalid *types.InvalidRequestException
		require.ErrorAs(t, err, &invalid)
	}
	for i, r := range server.Requests() {
		query, err := url.ParseQuery(r.RawQuery)
		require.NoError(t, err)
		assert.Equal(t, url.Values{"maxResults": {"50"}, "nextToken": {tokens[i]}}, query)
		assert.NotContains(t, r.RawQuery, "+")
	}
}

func TestPaginatorListsAllPages(t *testing.T) {
	server := appintegrationstest.NewServer(t)
	for i := range 60 {
		server.Put("example", types.DataIntegrationAssociationSummary{ClientId: aws.String(strings.Repeat("c", i+1))})
	}
	for _, row := range []struct {
		name  string
		limit int32
		pages int
	}{
		{"the service's default", 0, 3}, {"negative means the default", -1, 3}, {"7 a page", 7, 9}, {"50 a page", 50, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := appintegrations.NewListDataIntegrationAssociationsPaginator(server.Client(), input("example"),
				func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) { o.Limit = row.limit })
			pages, items := 0, 0
			for p.HasMorePages() {
				page, err := p.NextPage(t.Context())
				require.NoError(t, err)
				for _, a := range page.DataIntegrationAssociations {
					items++
					assert.Len(t, *a.ClientId, items)
				}
				pages++
			}
			assert.Equal(t, row.pages, pages)
			assert.Equal(t, 60, items)
			_, err := p.NextPage(t.Context())
			assert.ErrorContains(t, err, "no more pages")
		})
	}
}

func TestServiceErrorsAreTyped(t *testing.T) {
	server := appintegrationstest.NewServer(t)
	_, err := server.Client().ListDataIntegrationAssociations(t.Context(), input("unknown"))

	var operation *smithy.OperationError
	require.ErrorAs(t, err, &operation)
	assert.Equal(t, "AppIntegrations", operation.Service())
	assert.Equal(t, "ListDataIntegrationAssociations", operation.Operation())
	var response *awshttp.ResponseError
	require.ErrorAs(t, err, &response)
	assert.Equal(t, http.StatusNotFound, response.HTTPStatusCode())
	assert.NotEmpty(t, response.ServiceRequestID())
	var notFound *types.ResourceNotFoundException
	require.ErrorAs(t, err, &notFound)
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, "ResourceNotFoundException", api.ErrorCode())
	assert.Equal(t, smithy.FaultClient, api.ErrorFault())
	assert.Contains(t, err.Error(), response.ServiceRequestID())
}

// captured returns the headers of the one request that a call makes.
func captured(t *testing.T, optFns ...func(*appintegrations.Options)) http.Header {
	t.Helper()
	var header http.Header
	client := stubClient("{}")
	stub := client.Options().HTTPClient
	optFns = append(optFns, func(o *appintegrations.Options) {
		o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
			header = r.Header.Clone()
			return stub.Do(r)
		})
	})
	_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"), optFns...)
	require.NoError(t, err)
	return header
}

func TestHeaders(t *testing.T) {
	plain := captured(t)
	assert.Equal(t, "attempt=1; max=3", plain.Get("Amz-Sdk-Request"))
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, plain.Get("Amz-Sdk-Invocation-Id"))
	assert.Regexp(t, `^aws-sdk-go-v2/\S+ ua/2\.1 os/\S+ lang/go#\S+ md/GOOS#\S+ md/GOARCH#\S+ lib/appintegrations-go#\d+\.\d+\.\d+ m/E,e$`, plain.Get("User-Agent"))
	assert.Regexp(t, `^\d{8}T\d{6}Z$`, plain.Get("X-Amz-Date"))
	assert.Regexp(t, `^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/us-east-1/app-integrations/aws4_request, SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;host;x-amz-date, Signature=[0-9a-f]{64}$`, plain.Get("Authorization"))
	assert.Empty(t, plain.Get("X-Amzn-Trace-Id"))
	assert.Len(t, plain, 5)

	assert.NotEqual(t, plain.Get("Amz-Sdk-Invocation-Id"), captured(t).Get("Amz-Sdk-Invocation-Id"), "one for each call")

	named := captured(t, func(o *appintegrations.Options) { o.AppID = "my app" })
	assert.Contains(t, named.Get("User-Agent"), " app/my-app ")

	signed := captured(t, appintegrations.WithSigV4SigningName("other"), appintegrations.WithSigV4SigningRegion("eu-west-1"))
	assert.Contains(t, signed.Get("Authorization"), "/eu-west-1/other/aws4_request")

	anonymous := captured(t, func(o *appintegrations.Options) { o.Credentials = aws.AnonymousCredentials{} })
	assert.Empty(t, anonymous.Get("Authorization"))
	assert.Empty(t, anonymous.Get("X-Amz-Date"))
}

func TestTraceIDInLambda(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "f")
	t.Setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1 \x7f")
	assert.Equal(t, "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1%20%7F", captured(t).Get("X-Amzn-Trace-Id"))
}

// TestTheAttemptTimeoutIsNotTold: the service may know when the caller gives up,
// not when this attempt does.
func TestTheAttemptTimeoutIsNotTold(t *testing.T) {
	header := captured(t, func(o *appintegrations.Options) { o.AttemptTimeout = time.Hour })
	assert.NotContains(t, header.Get("Amz-Sdk-Request"), "ttl")
}
