package appintegrations

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithy "github.com/aws/smithy-go"
	smithyrand "github.com/aws/smithy-go/rand"
)

// The service and its API, as the SDK names them.
const (
	ServiceID         = "AppIntegrations"
	ServiceAPIVersion = "2020-07-29"
)

const (
	operationName = "ListDataIntegrationAssociations"
	signingName   = "app-integrations"
	version       = "0.1.0" // of this module, in the User-Agent
)

// A Client calls Amazon AppIntegrations. It is made by [New] or
// [NewFromConfig], may be copied, and is safe for concurrent use. One Client
// serves a whole process: it holds the credentials cache and the connections.
type Client struct {
	core *core
}

// core is what all copies of a Client share.
type core struct {
	options     Options // resolved; not written to after New
	credentials aws.CredentialsProvider
	httpClient  HTTPClient
	perCall     atomic.Pointer[derivedClient] // of the last call that brought its own
	agents      [2]string                     // User-Agent of a plain call and of a paginator's
	target      *target                       // of options, with the default resolver; nil: it has none
	targetKey   targetKey
	buffers     sync.Pool    // of *[]byte, for bodies
	clockOffset atomic.Int64 // nanoseconds to add to the clock when signing
}

// New returns a Client with the given options, to which optFns are applied in
// order after the defaults are filled in: there HTTPClient, Retryer,
// HTTPSignerV4, EndpointResolverV2, Logger, TracerProvider and MeterProvider
// are not nil, so that they can be wrapped. New has no error to return: what
// can never work is a *[ConfigError] of each call.
func New(options Options, optFns ...func(*Options)) *Client {
	options = options.Copy()
	options.setDefaults()
	for _, fn := range optFns {
		if fn != nil {
			fn(&options)
		}
	}
	options = options.Copy() // of what optFns gave
	options.setDefaults()    // for what was set to nil
	options.limitAttempts(0)
	options.Credentials = pinned(options.Credentials)
	c := &core{
		options:     options,
		credentials: cached(options.Credentials),
		httpClient:  deriveHTTPClient(options.HTTPClient, options.resolvedDefaultsMode),
		agents:      [2]string{userAgent(&options, false), userAgent(&options, true)},
		targetKey:   options.targetKey(),
	}
	if _, ok := options.EndpointResolverV2.(defaultResolver); ok {
		c.target, _ = options.resolveTarget(context.Background()) // an error comes back with each call
	}
	return &Client{core: c}
}

// NewFromConfig returns a Client with the options that cfg holds, as
// config.LoadDefaultConfig of the SDK loads it from the environment and the
// shared config files. cfg.ServiceOptions are applied before optFns. A
// deprecated endpoint resolver in cfg is a *[ConfigError] of each call.
func NewFromConfig(cfg aws.Config, optFns ...func(*Options)) *Client {
	return New(optionsFromConfig(cfg), func(o *Options) {
		for _, fn := range cfg.ServiceOptions {
			fn(ServiceID, o)
		}
		for _, fn := range optFns {
			if fn != nil {
				fn(o)
			}
		}
	})
}

// Options returns a copy of the options of the client. Changing it does not
// change the client.
func (c *Client) Options() Options {
	if c == nil || c.core == nil {
		return Options{}
	}
	o := c.core.options.Copy()
	o.Credentials = unpinned(o.Credentials)
	return o
}

// CloseIdleConnections closes the connections that no call is using. With
// Options.HTTPClient nil these are those of all clients that share the default
// transport. The client can be used afterwards.
func (c *Client) CloseIdleConnections() {
	if c == nil || c.core == nil {
		return
	}
	closeIdle(&derivedClient{client: c.core.httpClient})
	closeIdle(c.core.perCall.Load())
}

// A call is one invocation of the operation: its options, its input, and what
// all its attempts have in common.
type call struct {
	*core
	options      Options
	path         string // of the request, and escaped
	rawPath      string
	rawQuery     string
	token        string // the NextToken, which no error may tell; "": none
	retryer      aws.RetryerV2
	target       *target // nil: resolved anew for each attempt
	userAgent    string
	invocationID string
	attempts     int // made so far
	gate         gateContext

	// Of the last attempt.
	last         error // nil before the second
	creds        aws.Credentials
	endpoint     string // host and port
	secure       bool   // over https
	signedOffset time.Duration

	clockMended, keysMended bool
}

// invoke prepares the call, makes its attempts, and names the operation in
// what goes wrong.
func (c *Client) invoke(ctx context.Context, params *ListDataIntegrationAssociationsInput, optFns []func(*Options)) (*ListDataIntegrationAssociationsOutput, error) {
	call, err := c.prepare(ctx, params, optFns)
	if err == nil {
		var out *ListDataIntegrationAssociationsOutput
		if out, err = call.attempt(ctx); err == nil {
			return out, nil
		}
	}
	return nil, &smithy.OperationError{ServiceID: ServiceID, OperationName: operationName, Err: err}
}

var errNilContext = &permanentError{errors.New("the context is nil")}

// prepare resolves the options of the call and refuses what can never work.
// The input is copied: the caller may change it during the call.
func (c *Client) prepare(ctx context.Context, params *ListDataIntegrationAssociationsInput, optFns []func(*Options)) (*call, error) {
	if ctx == nil {
		return nil, errNilContext
	}
	if c == nil || c.core == nil {
		return nil, &ConfigError{Field: "Client", Reason: "it was not made by New or NewFromConfig"}
	}
	call := &call{core: c.core, options: c.core.options}
	call.apply(optFns)
	if err := call.options.check(); err != nil {
		return nil, err
	}
	if err := call.setInput(params); err != nil {
		return nil, err
	}
	var err error
	if call.invocationID, err = smithyrand.NewUUID(smithyrand.Reader).GetUUID(); err != nil {
		return nil, foreign("make an invocation id", err)
	}
	if call.target, err = call.knownTarget(ctx); err != nil {
		return nil, err
	}
	return call, nil
}

// apply changes the options for this call alone.
func (c *call) apply(optFns []func(*Options)) {
	before := &c.core.options
	if len(optFns) > 0 {
		c.options = c.options.Copy()
		for _, fn := range optFns {
			if fn != nil {
				fn(&c.options)
			}
		}
		c.options.setDefaults()
		c.options.limitAttempts(before.RetryMaxAttempts)
	}
	c.retryer = asRetryerV2(c.options.Retryer)
	c.userAgent = c.agentOf(&c.options)
}

// agentOf returns the User-Agent, which was built with the client unless the
// call changes what goes into it.
func (c *core) agentOf(o *Options) string {
	if o.AppID != c.options.AppID || !same(o.Credentials, c.options.Credentials) || !same(o.Retryer, c.options.Retryer) {
		return userAgent(o, o.paginating)
	}
	if o.paginating {
		return c.agents[1]
	}
	return c.agents[0]
}

// knownTarget returns the target of the call if the default resolver resolves
// it: that one depends on the options alone, so it is asked once. Any other
// resolver is asked for each attempt: nil.
func (c *call) knownTarget(ctx context.Context) (*target, error) {
	if _, ok := c.options.EndpointResolverV2.(defaultResolver); !ok {
		return nil, nil
	}
	if c.core.target != nil && c.options.targetKey() == c.core.targetKey {
		return c.core.target, nil
	}
	return c.options.resolveTarget(ctx)
}

// userAgent builds the header as the SDK does, with this library named in the
// place of the official client.
func userAgent(o *Options, paginating bool) string {
	agent := awsmiddleware.NewRequestUserAgent()
	agent.AddSDKAgentKeyValue(awsmiddleware.FrameworkMetadata, "appintegrations-go", version)
	if o.AppID != "" {
		agent.AddSDKAgentKey(awsmiddleware.ApplicationIdentifier, o.AppID)
	}
	if paginating {
		agent.AddUserAgentFeature(awsmiddleware.UserAgentFeaturePaginator)
	}
	switch r := o.Retryer.(type) {
	case *retry.Standard:
		agent.AddUserAgentFeature(awsmiddleware.UserAgentFeatureRetryModeStandard)
	case *retry.AdaptiveMode:
		agent.AddUserAgentFeature(awsmiddleware.UserAgentFeatureRetryModeAdaptive)
	case *defaultRetryer:
		agent.AddUserAgentFeature(r.userAgentFeature(o.RetryMode))
	}
	if source, ok := o.Credentials.(aws.CredentialProviderSource); ok {
		for _, s := range source.ProviderSources() {
			agent.AddCredentialsSource(s)
		}
	}
	return buildUserAgent(agent)
}
