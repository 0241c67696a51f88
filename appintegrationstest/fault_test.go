package appintegrationstest_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	appintegrations "github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const normal = `{"DataIntegrationAssociations":[{"ClientId":"c1"},{"ClientId":"c2"}]}`

// assertBody checks an answer whose body is whole.
func assertBody(status int, body string) func(*testing.T, outcome, time.Duration) {
	return func(t *testing.T, o outcome, _ time.Duration) {
		t.Helper()
		require.NoError(t, o.sendErr)
		require.NoError(t, o.readErr)
		assert.Equal(t, status, o.status)
		assert.Equal(t, body, o.body)
	}
}

// assertCut checks an answer whose body ends in an error after n bytes.
func assertCut(n int, want error) func(*testing.T, outcome, time.Duration) {
	return func(t *testing.T, o outcome, _ time.Duration) {
		t.Helper()
		require.NoError(t, o.sendErr)
		assert.Equal(t, 200, o.status)
		assert.ErrorIs(t, o.readErr, want)
		assert.Equal(t, normal[:n], o.body)
	}
}

func assertHeader(name, value string) func(*testing.T, outcome, time.Duration) {
	return func(t *testing.T, o outcome, _ time.Duration) {
		t.Helper()
		assert.Equal(t, value, o.header.Get(name))
	}
}

func assertTook(units float64) func(*testing.T, outcome, time.Duration) {
	return func(t *testing.T, o outcome, unit time.Duration) {
		t.Helper()
		least := time.Duration(units * float64(unit))
		if unit >= time.Hour {
			assert.Equal(t, least, o.took)
			return
		}
		assert.GreaterOrEqual(t, o.took, least)
	}
}

func assertSendErr(want error) func(*testing.T, outcome, time.Duration) {
	return func(t *testing.T, o outcome, _ time.Duration) {
		t.Helper()
		assert.ErrorIs(t, o.sendErr, want)
	}
}

// TestFaults has each fault met over a socket and without one: what arrives, and
// what Requests says.
func TestFaults(t *testing.T) {
	const throttled = `{"Message":"Rate exceeded"}`
	type check = func(*testing.T, outcome, time.Duration)
	for _, test := range []struct {
		name   string // as in Requests, u standing for the unit of time
		fault  func(u time.Duration) appintegrationstest.Fault
		status int // as in Requests
		checks []check
	}{
		{"throttle", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.Throttle(0) }, 429,
			[]check{assertBody(429, throttled), assertHeader("X-Amzn-ErrorType", "ThrottlingException"), assertHeader("Retry-After", "")}},
		{"throttle with Retry-After 2s", func(time.Duration) appintegrationstest.Fault {
			return appintegrationstest.Throttle(1100 * time.Millisecond)
		}, 429,
			[]check{assertBody(429, throttled), assertHeader("Retry-After", "2")}},
		{"throttle with Retry-After 1m30s as a date", func(time.Duration) appintegrationstest.Fault {
			return appintegrationstest.ThrottleWithDate(90 * time.Second)
		}, 429, []check{assertBody(429, throttled), func(t *testing.T, o outcome, _ time.Duration) {
			date, err := http.ParseTime(o.header.Get("Date"))
			require.NoError(t, err)
			after, err := http.ParseTime(o.header.Get("Retry-After"))
			require.NoError(t, err)
			assert.Equal(t, 90*time.Second, after.Sub(date))
		}}},
		{"throttle with x-amz-retry-after 1.5s", func(time.Duration) appintegrationstest.Fault {
			return appintegrationstest.ThrottleWithMillis(1500 * time.Millisecond)
		}, 429, []check{assertBody(429, throttled), assertHeader("X-Amz-Retry-After", "1500")}},
		{"API Gateway: throttle (429)", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.GatewayThrottle() }, 429,
			[]check{assertBody(429, `{"message":"Too Many Requests"}`), assertHeader("X-Amzn-ErrorType", "TooManyRequestsException"), assertHeader("Retry-After", "")}},
		{"API Gateway: forbidden (403)", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.GatewayForbidden() }, 403,
			[]check{assertBody(403, `{"message":"Forbidden"}`), assertHeader("X-Amzn-ErrorType", "ForbiddenException")}},
		{"API Gateway: missing token (403)", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.GatewayMissingToken() }, 403,
			[]check{assertBody(403, `{"message":"Missing Authentication Token"}`), assertHeader("X-Amzn-ErrorType", "MissingAuthenticationTokenException")}},
		{"API Gateway: timeout (504)", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.GatewayTimeout() }, 504,
			[]check{assertBody(504, `{"message": "Endpoint request timed out"}`), assertHeader("X-Amzn-ErrorType", "InternalServerErrorException")}},
		{"API Gateway: WAF (403)", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.GatewayWAF() }, 403,
			[]check{assertBody(403, `{"message":"Forbidden"}`), assertHeader("X-Amzn-ErrorType", "ForbiddenException:http://internal.amazon.com/coral/com.amazon.coral.service/")}},
		{"denied by resource policy", func(time.Duration) appintegrationstest.Fault {
			return appintegrationstest.DeniedByResourcePolicy()
		}, 403, []check{assertHeader("X-Amzn-ErrorType", "AccessDeniedException"), func(t *testing.T, o outcome, _ time.Duration) {
			assert.Regexp(t, `^User: arn:aws:iam::111122223333:user/example is not authorized to perform: app-integrations:ListDataIntegrationAssociations `+
				`on resource: arn:aws:app-integrations:us-east-1:111122223333:data-integration/[0-9a-f-]{36} with an explicit deny in a resource-based policy$`, o.page.Message)
		}}},
		{"expired token", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.ExpiredToken() }, 403,
			[]check{assertBody(403, `{"Message":"The security token included in the request is expired"}`), assertHeader("X-Amzn-ErrorType", "ExpiredTokenException")}},
		{"bare status 503", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.BareStatus(503, "busy") }, 503,
			[]check{assertBody(503, "busy"), assertHeader("X-Amzn-ErrorType", ""), assertHeader("Content-Type", "text/plain; charset=utf-8")}},
		{"bare status 204", func(time.Duration) appintegrationstest.Fault {
			return appintegrationstest.BareStatus(204, "no body here")
		}, 204,
			[]check{assertBody(204, "")}},
		{"HTML of a proxy (502)", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.ProxyPage(502) }, 502,
			[]check{assertHeader("Content-Type", "text/html"), func(t *testing.T, o outcome, _ time.Duration) {
				assert.Contains(t, o.body, "<h1>502 Bad Gateway</h1>")
			}}},
		{"empty 200", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.EmptyBody() }, 200,
			[]check{assertBody(200, "")}},
		{"redirect (307) to https://example.com/", func(time.Duration) appintegrationstest.Fault {
			return appintegrationstest.Redirect(307, "https://example.com/")
		}, 307, []check{assertBody(307, ""), assertHeader("Location", "https://example.com/")}},
		{"clock skew of -2400h0m0s", func(time.Duration) appintegrationstest.Fault {
			return appintegrationstest.ClockSkew(-2400 * time.Hour)
		}, 200, []check{assertBody(200, normal), func(t *testing.T, o outcome, _ time.Duration) {
			date, err := http.ParseTime(o.header.Get("Date"))
			require.NoError(t, err)
			assert.InDelta(t, -2400*3600, time.Until(date).Seconds(), 60)
		}}},
		{"stall of u", func(u time.Duration) appintegrationstest.Fault { return appintegrationstest.Stall(u) }, 200,
			[]check{assertBody(200, normal), assertTook(1)}},
		{"stall without end", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.Stall(0) }, 0,
			[]check{assertSendErr(context.DeadlineExceeded), assertTook(20)}},
		{"stall of u at byte 10", func(u time.Duration) appintegrationstest.Fault { return appintegrationstest.StallBody(10, u) }, 200,
			[]check{assertBody(200, normal), assertTook(1)}},
		{"stall without end at byte 10", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.StallBody(10, -1) }, 200,
			[]check{assertCut(10, context.DeadlineExceeded), assertTook(20)}},
		{"drip of 20 bytes every u", func(u time.Duration) appintegrationstest.Fault { return appintegrationstest.Drip(20, u) }, 200,
			[]check{assertBody(200, normal), assertTook(4)}}, // 69 bytes
		{"drip of 1 bytes every u", func(u time.Duration) appintegrationstest.Fault { return appintegrationstest.Drip(0, u) }, 200,
			[]check{func(t *testing.T, o outcome, u time.Duration) {
				assert.ErrorIs(t, o.readErr, context.DeadlineExceeded)
				assert.True(t, strings.HasPrefix(normal, o.body), "%q", o.body)
				if u == time.Hour { // without a socket: a busy machine may not get to the first byte
					assert.NotEmpty(t, o.body)
				}
			}, assertTook(20)}},
		{"connection close before headers", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.CloseConnection() }, 0,
			[]check{assertSendErr(io.EOF)}},
		{"connection reset before headers", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.ResetConnection() }, 0,
			[]check{assertSendErr(syscall.ECONNRESET)}},
		{"body cut at 0 by close", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.CutBody(0) }, 200,
			[]check{assertCut(0, io.ErrUnexpectedEOF)}},
		{"body cut at 33 by close", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.CutBody(33) }, 200,
			[]check{assertCut(33, io.ErrUnexpectedEOF), func(t *testing.T, o outcome, _ time.Duration) { assert.EqualValues(t, len(normal), o.length) }}},
		{"body cut at 99999 by close", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.CutBody(99999) }, 200,
			[]check{assertCut(len(normal)-1, io.ErrUnexpectedEOF)}},
		{"body cut at 33 by reset", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.ResetBody(33) }, 200,
			[]check{func(t *testing.T, o outcome, u time.Duration) {
				if o.sendErr == nil && o.readErr != nil && len(o.body) == 33 {
					assertCut(33, syscall.ECONNRESET)(t, o, u)
					return
				}
				// A reset may overtake what was sent before it.
				assert.ErrorIs(t, errors.Join(o.sendErr, o.readErr), syscall.ECONNRESET)
				assert.Less(t, u, time.Hour, "not without a socket")
			}}},
		{"chunked body cut at 69", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.CutChunked(len(normal)) }, 200,
			[]check{assertCut(len(normal), io.ErrUnexpectedEOF), func(t *testing.T, o outcome, _ time.Duration) { assert.EqualValues(t, -1, o.length) }}},
		{"chunked body cut at -1", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.CutChunked(-1) }, 200,
			[]check{assertCut(0, io.ErrUnexpectedEOF)}},
		{"trailing bytes", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.TrailingBytes("\n{}") }, 200,
			[]check{assertBody(200, normal+"\n{}")}},
		{"gzip", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.Gzip() }, 200,
			[]check{assertBody(200, normal), assertHeader("Content-Encoding", "")}},
		{"gzip without the last 9 bytes", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.GzipCut(9) }, 200,
			[]check{func(t *testing.T, o outcome, _ time.Duration) { assert.ErrorIs(t, o.readErr, io.ErrUnexpectedEOF) }}},
		{"gzip with a bad checksum", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.GzipBadChecksum() }, 200,
			[]check{func(t *testing.T, o outcome, _ time.Duration) { assert.ErrorIs(t, o.readErr, gzip.ErrChecksum) }}},
		{"custom", func(time.Duration) appintegrationstest.Fault {
			return appintegrationstest.Fault{Do: func(w http.ResponseWriter, r *http.Request) bool { return true }}
		}, 200, []check{assertBody(200, "")}},
		{"custom", func(time.Duration) appintegrationstest.Fault {
			return appintegrationstest.Fault{Do: func(w http.ResponseWriter, r *http.Request) bool { return false }}
		}, 200, []check{assertBody(200, normal)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel() // some wait for real time to go by
			both(t, func(t *testing.T, c caller) {
				c.srv.Put("a", associations(2)...)
				c.srv.Fail(test.fault(c.unit))
				began := time.Now() // before the deadline begins, however busy the machine
				ctx, cancel := context.WithTimeout(t.Context(), 20*c.unit)
				defer cancel()
				o := c.do(c.request(t, ctx, "a", nil))
				o.took = time.Since(began)
				for _, check := range test.checks {
					check(t, o, c.unit)
				}
				if o.sendErr == nil {
					assert.NotEmpty(t, o.header.Get("X-Amzn-Requestid"))
					assert.NotEmpty(t, o.header.Get("Date"))
				}
				got := last(t, c.srv)
				assert.Equal(t, strings.ReplaceAll(test.name, " u", " "+c.unit.String()), got.Fault)
				assert.Equal(t, test.status, got.Status)
				assert.Empty(t, got.Refused)

				assertServed(t, c.get(t, "a", nil), clientIDs(1, 2)) // it is used up
				assert.Empty(t, last(t, c.srv).Fault)
			})
		})
	}
}

// TestServiceError has each of the service's errors, and others.
func TestServiceError(t *testing.T) {
	message := aws.String("no \"such\" thing")
	for _, test := range []struct {
		err    error
		status int
		code   string
		body   string
	}{
		{&appintegrations.AccessDeniedException{Message: message}, 403, "AccessDeniedException", *message},
		{&appintegrations.InternalServiceError{Message: message}, 500, "InternalServiceError", *message},
		{&appintegrations.InvalidRequestException{Message: message}, 400, "InvalidRequestException", *message},
		{fmt.Errorf("list: %w", &appintegrations.ResourceNotFoundException{Message: message}), 404, "ResourceNotFoundException", *message},
		{&appintegrations.ThrottlingException{Message: message}, 429, "ThrottlingException", *message},
		{&smithy.GenericAPIError{Code: "InvalidSignatureException", Message: *message}, 403, "InvalidSignatureException", *message},
		{&smithy.GenericAPIError{Code: "Odd", Message: *message}, 400, "Odd", *message},
		{&smithy.GenericAPIError{Code: "Odder", Message: *message, Fault: smithy.FaultServer}, 500, "Odder", *message},
		{io.EOF, 500, "InternalServiceError", "EOF"},
		{nil, 500, "InternalServiceError", ""},
	} {
		both(t, func(t *testing.T, c caller) {
			c.srv.Fail(appintegrationstest.ServiceError(test.err))
			o := c.get(t, "a", nil)
			assert.Equal(t, test.status, o.status)
			assert.Equal(t, []string{test.code}, o.header.Values("X-Amzn-ErrorType"))
			var body map[string]string
			require.NoError(t, json.Unmarshal([]byte(o.body), &body))
			assert.Equal(t, map[string]string{"Message": test.body}, body)
			assert.Equal(t, fmt.Sprintf("%s (%d)", test.code, test.status), last(t, c.srv).Fault)
		})
	}
}

// TestEvery has faults for some of the requests that match them.
func TestEvery(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		c.srv.Put("a")
		c.srv.Fail(
			appintegrationstest.BareStatus(501, "").For("a").Every(3).Always(),
			appintegrationstest.BareStatus(502, "").Every(4).Repeat(2),
			appintegrationstest.BareStatus(503, "").Every(0),
		)
		got := []int{}
		for range 12 {
			got = append(got, c.get(t, "a", nil).status)
		}
		//                  1    2    3    4    5    6    7    8    9    10   11   12
		assert.Equal(t, []int{503, 200, 501, 200, 502, 501, 200, 200, 501, 200, 502, 501}, got)
	})
}

// TestMatching queues faults for some pages of some data integrations.
func TestMatching(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		c.srv.Put("a", associations(4)...)
		c.srv.Put("b", associations(4)...)
		c.srv.Fail(
			appintegrationstest.BareStatus(501, "").OnPage(2),
			appintegrationstest.BareStatus(502, "").For("b").Repeat(2),
			appintegrationstest.BareStatus(503, "").For("a").OnPage(2).Repeat(0),
			appintegrationstest.BareStatus(504, "").For("c").Always(),
			appintegrationstest.BareStatus(505, "").For("d").OnPage(-1),
		)

		size := url.Values{"maxResults": {"2"}}
		first := c.get(t, "a", size)
		assertServed(t, first, clientIDs(1, 2))
		next := url.Values{"maxResults": {"2"}, "nextToken": {first.page.NextToken}}
		statuses := []int{}
		for range 3 {
			statuses = append(statuses, c.get(t, "a", next).status)
		}
		for range 3 {
			statuses = append(statuses, c.get(t, "b", nil).status)
		}
		for range 3 {
			statuses = append(statuses, c.get(t, "c", nil).status)
		}
		for range 2 {
			statuses = append(statuses, c.get(t, "d", nil).status)
		}
		assert.Equal(t, []int{501, 503, 200, 502, 502, 200, 504, 504, 504, 505, 404}, statuses)
		forged := c.get(t, "a", url.Values{"nextToken": {"x"}})
		assert.Equal(t, 400, forged.status)
		assert.Equal(t, 0, last(t, c.srv).Page)
	})
}

// TestTokenFaults follows tokens that repeat, that go in a cycle, and that lead
// through empty pages.
func TestTokenFaults(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault appintegrationstest.Fault
		times int
		pages []string // client ids of each page; the walk ends after them, or with the list
		ends  bool
		token int // how many different tokens
	}{
		{"repeated once", appintegrationstest.RepeatToken().OnPage(2), 1, []string{"c1 c2", "c3 c4", "c3 c4", "c5"}, true, 2},
		{"repeated for ever", appintegrationstest.RepeatToken().OnPage(2), -1, []string{"c1 c2", "c3 c4", "c3 c4", "c3 c4", "c3 c4"}, false, 1},
		{"repeated at the end", appintegrationstest.RepeatToken().OnPage(3), 1, []string{"c1 c2", "c3 c4", "c5", "c5"}, true, 2},
		{"repeated at the start", appintegrationstest.RepeatToken(), -1, []string{"c1 c2", "c1 c2", "c1 c2"}, false, 1},
		{"a cycle of 2", appintegrationstest.CycleTokens(2), -1, []string{"c1 c2", "c3 c4", "c1 c2", "c3 c4", "c1 c2", "c3 c4"}, false, 2},
		{"a cycle of 3, once", appintegrationstest.CycleTokens(3), 1, []string{"c1 c2", "c3 c4", "c5", "c1 c2", "c3 c4", "c5"}, true, 3},
		{"a cycle of 1", appintegrationstest.CycleTokens(0), -1, []string{"c1 c2", "c1 c2"}, false, 1},
		{"empty once", appintegrationstest.EmptyPage(), 1, []string{"", "c1 c2", "c3 c4", "c5"}, true, 3},
		{"empty for ever", appintegrationstest.EmptyPage(), -1, []string{"", "", "", ""}, false, 4},
		{"empty in the middle", appintegrationstest.EmptyPage().OnPage(2), 1, []string{"c1 c2", "", "c3 c4", "c5"}, true, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			both(t, func(t *testing.T, c caller) {
				c.srv.Put("a", associations(5)...)
				f := test.fault
				f.Times = test.times
				c.srv.Fail(f)
				query := url.Values{"maxResults": {"2"}}
				tokens := map[string]bool{}
				token := ""
				for i, want := range test.pages {
					o := c.get(t, "a", query)
					require.Equal(t, 200, o.status)
					assert.Equal(t, want, strings.Join(o.page.ids(), " "), "page %d", i+1)
					if token = o.page.NextToken; token == "" {
						assert.Equal(t, len(test.pages), i+1)
						break
					}
					tokens[token] = true
					query.Set("nextToken", token)
				}
				assert.Equal(t, test.ends, token == "")
				assert.Len(t, tokens, test.token)
			})
		})
	}
}

// TestFaultsOfRefusals spoils an answer that is a refusal.
func TestFaultsOfRefusals(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		c.srv.Fail(appintegrationstest.CutBody(5), appintegrationstest.EmptyPage(), appintegrationstest.Gzip(), appintegrationstest.CutChunked(5))
		for range 4 {
			o := c.get(t, "none", nil)
			assert.Equal(t, 404, o.status)
			assert.Equal(t, "ResourceNotFoundException", o.header.Get("X-Amzn-ErrorType"))
			assert.Empty(t, last(t, c.srv).Refused)
		}
	})
}

// TestOutside calls a fault where no server is.
func TestOutside(t *testing.T) {
	r, err := http.NewRequest(http.MethodGet, "/", nil)
	require.NoError(t, err)
	assert.False(t, appintegrationstest.Throttle(0).Do(nil, r))
}
