package appintegrations_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// throughProxy returns a client that reaches an https endpoint through the proxy
// s.
func throughProxy(t *testing.T, s *faultServer, optFns ...func(*http.Transport)) *appintegrations.Client {
	return s.client(t, func(o *appintegrations.Options) {
		o.BaseEndpoint = nil
		o.HTTPClient = s.buildable().WithTransportOptions(func(t *http.Transport) {
			t.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.test:3128", User: url.UserPassword("user", "hunter2")})
		}).WithTransportOptions(optFns...)
	})
}

// TestProxyRejects holds that what a proxy responds to CONNECT is an error of the
// API with its status, as if the proxy stood in an http endpoint's way.
func TestProxyRejects(t *testing.T) {
	for _, row := range []struct {
		status   int
		code     string
		attempts int64
	}{
		{407, "ProxyAuthenticationRequired", 1},
		{403, "Forbidden", 1},
		{404, "NotFound", 1},
		{302, "Found", 1},
		{502, "BadGateway", 3},
		{503, "ServiceUnavailable", 3},
		{504, "GatewayTimeout", 3},
		{429, "ThrottlingException", 3},
	} {
		bubble(t, strconv.Itoa(row.status), func(t *testing.T) {
			s := (&faultServer{answer: func(c *faultConn, _ int) {
				c.say(fmt.Sprintf("HTTP/1.1 %d %s\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 6\r\n\r\n<html>", row.status, http.StatusText(row.status)))
			}}).start(t)
			client := throughProxy(t, s, func(*http.Transport) {})
			_, err := list(t, t.Context(), client, func(o *appintegrations.Options) { o.RetryMaxAttempts = 3 })
			t.Log(err)
			answered, _ := as[*awshttp.ResponseError](err)
			require.NotNil(t, answered, "%v", err)
			assert.Equal(t, row.status, answered.HTTPStatusCode())
			api, _ := as[smithy.APIError](err)
			require.NotNil(t, api, "%v", err)
			assert.Equal(t, row.code, api.ErrorCode())
			assert.NotContains(t, fmt.Sprintf("%v %+v", err, answered.Response.Response.Request), "hunter2")
			assert.Empty(t, answered.Response.Request.Header.Get("Proxy-Authorization"))
			assert.Equal(t, row.attempts, s.requests.Load(), "attempts")
		})
	}
	bubble(t, "a hook of the user's", func(t *testing.T) {
		s := (&faultServer{answer: func(c *faultConn, _ int) { c.say("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n") }}).start(t)
		seen := 0
		client := throughProxy(t, s, func(t *http.Transport) {
			t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
				seen = resp.StatusCode
				return nil
			}
		})
		_, err := list(t, t.Context(), client)
		assert.Equal(t, 407, seen)
		_, ok := as[smithy.APIError](err)
		assert.True(t, ok, "%v", err)
	})
}

// TestProxyPassword has proxy URLs that do not parse: package net/http quotes
// them.
func TestProxyPassword(t *testing.T) {
	for _, address := range []string{"http://user:hunter2%zz@proxy.test", "http://user:hun ter2@proxy.test", "http://user:hunter2@proxy.test:x", "://user:hunter2@proxy.test"} {
		for name, client := range map[string]func(*http.Transport) appintegrations.HTTPClient{
			"BuildableClient": func(given *http.Transport) appintegrations.HTTPClient {
				return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy = given.Proxy })
			},
			"http.Client": func(given *http.Transport) appintegrations.HTTPClient { return &http.Client{Transport: given} },
		} {
			t.Run(address+", "+name, func(t *testing.T) {
				asked := 0
				proxy := func(*http.Request) (*url.URL, error) {
					asked++
					u, err := url.Parse(address)
					if err != nil {
						return nil, fmt.Errorf("invalid proxy address %q: %v", address, err)
					}
					return u, nil
				}
				c := appintegrations.New(appintegrations.Options{
					Region: "us-east-1", Credentials: staticCredentials, HTTPClient: client(&http.Transport{Proxy: proxy}),
				})
				_, err := list(t, t.Context(), c)
				require.Error(t, err)
				t.Log(err)
				for _, text := range everyText(err) {
					assert.NotContains(t, text, "hunter2")
					assert.NotContains(t, text, "ter2@")
				}
				config, _ := as[*appintegrations.ConfigError](err)
				require.NotNil(t, config, "%v", err)
				assert.Equal(t, "HTTPClient", config.Field)
				assert.LessOrEqual(t, asked, 2, "one attempt")
			})
		}
	}
}

// everyText returns the text of an error and of all errors inside.
func everyText(err error) []string {
	texts := []string{fmt.Sprintf("%v %+v %#v", err, err, err)}
	if e, ok := as[*url.Error](err); ok {
		texts = append(texts, e.Error(), fmt.Sprint(e.Err))
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			texts = append(texts, everyText(inner)...)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			texts = append(texts, everyText(inner)...)
		}
	}
	return texts
}
