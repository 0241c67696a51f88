package appintegrations

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithyauth "github.com/aws/smithy-go/auth"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/logging"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/seed-10600c52/appintegrations/internal/endpoint"
)

// EndpointResolverOptions select the kind of endpoint that a client uses.
type EndpointResolverOptions struct {
	// Logger and LogDeprecated exist for compatibility. They have no effect: no
	// endpoint of the service is deprecated.
	Logger        logging.Logger
	LogDeprecated bool

	// If set, a pseudo-Region such as fips-us-east-1 does not enable FIPS. The field
	// exists for compatibility; there is no need to set it.
	ResolvedRegion string

	// Use http instead of https: nothing is encrypted.
	DisableHTTPS bool

	// Use the dual-stack endpoint, which is reached over IPv4 and IPv6.
	UseDualStackEndpoint aws.DualStackEndpointState

	// Use the FIPS endpoint.
	UseFIPSEndpoint aws.FIPSEndpointState
}

// GetResolvedRegion returns ResolvedRegion.
func (o EndpointResolverOptions) GetResolvedRegion() string { return o.ResolvedRegion }

// GetDisableHTTPS returns DisableHTTPS.
func (o EndpointResolverOptions) GetDisableHTTPS() bool { return o.DisableHTTPS }

// GetUseDualStackEndpoint returns UseDualStackEndpoint.
func (o EndpointResolverOptions) GetUseDualStackEndpoint() aws.DualStackEndpointState {
	return o.UseDualStackEndpoint
}

// GetUseFIPSEndpoint returns UseFIPSEndpoint.
func (o EndpointResolverOptions) GetUseFIPSEndpoint() aws.FIPSEndpointState { return o.UseFIPSEndpoint }

// EndpointParameters are the input of an [EndpointResolverV2].
type EndpointParameters struct {
	// The Region, after mapping pseudo-Regions. nil: unset.
	Region *string

	// Whether to use the dual-stack endpoint. nil: unset, which counts as false.
	UseDualStack *bool

	// Whether to use the FIPS endpoint. nil: unset, which counts as false.
	UseFIPS *bool

	// Options.BaseEndpoint. nil: unset.
	Endpoint *string
}

// ValidateRequired returns an error that names the first required parameter that is
// nil, or nil if none is missing.
func (p EndpointParameters) ValidateRequired() error {
	switch {
	case p.UseDualStack == nil:
		return errors.New("parameter UseDualStack is required")
	case p.UseFIPS == nil:
		return errors.New("parameter UseFIPS is required")
	}
	return nil
}

// WithDefaults returns a copy in which UseDualStack and UseFIPS are false if they
// were nil.
func (p EndpointParameters) WithDefaults() EndpointParameters {
	if p.UseDualStack == nil {
		p.UseDualStack = new(bool)
	}
	if p.UseFIPS == nil {
		p.UseFIPS = new(bool)
	}
	return p
}

// EndpointResolverV2 resolves the endpoint of an attempt. An implementation must be
// safe for concurrent use. The client keeps the path of the endpoint as a prefix,
// sends its headers, and takes the signing name and the signing Region from the
// auth options among its properties.
type EndpointResolverV2 interface {
	ResolveEndpoint(ctx context.Context, params EndpointParameters) (smithyendpoints.Endpoint, error)
}

// NewDefaultEndpointResolverV2 returns the resolver with the endpoint rules of the
// service: all partitions, FIPS, dual-stack and a base endpoint. Its errors are
// *[ConfigError]. It is safe for concurrent use.
func NewDefaultEndpointResolverV2() EndpointResolverV2 { return defaultResolver{} }

type defaultResolver struct{}

func (defaultResolver) ResolveEndpoint(_ context.Context, params EndpointParameters) (smithyendpoints.Endpoint, error) {
	params = params.WithDefaults()
	u, err := endpoint.Resolve(endpoint.Params{
		Region: valueOr(params.Region, ""), Base: params.Endpoint,
		FIPS: *params.UseFIPS, DualStack: *params.UseDualStack,
	})
	if err != nil {
		return smithyendpoints.Endpoint{}, configError(err, params)
	}
	return smithyendpoints.Endpoint{URI: *u, Headers: http.Header{}}, nil
}

// configError adds to an error the value that it is about, as far as it is no
// secret.
func configError(err error, params EndpointParameters) error {
	var e *endpoint.Error
	if !errors.As(err, &e) {
		return err
	}
	value, reason := "", oneLine(e.Reason, maxMessageText/2)
	switch region := valueOr(params.Region, ""); {
	case e.Field == "BaseEndpoint":
		value = quoted(shownEndpoint(*params.Endpoint), maxHostText) + " "
	case e.Field == "Region" && region != "":
		value = quoted(region, maxCodeText) + " "
	}
	return &ConfigError{Field: e.Field, Reason: value + reason}
}

// checkRegion refuses a Region that can never be right. It may be empty where
// the signing Region comes from elsewhere.
func (o *Options) checkRegion() error {
	for _, region := range [...]string{o.Region, o.signingRegion} {
		if region != "" && !endpoint.ValidScope(region) {
			return &ConfigError{Field: "Region", Reason: quoted(region, maxCodeText) + " is not a Region: it may have letters, digits and inner hyphens, for example us-east-1"}
		}
	}
	return nil
}

// endpointParameters binds the options to the parameters of the resolver.
func (o *Options) endpointParameters() EndpointParameters {
	region, fips := endpoint.FIPSRegion(o.Region)
	fips = fips && o.EndpointOptions.ResolvedRegion == ""
	p := EndpointParameters{
		UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		UseFIPS:      aws.Bool(fips || o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		Endpoint:     o.BaseEndpoint,
	}
	if region != "" {
		p.Region = &region
	}
	return p
}

// A target is where an attempt goes and what it is signed for.
type target struct {
	base          url.URL
	headers       http.Header // of a custom resolver; nil: none
	signingName   string
	signingRegion string
	singleEscape  bool // a custom resolver's wish for a path that is escaped once
	plain         bool // the path of the base has nothing to escape

	prefix, rawPrefix string // of each path, from the base: as it is, and escaped
}

// resolveTarget asks the resolver where to send an attempt.
func (o *Options) resolveTarget(ctx context.Context) (*target, error) {
	resolved, err := o.EndpointResolverV2.ResolveEndpoint(ctx, o.endpointParameters())
	if err != nil {
		return nil, unresolved(err)
	}
	t := &target{base: resolved.URI, headers: resolved.Headers, signingName: signingName, signingRegion: o.Region}
	if o.EndpointOptions.DisableHTTPS {
		t.base.Scheme = "http"
	}
	auth, _ := smithyauth.GetAuthOptions(&resolved.Properties)
	for _, option := range auth {
		t.applyAuth(option)
	}
	if o.signingName != "" {
		t.signingName = o.signingName
	}
	if o.signingRegion != "" {
		t.signingRegion = o.signingRegion
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	path := t.base.EscapedPath()
	t.plain = path == strings.ReplaceAll(escape(path), "%2F", "/")
	t.prefix, t.rawPrefix = t.base.Path, path
	// A slash that is escaped at the end is part of a name there.
	if before, ok := strings.CutSuffix(path, "/"); ok {
		t.prefix, t.rawPrefix = strings.TrimSuffix(t.prefix, "/"), before
	}
	if t.prefix != "" && t.rawPrefix[0] != '/' {
		t.prefix, t.rawPrefix = "/"+t.prefix, "/"+t.rawPrefix
	}
	return t, nil
}

// unresolved is the error of a resolver.
func unresolved(err error) error {
	if config, ok := err.(*ConfigError); ok {
		return config
	}
	return foreignOf(ClassConfig, "resolve endpoint", err)
}

func (t *target) applyAuth(option *smithyauth.Option) {
	if v, ok := smithyhttp.GetSigV4SigningName(&option.SignerProperties); ok {
		t.signingName = v
	}
	if v, ok := smithyhttp.GetSigV4SigningRegion(&option.SignerProperties); ok {
		t.signingRegion = v
	}
	if v, ok := smithyhttp.GetDisableDoubleEncoding(&option.SignerProperties); ok {
		t.singleEscape = v
	}
}

func (t *target) check() error {
	if reason := endpoint.Check(&t.base); reason != "" {
		return &ConfigError{Field: "EndpointResolverV2", Reason: "returned " + quoted(origin(&t.base), maxHostText) + ", which " + reason}
	}
	if t.signingRegion == "" {
		return &ConfigError{Field: "Region", Reason: endpoint.MissingRegion + "; requests to other endpoints are signed for it too"}
	}
	if !endpoint.ValidScope(t.signingRegion) {
		return &ConfigError{Field: "EndpointResolverV2", Reason: "returned " + quoted(t.signingRegion, maxCodeText) + " as signing Region, which is none: it may have letters, digits and inner hyphens"}
	}
	return nil
}

// url joins the base with the path and the query of a request. escaped is that
// path in its escaped form.
func (t *target) url(request *url.URL, escaped string) url.URL {
	u := t.base
	u.Path, u.RawPath, u.RawQuery = t.prefix+request.Path, t.rawPrefix+escaped, request.RawQuery
	return u
}

// A targetKey holds all that the default resolver looks at.
type targetKey struct {
	region, resolvedRegion, base, signingName, signingRegion string
	hasBase, http                                            bool
	dualStack                                                aws.DualStackEndpointState
	fips                                                     aws.FIPSEndpointState
}

func (o *Options) targetKey() targetKey {
	e := &o.EndpointOptions
	return targetKey{
		region: o.Region, resolvedRegion: e.ResolvedRegion, base: valueOr(o.BaseEndpoint, ""), hasBase: o.BaseEndpoint != nil,
		signingName: o.signingName, signingRegion: o.signingRegion,
		http: e.DisableHTTPS, dualStack: e.UseDualStackEndpoint, fips: e.UseFIPSEndpoint,
	}
}
