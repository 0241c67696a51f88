// Package testing is a part of a backend service, and how it is tested with the
// fake of package appintegrationstest: see report_test.go.
package testing

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	appintegrations "github.com/seed-10600c52/appintegrations"
)

// ErrNoIntegration says that a data integration does not exist.
var ErrNoIntegration = errors.New("no such data integration")

// Failed returns the clients of a data integration whose last pull has failed,
// with what the service said of each. The error is ErrNoIntegration, or what the
// client said.
func Failed(ctx context.Context, client appintegrations.ListDataIntegrationAssociationsAPIClient, integration string) (map[string]string, error) {
	failed := map[string]string{}
	pages := appintegrations.NewListDataIntegrationAssociationsPaginator(client, &appintegrations.ListDataIntegrationAssociationsInput{
		DataIntegrationIdentifier: aws.String(integration),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		var missing *appintegrations.ResourceNotFoundException
		if errors.As(err, &missing) {
			return nil, fmt.Errorf("%w: %s", ErrNoIntegration, integration)
		}
		if err != nil {
			return nil, err
		}
		for _, a := range page.DataIntegrationAssociations {
			if run := a.LastExecutionStatus; run != nil && run.ExecutionStatus == appintegrations.ExecutionStatusFailed {
				failed[aws.ToString(a.ClientId)] = aws.ToString(run.StatusMessage)
			}
		}
	}
	return failed, nil
}
