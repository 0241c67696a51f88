package appintegrationstest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

var crm = &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("crm-accounts")}

// A Server of New needs no socket.
func ExampleNew() {
	srv := appintegrationstest.New()
	defer srv.Close()
	srv.Put("crm-accounts", appintegrations.DataIntegrationAssociationSummary{ClientId: aws.String("connect")})
	out, err := srv.Client().ListDataIntegrationAssociations(context.Background(), crm)
	fmt.Println(len(out.DataIntegrationAssociations), err)
	// Output: 1 <nil>
}

// Any client of the SDK works with the configuration: this client, or the official
// one.
func ExampleServer_Config() {
	srv := appintegrationstest.New()
	defer srv.Close()
	srv.Put("crm-accounts")
	client := appintegrations.NewFromConfig(srv.Config())
	_, err := client.ListDataIntegrationAssociations(context.Background(), crm)
	fmt.Println(err)
	// Output: <nil>
}

// Requests contains what the client sent, also what was rejected.
func ExampleServer_Requests() {
	srv := appintegrationstest.New()
	defer srv.Close()
	srv.Put("crm-accounts")
	srv.Client().ListDataIntegrationAssociations(context.Background(), &appintegrations.ListDataIntegrationAssociationsInput{
		DataIntegrationIdentifier: aws.String("crm-accounts"), MaxResults: aws.Int32(51),
	})
	for _, r := range srv.Requests() {
		fmt.Println(r.Method, r.Path, r.RawQuery, r.Status)
		fmt.Println(r.Refused)
	}
	// Output:
	// GET /dataIntegrations/crm-accounts/associations maxResults=51 400
	// InvalidRequestException: The value "51" of maxResults is not a number between 1 and 50.
}

// A request beyond the quota is throttled.
func ExampleQuota() {
	srv := appintegrationstest.New(func(o *appintegrationstest.Options) {
		o.Quota = appintegrationstest.Quota{PerSecond: 0.001, Burst: 1}
	})
	defer srv.Close()
	srv.Put("crm-accounts")
	client := srv.Client(func(o *appintegrations.Options) { o.RetryMaxAttempts = 1 })
	for range 2 {
		_, err := client.ListDataIntegrationAssociations(context.Background(), crm)
		var throttled *appintegrations.ThrottlingException
		fmt.Println("throttled:", errors.As(err, &throttled))
	}
	// Output:
	// throttled: false
	// throttled: true
}

// ServiceError sends an exception as the service does.
func ExampleServiceError() {
	srv := appintegrationstest.New()
	defer srv.Close()
	srv.Put("crm-accounts")
	srv.Fail(appintegrationstest.ServiceError(&appintegrations.AccessDeniedException{Message: aws.String("not today")}))
	_, err := srv.Client().ListDataIntegrationAssociations(context.Background(), crm)
	var denied *appintegrations.AccessDeniedException
	fmt.Println(errors.As(err, &denied), denied.ErrorMessage())
	// Output: true not today
}

// A stall ends with the time limit of the attempt; the next attempt succeeds.
func ExampleStall() {
	srv := appintegrationstest.New()
	defer srv.Close()
	srv.Put("crm-accounts")
	srv.Fail(appintegrationstest.Stall(0))
	client := srv.Client(func(o *appintegrations.Options) { o.AttemptTimeout = time.Second / 4 })
	_, err := client.ListDataIntegrationAssociations(context.Background(), crm)
	fmt.Println(err, len(srv.Requests()) > 1) // it was retried
	// Output: <nil> true
}

// The server can be a handler of a server of your own.
func ExampleServer_ServeHTTP() {
	srv := appintegrationstest.New()
	defer srv.Close()
	srv.Put("crm-accounts")
	front := httptest.NewServer(srv)
	defer front.Close()
	client := srv.Client(func(o *appintegrations.Options) {
		o.BaseEndpoint, o.HTTPClient = aws.String(front.URL), front.Client()
	})
	_, err := client.ListDataIntegrationAssociations(context.Background(), crm)
	fmt.Println(err)
	// Output: <nil>
}
