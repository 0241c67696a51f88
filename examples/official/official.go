// Package official is a part of a backend service that uses the official client,
// and how it is tested with the fake of package appintegrationstest: see
// official_test.go.
package official

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/appintegrations"
	"github.com/aws/aws-sdk-go-v2/service/appintegrations/types"
)

// Running returns the number of associations whose execution is in progress, for
// each data integration of an account, by name.
func Running(ctx context.Context, client *appintegrations.Client) (map[string]int, error) {
	running := map[string]int{}
	pages := appintegrations.NewListDataIntegrationsPaginator(client, &appintegrations.ListDataIntegrationsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list data integrations: %w", err)
		}
		for _, d := range page.DataIntegrations {
			if running[aws.ToString(d.Name)], err = runningIn(ctx, client, d.Arn); err != nil {
				return nil, fmt.Errorf("list associations of %s: %w", aws.ToString(d.Name), err)
			}
		}
	}
	return running, nil
}

func runningIn(ctx context.Context, client *appintegrations.Client, arn *string) (n int, err error) {
	pages := appintegrations.NewListDataIntegrationAssociationsPaginator(client,
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: arn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		for _, a := range page.DataIntegrationAssociations {
			if a.LastExecutionStatus != nil && a.LastExecutionStatus.ExecutionStatus == types.ExecutionStatusInProgress {
				n++
			}
		}
	}
	return n, nil
}
