package main

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/seed-10600c52/appintegrations/types"
)

const fakeIdentifier = "example"

// oneAfterAnother makes a fake service, three associations to a page, whose
// executions begin one second after another and take 1.5 seconds each.
func oneAfterAnother(o *appintegrationstest.Options) {
	o.PageSize = 3
	first := time.Now()
	o.Advance = func(_ string, a types.DataIntegrationAssociationSummary, now time.Time) types.DataIntegrationAssociationSummary {
		var number int
		fmt.Sscanf(*a.ClientId, "connect-instance-%d", &number)
		switch took := now.Sub(first) - time.Duration(number-1)*time.Second; {
		case took >= 1500*time.Millisecond:
			a.LastExecutionStatus = &types.LastExecutionStatus{ExecutionStatus: types.ExecutionStatusCompleted}
		case took >= 0:
			a.LastExecutionStatus = &types.LastExecutionStatus{ExecutionStatus: types.ExecutionStatusInProgress}
		}
		return a
	}
}

func putExecutions(server *appintegrationstest.Server) {
	for i := range 4 {
		server.Put(fakeIdentifier, types.DataIntegrationAssociationSummary{
			ClientId:       aws.String(fmt.Sprintf("connect-instance-%d", i+1)),
			DestinationURI: aws.String(fmt.Sprintf("s3://example-bucket/%d", i+1)),
		})
	}
}

// everySecond is for the fake alone: by default the delays are 20 seconds and
// more.
func everySecond(o *waiterOptions) { o.MinDelay, o.MaxDelay = time.Second, time.Second }
