package appintegrationstest_test

import (
	"context"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	appintegrations "github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// In a test, NewServer does what Start and Close do here.
func Example() {
	srv, err := appintegrationstest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	srv.Put("crm-accounts", appintegrations.DataIntegrationAssociationSummary{ClientId: aws.String("connect")})
	srv.Fail(appintegrationstest.ProxyPage(502), appintegrationstest.CutBody(20))

	out, err := srv.Client().ListDataIntegrationAssociations(context.Background(), &appintegrations.ListDataIntegrationAssociationsInput{
		DataIntegrationIdentifier: aws.String("crm-accounts"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*out.DataIntegrationAssociations[0].ClientId)
	for _, r := range srv.Requests() {
		fmt.Println(r.Status, r.Fault)
	}
	// Output:
	// connect
	// 502 HTML of a proxy (502)
	// 200 body cut at 20 by close
	// 200
}
