package hookcompat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	official "github.com/aws/aws-sdk-go-v2/service/appintegrations"
	"github.com/aws/smithy-go/tracing"

	ours "github.com/seed-10600c52/appintegrations"
)

// A listing is a call of a client: the number of items, or the error.
type listing func(context.Context) (int, error)

// A peer makes a client of a config. tracer nil: none.
type peer struct {
	name string
	new  func(cfg aws.Config, tracer tracing.TracerProvider) listing
}

var (
	officialPeer = peer{"official", func(cfg aws.Config, tracer tracing.TracerProvider) listing {
		client := official.NewFromConfig(cfg, func(o *official.Options) {
			if tracer != nil {
				o.TracerProvider = tracer
			}
		})
		input := &official.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("an-integration")}
		return func(ctx context.Context) (int, error) {
			out, err := client.ListDataIntegrationAssociations(ctx, input)
			if err != nil {
				return 0, err
			}
			return len(out.DataIntegrationAssociations), nil
		}
	}}
	ourPeer = peer{"ours", func(cfg aws.Config, tracer tracing.TracerProvider) listing {
		client := ours.NewFromConfig(cfg, func(o *ours.Options) {
			if tracer != nil {
				o.TracerProvider = tracer
			}
		})
		input := &ours.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("an-integration")}
		return func(ctx context.Context) (int, error) {
			out, err := client.ListDataIntegrationAssociations(ctx, input)
			if err != nil {
				return 0, err
			}
			return len(out.DataIntegrationAssociations), nil
		}
	}}
	peers = []peer{officialPeer, ourPeer}
)

// A service answers the attempts of a call, one answer after another, the last
// one for ever, and keeps the headers.
type service struct {
	answers []answer

	mu   sync.Mutex
	sent []http.Header
}

// An answer is a status, the code of an error, or no response at all.
type answer struct {
	status int
	code   string
	err    error
}

func (s *service) Do(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.sent = append(s.sent, req.Header.Clone())
	a := s.answers[min(len(s.sent), len(s.answers))-1]
	s.mu.Unlock()
	if a.err != nil {
		return nil, a.err
	}
	header, body := http.Header{"X-Amzn-Requestid": {"request-1"}, "Content-Type": {"application/json"}}, pageOf(2)
	if a.code != "" {
		header.Set("X-Amzn-Errortype", a.code)
		body = `{"message":"said"}`
	}
	return &http.Response{StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req}, nil
}

// pageOf is a page of n items as they are in real life.
func pageOf(n int) string {
	const item = `{"ClientId":"client-1","DataIntegrationArn":"arn:aws:app-integrations:us-east-1:123456789012:data-integration/0b1d8f3a-2c4e-4a1b-9d7c-6f5e4d3c2b1a",` +
		`"DataIntegrationAssociationArn":"arn:aws:app-integrations:us-east-1:123456789012:data-integration-association/0b1d8f3a-2c4e-4a1b-9d7c-6f5e4d3c2b1a/1",` +
		`"DestinationURI":"s3://bucket/prefix","ExecutionConfiguration":{"ExecutionMode":"SCHEDULED","ScheduleConfiguration":{"FirstExecutionFrom":"1700000000000","Object":"orders","ScheduleExpression":"rate(1 hour)"}},` +
		`"LastExecutionStatus":{"ExecutionStatus":"COMPLETED","StatusMessage":"done"}}`
	return `{"DataIntegrationAssociations":[` + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + `]}`
}

// ends are the ways in which a call goes.
var ends = []struct {
	name    string
	answers []answer
}{
	{"success", []answer{{status: 200}}},
	{"500 then success", []answer{{status: 500, code: "InternalServiceError"}, {status: 200}}},
	{"403", []answer{{status: 403, code: "AccessDeniedException"}}},
	{"3 x 429", []answer{{status: 429, code: "ThrottlingException"}}},
	{"reset then success", []answer{{err: fmt.Errorf("read: %w", syscall.ECONNRESET)}, {status: 200}}},
	{"3 resets", []answer{{err: fmt.Errorf("read: %w", syscall.ECONNRESET)}}},
}

// config is what both clients are made of. The retryer does not make a test
// wait.
func (s *service) config() aws.Config {
	return aws.Config{
		Region: "us-east-1", HTTPClient: s, RetryMode: aws.RetryModeStandard,
		Credentials: aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		})),
		Retryer: func() aws.Retryer { return retry.AddWithMaxBackoffDelay(retry.NewStandard(), time.Millisecond) },
	}
}

// tell says what came of a call, and which headers each attempt sent that a
// tracer sets or that bring secrets along.
func (s *service) tell(items int, err error) (lines []string) {
	for n, header := range s.sent {
		for _, name := range slices.Sorted(maps.Keys(header)) {
			switch name {
			case "User-Agent", "Authorization", "X-Amz-Date", "Amz-Sdk-Invocation-Id":
				lines = append(lines, fmt.Sprintf("request %d: %s", n+1, name))
			default:
				lines = append(lines, fmt.Sprintf("request %d: %s: %s", n+1, name, random.ReplaceAllString(header.Get(name), "RANDOM")))
			}
		}
		_, signed, _ := strings.Cut(header.Get("Authorization"), "SignedHeaders=")
		signed, _, _ = strings.Cut(signed, ",")
		lines = append(lines, fmt.Sprintf("request %d: signed %s", n+1, signed))
	}
	if err == nil {
		return append(lines, fmt.Sprint(items, " items"))
	}
	var operation interface{ Operation() string }
	return append(lines, fmt.Sprintf("error of an operation %t, reset %t", errors.As(err, &operation), errors.Is(err, syscall.ECONNRESET)))
}

// random are the ids of spans and traces.
var random = regexp.MustCompile(`[0-9a-f]{8,}`)

// sameType tells the exceptions of ours, which are those of its package types by
// alias, as the official ones.
func sameType(text string) string {
	return strings.ReplaceAll(text, "*types.", "*appintegrations.")
}

// clientName takes the name of the client out of a User-Agent.
var clientName = regexp.MustCompile(`(api/appintegrations|lib/appintegrations-go)#\S+`)

// flat lists the leaves of what JSON decodes to, in the order of their paths.
func flat(path string, v any) (lines []string) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			lines = append(lines, flat(path+"."+key, v[key])...)
		}
	case []any:
		for n, item := range v {
			lines = append(lines, flat(fmt.Sprintf("%s[%d]", path, n), item)...)
		}
	default:
		return []string{fmt.Sprintf("%s = %v", strings.TrimPrefix(path, "."), v)}
	}
	return lines
}
