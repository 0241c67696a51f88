package main

import (
	"bytes"
	"testing"
)

const want = `Spans
  list associations
    AppIntegrations.ListDataIntegrationAssociations rpc.method=ListDataIntegrationAssociations
      AppIntegrations.ListDataIntegrationAssociations rpc.method=AppIntegrations/ListDataIntegrationAssociations
      OperationSerializer
      RetryLoop
        RetryLoop
          Attempt operation.attempt=1 http.response.status_code=200
            ResolveAuthScheme auth.scheme_id=aws.auth#sigv4
            GetIdentity
            ResolveEndpoint
            ComputePayloadSHA256
            SignRequest
            DoHTTPRequest http.status_code=200
            OperationDeserializer
    AppIntegrations.ListDataIntegrationAssociations rpc.method=ListDataIntegrationAssociations
      AppIntegrations.ListDataIntegrationAssociations rpc.method=AppIntegrations/ListDataIntegrationAssociations
      OperationSerializer
      RetryLoop
        RetryLoop
          Attempt operation.attempt=1 http.response.status_code=503
            ResolveAuthScheme auth.scheme_id=aws.auth#sigv4
            GetIdentity
            ResolveEndpoint
            ComputePayloadSHA256
            SignRequest
            DoHTTPRequest http.status_code=503
            OperationDeserializer
          Attempt operation.attempt=2 http.response.status_code=200
            ResolveAuthScheme auth.scheme_id=aws.auth#sigv4
            GetIdentity
            ResolveEndpoint
            ComputePayloadSHA256
            SignRequest
            DoHTTPRequest http.status_code=200
            OperationDeserializer
Metrics
  client.call.attempt_duration (s): 3 recorded
  client.call.attempts: 3
  client.call.auth.resolve_identity_duration (s): 3 recorded
  client.call.auth.signing_duration (s): 3 recorded
  client.call.deserialization_duration (s): 3 recorded
  client.call.duration (s): 2 recorded
  client.call.errors: 1
  client.call.resolve_endpoint_duration (s): 3 recorded
  client.call.serialization_duration (s): 2 recorded
  client.http.do_request_duration (s): 3 recorded
`

// TestOutput holds the tree: the spans and the metrics of two calls, one of which
// is retried.
func TestOutput(t *testing.T) {
	var got bytes.Buffer
	if err := run(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	if got.String() != want {
		t.Errorf("run printed\n%s\nwant\n%s", got.String(), want)
	}
}
