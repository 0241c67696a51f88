package main

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/seed-10600c52/appintegrations/types"
)

// The key of the fake services; it opens nothing else.
const fakeKeyID, fakeSecret = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

// Sizes are the quotas of the service: 20 data integrations in a Region, each
// with 10 associations. Four to a page make each list three pages long.
const (
	fakeIntegrations = 20
	fakeAssociations = 10
	fakePageSize     = 4
)

// fakes are the fake services of 3 accounts in 2 Regions.
type fakes struct {
	targets []target
	servers []*appintegrationstest.Server // one for each target
}

func startFakes(perSecond float64, burst int) (*fakes, error) {
	f := &fakes{}
	for _, account := range []string{"111122223333", "444455556666", "777788889999"} {
		for _, region := range []string{"us-east-1", "eu-west-2"} {
			server, err := startFake(account, region, appintegrationstest.Quota{PerSecond: perSecond, Burst: burst})
			if err != nil {
				f.Close()
				return nil, err
			}
			f.servers = append(f.servers, server)
			f.targets = append(f.targets, target{Account: account, Region: region, Fake: server.URL()})
		}
	}
	return f, nil
}

func (f *fakes) Close() {
	for _, server := range f.servers {
		server.Close()
	}
}

func startFake(account, region string, quota appintegrationstest.Quota) (*appintegrationstest.Server, error) {
	server, err := appintegrationstest.Start(func(o *appintegrationstest.Options) {
		o.Region, o.AccessKeyID, o.SecretAccessKey = region, fakeKeyID, fakeSecret
		o.PageSize, o.Quota, o.DataIntegrationsQuota = fakePageSize, quota, quota
	})
	if err != nil {
		return nil, err
	}
	for i := range fakeIntegrations {
		putIntegration(server, account, region, fmt.Sprintf("integration-%02d", i+1))
	}
	return server, nil
}

func putIntegration(server *appintegrationstest.Server, account, region, name string) {
	arn := fmt.Sprintf("arn:aws:app-integrations:%s:%s:data-integration", region, account)
	d := appintegrationstest.DataIntegration{Name: name, ARN: arn + "/" + name}
	var associations []types.DataIntegrationAssociationSummary
	for i := range fakeAssociations {
		associations = append(associations, types.DataIntegrationAssociationSummary{
			ClientId:                      aws.String(fmt.Sprintf("connect-instance-%d", i+1)),
			DataIntegrationArn:            aws.String(d.ARN),
			DataIntegrationAssociationArn: aws.String(fmt.Sprintf("%s-association/%s/a%02d", arn, name, i+1)),
			LastExecutionStatus:           &types.LastExecutionStatus{ExecutionStatus: types.ExecutionStatusCompleted},
		})
	}
	server.PutIntegration(d, associations...)
}
