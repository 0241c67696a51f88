package compat

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ours "github.com/seed-10600c52/appintegrations"
)

const (
	mostFailures = 10  // are reported: enough to see what is wrong
	batch        = 200 // scenarios whose requests are held at once
)

// Both clients send the same requests, but for the rows of differences.
func TestRequests(t *testing.T) { compareScenarios(t, 0, scenarios) }

// In AWS Lambda the trace id of the invocation is passed on.
func TestRequestsInLambda(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "a-function")
	t.Setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1 é")
	compareScenarios(t, scenarios, 300)
}

func compareScenarios(t *testing.T, first, count uint64) {
	var tally tally
	for from := first; from < first+count; from += batch {
		tally.compareBatch(t, from, min(from+batch, first+count))
	}
	if tally.failed > mostFailures {
		t.Errorf("%d scenarios differ in all", tally.failed)
	}
	t.Logf("counted: %d calls: %d requests of %d calls are equal, signatures too; %d calls are refused by both; differences: %v",
		count, tally.requests, tally.calls, tally.refused, tally.intended)
	assert.Greater(t, tally.requests, int(count)/2, "the generator must not be refused all the time")
}

func (c *tally) compareBatch(t *testing.T, from, to uint64) {
	var all []*scenario
	for n := from; n < to; n++ {
		all = append(all, generate(n))
	}
	official, ours := calls(t, officialPeer, all), calls(t, ourPeer, all)
	for n, s := range all {
		if c.failed >= mostFailures {
			c.compare(quiet{}, s, official[n], ours[n])
		} else if !c.compare(t, s, official[n], ours[n]) {
			t.Logf("scenario %d: %v\nofficial: %.300v\nours: %.300v", from+uint64(n), s, official[n].err, ours[n].err)
		}
	}
}

// calls makes each call on a new client of p: the first at the same time for
// every p, the others one a day.
func calls(t *testing.T, p peer, all []*scenario) (outcomes []outcome) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		for n, s := range all {
			time.Sleep(time.Until(start.AddDate(0, 0, n)))
			outcomes = append(outcomes, s.call(t.Context(), p))
		}
	})
	return outcomes
}

type tally struct {
	calls, requests, refused, failed int
	intended                         map[string]int
}

// quiet is for failures that are counted only.
type quiet struct{}

func (quiet) Errorf(string, ...any) {}

// compare reports whether ours did what official did, or what differences says.
func (c *tally) compare(t assert.TestingT, s *scenario, official, ours outcome) bool {
	ok := c.same(t, s, official, ours)
	if !ok {
		c.failed++
	}
	return ok
}

func (c *tally) same(t assert.TestingT, s *scenario, official, ours outcome) bool {
	refusals, sent, others := s.differences()
	switch {
	case len(official.sent) == 0 && len(ours.sent) == 0:
		c.refused++
		return assert.NotEmpty(t, typeOf(ours.err), "refused with a type of ours or smithy's")
	case len(ours.sent) == 0:
		return assert.NotEmpty(t, refusals, "ours refuses, official sends") && c.hold(t, refusals) &&
			assert.Contains(t, wantTypes(refusals), typeOf(ours.err))
	case len(official.sent) == 0:
		return assert.NotEmpty(t, sent, "official refuses, ours sends") && c.hold(t, sent)
	case len(refusals) > 0:
		return assert.Fail(t, "ours must refuse", "%v", refusals)
	case len(others) > 0:
		return c.hold(t, others)
	}
	return c.equal(t, s, official, ours)
}

// equal compares all attempts of a call.
func (c *tally) equal(t assert.TestingT, s *scenario, official, ours outcome) bool {
	if !assert.Equal(t, len(official.sent), len(ours.sent), "requests") || !assert.Equal(t, official.page == nil, ours.page == nil, "pages") {
		return false
	}
	singleEscape := s.endpoint != nil && s.endpoint.singleEscape
	for i := range official.sent {
		a, err := pinned(official.sent[i], keys(s.sessionToken), singleEscape)
		if !assert.NoError(t, err, "official") {
			return false
		}
		b, err := pinned(ours.sent[i], keys(s.sessionToken), singleEscape)
		if !assert.NoError(t, err, "ours") || !assert.Empty(t, unlike(a, b)) {
			return false
		}
		c.requests++
	}
	c.calls++
	return true
}

// hold counts rows of differences, which must exist.
func (c *tally) hold(t assert.TestingT, names []string) bool {
	if c.intended == nil {
		c.intended = map[string]int{}
	}
	for _, name := range names {
		c.intended[name]++
		if !assert.True(t, slices.ContainsFunc(differences, func(d difference) bool { return d.name == name }), "no row %q", name) {
			return false
		}
	}
	return true
}

// differences are the rows of that name that bear upon a scenario: what ours
// refuses, what ours sends and official refuses, and what is sent otherwise.
func (s *scenario) differences() (refusals, sent, others []string) {
	add := func(to *[]string, name string, holds bool) {
		if holds {
			*to = append(*to, name)
		}
	}
	id, token, region := *s.input.id, "", s.region
	if s.input.token != nil {
		token = *s.input.token
		add(&others, emptyToken, token == "")
	}
	add(&refusals, blankIdentifier, strings.TrimSpace(id) == "")
	add(&refusals, dotIdentifier, id == "." || id == "..")
	add(&refusals, controlIdentifier, strings.ContainsFunc(id, unicode.IsControl))
	add(&refusals, invalidIdentifier, !utf8.ValidString(id))
	add(&refusals, lowMaxResults, s.input.max != nil && *s.input.max < 1)
	add(&refusals, longToken, len(token) > 8<<10)
	custom := s.endpoint != nil
	add(&refusals, dottedRegion, !custom && s.base == nil && strings.Contains(region, "."))
	resolvedScope := custom && s.endpoint.scope != ""
	add(&refusals, noRegion, region == "" && (custom || s.base != nil) && s.scope == "" && !resolvedScope)
	add(&refusals, oddResolved, custom && strings.ContainsAny(s.endpoint.uri, "@?#"))
	add(&refusals, oddBase, !custom && s.base != nil && isOdd(*s.base))
	if uri := s.uri(); uri != "" {
		add(&sent, addressWithPort, !s.anonymous && isAddressWithPort(uri, s.http))
		add(&refusals, oddName, isOddName(uri))
		add(&others, zonedAddress, strings.Contains(uri, "%25") && strings.Contains(uri, "[") && !isOddName(uri) && !isAddressWithPort(uri, s.http))
	}
	add(&sent, longRegion, len(region) > 63 && (custom || s.base != nil))
	add(&others, escapedPrefix, !custom && s.base != nil && needsEscapes(*s.base))
	add(&others, unsignedSpace, s.anonymous && strings.Contains(token, " "))
	return refusals, sent, others
}

// isOdd is said of base endpoints in the generator's list of odd ones: those
// that have no scheme of http, no host, or more than host, port and path.
func isOdd(base string) bool {
	scheme, rest, ok := strings.Cut(base, "://")
	host, _, _ := strings.Cut(rest, "/")
	return !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") || host == "" ||
		strings.ContainsAny(base, "?#") || strings.Contains(host, "@") || strings.HasPrefix(host, ":") ||
		strings.HasSuffix(host, ":") || strings.HasSuffix(host, ":99999")
}

// needsEscapes reports whether official loses the escaping of an identifier
// behind a base endpoint: it does if the path, as net/url keeps it, is not the
// path as it is sent.
func needsEscapes(base string) bool {
	u, err := url.Parse(base)
	if err != nil {
		return false
	}
	kept := u.RawPath
	if kept == "" {
		kept = u.Path
	}
	return kept != u.EscapedPath()
}

// typeOf names the type of a refusal and the field that it blames, "" if it has
// no type.
func typeOf(err error) string {
	var invalid smithy.InvalidParamsError
	var config *ours.ConfigError
	var serialization *smithy.SerializationError
	switch {
	case errors.As(err, &invalid):
		return "InvalidParamsError"
	case errors.As(err, &config):
		return "ConfigError " + config.Field
	case errors.As(err, &serialization):
		return "SerializationError"
	}
	return ""
}

func wantTypes(names []string) (types []string) {
	for _, d := range differences {
		if slices.Contains(names, d.name) {
			types = append(types, strings.TrimPrefix(d.ours, "refuses: "))
		}
	}
	return types
}

// Corners are calls that are too rare to be generated and do the same in both
// clients.
func TestCorners(t *testing.T) {
	fixed := func(e fixedEndpoint) option { return resolveTo(&e) }
	rows := []struct {
		name         string
		client, call []option
	}{
		{"empty overrides", []option{signingName(""), signingRegion("")}, nil},
		{"override of what a resolver says", []option{signingName("a"), signingRegion("b-1"), fixed(fixedEndpoint{uri: "https://h", name: "c", scope: "d-1"})}, nil},
		{"Region from a resolver", []option{set("Region", ""), fixed(fixedEndpoint{uri: "https://h", scope: "d-1"})}, nil},
		{"Region from a resolver, beside a base endpoint", []option{set("Region", ""), base("https://h"), fixed(fixedEndpoint{uri: "https://h", scope: "d-1"})}, nil},
		{"anonymous by a pointer", []option{set("Credentials", &aws.AnonymousCredentials{})}, nil},
		{"anonymous in a cache", []option{set("Credentials", aws.NewCredentialsCache(aws.AnonymousCredentials{}))}, nil},
		{"anonymous client, signed call", []option{set("Credentials", aws.AnonymousCredentials{})}, []option{set("Credentials", staticCredentials(""))}},
		{"no signer for a call", nil, []option{set("HTTPSignerV4", nil)}},
		{"no Logger for a call", nil, []option{set("Logger", nil)}},
		{"unknown DefaultsMode", []option{set("DefaultsMode", aws.DefaultsMode("odd"))}, nil},
		{"headers of the resolver over those of the SDK", []option{fixed(fixedEndpoint{uri: "https://h", headers: map[string]string{
			"Content-Type": "t", "Amz-Sdk-Request": "r", "X-Amzn-Trace-Id": "i", "Accept-Encoding": "identity", "Host": "other",
		}})}, nil},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			var sent [2]outcome
			for i, p := range peers {
				synctest.Test(t, func(t *testing.T) { sent[i] = run(t, p, nil, r.client, r.call) })
				require.NoError(t, sent[i].err, p.name)
			}
			new(tally).equal(t, &scenario{}, sent[0], sent[1])
		})
	}
	t.Logf("counted: %d corners", len(rows))
}

// The invocation id, which the comparison leaves out, is one for all attempts of
// a call, and another for each call.
func TestInvocationID(t *testing.T) {
	eachPeer(t, func(t *testing.T, p peer) {
		synctest.Test(t, func(t *testing.T) {
			seen := map[string]bool{}
			for range 50 {
				o := run(t, p, then(2, respond(503, `{}`)), nil, nil)
				require.NoError(t, o.err)
				require.Len(t, o.sent, 3)
				id := o.sent[0].Header.Get(invocationIDHeader)
				assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
				assert.Equal(t, id, o.sent[1].Header.Get(invocationIDHeader))
				assert.Equal(t, id, o.sent[2].Header.Get(invocationIDHeader))
				assert.False(t, seen[id], "used before")
				seen[id] = true
			}
		})
	})
}

// isAddressWithPort reports whether an endpoint has the port of its scheme after
// what official takes for no host then: an IPv6 address, an underscore.
func isAddressWithPort(endpoint string, plain bool) bool {
	u, err := url.Parse(endpoint)
	port := "443"
	if plain || err == nil && u.Scheme == "http" {
		port = "80"
	}
	return err == nil && strings.ContainsAny(u.Host, "[_") && u.Port() == port
}

// isOddName reports whether the host of an endpoint is no name in ASCII.
func isOddName(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return err == nil && (strings.ContainsFunc(u.Host, func(r rune) bool { return r > unicode.MaxASCII }) || strings.Contains(u.Host, ".."))
}

// uri is the endpoint that is given, "" if there is none.
func (s *scenario) uri() string {
	switch {
	case s.endpoint != nil:
		return s.endpoint.uri
	case s.base != nil:
		return *s.base
	}
	return ""
}

// What is set for a call goes before what is set for its client.
func TestSigningOverrides(t *testing.T) {
	for _, row := range []struct {
		name           string
		client, call   option
		official, ours string
	}{
		{"name", signingName("of-client"), signingName("of-call"), "/us-east-1/of-client/", "/us-east-1/of-call/"},
		{"Region", signingRegion("client-1"), signingRegion("call-1"), "/client-1/app-integrations/", "/call-1/app-integrations/"},
	} {
		eachPeer(t, func(t *testing.T, p peer) {
			synctest.Test(t, func(t *testing.T) {
				o := run(t, p, nil, []option{row.client}, []option{row.call})
				require.NoError(t, o.err)
				want := row.ours
				if p.name == "official" {
					want = row.official
				}
				assert.Contains(t, o.sent[0].Header.Get("Authorization"), want, row.name)
			})
		})
	}
}
