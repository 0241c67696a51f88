package appintegrations_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/logging"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// The secrets have a middle that no spelling changes: that is searched for.
const (
	secretKey     = "wJ+/SecretKeyMarker/+="
	sessionToken  = "Fwo+/SessionTokenMarker/+=="
	nextToken     = "a/b+NextTokenMarker=& %\""
	passwordInURL = "PasswordMarker"
)

var secretMarkers = []string{"SecretKeyMarker", "SessionTokenMarker", "NextTokenMarker", passwordInURL}

// A search counts the places where secrets were searched for.
type search struct {
	t             *testing.T
	places, found int
	bytes         int
}

func (s *search) text(place, text string) {
	s.places++
	s.bytes += len(text)
	for _, marker := range secretMarkers {
		if i := strings.Index(text, marker); i >= 0 {
			if s.found++; s.found < 20 {
				s.t.Errorf("%s: %s in ...%.200q", place, marker, text[max(0, i-80):])
			}
		}
	}
}

var allVerbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%T", "%10.3v"}

// value prints v in every way that a program prints values.
func (s *search) value(place string, v any) {
	for _, verb := range allVerbs {
		s.text(place+" "+verb, fmt.Sprintf(verb, v))
		s.text(place+" in a slice "+verb, fmt.Sprintf(verb, []any{v}))
		s.text(place+" in a struct "+verb, fmt.Sprintf(verb, struct{ V any }{v}))
	}
	if b, err := json.Marshal(v); err == nil {
		s.text(place+" JSON", string(b))
	} else {
		s.text(place+" JSON error", err.Error())
	}
	var b bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(handler).Info("value", "v", v, slog.Group("g", "v", v))
	}
	s.text(place+" slog", b.String())
}

// tree searches an error and all that can be reached from it: by Unwrap, by
// errors.As, and through exported fields, as far as they go.
func (s *search) tree(place string, err error) {
	s.value(fmt.Sprintf("%s %T", place, err), err)
	s.reach(fmt.Sprintf("%s %T", place, err), reflect.ValueOf(err), map[any]bool{})
	var urlError *url.Error
	if errors.As(err, &urlError) {
		s.text(place+" url.Error", urlError.URL)
	}
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		if inner := err.Unwrap(); inner != nil {
			s.tree(place, inner)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range err.Unwrap() {
			s.tree(place, inner)
		}
	}
}

func (s *search) reach(place string, v reflect.Value, seen map[any]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || seen[v.Pointer()] {
			return
		}
		seen[v.Pointer()] = true
		s.reach(place, v.Elem(), seen)
	case reflect.Interface:
		if !v.IsNil() {
			s.reach(place, v.Elem(), seen)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				s.reach(place+"."+field.Name, v.Field(i), seen)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			s.reach(place, v.Index(i), seen)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			s.reach(place, key, seen)
			s.reach(fmt.Sprintf("%s[%v]", place, key), v.MapIndex(key), seen)
		}
	case reflect.String:
		s.text(place, v.String())
	}
}

// logged keeps what a Logger is given, as it is given and formatted.
func (s *search) logger(place string, lines *int) logging.Logger {
	return logging.LoggerFunc(func(class logging.Classification, format string, v ...any) {
		*lines++
		s.text(place, string(class)+fmt.Sprintf(format, v...))
		for _, arg := range v {
			s.value(place+" argument", arg)
		}
	})
}

func withSecrets(o *appintegrations.Options) {
	o.Credentials = credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", secretKey, sessionToken)
}

func secretInput() *appintegrations.ListDataIntegrationAssociationsInput {
	return &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example"), NextToken: aws.String(nextToken)}
}

// A wrapper is an error of a user's HTTP client around another.
type wrapper struct{ err error }

func (w *wrapper) Error() string { return "my client: " + w.err.Error() }
func (w *wrapper) Unwrap() error { return w.err }

// A lowercaseSigner writes the names of the headers as they are signed.
type lowercaseSigner struct{ *v4.Signer }

func (l lowercaseSigner) SignHTTP(ctx context.Context, keys aws.Credentials, r *http.Request, hash, service, region string, at time.Time, optFns ...func(*v4.SignerOptions)) error {
	err := l.Signer.SignHTTP(ctx, keys, r, hash, service, region, at, optFns...)
	for _, name := range []string{"Authorization", "X-Amz-Security-Token"} {
		r.Header[strings.ToLower(name)] = r.Header[name]
		delete(r.Header, name)
	}
	return err
}

const lowerCase = "headers in lower case"

// secretAnswers are what a call with secrets may meet.
func secretAnswers(t *testing.T) map[string]doFunc {
	quoted := "The Canonical String for this request should have been\n'GET\n/dataIntegrations/example/associations\nnextToken=" +
		strings.ReplaceAll(url.QueryEscape(nextToken), "+", "%20") + "\nx-amz-security-token:" + sessionToken + "\n" + nextToken + "'"
	message, err := json.Marshal(map[string]string{"Message": quoted})
	require.NoError(t, err)
	escaped := strings.NewReplacer("/", `\/`, "+", `\u002b`, "=", `\u003D`, "%2F", "%2f", "%", `\u0025`).Replace(string(message))
	page, err := json.Marshal(map[string]any{"DataIntegrationAssociations": []any{}, "NextToken": nextToken})
	require.NoError(t, err)
	failed := func(r *http.Request) error {
		return &url.Error{Op: "Get", URL: r.URL.String(), Err: errors.New("dial " + r.URL.String())}
	}
	return map[string]doFunc{
		"page":           reply(200, string(page)),
		"page cut off":   reply(200, string(page[:len(page)-2])),
		"page with two":  reply(200, strings.Replace(string(page), "{", `{"NextToken":"`+"x"+`",`, 1)),
		"server's error": reply(503, ""),
		"signature mismatch": func(r *http.Request) (*http.Response, error) {
			return appintegrationstest.New(func(o *appintegrationstest.Options) { o.AccessKeyID, o.SessionToken = "AKIDEXAMPLE", sessionToken }).RoundTrip(r)
		},
		"quoted":          reply(403, string(message), "X-Amzn-ErrorType", "SignatureDoesNotMatch"),
		"quoted, generic": reply(503, string(message)),
		"quoted, escaped": reply(400, escaped, "X-Amzn-ErrorType", "AccessDeniedException"),
		"redirect": func(r *http.Request) (*http.Response, error) {
			return reply(307, "", "Location", "https://user:"+passwordInURL+"@elsewhere.example/?"+r.URL.RawQuery)(r)
		},
		"url.Error":         func(r *http.Request) (*http.Response, error) { return nil, failed(r) },
		"wrapped url.Error": func(r *http.Request) (*http.Response, error) { return nil, &wrapper{failed(r)} },
		"twice wrapped": func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: &wrapper{failed(r)}}
		},
		"answer to another request": func(r *http.Request) (*http.Response, error) {
			other := r.Clone(r.Context())
			other.URL.Host, other.URL.User = "elsewhere.example", url.UserPassword("user", passwordInURL)
			return replied(other, 200, strings.NewReader("{}")), nil
		},
		lowerCase: reply(404, "", "Set-Cookie", "session=public"),
	}
}

func TestNoSecretInOutput(t *testing.T) {
	s := &search{t: t}
	modes := []aws.ClientLogMode{0, aws.LogSigning, aws.LogRetries, aws.LogRequest, aws.LogRequestWithBody, aws.LogResponse, aws.LogResponseWithBody, ^aws.ClientLogMode(0)}
	failures, lines := 0, 0
	for name, answer := range secretAnswers(t) {
		for _, mode := range modes {
			place := fmt.Sprintf("%s, log mode %d", name, mode)
			synctest.Test(t, func(t *testing.T) {
				client := scripted(answer).client(withSecrets, func(o *appintegrations.Options) {
					o.ClientLogMode, o.Logger = mode, s.logger(place, &lines)
					if name == lowerCase {
						o.HTTPSignerV4 = lowercaseSigner{v4.NewSigner()}
					}
				})
				_, err := client.ListDataIntegrationAssociations(t.Context(), secretInput())
				if err != nil && mode == 0 {
					failures++
					s.tree(name, err)
				}
			})
		}
	}
	assert.Greater(t, failures, 10)
	assert.Greater(t, lines, 50)
	s.searchValues()
	assert.Zero(t, s.found)
	t.Logf("%d places and %d bytes searched, %d log lines, %d errors; found %d", s.places, s.bytes, lines, failures, s.found)
}

// searchValues searches clients, options and what they are part of.
func (s *search) searchValues() {
	provider := credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", secretKey, sessionToken)
	for name, p := range map[string]aws.CredentialsProvider{
		"static": provider, "pointer": &provider, "cache": aws.NewCredentialsCache(provider), "func": aws.CredentialsProviderFunc(provider.Retrieve),
	} {
		options := appintegrations.Options{
			Region: "us-east-1", Credentials: p, HTTPClient: &http.Client{}, AppID: "app",
			BaseEndpoint: aws.String("https://user:" + passwordInURL + "/x@localhost/path?key=" + passwordInURL + "#" + passwordInURL),
		}
		client := appintegrations.New(options)
		resolved := client.Options()
		for _, v := range []any{options, &options, resolved, &resolved, client, *client, map[string]any{"o": options, "c": client}, struct {
			appintegrations.Options
		}{options}} {
			s.value(fmt.Sprintf("%s %T", name, v), v)
		}
		_, err := client.ListDataIntegrationAssociations(context.Background(), secretInput())
		s.tree("configuration", err)
		_, err = client.ListDataIntegrationAssociations(context.Background(), &appintegrations.ListDataIntegrationAssociationsInput{NextToken: aws.String(strings.Repeat(nextToken, 1000))})
		s.tree("input", err)
	}
	var none *appintegrations.Options
	s.value("nil", none)
}

// TestNoSecretInOutputKeepsTheRest shows that what is not secret is there.
func TestNoSecretInOutputKeepsTheRest(t *testing.T) {
	var b strings.Builder
	client := scripted(reply(200, typicalPage(1))).client(withSecrets, func(o *appintegrations.Options) {
		o.ClientLogMode = ^aws.ClientLogMode(0)
		o.Logger = logging.LoggerFunc(func(_ logging.Classification, format string, v ...any) { fmt.Fprintf(&b, format+"\n", v...) })
	})
	_, err := client.ListDataIntegrationAssociations(t.Context(), secretInput())
	require.NoError(t, err)
	for _, part := range []string{
		"GET /dataIntegrations/example/associations?nextToken=REDACTED HTTP/1.1", "Host: app-integrations.us-east-1.amazonaws.com",
		"Authorization: REDACTED", "X-Amz-Security-Token: REDACTED", "x-amz-security-token:REDACTED", "X-Amz-Date: ", "HTTP/1.1 200",
		"X-Amzn-Requestid: request-1", `"ClientId":"connect-instance-1"`, `"NextToken":"REDACTED"`,
	} {
		assert.Contains(t, b.String(), part)
	}
	assert.Contains(t, fmt.Sprintf("%+v", client.Options()), "Credentials:credentials.StaticCredentialsProvider")

	var kept *wrapper
	err = scripted(breaks(&wrapper{errShutdown})).fails(t)
	assert.ErrorAs(t, err, &kept, "errors.As finds what somebody else's error is")
	assert.ErrorIs(t, err, errShutdown)
	err = scripted(breaks(&wrapper{&url.Error{Op: "Get", URL: "https://host.example/path?nextToken=x", Err: errShutdown}})).fails(t)
	assert.ErrorAs(t, err, &kept)
	var urlError *url.Error
	require.ErrorAs(t, err, &urlError)
	assert.NotContains(t, urlError.Error(), "nextToken")
	assert.ErrorIs(t, err, errShutdown)
}
