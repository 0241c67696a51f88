package compat

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkcredentials "github.com/aws/aws-sdk-go-v2/credentials"
	official "github.com/aws/aws-sdk-go-v2/service/appintegrations"

	ours "github.com/seed-10600c52/appintegrations"
)

// A listing lists a page, or all pages, and returns how many items it got. Each
// client lists in its own types: nothing is measured but the client.
type listing func(context.Context) (int, error)

// benched are both clients, to be measured in one run.
var benched = []struct {
	name string
	page func(aws.Config) listing
	all  func(aws.Config) listing
}{
	{
		"official",
		func(cfg aws.Config) listing {
			client, in := official.NewFromConfig(cfg), officialBenchInput()
			return func(ctx context.Context) (int, error) {
				out, err := client.ListDataIntegrationAssociations(ctx, in)
				if err != nil {
					return 0, err
				}
				return len(out.DataIntegrationAssociations), nil
			}
		},
		func(cfg aws.Config) listing {
			client := official.NewFromConfig(cfg)
			return func(ctx context.Context) (n int, err error) {
				for pages := official.NewListDataIntegrationAssociationsPaginator(client, officialBenchInput()); pages.HasMorePages(); {
					out, err := pages.NextPage(ctx)
					if err != nil {
						return n, err
					}
					n += len(out.DataIntegrationAssociations)
				}
				return n, nil
			}
		},
	},
	{
		"ours",
		func(cfg aws.Config) listing {
			client, in := ours.NewFromConfig(cfg), ourBenchInput()
			return func(ctx context.Context) (int, error) {
				out, err := client.ListDataIntegrationAssociations(ctx, in)
				if err != nil {
					return 0, err
				}
				return len(out.DataIntegrationAssociations), nil
			}
		},
		func(cfg aws.Config) listing {
			client := ours.NewFromConfig(cfg)
			return func(ctx context.Context) (n int, err error) {
				for pages := ours.NewListDataIntegrationAssociationsPaginator(client, ourBenchInput()); pages.HasMorePages(); {
					out, err := pages.NextPage(ctx)
					if err != nil {
						return n, err
					}
					n += len(out.DataIntegrationAssociations)
				}
				return n, nil
			}
		},
	},
}

func officialBenchInput() *official.ListDataIntegrationAssociationsInput {
	return &official.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example"), MaxResults: aws.Int32(50)}
}

func ourBenchInput() *ours.ListDataIntegrationAssociationsInput {
	return &ours.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example"), MaxResults: aws.Int32(50)}
}

var benchSizes = []int{0, 1, 10, 50} // items of a page

// benchPage is a page whose items have all members.
func benchPage(items int, token string) string {
	var list []string
	for i := range items {
		list = append(list, fmt.Sprintf(`{"DataIntegrationAssociationArn":"arn:aws:app-integrations:us-east-1:123456789012:data-integration-association/example/a%d",`+
			`"DataIntegrationArn":"arn:aws:app-integrations:us-east-1:123456789012:data-integration/example","ClientId":"connect-instance-%d",`+
			`"DestinationURI":"s3://example-bucket/knowledge/%d","LastExecutionStatus":{"ExecutionStatus":"COMPLETED","StatusMessage":"42 objects"},`+
			`"ExecutionConfiguration":{"ExecutionMode":"SCHEDULED","OnDemandConfiguration":{"StartTime":"1790000000000","EndTime":"1790003600000"},`+
			`"ScheduleConfiguration":{"FirstExecutionFrom":"1790000000000","Object":"Article","ScheduleExpression":"rate(1 hour)"}}}`, i, i, i))
	}
	return `{"DataIntegrationAssociations":[` + strings.Join(list, ",") + `],"NextToken":"` + token + `"}`
}

// benchStub answers with the pages of one list, whose tokens count up to last.
type benchStub struct {
	pages []string
}

func newBenchStub(items, pages int) *benchStub {
	s := &benchStub{}
	for i := range pages {
		token := ""
		if i < pages-1 {
			token = fmt.Sprintf("page-%d", i+1)
		}
		s.pages = append(s.pages, benchPage(items, token))
	}
	return s
}

// page is the page that a request asks for.
func (s *benchStub) page(req *http.Request) string {
	at := 0
	if _, token, ok := strings.Cut(req.URL.RawQuery, "nextToken="); ok {
		fmt.Sscanf(token, "page-%d", &at)
	}
	return s.pages[at]
}

func (s *benchStub) Do(req *http.Request) (*http.Response, error) {
	page := s.page(req)
	return &http.Response{
		StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"X-Amzn-Requestid": {"request-1"}, "Content-Type": {"application/json"}},
		Body:   io.NopCloser(strings.NewReader(page)), ContentLength: int64(len(page)), Request: req,
	}, nil
}

func (s *benchStub) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Requestid", "request-1")
	io.WriteString(w, s.page(req))
}

// ways are how a request gets to its page. over changes a config that has
// nothing but a Region and keys.
var ways = []struct {
	name string
	over func(*testing.B, *aws.Config, *benchStub)
}{
	{"in memory", func(_ *testing.B, cfg *aws.Config, s *benchStub) { cfg.HTTPClient = s }},
	{"HTTP1", func(b *testing.B, cfg *aws.Config, s *benchStub) {
		server := httptest.NewServer(s)
		b.Cleanup(server.Close)
		cfg.BaseEndpoint = &server.URL
	}},
	{"TLS HTTP2", func(b *testing.B, cfg *aws.Config, s *benchStub) {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.ProtoMajor != 2 {
				b.Errorf("the request came over %s", req.Proto)
			}
			s.ServeHTTP(w, req)
		}))
		server.EnableHTTP2 = true
		server.StartTLS()
		b.Cleanup(server.Close)
		cfg.BaseEndpoint, cfg.HTTPClient = &server.URL, server.Client()
	}},
}

func benchConfig() aws.Config {
	return aws.Config{Region: "us-east-1", Credentials: sdkcredentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "")}
}

// BenchmarkCall is a call of one page. The same with otelaws attached is
// BenchmarkHooks of internal/hookcompat.
func BenchmarkCall(b *testing.B) {
	for _, way := range ways {
		for _, items := range benchSizes {
			for _, p := range benched {
				b.Run(fmt.Sprintf("%s/%d items/%s", way.name, items, p.name), func(b *testing.B) {
					cfg := benchConfig()
					way.over(b, &cfg, newBenchStub(items, 1))
					measured(b, p.page(cfg), items)
				})
			}
		}
	}
}

// BenchmarkPaginate is a list of 200 pages of 50 items.
func BenchmarkPaginate(b *testing.B) {
	const pages, items = 200, 50
	for _, p := range benched {
		b.Run(p.name, func(b *testing.B) {
			cfg := benchConfig()
			cfg.HTTPClient = newBenchStub(items, pages)
			measured(b, p.all(cfg), pages*items)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*pages*items), "ns/item")
		})
	}
}

// BenchmarkParallel is calls of one client at once, in memory.
func BenchmarkParallel(b *testing.B) {
	for _, callers := range []int{1, 4, 16, 64} { // for each processor
		for _, items := range []int{0, 50} {
			for _, p := range benched {
				b.Run(fmt.Sprintf("%d callers/%d items/%s", callers, items, p.name), func(b *testing.B) {
					cfg := benchConfig()
					cfg.HTTPClient = newBenchStub(items, 1)
					list := p.page(cfg)
					b.ReportAllocs()
					b.SetParallelism(callers)
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							if n, err := list(context.Background()); err != nil || n != items {
								b.Error(n, err)
								return
							}
						}
					})
				})
			}
		}
	}
}

func measured(b *testing.B, list listing, want int) {
	b.ReportAllocs()
	for b.Loop() {
		if n, err := list(b.Context()); err != nil || n != want {
			b.Fatal(n, err)
		}
	}
}
