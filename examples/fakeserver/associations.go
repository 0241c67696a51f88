package main

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	appintegrations "github.com/seed-10600c52/appintegrations"
)

// associations returns n associations as a contact centre has them: pulled from
// a CRM on a schedule or on demand, and every fifth run has failed.
func associations(n int) []appintegrations.DataIntegrationAssociationSummary {
	const integration = "arn:aws:app-integrations:us-east-1:111122223333:data-integration/3f2b7c9e-5d41-4a86-9c07-6be1f0a4d2e8"
	out := make([]appintegrations.DataIntegrationAssociationSummary, n)
	for i := range out {
		run := &appintegrations.LastExecutionStatus{ExecutionStatus: appintegrations.ExecutionStatusCompleted}
		if i%5 == 4 {
			run = &appintegrations.LastExecutionStatus{
				ExecutionStatus: appintegrations.ExecutionStatusFailed,
				StatusMessage:   aws.String("The source refused the connection: INVALID_SESSION_ID"),
			}
		}
		pull := &appintegrations.ExecutionConfiguration{
			ExecutionMode: appintegrations.ExecutionModeScheduled,
			ScheduleConfiguration: &appintegrations.ScheduleConfiguration{
				ScheduleExpression: aws.String("rate(1 hour)"),
				FirstExecutionFrom: aws.String("1767225600000"),
				Object:             aws.String("Account"),
			},
		}
		if i%2 == 1 {
			pull = &appintegrations.ExecutionConfiguration{
				ExecutionMode: appintegrations.ExecutionModeOnDemand,
				OnDemandConfiguration: &appintegrations.OnDemandConfiguration{
					StartTime: aws.String("1767225600000"),
					EndTime:   aws.String("1769904000000"),
				},
			}
		}
		out[i] = appintegrations.DataIntegrationAssociationSummary{
			ClientId:                      aws.String(fmt.Sprintf("connect-instance-%03d", i+1)),
			DataIntegrationArn:            aws.String(integration),
			DataIntegrationAssociationArn: aws.String(fmt.Sprintf("%s/association-%03d", integration, i+1)),
			DestinationURI:                aws.String(fmt.Sprintf("s3://contact-center-data/accounts/%03d", i+1)),
			ExecutionConfiguration:        pull,
			LastExecutionStatus:           run,
		}
	}
	return out
}
