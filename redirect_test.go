package appintegrations_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// A visited server counts its requests, and those that carry a secret.
type visited struct {
	*httptest.Server
	requests, secrets atomic.Int64
}

func visit(t *testing.T, start func(http.Handler) *httptest.Server, answer http.HandlerFunc) *visited {
	v := &visited{}
	v.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.requests.Add(1)
		if r.Header.Get("Authorization") != "" || r.Header.Get("X-Amz-Security-Token") != "" {
			v.secrets.Add(1)
		}
		answer(w, r)
	}))
	t.Cleanup(v.Close)
	return v
}

func servePage(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(whole)) }

// redirectClients are the HTTP clients that redirects must not be followed by.
// base is the transport to reach the server with.
var redirectClients = []struct {
	name    string
	plain   bool // trusts no certificate of a test
	perCall bool
	client  func(base *http.Transport) appintegrations.HTTPClient
}{
	{"none", true, false, func(*http.Transport) appintegrations.HTTPClient { return nil }},
	{"*http.Client", false, false, func(base *http.Transport) appintegrations.HTTPClient { return &http.Client{Transport: base} }},
	{"*http.Client without a transport", true, false, func(*http.Transport) appintegrations.HTTPClient { return &http.Client{} }},
	{"*http.Client with a jar and CheckRedirect", false, false, func(base *http.Transport) appintegrations.HTTPClient {
		jar, _ := cookiejar.New(nil)
		return &http.Client{Transport: base, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
	}},
	{"*http.Client with a RoundTripper", false, false, func(base *http.Transport) appintegrations.HTTPClient {
		return &http.Client{Transport: roundTripper(base.RoundTrip)}
	}},
	{"BuildableClient", false, false, buildableOf},
	{"*http.Client, per call", false, true, func(base *http.Transport) appintegrations.HTTPClient { return &http.Client{Transport: base} }},
	{"BuildableClient, per call", false, true, buildableOf},
	{"none, per call", true, true, func(*http.Transport) appintegrations.HTTPClient { return nil }},
}

func buildableOf(base *http.Transport) appintegrations.HTTPClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		if base != nil && base.TLSClientConfig != nil {
			t.TLSClientConfig = base.TLSClientConfig.Clone()
		}
	})
}

// TestRedirect holds that a redirect is never followed. The official client
// v1.37.11 follows 307 and 308 with Authorization, from https to http with both
// secrets in clear text, and in a loop without end.
func TestRedirect(t *testing.T) {
	t.Parallel()
	cases := 0
	for _, kind := range redirectClients {
		t.Run(kind.name, func(t *testing.T) {
			for _, secure := range []bool{false, true} {
				if secure && kind.plain {
					continue
				}
				n := testRedirects(t, kind.client, secure, kind.perCall)
				cases += n
			}
		})
	}
	t.Logf("%d cases, one request each, none elsewhere", cases)
	t.Run("foreign clients", testForeignRedirects)
}

func testRedirects(t *testing.T, newClient func(*http.Transport) appintegrations.HTTPClient, secure, perCall bool) (cases int) {
	elsewhere := visit(t, httptest.NewServer, servePage)
	secureElsewhere := visit(t, httptest.NewTLSServer, servePage)
	status, location := 0, ""
	serve := httptest.NewServer
	if secure {
		serve = httptest.NewTLSServer
	}
	origin := visit(t, serve, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-Requestid", "r1")
		if location != "" {
			w.Header().Set("Location", location)
		}
		w.WriteHeader(status)
	})
	base, _ := origin.Client().Transport.(*http.Transport)
	host := strings.TrimPrefix(strings.TrimPrefix(origin.URL, "https://"), "http://")
	locations := []struct{ name, location, origin string }{
		{"other port", elsewhere.URL + "/x?nextToken=1", elsewhere.URL},
		{"other port, https", secureElsewhere.URL, secureElsewhere.URL},
		{"other port, http", strings.Replace(secureElsewhere.URL, "https", "http", 1) + "/", strings.Replace(secureElsewhere.URL, "https", "http", 1)},
		{"without a scheme", "//" + strings.TrimPrefix(elsewhere.URL, "http://") + "/", origin.URL[:strings.Index(origin.URL, "//")+2] + strings.TrimPrefix(elsewhere.URL, "http://")},
		{"subdomain", "https://sub." + host + "/", "https://sub." + host},
		{"loop", origin.URL + "/dataIntegrations/example/associations", origin.URL},
		{"relative", "../other/associations", origin.URL},
		{"absolute path", "/two-hops", origin.URL},
		{"missing", "", ""},
		{"no URL", "http://[::1/%zz", ""},
		{"bad port", "http://example.com:port/", ""},
		{"bad escape", "http://example.com/%zz", ""},
		{"user info", "http://user:secret@example.com/", "http://example.com"},
		{"other scheme", "ftp://example.com/", "ftp://example.com"},
	}
	httpClient := newClient(base)
	client := appintegrations.New(appintegrations.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(origin.URL), HTTPClient: httpClient,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "SECRETEXAMPLE", "TOKENEXAMPLE"),
	})
	defer client.CloseIdleConnections()
	var optFns []func(*appintegrations.Options)
	if perCall {
		client = appintegrations.New(client.Options(), func(o *appintegrations.Options) { o.HTTPClient = nil })
		optFns = append(optFns, func(o *appintegrations.Options) { o.HTTPClient = httpClient })
	}
	for _, status = range []int{300, 301, 302, 303, 304, 305, 306, 307, 308, 399} {
		for _, l := range locations {
			location = l.location
			name := fmt.Sprintf("%d %s from %s", status, l.name, origin.URL)
			before := origin.requests.Load()
			_, err := list(t, t.Context(), client, optFns...)
			assert.EqualValues(t, 1, origin.requests.Load()-before, "%s: requests", name)
			assertRedirect(t, err, status, l.origin, name)
			cases++
		}
	}
	assert.Zero(t, elsewhere.requests.Load()+secureElsewhere.requests.Load(), "requests elsewhere")
	return cases
}

func assertRedirect(t *testing.T, err error, status int, origin, name string) {
	t.Helper()
	redirect, ok := as[*appintegrations.RedirectError](err)
	require.True(t, ok, "%s: %v", name, err)
	assert.Equal(t, status, redirect.StatusCode, name)
	assert.Equal(t, origin, redirect.Origin, name)
	assert.Equal(t, "r1", redirect.RequestID, name)
	answered, ok := as[*awshttp.ResponseError](err)
	require.True(t, ok, "%s: %v", name, err)
	assert.Equal(t, status, answered.HTTPStatusCode(), name)
	_, ok = as[smithy.APIError](err)
	assert.True(t, ok, name)
	for _, secret := range []string{"SECRETEXAMPLE", "TOKENEXAMPLE", "nextToken", "user:secret"} {
		assert.NotContains(t, err.Error(), secret, name)
	}
	assert.NotContains(t, err.Error(), "\n", name)
}

// testForeignRedirects has clients whose inside is their own: what they followed
// is an error.
func testForeignRedirects(t *testing.T) {
	target := visit(t, httptest.NewServer, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-Requestid", "r1")
		servePage(w, r)
	})
	hop := visit(t, httptest.NewServer, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target.URL+"/", http.StatusTemporaryRedirect)
	})
	same := visit(t, httptest.NewServer, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-Requestid", "r1")
		if r.URL.Path != "/other" {
			http.Redirect(w, r, "/other", http.StatusFound)
			return
		}
		servePage(w, r)
	})
	foreign := map[string]appintegrations.HTTPClient{
		"Do":           doFunc(http.DefaultClient.Do),
		"RoundTripper": &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) { return http.DefaultClient.Do(r) })},
	}
	for name, httpClient := range foreign {
		for origin, to := range map[*visited]string{hop: target.URL, same: same.URL} {
			t.Run(name, func(t *testing.T) {
				client := stubClient("", func(o *appintegrations.Options) {
					o.HTTPClient, o.BaseEndpoint, o.Retryer = httpClient, aws.String(origin.URL), retry.NewStandard()
				})
				before := origin.requests.Load()
				_, err := list(t, t.Context(), client)
				assertRedirect(t, err, 200, to, name)
				if origin == hop {
					assert.EqualValues(t, 1, hop.requests.Load()-before)
				}
			})
		}
	}
	t.Run("a proxy's rewriting is no redirect", func(t *testing.T) {
		client := stubClient("", func(o *appintegrations.Options) {
			o.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				r = r.Clone(r.Context())
				r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(target.URL, "http://")
				return http.DefaultTransport.RoundTrip(r)
			})}
		})
		got, err := list(t, t.Context(), client)
		assert.NoError(t, err)
		assert.Equal(t, wholeText(), got)
	})
}
