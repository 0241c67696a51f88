package appintegrations_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	smithy "github.com/aws/smithy-go"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/types"
)

const maxErrorText = 1 << 10

// ugly is a text of 1 MB with all that a line should not have.
var ugly = "first\r\nsecond\x1b[31m\u202egnirts\u2066\u0085\u2028\x00\xff\xfe\u200b\ufeff" + strings.Repeat("long text\n", 1<<20/10)

var errUgly = errors.New(ugly)

// checkText checks the text of an error of a call, and that it has the parts.
func checkText(t *testing.T, err error, parts ...string) {
	t.Helper()
	require.Error(t, err)
	text := err.Error()
	assert.LessOrEqual(t, len(text), maxErrorText, "bytes")
	assert.True(t, utf8.ValidString(text))
	if i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
		t.Errorf("not printable at %d: %q", i, text[max(0, i-20):min(len(text), i+20)])
	}
	for _, part := range append(parts, "operation error AppIntegrations: ListDataIntegrationAssociations, ") {
		assert.Contains(t, text, part)
	}
}

func inCode(code string) string {
	b, _ := json.Marshal(map[string]string{"code": code, "message": ugly})
	return string(b)
}

// An errorTextRetryer is a user's Retryer whose answers are errors.
type errorTextRetryer struct {
	aws.NopRetryer
	attempt, retry, delay error
}

func (errorTextRetryer) MaxAttempts() int            { return 5 }
func (errorTextRetryer) IsErrorRetryable(error) bool { return true }
func (r errorTextRetryer) GetAttemptToken(context.Context) (func(error) error, error) {
	return func(error) error { return nil }, r.attempt
}
func (r errorTextRetryer) GetRetryToken(context.Context, error) (func(error) error, error) {
	return func(error) error { return nil }, r.retry
}
func (r errorTextRetryer) RetryDelay(int, error) (time.Duration, error) { return 0, r.delay }

type errorTextSigner struct{}

func (errorTextSigner) SignHTTP(context.Context, aws.Credentials, *http.Request, string, string, string, time.Time, ...func(*v4.SignerOptions)) error {
	return errUgly
}

type errorTextResolver struct{}

func (errorTextResolver) ResolveEndpoint(context.Context, appintegrations.EndpointParameters) (smithyendpoints.Endpoint, error) {
	return smithyendpoints.Endpoint{}, errUgly
}

// worst is an answer all of whose parts are as long as they can be.
func worst(status int) doFunc {
	return reply(status, inCode("x"), "X-Amzn-ErrorType", "Code"+strings.Repeat("C", 1<<20), "X-Amzn-RequestId", "id"+strings.Repeat("\x1b\u202e", 1<<19))
}

var worstParts = []string{"RequestID: id", "CodeCCCC"}

// TestErrorText holds every text that somebody else may write into an error.
func TestErrorText(t *testing.T) {
	t.Parallel()
	retryer := func(r errorTextRetryer) func(*appintegrations.Options) {
		return func(o *appintegrations.Options) { o.Retryer = r }
	}
	provider := func(p aws.CredentialsProvider) func(*appintegrations.Options) {
		return func(o *appintegrations.Options) { o.Credentials = p }
	}
	message, _ := json.Marshal(strings.Repeat(ugly, 5))
	rows := []struct {
		name   string
		answer doFunc
		option func(*appintegrations.Options)
		parts  []string
	}{
		{"message of 5 MB, generic", reply(400, `{"code":"Odd","message":`+string(message)+`}`), once, []string{"StatusCode: 400", "request-1", "api error Odd: first", "attempt 1"}},
		{"message of 5 MB, typed", reply(404, `{"message":`+string(message)+`}`, "X-Amzn-ErrorType", "ResourceNotFoundException"), once, []string{"ResourceNotFoundException: first", "attempt 1"}},
		{"invalid UTF-8 in the body", reply(400, "{\"code\":\"\xff\xfe\",\"message\":\"\xc0\xaf\"}"), once, []string{"StatusCode: 400", "attempt 1"}},
		{"escapes in the body", reply(400, `{"code":"a\u0000b\ud800","message":"\u202e\r\n\u001b[0m"}`), once, []string{"StatusCode: 400", "attempt 1"}},
		{"code of 1 MB in the header", reply(400, "", "X-Amzn-ErrorType", ugly), once, []string{"StatusCode: 400", "request-1", "api error first", "attempt 1"}},
		{"code of 1 MB in the body", reply(400, inCode(strings.Repeat("q", 1<<15))), once, []string{"api error qqqq", "attempt 1"}},
		{"request id of 1 MB", reply(404, "", "X-Amzn-RequestId", ugly), once, []string{"StatusCode: 404", "RequestID: first", "NotFound", "attempt 1"}},
		{"all of it, 3 attempts", worst(503), nil, append(worstParts, "StatusCode: 503", "exceeded maximum number of attempts, 3")},
		{"all of it and a long wait", func(r *http.Request) (*http.Response, error) {
			resp, err := worst(503)(r)
			resp.Header.Set("Retry-After", "86400")
			return resp, err
		}, nil, append(worstParts, "StatusCode: 503", "attempt 1", "it asks to wait 24h0m0s")},
		{"all of it and no retry token", worst(503), retryer(errorTextRetryer{retry: errUgly}), append(worstParts, "StatusCode: 503", "attempt 1", "no retry: first")},
		{"all of it and no delay", worst(503), retryer(errorTextRetryer{delay: errUgly}), append(worstParts, "StatusCode: 503", "attempt 1", "no retry: first")},
		{"no attempt token", worst(503), retryer(errorTextRetryer{attempt: errUgly}), []string{"get an attempt token: first"}},
		{"a canceled attempt token", worst(503), retryer(errorTextRetryer{attempt: &aws.RequestCanceledError{Err: errUgly}}), nil},
		{"malformed page, request id of 1 MB", reply(200, ugly, "X-Amzn-RequestId", ugly), nil, []string{"StatusCode: 200", "RequestID: first", "malformed response", "exceeded maximum number of attempts, 3"}},
		{"malformed page, names of 1 MB", reply(200, `{"DataIntegrationAssociations":[{`+string(message)+`:1}],`+string(message)+`:x}`), once, []string{"StatusCode: 200", "malformed response"}},
		{"body that breaks", func(r *http.Request) (*http.Response, error) {
			return replied(r, 200, io.MultiReader(strings.NewReader("{"), iotest.ErrReader(errUgly))), nil
		}, nil, []string{"StatusCode: 200", "request-1", "malformed response", "exceeded maximum number of attempts, 3"}},
		{"Location of 1 MB", reply(307, "", "Location", "https://"+strings.Repeat("host.", 1<<18)+"/"+ugly), nil, []string{"StatusCode: 307", "TemporaryRedirect", "attempt 1"}},
		{"Location of 1 MB in a host", reply(307, "", "Location", "https://"+strings.Repeat("höst\u202e.", 1<<17)+"/"), nil, []string{"StatusCode: 307", "TemporaryRedirect", "redirect 307 to https://h", "attempt 1"}},
		{"RoundTripper", breaks(errUgly), nil, []string{"request send failed, first", "exceeded maximum number of attempts, 3"}},
		{"url.Error of 1 MB", breaks(&url.Error{Op: "Get", URL: "https://x/" + url.PathEscape(ugly), Err: errUgly}), nil, []string{"request send failed", "exceeded maximum number of attempts, 3"}},
		{"credential provider", reply(200, "{}"), provider(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errUgly })), []string{"get credentials: failed to refresh cached credentials, first", "attempt 1"}},
		{"signer", reply(200, "{}"), func(o *appintegrations.Options) { o.HTTPSignerV4 = errorTextSigner{} }, []string{"sign request: first", "attempt 1"}},
		{"resolver", reply(200, "{}"), func(o *appintegrations.Options) { o.EndpointResolverV2 = errorTextResolver{} }, []string{"resolve endpoint: first", "attempt 1"}},
		{"Region", reply(200, "{}"), func(o *appintegrations.Options) { o.Region = ugly }, []string{`invalid configuration: Region "first\r\nsecond\x1b[31m`, `is not a Region`}},
		{"signing Region", reply(200, "{}"), appintegrations.WithSigV4SigningRegion(ugly), []string{"invalid configuration: Region"}},
		{"signing name", reply(200, "{}"), appintegrations.WithSigV4SigningName(ugly), []string{"invalid configuration: signing name"}},
		{"RetryMode", reply(200, "{}"), func(o *appintegrations.Options) { o.RetryMode = aws.RetryMode(ugly) }, []string{"invalid configuration: RetryMode"}},
		{"BaseEndpoint", reply(200, "{}"), func(o *appintegrations.Options) { o.BaseEndpoint = &ugly }, []string{"BaseEndpoint"}},
	}
	longest := 0
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			options := []func(*appintegrations.Options){}
			if row.option != nil {
				options = append(options, row.option)
			}
			err := scripted(row.answer).fails(t, options...)
			checkText(t, err, row.parts...)
			longest = max(longest, len(err.Error()))
		})
	}
	t.Logf("%d errors, the longest text has %d bytes", len(rows), longest)
}

// TestErrorTextOfCancellation cancels with a cause of 1 MB after an answer whose
// parts are as long as they can be.
func TestErrorTextOfCancellation(t *testing.T) {
	rows := []struct {
		name string
		ctx  func(context.Context) (context.Context, context.CancelFunc)
	}{
		{"cause in the back-off", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(time.Millisecond, func() { cancel(errUgly) })
			return ctx, func() { cancel(nil) }
		}},
		{"deadline before the back-off", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(ctx, time.Second, errUgly)
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := row.ctx(t.Context())
				defer cancel()
				s := scripted(worst(503))
				_, err := s.client(func(o *appintegrations.Options) { o.Retryer = slowRetryer{} }).ListDataIntegrationAssociations(ctx, input("example"))
				checkText(t, err, append(worstParts, "StatusCode: 503", "attempt 1", "request canceled", "context ")...)
				t.Logf("%d bytes", len(err.Error()))
			})
		})
	}
}

// A slowRetryer waits ten seconds before each of 4 retries.
type slowRetryer struct{ errorTextRetryer }

func (slowRetryer) RetryDelay(int, error) (time.Duration, error) { return 10 * time.Second, nil }

// TestErrorTextKeepsForms holds the one text that keeps its lines, and what is
// stored besides the text.
func TestErrorTextKeepsForms(t *testing.T) {
	_, err := scripted(reply(200, "{}")).client().ListDataIntegrationAssociations(t.Context(), &appintegrations.ListDataIntegrationAssociationsInput{MaxResults: aws.Int32(0)})
	assert.Equal(t, 3, strings.Count(err.Error(), "\n"), "smithy.InvalidParamsError writes a line for each field: %v", err)

	whole := strings.Repeat("line\r\n", 5000)
	body, _ := json.Marshal(map[string]string{"Message": whole})
	err = scripted(reply(403, string(body), "X-Amzn-ErrorType", "AccessDeniedException")).fails(t)
	var denied *types.AccessDeniedException
	require.ErrorAs(t, err, &denied)
	assert.Equal(t, whole, denied.ErrorMessage(), "a typed exception keeps its message")
	assert.LessOrEqual(t, len(denied.Error()), 600)
	assert.NotContains(t, denied.Error(), "\n")

	var generic *smithy.GenericAPIError
	require.ErrorAs(t, scripted(worst(400)).fails(t), &generic)
	assert.LessOrEqual(t, len(generic.Code), 64)
	assert.LessOrEqual(t, len(generic.Message), 512)
	assert.LessOrEqual(t, len(generic.Error()), 600)
}

// TestErrorTextOfLongIdentifier quotes the whole URL in a transport error, as
// net/http does: what went wrong is still in the text.
func TestErrorTextOfLongIdentifier(t *testing.T) {
	s := scripted(func(r *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: errors.New("the wire is cut")}
	})
	client := s.client(once)
	for _, id := range []string{strings.Repeat("0123456789", 1000), strings.Repeat("é%\"", 3000)} {
		_, err := client.ListDataIntegrationAssociations(t.Context(), input(id))
		checkText(t, err, "https://app-integrations.us-east-1.amazonaws.com", "the wire is cut")
		assert.Less(t, len(err.Error()), 400)
	}
	for _, id := range []string{string(bytes.Repeat([]byte{0xff}, 10000)), "x" + ugly} {
		_, err := client.ListDataIntegrationAssociations(t.Context(), input(id))
		var invalid smithy.InvalidParamsError
		require.ErrorAs(t, err, &invalid)
		assert.Less(t, len(err.Error()), 300)
	}
}
