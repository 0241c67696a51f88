package compat

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	official "github.com/aws/aws-sdk-go-v2/service/appintegrations"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ours "github.com/seed-10600c52/appintegrations"
)

// A row says what the clients do with a field, and holds both to it.
type row struct {
	field    string
	official string // "": it has no such field
	ours     string // "": the same
	check    func(*testing.T, peer)
	real     bool // check needs sockets, so no bubble
}

const leftOutOnPurpose = "left out: a compile error, see leftOut"

var optionRows = []row{
	{field: "APIOptions", official: "run for each call", check: func(t *testing.T, p peer) {
		ran := 0
		count := apiOption(func(*middleware.Stack) error { ran++; return nil })
		o := run(t, p, then(1, respond(503, `{}`)), []option{count}, []option{count})
		assert.Len(t, o.sent, 2)
		assert.Equal(t, 2, ran)
	}},
	{field: "AppID", official: "in the User-Agent as app/", check: func(t *testing.T, p peer) {
		o := run(t, p, nil, []option{set("AppID", "an-app")}, nil)
		assert.Contains(t, o.sent[0].Header.Get("User-Agent"), " app/an-app")
	}},
	{field: "AuthSchemePreference", official: "orders sigv4 and noAuth", ours: leftOutOnPurpose},
	{field: "AuthSchemeResolver", official: "chooses the scheme", ours: leftOutOnPurpose},
	{field: "AuthSchemes", official: "signs in another way", ours: leftOutOnPurpose},
	{field: "BaseEndpoint", official: "replaces the endpoint of the Region", check: func(t *testing.T, p peer) {
		o := run(t, p, nil, []option{base("http://localhost:4566/prefix")}, nil)
		assert.Equal(t, "http://localhost:4566/prefix/dataIntegrations/an-integration/associations", o.sent[0].URL.String())
	}},
	{field: "ClientLogMode", official: "logs requests, answers, retries and signing, secrets too", ours: "the same lines, the secrets redacted", check: checkLogMode},
	{field: "Credentials", official: "sign; nil sends unsigned", ours: "sign; nil is a *ConfigError", check: checkCredentials},
	{field: "DefaultsMode", official: "sets dial and TLS timeouts", check: func(t *testing.T, p peer) {
		assert.InDelta(t, 1.1, dialTimeout(t, p, set("DefaultsMode", aws.DefaultsModeInRegion)).Seconds(), 0.9)
		assert.InDelta(t, 3.1, dialTimeout(t, p, set("DefaultsMode", aws.DefaultsModeStandard)).Seconds(), 0.9)
	}, real: true},
	{field: "EndpointOptions", official: "FIPS, dual-stack, http", check: checkEndpointOptions},
	{field: "EndpointResolver", official: "deprecated: replaces the endpoint", ours: leftOutOnPurpose},
	{field: "EndpointResolverV2", official: "asked once for each attempt", check: checkResolver},
	{field: "HTTPClient", official: "sends each attempt; can be wrapped", check: checkHTTPClient},
	{field: "HTTPSignerV4", official: "signs each attempt; can be wrapped", check: checkSigner},
	{field: "IdempotencyTokenProvider", official: "nothing: the operation has no token", ours: leftOutOnPurpose},
	{field: "Interceptors", official: "run for each call", check: func(t *testing.T, p peer) {
		w := &watcher{}
		o := run(t, p, nil, []option{w.everywhere()}, []option{w.everywhere()})
		assert.Len(t, o.sent, 1)
		assert.Len(t, w.seen, 2*len(hookNames))
	}},
	{field: "Logger", official: "gets the lines of ClientLogMode", check: func(t *testing.T, p peer) {
		assert.NotEmpty(t, logged(t, p, aws.LogRequest))
		assert.Empty(t, logged(t, p, 0))
	}},
	{field: "MeterProvider", official: "measures", check: func(t *testing.T, p peer) {
		m := &meter{}
		assert.Len(t, run(t, p, nil, []option{set("MeterProvider", m)}, nil).sent, 1)
		assert.Contains(t, strings.Join(m.shown(false), "\n"), "client.call.attempts")
	}},
	{field: "Region", official: "in the host and the scope of the signature", check: func(t *testing.T, p peer) {
		o := run(t, p, nil, []option{set("Region", "eu-west-2")}, nil)
		assert.Equal(t, "app-integrations.eu-west-2.amazonaws.com", o.sent[0].URL.Host)
		assert.Contains(t, o.sent[0].Header.Get("Authorization"), "/eu-west-2/app-integrations/")
	}},
	{field: "RetryMaxAttempts", official: "overrules the Retryer, for the client and for a call", check: func(t *testing.T, p peer) {
		failing := respond(503, `{}`)
		assert.Len(t, run(t, p, failing, []option{set("RetryMaxAttempts", 5)}, nil).sent, 5)
		assert.Len(t, run(t, p, failing, []option{set("RetryMaxAttempts", 5)}, []option{set("RetryMaxAttempts", 2)}).sent, 2)
		assert.Len(t, run(t, p, failing, []option{set("Retryer", aws.NopRetryer{}), set("RetryMaxAttempts", 2)}, nil).sent, 1, "it makes nothing retryable")
	}},
	{field: "RetryMode", official: "chooses the default Retryer of the client; unset is standard", ours: "the same attempts; unset stays unset", check: checkRetryMode},
	{field: "Retryer", official: "decides on attempts; can be wrapped", check: func(t *testing.T, p peer) {
		wrap := option{"Retryer", func(o any) { set("Retryer", retry.AddWithMaxAttempts(get[aws.Retryer](o, "Retryer"), 4)).apply(o) }}
		assert.Len(t, run(t, p, respond(503, `{}`), []option{wrap}, nil).sent, 4)
		assert.Len(t, run(t, p, respond(503, `{}`), nil, []option{wrap}).sent, 4)
	}},
	{field: "RuntimeEnvironment", official: "what DefaultsMode auto means", check: func(t *testing.T, p peer) {
		auto := set("DefaultsMode", aws.DefaultsModeAuto)
		here := aws.RuntimeEnvironment{EnvironmentIdentifier: "AWS_Lambda", Region: "us-east-1"}
		assert.InDelta(t, 1.1, dialTimeout(t, p, auto, set("RuntimeEnvironment", here)).Seconds(), 0.9)
		assert.InDelta(t, 3.1, dialTimeout(t, p, auto).Seconds(), 0.9)
	}, real: true},
	{field: "TracerProvider", official: "traces", check: func(t *testing.T, p peer) {
		spans := &tracer{}
		assert.Len(t, run(t, p, nil, []option{set("TracerProvider", spans)}, nil).sent, 1)
		assert.Len(t, spans.roots, 1)
	}},

	{field: "AttemptTimeout", ours: "ends an attempt that takes longer", check: func(t *testing.T, p peer) {
		start := time.Now()
		o := run(t, p, stalled, []option{set("AttemptTimeout", time.Second), set("Retryer", aws.NopRetryer{})}, nil)
		var timeout *ours.AttemptTimeoutError
		assert.ErrorAs(t, o.err, &timeout)
		assert.Equal(t, time.Second, time.Since(start))
	}},
	{field: "MaxPageBytes", ours: "refuses a larger page", check: func(t *testing.T, p peer) {
		o := run(t, p, nil, []option{set("MaxPageBytes", int64(10)), set("Retryer", aws.NopRetryer{})}, nil)
		var malformed *ours.MalformedResponseError
		assert.ErrorAs(t, o.err, &malformed)
	}},
	{field: "OnAttempt", ours: "is called for each attempt", check: func(t *testing.T, p peer) {
		attempts := 0
		o := run(t, p, then(1, respond(503, `{}`)), []option{set("OnAttempt", func(context.Context, ours.AttemptInfo) { attempts++ })}, nil)
		require.NoError(t, o.err)
		assert.Equal(t, 2, attempts)
	}},
	{field: "DisableClockSkewCorrection", ours: "signs with this machine's clock, whatever the service says", check: func(t *testing.T, p peer) {
		assert.Contains(t, told(run(t, p, nil, []option{set("DisableClockSkewCorrection", true)}, nil)), "sends ")
	}},
}

// Every field of Options, in either client, has its row, which is true of both.
func TestOptions(t *testing.T) {
	fields := append(exported(reflect.TypeFor[official.Options]()), exported(reflect.TypeFor[ours.Options]())...)
	checkRows(t, optionRows, fields)
	for _, r := range optionRows {
		_, has := reflect.TypeFor[ours.Options]().FieldByName(r.field)
		assert.Equal(t, r.ours != leftOutOnPurpose, has, "ours has %s", r.field)
		_, has = reflect.TypeFor[official.Options]().FieldByName(r.field)
		assert.Equal(t, r.official != "", has, "official has %s", r.field)
	}
}

func checkRows(t *testing.T, rows []row, fields []string) {
	rowOf := map[string]bool{}
	for _, r := range rows {
		require.False(t, rowOf[r.field], "two rows of %s", r.field)
		require.Contains(t, fields, r.field, "a row of no field")
		rowOf[r.field] = true
		if r.official != "" && r.ours != "" && r.ours != leftOutOnPurpose {
			require.True(t, slices.ContainsFunc(differences, func(d difference) bool { return strings.HasPrefix(d.name+" ", r.field+" ") }), "no row of %s in differences", r.field)
		}
		t.Run(r.field, r.run)
		t.Logf("%s: official: %s; ours: %s", r.field, orElse(r.official, "has no such field"), orElse(r.ours, "the same"))
	}
	for _, name := range fields {
		assert.True(t, rowOf[name], "no row of %s", name)
	}
	t.Logf("counted: %d rows", len(rows))
}

func (r row) run(t *testing.T) {
	for _, p := range peers {
		if r.check == nil || r.official == "" && p.name == "official" {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			if r.real {
				r.check(t, p)
				return
			}
			synctest.Test(t, func(t *testing.T) { r.check(t, p) })
		})
	}
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func exported(t reflect.Type) (names []string) {
	for f := range t.NumField() {
		if t.Field(f).IsExported() {
			names = append(names, t.Field(f).Name)
		}
	}
	return names
}

// lines is a Logger that keeps what it gets.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Logf(_ logging.Classification, format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	logging.NewStandardLogger(&l.text).Logf(logging.Debug, format, v...)
}

func logged(t *testing.T, p peer, mode aws.ClientLogMode) string {
	l := &lines{}
	o := run(t, p, then(1, respond(503, `{}`)), []option{set("Logger", l), set("ClientLogMode", mode), set("Credentials", staticCredentials("a-session-token"))}, nil)
	require.NoError(t, o.err)
	return l.text.String()
}

func checkLogMode(t *testing.T, p peer) {
	text := logged(t, p, aws.LogRequest|aws.LogResponseWithBody|aws.LogRetries|aws.LogSigning)
	for _, want := range []string{
		"Request\nGET /dataIntegrations/an-integration/associations HTTP/1.1\n", "Response\nHTTP/1.1 200", `"ClientId":"c"`,
		"retrying request AppIntegrations/ListDataIntegrationAssociations, attempt 2", "---[ CANONICAL STRING  ]", "---[ STRING TO SIGN ]",
	} {
		assert.Contains(t, strings.ReplaceAll(text, "\r\n", "\n"), want)
	}
	secret := strings.Contains(text, "a-session-token") && strings.Contains(text, "Authorization: AWS4")
	assert.Equal(t, p.name == "official", secret, "secrets in the log")
}

func checkCredentials(t *testing.T, p peer) {
	o := run(t, p, nil, nil, nil)
	assert.Contains(t, o.sent[0].Header.Get("Authorization"), "Credential=AKIDEXAMPLE/")
	o = run(t, p, nil, []option{set("Credentials", aws.AnonymousCredentials{})}, nil)
	assert.Empty(t, o.sent[0].Header.Get("Authorization"))
	o = run(t, p, nil, []option{set("Credentials", nil)}, nil)
	assert.Len(t, o.sent, map[string]int{"official": 1, "ours": 0}[p.name])
}

func checkEndpointOptions(t *testing.T, p peer) {
	rows := []struct {
		change []option
		want   string
	}{
		{nil, "https://app-integrations.us-east-1.amazonaws.com"},
		{[]option{set("EndpointOptions.UseFIPSEndpoint", aws.FIPSEndpointStateEnabled)}, "https://app-integrations-fips.us-east-1.amazonaws.com"},
		{[]option{set("EndpointOptions.UseDualStackEndpoint", aws.DualStackEndpointStateEnabled)}, "https://app-integrations.us-east-1.api.aws"},
		{[]option{set("EndpointOptions.DisableHTTPS", true)}, "http://app-integrations.us-east-1.amazonaws.com"},
		{[]option{set("Region", "fips-us-east-1")}, "https://app-integrations-fips.us-east-1.amazonaws.com"},
		{[]option{set("Region", "fips-us-east-1"), set("EndpointOptions.ResolvedRegion", "us-east-1")}, "https://app-integrations.us-east-1.amazonaws.com"},
		{[]option{set("EndpointOptions.LogDeprecated", true), set("EndpointOptions.Logger", logging.Nop{})}, "https://app-integrations.us-east-1.amazonaws.com"},
	}
	for _, r := range rows {
		for _, o := range []outcome{run(t, p, nil, r.change, nil), run(t, p, nil, nil, r.change)} {
			assert.Equal(t, r.want, o.sent[0].URL.Scheme+"://"+o.sent[0].URL.Host)
		}
	}
}

func checkResolver(t *testing.T, p peer) {
	var asked []ours.EndpointParameters
	resolver := resolveWith(func(params ours.EndpointParameters) (smithyendpoints.Endpoint, error) {
		asked = append(asked, params)
		return (&fixedEndpoint{uri: "https://custom.example/x", headers: map[string]string{"X-Tenant": "t"}}).resolve()
	})
	o := run(t, p, then(1, respond(503, `{}`)), []option{set("Region", "us-gov-west-1-fips"), resolver}, nil)
	require.Len(t, o.sent, 2)
	assert.Equal(t, "https://custom.example/x/dataIntegrations/an-integration/associations", o.sent[1].URL.String())
	assert.Equal(t, "t", o.sent[1].Header.Get("X-Tenant"))
	want := ours.EndpointParameters{Region: aws.String("us-gov-west-1"), UseFIPS: aws.Bool(true), UseDualStack: aws.Bool(false)}
	assert.Equal(t, []ours.EndpointParameters{want, want}, asked)
	o = run(t, p, nil, []option{resolveWith(func(ours.EndpointParameters) (e smithyendpoints.Endpoint, err error) {
		return e, errors.New("unknown tenant")
	})}, nil)
	assert.ErrorContains(t, o.err, "unknown tenant")
}

type doFunc func(*http.Request) (*http.Response, error)

func (f doFunc) Do(req *http.Request) (*http.Response, error) { return f(req) }

func checkHTTPClient(t *testing.T, p peer) {
	seen := 0
	wrap := option{"HTTPClient", func(o any) {
		next := get[aws.HTTPClient](o, "HTTPClient")
		set("HTTPClient", doFunc(func(req *http.Request) (*http.Response, error) {
			seen++
			return next.Do(req)
		})).apply(o)
	}}
	assert.Len(t, run(t, p, respond(503, `{}`), []option{wrap}, []option{wrap}).sent, 3)
	assert.Equal(t, 6, seen)
}

type signFunc func(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service, region string, at time.Time, optFns ...func(*v4.SignerOptions)) error

func (f signFunc) SignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service, region string, at time.Time, optFns ...func(*v4.SignerOptions)) error {
	return f(ctx, credentials, r, payloadHash, service, region, at, optFns...)
}

func checkSigner(t *testing.T, p peer) {
	type args struct {
		keys                  aws.Credentials
		hash, service, region string
		at                    time.Time
		singleEscape          bool
	}
	var calls []args
	wrap := option{"HTTPSignerV4", func(o any) {
		next := get[v4.HTTPSigner](o, "HTTPSignerV4")
		set("HTTPSignerV4", signFunc(func(ctx context.Context, k aws.Credentials, r *http.Request, hash, service, region string, at time.Time, optFns ...func(*v4.SignerOptions)) error {
			var so v4.SignerOptions
			for _, fn := range optFns {
				fn(&so)
			}
			calls = append(calls, args{k, hash, service, region, at, so.DisableURIPathEscaping})
			return next.SignHTTP(ctx, k, r, hash, service, region, at, optFns...)
		})).apply(o)
	}}
	o := run(t, p, nil, []option{wrap}, nil)
	require.Len(t, calls, 1)
	calls[0].at = calls[0].at.UTC().Round(0)
	assert.Equal(t, args{keys: keys(""), hash: emptyPayloadHash, service: "app-integrations", region: "us-east-1", at: time.Now().UTC().Round(0)}, calls[0])
	assert.Contains(t, o.sent[0].Header.Get("Authorization"), "Signature=")
}

func checkRetryMode(t *testing.T, p peer) {
	for mode, feature := range map[aws.RetryMode]string{"": "m/E", aws.RetryModeStandard: "m/E", aws.RetryModeAdaptive: "m/F"} {
		r := &recorder{answer: respond(503, `{}`)}
		_, err := p.given(append(basics(r), set("RetryMode", mode))...).list(t.Context(), anInput)
		assert.Error(t, err)
		assert.Len(t, r.sent(), 3)
		assert.Contains(t, library(r.sent()[0]), feature)
	}
	unset := p.new(basics(&recorder{})...).options()
	assert.Equal(t, map[string]aws.RetryMode{"official": "standard", "ours": ""}[p.name], get[aws.RetryMode](unset, "RetryMode"))
}

func stalled(_ int, req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}
