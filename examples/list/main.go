// Command list prints the associations of a data integration.
//
// Without flags it starts the fake service and lists what it put there, two
// pages. With -data-integration it lists from AWS, with the credentials and the
// Region of the environment or the shared config files.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/seed-10600c52/appintegrations"
)

func main() {
	id := flag.String("data-integration", "", "name, id or ARN of a data integration in AWS; empty: list from a fake service")
	asJSON := flag.Bool("json", false, "print a JSON object a line")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *id, *asJSON); err != nil {
		fmt.Fprintln(os.Stderr, "list:", err) // with the request id, where there was an answer
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, id string, asJSON bool) error {
	if id == "" {
		server, err := startFake()
		if err != nil {
			return err
		}
		defer server.Close()
		return list(ctx, w, server.Client(), fakeIdentifier, asJSON)
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	return list(ctx, w, appintegrations.NewFromConfig(cfg), id, asJSON)
}

func list(ctx context.Context, w io.Writer, client *appintegrations.Client, id string, asJSON bool) error {
	show, flush := tablePrinter(w)
	if asJSON {
		show, flush = json.NewEncoder(w).Encode, func() error { return nil }
	}
	pages := appintegrations.NewListDataIntegrationAssociationsPaginator(client,
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: &id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			flush() // what came before is worth seeing
			return err
		}
		for _, association := range page.DataIntegrationAssociations {
			if err := show(association); err != nil {
				return err
			}
		}
	}
	return flush()
}

func tablePrinter(w io.Writer) (show func(any) error, flush func() error) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(cells ...string) error {
		_, err := fmt.Fprintln(table, strings.Join(cells, "\t"))
		return err
	}
	row("ASSOCIATION", "CLIENT", "DESTINATION", "LAST STATUS", "MODE", "SCHEDULE")
	return func(v any) error {
		a := v.(appintegrations.DataIntegrationAssociationSummary)
		mode, schedule := execution(a.ExecutionConfiguration)
		arn := aws.ToString(a.DataIntegrationAssociationArn)
		return row(cell(arn[strings.LastIndexByte(arn, '/')+1:]), cell(aws.ToString(a.ClientId)),
			cell(aws.ToString(a.DestinationURI)), cell(lastStatus(a.LastExecutionStatus)), cell(mode), cell(schedule))
	}, table.Flush
}

func lastStatus(s *appintegrations.LastExecutionStatus) string {
	switch {
	case s == nil:
		return ""
	case s.StatusMessage == nil:
		return string(s.ExecutionStatus)
	}
	return string(s.ExecutionStatus) + ": " + *s.StatusMessage
}

func execution(c *appintegrations.ExecutionConfiguration) (mode, schedule string) {
	if c == nil {
		return "", ""
	}
	if c.ScheduleConfiguration != nil {
		schedule = aws.ToString(c.ScheduleConfiguration.ScheduleExpression)
	}
	return string(c.ExecutionMode), schedule
}

// cell keeps what the service says from moving the cursor of a terminal.
func cell(s string) string {
	if s == "" {
		return "-"
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}
