// Command list prints the associations of a data integration.
//
// Without arguments it starts the fake service and lists from it, two pages. With
// the name, id or ARN of a data integration it lists from AWS, with the credentials
// and the Region of the environment or the shared config files.
package main

import (
	"context"
	"encoding/json"
	"errors"
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

const usage = `usage: go run ./examples/list [-json] [NAME]

Prints the associations of a data integration of Amazon AppIntegrations.
NAME is its name, id or ARN. Without NAME: a data integration of the built-in fake.

  -json                   print one JSON object a line
  -data-integration NAME  the same as NAME
  -h                      print this text
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "list:", err) // contains the request id, if there was a response
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	id, asJSON, err := parse(args, stdout)
	if err != nil {
		return err
	}
	if id == "" {
		return listFake(ctx, stdout, stderr, asJSON)
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	_, err = list(ctx, stdout, appintegrations.NewFromConfig(cfg), id, asJSON)
	return err
}

// parse returns the data integration to list, or "" for the fake. An argument that
// is empty is an error: it is probably a shell variable that is not set, and rows of
// the fake would look like rows of AWS.
func parse(args []string, help io.Writer) (id string, asJSON bool, err error) {
	flags := flag.NewFlagSet("list", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	named := flags.String("data-integration", "", "")
	flags.BoolVar(&asJSON, "json", false, "")
	err = flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(help, usage)
		return "", false, err
	}
	if err != nil {
		return "", false, fmt.Errorf("%w; -h prints the usage", err)
	}
	ids := flags.Args()
	flags.Visit(func(f *flag.Flag) {
		if f.Name == "data-integration" {
			ids = append(ids, *named)
		}
	})
	switch {
	case len(ids) == 0:
		return "", asJSON, nil
	case len(ids) > 1:
		return "", false, fmt.Errorf("one data integration at a time, not %q; flags come before the name", ids)
	case ids[0] == "":
		return "", false, errors.New("the data integration is empty: is a shell variable not set?")
	}
	return ids[0], asJSON, nil
}

func listFake(ctx context.Context, stdout, stderr io.Writer, asJSON bool) error {
	server, err := startFake()
	if err != nil {
		return err
	}
	defer server.Close()
	c, err := list(ctx, stdout, server.Client(), fakeIdentifier, asJSON)
	if err == nil {
		fmt.Fprintf(stderr, "%d associations in %d pages from the built-in fake; go run ./examples/list NAME lists from AWS\n", c.associations, c.pages)
	}
	return err
}

type counts struct{ pages, associations int }

func list(ctx context.Context, w io.Writer, client *appintegrations.Client, id string, asJSON bool) (c counts, err error) {
	show, flush := tablePrinter(w)
	if asJSON {
		show, flush = json.NewEncoder(w).Encode, func() error { return nil }
	}
	pages := appintegrations.NewListDataIntegrationAssociationsPaginator(client,
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: &id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			flush() // the rows of the pages before the error
			return c, err
		}
		c.pages++
		for _, association := range page.DataIntegrationAssociations {
			c.associations++
			if err := show(association); err != nil {
				return c, err
			}
		}
	}
	return c, flush()
}

func tablePrinter(w io.Writer) (show func(any) error, flush func() error) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(cells ...string) error {
		_, err := fmt.Fprintln(table, strings.Join(cells, "\t"))
		return err
	}
	headed := false // no header without a row: an error may come first
	return func(v any) error {
		if !headed {
			headed = true
			row("ASSOCIATION", "CLIENT", "DESTINATION", "LAST STATUS", "MODE", "SCHEDULE")
		}
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

// cell quotes text with control characters, which could move the cursor of a
// terminal.
func cell(s string) string {
	if s == "" {
		return "-"
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}
