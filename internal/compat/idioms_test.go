package compat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	official "github.com/aws/aws-sdk-go-v2/service/appintegrations"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ours "github.com/seed-10600c52/appintegrations"
)

// retryer changes the Retryer that is there, as users do in their functions.
func retryer(change func(aws.Retryer) aws.Retryer) option {
	return option{"Retryer", func(o any) { set("Retryer", change(get[aws.Retryer](o, "Retryer"))).apply(o) }}
}

func replace(with aws.Retryer) option {
	return retryer(func(aws.Retryer) aws.Retryer { return with })
}

func maxAttempts(n int) option {
	return retryer(func(r aws.Retryer) aws.Retryer { return retry.AddWithMaxAttempts(r, n) })
}

func errorCodes(codes ...string) option {
	return retryer(func(r aws.Retryer) aws.Retryer { return retry.AddWithErrorCodes(r, codes...) })
}

func maxBackoff(d time.Duration) option {
	return retryer(func(r aws.Retryer) aws.Retryer { return retry.AddWithMaxBackoffDelay(r, d) })
}

// retryerV1 has the methods of aws.Retryer and no more.
type retryerV1 struct{ asked *int }

func (r retryerV1) IsErrorRetryable(error) bool { *r.asked++; return true }
func (retryerV1) MaxAttempts() int              { return 4 }
func (retryerV1) RetryDelay(int, error) (time.Duration, error) {
	return 5 * time.Second, nil
}
func (retryerV1) GetRetryToken(context.Context, error) (func(error) error, error) {
	return func(error) error { return nil }, nil
}
func (retryerV1) GetInitialToken() func(error) error { return func(error) error { return nil } }

var (
	unavailable = respond(503, `{}`)
	throttled   = respond(429, `{"__type":"ThrottlingException","message":"slow down"}`)
	teapot      = respond(400, `{"__type":"TeapotException","message":"short and stout"}`)
	denied      = respond(403, `{"__type":"AccessDeniedException","message":"no"}`)
)

// A retrier is a way to say how calls are retried, and the number of requests
// that it comes to where every answer is the same.
type retrier struct {
	name   string
	answer func(int, *http.Request) (*http.Response, error)
	client []option
	call   []option
	want   int
	atMost time.Duration // that the call takes; 0: no limit
}

var retriers = []retrier{
	{name: "nothing said", answer: unavailable, want: 3},
	{name: "nothing said, throttled", answer: throttled, want: 3},
	{name: "nothing said, denied", answer: denied, want: 1},
	{name: "nothing said, an unknown code", answer: teapot, want: 1},
	{name: "NewStandard", answer: unavailable, client: []option{replace(retry.NewStandard())}, want: 3},
	{name: "NewStandard with options", answer: unavailable, client: []option{replace(retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 6, time.Second }))}, want: 6, atMost: 5 * time.Second},
	{name: "NewStandard for the call", answer: throttled, call: []option{replace(retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 2 }))}, want: 2},
	{name: "NewStandard with a small quota", answer: unavailable, client: []option{replace(retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 9; o.RateLimiter = smallQuota{} }))}, want: 1},
	{name: "NewAdaptiveMode", answer: unavailable, client: []option{replace(retry.NewAdaptiveMode())}, want: 3},
	{name: "AddWithMaxAttempts", answer: unavailable, client: []option{maxAttempts(5)}, want: 5},
	{name: "AddWithMaxAttempts for the call", answer: unavailable, call: []option{maxAttempts(4)}, want: 4},
	{name: "AddWithMaxAttempts twice", answer: unavailable, client: []option{maxAttempts(5)}, call: []option{maxAttempts(2)}, want: 2},
	{name: "AddWithMaxAttempts 1", answer: unavailable, client: []option{maxAttempts(1)}, want: 1},
	{name: "AddWithErrorCodes", answer: teapot, client: []option{errorCodes("TeapotException")}, want: 3},
	{name: "AddWithErrorCodes for the call", answer: teapot, call: []option{errorCodes("Other", "TeapotException")}, want: 3},
	{name: "AddWithErrorCodes of a typed exception", answer: denied, client: []option{errorCodes("AccessDeniedException")}, want: 3},
	{name: "AddWithErrorCodes leaves the others", answer: unavailable, client: []option{errorCodes("TeapotException")}, want: 3},
	{name: "AddWithErrorCodes and AddWithMaxAttempts", answer: teapot, client: []option{errorCodes("TeapotException"), maxAttempts(7)}, want: 7},
	{name: "AddWithMaxBackoffDelay", answer: unavailable, client: []option{maxAttempts(8), maxBackoff(10 * time.Millisecond)}, want: 8, atMost: 100 * time.Millisecond},
	{name: "AddWithMaxBackoffDelay for the call", answer: unavailable, call: []option{maxAttempts(8), maxBackoff(10 * time.Millisecond)}, want: 8, atMost: 100 * time.Millisecond},
	// With another mode, or none, ours paces what is throttled: that is no back-off.
	{name: "AddWithMaxBackoffDelay, throttled", answer: throttled, client: []option{set("RetryMode", aws.RetryModeStandard), maxAttempts(8), maxBackoff(10 * time.Millisecond)}, want: 8, atMost: 100 * time.Millisecond},
	{name: "NopRetryer", answer: unavailable, client: []option{replace(aws.NopRetryer{})}, want: 1},
	{name: "NopRetryer for the call", answer: throttled, call: []option{replace(aws.NopRetryer{})}, want: 1},
	{name: "RetryMaxAttempts", answer: unavailable, client: []option{set("RetryMaxAttempts", 6)}, want: 6},
	{name: "RetryMaxAttempts for the call", answer: unavailable, call: []option{set("RetryMaxAttempts", 2)}, want: 2},
	{name: "RetryMaxAttempts for both", answer: unavailable, client: []option{set("RetryMaxAttempts", 2)}, call: []option{set("RetryMaxAttempts", 4)}, want: 4},
	{name: "RetryMaxAttempts of the client and a Retryer of the call", answer: unavailable, client: []option{set("RetryMaxAttempts", 5)}, call: []option{replace(retry.NewStandard())}, want: 3},
	{name: "RetryMaxAttempts equal to that of the client", answer: unavailable, client: []option{set("RetryMaxAttempts", 5)}, call: []option{replace(retry.NewStandard()), set("RetryMaxAttempts", 5)}, want: 3},
	{name: "RetryMaxAttempts back to 0 for the call", answer: unavailable, client: []option{set("RetryMaxAttempts", 5)}, call: []option{set("RetryMaxAttempts", 0)}, want: 5},
	{name: "RetryMaxAttempts around a Retryer", answer: unavailable, client: []option{set("RetryMaxAttempts", 2), replace(retry.NewStandard())}, want: 2},
}

type smallQuota struct{}

func (smallQuota) GetToken(context.Context, uint) (func() error, error) {
	return nil, errors.New("no quota")
}
func (smallQuota) AddTokens(uint) error { return nil }

// Every way to say how calls are retried comes to the same number of requests,
// numbered in the same way.
func TestRetriers(t *testing.T) {
	for _, r := range retriers {
		t.Run(r.name, func(t *testing.T) {
			var attempts [2][]string
			for i, p := range peers {
				synctest.Test(t, func(t *testing.T) {
					start := time.Now()
					o := run(t, p, r.answer, r.client, r.call)
					assert.Error(t, o.err)
					assert.Len(t, o.sent, r.want, p.name)
					if r.atMost > 0 {
						assert.LessOrEqual(t, time.Since(start), r.atMost, p.name)
					}
					for _, req := range o.sent {
						attempts[i] = append(attempts[i], req.Header.Get("Amz-Sdk-Request")+" "+library(req))
					}
				})
			}
			assert.Equal(t, attempts[0], attempts[1])
		})
	}
	t.Logf("counted: %d rows", len(retriers))
}

// A retryer of the first generation is asked as it always was.
func TestRetryerV1(t *testing.T) {
	eachPeer(t, func(t *testing.T, p peer) {
		synctest.Test(t, func(t *testing.T) {
			asked, start := 0, time.Now()
			o := run(t, p, unavailable, []option{replace(retryerV1{&asked})}, nil)
			assert.Len(t, o.sent, 4)
			assert.Equal(t, 4, asked)
			assert.Equal(t, 15*time.Second, time.Since(start))
			var spent *retry.MaxAttemptsError
			require.ErrorAs(t, o.err, &spent)
			assert.Equal(t, 4, spent.Attempt)
		})
	})
}

// What a function changes for one call holds for that call alone.
func TestPerCallOptions(t *testing.T) {
	other := &recorder{}
	rows := []struct {
		name   string
		change option
		want   func(*http.Request) bool
	}{
		{"Region", set("Region", "sa-east-1"), func(r *http.Request) bool { return strings.Contains(r.URL.Host, "sa-east-1") }},
		{"Credentials", credentials("AKIDOTHER", "secret"), func(r *http.Request) bool { return strings.Contains(r.Header.Get("Authorization"), "AKIDOTHER/") }},
		{"BaseEndpoint", base("http://other.example"), func(r *http.Request) bool { return r.URL.Host == "other.example" }},
		{"AppID", set("AppID", "other"), func(r *http.Request) bool { return strings.Contains(r.Header.Get("User-Agent"), "app/other") }},
		{"RetryMaxAttempts", set("RetryMaxAttempts", 7), func(r *http.Request) bool { return strings.Contains(r.Header.Get("Amz-Sdk-Request"), "max=7") }},
		{"Retryer", replace(aws.NopRetryer{}), func(r *http.Request) bool { return strings.Contains(r.Header.Get("Amz-Sdk-Request"), "max=1") }},
		{"signing name", signingName("other"), func(r *http.Request) bool {
			return strings.Contains(r.Header.Get("Authorization"), "/other/aws4_request")
		}},
		{"signing Region", signingRegion("other-1"), func(r *http.Request) bool { return strings.Contains(r.Header.Get("Authorization"), "/other-1/") }},
		{"HTTPClient", set("HTTPClient", other), nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			eachPeer(t, func(t *testing.T, p peer) {
				r := &recorder{}
				c := p.new(basics(r)...)
				other.requests = nil
				for _, opts := range [][]option{nil, {row.change}, nil} {
					_, err := c.list(t.Context(), anInput, opts...)
					require.NoError(t, err)
				}
				if row.want == nil {
					assert.Len(t, r.sent(), 2)
					assert.Len(t, other.sent(), 1)
					return
				}
				var got []bool
				for _, req := range r.sent() {
					got = append(got, row.want(req))
				}
				assert.Equal(t, []bool{false, true, false}, got)
			})
		})
	}
}

// A resolver that asks the default one and changes what it says.
func TestWrappedResolver(t *testing.T) {
	toOther := func(e smithyendpoints.Endpoint, err error) (smithyendpoints.Endpoint, error) {
		e.URI.Host = "other." + e.URI.Host
		return e, err
	}
	wrap := either("EndpointResolverV2",
		func(o *official.Options) {
			next := o.EndpointResolverV2
			o.EndpointResolverV2 = officialResolver(func(ctx context.Context, params official.EndpointParameters) (smithyendpoints.Endpoint, error) {
				return toOther(next.ResolveEndpoint(ctx, params))
			})
		},
		func(o *ours.Options) {
			next := o.EndpointResolverV2
			o.EndpointResolverV2 = ourResolver(func(ctx context.Context, params ours.EndpointParameters) (smithyendpoints.Endpoint, error) {
				return toOther(next.ResolveEndpoint(ctx, params))
			})
		})
	eachPeer(t, func(t *testing.T, p peer) {
		o := run(t, p, nil, []option{wrap}, []option{wrap})
		require.NoError(t, o.err)
		assert.Equal(t, "other.other.app-integrations.us-east-1.amazonaws.com", o.sent[0].URL.Host)
	})
}

// A buildable client, which config.LoadDefaultConfig always brings, can be
// changed by the type that it has in the SDK. The one by default is another.
func TestBuildableClient(t *testing.T) {
	eachPeer(t, func(t *testing.T, p peer) {
		p.new(set("HTTPClient", awshttp.NewBuildableClient()), option{"HTTPClient", func(o any) {
			buildable, ok := get[any](o, "HTTPClient").(*awshttp.BuildableClient)
			require.True(t, ok, "the type is %T", get[any](o, "HTTPClient"))
			set("HTTPClient", buildable.WithTimeout(time.Second)).apply(o)
		}})
		p.new(option{"HTTPClient", func(o any) {
			want := "*http.BuildableClient"
			if p.name == "ours" {
				want = "*http.Client"
			}
			assert.Equal(t, want, fmt.Sprintf("%T", get[any](o, "HTTPClient")))
		}})
	})
}

// Stubs fill in as much of an answer as their author thought of.
func TestStubs(t *testing.T) {
	body := func() io.ReadCloser { return io.NopCloser(strings.NewReader(onePage)) }
	rows := []struct {
		name     string
		response func() *http.Response
	}{
		{"no Request", func() *http.Response {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body(), ContentLength: int64(len(onePage))}
		}},
		{"no length", func() *http.Response { return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body()} }},
		{"length unknown", func() *http.Response {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body(), ContentLength: -1}
		}},
		{"wrong length", func() *http.Response {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body(), ContentLength: 5}
		}},
		{"no Header", func() *http.Response { return &http.Response{StatusCode: 200, Body: body()} }},
		{"Status alone", func() *http.Response { return &http.Response{Status: "200 OK", StatusCode: 200, Body: body()} }},
		{"another content type", func() *http.Response {
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/plain"}}, Body: body()}
		}},
		{"empty page", func() *http.Response {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(`{}`))}
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var pages []string
			for _, p := range peers {
				o := run(t, p, func(int, *http.Request) (*http.Response, error) { return row.response(), nil }, nil, nil)
				require.NoError(t, o.err, p.name)
				pages = append(pages, o.page.Items)
			}
			assert.Equal(t, pages[0], pages[1])
		})
	}
}
