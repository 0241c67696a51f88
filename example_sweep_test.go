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

// exampleRegion has three data integrations with two associations each, and a quota.
func exampleRegion(region string) *appintegrationstest.Server {
	service := appintegrationstest.New(func(o *appintegrationstest.Options) {
		o.Region, o.Quota = region, appintegrationstest.Quota{PerSecond: 50, Burst: 2}
	})
	for _, name := range []string{"a", "b", "c"} {
		service.Put(name, types.DataIntegrationAssociationSummary{ClientId: aws.String("one")}, types.DataIntegrationAssociationSummary{ClientId: aws.String("two")})
	}
	return service
}

func ExampleSweep() {
	var targets []appintegrations.SweepTarget
	for _, region := range []string{"eu-central-1", "us-east-1"} {
		client := exampleRegion(region).Client() // or NewFromConfig(cfg): one for each account and Region
		for _, name := range []string{"a", "b", "c"} {
			targets = append(targets, appintegrations.SweepTarget{Client: client, DataIntegrationIdentifier: name})
		}
	}
	lists, associations := 0, 0
	for r := range appintegrations.Sweep(context.Background(), targets) {
		if r.Err != nil {
			fmt.Println(r.Target.DataIntegrationIdentifier, r.Err)
			continue
		}
		lists++
		associations += len(r.Associations)
	}
	fmt.Println(lists, "lists,", associations, "associations")
	// Output: 6 lists, 12 associations
}

// What failed is swept again, from where it stopped.
func ExampleSweep_resume() {
	service := exampleRegion("us-east-1")
	client := service.Client()
	service.Fail(appintegrationstest.DeniedByResourcePolicy().For("b"))
	targets := []appintegrations.SweepTarget{
		{Client: client, DataIntegrationIdentifier: "a"},
		{Client: client, DataIntegrationIdentifier: "b"},
		{Client: client, DataIntegrationIdentifier: "c"},
	}
	for len(targets) > 0 {
		var failed []appintegrations.SweepTarget
		listed := 0
		for r := range appintegrations.Sweep(context.Background(), targets) {
			if r.Err != nil {
				r.Target.Resume = r.Checkpoint // an encoding.TextMarshaler: another process can go on
				failed = append(failed, r.Target)
				continue
			}
			listed++
		}
		fmt.Println(listed, "listed,", len(failed), "failed")
		targets = failed
	}
	// Output:
	// 2 listed, 1 failed
	// 1 listed, 0 failed
}

// A result for each page needs memory for no more than a page of each list.
func ExampleSweep_eachPage() {
	client := exampleRegion("us-east-1").Client()
	targets := []appintegrations.SweepTarget{{Client: client, DataIntegrationIdentifier: "a"}}
	for r := range appintegrations.Sweep(context.Background(), targets, func(o *appintegrations.SweepOptions) {
		o.EachPage, o.Limit = true, 1
	}) {
		fmt.Println(len(r.Associations), r.Checkpoint.Done, r.Err)
	}
	// Output:
	// 1 false <nil>
	// 1 true <nil>
}

func ExampleSweepOptions() {
	client := exampleRegion("us-east-1").Client()
	targets := []appintegrations.SweepTarget{
		{Client: client, DataIntegrationIdentifier: "a"},
		{Client: client, DataIntegrationIdentifier: "b"},
	}
	var last appintegrations.SweepProgress
	for r := range appintegrations.Sweep(context.Background(), targets, func(o *appintegrations.SweepOptions) {
		o.MaxRate = 20                    // leave the rest of the quota to others
		o.StallTimeout = 10 * time.Minute // be patient with a quota that others use up
		o.OnProgress = func(p appintegrations.SweepProgress) { last = p }
	}) {
		if r.Err != nil {
			fmt.Println(r.Err)
		}
	}
	fmt.Println(last.Done, "of", last.Targets, "with", last.Associations, "associations")
	// Output: 2 of 2 with 4 associations
}
