package appintegrations_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// assertMalformed checks the whole chain of an answer that is no page.
func assertMalformed(t *testing.T, err error, status, attempts int) *appintegrations.MalformedResponseError {
	t.Helper()
	operation, ok := as[*smithy.OperationError](err)
	require.True(t, ok, "%v", err)
	exhausted, ok := as[*retry.MaxAttemptsError](operation)
	require.True(t, ok, "%v", err)
	assert.Equal(t, attempts, exhausted.Attempt)
	answered, ok := as[*awshttp.ResponseError](exhausted)
	require.True(t, ok, "%v", err)
	assert.Equal(t, status, answered.HTTPStatusCode())
	deserialization, ok := as[*smithy.DeserializationError](answered.Err)
	require.True(t, ok, "%v", err)
	malformed, ok := as[*appintegrations.MalformedResponseError](deserialization)
	require.True(t, ok, "%v", err)
	assert.Equal(t, status, malformed.StatusCode)
	assert.Equal(t, malformed.RequestID, answered.ServiceRequestID())
	assert.NotContains(t, err.Error(), "\n")
	assert.LessOrEqual(t, len(err.Error()), 1<<10)
	return malformed
}

func item(members string) string {
	return `{"DataIntegrationAssociations":[{"ClientId":"a"},{` + members + `}]}`
}

const (
	list1 = `DataIntegrationAssociations[1]`
	empty = `{"DataIntegrationAssociations":[]}`
)

type malformedRow struct {
	name, body, path, reason string // reason: a part of it
}

// malformed200 returns answers of a success that are no page.
func malformed200() []malformedRow {
	return []malformedRow{
		{"empty", "", "", "the body is empty"},
		{"white space", " \r\n\t", "", "the body is empty"},
		{"null", "null", "", "null, not an object"},
		{"array", "[]", "", "an array, not an object"},
		{"string", `"x"`, "", "a string, not an object"},
		{"number", "123", "", "a number, not an object"},
		{"true", "true", "", "a boolean, not an object"},
		{"HTML", "<html><body>Sign in</body></html>", "", "unexpected '<'"},
		{"text", "upstream connect error", "", "unexpected 'u'"},
		{"BOM", "\xef\xbb\xbf{}", "", `unexpected '\xef'`},
		{"NULs", "\x00\x00", "", `unexpected '\x00'`},
		{"UTF-16", "{\x00}\x00", "", `unexpected '\x00'`},
		{"trailing bytes", "{}x", "", "unexpected 'x', want the end"},
		{"trailing NUL", "{}\x00", "", "want the end"},
		{"second document", "{}{}", "", "unexpected '{', want the end"},
		{"second document on a line", empty + "\n" + empty, "", "want the end"},
		{"cut", "{", "", "the JSON is cut off"},
		{"trailing comma", `{"NextToken":"a",}`, "", "want a member name"},
		{"comment", `{/**/}`, "", "want a member name"},
		{"NaN", `{"x":NaN}`, "", "want a value"},
		{"control character", "{\"x\":\"a\nb\"}", "", "control character"},
		{"bad escape", `{"x":"\q"}`, "", "escape"},
		{"list twice", `{"DataIntegrationAssociations":[],"DataIntegrationAssociations":[]}`, "DataIntegrationAssociations", "twice"},
		{"list twice, once null", `{"DataIntegrationAssociations":null,"DataIntegrationAssociations":[]}`, "DataIntegrationAssociations", "twice"},
		{"token twice", `{"NextToken":"a","NextToken":"a"}`, "NextToken", "twice"},
		{"token twice, once escaped", `{"NextToken":"a","\u004eextToken":"a"}`, "NextToken", "twice"},
		{"field twice", item(`"ClientId":"a","ClientId":"b"`), list1 + ".ClientId", "twice"},
		{"deep field twice", item(`"ExecutionConfiguration":{"ScheduleConfiguration":{"Object":"a","Object":"b"}}`), list1 + ".ExecutionConfiguration.ScheduleConfiguration.Object", "twice"},
		{"structure twice", item(`"LastExecutionStatus":{},"LastExecutionStatus":{}`), list1 + ".LastExecutionStatus", "twice"},
		{"list is an object", `{"DataIntegrationAssociations":{}}`, "DataIntegrationAssociations", "an object, not an array"},
		{"list is a string", `{"DataIntegrationAssociations":"none"}`, "DataIntegrationAssociations", "a string, not an array"},
		{"item is null", `{"DataIntegrationAssociations":[{},null]}`, list1, "null, not an object"},
		{"item is a string", `{"DataIntegrationAssociations":[{},"x"]}`, list1, "a string, not an object"},
		{"item is a list", `{"DataIntegrationAssociations":[{},[]]}`, list1, "an array, not an object"},
		{"field is a number", item(`"ClientId":7`), list1 + ".ClientId", "a number, not a string"},
		{"field is an object", item(`"DestinationURI":{}`), list1 + ".DestinationURI", "an object, not a string"},
		{"status is a string", item(`"LastExecutionStatus":"DONE"`), list1 + ".LastExecutionStatus", "a string, not an object"},
		{"enum is a number", item(`"ExecutionConfiguration":{"ExecutionMode":1}`), list1 + ".ExecutionConfiguration.ExecutionMode", "a number, not a string"},
		{"time is a number", item(`"ExecutionConfiguration":{"OnDemandConfiguration":{"StartTime":1}}`), list1 + ".ExecutionConfiguration.OnDemandConfiguration.StartTime", "a number, not a string"},
		{"token is a number", `{"NextToken":7}`, "NextToken", "a number, not a string"},
		{"token is false", `{"NextToken":false}`, "NextToken", "a boolean, not a string"},
		{"token with invalid UTF-8", "{\"NextToken\":\"a\xff\"}", "NextToken", "invalid UTF-8"},
		{"token with a lone surrogate", `{"NextToken":"a\ud800"}`, "NextToken", "lone surrogate"},
		{"token with a low surrogate", `{"NextToken":"\udc00a"}`, "NextToken", "lone surrogate"},
		{"another operation's page", `{"EventIntegrations":[],"nextToken":"a"}`, "", "EventIntegrations"},
		{"an error in another case", `{"ERROR":"upstream unavailable"}`, "", "ERROR"},
		{"a Coral envelope", `{"Output":{"__type":"x#InternalFailure"},"Version":"1.0"}`, "", "Output"},
		{"known names in another case", `{"nexttoken":"a","dataIntegrationAssociations":[]}`, "", "nexttoken"},
		{"a number as code", `{"code":429}`, "", "code"},
		{"an object as message", `{"message":{"text":"x"}}`, "", "message"},
		{"a token over 8 KiB", `{"NextToken":"` + strings.Repeat("a", 8<<10+1) + `"}`, "NextToken", "8"},
		{"33 levels", `{"x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, "", "32 levels"},
		{"9,990 levels", `{"x":` + strings.Repeat("[", 9990) + strings.Repeat("]", 9990) + `}`, "", "32 levels"},
		{"100k levels", `{"x":` + strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_001), "", "32 levels"},
		{"10M levels", `{"x":` + strings.Repeat("[", 10_000_000), "", "larger than MaxPageBytes"},
		{"8 MiB and a byte", `{}` + strings.Repeat(" ", 8<<20-1), "", "larger than MaxPageBytes"},
		{"items of no size", `{"DataIntegrationAssociations":[{}` + strings.Repeat(",{}", 1<<16) + `]}`, "DataIntegrationAssociations", "more than 65536 items"},
	}
}

// wellformed200 returns pages, though odd ones.
func wellformed200() []struct{ name, body, want string } {
	return []struct{ name, body, want string }{
		{"empty object", "{}", "-"},
		{"white space around", " \r\n\t" + empty + "\n\n", "-"},
		{"null list", `{"DataIntegrationAssociations":null,"NextToken":"a"}`, `"a"`},
		{"null token", `{"NextToken":null}`, "-"},
		{"empty token", `{"NextToken":""}`, `""`},
		{"empty item", `{"DataIntegrationAssociations":[{}]}`, "----false;-"},
		{"null field", `{"DataIntegrationAssociations":[{"ClientId":null,"LastExecutionStatus":null}]}`, "----false;-"},
		{"unknown members", `{"x":{"NextToken":"b"},"x":[1,-2.5e3,true,null],"DataIntegrationAssociations":[{"y":[[]],"ClientId":"a"}]}`, `"a"---false;-`},
		{"unknown enum", `{"DataIntegrationAssociations":[{"LastExecutionStatus":{"ExecutionStatus":"NEW"}}]}`, `----"NEW"-false;-`},
		{"token before the list", `{"NextToken":"a","DataIntegrationAssociations":[{"ClientId":"c"}]}`, `"c"---false;"a"`},
		{"another case", `{"nexttoken":"a","dataIntegrationAssociations":7,"NextToken":null}`, "-"},
		{"invalid UTF-8 in a value", "{\"DataIntegrationAssociations\":[{\"ClientId\":\"a\xffb\"}]}", `"a�b"---false;-`},
		{"lone surrogate in a value", `{"DataIntegrationAssociations":[{"ClientId":"a\ud800b"}]}`, `"a�b"---false;-`},
		{"U+FFFD in a token", `{"NextToken":"a\ufffd�"}`, `"a��"`},
		{"surrogate pair in a token", `{"NextToken":"\ud83d\ude00"}`, `"😀"`},
		{"32 levels", `{"NextToken":null,"x":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`, "-"},
		{"8 MiB", `{}` + strings.Repeat(" ", 8<<20-2), "-"},
	}
}

// TestMalformed200 holds that nothing but one complete JSON object is a page.
// The official client v1.37.11 takes an empty body, null, 204 and an error in a
// 200 for the end of the list.
func TestMalformed200(t *testing.T) {
	t.Parallel()
	for _, row := range malformed200() {
		bubble(t, row.name, func(t *testing.T) {
			s := (&faultServer{answer: func(c *faultConn, _ int) { c.page(row.body) }}).start(t)
			_, err := list(t, t.Context(), s.client(t))
			assert.EqualValues(t, 3, s.requests.Load(), "requests")
			e := assertMalformed(t, err, 200, 3)
			assert.Equal(t, "r1", e.RequestID)
			assert.Equal(t, row.path, e.Path)
			assert.Contains(t, e.Reason, row.reason)
			assert.Contains(t, err.Error(), "StatusCode: 200")
			assert.Contains(t, err.Error(), "r1")

			s.requests.Store(0)
			s.answer = func(c *faultConn, n int) {
				if n == 1 {
					c.page(row.body)
					return
				}
				c.page(whole)
			}
			got, err := list(t, t.Context(), s.client(t))
			require.NoError(t, err)
			assert.Equal(t, wholeText(), got)
			assert.EqualValues(t, 2, s.requests.Load(), "requests, after one such answer")
		})
	}
	for _, row := range wellformed200() {
		bubble(t, row.name, func(t *testing.T) {
			s := (&faultServer{answer: func(c *faultConn, _ int) { c.page(row.body) }}).start(t)
			got, err := list(t, t.Context(), s.client(t))
			require.NoError(t, err)
			assert.Equal(t, row.want, got)
			assert.EqualValues(t, 1, s.requests.Load(), "requests")
		})
	}
	t.Run("no limit", func(t *testing.T) {
		got, err := list(t, t.Context(), stubClient(whole, func(o *appintegrations.Options) { o.MaxPageBytes = math.MaxInt64 }))
		assert.NoError(t, err)
		assert.Equal(t, wholeText(), got)
	})
	t.Run("other successes", testOtherSuccesses)
	t.Run("errors in a success", testErrorsIn200)
	t.Run("stubs", testStubs)
}

func testOtherSuccesses(t *testing.T) {
	for _, status := range []int{201, 202, 203, 204, 205, 206, 207, 226, 299} {
		bubble(t, http.StatusText(status), func(t *testing.T) {
			s := (&faultServer{answer: func(c *faultConn, _ int) {
				body := fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(whole), whole)
				if status == 204 {
					body = "\r\n"
				}
				c.say(fmt.Sprintf("HTTP/1.1 %d Fine\r\nX-Amzn-Requestid: r1\r\n%s", status, body))
			}}).start(t)
			_, err := list(t, t.Context(), s.client(t))
			assert.EqualValues(t, 3, s.requests.Load())
			e := assertMalformed(t, err, status, 3)
			assert.Contains(t, e.Reason, "not "+fmt.Sprint(status))
			_, ok := as[smithy.APIError](err)
			assert.False(t, ok)
		})
	}
}

func testErrorsIn200(t *testing.T) {
	for _, row := range []struct{ name, header, body, code string }{
		{"header, no body", "ResourceNotFoundException", "", "ResourceNotFoundException"},
		{"header and page", "ThrottlingException:http://x/", whole, "ThrottlingException"},
		{"header and message", "x#AccessDeniedException", `{"Message":"no"}`, "AccessDeniedException"},
		{"unknown code in the header", "NewException", "{}", "NewException"},
		{"__type alone", "", `{"__type":"x#InternalServiceError","message":"oh"}`, "InternalServiceError"},
		{"code alone", "", `{"code":"ThrottlingException"}`, "ThrottlingException"},
	} {
		bubble(t, row.name, func(t *testing.T) {
			s := (&faultServer{answer: func(c *faultConn, _ int) {
				header := ""
				if row.header != "" {
					header = "X-Amzn-ErrorType: " + row.header + "\r\n"
				}
				c.say(fmt.Sprintf(ok200+"%sContent-Length: %d\r\n\r\n%s", header, len(row.body), row.body))
			}}).start(t)
			_, err := list(t, t.Context(), s.client(t))
			assert.EqualValues(t, 3, s.requests.Load())
			api, ok := as[smithy.APIError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, row.code, api.ErrorCode())
			answered, ok := as[*awshttp.ResponseError](err)
			require.True(t, ok)
			assert.Equal(t, 200, answered.HTTPStatusCode())
			assert.Equal(t, "r1", answered.ServiceRequestID())
		})
	}
}

// testStubs has answers as users' stubs make them: with parts left out.
func testStubs(t *testing.T) {
	body := func(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }
	for name, row := range map[string]struct {
		resp *http.Response
		page bool
		want int // requests
	}{
		"no Header, Request or ContentLength": {&http.Response{StatusCode: 200, Body: body(whole)}, true, 1},
		"ContentLength too small":             {&http.Response{StatusCode: 200, Body: body(whole), ContentLength: 3}, true, 1},
		"ContentLength too large":             {&http.Response{StatusCode: 200, Body: body(whole), ContentLength: 1 << 40}, true, 1},
		"ContentLength unknown":               {&http.Response{StatusCode: 200, Body: body(whole), ContentLength: -1}, true, 1},
		"no Body":                             {&http.Response{StatusCode: 200}, false, 3},
		"no status":                           {&http.Response{Body: body(whole)}, false, 1},
		"no answer and no error":              {nil, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				requests := 0
				client := stubClient("", func(o *appintegrations.Options) {
					o.HTTPClient = doFunc(func(*http.Request) (*http.Response, error) { requests++; return row.resp, nil })
				})
				got, err := list(t, t.Context(), client)
				assert.Equal(t, row.want, requests)
				if row.page {
					require.NoError(t, err)
					assert.Equal(t, wholeText(), got)
					return
				}
				require.Error(t, err)
				_, ok := as[*smithy.OperationError](err)
				assert.True(t, ok, "%v", err)
			})
		})
	}
}
