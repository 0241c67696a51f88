package appintegrations_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/seed-10600c52/appintegrations/types"
)

// exampleService has three associations under the identifier example.
func exampleService() *appintegrationstest.Server {
	service := appintegrationstest.New(func(o *appintegrationstest.Options) { o.PageSize = 2 })
	for _, client := range []string{"a", "b", "c"} {
		service.Put("example", types.DataIntegrationAssociationSummary{ClientId: aws.String(client)})
	}
	return service
}

func ExampleNewListDataIntegrationAssociationsPaginator() {
	client := exampleService().Client() // or NewFromConfig(cfg)
	pages := appintegrations.NewListDataIntegrationAssociationsPaginator(client,
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(len(page.DataIntegrationAssociations))
	}
	// Output:
	// 2
	// 1
}

func ExampleClient_Associations() {
	client := exampleService().Client()
	in := &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")}
	for association, err := range client.Associations(context.Background(), in) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(aws.ToString(association.ClientId))
	}
	// Output:
	// a
	// b
	// c
}

func ExampleListDataIntegrationAssociationsPaginator_Checkpoint() {
	client := exampleService().Client()
	in := &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")}
	pages := appintegrations.NewListDataIntegrationAssociationsPaginator(client, in)
	for association := range pages.Associations(context.Background()) {
		fmt.Println(aws.ToString(association.ClientId))
		break
	}
	rest := appintegrations.NewListDataIntegrationAssociationsPaginator(client, in,
		func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) {
			o.Resume = pages.Checkpoint()
		})
	for association := range rest.Associations(context.Background()) {
		fmt.Println("later:", aws.ToString(association.ClientId))
	}
	// Output:
	// a
	// later: b
	// later: c
}

func ExampleResourceNotFoundException() {
	client := exampleService().Client()
	_, err := client.ListDataIntegrationAssociations(context.Background(),
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("unknown")})
	var notFound *types.ResourceNotFoundException
	fmt.Println(errors.As(err, &notFound))
	// Output: true
}
