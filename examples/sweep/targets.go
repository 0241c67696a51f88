package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	official "github.com/aws/aws-sdk-go-v2/service/appintegrations"

	"github.com/seed-10600c52/appintegrations"
)

// A target is a data integration to sweep.
type target struct {
	place
	identifier string
	from       appintegrations.Checkpoint
}

// listDataIntegrations lists the data integrations of all places, with the official
// client. A place that cannot be listed is a failure in the report.
func listDataIntegrations(ctx context.Context, p *places, r *report) (targets []target) {
	const atOnce = 8
	found := make([][]target, len(p.all))
	failed := make([]error, len(p.all))
	slots := make(chan struct{}, atOnce)
	var lists sync.WaitGroup
	for i, at := range p.all {
		cfg, at, err := p.config(ctx, at)
		if err != nil {
			failed[i] = err
			continue
		}
		p.all[i] = at
		lists.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			found[i], failed[i] = listPlace(ctx, cfg, at)
		})
	}
	lists.Wait()
	for i, at := range p.all {
		targets = append(targets, found[i]...)
		if failed[i] != nil {
			r.fail(target{place: at, identifier: "(list of data integrations)"}, failed[i])
		}
	}
	return targets
}

func listPlace(ctx context.Context, cfg aws.Config, at place) (found []target, err error) {
	client := official.NewFromConfig(cfg, func(o *official.Options) {
		o.Retryer = retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
			o.StandardOptions = append(o.StandardOptions, func(o *retry.StandardOptions) { o.MaxAttempts = 10 })
		})
	})
	pages := official.NewListDataIntegrationsPaginator(client, &official.ListDataIntegrationsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return found, err
		}
		for _, d := range page.DataIntegrations {
			found = append(found, target{place: at, identifier: aws.ToString(d.Arn)})
		}
	}
	return found, nil
}

// readDataIntegrations reads a file with IDENTIFIER [REGION [PROFILE]] on each line.
func readDataIntegrations(name string, c *command) ([]target, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	targets, err := parseDataIntegrations(file, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return targets, nil
}

func parseDataIntegrations(from io.Reader, c *command) (targets []target, err error) {
	lines := bufio.NewScanner(from)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		t, err := c.target(fields)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		targets = append(targets, t)
	}
	return targets, lines.Err()
}

// target reads a line. What it leaves out, the ARN says, or the flags where there is
// no choice.
func (c *command) target(fields []string) (t target, err error) {
	t.identifier = fields[0]
	switch {
	case len(fields) > 3:
		return t, fmt.Errorf("%d words; want IDENTIFIER [REGION [PROFILE]]", len(fields))
	case len(fields) == 3:
		t.profile = fields[2]
	case len(c.profiles) == 1:
		t.profile = c.profiles[0]
	case len(c.profiles) > 1:
		return t, fmt.Errorf("no profile for %s: there are %d -profile; add one of them after the Region", t.identifier, len(c.profiles))
	}
	parsed, arnErr := arn.Parse(t.identifier)
	switch {
	case len(fields) > 1:
		t.region = fields[1]
	case arnErr == nil && parsed.Region != "":
		t.region = parsed.Region
	case len(c.regions) == 1:
		t.region = c.regions[0]
	case len(c.regions) > 1:
		return t, fmt.Errorf("no Region for %s: there are %d -region; add one of them after the identifier", t.identifier, len(c.regions))
	}
	return t, nil
}
