package appintegrations_test

import (
	"context"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithy "github.com/aws/smithy-go"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

type anInput = appintegrations.ListDataIntegrationAssociationsInput

// listening returns an endpoint that counts the connections to it.
func listening(t *testing.T) (endpoint string, connections *atomic.Int64) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	connections = new(atomic.Int64)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			conn.Close()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return "http://" + ln.Addr().String(), connections
}

// TestInputValidation refuses what can never be right, with the field in a
// typed error and no connection opened.
func TestInputValidation(t *testing.T) {
	id := func(id string) *anInput { return &anInput{DataIntegrationIdentifier: &id} }
	token := func(token string) *anInput {
		return &anInput{DataIntegrationIdentifier: aws.String("example"), NextToken: &token}
	}
	results := func(n int32) *anInput {
		return &anInput{DataIntegrationIdentifier: aws.String("example"), MaxResults: &n}
	}
	const identifier = "DataIntegrationIdentifier"
	rows := []struct {
		name   string
		input  *anInput
		fields []string
	}{
		{"nil input", nil, []string{identifier}},
		{"nil identifier", &anInput{}, []string{identifier}},
		{"empty", id(""), []string{identifier}},
		{"blank", id("   "), []string{identifier}},
		{"tabs and line ends", id("\t\r\n"), []string{identifier}},
		{"blank in Unicode", id("\u00a0\u3000\u2003"), []string{identifier}},
		{"dot", id("."), []string{identifier}},
		{"dots", id(".."), []string{identifier}},
		{"CR LF", id("a\r\nb"), []string{identifier}},
		{"NUL", id("a\x00"), []string{identifier}},
		{"ESC", id("\x1b[31mred"), []string{identifier}},
		{"DEL", id("a\x7f"), []string{identifier}},
		{"C1 control", id("a\u0085b"), []string{identifier}},
		{"invalid UTF-8", id("a\xff"), []string{identifier}},
		{"surrogate in UTF-8", id("\xed\xa0\x80"), []string{identifier}},
		{"overlong dot", id("\xc0\xae"), []string{identifier}},
		{"cut UTF-8", id("\xe6\x97"), []string{identifier}},
		{"MaxResults 0", results(0), []string{"MaxResults"}},
		{"MaxResults -1", results(-1), []string{"MaxResults"}},
		{"MaxResults least", results(math.MinInt32), []string{"MaxResults"}},
		{"token over 8 KiB", token(strings.Repeat("t", 8<<10+1)), []string{"NextToken"}},
		{"token of 1 MB", token(ugly), []string{"NextToken"}},
		{"all at once", &anInput{MaxResults: aws.Int32(0), NextToken: &ugly}, []string{identifier, "MaxResults", "NextToken"}},
	}
	endpoint, connections := listening(t)
	client := appintegrations.New(appintegrations.Options{Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: staticCredentials})
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := client.ListDataIntegrationAssociations(t.Context(), row.input)
			var invalid smithy.InvalidParamsError
			require.ErrorAs(t, err, &invalid)
			require.Len(t, invalid.Errs(), len(row.fields))
			for i, field := range row.fields {
				named, ok := invalid.Errs()[i].(interface{ Field() string })
				require.True(t, ok)
				assert.Equal(t, "ListDataIntegrationAssociationsInput."+field, named.Field())
				assert.Contains(t, err.Error(), field)
			}
			assert.Less(t, len(err.Error()), 512)
			for _, r := range err.Error() {
				assert.True(t, r == '\n' || r >= ' ' && r <= '~', "%q", r)
			}
		})
	}
	assert.Zero(t, connections.Load())
	t.Logf("%d inputs, %d connections", len(rows), connections.Load())
}

// TestInputIsSentByteExact sends what may be right as it is: the query says so
// here, and the fake's own tests that the signature verifies.
func TestInputIsSentByteExact(t *testing.T) {
	var sent []*http.Request
	client := scripted(func(r *http.Request) (*http.Response, error) {
		sent = append(sent, r)
		return reply(200, "{}")(r)
	}).client()
	rows := []struct {
		in    anInput
		query url.Values
	}{
		{anInput{}, url.Values{}},
		{anInput{NextToken: aws.String("")}, url.Values{}},
		{anInput{NextToken: aws.String("+/=&% \x00\r\n\xff;")}, url.Values{"nextToken": {"+/=&% \x00\r\n\xff;"}}},
		{anInput{NextToken: aws.String(strings.Repeat("\xff", 8<<10))}, url.Values{"nextToken": {strings.Repeat("\xff", 8<<10)}}},
		{anInput{MaxResults: aws.Int32(1)}, url.Values{"maxResults": {"1"}}},
		{anInput{MaxResults: aws.Int32(51)}, url.Values{"maxResults": {"51"}}},
		{anInput{MaxResults: aws.Int32(math.MaxInt32), NextToken: aws.String("maxResults=1")}, url.Values{"maxResults": {"2147483647"}, "nextToken": {"maxResults=1"}}},
	}
	for _, row := range rows {
		for _, id := range []string{"example", "...", ". ", " a", "a/b", "../x", "./.", "%2e%2e", "%2E", "?", "#", "a?b=c#d", "日本語", "e\u0301", "\u202e", "arn:aws:app-integrations:us-east-1:123456789012:data-integration/x", strings.Repeat("x", 10000)} {
			row.in.DataIntegrationIdentifier = &id
			_, err := client.ListDataIntegrationAssociations(t.Context(), &row.in)
			require.NoError(t, err, "%.40q", id)
			r := sent[len(sent)-1]
			query, err := url.ParseQuery(r.URL.RawQuery)
			require.NoError(t, err)
			assert.Equal(t, row.query, query)
			wire := strings.Split(r.URL.EscapedPath(), "/")
			require.Len(t, wire, 4)
			got, err := url.PathUnescape(wire[2])
			require.NoError(t, err)
			assert.Equal(t, id, got)
		}
	}
	t.Logf("%d requests", len(sent))
}

// TestInputOfConfiguration refuses a configuration that can never work.
func TestInputOfConfiguration(t *testing.T) {
	region := func(region string) func(*appintegrations.Options) {
		return func(o *appintegrations.Options) { o.Region = region }
	}
	base := func(base string) func(*appintegrations.Options) {
		return func(o *appintegrations.Options) { o.BaseEndpoint = &base }
	}
	behind := func(region string) func(*appintegrations.Options) {
		return func(o *appintegrations.Options) { o.BaseEndpoint, o.Region = aws.String("https://localhost"), region }
	}
	rows := []struct {
		name   string
		option func(*appintegrations.Options)
		field  string
	}{
		{"no Region", region(""), "Region"},
		{"@ in the Region", region("us-east-1@evil.example"), "Region"},
		{"/ in the Region", region("us-east-1/x"), "Region"},
		{"# in the Region", region("us-east-1#"), "Region"},
		{"? in the Region", region("x?y"), "Region"},
		{"CR LF in the Region", region("us-east-1\r\nHost: evil.example"), "Region"},
		{"space after the Region", region("us-east-1 "), "Region"},
		{"colon", region("us-east-1:80"), "Region"},
		{"percent", region("us%2feast"), "Region"},
		{"another script", region("us-еast-1"), "Region"},
		{"bidi", region("us-east-1\u202e"), "Region"},
		{"dots that build the host", region("us-east-1.evil.example"), "Region"},
		{"64 characters that build the host", region(strings.Repeat("r", 64)), "Region"},
		{"a hyphen first", region("-us-east-1"), "Region"},
		{"a hyphen last", region("us-east-1-"), "Region"},
		{"CR LF behind an endpoint", behind("us-east-1\r\n"), "Region"},
		{"/ behind an endpoint", behind("us/east"), "Region"},
		{"none behind an endpoint", behind(""), "Region"},
		{"signing Region with /", appintegrations.WithSigV4SigningRegion("us/east"), "Region"},
		{"signing Region with CR LF", appintegrations.WithSigV4SigningRegion("us\r\n"), "Region"},
		{"signing name with /", appintegrations.WithSigV4SigningName("a/b"), "signing name"},
		{"signing name with CR LF", appintegrations.WithSigV4SigningName("a\r\nX: y"), "signing name"},
		{"empty endpoint", base(""), "BaseEndpoint"},
		{"no scheme", base("localhost:4566"), "BaseEndpoint"},
		{"no scheme but slashes", base("//localhost"), "BaseEndpoint"},
		{"ftp", base("ftp://localhost"), "BaseEndpoint"},
		{"file", base("file:///etc/passwd"), "BaseEndpoint"},
		{"unix", base("unix:///var/run/x.sock"), "BaseEndpoint"},
		{"opaque", base("https:localhost"), "BaseEndpoint"},
		{"user", base("https://user@localhost"), "BaseEndpoint"},
		{"user and password", base("https://user:hunter2@localhost"), "BaseEndpoint"},
		{"query", base("https://localhost?key=hunter2"), "BaseEndpoint"},
		{"empty query", base("https://localhost/?"), "BaseEndpoint"},
		{"fragment", base("https://localhost#hunter2"), "BaseEndpoint"},
		{"empty fragment", base("https://localhost/#"), "BaseEndpoint"},
		{"no host", base("https://"), "BaseEndpoint"},
		{"no host but a path", base("https:///path"), "BaseEndpoint"},
		{"no host but a port", base("https://:443"), "BaseEndpoint"},
		{"port that is none", base("https://localhost:99999"), "BaseEndpoint"},
		{"colon without a port", base("https://localhost:"), "BaseEndpoint"},
		{"port of letters", base("https://localhost:https"), "BaseEndpoint"},
		{"CR LF in the host", base("https://localhost\r\nX: hunter2"), "BaseEndpoint"},
		{"space in the host", base("https://local host"), "BaseEndpoint"},
		{"percent in the path", base("https://localhost/%zz"), "BaseEndpoint"},
		{"RetryMode", func(o *appintegrations.Options) { o.RetryMode = "patient\r\n" }, "RetryMode"},
		{"RetryMaxAttempts", func(o *appintegrations.Options) { o.RetryMaxAttempts = -1 }, "RetryMaxAttempts"},
	}
	for _, row := range rows {
		for _, perCall := range []bool{false, true} {
			s := scripted(reply(200, "{}"))
			var err error
			if perCall {
				_, err = s.client().ListDataIntegrationAssociations(t.Context(), input("example"), row.option)
			} else {
				_, err = s.client(row.option).ListDataIntegrationAssociations(t.Context(), input("example"))
			}
			var config *appintegrations.ConfigError
			require.ErrorAs(t, err, &config, row.name)
			assert.Equal(t, row.field, config.Field, row.name)
			checkText(t, err)
			assert.NotContains(t, err.Error(), "hunter2", row.name)
			assert.NotContains(t, err.Error(), "attempt", row.name)
			assert.Zero(t, s.count(), row.name)
		}
	}
	t.Logf("%d configurations, of the client and of a call", len(rows))
}

// TestInputOfConfigurationThatWorks takes what is unusual but right.
func TestInputOfConfigurationThatWorks(t *testing.T) {
	for name, option := range map[string]func(*appintegrations.Options){
		"dots and length behind an endpoint": func(o *appintegrations.Options) {
			o.BaseEndpoint, o.Region = aws.String("https://localhost"), "local."+strings.Repeat("r", 64)
		},
		"63 characters":                func(o *appintegrations.Options) { o.Region = strings.Repeat("r", 63) },
		"only a signing Region":        func(o *appintegrations.Options) { o.BaseEndpoint, o.Region = aws.String("http://localhost"), "" },
		"IPv6, port, path and a slash": func(o *appintegrations.Options) { o.BaseEndpoint = aws.String("http://[::1]:4566/a%2Fb/") },
		"signing name":                 appintegrations.WithSigV4SigningName("execute-api"),
	} {
		s := scripted(reply(200, "{}"))
		options := []func(*appintegrations.Options){option}
		if name == "only a signing Region" {
			options = append(options, appintegrations.WithSigV4SigningRegion("us-east-1"))
		}
		_, err := s.client(options...).ListDataIntegrationAssociations(t.Context(), input("example"))
		assert.NoError(t, err, name)
		assert.Equal(t, 1, s.count(), name)
	}
}

type fixedResolver struct{ uri url.URL }

func (r fixedResolver) ResolveEndpoint(context.Context, appintegrations.EndpointParameters) (smithyendpoints.Endpoint, error) {
	return smithyendpoints.Endpoint{URI: r.uri}, nil
}

// TestInputOfResolver refuses an endpoint of a user's resolver that would lose
// a part, or send a password.
func TestInputOfResolver(t *testing.T) {
	for _, uri := range []url.URL{
		{}, {Scheme: "https"}, {Host: "localhost"}, {Scheme: "ftp", Host: "localhost"},
		{Scheme: "https", Host: "localhost", User: url.UserPassword("user", "hunter2")},
		{Scheme: "https", Host: "localhost", RawQuery: "key=hunter2"},
		{Scheme: "https", Host: "localhost", ForceQuery: true},
		{Scheme: "https", Host: "localhost", Fragment: "hunter2"},
		{Scheme: "https", Host: "localhost", Opaque: "hunter2"},
	} {
		s := scripted(reply(200, "{}"))
		client := s.client(func(o *appintegrations.Options) { o.EndpointResolverV2 = fixedResolver{uri} })
		_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
		var config *appintegrations.ConfigError
		require.ErrorAs(t, err, &config, "%+v", uri)
		assert.Equal(t, "EndpointResolverV2", config.Field)
		assert.NotContains(t, err.Error(), "hunter2")
		assert.Zero(t, s.count())
	}
}
