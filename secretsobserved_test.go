package appintegrations_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"

	"github.com/seed-10600c52/appintegrations"
)

// A spanSearch is a tracer that searches what spans are given.
type spanSearch struct {
	*search
	place string
	spans *int
}

func (s spanSearch) Tracer(string, ...tracing.TracerOption) tracing.Tracer { return s }

func (s spanSearch) StartSpan(ctx context.Context, name string, optFns ...tracing.SpanOption) (context.Context, tracing.Span) {
	*s.spans++
	var o tracing.SpanOptions
	for _, fn := range optFns {
		fn(&o)
	}
	s.text(s.place+" span", name)
	for k, v := range o.Properties.Values() {
		s.SetProperty(k, v)
	}
	return tracing.WithSpan(ctx, s), s
}

func (spanSearch) Name() string                            { return "" }
func (spanSearch) Context() (c tracing.SpanContext)        { return c }
func (spanSearch) AddEvent(string, ...tracing.EventOption) {}
func (spanSearch) SetStatus(tracing.SpanStatus)            {}
func (spanSearch) End()                                    {}
func (s spanSearch) SetProperty(k, v any)                  { s.value(s.place+" span property", fmt.Sprint(k, "=", v)) }

// foreignAnswers quote the secrets of the request in what is not JSON, or not
// that of a page.
func foreignAnswers() map[string]doFunc {
	quoting := func(status int, kind, format string) doFunc {
		return func(r *http.Request) (*http.Response, error) {
			return page(status, kind, strings.NewReplacer("URL", r.URL.String(), "QUERY", r.URL.RawQuery, "TOKEN", nextToken, "SESSION", sessionToken, "KEY", secretKey).Replace(format))(r)
		}
	}
	answers := map[string]doFunc{}
	for _, status := range []int{200, 201, 403, 404, 429, 503} {
		for name, format := range map[string]string{
			"HTML": "<p>URL", "text": "QUERY", "text of the token": "TOKEN not found", "session": "SESSION", "key": "bad KEY", "white space": "a " + strings.Repeat(" \r\n", 100) + "SESSION",
			"array": `[{"NextToken":"x` + "NextTokenMarker" + `"}]`, "byte order mark": "\ufeff" + `{"NextToken":"NextTokenMarker"}`, "envelope": `{"Output":{"NextToken":"NextTokenMarker"}}`,
			"cut in the token": `<a href="?nextToken=` + "NextTokenMarker", "content type": "x",
		} {
			kind := "text/html"
			if name == "content type" {
				kind = "text/" + sessionToken
			}
			answers[fmt.Sprint(name, " ", status)] = quoting(status, kind, format)
		}
	}
	return answers
}

// TestNoSecretIsObserved searches each log record, each property of a span and
// each AttemptInfo, on both ways that a call can take.
func TestNoSecretIsObserved(t *testing.T) {
	t.Parallel()
	s := &search{t: t}
	spans, attempts, logged := 0, 0, 0
	answers := secretAnswers(t)
	maps.Copy(answers, foreignAnswers())
	for name, answer := range answers {
		for _, traced := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				r := &records{level: slog.LevelDebug}
				client := scripted(answer).client(withSecrets, withSlog(r), func(o *appintegrations.Options) {
					o.ClientLogMode = ^aws.ClientLogMode(0)
					if traced {
						o.TracerProvider = spanSearch{s, name, &spans}
					}
					o.OnAttempt = func(_ context.Context, info appintegrations.AttemptInfo) {
						attempts++
						s.value(name+" AttemptInfo", info)
						if info.Err != nil {
							s.tree(name+" AttemptInfo.Err", info.Err)
						}
					}
				})
				_, err := client.ListDataIntegrationAssociations(t.Context(), secretInput())
				if err != nil {
					s.tree(name, err)
				}
				logged += len(r.list)
				var b bytes.Buffer
				for _, record := range r.list {
					for _, handler := range []slog.Handler{slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}), slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug})} {
						assert.NoError(t, handler.Handle(t.Context(), record))
					}
				}
				s.text(name+" records", b.String())
			})
		}
	}
	assert.Zero(t, s.found)
	assert.Greater(t, logged, 500)
	assert.Greater(t, attempts, 200)
	assert.Greater(t, spans, 500)
	t.Logf("%d answers twice: %d records, %d attempts, %d spans; %d places, %d bytes; found %d", len(answers), logged, attempts, spans, s.places, s.bytes, s.found)
}

// TestLogShowsWhatIsKnown: a header or a query parameter that nobody knows is
// logged without its value; the others are logged with it.
func TestLogShowsWhatIsKnown(t *testing.T) {
	var b strings.Builder
	hook := func(s *middleware.Stack) error {
		return s.Build.Add(middleware.BuildMiddlewareFunc("add", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
			request := in.Request.(*smithyhttp.Request)
			request.Header.Set("X-Api-Key", "hunter2")
			request.Header.Set("X-Corp-Token", "hunter2")
			query := request.URL.Query()
			query.Set("ticket", "hunter2")
			request.URL.RawQuery = query.Encode()
			return next.HandleBuild(ctx, in)
		}), middleware.After)
	}
	in := input("example")
	in.MaxResults = aws.Int32(7)
	client := scripted(reply(200, "{}", "X-Session", "hunter2", "Set-Cookie", "hunter2", "Server", "front")).client(appintegrations.WithAPIOptions(hook), func(o *appintegrations.Options) {
		o.ClientLogMode = ^aws.ClientLogMode(0)
		o.Logger = logging.LoggerFunc(func(_ logging.Classification, format string, v ...any) { fmt.Fprintf(&b, format+"\n", v...) })
	})
	_, err := client.ListDataIntegrationAssociations(t.Context(), in)
	assert.NoError(t, err)
	for _, part := range []string{
		"?maxResults=7&ticket=REDACTED HTTP/1.1", "X-Api-Key: REDACTED", "X-Corp-Token: REDACTED", "X-Session: REDACTED", "Set-Cookie: REDACTED", "Server: front",
		"\nmaxResults=7&ticket=REDACTED\n", "\nx-api-key:REDACTED\n", "\nhost:" + hostName + "\n", "\namz-sdk-invocation-id;amz-sdk-request;host;",
	} {
		assert.Contains(t, b.String(), part)
	}
	assert.NotContains(t, b.String(), "hunter2")
}

// TestErrorOfAForeignBodyHidesTheToken of a page that a proxy wrapped.
func TestErrorOfAForeignBodyHidesTheToken(t *testing.T) {
	err := scripted(page(404, "text/html", `<a href="/x?nextToken=`+url.QueryEscape("other token")+`">`)).fails(t)
	assert.Contains(t, err.Error(), `nextToken=REDACTED`)
}
