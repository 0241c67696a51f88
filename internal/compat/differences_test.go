package compat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Names of the rows that the generated requests meet.
const (
	blankIdentifier   = "blank identifier"
	dotIdentifier     = "identifier of dots"
	controlIdentifier = "control character in the identifier"
	invalidIdentifier = "identifier that is not UTF-8"
	lowMaxResults     = "MaxResults below 1"
	longToken         = "NextToken over 8 KiB"
	emptyToken        = "empty NextToken"
	dottedRegion      = "Region with dots"
	longRegion        = "Region over 63 characters beside a base endpoint"
	noRegion          = "no Region beside a base endpoint"
	oddBase           = "base endpoint with more than host, port and path"
	zonedAddress      = "IPv6 address with a zone"
	escapedPrefix     = "base endpoint whose path has escapes"
	unsignedSpace     = "space in the token of an unsigned request"
	oddResolved       = "resolved endpoint with more than host, port and path"
	addressWithPort   = "IPv6 address or underscore with the default port"
	oddName           = "endpoint whose host is no name in ASCII"
)

// A difference is one that is meant. official and ours are what each does with
// the same call, in the words of told; where another test holds a row, they are
// free text.
type difference struct {
	name   string
	input  func(*input)
	change []option // of the client
	onCall []option
	answer func(int, *http.Request) (*http.Response, error) // nil: a page
	heldBy string

	official, ours, reason string
}

// differences are all that are known and meant. A difference without a row is a
// fault of ours. Those of the SDK's hooks are in the cases of TestHooks.
var differences = slices.Concat(requestDifferences, answerDifferences)

// requestDifferences are those of requests, options and refusals.
var requestDifferences = []difference{
	{name: "empty identifier", input: identifier(""), official: "refuses: SerializationError", ours: "refuses: InvalidParamsError",
		reason: "bad input has one type, the one of an identifier that is missing"},
	{name: blankIdentifier, input: identifier(" "), official: "sends /dataIntegrations/%20/associations", ours: "refuses: InvalidParamsError",
		reason: "it cannot be an identifier"},
	{name: dotIdentifier, input: identifier(".."), official: "sends /dataIntegrations/../associations", ours: "refuses: InvalidParamsError",
		reason: "whatever cleans paths on the way makes another operation of it"},
	{name: controlIdentifier, input: identifier("a\nb"), official: "sends /dataIntegrations/a%0Ab/associations", ours: "refuses: InvalidParamsError",
		reason: "it cannot be an identifier: a line that was read with its end"},
	{name: invalidIdentifier, input: identifier("a\xffb"), official: "sends /dataIntegrations/a%FFb/associations", ours: "refuses: InvalidParamsError",
		reason: "it cannot be an identifier"},
	{name: lowMaxResults, input: func(in *input) { in.max = aws.Int32(0) }, official: "sends /dataIntegrations/an-integration/associations?maxResults=0", ours: "refuses: InvalidParamsError",
		reason: "no page can have fewer than one item"},
	{name: longToken, input: nextToken(strings.Repeat("t", 8<<10+1)), official: "sends /dataIntegrations/an-integration/associations?nextToken=ttttttttttt...", ours: "refuses: InvalidParamsError",
		reason: "the service gives tokens of 1,000 characters at most"},
	{name: emptyToken, input: nextToken(""), official: "sends /dataIntegrations/an-integration/associations?nextToken=", ours: "sends /dataIntegrations/an-integration/associations",
		reason: "an empty token means the first page, as in an answer it means the last"},

	{name: "no Region", change: []option{set("Region", "")}, official: "refuses", ours: "refuses: ConfigError Region",
		reason: "the refusal has a type"},
	{name: "Region with a slash", change: []option{set("Region", "evil.example/")}, official: "refuses", ours: "refuses: ConfigError Region",
		reason: "the refusal has a type"},
	{name: dottedRegion, change: []option{set("Region", "us-east-1.evil.example")}, official: "sends /dataIntegrations/an-integration/associations", ours: "refuses: ConfigError Region",
		reason: "the request would leave the domain of AWS"},
	{name: longRegion, change: []option{set("Region", strings.Repeat("r", 64)), base("https://h")}, official: "refuses", ours: "sends /dataIntegrations/an-integration/associations",
		reason: "the limit is that of a host label, and no label is made of it here"},
	{name: noRegion, change: []option{set("Region", ""), base("https://h")}, official: "sends /dataIntegrations/an-integration/associations", ours: "refuses: ConfigError Region",
		reason: "a signature without a Region is always rejected"},

	{name: addressWithPort, change: []option{base("http://[::1]:80")}, official: "refuses", ours: "sends /dataIntegrations/an-integration/associations",
		reason: "the port is dropped before the signer drops the brackets with it"},
	{name: oddName, change: []option{base("https://bücher.example:8443")}, official: "sends /dataIntegrations/an-integration/associations", ours: "refuses: ConfigError BaseEndpoint",
		reason: "it is sent in another form than it is signed in, so the signature is always rejected"},
	{name: oddBase, change: []option{base("https://h?x=1")}, official: "sends /dataIntegrations/an-integration/associations", ours: "refuses: ConfigError BaseEndpoint",
		reason: "the query would be dropped in silence"},
	{name: "base endpoint with a user", change: []option{base("https://u:p@h")}, official: "sends /dataIntegrations/an-integration/associations", ours: "refuses: ConfigError BaseEndpoint",
		reason: "the password would be dropped in silence"},
	{name: "base endpoint with another scheme", change: []option{base("ftp://h")}, official: "sends /dataIntegrations/an-integration/associations", ours: "refuses: ConfigError BaseEndpoint",
		reason: "it can never work, and so needs no attempts"},
	{name: "base endpoint beside FIPS", change: []option{base("https://h"), set("EndpointOptions.UseFIPSEndpoint", aws.FIPSEndpointStateEnabled)}, official: "refuses", ours: "refuses: ConfigError BaseEndpoint",
		reason: "the refusal has a type"},
	{name: zonedAddress, heldBy: "TestRequests", official: "signs the zone, which package net/http does not send", ours: "signs the address without its zone",
		reason: "the service sees no zone, so the signature with it does not match"},
	{name: escapedPrefix, input: identifier("a/b"), change: []option{base("https://h/%20")}, official: "sends /%20/dataIntegrations/a/b/associations", ours: "sends /%20/dataIntegrations/a%2Fb/associations",
		reason: "identifiers are sent byte-exactly: official loses their escaping when the path of the endpoint needs some itself"},
	{name: unsignedSpace, input: nextToken("a b"), change: []option{set("Credentials", aws.AnonymousCredentials{})}, official: "sends /dataIntegrations/an-integration/associations?nextToken=a+b", ours: "sends /dataIntegrations/an-integration/associations?nextToken=a%20b",
		reason: "one spelling for all requests, that of the signature; the value is the same to a server"},

	{name: oddResolved, change: []option{resolveTo(&fixedEndpoint{uri: "https://u:p@h/x"})}, official: "sends /x/dataIntegrations/an-integration/associations", ours: "refuses: ConfigError EndpointResolverV2",
		reason: "what is true of BaseEndpoint is true of what a resolver returns"},
	{name: "resolved endpoint without a host", change: []option{resolveTo(&fixedEndpoint{uri: "https:host"})}, official: "sends /dataIntegrations/an-integration/associations", ours: "refuses: ConfigError EndpointResolverV2",
		reason: "it can never work, and so needs no attempts"},
	{name: "no resolver for a call", onCall: []option{set("EndpointResolverV2", nil)}, official: "refuses", ours: "sends /dataIntegrations/an-integration/associations",
		reason: "nil means the default, for a call as for a client"},
	{name: "no Retryer for a call", onCall: []option{set("Retryer", nil)}, official: "panics", ours: "sends /dataIntegrations/an-integration/associations",
		reason: "nil means the default, for a call as for a client"},
	{name: "signing Region that is none", change: []option{signingRegion("us east")}, official: "sends /dataIntegrations/an-integration/associations", ours: "refuses: ConfigError Region",
		reason: "the signature is always rejected"},
	{name: "HTTPSignerV4 for a call", onCall: []option{set("HTTPSignerV4", nilSigner)}, official: "sends /dataIntegrations/an-integration/associations", ours: "sends /dataIntegrations/an-integration/associations unsigned",
		reason: "official signs with the signer of the client, and nothing that is set is ignored in silence"},
	{name: "RetryMaxAttempts below 0", change: []option{set("RetryMaxAttempts", -1)}, official: "sends /dataIntegrations/an-integration/associations", ours: "refuses: ConfigError RetryMaxAttempts",
		reason: "official takes it for attempts without an end"},
	{name: "unknown RetryMode", change: []option{set("RetryMode", aws.RetryMode("odd"))}, official: "sends /dataIntegrations/an-integration/associations", ours: "refuses: ConfigError RetryMode",
		reason: "nothing that is set is ignored in silence"},

	{name: "anonymous for a call", onCall: []option{set("Credentials", aws.AnonymousCredentials{})}, official: "refuses", ours: "sends /dataIntegrations/an-integration/associations unsigned",
		reason: "what aws.AnonymousCredentials asks of a client it asks of a call"},
	{name: "Credentials that are nil", change: []option{set("Credentials", nil)}, official: "sends /dataIntegrations/an-integration/associations unsigned", ours: "refuses: ConfigError Credentials",
		reason: "no request leaves unsigned unless that is asked for"},
	{name: "empty key", change: []option{credentials("", "")}, official: "sends /dataIntegrations/an-integration/associations", ours: "refuses: ConfigError Credentials",
		reason: "the signature is always rejected"},
	{name: "key with the end of its line", change: []option{credentials("AKID\r\n", "secret\r\n")}, official: "sends /dataIntegrations/an-integration/associations", ours: "refuses: ConfigError Credentials",
		reason: "it can never be sent in a header"},

	{name: "stub without a Body", answer: func(int, *http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil }, official: "panics", ours: "sends /dataIntegrations/an-integration/associations",
		reason: "it is an empty answer, and no page"},

	{name: "HTTPClient by default", heldBy: "TestBuildableClient", official: "a *awshttp.BuildableClient", ours: "a *http.Client",
		reason: "who wraps it gets one that follows no redirect; a buildable client can not be told so. One that the user gives stays as it is"},
	{name: "WithSigV4SigningName for a client and for a call", heldBy: "TestSigningOverrides", official: "that of the client", ours: "that of the call",
		reason: "what is set for a call is about that call, and nothing that is set is ignored in silence"},
	{name: "User-Agent", heldBy: "TestRequests", official: "api/appintegrations#1.37.11", ours: "lib/appintegrations-go#<version>",
		reason: "it names the library, the official id of the service is not ours to use"},
	{name: "RetryMode unset", heldBy: "TestOptions", official: "Options().RetryMode is standard", ours: "it stays unset, and a throttled client paces its attempts",
		reason: "many calls at once must not fail by their own rate; standard, when it is set, does not pace"},
	{name: "ClientLogMode with secrets", heldBy: "TestOptions", official: "Authorization and the security token are in the log", ours: "they are redacted",
		reason: "no secret is logged"},
	{name: "EndpointResolver in aws.Config", heldBy: "TestConfig", official: "replaces the endpoint", ours: "a *ConfigError that names BaseEndpoint",
		reason: "deprecated; nothing that is set is ignored in silence"},
	{name: "EndpointResolverWithOptions in aws.Config", heldBy: "TestConfig", official: "replaces the endpoint", ours: "a *ConfigError that names BaseEndpoint",
		reason: "deprecated; nothing that is set is ignored in silence"},
	{name: "DisableClockSkewCorrection in aws.Config", heldBy: "TestConfig", official: "not looked at", ours: "Options.DisableClockSkewCorrection",
		reason: "newer official clients have it; nothing that is set is ignored in silence"},
	{name: "AuthSchemePreference noAuth in aws.Config", heldBy: "TestConfig", official: "sends unsigned", ours: "signs",
		reason: "no request leaves unsigned unless aws.AnonymousCredentials asks for it"},
}

func identifier(id string) func(*input)   { return func(in *input) { in.id = &id } }
func nextToken(token string) func(*input) { return func(in *input) { in.token = &token } }
func base(url string) option              { return set("BaseEndpoint", &url) }

func credentials(id, secret string) option {
	return set("Credentials", aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
	}))
}

// nilSigner signs nothing.
var nilSigner = signFunc(func(context.Context, aws.Credentials, *http.Request, string, string, string, time.Time, ...func(*v4.SignerOptions)) error {
	return nil
})

// Each row is true of both clients, and is met by a case of the test that holds
// it.
func TestDifferences(t *testing.T) {
	met, tests := exercised(), sources(t)
	names := map[string]bool{}
	for _, d := range differences {
		assert.False(t, names[d.name], "two rows %q", d.name)
		names[d.name] = true
		if cases, ok := met[d.heldBy]; ok {
			assert.Contains(t, cases, d.name, "no case of %s", d.heldBy)
		}
		if d.heldBy != "" {
			assert.Contains(t, tests, "\nfunc "+d.heldBy+"(", d.name)
		}
		t.Logf("%s: official: %s; ours: %s; reason: %s", d.name, d.official, d.ours, d.reason)
		if d.heldBy != "" {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				assert.Equal(t, d.official, told(d.call(t, officialPeer)), "official")
				assert.Equal(t, d.ours, told(d.call(t, ourPeer)), "ours")
			})
		})
	}
	t.Logf("counted: %d differences", len(differences))
}

func (d *difference) call(t *testing.T, p peer) (o outcome) {
	defer func() {
		if v := recover(); v != nil {
			o.err = &panicked{v}
		}
	}()
	in := anInput
	if d.input != nil {
		d.input(&in)
	}
	r := &recorder{answer: d.answer}
	out, err := p.new(append(basics(r), d.change...)...).list(t.Context(), in, d.onCall...)
	return outcome{sent: r.sent(), page: out, err: err}
}

// panicked is the error of a client that panicked.
type panicked struct{ value any }

func (p *panicked) Error() string { return fmt.Sprint("panic: ", p.value) }

// told is what a call did, in a few words.
func told(o outcome) string {
	var panicked *panicked
	switch {
	case errors.As(o.err, &panicked):
		return "panics"
	case len(o.sent) == 0:
		return strings.TrimSuffix("refuses: "+typeOf(o.err), ": ")
	}
	return "sends " + line(o.sent[0])
}

func line(req *http.Request) string {
	const longest = 80
	text := req.URL.RequestURI()
	if len(text) > longest {
		text = text[:longest-13] + "..."
	}
	if req.Header.Get("Authorization") == "" && !strings.Contains(text, "nextToken") {
		return fmt.Sprint(text, " unsigned")
	}
	return text
}

// sources returns the text of all tests.
func sources(t *testing.T) (text string) {
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		text += string(b)
	}
	return text
}

// exercised are the rows that the cases of a test meet, by its name.
func exercised() map[string][]string {
	met := map[string][]string{"TestOutage": {smallBudget}}
	for _, w := range waits {
		met["TestWaits"] = append(met["TestWaits"], w.name)
	}
	for _, rows := range faults() {
		for _, f := range rows {
			met["TestFaults"] = append(met["TestFaults"], f.differs)
		}
	}
	for _, g := range paginations {
		met["TestPaging"] = append(met["TestPaging"], g.differs)
	}
	for _, body := range pageSeeds {
		met["FuzzPage"] = append(met["FuzzPage"], pageDifferences([]byte(body))...)
	}
	for _, s := range errorSeeds {
		met["FuzzError"] = append(met["FuzzError"], errorDifferences(s.status, s.header, []byte(s.body))...)
	}
	return met
}
