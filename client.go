package appintegrations

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The service and the version of its API, by the SDK's names.
const (
	ServiceID         = "AppIntegrations"
	ServiceAPIVersion = "2020-07-29"
)

const (
	operationName = "ListDataIntegrationAssociations"
	signingName   = "app-integrations"
)

// A Client calls Amazon AppIntegrations. Make it with [New] or [NewFromConfig]. It
// can be copied, and is safe for concurrent use. One Client for each account and
// Region is enough for a process: it contains the credentials cache, and it shares
// its connections.
type Client struct {
	core *core
}

// New returns a Client with the given options. optFns run in order after the
// defaults are set: HTTPClient, Retryer, HTTPSignerV4, EndpointResolverV2, Logger,
// TracerProvider and MeterProvider are not nil then, so that optFns can wrap them.
// New does not validate: with an invalid configuration every call returns a
// *[ConfigError].
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
	c := &core{}
	s := &c.settings
	s.options = options
	s.setProvider(cached(options.Credentials))
	s.client = deriveHTTPClient(options.HTTPClient, options.resolvedDefaultsMode)
	s.agents = &agents{options: &s.options}
	s.complete()
	return &Client{core: c}
}

// NewFromConfig returns a Client with the options in cfg, which
// config.LoadDefaultConfig of the SDK loads from the environment and the shared
// config files. cfg.ServiceOptions run before optFns. If cfg contains a deprecated
// endpoint resolver, every call returns a *[ConfigError].
func NewFromConfig(cfg aws.Config, optFns ...func(*Options)) *Client {
	return New(optionsFromConfig(cfg), func(o *Options) {
		for _, fn := range cfg.ServiceOptions {
			if fn != nil {
				fn(ServiceID, o)
			}
		}
		for _, fn := range optFns {
			if fn != nil {
				fn(o)
			}
		}
	})
}

// Options returns a copy of the client's options. A change of the copy does not
// change the client.
func (c *Client) Options() Options {
	if c == nil || c.core == nil {
		return Options{}
	}
	o := c.core.settings.options.Copy()
	o.Credentials = unpinned(o.Credentials)
	return o
}

// CloseIdleConnections closes the connections that no call is using. If
// Options.HTTPClient is nil, these are the connections of all clients that share the
// default transport. The client can still be used afterwards.
func (c *Client) CloseIdleConnections() {
	if c == nil || c.core == nil {
		return
	}
	if closer, ok := c.core.settings.client.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
	c.core.perCall.CloseIdleConnections()
}

// Format writes the options of the client as [Options.Format] does, and so keeps
// credentials out of %v, %+v and %#v.
func (c Client) Format(f fmt.State, verb rune) {
	if c.core == nil {
		fmt.Fprint(f, "{}")
		return
	}
	c.core.settings.options.Format(f, verb)
}

// invoke prepares the call, walks its steps, and puts the operation into the
// error.
func (c *Client) invoke(ctx context.Context, params *ListDataIntegrationAssociationsInput, who callerKind, optFns []func(*Options)) (*ListDataIntegrationAssociationsOutput, error) {
	k, err := c.prepare(ctx, params, who, optFns)
	if k == nil {
		return nil, operationError(err)
	}
	defer k.lease.release()
	logger, logs := k.options.Logger.(*slogLogger)
	var begun time.Time
	if logs {
		begun = time.Now()
	}
	var page *ListDataIntegrationAssociationsOutput
	switch {
	case err != nil:
	case k.hooked:
		page, err = k.throughStack(ctx)
	default:
		page, err = k.straight(ctx)
	}
	if err != nil {
		page, err = nil, operationError(err)
	}
	if logs {
		k.logCall(ctx, logger, begun, page, err)
	}
	return page, err
}

var errNilContext = &verdict{error: errors.New("the context is nil")}

// prepare rejects what can never work. The input is copied: the caller may
// change it during the call. The call is nil if there is no client.
func (c *Client) prepare(ctx context.Context, params *ListDataIntegrationAssociationsInput, who callerKind, optFns []func(*Options)) (*call, error) {
	if c == nil || c.core == nil {
		return nil, &ConfigError{Field: "Client", Reason: "was not made by New or NewFromConfig: make it with one of them"}
	}
	k := &call{core: c.core, settings: c.core.settingsOf(optFns)}
	if params != nil {
		k.input = *params
	}
	k.who = max(who, k.options.caller)
	if ctx == nil {
		return k, errNilContext
	}
	k.swept = sweptIn(ctx)
	return k, k.fault
}

// LogValue returns what package log/slog writes for the client: its options, as
// [Options.Format] writes them.
func (c Client) LogValue() slog.Value {
	if c.core == nil {
		return slog.StringValue("{}")
	}
	return c.core.settings.options.LogValue()
}

func (s *settings) setProvider(p aws.CredentialsProvider) {
	s.provider, s.anonymous = p, isAnonymous(p)
}

// complete fills in what follows from the options alone.
func (s *settings) complete() {
	s.fault = s.options.check()
	s.timeout = &AttemptTimeoutError{After: s.options.attemptTimeout()}
	s.hooked = alwaysStack || s.options.hooked()
	s.retryer = asRetryerV2(s.options.Retryer)
	s.ownRetryer = neverBlocks(s.options.Retryer)
	s.identity = identity(s.options.Credentials)
	if _, ok := s.options.EndpointResolverV2.(defaultResolver); ok {
		s.target, s.noTarget = s.options.resolveTarget(context.Background())
	}
}

// settingsOf returns the settings of a call: those of the client, unless optFns
// change its options.
func (c *core) settingsOf(optFns []func(*Options)) *settings {
	base := &c.settings
	if len(optFns) == 0 {
		return base
	}
	s := &settings{options: base.options.Copy(), provider: base.provider, anonymous: base.anonymous, client: base.client, agents: base.agents}
	for _, fn := range optFns {
		if fn != nil {
			fn(&s.options)
		}
	}
	s.options.setDefaults()
	s.options.limitAttempts(base.options.RetryMaxAttempts)
	s.complete()
	sameProvider := same(s.options.Credentials, base.options.Credentials)
	if !sameProvider {
		s.setProvider(s.options.Credentials)
	}
	if !same(s.options.HTTPClient, base.options.HTTPClient) {
		s.client, s.lease = c.derive(s.options.HTTPClient, s.options.resolvedDefaultsMode)
	}
	if s.options.AppID != base.options.AppID || !sameProvider || !same(s.options.Retryer, base.options.Retryer) {
		s.agents = &agents{options: &s.options}
	}
	s.expected.Store(c.expectedOf(s))
	return s
}

// expectedOf returns the remote that a call with settings of its own will
// probably go to: where its endpoint says, else where the client's calls go,
// unless the call changes what a resolver of the user's goes by.
func (c *core) expectedOf(s *settings) *remote {
	base := &c.settings
	switch {
	case s.target != nil:
		return c.remotes.of(remoteKey{s.target.base.Host, s.identity})
	case same(s.options.EndpointResolverV2, base.options.EndpointResolverV2) && s.options.targetKey() == base.options.targetKey() && s.identity == base.identity:
		return base.expected.Load()
	}
	return nil
}
