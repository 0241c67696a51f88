// Command official makes a client and its first call, and prints what both cost.
package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/aws/aws-sdk-go-v2/service/appintegrations"
	"github.com/seed-10600c52/appintegrations/internal/compat/cmd/compare/cold"
)

func main() {
	var client *appintegrations.Client
	cold.Measure(func(cfg aws.Config) { client = appintegrations.NewFromConfig(cfg) }, func() error {
		_, err := client.ListDataIntegrationAssociations(context.Background(), &appintegrations.ListDataIntegrationAssociationsInput{
			DataIntegrationIdentifier: aws.String("example"),
		})
		return err
	})
}
