package compat

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/auth/bearer"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"
)

const notHonoured = "nothing: the service client does not look at it"

var configRows = []row{
	{field: "Region", official: "Options.Region", check: becomes("Region", "eu-west-2")},
	{field: "Credentials", official: "Options.Credentials", check: becomes("Credentials", staticCredentials(""))},
	{field: "BearerAuthTokenProvider", official: notHonoured, check: changesNothing(func(c *aws.Config) {
		c.BearerAuthTokenProvider = bearer.TokenProviderFunc(func(context.Context) (bearer.Token, error) { return bearer.Token{Value: "t"}, nil })
	})},
	{field: "HTTPClient", official: "Options.HTTPClient", check: becomes("HTTPClient", &recorder{})},
	{field: "EndpointResolver", official: "deprecated: replaces the endpoint", ours: "a *ConfigError that names BaseEndpoint", check: checkEndpointResolver},
	{field: "EndpointResolverWithOptions", official: "deprecated: replaces the endpoint", ours: "a *ConfigError that names BaseEndpoint", check: checkEndpointResolverWithOptions},
	{field: "RetryMaxAttempts", official: "Options.RetryMaxAttempts", check: func(t *testing.T, p peer) {
		becomes("RetryMaxAttempts", 5)(t, p)
		assert.Len(t, withConfig(t, p, respond(503, `{}`), func(c *aws.Config) { c.RetryMaxAttempts = 5 }).sent, 5)
	}},
	{field: "RetryMode", official: "Options.RetryMode", check: func(t *testing.T, p peer) {
		becomes("RetryMode", aws.RetryModeAdaptive)(t, p)
		o := withConfig(t, p, nil, func(c *aws.Config) { c.RetryMode = aws.RetryModeAdaptive })
		assert.Contains(t, library(o.sent[0]), "m/F")
	}},
	{field: "Retryer", official: "called once for each client: Options.Retryer", check: func(t *testing.T, p peer) {
		made := 0
		o := withConfig(t, p, respond(503, `{}`), func(c *aws.Config) {
			c.Retryer = func() aws.Retryer {
				made++
				return retry.AddWithMaxAttempts(retry.NewStandard(), 4)
			}
		})
		assert.Len(t, o.sent, 4)
		assert.Equal(t, 1, made)
	}},
	{field: "ConfigSources", official: "asked for FIPS, dual-stack and the endpoint", check: checkSources},
	{field: "APIOptions", official: "run for each call", check: func(t *testing.T, p peer) {
		ran := 0
		o := withConfig(t, p, nil, func(c *aws.Config) {
			c.APIOptions = []func(*middleware.Stack) error{func(*middleware.Stack) error { ran++; return nil }}
		})
		assert.Equal(t, "sends /dataIntegrations/an-integration/associations", told(o))
		assert.Equal(t, 1, ran)
	}},
	{field: "Logger", official: "Options.Logger", check: becomes("Logger", &lines{})},
	{field: "ClientLogMode", official: "Options.ClientLogMode", check: becomes("ClientLogMode", aws.LogRetries|aws.LogResponse)},
	{field: "DefaultsMode", official: "Options.DefaultsMode", check: becomes("DefaultsMode", aws.DefaultsModeMobile)},
	{field: "RuntimeEnvironment", official: "Options.RuntimeEnvironment", check: becomes("RuntimeEnvironment", aws.RuntimeEnvironment{Region: "us-east-1"})},
	{field: "AppID", official: "Options.AppID", check: becomes("AppID", "an-app")},
	{field: "BaseEndpoint", official: "Options.BaseEndpoint", check: becomes("BaseEndpoint", aws.String("https://h/p"))},
	{field: "DisableRequestCompression", official: notHonoured, check: changesNothing(func(c *aws.Config) { c.DisableRequestCompression = true })},
	{field: "RequestMinCompressSizeBytes", official: notHonoured, check: changesNothing(func(c *aws.Config) { c.RequestMinCompressSizeBytes = 1 })},
	{field: "DisableClockSkewCorrection", official: notHonoured, ours: "Options.DisableClockSkewCorrection, as in newer official clients", check: func(t *testing.T, p peer) {
		changesNothing(func(c *aws.Config) { c.DisableClockSkewCorrection = true })(t, p)
		if p.name == "ours" {
			becomes("DisableClockSkewCorrection", true)(t, p)
		}
	}},
	{field: "AccountIDEndpointMode", official: notHonoured, check: changesNothing(func(c *aws.Config) { c.AccountIDEndpointMode = aws.AccountIDEndpointModeRequired })},
	{field: "RequestChecksumCalculation", official: notHonoured, check: changesNothing(func(c *aws.Config) { c.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported })},
	{field: "ResponseChecksumValidation", official: notHonoured, check: changesNothing(func(c *aws.Config) { c.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported })},
	{field: "Interceptors", official: "run for each call", check: func(t *testing.T, p peer) {
		w := &watcher{}
		o := withConfig(t, p, nil, func(c *aws.Config) { c.Interceptors.AddBeforeSigning(w) })
		assert.Equal(t, "sends /dataIntegrations/an-integration/associations", told(o))
		assert.Len(t, w.seen, 1)
	}},
	{field: "AuthSchemePreference", official: "noAuth sends unsigned; other schemes change nothing", ours: "nothing: unsigned only with aws.AnonymousCredentials", check: func(t *testing.T, p peer) {
		changesNothing(func(c *aws.Config) { c.AuthSchemePreference = []string{"sigv4a", "sigv4", "httpBearerAuth"} })(t, p)
		o := withConfig(t, p, nil, func(c *aws.Config) { c.AuthSchemePreference = []string{"noAuth"} })
		assert.Equal(t, p.name == "ours", o.sent[0].Header.Get("Authorization") != "", "signed")
	}},
	{field: "ServiceOptions", official: "called with the service id and the Options, before the functions of NewFromConfig", check: func(t *testing.T, p peer) {
		var order []string
		o := withConfig(t, p, nil, func(c *aws.Config) {
			c.ServiceOptions = []func(string, any){func(service string, options any) {
				order = append(order, service)
				set("AppID", "of-service-options").apply(options)
			}}
		}, option{"", func(options any) { order = append(order, get[string](options, "AppID")) }})
		assert.Equal(t, []string{"AppIntegrations", "of-service-options"}, order)
		assert.Contains(t, library(o.sent[0]), "app/of-service-options")
	}},
	{field: "RestrictFilePermissions", official: notHonoured, check: changesNothing(func(c *aws.Config) { c.RestrictFilePermissions = aws.RestrictFilePermissionsUnrestricted })},
}

// Every field of aws.Config has its row, which is true of both clients.
func TestConfig(t *testing.T) {
	checkRows(t, configRows, exported(reflect.TypeFor[aws.Config]()))
}

// withConfig makes one call on a client that NewFromConfig makes.
func withConfig(t *testing.T, p peer, answer func(int, *http.Request) (*http.Response, error), change func(*aws.Config), opts ...option) outcome {
	t.Helper()
	r := &recorder{answer: answer}
	cfg := aws.Config{Region: "us-east-1", Credentials: staticCredentials(""), HTTPClient: r}
	change(&cfg)
	out, err := p.fromConfig(cfg, opts...).list(t.Context(), anInput)
	return outcome{sent: r.sent(), page: out, err: err}
}

// becomes checks that a field of aws.Config is the one of that name in Options.
func becomes(name string, value any) func(*testing.T, peer) {
	return func(t *testing.T, p peer) {
		var cfg aws.Config
		reflect.ValueOf(&cfg).Elem().FieldByName(name).Set(reflect.ValueOf(value))
		assert.Equal(t, value, field(p.fromConfig(cfg).options(), name).Interface())
	}
}

// changesNothing checks that the request is the same as without the change.
func changesNothing(change func(*aws.Config)) func(*testing.T, peer) {
	return func(t *testing.T, p peer) {
		with, without := withConfig(t, p, nil, change), withConfig(t, p, nil, func(*aws.Config) {})
		a, err := pinned(with.sent[0], keys(""), false)
		assert.NoError(t, err)
		b, err := pinned(without.sent[0], keys(""), false)
		assert.NoError(t, err)
		assert.Empty(t, unlike(b, a))
	}
}

// A source is one of aws.Config.ConfigSources.
type source struct {
	fips      aws.FIPSEndpointState
	dualStack aws.DualStackEndpointState
	endpoint  string
	ignore    bool
}

func (s source) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	return s.fips, s.fips != 0, nil
}

func (s source) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	return s.dualStack, s.dualStack != 0, nil
}

func (s source) GetServiceBaseEndpoint(_ context.Context, id string) (string, bool, error) {
	return s.endpoint + strings.ToLower(id), s.endpoint != "", nil
}

func (s source) GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error) {
	return s.ignore, s.ignore, nil
}

// checkSources asks sources of the user's own: the first that knows answers.
func checkSources(t *testing.T, p peer) {
	on, off := aws.FIPSEndpointStateEnabled, aws.FIPSEndpointStateDisabled
	dual := aws.DualStackEndpointStateEnabled
	rows := []struct {
		sources []any
		want    string
	}{
		{nil, "https://app-integrations.us-east-1.amazonaws.com"},
		{[]any{1, nil, "x", source{}}, "https://app-integrations.us-east-1.amazonaws.com"},
		{[]any{source{fips: on}}, "https://app-integrations-fips.us-east-1.amazonaws.com"},
		{[]any{source{}, source{fips: off}, source{fips: on}}, "https://app-integrations.us-east-1.amazonaws.com"},
		{[]any{source{dualStack: dual}, source{fips: on}}, "https://app-integrations-fips.us-east-1.api.aws"},
		{[]any{source{}, source{endpoint: "http://first.example/"}, source{endpoint: "http://second.example/"}}, "http://first.example"},
		{[]any{source{endpoint: "http://first.example/"}, source{ignore: true}}, "https://app-integrations.us-east-1.amazonaws.com"},
	}
	for _, r := range rows {
		o := withConfig(t, p, nil, func(c *aws.Config) { c.ConfigSources = r.sources })
		assert.Equal(t, r.want, o.sent[0].URL.Scheme+"://"+o.sent[0].URL.Host)
	}
}
