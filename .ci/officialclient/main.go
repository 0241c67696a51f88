// Officialclient lists the data integration "example" with the official Go
// client.
//
// It prints "listed N", where N counts different associations, or "refused CODE".
// Endpoint, key and Region come from the environment.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/appintegrations"
	"github.com/aws/smithy-go"
)

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	arns := map[string]bool{}
	pages := appintegrations.NewListDataIntegrationAssociationsPaginator(appintegrations.NewFromConfig(cfg),
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		var refused smithy.APIError
		if errors.As(err, &refused) {
			fmt.Println("refused", refused.ErrorCode())
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		for _, a := range page.DataIntegrationAssociations {
			arns[aws.ToString(a.DataIntegrationAssociationArn)] = true
		}
	}
	fmt.Println("listed", len(arns))
}
