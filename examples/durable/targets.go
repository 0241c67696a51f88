package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	official "github.com/aws/aws-sdk-go-v2/service/appintegrations"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/seed-10600c52/appintegrations"
)

// A target is an account and a Region to list from.
type target struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	Role    string `json:"role,omitempty"` // ARN of the role to assume in the account; empty: none
	Fake    string `json:"fake,omitempty"` // URL of a fake service, in place of AWS
}

func writeTargets(w io.Writer, targets []target) error {
	text, err := json.MarshalIndent(targets, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
	return err
}

// readTargets returns the targets of the file, or nil without one.
func (f flags) readTargets() ([]target, error) {
	if f.targets == "" {
		return nil, nil
	}
	text, err := os.ReadFile(f.targets)
	if err != nil {
		return nil, err
	}
	var targets []target
	if err := json.Unmarshal(text, &targets); err != nil {
		return nil, fmt.Errorf("%s: %w", f.targets, err)
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("%s: it contains no target", f.targets)
	}
	return targets, nil
}

// A client lists from one target.
type client struct {
	target
	associations *appintegrations.Client
	integrations *official.Client
	counter      *counter
}

// connect returns a client for each target. Clients with the same role share
// its credentials: one AssumeRole for an account, not one for each of its Regions.
func connect(ctx context.Context, targets []target) ([]*client, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	roles := map[string]aws.CredentialsProvider{"": cfg.Credentials}
	seen := map[job]bool{}
	var clients []*client
	for _, t := range targets {
		at := job{Account: t.Account, Region: t.Region}
		if t.Account == "" || t.Region == "" || seen[at] {
			return nil, fmt.Errorf("target %q %q: account and region must be set, and occur once", t.Account, t.Region)
		}
		seen[at] = true
		if roles[t.Role] == nil {
			roles[t.Role] = assume(cfg, t)
		}
		clients = append(clients, newClient(cfg, t, roles[t.Role]))
	}
	return clients, nil
}

func assume(cfg aws.Config, t target) aws.CredentialsProvider {
	service := sts.NewFromConfig(cfg, func(o *sts.Options) {
		if o.Region == "" {
			o.Region = t.Region
		}
	})
	return aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(service, t.Role))
}

func newClient(cfg aws.Config, t target, provider aws.CredentialsProvider) *client {
	cfg.Region, cfg.Credentials = t.Region, provider
	if t.Fake != "" {
		cfg.BaseEndpoint = &t.Fake
		cfg.Credentials = credentials.NewStaticCredentialsProvider(fakeKeyID, fakeSecret, "")
	}
	c := &client{target: t, integrations: official.NewFromConfig(cfg)}
	c.associations = appintegrations.NewFromConfig(cfg, func(o *appintegrations.Options) {
		c.counter = &counter{next: o.HTTPClient}
		o.HTTPClient = c.counter
	})
	return c
}

// A counter counts the requests of one client.
type counter struct {
	next interface {
		Do(*http.Request) (*http.Response, error)
	}
	requests, throttled atomic.Int64
}

func (c *counter) Do(r *http.Request) (*http.Response, error) {
	c.requests.Add(1)
	resp, err := c.next.Do(r)
	if resp != nil && resp.StatusCode == http.StatusTooManyRequests {
		c.throttled.Add(1)
	}
	return resp, err
}

// listIntegrations returns the ARNs of all data integrations of the target.
func (c *client) listIntegrations(ctx context.Context) ([]string, error) {
	var arns []string
	pages := official.NewListDataIntegrationsPaginator(c.integrations, &official.ListDataIntegrationsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, d := range page.DataIntegrations {
			arns = append(arns, aws.ToString(d.Arn))
		}
	}
	return arns, nil
}

// resume returns the pages of a list from a checkpoint on.
func (c *client) resume(at appintegrations.Checkpoint) *appintegrations.ListDataIntegrationAssociationsPaginator {
	return appintegrations.NewListDataIntegrationAssociationsPaginator(c.associations,
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: &at.DataIntegrationIdentifier},
		func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) { o.Resume = at })
}
