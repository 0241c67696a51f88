package appintegrations_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithyendpoints "github.com/aws/smithy-go/endpoints"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// A failure is a way in which a call fails, and what its error has to contain.
type failure struct {
	name  string
	class string // of appintegrations.Classify
	fail  func(*testing.T) error
	parts []string
}

const (
	html503  = "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body><center><h1>503</h1></center></body>\r\n</html>"
	html403  = "<!DOCTYPE html><title>Access to this site is blocked</title>"
	hostName = "app-integrations.us-east-1.amazonaws.com"
	at       = `data integration "example" at ` + hostName + ", "
)

// stalls answers nothing until its context ends.
func stalls(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: context.Cause(r.Context())}
}

// stalledBody sends the beginning of a page, and then nothing until the context
// ends.
func stalledBody(r *http.Request) (*http.Response, error) {
	stalled, _ := io.Pipe()
	resp := replied(r, 200, nil)
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(strings.NewReader(`{"DataIn`), stalled), stalled}
	return resp, nil
}

func dialFails(err error) doFunc {
	return func(r *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: &net.OpError{Op: "dial", Net: "tcp", Err: err}}
	}
}

// answered makes calls that a script answers.
func answered(answer doFunc, options ...func(*appintegrations.Options)) func(*testing.T) error {
	return func(t *testing.T) error { return scripted(answer).fails(t, options...) }
}

// failsWithin makes a call with a deadline.
func failsWithin(limit time.Duration, answer doFunc, options ...func(*appintegrations.Options)) func(*testing.T) error {
	return func(t *testing.T) (err error) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			_, err = scripted(answer).client(options...).ListDataIntegrationAssociations(ctx, input("example"))
		})
		return err
	}
}

func canceledAfter(wait time.Duration, answer doFunc, options ...func(*appintegrations.Options)) func(*testing.T) error {
	return func(t *testing.T) (err error) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(wait, cancel)
			_, err = scripted(answer).client(options...).ListDataIntegrationAssociations(ctx, input("example"))
		})
		return err
	}
}

func typed(status int, code, message string) doFunc {
	return reply(status, `{"message":"`+message+`"}`, "X-Amzn-ErrorType", code, "Content-Type", "application/json")
}

func page(status int, kind, body string) doFunc { return reply(status, body, "Content-Type", kind) }

type hangingResolver struct{}

func (hangingResolver) ResolveEndpoint(ctx context.Context, _ appintegrations.EndpointParameters) (smithyendpoints.Endpoint, error) {
	<-ctx.Done()
	return smithyendpoints.Endpoint{}, ctx.Err()
}

func failures() []failure {
	option := func(set func(*appintegrations.Options)) func(*appintegrations.Options) { return set }
	provider := func(f func(context.Context) (aws.Credentials, error)) func(*appintegrations.Options) {
		return option(func(o *appintegrations.Options) { o.Credentials = aws.CredentialsProviderFunc(f) })
	}
	base := func(base string) func(*appintegrations.Options) {
		return option(func(o *appintegrations.Options) { o.BaseEndpoint = &base })
	}
	short := option(func(o *appintegrations.Options) { o.AttemptTimeout = 300 * time.Millisecond })
	hangs := provider(func(ctx context.Context) (aws.Credentials, error) {
		<-ctx.Done()
		return aws.Credentials{}, ctx.Err()
	})
	empty := page(200, "application/json", "{}")
	return []failure{
		{"throttled", "throttled", answered(typed(429, "ThrottlingException", "Rate exceeded")), []string{at + "waited ", " in all, exceeded maximum number of attempts, 3", "ThrottlingException: Rate exceeded"}},
		{"throttled, wait asked beyond the deadline", "timeout", failsWithin(time.Second, reply(429, `{"message":"Rate exceeded"}`, "X-Amzn-ErrorType", "ThrottlingException", "Retry-After", "10")), []string{at + "attempt 1, ", "context deadline exceeded, cause: the back-off takes 10s, and the deadline is in 1s", "last error: ", "Rate exceeded"}},
		{"throttled, wait asked beyond patience", "throttled", answered(reply(429, ``, "X-Amzn-ErrorType", "ThrottlingException", "Retry-After", "3600")), []string{at + "attempt 1, ", "ThrottlingException, it asks to wait 1h0m0s, and a call waits 20s at most"}},
		{"429 of a firewall", "throttled", answered(page(429, "text/html", "<html>slow down</html>")), []string{at, `the body is text/html, 22 bytes, "<html>slow down</html>"`}},
		{"503 of a load balancer", "unavailable", answered(page(503, "text/html; charset=utf-8", html503)), []string{at, "StatusCode: 503", `the body is text/html, 124 bytes, "<html> <head><title>503 Service Temporarily Unavailable</..."`}},
		{"403 of a proxy", "unreachable", answered(page(403, "text/html", html403)), []string{at, "attempt 1", `text/html, 60 bytes, "<!DOCTYPE html><title>Access to this site is blocked</title>"`}},
		{"404 of a web server", "unreachable", answered(page(404, "text/plain", "404 page not found\n")), []string{at, `the body is text/plain, 19 bytes, "404 page not found"`}},
		{"502 of a sidecar", "unavailable", answered(page(502, "", "no healthy upstream")), []string{at, `the body is no Content-Type, 19 bytes, "no healthy upstream"`}},
		{"500 with nothing", "unavailable", answered(reply(500, "")), []string{at, "StatusCode: 500", "the body is empty"}},
		{"error of the service", "unavailable", answered(typed(500, "InternalServiceError", "try later")), []string{at, "InternalServiceError: try later"}},
		{"access denied", "denied", answered(typed(403, "AccessDeniedException", "User: u is not authorized to perform: app-integrations:ListDataIntegrationAssociations")), []string{at + "attempt 1, ", "not authorized"}},
		{"not found", "gone", answered(typed(404, "ResourceNotFoundException", "no such data integration")), []string{at + "attempt 1, ", "no such data integration"}},
		{"token expired", "invalid", answered(typed(400, "InvalidRequestException", "Invalid NextToken")), []string{at + "attempt 1, "}},
		{"credentials expired", "denied", answered(typed(403, "ExpiredTokenException", "The security token included in the request is expired")), []string{at}},
		{"credentials unknown", "denied", answered(typed(403, "UnrecognizedClientException", "The security token included in the request is invalid")), []string{at + "attempt 1, "}},
		{"signature rejected", "denied", answered(typed(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")), []string{at + "attempt 1, "}},
		{"an error without a name", "unreachable", answered(page(418, "application/json", `{"reason":"short and stout"}`)), []string{at, "StatusCode: 418", `the body is application/json, 28 bytes, "{\"reason\":\"short and stout\"}"`}},
		{"HTML as a page", "malformed", answered(page(200, "text/html", html503)), []string{at, "exceeded maximum number of attempts, 3", "malformed response", `text/html, 124 bytes, "<html> <head><title>503 `}},
		{"empty page", "malformed", answered(page(200, "application/json", "")), []string{at, "the body is empty"}},
		{"page cut off", "malformed", answered(page(200, "application/json", `{"DataIntegrationAssociations":[{"ClientId":"a`)), []string{at, "malformed response"}},
		{"page too large", "malformed", answered(page(200, "application/json", `{"DataIntegrationAssociations":[]}`), option(func(o *appintegrations.Options) { o.MaxPageBytes = 10 })), []string{at, "larger than MaxPageBytes, 10 bytes"}},
		{"a number as an identifier", "malformed", answered(page(200, "application/json", `{"DataIntegrationAssociations":[{"ClientId":1}]}`)), []string{at, "DataIntegrationAssociations[0].ClientId"}},
		{"redirect", "unreachable", answered(reply(307, "", "Location", "https://elsewhere.example/x?nextToken=t")), []string{at, "attempt 1", "redirect 307 to https://elsewhere.example not followed"}},
		{"proxy wants a password", "unreachable", answered(page(407, "text/html", "<h1>Proxy Authentication Required</h1>")), []string{at, "attempt 1", "Proxy Authentication Required"}},
		{"no response within the deadline", "timeout", failsWithin(time.Second, stalls), []string{at + "attempt 1, ", "context deadline exceeded after waiting 1s for the response of " + hostName}},
		{"no response within AttemptTimeout", "timeout", answered(stalls, short), []string{at + "waited ", "exceeded maximum number of attempts, 3", "attempt timed out after 300ms waiting for the response of " + hostName}},
		{"a body that stalls", "timeout", answered(stalledBody, short), []string{at, "cut off after 8 bytes", "attempt timed out after 300ms waiting for the rest of the response of " + hostName}},
		{"canceled", "canceled", canceledAfter(2*time.Second, stalls), []string{at + "attempt 1, ", "context canceled after waiting 2s for the response of " + hostName}},
		{"canceled in the back-off", "canceled", canceledAfter(time.Second, typed(503, "Busy", "busy"), option(func(o *appintegrations.Options) { o.Retryer = slowRetryer{} })), []string{at + "attempt 1, waited 1s in all, ", "context canceled after waiting 1s for the back-off of 10s, last error: ", "busy"}},
		{"provider hangs until AttemptTimeout", "timeout", answered(empty, hangs, short), []string{at, "attempt timed out after 300ms waiting for the credentials"}},
		{"provider hangs until the deadline", "timeout", failsWithin(time.Second, empty, hangs), []string{at + "attempt 1, ", "context deadline exceeded after waiting 1s for the credentials"}},
		{"resolver hangs until the deadline", "timeout", failsWithin(time.Second, empty, option(func(o *appintegrations.Options) { o.EndpointResolverV2 = hangingResolver{} })), []string{`data integration "example", attempt 1, `, "context deadline exceeded after waiting 1s for the endpoint resolver"}},
		{"provider fails", "config", answered(empty, provider(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("the vault is sealed")
		})), []string{at + "attempt 1, ", "get credentials: ", "the vault is sealed"}},
		{"no credentials anywhere", "config", answered(empty, provider(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, fmt.Errorf("no EC2 IMDS role found, %w", errors.New("operation error ec2imds: GetMetadata, access disabled to EC2 IMDS via client option, or \"AWS_EC2_METADATA_DISABLED\" environment variable"))
		})), []string{"no credentials are set: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or Options.Credentials", "no EC2 IMDS role found"}},
		{"no provider", "config", answered(empty, option(func(o *appintegrations.Options) { o.Credentials = nil })), []string{"invalid configuration: Credentials is not set: load it with config.LoadDefaultConfig; to send unsigned requests, to a stub for example, set Credentials: aws.AnonymousCredentials{}"}},
		{"empty key", "config", answered(empty, provider(func(context.Context) (aws.Credentials, error) { return aws.Credentials{AccessKeyID: "a"}, nil })), []string{"Credentials has an empty key", "set Credentials: aws.AnonymousCredentials{}"}},
		{"no Region", "config", answered(empty, option(func(o *appintegrations.Options) { o.Region = "" })), []string{"Associations, invalid configuration: Region is not set: set AWS_REGION, region in the profile, or Options.Region"}},
		{"no Region beside an endpoint", "config", answered(empty, base("http://localhost:4566"), option(func(o *appintegrations.Options) { o.Region = "" })), []string{"invalid configuration: Region is not set: set AWS_REGION, region in the profile, or Options.Region; requests to other endpoints are signed for it too"}},
		{"not a Region", "config", answered(empty, option(func(o *appintegrations.Options) { o.Region = "us east 1" })), []string{`invalid configuration: Region "us east 1" is not a Region: `}},
		{"Region mistyped", "unreachable", answered(dialFails(&net.DNSError{Err: "no such host", Name: "app-integrations.us-esat-1.amazonaws.com", IsNotFound: true}), option(func(o *appintegrations.Options) { o.Region = "us-esat-1" })), []string{"at app-integrations.us-esat-1.amazonaws.com, ", `no such host: is Region "us-esat-1" right?`}},
		{"endpoint mistyped", "unreachable", answered(dialFails(&net.DNSError{Err: "no such host", Name: "locahost.test", IsNotFound: true}), base("https://locahost.test")), []string{"at locahost.test, ", "no such host: is the endpoint right?"}},
		{"connection refused", "unreachable", answered(dialFails(os.NewSyscallError("connect", syscall.ECONNREFUSED)), base("http://127.0.0.1:1")), []string{`data integration "example" at 127.0.0.1:1, `, "connection refused"}},
		{"certificate of nobody", "unreachable", answered(dialFails(x509.UnknownAuthorityError{})), []string{at + "attempt 1, ", "certificate signed by unknown authority"}},
		{"BaseEndpoint without a scheme", "config", answered(empty, base("localhost:4566")), []string{`invalid configuration: BaseEndpoint "localhost:4566" has no scheme: write http://localhost:4566`}},
		{"BaseEndpoint with a password", "config", answered(empty, base("https://user:"+passwordInURL+"@localhost")), []string{`invalid configuration: BaseEndpoint "https://localhost" has user information: leave it out`}},
		{"RetryMode", "config", answered(empty, option(func(o *appintegrations.Options) { o.RetryMode = "patient" })), []string{`RetryMode "patient" is not a mode: set aws.RetryModeStandard or aws.RetryModeAdaptive`}},
		{"RetryMaxAttempts", "config", answered(empty, option(func(o *appintegrations.Options) { o.RetryMaxAttempts = -1 })), []string{`RetryMaxAttempts -1 is negative`}},
		{"no identifier", "invalid", func(t *testing.T) error {
			_, err := scripted(empty).client().ListDataIntegrationAssociations(t.Context(), nil)
			return err
		}, []string{"missing required field", "DataIntegrationIdentifier"}},
		{"list without an end", "malformed", func(t *testing.T) (err error) {
			client := scripted(page(200, "application/json", `{"DataIntegrationAssociations":[{}],"NextToken":"t"}`)).client()
			for _, err = range client.Associations(t.Context(), input("example")) {
				if err != nil {
					break
				}
			}
			return err
		}, []string{`data integration "example", pagination loop: after 3 pages the same come again, with period 1`}},
		{"checkpoint of another list", "invalid", func(t *testing.T) error {
			_, err := appintegrations.NewListDataIntegrationAssociationsPaginator(scripted(empty).client(), input("example"), func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) {
				o.Resume = appintegrations.Checkpoint{DataIntegrationIdentifier: "other", NextToken: "t"}
			}).NextPage(t.Context())
			return err
		}, []string{`another data integration, "other", not "example"`}},
		{"the fake's throttle in a paginator", "throttled", func(t *testing.T) (err error) {
			synctest.Test(t, func(t *testing.T) {
				service := appintegrationstest.New()
				service.Put("example")
				fault := appintegrationstest.Throttle(0)
				fault.Times = -1
				service.Fail(fault)
				_, err = appintegrations.NewListDataIntegrationAssociationsPaginator(service.Client(), input("example")).NextPage(t.Context())
			})
			return err
		}, []string{`data integration "example" at `, "waited ", "exceeded maximum number of attempts, 3"}},
	}
}
