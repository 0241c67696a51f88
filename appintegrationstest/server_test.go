package appintegrationstest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	appintegrations "github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestPages(t *testing.T) {
	const arn = "arn:aws:app-integrations:us-east-1:111122223333:data-integration/5f0c"
	for _, id := range []string{"example", arn, "a/b", "../x", "100% ?&#+ü", "%2F"} {
		for _, size := range []int{0, 1, 7, 49, 50} {
			t.Run(id+"/"+strconv.Itoa(size), func(t *testing.T) {
				both(t, func(t *testing.T, c caller) {
					c.srv.Put(id, associations(60)...)
					c.srv.Put(id, associations(1)...) // appends
					got, pages := []string{}, 0
					query := url.Values{}
					if size > 0 {
						query.Set("maxResults", strconv.Itoa(size))
					}
					for {
						o := c.get(t, id, query)
						require.Equal(t, 200, o.status, o.body)
						assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, o.header.Get("X-Amzn-Requestid"))
						assert.Equal(t, "application/json", o.header.Get("Content-Type"))
						pages++
						r := last(t, c.srv)
						assert.Equal(t, id, r.Identifier)
						assert.Equal(t, pages, r.Page)
						got = append(got, o.page.ids()...)
						if o.page.NextToken == "" {
							break
						}
						assert.True(t, strings.ContainsAny(o.page.NextToken, "+") && strings.ContainsAny(o.page.NextToken, "/") && strings.ContainsAny(o.page.NextToken, "="))
						query.Set("nextToken", o.page.NextToken)
					}
					assert.Equal(t, append(clientIDs(1, 60), "c1"), got)
					if size == 0 {
						size = 25
					}
					assert.Equal(t, (61+size-1)/size, pages)
				})
			})
		}
	}
}

func TestValidation(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		c.srv.Put("a", associations(30)...)
		c.srv.Put("b", associations(30)...)
		c.srv.Put("none")
		ofA := c.get(t, "a", nil).page.NextToken
		require.NotEmpty(t, ofA)
		for _, test := range []struct {
			name, id, query string
			status          int
			code            string
		}{
			{"the token's own", "a", "nextToken=" + url.QueryEscape(ofA), 200, ""},
			{"known, without associations", "none", "", 200, ""},
			{"unknown", "c", "", 404, "ResourceNotFoundException"},
			{"of another case", "A", "", 404, "ResourceNotFoundException"},
			{"token of another", "b", "nextToken=" + url.QueryEscape(ofA), 400, "InvalidRequestException"},
			{"token not escaped", "a", "nextToken=" + ofA, 400, "InvalidRequestException"},
			{"token altered", "a", "nextToken=" + url.QueryEscape("A"+ofA[1:]), 400, "InvalidRequestException"},
			{"token empty", "a", "nextToken=", 400, "InvalidRequestException"},
			{"token twice", "a", "nextToken=x&nextToken=x", 400, "InvalidRequestException"},
			{"size 0", "a", "maxResults=0", 400, "InvalidRequestException"},
			{"size 51", "a", "maxResults=51", 400, "InvalidRequestException"},
			{"size -1", "a", "maxResults=-1", 400, "InvalidRequestException"},
			{"size +1", "a", "maxResults=%2B1", 400, "InvalidRequestException"},
			{"size of too many digits", "a", "maxResults=99999999999999999999", 400, "InvalidRequestException"},
			{"size no number", "a", "maxResults=x", 400, "InvalidRequestException"},
			{"size empty", "a", "maxResults=", 400, "InvalidRequestException"},
			{"size twice", "a", "maxResults=1&maxResults=1", 400, "InvalidRequestException"},
			{"unknown parameter", "a", "maxresults=1", 400, "InvalidRequestException"},
			{"size 1", "a", "maxResults=1", 200, ""},
			{"size 50", "a", "maxResults=50", 200, ""},
		} {
			query := test.query
			r, err := http.NewRequest(http.MethodGet, c.srv.URL()+"/dataIntegrations/"+test.id+"/associations", nil)
			require.NoError(t, err)
			r.URL.RawQuery = query
			c.sign(t, r, time.Now())
			if test.name == "token not escaped" {
				r.URL.RawQuery = query // the signer escapes what it finds
			}
			o := c.do(r)
			assert.Equal(t, test.status, o.status, test.name)
			assert.Equal(t, test.code, o.header.Get("X-Amzn-ErrorType"), test.name)
			assert.NotEmpty(t, o.header.Get("X-Amzn-Requestid"), test.name)
			got := last(t, c.srv)
			assert.Equal(t, test.status, got.Status, test.name)
			if test.code != "" {
				assert.Equal(t, test.code+": "+o.page.Message, got.Refused, test.name)
				assert.NotEmpty(t, o.page.Message, test.name)
			} else {
				assert.Empty(t, got.Refused, test.name)
			}
		}
	})
}

func TestUnknownOperations(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		c.srv.Put("a")
		c.srv.Fail(appintegrationstest.BareStatus(500, ""))
		for _, target := range []string{
			"POST /dataIntegrations/a/associations", "DELETE /dataIntegrations/a/associations", "GET /", "GET /dataIntegrations/a",
			"GET /dataIntegrations/a/associations/", "GET /dataIntegrations//associations", "GET //dataIntegrations/a/associations",
			"GET /dataintegrations/a/associations", "GET /dataIntegrations/a/b/associations",
		} {
			method, path, _ := strings.Cut(target, " ")
			r, err := http.NewRequest(method, c.srv.URL()+path, nil)
			require.NoError(t, err)
			c.sign(t, r, time.Now())
			o := c.do(r)
			assert.Equal(t, 404, o.status, target)
			assert.Equal(t, "UnknownOperationException", o.header.Get("X-Amzn-ErrorType"), target)
		}
		assert.Equal(t, 500, c.get(t, "a", nil).status, "what is refused uses no fault up")
	})
}

// TestWire holds the JSON of all members against the service model, as text.
func TestWire(t *testing.T) {
	full := appintegrations.DataIntegrationAssociationSummary{
		ClientId:                      aws.String("<client> & \"son\""),
		DataIntegrationArn:            aws.String("arn:1"),
		DataIntegrationAssociationArn: aws.String("arn:2"),
		DestinationURI:                aws.String("s3://bucket/key"),
		ExecutionConfiguration: &appintegrations.ExecutionConfiguration{
			ExecutionMode:         appintegrations.ExecutionModeScheduled,
			OnDemandConfiguration: &appintegrations.OnDemandConfiguration{StartTime: aws.String("1"), EndTime: aws.String("2")},
			ScheduleConfiguration: &appintegrations.ScheduleConfiguration{
				ScheduleExpression: aws.String("rate(1 hour)"), FirstExecutionFrom: aws.String("3"), Object: aws.String("Account"),
			},
		},
		LastExecutionStatus: &appintegrations.LastExecutionStatus{
			ExecutionStatus: appintegrations.ExecutionStatusFailed, StatusMessage: aws.String("no"),
		},
	}
	both(t, func(t *testing.T, c caller) {
		c.srv.Put("a", full, appintegrations.DataIntegrationAssociationSummary{
			ExecutionConfiguration: &appintegrations.ExecutionConfiguration{}, LastExecutionStatus: &appintegrations.LastExecutionStatus{},
		})
		assert.Equal(t, `{"DataIntegrationAssociations":[{"DataIntegrationAssociationArn":"arn:2","DataIntegrationArn":"arn:1",`+
			`"ClientId":"<client> & \"son\"","DestinationURI":"s3://bucket/key",`+
			`"LastExecutionStatus":{"ExecutionStatus":"FAILED","StatusMessage":"no"},"ExecutionConfiguration":{"ExecutionMode":"SCHEDULED",`+
			`"OnDemandConfiguration":{"StartTime":"1","EndTime":"2"},`+
			`"ScheduleConfiguration":{"FirstExecutionFrom":"3","Object":"Account","ScheduleExpression":"rate(1 hour)"}}},`+
			`{"LastExecutionStatus":{},"ExecutionConfiguration":{}}]}`, c.get(t, "a", nil).body)
		c.srv.Put("none")
		assert.Equal(t, `{"DataIntegrationAssociations":[]}`, c.get(t, "none", nil).body)
	})
}

// TestCopies changes what was given to Put and what Requests gave.
func TestCopies(t *testing.T) {
	srv := appintegrationstest.NewServer(t)
	in := associations(1)
	in[0].ExecutionConfiguration = &appintegrations.ExecutionConfiguration{
		OnDemandConfiguration: &appintegrations.OnDemandConfiguration{StartTime: aws.String("1")},
		ScheduleConfiguration: &appintegrations.ScheduleConfiguration{Object: aws.String("1")},
	}
	in[0].LastExecutionStatus = &appintegrations.LastExecutionStatus{StatusMessage: aws.String("1")}
	srv.Put("a", in...)
	c := caller{srv: srv, client: client(t, nil)}
	before := c.get(t, "a", nil).body
	*in[0].ClientId, *in[0].ExecutionConfiguration.OnDemandConfiguration.StartTime = "2", "2"
	*in[0].ExecutionConfiguration.ScheduleConfiguration.Object, *in[0].LastExecutionStatus.StatusMessage = "2", "2"
	in[0].ExecutionConfiguration.ExecutionMode = "2"
	assert.Equal(t, before, c.get(t, "a", nil).body)

	srv.Requests()[0].Header.Set("Authorization", "gone")
	assert.Contains(t, srv.Requests()[0].Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
}

func TestQuota(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		c.srv.Put("a", associations(1)...)
		c.srv.Fail(appintegrationstest.Fault{Times: 2}) // two requests within the quota, answered normally
		statuses := map[int]int{}
		for range 10 {
			o := c.get(t, "a", nil)
			statuses[o.status]++
			if o.status == 429 {
				assert.Equal(t, "ThrottlingException", o.header.Get("X-Amzn-ErrorType"))
				assert.Equal(t, "ThrottlingException: Rate exceeded", last(t, c.srv).Refused)
				assert.Empty(t, o.header.Get("Retry-After"))
			}
		}
		assert.Equal(t, map[int]int{200: 3, 429: 7}, statuses)
		requests := c.srv.Requests()
		assert.Equal(t, "custom", requests[1].Fault)
		assert.Empty(t, requests[2].Fault)
	}, func(o *appintegrationstest.Options) {
		o.Quota = appintegrationstest.Quota{PerSecond: 0.001, Burst: 3}
	})
}

// TestQuotaTime lets virtual time refill the bucket.
func TestQuotaTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := appintegrationstest.New(func(o *appintegrationstest.Options) { o.Quota.PerSecond = 10 })
		defer srv.Close()
		srv.Put("a")
		c := caller{srv: srv, client: client(t, srv)}
		served := 0
		for range 1000 {
			if c.get(t, "a", nil).status == 200 {
				served++
			}
			time.Sleep(10 * time.Millisecond)
		}
		assert.Equal(t, 100, served)
	})
}

func TestClock(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		c.srv.Put("a")
		began := time.Now()
		for _, test := range []struct {
			off     time.Duration
			refused string
		}{
			{0, ""}, {5*time.Minute - 10*time.Second, ""}, {-5*time.Minute + 10*time.Second, ""},
			{5*time.Minute + 10*time.Second, "Signature not yet current"}, {-5*time.Minute - 10*time.Second, "Signature expired"},
		} {
			r, err := http.NewRequest(http.MethodGet, c.srv.URL()+"/dataIntegrations/a/associations", nil)
			require.NoError(t, err)
			c.sign(t, r, began.Add(time.Hour+test.off))
			o := c.do(r)
			if test.refused == "" {
				assert.Equal(t, 200, o.status, o.body)
				continue
			}
			assert.Equal(t, 403, o.status)
			assert.Contains(t, o.page.Message, test.refused)
			date, err := http.ParseTime(o.header.Get("Date"))
			require.NoError(t, err)
			assert.InDelta(t, time.Hour.Seconds(), date.Sub(began).Seconds(), 5)
		}
	}, func(o *appintegrationstest.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Hour) }
	})
}

// TestConfigured sets every option, and what a request that fits none of them
// gets.
func TestConfigured(t *testing.T) {
	configure := func(o *appintegrationstest.Options) {
		o.Region, o.AccessKeyID, o.SecretAccessKey, o.SessionToken, o.PageSize = "eu-central-1", "AKID", "SECRET", "TOKEN", 3
	}
	both(t, func(t *testing.T, c caller) {
		c.srv.Put("a", associations(7)...)
		assertServed(t, c.get(t, "a", nil), clientIDs(1, 3))
		assert.Equal(t, "TOKEN", last(t, c.srv).Header.Get("X-Amz-Security-Token"))

		other := appintegrationstest.New()
		defer other.Close()
		r, err := http.NewRequest(http.MethodGet, c.srv.URL()+"/dataIntegrations/a/associations", nil)
		require.NoError(t, err)
		caller{srv: other}.sign(t, r, time.Now())
		o := c.do(r)
		assert.Equal(t, 403, o.status)
		assert.Equal(t, "InvalidSignatureException", o.header.Get("X-Amzn-ErrorType"), "the Region comes first")
		assert.NotContains(t, o.body, "SECRET")
	}, configure)

	o := appintegrationstest.New(func(o *appintegrationstest.Options) { o.PageSize = -1 })
	defer o.Close()
	assert.Equal(t, "https://app-integrations.fake.invalid", o.URL())
}

// TestBodies sends a body that is right, one that is not what was signed, and
// one that is too large.
func TestBodies(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		c.srv.Put("a")
		for size, want := range map[int]int{0: 200, 1: 403, 70_000: 413} {
			r := c.request(t, t.Context(), "a", nil)
			if size > 0 {
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(make([]byte, size))), int64(size)
			}
			assert.Equal(t, want, c.do(r).status, "%d bytes", size)
		}
	})
}

func TestAddr(t *testing.T) {
	s, err := appintegrationstest.Start(func(o *appintegrationstest.Options) { o.Addr = ":0" })
	require.NoError(t, err)
	assert.Regexp(t, `^http://127\.0\.0\.1:\d+$`, s.URL())
	_, err = appintegrationstest.Start(func(o *appintegrationstest.Options) { o.Addr = strings.TrimPrefix(s.URL(), "http://") })
	assert.ErrorIs(t, err, syscall.EADDRINUSE)
	s.Close()
	s.Close()
}

func TestClosed(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		c.srv.Put("a")
		require.Equal(t, 200, c.get(t, "a", nil).status)
		c.srv.Close()
		o := c.get(t, "a", nil)
		assert.ErrorIs(t, o.sendErr, syscall.ECONNREFUSED)
		assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
			c.srv.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		})
	})
}

// TestCloseEndsStalls closes a server with requests that are stalled before
// their headers and inside of their bodies.
func TestCloseEndsStalls(t *testing.T) {
	defer goleak.VerifyNone(t)
	both(t, func(t *testing.T, c caller) {
		c.srv.Put("a", associations(1)...)
		var stalled, failed sync.WaitGroup
		var failures atomic.Int32
		for _, f := range []appintegrationstest.Fault{appintegrationstest.Stall(0), appintegrationstest.StallBody(10, 0), appintegrationstest.Drip(1, c.unit)} {
			stalled.Add(1)
			do := f.Do
			f.Do = func(w http.ResponseWriter, r *http.Request) bool {
				stalled.Done()
				return do(w, r)
			}
			c.srv.Fail(f)
			r := c.request(t, context.Background(), "a", nil)
			failed.Go(func() {
				if o := c.do(r); o.sendErr != nil || o.readErr != nil {
					failures.Add(1)
				}
			})
		}
		stalled.Wait()
		c.srv.Close()
		failed.Wait()
		assert.EqualValues(t, 3, failures.Load())
	})
}

// TestBehindAnother puts the server behind TLS and HTTP/2.
func TestBehindAnother(t *testing.T) {
	srv := appintegrationstest.New()
	defer srv.Close()
	ts := httptest.NewUnstartedServer(srv)
	ts.EnableHTTP2 = true
	ts.StartTLS()
	defer ts.Close()
	srv.Put("a", associations(3)...)
	srv.Fail(appintegrationstest.ResetBody(20))

	get := func() (*http.Response, []byte, error) {
		r, err := http.NewRequest(http.MethodGet, ts.URL+"/dataIntegrations/a/associations", nil)
		require.NoError(t, err)
		caller{srv: srv}.sign(t, r, time.Now())
		resp, err := ts.Client().Do(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return resp, body, err
	}
	resp, body, err := get()
	assert.Equal(t, 2, resp.ProtoMajor)
	assert.Error(t, err)
	assert.Len(t, body, 20)
	resp, body, err = get()
	require.NoError(t, err)
	assert.Equal(t, 200, resp.StatusCode)
	assert.True(t, json.Valid(body))
}

// TestClient uses the client of this module, over both transports.
func TestClient(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		c.srv.Put("a", associations(60)...)
		client := c.srv.Client()
		p := appintegrations.NewListDataIntegrationAssociationsPaginator(client, &appintegrations.ListDataIntegrationAssociationsInput{
			DataIntegrationIdentifier: aws.String("a"),
		})
		n := 0
		for p.HasMorePages() {
			out, err := p.NextPage(t.Context())
			require.NoError(t, err)
			n += len(out.DataIntegrationAssociations)
		}
		assert.Equal(t, 60, n)

		_, err := client.ListDataIntegrationAssociations(t.Context(), &appintegrations.ListDataIntegrationAssociationsInput{
			DataIntegrationIdentifier: aws.String("b"),
		})
		var gone *appintegrations.ResourceNotFoundException
		assert.ErrorAs(t, err, &gone)
		client.CloseIdleConnections()
	})
}
