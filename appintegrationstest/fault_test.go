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
			return appintegrationstest.ThrottleDate(90 * time.Second)
		}, 429, []check{assertBody(429, throttled), func(t *testing.T, o outcome, _ time.Duration) {
			date, err := http.ParseTime(o.header.Get("Date"))
			require.NoError(t, err)
			after, err := http.ParseTime(o.header.Get("Retry-After"))
			require.NoError(t, err)
			assert.Equal(t, 90*time.Second, after.Sub(date))
		}}},
		{"throttle with x-amz-retry-after 1.5s", func(time.Duration) appintegrationstest.Fault {
			return appintegrationstest.ThrottleMillis(1500 * time.Millisecond)
		}, 429, []check{assertBody(429, throttled), assertHeader("X-Amz-Retry-After", "1500")}},
		{"expired token", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.ExpiredToken() }, 403,
			[]check{assertBody(403, `{"Message":"The security token included in the request is expired"}`), assertHeader("X-Amzn-ErrorType", "ExpiredTokenException")}},
		{"bare status 503", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.Status(503, "busy") }, 503,
			[]check{assertBody(503, "busy"), assertHeader("X-Amzn-ErrorType", ""), assertHeader("Content-Type", "text/plain; charset=utf-8")}},
		{"bare status 204", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.Status(204, "no body here") }, 204,
			[]check{assertBody(204, "")}},
		{"HTML of a proxy (502)", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.ProxyPage(502) }, 502,
			[]check{assertHeader("Content-Type", "text/html"), func(t *testing.T, o outcome, _ time.Duration) {
				assert.Contains(t, o.body, "<h1>502 Bad Gateway</h1>")
			}}},
		{"empty 200", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.Empty() }, 200,
			[]check{assertBody(200, "")}},
		{"redirect (307) to https://example.com/", func(time.Duration) appintegrationstest.Fault {
			return appintegrationstest.Redirect(307, "https://example.com/")
		}, 307, []check{assertBody(307, ""), assertHeader("Location", "https://example.com/")}},
		{"Date Thu, 01 Jan 2099 00:00:00 GMT", func(time.Duration) appintegrationstest.Fault {
			return appintegrationstest.Date(time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC))
		}, 200, []check{assertBody(200, normal), assertHeader("Date", "Thu, 01 Jan 2099 00:00:00 GMT")}},
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
		{"connection close before headers", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.Drop(false) }, 0,
			[]check{assertSendErr(io.EOF)}},
		{"connection reset before headers", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.Drop(true) }, 0,
			[]check{assertSendErr(syscall.ECONNRESET)}},
		{"body cut at 0 by close", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.CutBody(0, false) }, 200,
			[]check{assertCut(0, io.ErrUnexpectedEOF)}},
		{"body cut at 33 by close", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.CutBody(33, false) }, 200,
			[]check{assertCut(33, io.ErrUnexpectedEOF), func(t *testing.T, o outcome, _ time.Duration) { assert.EqualValues(t, len(normal), o.length) }}},
		{"body cut at 99999 by close", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.CutBody(99999, false) }, 200,
			[]check{assertCut(len(normal)-1, io.ErrUnexpectedEOF)}},
		{"body cut at 33 by reset", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.CutBody(33, true) }, 200,
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
		{"trailing bytes", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.Trailing("\n{}") }, 200,
			[]check{assertBody(200, normal+"\n{}")}},
		{"gzip", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.Gzip() }, 200,
			[]check{assertBody(200, normal), assertHeader("Content-Encoding", "")}},
		{"gzip without the last 9 bytes", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.GzipCut(9) }, 200,
			[]check{func(t *testing.T, o outcome, _ time.Duration) { assert.ErrorIs(t, o.readErr, io.ErrUnexpectedEOF) }}},
		{"gzip with a bad checksum", func(time.Duration) appintegrationstest.Fault { return appintegrationstest.GzipChecksum() }, 200,
			[]check{func(t *testing.T, o outcome, _ time.Duration) { assert.ErrorIs(t, o.readErr, gzip.ErrChecksum) }}},
		{"custom", func(time.Duration) appintegrationstest.Fault {
			return appintegrationstest.Fault{Do: func(w http.ResponseWriter, r *http.Request) bool { return true }}
		}, 200, []check{assertBody(200, "")}},
		{"custom", func(time.Duration) appintegrationstest.Fault {
			return appintegrationstest.Fault{Do: func(w http.ResponseWriter, r *http.Request) bool { return false }}
		}, 200, []check{assertBody(200, normal)}},
	} {
		t.Run(test.name, func(t *testing.T) {
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

// TestErrors has each of the service's errors, and others, in every form.
func TestErrors(t *testing.T) {
	message := aws.String("no \"such\" thing")
	errs := map[error]int{
		&appintegrations.AccessDeniedException{Message: message}:                             403,
		&appintegrations.InternalServiceError{Message: message}:                              500,
		&appintegrations.InvalidRequestException{Message: message}:                           400,
		fmt.Errorf("list: %w", &appintegrations.ResourceNotFoundException{Message: message}): 404,
		&appintegrations.ThrottlingException{Message: message}:                               429,
		&smithy.GenericAPIError{Code: "Odd", Message: *message}:                              400,
		&smithy.GenericAPIError{Code: "Odder", Message: *message, Fault: smithy.FaultServer}: 500,
	}
	forms := appintegrationstest.ErrorForms()
	require.Len(t, forms, 24)
	seen := map[string]bool{}
	both(t, func(t *testing.T, c caller) {
		for err, status := range errs {
			var api smithy.APIError
			require.ErrorAs(t, err, &api)
			for _, form := range forms {
				c.srv.Fail(appintegrationstest.ErrorAs(err, form))
				o := c.get(t, "a", nil)
				assert.Equal(t, status, o.status)
				var body map[string]string
				require.NoError(t, json.Unmarshal([]byte(o.body), &body))
				code := o.header.Get("X-Amzn-ErrorType") + body["code"] + body["__type"] // one of them
				seen[code+fmt.Sprint(len(o.header.Values("X-Amzn-ErrorType")), body["code"] != "", body["Message"] != "")] = true
				want := api.ErrorCode()
				if form.Namespace != "" {
					want = form.Namespace + "#" + want
				}
				if form.URI != "" {
					want += ":" + form.URI
				}
				assert.Equal(t, want, code)
				assert.Equal(t, *message, body["Message"]+body["message"])
				assert.Equal(t, form.LowerMessage, body["message"] != "")
			}
			c.srv.Fail(appintegrationstest.Error(err), appintegrationstest.ErrorAs(err, appintegrationstest.ErrorForm{Status: 418}))
			assert.Equal(t, status, c.get(t, "a", nil).status)
			assert.Equal(t, fmt.Sprintf("%s (%d)", api.ErrorCode(), status), last(t, c.srv).Fault)
			assert.Equal(t, 418, c.get(t, "a", nil).status)
		}
		c.srv.Fail(appintegrationstest.Error(io.EOF), appintegrationstest.Error(nil))
		for _, want := range []string{"EOF", ""} {
			o := c.get(t, "a", nil)
			assert.Equal(t, 500, o.status)
			assert.Equal(t, "InternalServiceError", o.header.Get("X-Amzn-ErrorType"))
			assert.Equal(t, want, o.page.Message)
		}
	})
	assert.Len(t, seen, len(errs)*len(forms))
	assert.Equal(t, "ErrorCodeIn(7)", appintegrationstest.ErrorCodeIn(7).String())
}

// TestMatching queues faults for some pages of some data integrations.
func TestMatching(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		c.srv.Put("a", associations(4)...)
		c.srv.Put("b", associations(4)...)
		c.srv.Fail(
			appintegrationstest.Status(501, "").OnPage(2),
			appintegrationstest.Status(502, "").For("b").Repeat(2),
			appintegrationstest.Status(503, "").For("a").OnPage(2).Repeat(0),
			appintegrationstest.Status(504, "").For("c").Always(),
			appintegrationstest.Status(505, "").For("d").OnPage(-1),
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
		c.srv.Fail(appintegrationstest.CutBody(5, false), appintegrationstest.EmptyPage(), appintegrationstest.Gzip(), appintegrationstest.CutChunked(5))
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
