package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	appintegrations "github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// found is an association of a file, with the data integration that it is for.
type found struct {
	integration appintegrationstest.DataIntegration
	association appintegrations.DataIntegrationAssociationSummary
}

// load reads the files.
func (f *flags) load(stdin io.Reader) (all []found, err error) {
	for _, arg := range f.files {
		name, path, ok := strings.Cut(arg, "=")
		if !ok {
			name, path = "", arg
		}
		var r io.Reader = stdin
		if path != "-" {
			file, err := os.Open(path)
			if err != nil {
				return nil, fmt.Errorf("-file %s: %w", arg, err)
			}
			defer file.Close()
			r = file
		}
		some, err := readLines(name, r)
		if err != nil {
			return nil, fmt.Errorf("-file %s: %w", arg, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// maxLine bounds a line of a file: an association has at most a few KiB.
const maxLine = 1 << 20

// readLines reads a JSON object on each line. All of them are for one data
// integration if a name is given.
func readLines(name string, r io.Reader) (all []found, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	arn := ""
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		a, err := parseAssociation(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		of := aws.ToString(a.DataIntegrationArn)
		switch {
		case name == "" && of == "":
			return nil, fmt.Errorf("line %d: the association has no DataIntegrationArn: add one, or give the data integration a name with -file name=path", n)
		case name != "" && of != "" && arn != "" && of != arn:
			return nil, fmt.Errorf("line %d: the association is of %s, earlier ones are of %s: leave the name out", n, of, arn)
		case name != "" && of != "":
			arn = of
		}
		all = append(all, found{appintegrationstest.DataIntegration{Name: name, ARN: of}, a})
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("there is no association in it")
	}
	return all, nil
}

func parseAssociation(line []byte) (a appintegrations.DataIntegrationAssociationSummary, err error) {
	if line[0] != '{' {
		return a, fmt.Errorf("%.40q is not a JSON object on a line of its own", line)
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields() // a misspelt member would be lost
	if err := d.Decode(&a); err != nil {
		return a, fmt.Errorf("not an association: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return a, errors.New("there is more than one JSON object on the line")
	}
	return a, nil
}

// put gives the server its data integrations, and returns a description.
func (f *flags) put(srv *appintegrationstest.Server, data []found) string {
	type total struct {
		name, arn string
		n         int
	}
	var totals []*total
	byARN := map[string]*total{}
	count := func(d appintegrationstest.DataIntegration, n int) {
		t := byARN[d.ARN]
		if t == nil {
			t = &total{name: d.Name, arn: d.ARN}
			totals, byARN[d.ARN] = append(totals, t), t
		}
		t.n += n
	}
	for _, name := range f.names {
		d := srv.PutIntegration(appintegrationstest.DataIntegration{Name: name, SourceURI: "Salesforce://AppFlow/" + name})
		srv.Put(name, associations(d, f.associations)...)
		count(d, f.associations)
	}
	for _, one := range data {
		count(srv.PutIntegration(one.integration, one.association), 1)
	}
	const most = 10 // in a line that is to be read
	var b strings.Builder
	for i, t := range totals {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(totals)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s (associations: %d, %s)", t.name, t.n, t.arn)
	}
	return b.String()
}

// associations returns n associations as a contact centre has them: pulled from
// a CRM on a schedule or on demand, and every fifth execution has failed.
func associations(d appintegrationstest.DataIntegration, n int) []appintegrations.DataIntegrationAssociationSummary {
	prefix := strings.Replace(d.ARN, ":data-integration/", ":data-integration-association/", 1)
	out := make([]appintegrations.DataIntegrationAssociationSummary, n)
	for i := range out {
		run := &appintegrations.LastExecutionStatus{ExecutionStatus: appintegrations.ExecutionStatusCompleted}
		if i%5 == 4 {
			run = &appintegrations.LastExecutionStatus{
				ExecutionStatus: appintegrations.ExecutionStatusFailed,
				StatusMessage:   aws.String("The source rejected the session: INVALID_SESSION_ID"),
			}
		}
		out[i] = appintegrations.DataIntegrationAssociationSummary{
			ClientId:                      aws.String(fmt.Sprintf("connect-instance-%03d", i+1)),
			DataIntegrationArn:            aws.String(d.ARN),
			DataIntegrationAssociationArn: aws.String(fmt.Sprintf("%s/association-%03d", prefix, i+1)),
			DestinationURI:                aws.String(fmt.Sprintf("s3://contact-center-data/accounts/%03d", i+1)),
			ExecutionConfiguration:        pull(i%2 == 1),
			LastExecutionStatus:           run,
		}
	}
	return out
}

// pull returns how the source is pulled. The times are in Unix milliseconds.
func pull(onDemand bool) *appintegrations.ExecutionConfiguration {
	if onDemand {
		return &appintegrations.ExecutionConfiguration{
			ExecutionMode: appintegrations.ExecutionModeOnDemand,
			OnDemandConfiguration: &appintegrations.OnDemandConfiguration{
				StartTime: aws.String("1767225600000"),
				EndTime:   aws.String("1769904000000"),
			},
		}
	}
	return &appintegrations.ExecutionConfiguration{
		ExecutionMode: appintegrations.ExecutionModeScheduled,
		ScheduleConfiguration: &appintegrations.ScheduleConfiguration{
			ScheduleExpression: aws.String("rate(1 hour)"),
			FirstExecutionFrom: aws.String("1767225600000"),
			Object:             aws.String("Account"),
		},
	}
}
