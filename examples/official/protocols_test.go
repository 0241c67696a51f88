package official

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/appintegrations"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"

	ours "github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// notAPI stands for an error without a code.
const notAPI = "no smithy.APIError"

// list returns the number of associations of "crm", until an error.
func list(ctx context.Context, client *appintegrations.Client) (n int, err error) {
	pages := appintegrations.NewListDataIntegrationAssociationsPaginator(client,
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("crm")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return n, err
		}
		n += len(page.DataIntegrationAssociations)
	}
	return n, nil
}

// TestProtocols has the official client page through a list of 60 associations
// whose second page meets a fault, over each protocol: what the client makes of
// the fault does not depend on it.
func TestProtocols(t *testing.T) {
	for _, test := range []struct {
		fault    appintegrationstest.Fault
		listed   int
		requests int
		code     string // of the error; empty: none
	}{
		{appintegrationstest.Fault{}, 60, 3, ""},
		{appintegrationstest.Throttle(0), 60, 4, ""},
		{appintegrationstest.GatewayThrottle(), 60, 4, ""},
		{appintegrationstest.GatewayTimeout(), 60, 4, ""},
		{appintegrationstest.ServiceError(&ours.InternalServiceError{}), 60, 4, ""},
		{appintegrationstest.ProxyPage(502), 60, 4, ""},
		{appintegrationstest.CloseConnection(), 60, 4, ""},
		{appintegrationstest.ResetConnection(), 60, 4, ""},
		{appintegrationstest.CutBody(33), 25, 2, notAPI},
		{appintegrationstest.CutChunked(33), 25, 2, notAPI},
		{appintegrationstest.EmptyBody(), 25, 2, ""},
		{appintegrationstest.BareStatus(429, "slow down"), 25, 2, notAPI},
		{appintegrationstest.GatewayForbidden(), 25, 2, "ForbiddenException"},
		{appintegrationstest.GatewayMissingToken(), 25, 2, "MissingAuthenticationTokenException"},
		{appintegrationstest.GatewayWAF(), 25, 2, "ForbiddenException"},
		{appintegrationstest.ExpiredToken(), 25, 2, "ExpiredTokenException"},
		{appintegrationstest.DeniedByResourcePolicy(), 25, 2, "AccessDeniedException"},
	} {
		for _, protocol := range []struct {
			name       string
			tls, http2 bool
			proto      string
		}{
			{"HTTP/1.1", false, false, "HTTP/1.1"}, {"HTTP/1.1 over TLS", true, false, "HTTP/1.1"},
			{"HTTP/2", true, true, "HTTP/2.0"}, {"h2c", false, true, "HTTP/2.0"},
		} {
			t.Run(fmt.Sprintf("%s/%s", test.fault, protocol.name), func(t *testing.T) {
				t.Parallel() // most of the time goes by in back-offs
				srv := appintegrationstest.NewServer(t, func(o *appintegrationstest.Options) { o.TLS, o.HTTP2 = protocol.tls, protocol.http2 })
				srv.Put("crm", make([]ours.DataIntegrationAssociationSummary, 60)...)
				srv.Fail(test.fault.OnPage(2))
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				n, err := list(ctx, appintegrations.NewFromConfig(srv.Config()))
				assert.Equal(t, test.listed, n)
				assert.Equal(t, test.code, code(err), "%v", err)
				assert.Equal(t, test.requests, len(srv.Requests()), "requests")
				for _, r := range srv.Requests() {
					assert.Equal(t, protocol.proto, r.Proto)
					assert.Equal(t, protocol.tls, r.TLS)
				}
			})
		}
	}
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	if err != nil {
		return notAPI
	}
	return ""
}
