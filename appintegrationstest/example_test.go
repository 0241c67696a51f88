package appintegrationstest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	appintegrations "github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// In a test, NewServer does what Start and Close do here.
func Example() {
	srv, err := appintegrationstest.Start(func(o *appintegrationstest.Options) { o.PageSize = 1 })
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	srv.Put("crm-accounts",
		appintegrations.DataIntegrationAssociationSummary{ClientId: aws.String("connect")},
		appintegrations.DataIntegrationAssociationSummary{ClientId: aws.String("warehouse")})
	srv.Fail(appintegrationstest.ProxyPage(502), appintegrationstest.CutBody(20).OnPage(2))

	for association, err := range srv.Client().Associations(context.Background(), &appintegrations.ListDataIntegrationAssociationsInput{
		DataIntegrationIdentifier: aws.String("crm-accounts"),
	}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(*association.ClientId)
	}
	for _, r := range srv.Requests() {
		fmt.Printf("%d %q\n", r.Status, r.Fault)
	}
	// Output:
	// connect
	// warehouse
	// 502 "HTML of a proxy (502)"
	// 200 ""
	// 200 "body cut at 20 by close"
	// 200 ""
}

// A fault can be for a page, for a data integration, or for some of the requests.
func ExampleServer_Fail() {
	srv := appintegrationstest.New()
	defer srv.Close()
	srv.Put("crm-accounts", make([]appintegrations.DataIntegrationAssociationSummary, 30)...)
	srv.Fail(
		appintegrationstest.GatewayTimeout().For("crm-accounts").OnPage(2),
		appintegrationstest.ProxyPage(503).Every(100).Always(),
	)

	n := 0
	for _, err := range srv.Client().Associations(context.Background(), &appintegrations.ListDataIntegrationAssociationsInput{
		DataIntegrationIdentifier: aws.String("crm-accounts"),
	}) {
		if err != nil {
			log.Fatal(err)
		}
		n++
	}
	fmt.Println(n, "associations")
	for _, r := range srv.Requests() {
		fmt.Printf("page %d: %d %q\n", r.Page, r.Status, r.Fault)
	}
	// Output:
	// 30 associations
	// page 1: 200 ""
	// page 2: 504 "API Gateway: timeout (504)"
	// page 2: 200 ""
}

// A fault of your own is a Fault.Do. It may read the request, and send anything.
func ExampleFault() {
	srv := appintegrationstest.New()
	defer srv.Close()
	srv.Put("crm-accounts")
	srv.Fail(appintegrationstest.Fault{Do: func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("maxResults") {
			return false // the normal response
		}
		w.Header().Set("X-Amzn-ErrorType", "InvalidRequestException")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"Message":"maxResults is missing"}`)
		return true
	}})

	_, err := srv.Client().ListDataIntegrationAssociations(context.Background(), &appintegrations.ListDataIntegrationAssociationsInput{
		DataIntegrationIdentifier: aws.String("crm-accounts"),
	})
	var invalid *appintegrations.InvalidRequestException
	fmt.Println(errors.As(err, &invalid), invalid.ErrorMessage())
	// Output:
	// true maxResults is missing
}

// The name, the id and the ARN of a data integration list the same.
func ExampleServer_PutIntegration() {
	srv := appintegrationstest.New()
	defer srv.Close()
	crm := srv.PutIntegration(appintegrationstest.DataIntegration{Name: "crm-accounts", ID: "3f2b7c9e-5d41-4a86-9c07-6be1f0a4d2e8"},
		appintegrations.DataIntegrationAssociationSummary{ClientId: aws.String("connect")})
	fmt.Println(crm.ARN)

	for _, identifier := range []string{crm.Name, crm.ID, crm.ARN} {
		out, err := srv.Client().ListDataIntegrationAssociations(context.Background(), &appintegrations.ListDataIntegrationAssociationsInput{
			DataIntegrationIdentifier: aws.String(identifier),
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(*out.DataIntegrationAssociations[0].ClientId)
	}
	// Output:
	// arn:aws:app-integrations:us-east-1:111122223333:data-integration/3f2b7c9e-5d41-4a86-9c07-6be1f0a4d2e8
	// connect
	// connect
	// connect
}

// Executions complete by the server's clock, one a minute.
func ExampleOptions_advance() {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	completes := map[string]time.Time{"connect-1": now.Add(time.Minute), "connect-2": now.Add(2 * time.Minute)}
	srv := appintegrationstest.New(func(o *appintegrationstest.Options) {
		o.Advance = func(_ string, a appintegrations.DataIntegrationAssociationSummary, _ time.Time) appintegrations.DataIntegrationAssociationSummary {
			a.LastExecutionStatus = &appintegrations.LastExecutionStatus{ExecutionStatus: appintegrations.ExecutionStatusInProgress}
			if !now.Before(completes[*a.ClientId]) {
				a.LastExecutionStatus.ExecutionStatus = appintegrations.ExecutionStatusCompleted
			}
			return a
		}
	})
	defer srv.Close()
	for id := range completes {
		srv.Put("crm-accounts", appintegrations.DataIntegrationAssociationSummary{ClientId: aws.String(id)})
	}

	for range 3 {
		completed := 0
		for a, err := range srv.Client().Associations(context.Background(), &appintegrations.ListDataIntegrationAssociationsInput{
			DataIntegrationIdentifier: aws.String("crm-accounts"),
		}) {
			if err != nil {
				log.Fatal(err)
			}
			if a.LastExecutionStatus.ExecutionStatus == appintegrations.ExecutionStatusCompleted {
				completed++
			}
		}
		fmt.Println(completed, "completed")
		now = now.Add(time.Minute)
	}
	// Output:
	// 0 completed
	// 1 completed
	// 2 completed
}

// Over HTTP/2 with TLS, as the service.
func ExampleStart() {
	srv, err := appintegrationstest.Start(func(o *appintegrationstest.Options) { o.TLS, o.HTTP2 = true, true })
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	srv.Put("crm-accounts")
	client := srv.Client() // trusts the certificate
	defer client.CloseIdleConnections()
	if _, err := client.ListDataIntegrationAssociations(context.Background(), &appintegrations.ListDataIntegrationAssociationsInput{
		DataIntegrationIdentifier: aws.String("crm-accounts"),
	}); err != nil {
		log.Fatal(err)
	}
	r := srv.Requests()[0]
	fmt.Println(r.Proto, r.TLS)
	// Output:
	// HTTP/2.0 true
}
