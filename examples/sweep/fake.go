package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/seed-10600c52/appintegrations/types"
)

// fakeAccounts are fake services: two accounts with three Regions each.
type fakeAccounts struct {
	places  *places
	servers map[place]*appintegrationstest.Server
}

const fakeIntegrations = 20 // the service's default limit for an account in a Region

func startFake() (*fakeAccounts, error) {
	return startFakeWith(appintegrationstest.Quota{PerSecond: 2, Burst: 5})
}

func startFakeWith(quota appintegrationstest.Quota) (*fakeAccounts, error) {
	f := &fakeAccounts{servers: map[place]*appintegrationstest.Server{}}
	f.places = &places{load: fakeConfig, adjust: f.adjust}
	for i, account := range []string{"production", "staging"} {
		for _, region := range []string{"eu-central-1", "us-east-1", "us-west-2"} {
			at := place{account, region}
			server, err := appintegrationstest.Start(func(o *appintegrationstest.Options) {
				o.Region, o.AccessKeyID, o.SecretAccessKey = region, account, fakeSecret
				o.Quota, o.DataIntegrationsQuota = quota, quota
			})
			if err != nil {
				f.close()
				return nil, err
			}
			f.servers[at] = server
			f.places.all = append(f.places.all, at)
			putFake(server, region, 111122223333+i)
		}
	}
	return f, nil
}

// fakeSecret is the example of the AWS documentation.
const fakeSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

// fakeConfig is the config of an account: its key id is its name.
func fakeConfig(_ context.Context, profile string) (aws.Config, error) {
	return aws.Config{Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(profile, fakeSecret, ""))}, nil
}

func (f *fakeAccounts) adjust(at place, cfg *aws.Config) {
	if server := f.servers[at]; server != nil {
		cfg.BaseEndpoint = aws.String(server.URL())
	}
}

func (f *fakeAccounts) close() {
	for _, server := range f.servers {
		server.Close()
	}
}

func putFake(server *appintegrationstest.Server, region string, account int) {
	statuses := []types.ExecutionStatus{types.ExecutionStatusCompleted, types.ExecutionStatusCompleted, types.ExecutionStatusInProgress, types.ExecutionStatusCompleted, types.ExecutionStatusFailed, ""}
	for i := range fakeIntegrations {
		id := fmt.Sprintf("11111111-1111-4111-8111-%012d", i)
		arn := fmt.Sprintf("arn:aws:app-integrations:%s:%d:data-integration", region, account)
		var associations []types.DataIntegrationAssociationSummary
		for j := range i % 4 {
			a := types.DataIntegrationAssociationSummary{
				ClientId:                      aws.String(fmt.Sprintf("connect-instance-%d", j+1)),
				DataIntegrationArn:            aws.String(arn + "/" + id),
				DataIntegrationAssociationArn: aws.String(fmt.Sprintf("%s-association/%s/%d", arn, id, j+1)),
			}
			if status := statuses[(i+j)%len(statuses)]; status != "" {
				a.LastExecutionStatus = &types.LastExecutionStatus{ExecutionStatus: status}
			}
			associations = append(associations, a)
		}
		server.PutIntegration(appintegrationstest.DataIntegration{Name: fmt.Sprintf("integration-%02d", i), ID: id, ARN: arn + "/" + id}, associations...)
	}
}
