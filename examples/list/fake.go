package main

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/seed-10600c52/appintegrations/types"
)

const fakeIdentifier = "example"

// startFake starts a service with seven associations, five to a page.
func startFake() (*appintegrationstest.Server, error) {
	server, err := appintegrationstest.Start(func(o *appintegrationstest.Options) { o.PageSize = 5 })
	if err != nil {
		return nil, err
	}
	for i := range 7 {
		server.Put(fakeIdentifier, fakeAssociation(i))
	}
	return server, nil
}

func fakeAssociation(i int) types.DataIntegrationAssociationSummary {
	const arn = "arn:aws:app-integrations:us-east-1:123456789012:data-integration"
	a := types.DataIntegrationAssociationSummary{
		ClientId:                      aws.String(fmt.Sprintf("connect-instance-%d", i+1)),
		DataIntegrationArn:            aws.String(arn + "/" + fakeIdentifier),
		DataIntegrationAssociationArn: aws.String(fmt.Sprintf("%s-association/%s/a%02d", arn, fakeIdentifier, i+1)),
		DestinationURI:                aws.String(fmt.Sprintf("s3://example-bucket/knowledge/%d", i+1)),
		LastExecutionStatus:           &types.LastExecutionStatus{ExecutionStatus: types.ExecutionStatusCompleted},
		ExecutionConfiguration: &types.ExecutionConfiguration{
			ExecutionMode:         types.ExecutionModeScheduled,
			ScheduleConfiguration: &types.ScheduleConfiguration{ScheduleExpression: aws.String("rate(1 hour)"), Object: aws.String("Article")},
		},
	}
	switch i {
	case 2:
		a.LastExecutionStatus = &types.LastExecutionStatus{ExecutionStatus: types.ExecutionStatusFailed, StatusMessage: aws.String("the source refused the credentials")}
	case 4:
		a.LastExecutionStatus.ExecutionStatus = types.ExecutionStatusInProgress
		a.ExecutionConfiguration = &types.ExecutionConfiguration{
			ExecutionMode:         types.ExecutionModeOnDemand,
			OnDemandConfiguration: &types.OnDemandConfiguration{StartTime: aws.String("1790000000000"), EndTime: aws.String("1790003600000")},
		}
	}
	return a
}
