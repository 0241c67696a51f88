package compat

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// isolate takes this machine's configuration away and puts env and the shared
// config file in its place.
func isolate(t *testing.T, env map[string]string, file string) {
	t.Helper()
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "AWS_") || strings.HasSuffix(strings.ToUpper(name), "_PROXY") {
			t.Setenv(name, "") // restored at the end
			require.NoError(t, os.Unsetenv(name))
		}
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config"), []byte(file), 0o600))
	defaults := map[string]string{
		"AWS_CONFIG_FILE": filepath.Join(dir, "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "none"),
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": keys("").AccessKeyID, "AWS_SECRET_ACCESS_KEY": keys("").SecretAccessKey,
	}
	maps.Copy(defaults, env)
	for name, value := range defaults {
		if value != unset {
			t.Setenv(name, value)
		}
	}
}

const unset = "(unset)" // takes a default of isolate away

// A sourceRow is one state of the environment and of the shared config file.
type sourceRow struct {
	name     string
	env      map[string]string
	file     string
	load     []func(*config.LoadOptions) error
	want     string // scheme, host and path prefix; "": those of us-east-1
	requests int    // that are sent when all are answered with 503; 0: 3
	agent    string // in the User-Agent
	token    string // the session token that is sent
}

type env = map[string]string

const (
	ofRegion     = "https://app-integrations.us-east-1.amazonaws.com"
	ofService    = "http://service.example/p"
	ofAll        = "http://all.example"
	serviceFile  = "[default]\nservices = local\n[services local]\nappintegrations =\n  endpoint_url = " + ofService + "\n"
	generalFile  = "[default]\nendpoint_url = " + ofAll + "\n"
	profilesFile = "[default]\nregion = eu-west-1\n[profile other]\nregion = eu-west-2\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\naws_session_token = from-profile\n"
)

var sourceRows = []sourceRow{
	{name: "nothing set", want: ofRegion},
	{name: "endpoint for all services", env: env{"AWS_ENDPOINT_URL": ofAll}, want: ofAll},
	{name: "endpoint for the service", env: env{"AWS_ENDPOINT_URL_APPINTEGRATIONS": ofService}, want: ofService},
	{name: "both: the service's goes first", env: env{"AWS_ENDPOINT_URL": ofAll, "AWS_ENDPOINT_URL_APPINTEGRATIONS": ofService}, want: ofService},
	{name: "another spelling of the service", env: env{"AWS_ENDPOINT_URL_APP_INTEGRATIONS": ofService}, want: ofRegion},
	{name: "endpoint ignored by the environment", env: env{"AWS_ENDPOINT_URL_APPINTEGRATIONS": ofService, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, want: ofRegion},
	{name: "general endpoint ignored", env: env{"AWS_ENDPOINT_URL": ofAll, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, want: ofRegion},
	{name: "services section", file: serviceFile, want: ofService},
	{name: "services section ignored by the environment", file: serviceFile, env: env{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, want: ofRegion},
	{name: "services section ignored by the file", file: strings.Replace(serviceFile, "services", "ignore_configured_endpoint_urls = true\nservices", 1), want: ofRegion},
	{name: "services section, and a general endpoint in the environment", file: serviceFile, env: env{"AWS_ENDPOINT_URL": ofAll}, want: ofAll},
	{name: "services section, and the service's own in the environment", file: serviceFile, env: env{"AWS_ENDPOINT_URL_APPINTEGRATIONS": "http://own.example"}, want: "http://own.example"},
	{name: "all three", file: serviceFile, env: env{"AWS_ENDPOINT_URL": ofAll, "AWS_ENDPOINT_URL_APPINTEGRATIONS": "http://own.example"}, want: "http://own.example"},
	{name: "endpoint_url of the profile", file: generalFile, want: ofAll},
	{name: "endpoint_url of the profile ignored", file: generalFile, env: env{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, want: ofRegion},
	{name: "endpoint in the code", load: []func(*config.LoadOptions) error{config.WithBaseEndpoint(ofAll)}, want: ofAll},
	{name: "endpoint in the code, and the service's own in the environment", env: env{"AWS_ENDPOINT_URL_APPINTEGRATIONS": ofService}, load: []func(*config.LoadOptions) error{config.WithBaseEndpoint(ofAll)}, want: ofAll},
	{name: "endpoint in the code, and ignored ones", env: env{"AWS_ENDPOINT_URL_APPINTEGRATIONS": ofService, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, load: []func(*config.LoadOptions) error{config.WithBaseEndpoint(ofAll)}, want: ofRegion},

	{name: "FIPS", env: env{"AWS_USE_FIPS_ENDPOINT": "true"}, want: "https://app-integrations-fips.us-east-1.amazonaws.com"},
	{name: "FIPS in the file", file: "[default]\nuse_fips_endpoint = true\n", want: "https://app-integrations-fips.us-east-1.amazonaws.com"},
	{name: "FIPS in the file, not in the environment", file: "[default]\nuse_fips_endpoint = true\n", env: env{"AWS_USE_FIPS_ENDPOINT": "false"}, want: ofRegion},
	{name: "dual-stack", env: env{"AWS_USE_DUALSTACK_ENDPOINT": "true"}, want: "https://app-integrations.us-east-1.api.aws"},
	{name: "dual-stack in the file", file: "[default]\nuse_dualstack_endpoint = true\n", want: "https://app-integrations.us-east-1.api.aws"},
	{name: "both in the code", load: []func(*config.LoadOptions) error{config.WithUseFIPSEndpoint(aws.FIPSEndpointStateEnabled), config.WithUseDualStackEndpoint(aws.DualStackEndpointStateEnabled)}, want: "https://app-integrations-fips.us-east-1.api.aws"},

	{name: "max attempts", env: env{"AWS_MAX_ATTEMPTS": "5"}, requests: 5},
	{name: "max attempts in the file", file: "[default]\nmax_attempts = 2\n", requests: 2},
	{name: "max attempts in the code", env: env{"AWS_MAX_ATTEMPTS": "5"}, load: []func(*config.LoadOptions) error{config.WithRetryMaxAttempts(1)}, requests: 1},
	{name: "retryer in the code", load: []func(*config.LoadOptions) error{config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} })}, requests: 1},
	{name: "standard mode", env: env{"AWS_RETRY_MODE": "standard"}, agent: "m/E"},
	{name: "adaptive mode", env: env{"AWS_RETRY_MODE": "adaptive"}, agent: "m/F"},
	{name: "adaptive mode in the file", file: "[default]\nretry_mode = adaptive\nmax_attempts = 4\n", requests: 4},

	{name: "Region of the profile", file: profilesFile, env: env{"AWS_REGION": unset}, want: "https://app-integrations.eu-west-1.amazonaws.com"},
	{name: "another profile", file: profilesFile, env: env{"AWS_REGION": unset, "AWS_PROFILE": "other", "AWS_ACCESS_KEY_ID": unset, "AWS_SECRET_ACCESS_KEY": unset}, want: "https://app-integrations.eu-west-2.amazonaws.com", token: "from-profile"},
	{name: "profile in the code", file: profilesFile, env: env{"AWS_REGION": unset}, load: []func(*config.LoadOptions) error{config.WithSharedConfigProfile("other")}, want: "https://app-integrations.eu-west-2.amazonaws.com", token: "from-profile"},
	{name: "session token", env: env{"AWS_SESSION_TOKEN": "a+session/token="}, token: "a+session/token="},
	{name: "app id", env: env{"AWS_SDK_UA_APP_ID": "an-app"}, agent: "app/an-app"},
	{name: "app id in the file", file: "[default]\nsdk_ua_app_id = an-app\n", agent: "app/an-app"},
	{name: "defaults mode", env: env{"AWS_DEFAULTS_MODE": "in-region"}},
}

// What config.LoadDefaultConfig finds in the environment and the shared config
// file means the same to both clients.
func TestSources(t *testing.T) {
	for _, r := range sourceRows {
		t.Run(r.name, func(t *testing.T) {
			isolate(t, r.env, r.file)
			var sent [2]configured
			for i, p := range peers {
				synctest.Test(t, func(t *testing.T) { sent[i] = r.call(t, p) })
				r.check(t, sent[i].outcome)
			}
			a, err := pinned(sent[0].sent[0], keys(r.token), false) // the times of later ones are random
			require.NoError(t, err)
			b, err := pinned(sent[1].sent[0], keys(r.token), false)
			require.NoError(t, err)
			assert.Empty(t, unlike(a, b))
			assert.Equal(t, sent[0].options, sent[1].options)
		})
	}
	t.Logf("counted: %d rows", len(sourceRows))
}

func (r *sourceRow) call(t *testing.T, p peer) configured {
	rec := &recorder{answer: respond(503, `{}`)}
	cfg, err := config.LoadDefaultConfig(t.Context(), append(r.load, config.WithHTTPClient(rec))...)
	require.NoError(t, err)
	c := p.fromConfig(cfg)
	_, err = c.list(t.Context(), anInput)
	return configured{outcome{sent: rec.sent(), err: err}, plain(c.options())}
}

// configured is an outcome with the options that led to it.
type configured struct {
	outcome
	options map[string]any
}

// plain returns the options that are values. RetryMode is left out: official
// fills it in where it is unset.
func plain(options any) map[string]any {
	fields := map[string]any{}
	for _, name := range []string{
		"AppID", "BaseEndpoint", "ClientLogMode", "DefaultsMode", "Region", "RetryMaxAttempts", "RuntimeEnvironment",
		"EndpointOptions.DisableHTTPS", "EndpointOptions.UseDualStackEndpoint", "EndpointOptions.UseFIPSEndpoint", "EndpointOptions.ResolvedRegion",
	} {
		fields[name] = field(options, name).Interface()
	}
	return fields
}

func (r *sourceRow) check(t *testing.T, o outcome) {
	requests := 3
	if r.requests != 0 {
		requests = r.requests
	}
	require.Len(t, o.sent, requests, "%v", o.err)
	assert.Equal(t, orElse(r.want, ofRegion)+"/dataIntegrations/an-integration/associations", o.sent[0].URL.String())
	assert.Contains(t, library(o.sent[0]), r.agent)
	assert.Equal(t, r.token, o.sent[0].Header.Get("X-Amz-Security-Token"))
}
