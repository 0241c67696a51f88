package appintegrations

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
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
	// Changes to the middleware stack of the SDK, applied to the steps of each
	// call in order, those of the client first. The steps have the ids and the
	// order of the official client. A function that returns an error ends the call
	// with it, before anything is sent.
	//
	// A call with any of them, or with Interceptors, a TracerProvider or a
	// MeterProvider, goes through such a stack. What a call promises, it promises
	// there too; it takes more memory and time.
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

	// Measures the calls, with the metrics of the official client. nil: nothing is
	// measured.
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

	// Traces the calls, with the spans of the official client. nil: nothing is
	// traced.
	TracerProvider tracing.TracerProvider

	// Sends the requests. nil: a client with a transport that all clients of the
	// process share. Redirects are never followed by it, by a *http.Client or by
	// a *awshttp.BuildableClient: of the latter two a copy is used.
	//
	// After an attempt timeout, new requests to that host use new connections, if
	// no response from the host was complete since the attempt was sent. This holds
	// for nil, for a *awshttp.BuildableClient, and for a *http.Client with a
	// *http.Transport. Any other RoundTripper keeps its connections, and so does a
	// transport that golang.org/x/net/http2 has configured. With nil and with a
	// *awshttp.BuildableClient, a request opens at most 3 connections.
	//
	// A custom HTTPClient must honour the context of the request; otherwise
	// timeouts have no effect.
	HTTPClient HTTPClient

	// Interceptors of the SDK, run in the order of the official client. To set a
	// header of every request, use BeforeRetryLoop: as in the official client, the
	// hooks of an attempt see the request of the call, not that of the attempt, so
	// what they set is sent with the next attempt only.
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
	caller               callerKind   // who makes the call, for the User-Agent
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

// LogValue is what log/slog writes of the options: the same as [Options.Format].
func (o Options) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("%+v", o.view())) }

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
