//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	official "github.com/aws/aws-sdk-go-v2/service/appintegrations"

	ours "github.com/seed-10600c52/appintegrations"
)

// sizes are the numbers of items of the pages.
var sizes = []int{0, 1, 10, 50}

// A call lists one page, and returns how many items it has.
type call func(context.Context) (int, error)

// clients are the two that are compared, the official one first.
var clients = [2]struct {
	name string
	new  func(aws.Config) call
}{
	{"official", func(cfg aws.Config) call {
		client := official.NewFromConfig(cfg)
		in := &official.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example"), MaxResults: aws.Int32(50)}
		return func(ctx context.Context) (int, error) {
			out, err := client.ListDataIntegrationAssociations(ctx, in)
			if err != nil {
				return 0, err
			}
			return len(out.DataIntegrationAssociations), nil
		}
	}},
	{"ours", func(cfg aws.Config) call {
		client := ours.NewFromConfig(cfg)
		in := &ours.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example"), MaxResults: aws.Int32(50)}
		return func(ctx context.Context) (int, error) {
			out, err := client.ListDataIntegrationAssociations(ctx, in)
			if err != nil {
				return 0, err
			}
			return len(out.DataIntegrationAssociations), nil
		}
	}},
}

func config() aws.Config {
	return aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "")}
}

// A stub answers every request with one page, without a socket.
type stub string

func (s stub) Do(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"X-Amzn-Requestid": {"request-1"}, "Content-Type": {"application/json"}},
		Body:          io.NopCloser(strings.NewReader(string(s))),
		ContentLength: int64(len(s)), Request: req,
	}, nil
}

// pageOf is a page whose items have all members.
func pageOf(items int) string {
	var list []string
	for i := range items {
		list = append(list, fmt.Sprintf(`{"DataIntegrationAssociationArn":"arn:aws:app-integrations:us-east-1:123456789012:data-integration-association/example/a%d",`+
			`"DataIntegrationArn":"arn:aws:app-integrations:us-east-1:123456789012:data-integration/example","ClientId":"connect-instance-%d",`+
			`"DestinationURI":"s3://example-bucket/knowledge/%d","LastExecutionStatus":{"ExecutionStatus":"COMPLETED","StatusMessage":"42 objects"},`+
			`"ExecutionConfiguration":{"ExecutionMode":"SCHEDULED","OnDemandConfiguration":{"StartTime":"1790000000000","EndTime":"1790003600000"},"ScheduleConfiguration":{"FirstExecutionFrom":"1790000000000","Object":"Article","ScheduleExpression":"rate(1 hour)"}}}`, i, i, i))
	}
	return `{"DataIntegrationAssociations":[` + strings.Join(list, ",") + `],"NextToken":"bmV4dCBwYWdl"}`
}

// mustList makes a call of a page of a number of items.
func mustList(list call, items int) error {
	if n, err := list(context.Background()); err != nil || n != items {
		return fmt.Errorf("%d items; want %d: %w", n, items, err)
	}
	return nil
}
