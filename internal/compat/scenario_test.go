package compat

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	official "github.com/aws/aws-sdk-go-v2/service/appintegrations"
	smithyauth "github.com/aws/smithy-go/auth"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	ours "github.com/seed-10600c52/appintegrations"
)

// A scenario is one generated call: its input, and the options that are given
// to the client or to the call.
type scenario struct {
	input        input
	region       string
	base         *string
	fips         bool
	dualStack    bool
	http         bool
	appID        string
	name         string // WithSigV4SigningName; "": not called
	scope        string // WithSigV4SigningRegion; "": not called
	endpoint     *fixedEndpoint
	sessionToken string
	anonymous    bool
	maxAttempts  int
	deadline     time.Duration // 0: none
	failures     int           // answers that are 503 before the page
	perCall      int           // bits: which options are given to the call
	hooks        []option      // given to the client
}

// forClient and forCall are the options of each. What is given to the call may
// stand in the client too, with another value.
func (s *scenario) forClient(r *recorder) []option {
	opts := basics(r)
	if s.failures > 0 {
		opts = append(opts, set("Retryer", steadyRetryer()))
	}
	if s.perCall != 0 {
		opts = append(opts, set("Region", "ap-southeast-2"), set("BaseEndpoint", aws.String("http://overridden.example")), set("AppID", "overridden"))
	}
	opts = append(opts, s.hooks...)
	return append(opts, s.options(func(bit int) bool { return s.perCall&(1<<bit) == 0 })...)
}

// steadyRetryer waits a second between attempts, so that both clients make each
// attempt at the same time.
func steadyRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Second, nil })
	})
}

func (s *scenario) forCall() []option {
	return s.options(func(bit int) bool { return s.perCall&(1<<bit) != 0 })
}

func (s *scenario) options(here func(bit int) bool) []option {
	groups := [...][]option{
		{set("Region", s.region)},
		{set("BaseEndpoint", s.base)},
		{set("AppID", s.appID)},
		{set("EndpointOptions.UseFIPSEndpoint", fipsState(s.fips)), set("EndpointOptions.UseDualStackEndpoint", dualStackState(s.dualStack)), set("EndpointOptions.DisableHTTPS", s.http)},
		{set("Credentials", s.credentials())},
		s.signing(),
		s.resolver(),
		{set("RetryMaxAttempts", s.maxAttempts)},
	}
	var opts []option
	for bit, group := range groups {
		if here(bit) {
			opts = append(opts, group...)
		}
	}
	return opts
}

const optionGroups = 8 // bits of perCall

func (s *scenario) signing() (opts []option) {
	if s.name != "" {
		opts = append(opts, signingName(s.name))
	}
	if s.scope != "" {
		opts = append(opts, signingRegion(s.scope))
	}
	return opts
}

func (s *scenario) resolver() []option {
	if s.endpoint == nil {
		return nil
	}
	return []option{resolveTo(s.endpoint)}
}

func (s *scenario) credentials() aws.CredentialsProvider {
	if s.anonymous {
		return aws.AnonymousCredentials{}
	}
	return staticCredentials(s.sessionToken)
}

func fipsState(on bool) aws.FIPSEndpointState {
	if on {
		return aws.FIPSEndpointStateEnabled
	}
	return aws.FIPSEndpointStateUnset
}

func dualStackState(on bool) aws.DualStackEndpointState {
	if on {
		return aws.DualStackEndpointStateEnabled
	}
	return aws.DualStackEndpointStateUnset
}

// call makes the call on a new client of p.
func (s *scenario) call(ctx context.Context, p peer) outcome {
	if s.deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.deadline)
		defer cancel()
	}
	r := &recorder{answer: then(s.failures, respond(503, `{}`))}
	out, err := p.new(s.forClient(r)...).list(ctx, s.input, s.forCall()...)
	return outcome{sent: r.sent(), page: out, err: err}
}

func (s *scenario) String() string {
	text := func(p *string) string {
		if p == nil {
			return "nil"
		}
		if len(*p) > 200 {
			return fmt.Sprintf("%q... (%d bytes)", (*p)[:50], len(*p))
		}
		return fmt.Sprintf("%q", *p)
	}
	limit := "nil"
	if s.input.max != nil {
		limit = fmt.Sprint(*s.input.max)
	}
	shown := *s
	shown.input, shown.base, shown.endpoint, shown.hooks = input{}, nil, nil, nil
	return fmt.Sprintf("id %s, token %s, max %s, base %s, endpoint %v, %+v", text(s.input.id), text(s.input.token), limit, text(s.base), s.endpoint, shown)
}

// A fixedEndpoint is what a user's resolver resolves every call to.
type fixedEndpoint struct {
	uri          string
	headers      map[string]string
	name, scope  string // of its auth properties; "": not set
	singleEscape bool
}

func (e *fixedEndpoint) resolve() (smithyendpoints.Endpoint, error) {
	u, err := url.Parse(e.uri)
	if err != nil {
		return smithyendpoints.Endpoint{}, err
	}
	out := smithyendpoints.Endpoint{URI: *u, Headers: http.Header{}}
	for name, value := range maps.All(e.headers) {
		out.Headers.Set(name, value)
	}
	auth := &smithyauth.Option{SchemeID: smithyauth.SchemeIDSigV4}
	if e.name != "" {
		smithyhttp.SetSigV4SigningName(&auth.SignerProperties, e.name)
	}
	if e.scope != "" {
		smithyhttp.SetSigV4SigningRegion(&auth.SignerProperties, e.scope)
	}
	if e.singleEscape {
		smithyhttp.SetDisableDoubleEncoding(&auth.SignerProperties, true)
	}
	smithyauth.SetAuthOptions(&out.Properties, []*smithyauth.Option{auth})
	return out, nil
}

type (
	officialResolver func(context.Context, official.EndpointParameters) (smithyendpoints.Endpoint, error)
	ourResolver      func(context.Context, ours.EndpointParameters) (smithyendpoints.Endpoint, error)
)

func (f officialResolver) ResolveEndpoint(ctx context.Context, p official.EndpointParameters) (smithyendpoints.Endpoint, error) {
	return f(ctx, p)
}

func (f ourResolver) ResolveEndpoint(ctx context.Context, p ours.EndpointParameters) (smithyendpoints.Endpoint, error) {
	return f(ctx, p)
}

// resolveTo sets a resolver that knows one endpoint.
func resolveTo(e *fixedEndpoint) option {
	return resolveWith(func(ours.EndpointParameters) (smithyendpoints.Endpoint, error) { return e.resolve() })
}

// resolveWith sets a resolver, which gets the parameters of either peer in the
// one type: their fields are the same.
func resolveWith(f func(ours.EndpointParameters) (smithyendpoints.Endpoint, error)) option {
	return either("EndpointResolverV2",
		official.WithEndpointResolverV2(officialResolver(func(_ context.Context, p official.EndpointParameters) (smithyendpoints.Endpoint, error) {
			return f(ours.EndpointParameters(p))
		})),
		ours.WithEndpointResolverV2(ourResolver(func(_ context.Context, p ours.EndpointParameters) (smithyendpoints.Endpoint, error) {
			return f(p)
		})))
}
