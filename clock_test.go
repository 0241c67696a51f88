package appintegrations_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// A clockService is the fake behind a stub that counts, with a clock that is
// off: it refuses what is not signed within 5 minutes of it.
type clockService struct {
	*script
	fake *appintegrationstest.Server
	off  time.Duration
}

func newClockService(off time.Duration) *clockService {
	s := &clockService{off: off}
	s.fake = appintegrationstest.New(func(o *appintegrationstest.Options) {
		o.Now = func() time.Time { return time.Now().Add(s.off) }
	})
	s.fake.Put("example")
	s.script = scripted(s.fake.RoundTrip)
	return s
}

func (s *clockService) client(optFns ...func(*appintegrations.Options)) *appintegrations.Client {
	return s.fake.Client(append([]func(*appintegrations.Options){func(o *appintegrations.Options) { o.HTTPClient = s }}, optFns...)...)
}

// signedAt returns what the clock was when request i was signed, against now.
func (s *script) signedAt(t *testing.T, i int) time.Duration {
	t.Helper()
	date, err := time.Parse("20060102T150405Z", s.requests[i].Header.Get("X-Amz-Date"))
	require.NoError(t, err)
	return date.Sub(s.times[i])
}

// TestClockSkewIsCorrected meets a service whose clock is off, with its own
// rejection: the signature expired, or is not current yet.
func TestClockSkewIsCorrected(t *testing.T) {
	for _, off := range []time.Duration{
		6 * time.Minute, -6 * time.Minute, 30 * time.Minute, -30 * time.Minute, 5 * time.Hour, -5 * time.Hour, 23*time.Hour + 59*time.Minute, -23*time.Hour - 59*time.Minute,
	} {
		t.Run(off.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newClockService(off)
				client, start := s.client(), time.Now()
				_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
				require.NoError(t, err)
				assert.Equal(t, 2, s.count(), "requests")
				assert.Zero(t, time.Since(start), "it is signed again at once")
				assert.Zero(t, s.signedAt(t, 0))
				assert.Equal(t, off, s.signedAt(t, 1))
				assert.Contains(t, s.requests[1].Header.Get("Amz-Sdk-Request"), "attempt=2; max=3")

				_, err = client.ListDataIntegrationAssociations(t.Context(), input("example"))
				require.NoError(t, err)
				assert.Equal(t, 3, s.count(), "the next call is right at once")

				s.off = 0
				_, err = client.ListDataIntegrationAssociations(t.Context(), input("example"))
				require.NoError(t, err)
				assert.Equal(t, 5, s.count(), "the clock is put right again")
				assert.Zero(t, s.signedAt(t, 4))
			})
		})
	}
}

// refusedAt is a refusal whose Date is off, as often as it is asked.
func refusedAt(code string, off time.Duration, headers ...string) doFunc {
	return func(r *http.Request) (*http.Response, error) {
		headers := append([]string{"X-Amzn-ErrorType", code, "Date", time.Now().Add(off).UTC().Format(http.TimeFormat)}, headers...)
		return reply(403, `{"Message":"Signature expired"}`, headers...)(r)
	}
}

// TestClockSkew says which refusals are signed again. The second answer is a
// page, so requests are 2 where they are and 1 where they are not.
func TestClockSkew(t *testing.T) {
	const hour = time.Hour
	insecure := func(o *appintegrations.Options) { o.BaseEndpoint = aws.String("http://localhost:4566") }
	noHTTPS := func(o *appintegrations.Options) { o.EndpointOptions.DisableHTTPS = true }
	disabled := func(o *appintegrations.Options) { o.DisableClockSkewCorrection = true }
	standard := func(o *appintegrations.Options) { o.Retryer = retry.NewStandard() }
	rows := []struct {
		name     string
		refusal  doFunc
		option   func(*appintegrations.Options)
		requests int
	}{
		{"InvalidSignatureException", refusedAt("InvalidSignatureException", hour), nil, 2},
		{"SignatureDoesNotMatch", refusedAt("SignatureDoesNotMatch", -hour), nil, 2},
		{"AuthFailure", refusedAt("AuthFailure", -hour), nil, 2},
		{"RequestTimeTooSkewed", refusedAt("RequestTimeTooSkewed", hour), nil, 2},
		{"RequestExpired", refusedAt("RequestExpired", hour), nil, 2},
		{"RequestInTheFuture", refusedAt("RequestInTheFuture", -hour), nil, 2},
		{"with a namespace", refusedAt("com.amazon.coral.service#InvalidSignatureException:http://x", hour), nil, 2},
		{"under a Retryer of the SDK", refusedAt("InvalidSignatureException", hour), standard, 2},
		{"off by 4m1s", refusedAt("InvalidSignatureException", 4*time.Minute+time.Second), nil, 2},
		{"off by -4m1s", refusedAt("InvalidSignatureException", -4*time.Minute-time.Second), nil, 2},
		{"off by 4m", refusedAt("InvalidSignatureException", 4*time.Minute), nil, 1},
		{"off by -4m", refusedAt("InvalidSignatureException", -4*time.Minute), nil, 1},
		{"not off", refusedAt("SignatureDoesNotMatch", 0), nil, 1},
		{"off by 24h", refusedAt("InvalidSignatureException", 24*hour), nil, 2},
		{"off by 24h1s", refusedAt("InvalidSignatureException", 24*hour+time.Second), nil, 1},
		{"off by -24h1s", refusedAt("InvalidSignatureException", -24*hour-time.Second), nil, 1},
		{"off by a century", refusedAt("InvalidSignatureException", 100*365*24*hour), nil, 1},
		{"http of a base endpoint", refusedAt("InvalidSignatureException", hour), insecure, 1},
		{"http of DisableHTTPS", refusedAt("InvalidSignatureException", hour), noHTTPS, 1},
		{"from a cache", refusedAt("InvalidSignatureException", hour, "Age", "1"), nil, 1},
		{"no Date", reply(403, "", "X-Amzn-ErrorType", "InvalidSignatureException"), nil, 1},
		{"Date that is none", reply(403, "", "X-Amzn-ErrorType", "InvalidSignatureException", "Date", "yesterday"), nil, 1},
		{"another code", refusedAt("AccessDeniedException", hour), nil, 1},
		{"a bare 403", refusedAt("", hour), nil, 1},
		{"DisableClockSkewCorrection", refusedAt("InvalidSignatureException", hour), disabled, 1},
		{"NopRetryer", refusedAt("InvalidSignatureException", hour), once, 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := scripted(row.refusal, reply(200, "{}"))
				options := []func(*appintegrations.Options){}
				if row.option != nil {
					options = append(options, row.option)
				}
				client, start := s.client(options...), time.Now()
				_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
				assert.Equal(t, row.requests, s.count(), "requests")
				assert.Zero(t, time.Since(start))
				assert.Equal(t, row.requests == 2, err == nil, "%v", err)
				if row.requests == 2 {
					assert.NotZero(t, s.signedAt(t, 1))
					return
				}
				var api smithy.APIError
				assert.ErrorAs(t, err, &api)
				_, err = client.ListDataIntegrationAssociations(t.Context(), input("example"))
				assert.NoError(t, err)
				assert.Zero(t, s.signedAt(t, 1), "the clock has not moved")
			})
		})
	}
	t.Logf("%d refusals", len(rows))
}

// TestClockSkewOfAPage answers with pages from another time: only a rejected
// signature moves the clock.
func TestClockSkewOfAPage(t *testing.T) {
	for _, date := range []string{"Thu, 01 Jan 2099 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		for _, status := range []int{200, 500, 404, 307, 204} {
			synctest.Test(t, func(t *testing.T) {
				s := scripted(reply(status, "{}", "Date", date), reply(200, "{}"))
				client := s.client()
				for range 2 {
					_, _ = client.ListDataIntegrationAssociations(t.Context(), input("example"))
				}
				require.GreaterOrEqual(t, s.count(), 2)
				for i := range s.count() {
					assert.Less(t, s.signedAt(t, i).Abs(), time.Second, "%s, %d", date, status)
				}
			})
		}
	}
}

// TestClockSkewIsCorrectedOnce refuses for ever, each time further off: the
// attempts end.
func TestClockSkewIsCorrectedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		off := time.Duration(0)
		s := scripted(func(r *http.Request) (*http.Response, error) {
			off += time.Hour
			return refusedAt("InvalidSignatureException", off)(r)
		})
		_, err := s.client().ListDataIntegrationAssociations(t.Context(), input("example"))
		var api smithy.APIError
		require.ErrorAs(t, err, &api)
		assert.Equal(t, 2, s.count())
		assert.Contains(t, err.Error(), "attempt 2")

		s = scripted(refusedAt("InvalidSignatureException", time.Hour), reply(503, ""))
		_, err = s.client().ListDataIntegrationAssociations(t.Context(), input("example"))
		var exhausted *retry.MaxAttemptsError
		require.True(t, errors.As(err, &exhausted), "%v", err)
		assert.Equal(t, 3, s.count(), "the attempt that was signed again counts")
	})
}

// TestClockSkewOfManyCalls lets many calls meet the wrong clock at once: each is
// signed again, whichever moved the clock.
func TestClockSkewOfManyCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newClockService(time.Hour)
		client := s.client()
		failures := make(chan error, 50)
		for range cap(failures) {
			go func() {
				_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
				failures <- err
			}()
		}
		for range cap(failures) {
			assert.NoError(t, <-failures)
		}
		assert.LessOrEqual(t, s.count(), 2*cap(failures))
		t.Logf("%d calls, %d requests", cap(failures), s.count())
	})
}

// TestClockSkewOverTLS does it over a socket.
func TestClockSkewOverTLS(t *testing.T) {
	fake := appintegrationstest.New(func(o *appintegrationstest.Options) {
		o.Now = func() time.Time { return time.Now().Add(-2 * time.Hour) }
	})
	fake.Put("example")
	server := httptest.NewTLSServer(fake)
	defer server.Close()
	client := fake.Client(func(o *appintegrations.Options) {
		o.BaseEndpoint, o.HTTPClient = aws.String(server.URL), server.Client()
	})
	for range 2 {
		_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
		require.NoError(t, err)
	}
	assert.Len(t, fake.Requests(), 3)
}
