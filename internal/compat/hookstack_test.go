package compat

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
)

// stackCases hold which steps there are for a user to insert beside, swap or
// remove, and in which order.
func stackCases() []hookCase {
	snapshot := func(opts ...option) func(*testing.T, peer) []string {
		return func(t *testing.T, p peer) []string {
			var lines []string
			list := apiOption(func(stack *middleware.Stack) error {
				lines = phases(stack)
				assert.Equal(t, lines, phases(stack), "reading changes nothing")
				for _, line := range stack.List() {
					lines = append(lines, "listed "+line)
				}
				return nil
			})
			o := run(t, p, nil, opts, []option{list})
			return append(lines, tell(o)...)
		}
	}
	return []hookCase{
		{group: "stack", name: "plain", shows: "Finalize: Retry", do: snapshot()},
		{group: "stack", name: "with an interceptor", shows: "Deserialize: InterceptTransmit", do: snapshot(interceptors(func(r *smithyhttp.InterceptorRegistry) {
			r.AddBeforeSigning(&watcher{})
		}))},
		{group: "stack", name: "with DisableHTTPS", shows: "http://app-integrations", do: snapshot(set("EndpointOptions.DisableHTTPS", true))},
		{group: "stack", name: "with a tracer", shows: "Finalize: spanRetryLoop", do: snapshot(set("TracerProvider", &tracer{}))},
	}
}

// phases lists the ids of the steps, phase by phase.
func phases(stack *middleware.Stack) (lines []string) {
	lines = append(lines, "stack "+stack.ID())
	for _, phase := range []struct {
		name string
		ids  []string
	}{
		{"Initialize", stack.Initialize.List()}, {"Serialize", stack.Serialize.List()}, {"Build", stack.Build.List()},
		{"Finalize", stack.Finalize.List()}, {"Deserialize", stack.Deserialize.List()},
	} {
		for _, id := range phase.ids {
			lines = append(lines, phase.name+": "+id)
		}
	}
	return lines
}

// The order is written down once: a snapshot that is equal may be wrong twice.
func TestStackOrder(t *testing.T) {
	want := map[string]string{
		"Initialize": "RegisterServiceMetadata legacyEndpointContextSetter SetLogger OperationInputValidation",
		"Finalize":   "spanRetryLoop Retry RetryMetricsHeader ResolveAuthScheme GetIdentity ResolveEndpointV2 disableHTTPS ComputePayloadHash setLegacyContextSigningOptions Signing",
	}
	eachPeer(t, func(t *testing.T, p peer) {
		run(t, p, nil, nil, []option{apiOption(func(stack *middleware.Stack) error {
			for phase, ids := range want {
				var got []string
				for _, line := range phases(stack) {
					if id, ok := strings.CutPrefix(line, phase+": "); ok && !strings.HasPrefix(id, "Intercept") {
						got = append(got, id)
					}
				}
				assert.Equal(t, ids, strings.Join(got, " "), fmt.Sprint(p.name, " ", phase))
			}
			return nil
		})})
	})
}
