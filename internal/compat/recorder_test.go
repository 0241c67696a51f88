package compat

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const onePage = `{"DataIntegrationAssociations":[{"ClientId":"c","DataIntegrationAssociationArn":"arn:aws:app-integrations:us-east-1:123456789012:data-integration-association/1"}]}`

// A recorder is an HTTPClient that keeps what it is asked to send. It is safe
// for concurrent use.
type recorder struct {
	answer func(attempt int, req *http.Request) (*http.Response, error) // nil: a page

	mu       sync.Mutex
	requests []*http.Request
}

func (r *recorder) Do(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.requests = append(r.requests, req.Clone(context.Background()))
	n := len(r.requests)
	r.mu.Unlock()
	if r.answer == nil {
		return respond(200, onePage)(n, req)
	}
	return r.answer(n, req)
}

func (r *recorder) sent() []*http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// respond answers every request with one status and body.
func respond(status int, body string) func(int, *http.Request) (*http.Response, error) {
	return func(_ int, req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header:        http.Header{"Content-Type": {"application/json"}, "X-Amzn-Requestid": {"request-1"}},
			Body:          io.NopCloser(strings.NewReader(body)),
			ContentLength: int64(len(body)), Request: req,
		}, nil
	}
}

// then answers the first requests with bad, one for each of n, and the others
// with a page.
func then(n int, bad func(int, *http.Request) (*http.Response, error)) func(int, *http.Request) (*http.Response, error) {
	return func(attempt int, req *http.Request) (*http.Response, error) {
		if attempt <= n {
			return bad(attempt, req)
		}
		return respond(200, onePage)(attempt, req)
	}
}

// An outcome is what a call did.
type outcome struct {
	sent []*http.Request
	page *page
	err  error
}

// keys are those of the examples in the specification of the signature.
func keys(sessionToken string) aws.Credentials {
	return aws.Credentials{
		AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", SessionToken: sessionToken,
	}
}

func staticCredentials(sessionToken string) aws.CredentialsProvider {
	return aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return keys(sessionToken), nil
	}))
}

// basics are what a client needs to call.
func basics(http *recorder) []option {
	return []option{set("Region", "us-east-1"), set("Credentials", staticCredentials("")), set("HTTPClient", http)}
}

var anInput = input{id: aws.String("an-integration")}

// run makes one call on a new client of p. answer nil: a page.
func run(t *testing.T, p peer, answer func(int, *http.Request) (*http.Response, error), forClient, forCall []option) outcome {
	t.Helper()
	r := &recorder{answer: answer}
	c := p.new(append(basics(r), forClient...)...)
	out, err := c.list(t.Context(), anInput, forCall...)
	return outcome{sent: r.sent(), page: out, err: err}
}

// unlike says how two requests differ, "" if only in what may differ: the
// User-Agent beyond its library, which names the client.
func unlike(official, ours *http.Request) string {
	rows := []struct{ what, official, ours string }{
		{"method", official.Method, ours.Method},
		{"URL", official.URL.String(), ours.URL.String()},
		{"URL.Path", official.URL.Path, ours.URL.Path},
		{"URL.RawPath", official.URL.RawPath, ours.URL.RawPath},
		{"escaped path", official.URL.EscapedPath(), ours.URL.EscapedPath()},
		{"query", official.URL.RawQuery, ours.URL.RawQuery},
		{"host", hostOf(official), hostOf(ours)},
		{"length", fmt.Sprint(official.ContentLength), fmt.Sprint(ours.ContentLength)},
		{"names of headers", names(official), names(ours)},
		{"headers", headers(official), headers(ours)},
		{"User-Agent", library(official), library(ours)},
		{"bytes sent", wire(official), wire(ours)},
	}
	for _, row := range rows {
		if row.official != row.ours {
			return fmt.Sprintf("%s: official %q, ours %q", row.what, row.official, row.ours)
		}
	}
	return ""
}

// hostOf is the host that the request names to the server.
func hostOf(req *http.Request) string {
	if req.Host != "" {
		return req.Host
	}
	return req.URL.Host
}

func names(req *http.Request) string {
	return fmt.Sprint(slices.Sorted(maps.Keys(req.Header)))
}

// headers are all but the User-Agent. Authorization, with the list of the
// signed headers and the signature, is among them.
func headers(req *http.Request) string {
	header := req.Header.Clone()
	header.Del("User-Agent")
	var b bytes.Buffer
	header.Write(&b)
	return b.String()
}

// library is the User-Agent with the name of the client taken out.
func library(req *http.Request) string {
	var words []string
	for word := range strings.FieldsSeq(req.Header.Get("User-Agent")) {
		if strings.HasPrefix(word, "api/appintegrations#") || strings.HasPrefix(word, "lib/appintegrations-go#") {
			word = "CLIENT"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// wire is what goes over the connection, but for the User-Agent.
func wire(req *http.Request) string {
	req = req.Clone(context.Background())
	req.Header.Set("User-Agent", "")
	var b bytes.Buffer
	if err := req.Write(&b); err != nil {
		return "error: " + err.Error()
	}
	return b.String()
}
