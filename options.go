package appintegrations

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/defaults"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/seed-10600c52/appintegrations/internal/endpoint"
)

// Defaults of the limits in [Options].
const (
	defaultAttemptTimeout = 30 * time.Second
	defaultMaxPageBytes   = 8 << 20
)

// HTTPClient sends the requests of a [Client]. *http.Client and
// *awshttp.BuildableClient implement it.
type HTTPClient interface {
	Do(*http.Request) (*http.Response, error)
}

// HTTPSignerV4 signs the requests of a [Client] with Signature Version 4.
// *v4.Signer of aws/signer/v4 implements it.
type HTTPSignerV4 interface {
	SignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash string, service string, region string, signingTime time.Time, optFns ...func(*v4.SignerOptions)) error
}

// Options configure a [Client], and one call where they are changed by the
// functions given to the call. The fields are those of the official client,
// with the same meaning, and a few more at the end.
//
// Formatted with package fmt, and as JSON, the value shows no credentials.
type Options struct {
	// Changes to the middleware stack of the SDK. Not supported yet: a call with
	// any of them returns a *ConfigError.
	APIOptions []func(*middleware.Stack) error

	// An identifier of the application, added to the User-Agent. "": none.
	AppID string

	// The endpoint to use in place of the one of the Region: http or https, a
	// host, perhaps a port and a path, which is kept as a prefix. nil: that of
	// the Region. Anything else in it is a *ConfigError. The service is spoken to
	// in plain text only if it says http://, or EndpointOptions.DisableHTTPS is
	// set.
	BaseEndpoint *string

	// Which events to write to Logger. 0: none. Secrets are left out of them.
	ClientLogMode aws.ClientLogMode

	// Where the credentials come from. A provider of the client is cached, with
	// one retrieval at a time; one that is given to a call is used as it is. nil
	// is a *ConfigError: only aws.AnonymousCredentials{} sends unsigned.
	Credentials aws.CredentialsProvider

	// The mode that the dial and TLS timeouts of the HTTP client come from.
	DefaultsMode aws.DefaultsMode

	// FIPS, dual-stack and http, where the endpoint is resolved from them.
	EndpointOptions EndpointResolverOptions

	// Resolves the endpoint of each attempt. nil: NewDefaultEndpointResolverV2.
	EndpointResolverV2 EndpointResolverV2

	// Signs the requests. nil: a signer of aws/signer/v4.
	HTTPSignerV4 HTTPSignerV4

	// Where the events of ClientLogMode go. nil: nowhere.
	Logger logging.Logger

	// Measures the calls. Not supported yet: a provider that measures is a
	// *ConfigError. nil: none.
	MeterProvider metrics.MeterProvider

	// The Region to send to and to sign for. Required, unless an endpoint and a
	// signing Region are given in other ways.
	Region string

	// How many attempts a call may make, the first included. 0: as Retryer says,
	// which is 3 by default. Negative is a *ConfigError.
	RetryMaxAttempts int

	// How the default Retryer goes about throttles: aws.RetryModeStandard as the
	// official client; "" and aws.RetryModeAdaptive pace the attempts of the
	// Client once a throttle was seen. It can be changed for a call, and means
	// nothing to a Retryer of your own.
	RetryMode aws.RetryMode

	// Decides whether, when and how often an attempt is made again. nil: a
	// retryer of this package.
	Retryer aws.Retryer

	// What config.LoadDefaultConfig found out for DefaultsMode auto.
	RuntimeEnvironment aws.RuntimeEnvironment

	// Traces the calls. Not supported yet: a provider that traces is a
	// *ConfigError. nil: none.
	TracerProvider tracing.TracerProvider

	// Sends the requests. nil: a client with a transport that all clients of the
	// process share. Redirects are never followed by it, by a *http.Client or by
	// a *awshttp.BuildableClient: of the latter two a copy is used. Any other must
	// heed the context of the request: a Do that does not outlasts every timeout.
	HTTPClient HTTPClient

	// Interceptors of the SDK. Not supported yet: a call with any of them returns
	// a *ConfigError.
	Interceptors smithyhttp.InterceptorRegistry

	// How long one attempt may take, from the credentials to the last byte of
	// the body. 0: 30 seconds. Negative: no limit. An attempt that takes longer
	// ends with an *AttemptTimeoutError and may be retried.
	AttemptTimeout time.Duration

	// How many bytes the body of a page may have, decompressed. 0 or negative:
	// 8 MiB. A larger one is a *MalformedResponseError.
	MaxPageBytes int64

	// Do not correct the clock that requests are signed with when the service
	// rejects a signature for its time.
	DisableClockSkewCorrection bool

	resolvedDefaultsMode aws.DefaultsMode
	signingName          string       // overrides; "": none
	signingRegion        string       // overrides; "": none
	paginating           bool         // marks the User-Agent of a paginator's calls
	fault                *ConfigError // what aws.Config held that can never work
}

// Copy returns a copy whose APIOptions and Interceptors can be appended to, and
// whose BaseEndpoint can be written to, without changing the original.
func (o Options) Copy() Options {
	o.APIOptions = slices.Clone(o.APIOptions)
	o.Interceptors = o.Interceptors.Copy()
	o.BaseEndpoint = clone(o.BaseEndpoint)
	return o
}

// setDefaults fills what was left out, in this order.
func (o *Options) setDefaults() {
	if absent(o.Credentials) {
		o.Credentials = nil
	}
	if o.Logger == nil {
		o.Logger = logging.Nop{}
	}
	if o.resolvedDefaultsMode == "" {
		o.resolvedDefaultsMode.SetFromString(string(o.DefaultsMode))
		if o.resolvedDefaultsMode == aws.DefaultsModeAuto {
			o.resolvedDefaultsMode = defaults.ResolveDefaultsModeAuto(o.Region, o.RuntimeEnvironment)
		}
	}
	if o.Retryer == nil {
		o.Retryer = newRetryer(o.RetryMaxAttempts)
	}
	if o.HTTPClient == nil {
		o.HTTPClient = newDefaultHTTPClient(o.resolvedDefaultsMode)
	}
	if o.HTTPSignerV4 == nil {
		o.HTTPSignerV4 = v4.NewSigner()
	}
	if o.EndpointResolverV2 == nil {
		o.EndpointResolverV2 = NewDefaultEndpointResolverV2()
	}
	if o.TracerProvider == nil {
		o.TracerProvider = &tracing.NopTracerProvider{}
	}
	if o.MeterProvider == nil {
		o.MeterProvider = metrics.NopMeterProvider{}
	}
}

// limitAttempts lets RetryMaxAttempts overrule the Retryer, as the official
// client does. before is the value that the Retryer has heard of already.
func (o *Options) limitAttempts(before int) {
	if o.RetryMaxAttempts != 0 && o.RetryMaxAttempts != before {
		o.Retryer = retry.AddWithMaxAttempts(o.Retryer, o.RetryMaxAttempts)
	}
}

func (o *Options) attemptTimeout() time.Duration {
	if o.AttemptTimeout == 0 {
		return defaultAttemptTimeout
	}
	return o.AttemptTimeout
}

func (o *Options) maxPageBytes() int64 {
	if o.MaxPageBytes <= 0 {
		return defaultMaxPageBytes
	}
	return o.MaxPageBytes
}

// check refuses what can never work, before anything is sent.
func (o *Options) check() error {
	if o.fault != nil {
		return o.fault
	}
	if err := o.checkHooks(); err != nil {
		return err
	}
	switch o.RetryMode {
	case "", aws.RetryModeStandard, aws.RetryModeAdaptive:
	default:
		return &ConfigError{Field: "RetryMode", Reason: "unknown mode " + oneLine(string(o.RetryMode), maxCodeText)}
	}
	if o.RetryMaxAttempts < 0 {
		return &ConfigError{Field: "RetryMaxAttempts", Reason: "it must not be negative"}
	}
	if o.signingName != "" && !endpoint.ValidScope(strings.ReplaceAll(o.signingName, "_", "-")) {
		return &ConfigError{Field: "signing name", Reason: "not the name of a service: " + oneLine(o.signingName, maxCodeText)}
	}
	return o.checkRegion()
}

// optionsView is what of Options may be shown: no field of it can hold a
// credential.
type optionsView struct {
	AppID            string                     `json:",omitempty"`
	BaseEndpoint     string                     `json:",omitempty"`
	ClientLogMode    aws.ClientLogMode          `json:",omitempty"`
	Credentials      string                     `json:",omitempty"`
	DefaultsMode     aws.DefaultsMode           `json:",omitempty"`
	UseDualStack     aws.DualStackEndpointState `json:",omitempty"`
	UseFIPS          aws.FIPSEndpointState      `json:",omitempty"`
	DisableHTTPS     bool                       `json:",omitempty"`
	HTTPClient       string                     `json:",omitempty"`
	Region           string
	Retryer          string        `json:",omitempty"`
	RetryMaxAttempts int           `json:",omitempty"`
	RetryMode        aws.RetryMode `json:",omitempty"`
	AttemptTimeout   time.Duration `json:",omitempty"`
	MaxPageBytes     int64         `json:",omitempty"`
}

func (o Options) view() optionsView {
	v := optionsView{
		AppID: o.AppID, ClientLogMode: o.ClientLogMode, DefaultsMode: o.DefaultsMode,
		UseDualStack: o.EndpointOptions.UseDualStackEndpoint, UseFIPS: o.EndpointOptions.UseFIPSEndpoint,
		DisableHTTPS: o.EndpointOptions.DisableHTTPS, Region: o.Region,
		RetryMaxAttempts: o.RetryMaxAttempts, RetryMode: o.RetryMode,
		AttemptTimeout: o.AttemptTimeout, MaxPageBytes: o.MaxPageBytes,
		Credentials: typeName(unpinned(o.Credentials)), HTTPClient: typeName(o.HTTPClient), Retryer: typeName(o.Retryer),
	}
	if o.BaseEndpoint != nil {
		v.BaseEndpoint = withoutSecretParts(*o.BaseEndpoint)
	}
	return v
}

func typeName(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%T", v)
}

// Format writes the options without credentials, whatever the verb: providers
// and clients are named by their type.
func (o Options) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%+v", o.view())
}

// Format writes the options of the client as [Options.Format] does: package fmt
// would follow the pointer for some verbs.
func (c Client) Format(f fmt.State, verb rune) {
	if c.core == nil {
		fmt.Fprint(f, "{}")
		return
	}
	c.core.options.Format(f, verb)
}

// MarshalJSON writes the options without credentials: providers and clients
// are named by their type.
func (o Options) MarshalJSON() ([]byte, error) { return json.Marshal(o.view()) }

// WithAPIOptions returns a function that appends to Options.APIOptions.
func WithAPIOptions(optFns ...func(*middleware.Stack) error) func(*Options) {
	return func(o *Options) { o.APIOptions = append(o.APIOptions, optFns...) }
}

// WithEndpointResolverV2 returns a function that sets
// Options.EndpointResolverV2.
func WithEndpointResolverV2(v EndpointResolverV2) func(*Options) {
	return func(o *Options) { o.EndpointResolverV2 = v }
}

// WithSigV4SigningName returns a function that sets the service name in the
// signature, whatever the endpoint says.
func WithSigV4SigningName(name string) func(*Options) {
	return func(o *Options) { o.signingName = name }
}

// WithSigV4SigningRegion returns a function that sets the Region in the
// signature, whatever the endpoint says.
func WithSigV4SigningRegion(region string) func(*Options) {
	return func(o *Options) { o.signingRegion = region }
}

// optionsFromConfig takes over every field of an aws.Config that the official
// client honours.
func optionsFromConfig(cfg aws.Config) Options {
	o := Options{
		Region: cfg.Region, DefaultsMode: cfg.DefaultsMode, RuntimeEnvironment: cfg.RuntimeEnvironment,
		HTTPClient: cfg.HTTPClient, Credentials: cfg.Credentials, APIOptions: cfg.APIOptions,
		Logger: cfg.Logger, ClientLogMode: cfg.ClientLogMode, AppID: cfg.AppID,
		RetryMaxAttempts: cfg.RetryMaxAttempts, RetryMode: cfg.RetryMode,
		Interceptors: cfg.Interceptors.Copy(), BaseEndpoint: cfg.BaseEndpoint,
		DisableClockSkewCorrection: cfg.DisableClockSkewCorrection,
	}
	if cfg.Retryer != nil {
		o.Retryer = cfg.Retryer()
	}
	//lint:ignore SA1019 so that it is not ignored in silence
	if cfg.EndpointResolver != nil {
		o.fault = &ConfigError{Field: "EndpointResolver", Reason: "it is deprecated and not supported: set BaseEndpoint or EndpointResolverV2"}
	}
	//lint:ignore SA1019 so that it is not ignored in silence
	if cfg.EndpointResolverWithOptions != nil {
		o.fault = &ConfigError{Field: "EndpointResolverWithOptions", Reason: "it is deprecated and not supported: set BaseEndpoint or EndpointResolverV2"}
	}
	o.addSources(cfg.ConfigSources)
	return o
}

// addSources asks the sources of an aws.Config, the environment and the shared
// config files, for what has no field there. The first that knows answers.
// Their types are those of package config, which cannot be imported here.
func (o *Options) addSources(sources []any) {
	ctx := context.Background()
	type dualStack interface {
		GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error)
	}
	if v, ok, err := firstOf(sources, func(s dualStack) (aws.DualStackEndpointState, bool, error) { return s.GetUseDualStackEndpoint(ctx) }); ok {
		o.EndpointOptions.UseDualStackEndpoint = v
	} else if err != nil {
		o.fault = sourceFault("UseDualStackEndpoint", err)
	}
	type fips interface {
		GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error)
	}
	if v, ok, err := firstOf(sources, func(s fips) (aws.FIPSEndpointState, bool, error) { return s.GetUseFIPSEndpoint(ctx) }); ok {
		o.EndpointOptions.UseFIPSEndpoint = v
	} else if err != nil {
		o.fault = sourceFault("UseFIPSEndpoint", err)
	}
	o.addBaseEndpoint(ctx, sources)
}

// addBaseEndpoint looks for an endpoint that is configured for this service. A
// general AWS_ENDPOINT_URL has been put into aws.Config.BaseEndpoint by package
// config: it goes before an endpoint of a file, but not before the service's
// own variable.
func (o *Options) addBaseEndpoint(ctx context.Context, sources []any) {
	_, general := os.LookupEnv("AWS_ENDPOINT_URL")
	_, own := os.LookupEnv("AWS_ENDPOINT_URL_APPINTEGRATIONS")
	if general && !own {
		return
	}
	type ignoring interface {
		GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error)
	}
	if ignore, _, _ := firstOf(sources, func(s ignoring) (bool, bool, error) { return s.GetIgnoreConfiguredEndpoints(ctx) }); ignore {
		return
	}
	type baseEndpoint interface {
		GetServiceBaseEndpoint(context.Context, string) (string, bool, error)
	}
	if v, ok, err := firstOf(sources, func(s baseEndpoint) (string, bool, error) { return s.GetServiceBaseEndpoint(ctx, ServiceID) }); ok {
		o.BaseEndpoint = &v
	} else if err != nil {
		o.fault = sourceFault("BaseEndpoint", err)
	}
}

// firstOf asks each source that is an S until one knows the value or fails.
func firstOf[S, V any](sources []any, get func(S) (V, bool, error)) (value V, ok bool, err error) {
	for _, source := range sources {
		s, is := source.(S)
		if !is {
			continue
		}
		if value, ok, err = get(s); ok || err != nil {
			return value, ok && err == nil, err
		}
	}
	return value, false, nil
}

func sourceFault(field string, err error) *ConfigError {
	return &ConfigError{Field: field, Reason: "the configuration does not tell: " + oneLine(err.Error(), maxMessageText/2)}
}

// withoutSecretParts drops a user name and password, a query and a fragment
// from a URL, well-formed or not.
func withoutSecretParts(u string) string {
	if i := strings.IndexAny(u, "?#"); i >= 0 {
		u = u[:i]
	}
	scheme, rest, ok := strings.Cut(u, "://")
	if !ok {
		scheme, rest = "", u
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:] // a password may hold a slash
	if ok {
		rest = scheme + "://" + rest
	}
	return rest
}
