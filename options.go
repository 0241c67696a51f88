package appintegrations

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"
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

// Options configure a [Client]. The functions that a call is given change them for
// that call. The fields have the names and meanings of the official client's; a few
// more follow at the end.
//
// In all options of this package, zero means the default, which the field
// documents. A negative time limit means no limit. A negative RetryMaxAttempts, and
// a negative delay of a waiter, is a *[ConfigError], because the SDK treats it as no
// limit and as no delay. Any other negative number means the same as zero.
//
// Package fmt, log/slog and JSON show no credentials of the value.
type Options struct {
	// Functions that change the SDK's middleware stack of each call. They run in
	// order, the client's first. The steps of the stack have the ids and the order
	// of the official client. If a function returns an error, the call fails with
	// it before anything is sent.
	//
	// A call with APIOptions, Interceptors, a TracerProvider or a MeterProvider goes
	// through such a stack. It behaves the same, and takes more memory and time.
	APIOptions []func(*middleware.Stack) error

	// An application id, which is added to the User-Agent. "": none.
	AppID string

	// A URL to use instead of the endpoint of the Region: http or https, a host, an
	// optional port, and an optional path, which is kept as a prefix. nil: the
	// endpoint of the Region. A URL with any other part is a *ConfigError. Requests
	// are unencrypted only if the URL begins with http://, or if
	// EndpointOptions.DisableHTTPS is set.
	BaseEndpoint *string

	// Which events to write to Logger, as text. 0: none. Secrets are redacted: the
	// values of headers and query parameters are logged only if they are known to be
	// harmless. So a logged request cannot be sent again.
	ClientLogMode aws.ClientLogMode

	// The provider of the credentials. The client caches them, and makes one
	// retrieval at a time; a provider that is set for one call is not cached. nil is a
	// *ConfigError. To send unsigned requests, set aws.AnonymousCredentials{}.
	Credentials aws.CredentialsProvider

	// The mode that sets the dial and TLS timeouts of the HTTP client.
	DefaultsMode aws.DefaultsMode

	// FIPS, dual-stack and HTTP settings for endpoint resolution.
	EndpointOptions EndpointResolverOptions

	// The resolver of the endpoint of each attempt. nil:
	// NewDefaultEndpointResolverV2.
	EndpointResolverV2 EndpointResolverV2

	// The signer of the requests. nil: a signer of aws/signer/v4.
	HTTPSignerV4 HTTPSignerV4

	// The logger for the events of ClientLogMode; a logger of NewSlogLogger also gets
	// records of calls and retries. nil: nothing is logged.
	Logger logging.Logger

	// The provider of meters, which get the metrics of the official client. nil:
	// nothing is measured.
	MeterProvider metrics.MeterProvider

	// The Region of the endpoint and of the signature. Required, unless the endpoint
	// and the signing Region are set in another way.
	Region string

	// The maximum number of attempts of a call, the first included. 0: the Retryer
	// decides; the default Retryer allows 3. Negative is a *ConfigError.
	RetryMaxAttempts int

	// How the default Retryer reacts to throttling. "" and aws.RetryModeAdaptive
	// limit the request rate after the first throttle; aws.RetryModeStandard does
	// not, like the official client. It can be changed for a call. It has no effect
	// on a custom Retryer.
	RetryMode aws.RetryMode

	// Decides whether, when and how often an attempt is repeated. nil: the default
	// Retryer of this package.
	Retryer aws.Retryer

	// The environment that config.LoadDefaultConfig found, for DefaultsMode auto.
	RuntimeEnvironment aws.RuntimeEnvironment

	// The provider of tracers, which get the spans of the official client. nil:
	// nothing is traced.
	TracerProvider tracing.TracerProvider

	// Sends the requests. nil: an HTTP client whose transport all clients of the
	// process share. Redirects are not followed: not by the default, nor by a
	// *http.Client or an *awshttp.BuildableClient, of which the Client uses a copy.
	//
	// After an attempt timeout, new requests to that host use new connections, if
	// no response from the host was complete since the attempt was sent. The call
	// that timed out uses new connections in any case. This holds for nil, for a
	// *awshttp.BuildableClient, and for a *http.Client with a *http.Transport. Any
	// other RoundTripper keeps its connections, and so does a transport that
	// golang.org/x/net/http2 has configured. With nil and with a
	// *awshttp.BuildableClient, a request opens at most 3 connections.
	//
	// A custom HTTPClient must honour the request's context; otherwise timeouts
	// have no effect.
	HTTPClient HTTPClient

	// Interceptors of the SDK. They run in the order of the official client. To set a
	// header of every request, use BeforeRetryLoop: as in the official client, the
	// hooks of an attempt change the request of the call, so that only the next
	// attempt sends what they set.
	Interceptors smithyhttp.InterceptorRegistry

	// The time limit of one attempt, from the retrieval of the credentials to the
	// last byte of the body. 0: 30 seconds. Negative: no limit. An attempt that takes
	// longer ends with an *AttemptTimeoutError and is retried. The limit is also that
	// of a wait for credentials, a resolver or a signer: a prompt for an MFA code, or
	// a slow credential_process, needs a longer one. Code that ignores its context
	// keeps its goroutine until it returns.
	AttemptTimeout time.Duration

	// The maximum size of the body of a page in bytes, after decompression. 0 or
	// negative: 8 MiB. A larger body is a *MalformedResponseError.
	MaxPageBytes int64

	// Do not correct the clock for signatures if the service rejects a signature
	// because of its time.
	DisableClockSkewCorrection bool

	// Called once after each attempt, in order, with the context of the call: when it
	// is known whether another attempt follows, and before the back-off. nil: nothing
	// is called. The call waits for it to return, but for at most one second after
	// the context ends. If it panics, the call does. Concurrent calls call it
	// concurrently. A call that fails before its first attempt, because of its
	// configuration or of APIOptions, does not call it.
	OnAttempt func(context.Context, AttemptInfo)

	resolvedDefaultsMode aws.DefaultsMode
	signingName          string       // overrides; "": none
	signingRegion        string       // overrides; "": none
	caller               callerKind   // who makes the call, for the User-Agent
	fault                *ConfigError // what aws.Config held that can never work
}

// Copy returns a copy that shares no APIOptions, Interceptors or BaseEndpoint with
// the original: a change of the copy does not change the original.
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
// client does. already is what the Retryer enforces; 0: nothing yet.
func (o *Options) limitAttempts(already int) {
	if o.RetryMaxAttempts == 0 || o.RetryMaxAttempts == already {
		return
	}
	if _, own := o.Retryer.(*defaultRetryer); own {
		limited := newRetryer(o.RetryMaxAttempts)
		limited.limited = true
		o.Retryer = limited
		return
	}
	o.Retryer = retry.AddWithMaxAttempts(o.Retryer, o.RetryMaxAttempts)
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
	return min(o.MaxPageBytes, math.MaxInt64-1) // one byte more is read
}

// bodyLimit is the most that anybody can read of a body.
func (o *Options) bodyLimit() int64 { return max(o.maxPageBytes(), maxErrorBody) }

// check refuses what can never work, before anything is sent.
func (o *Options) check() error {
	if o.fault != nil {
		return o.fault
	}
	switch o.RetryMode {
	case "", aws.RetryModeStandard, aws.RetryModeAdaptive:
	default:
		return &ConfigError{Field: "RetryMode", Reason: quoted(string(o.RetryMode), maxCodeText) + " is not a mode: set aws.RetryModeStandard or aws.RetryModeAdaptive, or leave it empty"}
	}
	if o.RetryMaxAttempts < 0 {
		return &ConfigError{Field: "RetryMaxAttempts", Reason: strconv.Itoa(o.RetryMaxAttempts) + " is negative: set 0 for what Retryer says, or more"}
	}
	if o.signingName != "" && !endpoint.ValidScope(strings.ReplaceAll(o.signingName, "_", "-")) {
		return &ConfigError{Field: "signing name", Reason: quoted(o.signingName, maxCodeText) + " is not the name of a service: it may have letters, digits, inner hyphens and underscores"}
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

// Format writes the options without credentials, for every verb. Providers and
// clients are written as the names of their types.
func (o Options) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%+v", o.view())
}

// LogValue returns what package log/slog writes for the options: the same as
// [Options.Format].
func (o Options) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("%+v", o.view())) }

// MarshalJSON returns the options without credentials. Providers and clients are
// written as the names of their types.
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

// WithSigV4SigningName returns a function that sets the service name of the
// signature. It overrides the one of the endpoint.
func WithSigV4SigningName(name string) func(*Options) {
	return func(o *Options) { o.signingName = name }
}

// WithSigV4SigningRegion returns a function that sets the Region of the signature.
// It overrides the one of the endpoint.
func WithSigV4SigningRegion(region string) func(*Options) {
	return func(o *Options) { o.signingRegion = region }
}
