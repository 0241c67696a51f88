package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/types"
)

// A script is an HTTP client that answers the first request by the first of
// its answers, and so on; the last one answers all that follow.
type script struct {
	answers []doFunc

	mu       sync.Mutex
	requests []*http.Request
	times    []time.Time
}

func scripted(answers ...doFunc) *script { return &script{answers: answers} }

func (s *script) Do(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	answer := s.answers[min(len(s.requests), len(s.answers)-1)]
	s.requests, s.times = append(s.requests, r), append(s.times, time.Now())
	s.mu.Unlock()
	return answer(r)
}

func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// client returns a client that sends to the script, over https by its URL.
func (s *script) client(optFns ...func(*appintegrations.Options)) *appintegrations.Client {
	return appintegrations.New(appintegrations.Options{Region: "us-east-1", Credentials: staticCredentials, HTTPClient: s}, optFns...)
}

// fails makes one call, in virtual time, and returns its error.
func (s *script) fails(t *testing.T, optFns ...func(*appintegrations.Options)) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var out *appintegrations.ListDataIntegrationAssociationsOutput
		out, err = s.client(optFns...).ListDataIntegrationAssociations(t.Context(), input("example"))
		require.Error(t, err)
		assert.Nil(t, out)
	})
	return err
}

// reply answers with a status, a body and headers, each name followed by its
// value.
func reply(status int, body string, headers ...string) doFunc {
	return func(r *http.Request) (*http.Response, error) {
		return replied(r, status, strings.NewReader(body), headers...), nil
	}
}

func replied(r *http.Request, status int, body io.Reader, headers ...string) *http.Response {
	header := http.Header{"X-Amzn-Requestid": {"request-1"}}
	for i := 0; i+1 < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body), Request: r, ProtoMajor: 1, ProtoMinor: 1}
}

func breaks(err error) doFunc {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

func once(o *appintegrations.Options) { o.Retryer = aws.NopRetryer{} }

// exportedChain names the types of a chain that a user can name, outermost
// first.
func exportedChain(err error) (names []string) {
	for ; err != nil; err = errors.Unwrap(err) {
		name := reflect.TypeOf(err).String()
		if short := name[strings.LastIndexByte(name, '.')+1:]; short[0] <= 'Z' {
			names = append(names, name)
		}
	}
	return names
}

const (
	operationLevel = "*smithy.OperationError"
	attemptsLevel  = "*retry.MaxAttemptsError"
	responseLevel  = "*http.ResponseError"
	genericLevel   = "*smithy.GenericAPIError"
)

// errorRows are answers and what becomes of them; requests is under the default
// Retryer.
var errorRows = []struct {
	name     string
	status   int
	header   string // X-Amzn-ErrorType
	body     string
	code     string
	message  string
	leaf     string // the type at the end of the chain
	requests int
}{
	{"code in the header", 404, "ResourceNotFoundException", `{"Message":"gone"}`, "ResourceNotFoundException", "gone", "*appintegrations.ResourceNotFoundException", 1},
	{"code in code", 404, "", `{"code":"ResourceNotFoundException","message":"gone"}`, "ResourceNotFoundException", "gone", "*appintegrations.ResourceNotFoundException", 1},
	{"code in __type", 400, "", `{"__type":"InvalidRequestException","message":"no"}`, "InvalidRequestException", "no", "*appintegrations.InvalidRequestException", 1},
	{"header before code before __type", 403, "AccessDeniedException", `{"__type":"A","code":"B"}`, "AccessDeniedException", "", "*appintegrations.AccessDeniedException", 1},
	{"code before __type", 400, "", `{"__type":"A","code":"B"}`, "B", "UnknownError", genericLevel, 1},
	{"empty code, then __type", 400, "", `{"__type":"A","code":""}`, "A", "UnknownError", genericLevel, 1},
	{"header of punctuation, then code", 400, "x#:y", `{"code":"B"}`, "B", "UnknownError", genericLevel, 1},
	{"namespace and URI in the header", 403, "com.amazonaws.appintegrations#AccessDeniedException:http://internal.amazon.com/coral/", `{"message":"m"}`, "AccessDeniedException", "m", "*appintegrations.AccessDeniedException", 1},
	{"namespace in code", 400, "", `{"code":"aws.x#Throttled"}`, "Throttled", "UnknownError", genericLevel, 1},
	{"URI with # after the code", 400, "", `{"__type":"ns#Odd:http://x#y"}`, "Odd", "UnknownError", genericLevel, 1},
	{"case of the code", 429, "tHROTTLINGexception", `{}`, "ThrottlingException", "", "*appintegrations.ThrottlingException", 3},
	{"case of the code", 500, "", `{"CODE":"internalserviceerror","Message":"m"}`, "InternalServiceError", "m", "*appintegrations.InternalServiceError", 3},
	{"case of an exception's message", 500, "", `{"code":"InternalServiceError","MESSAGE":"m"}`, "InternalServiceError", "", "*appintegrations.InternalServiceError", 3},
	{"case of another error's message", 418, "", `{"code":"Teapot","MESSAGE":"m"}`, "Teapot", "m", genericLevel, 1},
	{"an exception's message taken back", 404, "", `{"code":"ResourceNotFoundException","message":"m","message":null}`, "ResourceNotFoundException", "", "*appintegrations.ResourceNotFoundException", 1},
	{"two namespaces in the body", 404, "", `{"code":"a#b#ResourceNotFoundException"}`, "ResourceNotFoundException", "", "*appintegrations.ResourceNotFoundException", 1},
	{"throttle with status 400", 400, "ThrottlingException", `{"message":"slow"}`, "ThrottlingException", "slow", "*appintegrations.ThrottlingException", 3},
	{"unknown throttle code", 400, "TooManyRequestsException", `{"message":"slow"}`, "TooManyRequestsException", "slow", genericLevel, 3},
	{"code a number", 404, "ResourceNotFoundException", `{"code": 404, "message":"m"}`, "ResourceNotFoundException", "m", "*appintegrations.ResourceNotFoundException", 1},
	{"code a number and no header", 404, "", `{"code": 404, "message":"m"}`, "NotFound", "m", genericLevel, 1},
	{"code null", 418, "", `{"code": null}`, "Imateapot", "UnknownError", genericLevel, 1},
	{"array", 404, "ResourceNotFoundException", `[1,2]`, "ResourceNotFoundException", "", "*appintegrations.ResourceNotFoundException", 1},
	{"message an object", 400, "InvalidRequestException", `{"message":{"text":"x"},"Message":"m"}`, "InvalidRequestException", "m", "*appintegrations.InvalidRequestException", 1},
	{"message an array, no code", 400, "", `{"message":["x"]}`, "BadRequest", "UnknownError", genericLevel, 1},
	{"cut in the message", 400, "InvalidRequestException", `{"message":"the begin`, "InvalidRequestException", "the begin", "*appintegrations.InvalidRequestException", 1},
	{"cut after the code", 400, "", `{"code":"InvalidRequestException","mess`, "InvalidRequestException", "", "*appintegrations.InvalidRequestException", 1},
	{"cut in the code", 404, "", `{"message":"m","code":"ResourceNotFoundException`, "NotFound", "m", genericLevel, 1},
	{"cut in __type", 400, "", `{"__type":"AccessDeniedExceptionOfAnotherKin`, "BadRequest", "UnknownError", genericLevel, 1},
	{"HTML", 502, "", "<html><body>bad gateway</body></html>", "BadGateway", "UnknownError", genericLevel, 3},
	{"a byte order mark", 503, "", "\ufeff{\"code\":\"X\"}", "ServiceUnavailable", "UnknownError", genericLevel, 3},
	{"a string", 400, "", `"InvalidRequestException"`, "BadRequest", "UnknownError", genericLevel, 1},
	{"JSON and more", 400, "", `{"code":"X","message":"m"}trailing`, "X", "m", genericLevel, 1},
	{"no body", 500, "", "", "InternalServerError", "UnknownError", genericLevel, 3},
	{"bare 429 typed", 429, "", "", "ThrottlingException", "", "*appintegrations.ThrottlingException", 3},
	{"bare 429 of a proxy", 429, "", "<html>slow down</html>", "ThrottlingException", "", "*appintegrations.ThrottlingException", 3},
	{"429 with another code", 429, "RateExceeded", "", "RateExceeded", "UnknownError", genericLevel, 3},
	{"bare 403 generic", 403, "", "", "Forbidden", "UnknownError", genericLevel, 1},
	{"bare 404 generic", 404, "", `{"message":"Not Found"}`, "NotFound", "Not Found", genericLevel, 1},
	{"bare 408", 408, "", "", "RequestTimeout", "UnknownError", genericLevel, 3},
	{"bare 425", 425, "", "", "TooEarly", "UnknownError", genericLevel, 3},
	{"bare 529", 529, "", "", "HTTP529", "UnknownError", genericLevel, 3},
	{"a code that is retried by its status", 503, "Odd", "", "Odd", "UnknownError", genericLevel, 3},
	{"error-shaped 200", 200, "InternalServiceError", `{"Message":"m"}`, "InternalServiceError", "m", "*appintegrations.InternalServiceError", 3},
	{"error-shaped 200 with a page", 200, "Odd", `{"DataIntegrationAssociations":[]}`, "Odd", "UnknownError", genericLevel, 3},
	{"error-shaped 200 without a code", 200, ":", ``, "UnknownError", "UnknownError", genericLevel, 3},
	{"error in the body of a 200", 200, "", `{"__type":"AccessDeniedException","message":"m"}`, "AccessDeniedException", "m", "*appintegrations.AccessDeniedException", 3},
	{"error-shaped 204", 204, "Odd", "", "Odd", "UnknownError", genericLevel, 3},
	{"informational", 101, "", "", "SwitchingProtocols", "UnknownError", genericLevel, 1},
	{"redirect", 307, "", "", "TemporaryRedirect", "redirect 307 not followed", "*appintegrations.RedirectError", 1},
	{"not modified", 304, "", "", "NotModified", "redirect 304 not followed", "*appintegrations.RedirectError", 1},
	{"a status of zero", 0, "", "0", "HTTP0", "UnknownError", genericLevel, 1},
	{"no status of HTTP", 999, "", "", "HTTP999", "UnknownError", genericLevel, 1},
}

func TestErrors(t *testing.T) {
	for _, row := range errorRows {
		t.Run(row.name, func(t *testing.T) {
			headers := []string{}
			if row.header != "" {
				headers = []string{"X-Amzn-ErrorType", row.header}
			}
			s := scripted(reply(row.status, row.body, headers...))
			err := s.fails(t)
			assert.Equal(t, row.requests, s.count(), "requests")
			checkAnswered(t, err, row.status, row.code, row.message, row.requests)
			want := []string{operationLevel, attemptsLevel, responseLevel, row.leaf}
			if row.requests == 1 {
				want = []string{operationLevel, responseLevel, row.leaf}
			}
			assert.Equal(t, want, exportedChain(err))

			s = scripted(reply(row.status, row.body, headers...))
			checkAnswered(t, s.fails(t, once), row.status, row.code, row.message, 1)
			assert.Equal(t, 1, s.count(), "requests with aws.NopRetryer")
		})
	}
	t.Logf("%d answers, each under two retryers", len(errorRows))
}

// checkAnswered checks what the error of every answered call keeps.
func checkAnswered(t *testing.T, err error, status int, code, message string, attempts int) {
	t.Helper()
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, code, api.ErrorCode())
	assert.Equal(t, message, api.ErrorMessage())
	var answered *awshttp.ResponseError
	require.ErrorAs(t, err, &answered)
	assert.Equal(t, status, answered.HTTPStatusCode())
	assert.Equal(t, "request-1", answered.ServiceRequestID())
	var plain *smithyhttp.ResponseError
	require.ErrorAs(t, err, &plain)
	assert.Equal(t, status, plain.HTTPStatusCode())
	var operation *smithy.OperationError
	require.ErrorAs(t, err, &operation)
	assert.Equal(t, "AppIntegrations", operation.Service())
	assert.Equal(t, "ListDataIntegrationAssociations", operation.Operation())
	var exhausted *retry.MaxAttemptsError
	if errors.As(err, &exhausted) {
		assert.Equal(t, attempts, exhausted.Attempt)
	}
	text := err.Error()
	for _, part := range []string{"ListDataIntegrationAssociations", fmt.Sprint(status), "request-1", code, fmt.Sprint(attempts)} {
		assert.Contains(t, text, part)
	}
}

// TestErrorsOfEveryStatus makes a bare answer of each status an API error.
func TestErrorsOfEveryStatus(t *testing.T) {
	retried := map[int]bool{408: true, 425: true, 429: true, 500: true, 502: true, 503: true, 504: true, 529: true}
	requests := 0
	for status := 300; status < 600; status++ {
		s := scripted(reply(status, ""))
		err := s.fails(t)
		var api smithy.APIError
		require.ErrorAs(t, err, &api, "%d", status)
		assert.Regexp(t, `^[A-Za-z0-9]+$`, api.ErrorCode())
		var answered *awshttp.ResponseError
		require.ErrorAs(t, err, &answered, "%d", status)
		assert.Equal(t, status, answered.HTTPStatusCode())
		want := 1
		if retried[status] {
			want = 3
		}
		assert.Equal(t, want, s.count(), "%d", status)
		var throttled *types.ThrottlingException
		assert.Equal(t, status == 429, errors.As(err, &throttled), "%d", status)
		requests += s.count()
	}
	t.Logf("300 statuses, %d requests", requests)
}

func TestErrorsFault(t *testing.T) {
	for code, want := range map[string]smithy.ErrorFault{
		"AccessDeniedException": smithy.FaultClient, "InvalidRequestException": smithy.FaultClient, "ResourceNotFoundException": smithy.FaultClient,
		"ThrottlingException": smithy.FaultClient, "InternalServiceError": smithy.FaultServer, "Other": smithy.FaultUnknown,
	} {
		var api smithy.APIError
		require.ErrorAs(t, scripted(reply(400, "", "X-Amzn-ErrorType", code)).fails(t, once), &api)
		assert.Equal(t, want, api.ErrorFault(), code)
	}
}

// counted is a body that says how much of it was read.
type counted struct {
	read   int64
	closed bool
}

func (b *counted) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	if b.read == 0 {
		copy(p, `{"message":"`)
	}
	b.read += int64(len(p))
	return len(p), nil
}

func (b *counted) Close() error { b.closed = true; return nil }

// TestErrorsReadNoMoreThanTheyKeep answers with bodies that never end.
func TestErrorsReadNoMoreThanTheyKeep(t *testing.T) {
	for _, status := range []int{400, 500, 307, 204} {
		body := &counted{}
		err := scripted(func(r *http.Request) (*http.Response, error) {
			resp := replied(r, status, nil, "X-Amzn-ErrorType", "InvalidRequestException", "Content-Length", "536870912")
			resp.Body = body
			return resp, nil
		}).fails(t, once)
		assert.LessOrEqual(t, body.read, int64(64<<10), "%d: bytes read", status)
		assert.True(t, body.closed)
		var invalid *types.InvalidRequestException
		if errors.As(err, &invalid) {
			assert.InDelta(t, 64<<10, len(invalid.ErrorMessage()), 32, "a typed exception keeps its message")
			assert.Less(t, len(invalid.Error()), 600)
		}
		t.Logf("%d: %d of 536870912 bytes read", status, body.read)
	}
}

func TestErrorsOfTransport(t *testing.T) {
	broken := errors.New("broken")
	s := scripted(breaks(fmt.Errorf("dial: %w", broken)))
	err := s.fails(t)
	assert.Equal(t, 3, s.count())
	var send *smithyhttp.RequestSendError
	require.ErrorAs(t, err, &send)
	assert.True(t, send.ConnectionError())
	assert.ErrorIs(t, err, broken)
	var exhausted *retry.MaxAttemptsError
	require.ErrorAs(t, err, &exhausted)
	assert.Equal(t, 3, exhausted.Attempt)
	var api smithy.APIError
	assert.False(t, errors.As(err, &api), "nobody answered")

	s = scripted(reply(200, "{}"))
	_, err = s.client().ListDataIntegrationAssociations(context.Background(), nil)
	var invalid smithy.InvalidParamsError
	require.ErrorAs(t, err, &invalid, "a value, as official")
	assert.Zero(t, s.count())
}

// TestErrorShaped200: a 200 that has nothing of a page and tells an error is no
// empty last page; one with something of a page, or nothing at all, is a page.
func TestErrorShaped200(t *testing.T) {
	for _, row := range []struct {
		body string
		code string // "": a page
	}{
		{`{"message":"Internal error"}`, "UnknownError"},
		{`{"Message":"Internal error","NextToken":null,"DataIntegrationAssociations":null}`, "UnknownError"},
		{`{"__type":"aws#ThrottlingException","NextToken":null}`, "ThrottlingException"},
		{`{"code":"Teapot"}`, "Teapot"},
		{`{}`, ""},
		{`{"Unknown":1,"NextToken":null}`, ""},
		{`{"message":"m","DataIntegrationAssociations":[]}`, ""},
		{`{"code":"c","NextToken":""}`, ""},
	} {
		_, err := stubClient(row.body).ListDataIntegrationAssociations(t.Context(), input("example"),
			func(o *appintegrations.Options) { o.Retryer = aws.NopRetryer{} })
		if row.code == "" {
			assert.NoError(t, err, row.body)
			continue
		}
		var api smithy.APIError
		require.ErrorAs(t, err, &api, row.body)
		assert.Equal(t, row.code, api.ErrorCode(), row.body)
		var retryable interface{ RetryableError() bool }
		require.ErrorAs(t, err, &retryable)
		assert.True(t, retryable.RetryableError())
	}
}
