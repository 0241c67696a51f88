package appintegrations_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/seed-10600c52/appintegrations/types"
)

func ExampleClient_ListDataIntegrationAssociations() {
	client := exampleService().Client() // or NewFromConfig(cfg)
	page, err := client.ListDataIntegrationAssociations(context.Background(), &appintegrations.ListDataIntegrationAssociationsInput{
		DataIntegrationIdentifier: aws.String("example"),
		MaxResults:                aws.Int32(1),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(page.DataIntegrationAssociations), "more:", page.NextToken != nil)
	// Output: 1 more: true
}

func ExampleListDataIntegrationAssociationsPaginator_Pages() {
	in := &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")}
	pages := appintegrations.NewListDataIntegrationAssociationsPaginator(exampleService().Client(), in,
		func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) { o.Prefetch = 1 })
	for page, err := range pages.Pages(context.Background()) {
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

// A second range continues where the first one stopped.
func ExampleListDataIntegrationAssociationsPaginator_Associations() {
	in := &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")}
	pages := appintegrations.NewListDataIntegrationAssociationsPaginator(exampleService().Client(), in)
	for association, err := range pages.Associations(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("first range:", aws.ToString(association.ClientId))
		break
	}
	for association, err := range pages.Associations(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("second range:", aws.ToString(association.ClientId))
	}
	// Output:
	// first range: a
	// second range: b
	// second range: c
}

// A checkpoint is stored as text, and another process resumes from it.
func ExampleCheckpoint_UnmarshalText() {
	client := exampleService().Client()
	in := &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")}
	pages := appintegrations.NewListDataIntegrationAssociationsPaginator(client, in)
	if _, err := pages.NextPage(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	text, err := pages.Checkpoint().MarshalText() // contains the token: keep it secret
	if err != nil {
		fmt.Println(err)
		return
	}

	var at appintegrations.Checkpoint
	if err := at.UnmarshalText(text); err != nil {
		fmt.Println(err) // a *CheckpointError: cut off, altered, or of another version
		return
	}
	rest := appintegrations.NewListDataIntegrationAssociationsPaginator(client, in,
		func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) { o.Resume = at })
	for association := range rest.Associations(context.Background()) {
		fmt.Println(aws.ToString(association.ClientId))
	}
	fmt.Println(at.UnmarshalText([]byte("v1.altered")))
	// Output:
	// c
	// checkpoint: the text is cut off or altered
}

// The job completes between the first and the second round.
func ExampleDataIntegrationAssociationsCompletedWaiter_WaitForOutput() {
	status := types.ExecutionStatusInProgress
	service := appintegrationstest.New(func(o *appintegrationstest.Options) {
		o.Advance = func(_ string, a types.DataIntegrationAssociationSummary, _ time.Time) types.DataIntegrationAssociationSummary {
			a.LastExecutionStatus = &types.LastExecutionStatus{ExecutionStatus: status}
			status = types.ExecutionStatusCompleted
			return a
		}
	})
	service.Put("export", types.DataIntegrationAssociationSummary{DestinationURI: aws.String("s3://exports/1")})

	waiter := appintegrations.NewDataIntegrationAssociationsCompletedWaiter(service.Client(),
		func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) {
			o.MinDelay, o.MaxDelay = 10*time.Millisecond, 10*time.Millisecond // by default 20 and 120 seconds
			o.OnProgress = func(p appintegrations.WaitProgress) { fmt.Println(p) }
		})
	list, err := waiter.WaitForOutput(context.Background(),
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("export")}, time.Hour)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(aws.ToString(list.DataIntegrationAssociations[0].DestinationURI))
	// Output:
	// attempt 1: 1 IN_PROGRESS, next in 10ms
	// attempt 2: 1 COMPLETED
	// s3://exports/1
}

func ExampleOnDemandConfiguration_Start() {
	c := &types.OnDemandConfiguration{StartTime: aws.String("1790000000000")}
	start, err := c.Start()
	fmt.Println(start, err)
	// Output: 2026-09-21 14:13:20 +0000 UTC <nil>
}

func ExampleScheduleConfiguration_FirstExecution() {
	c := &types.ScheduleConfiguration{FirstExecutionFrom: aws.String("2026-09-21T14:13:20Z")}
	first, err := c.FirstExecution()
	fmt.Println(first, err)
	// Output: 2026-09-21 14:13:20 +0000 UTC <nil>
}
