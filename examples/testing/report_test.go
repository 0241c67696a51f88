package testing

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	appintegrations "github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

const crm = "arn:aws:app-integrations:us-east-1:111122223333:data-integration/3f2b7c9e-5d41-4a86-9c07-6be1f0a4d2e8"

// pulls returns n associations, of which every tenth has failed.
func pulls(n int) []appintegrations.DataIntegrationAssociationSummary {
	out := make([]appintegrations.DataIntegrationAssociationSummary, n)
	for i := range out {
		out[i].ClientId = aws.String(fmt.Sprintf("connect-%02d", i+1))
		out[i].LastExecutionStatus = &appintegrations.LastExecutionStatus{ExecutionStatus: appintegrations.ExecutionStatusCompleted}
		if i%10 == 9 {
			out[i].LastExecutionStatus = &appintegrations.LastExecutionStatus{
				ExecutionStatus: appintegrations.ExecutionStatusFailed,
				StatusMessage:   aws.String("INVALID_SESSION_ID"),
			}
		}
	}
	return out
}

// A table of faults: the report is complete, or there is an error.
func TestFailed(t *testing.T) {
	denied := &appintegrations.AccessDeniedException{Message: aws.String("not yours")}
	for _, test := range []struct {
		name     string
		faults   []appintegrationstest.Fault
		requests int
		want     error // nil: the report is complete
	}{
		{"no fault", nil, 3, nil},
		{"a connection that is cut", []appintegrationstest.Fault{appintegrationstest.CutBody(100).OnPage(2)}, 4, nil},
		{"a proxy that is busy", []appintegrationstest.Fault{appintegrationstest.ProxyPage(503)}, 4, nil},
		{"the gateway is late", []appintegrationstest.Fault{appintegrationstest.GatewayTimeout().OnPage(3)}, 4, nil},
		{"no permission", []appintegrationstest.Fault{appintegrationstest.ServiceError(denied).OnPage(2)}, 2, denied},
		{"the data integration was deleted", []appintegrationstest.Fault{
			appintegrationstest.ServiceError(&appintegrations.ResourceNotFoundException{}).OnPage(2),
		}, 2, ErrNoIntegration},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := appintegrationstest.NewServer(t)
			srv.Put(crm, pulls(60)...)
			srv.Fail(test.faults...)

			got, err := Failed(t.Context(), srv.Client(), crm)
			var api *appintegrations.AccessDeniedException
			switch {
			case test.want == nil && (err != nil || len(got) != 6 || got["connect-60"] != "INVALID_SESSION_ID"):
				t.Errorf("Failed() = %v, %v; want 6 clients", got, err)
			case test.want == ErrNoIntegration && !errors.Is(err, ErrNoIntegration):
				t.Errorf("Failed() = %v; want ErrNoIntegration", err)
			case test.want == denied && (!errors.As(err, &api) || api.ErrorMessage() != "not yours"):
				t.Errorf("Failed() = %v; want an AccessDeniedException", err)
			}
			if n := len(srv.Requests()); n != test.requests {
				t.Errorf("%d requests; want %d", n, test.requests)
			}
		})
	}
}

// Inside testing/synctest, without a socket, a throttle and its back-off take no
// time.
func TestFailedIsThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := appintegrationstest.New()
		defer srv.Close()
		srv.Put(crm, pulls(60)...)
		srv.Fail(appintegrationstest.Throttle(15 * time.Second).OnPage(2))

		began := time.Now()
		got, err := Failed(t.Context(), srv.Client(), crm)
		if err != nil || len(got) != 6 {
			t.Fatalf("Failed() = %v, %v; want 6 clients", got, err)
		}
		if took := time.Since(began); took < 15*time.Second {
			t.Errorf("it took %v; want at least the 15s of Retry-After", took)
		}
	})
}

// What was sent: the identifier and the token of each page, and nothing else.
func TestFailedSends(t *testing.T) {
	srv := appintegrationstest.NewServer(t)
	srv.Put("crm & more", pulls(60)...)
	if _, err := Failed(t.Context(), srv.Client(), "crm & more"); err != nil {
		t.Fatal(err)
	}
	requests := srv.Requests()
	if len(requests) != 3 {
		t.Fatalf("%d requests; want 3", len(requests))
	}
	for i, r := range requests {
		query, err := url.ParseQuery(r.RawQuery)
		if err != nil {
			t.Fatal(err)
		}
		names := maps.Clone(query)
		delete(names, "nextToken")
		switch {
		case r.Identifier != "crm & more" || r.Path != "/dataIntegrations/crm%20%26%20more/associations":
			t.Errorf("request %d is for %q at %s", i+1, r.Identifier, r.Path)
		case r.Page != i+1 || query.Has("nextToken") != (i > 0):
			t.Errorf("request %d is for page %d with %q", i+1, r.Page, r.RawQuery)
		case len(names) > 0:
			t.Errorf("request %d has the parameters %v", i+1, names)
		case r.Refused != "":
			t.Errorf("request %d was rejected: %s", i+1, r.Refused)
		}
	}
}
