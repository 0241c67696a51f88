package compat

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// removalCases remove each step.
func removalCases() (cases []hookCase) {
	for _, line := range officialSteps() {
		phase, id, _ := strings.Cut(line, ": ")
		c := hookCase{group: "a step removed", name: id, do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, then(1, serverFault), apiOption(func(stack *middleware.Stack) error { return removeStep(stack, phase, id) }))
		}}
		c.official, c.ours, c.reason = removalDiffers(id)
		cases = append(cases, c)
	}
	return cases
}

func removeStep(stack *middleware.Stack, phase, id string) (err error) {
	switch phase {
	case "Initialize":
		_, err = stack.Initialize.Remove(id)
	case "Serialize":
		_, err = stack.Serialize.Remove(id)
	case "Build":
		_, err = stack.Build.Remove(id)
	case "Finalize":
		_, err = stack.Finalize.Remove(id)
	case "Deserialize":
		_, err = stack.Deserialize.Remove(id)
	}
	return err
}

// officialSteps are the steps of the official client, "Finalize: Retry" for
// example.
func officialSteps() (steps []string) {
	c := officialPeer.new(append(basics(&recorder{}), apiOption(func(stack *middleware.Stack) error {
		steps = phases(stack)[1:]
		return nil
	}))...)
	c.list(context.Background(), anInput)
	return steps
}

// removalDiffers says how the clients differ without a step.
func removalDiffers(id string) (official, ours []string, reason string) {
	switch id {
	case "OperationSerializer":
		nothing := strings.NewReplacer("sends GET", "sends ", "/dataIntegrations/an-integration/associations", "").Replace
		slash := func(line string) string { return strings.Replace(line, ".com,", ".com/,", 1) }
		return []string{slash(nothing(attempt(1))), slash(nothing(attempt(2)))}, []string{nothing(attempt(1)), nothing(attempt(2))},
			"a request without a path has none added"
	case "Retry":
		return []string{strings.Replace(attempt(0), "; max=3", "", 1)}, []string{strings.NewReplacer(", Amz-Sdk-Request: attempt=0; max=3", "", "amz-sdk-request;", "").Replace(attempt(0))},
			"without a loop there is no attempt to number"
	case "ResolveEndpointV2":
		nowhere := func(n int) string {
			return strings.Replace(attempt(n), "https://app-integrations.us-east-1.amazonaws.com", "", 1)
		}
		return []string{nowhere(1), nowhere(2), aPage}, []string{"error: *smithy.OperationError > *appintegrations.ConfigError"}, "a request without a host goes nowhere"
	case "ResolveAuthScheme":
		return []string{"error: *smithy.OperationError"}, []string{attempt(1), attempt(2), aPage}, "there is one scheme"
	case "GetIdentity":
		return []string{"error: *smithy.OperationError"}, []string{"error: *smithy.OperationError > *appintegrations.ConfigError"}, "an error of a type that names the field"
	case "ResponseErrorWrapper":
		return []string{"error: *smithy.OperationError > *appintegrations.InternalServiceError"}, []string{attempt(2), aPage}, "the status decides on a retry, and is kept with the error from the start"
	case "OperationDeserializer":
		return []string{"panics"}, []string{attempt(1), "error: *smithy.OperationError"}, "a library does not end a process"
	}
	return nil, nil, ""
}

// routeCases change the host.
func routeCases() []hookCase {
	other := changing(func(req *smithyhttp.Request) { req.URL.Host = "other.example" })
	return []hookCase{
		{group: "host routing", name: "after Retry", shows: "//app-integrations", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Retry", middleware.After, other))
		}},
		{group: "host routing", name: "after Retry, Host too", shows: "other.example", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Retry", middleware.After, changing(func(req *smithyhttp.Request) { req.Host = "other.example" })))
		}},
		{group: "host routing", name: "after ResolveEndpointV2", shows: "other.example", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("ResolveEndpointV2", middleware.After, other))
		}},
		{group: "host routing", name: "before Signing", shows: "other.example", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Signing", middleware.Before, other))
		}},
		{group: "host routing", name: "another host for each attempt", shows: "//b.example", do: func(t *testing.T, p peer) []string {
			hosts := []string{"a.example", "b.example", "c.example"}
			return seenIn(t, p, then(2, respond(503, `{}`)), finalizeAt("Signing", middleware.Before, changing(func(req *smithyhttp.Request) {
				req.URL.Host, hosts = hosts[0], hosts[1:]
			})))
		}},
		{group: "host routing", name: "after Signing", shows: "other.example", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Signing", middleware.After, other))
		}},
		{group: "host routing", name: "in Deserialize", shows: "other.example", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, deserialize(middleware.After, func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
				in.Request.(*smithyhttp.Request).URL.Host = "other.example"
				return next.HandleDeserialize(ctx, in)
			}))
		}},
		{group: "host routing", name: "scheme and path before Signing", shows: "http://other.example/p/", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, finalizeAt("Signing", middleware.Before, changing(func(req *smithyhttp.Request) {
				req.URL.Scheme, req.URL.Host, req.URL.Path = "http", "other.example", "/p"+req.URL.Path
			})))
		}},
	}
}
