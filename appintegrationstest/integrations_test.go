package appintegrationstest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	appintegrations "github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// integrations sends a signed request for the list of data integrations.
func (c caller) integrations(t *testing.T, query url.Values) outcome {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.srv.URL()+"/dataIntegrations", nil)
	require.NoError(t, err)
	r.URL.RawQuery = query.Encode()
	c.sign(t, r, time.Now())
	return c.do(r)
}

type integrationsPage struct {
	DataIntegrations []struct{ Arn, Name, SourceURI string }
	NextToken        string
}

func TestListDataIntegrations(t *testing.T) {
	for _, size := range []int{0, 1, 7, 50} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			both(t, func(t *testing.T, c caller) {
				want := []string{}
				for i := range 60 {
					name := fmt.Sprintf("crm-%02d", i)
					c.srv.Put(name, associations(i%3)...)
					want = append(want, name)
				}
				got, pages := []string{}, 0
				query := url.Values{}
				if size > 0 {
					query.Set("maxResults", fmt.Sprint(size))
				}
				for {
					o := c.integrations(t, query)
					require.Equal(t, 200, o.status, o.body)
					var page integrationsPage
					require.NoError(t, json.Unmarshal([]byte(o.body), &page))
					for _, d := range page.DataIntegrations {
						got = append(got, d.Name)
						assert.Regexp(t, `^arn:aws:app-integrations:us-east-1:111122223333:data-integration/[0-9a-f-]{36}$`, d.Arn)
					}
					pages++
					r := last(t, c.srv)
					assert.Equal(t, "ListDataIntegrations", r.Operation)
					assert.Equal(t, pages, r.Page)
					assert.Empty(t, r.Identifier)
					if page.NextToken == "" {
						break
					}
					query.Set("nextToken", page.NextToken)
				}
				assert.Equal(t, want, got)
				if size == 0 {
					size = 25
				}
				assert.Equal(t, (60+size-1)/size, pages)
			})
		})
	}
}

func TestListDataIntegrationsRefuses(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		assert.Equal(t, `{"DataIntegrations":[]}`, c.integrations(t, nil).body)
		c.srv.Put("a", associations(30)...)
		ofA := c.get(t, "a", nil).page.NextToken
		require.NotEmpty(t, ofA)
		for name, query := range map[string]url.Values{
			"a token of associations": {"nextToken": {ofA}},
			"an unknown parameter":    {"maxresults": {"1"}},
			"size 0":                  {"maxResults": {"0"}},
			"size 51":                 {"maxResults": {"51"}},
		} {
			o := c.integrations(t, query)
			assert.Equal(t, 400, o.status, name)
			assert.Equal(t, "InvalidRequestException", o.header.Get("X-Amzn-ErrorType"), name)
		}
		for _, target := range []string{"POST /dataIntegrations", "GET /dataIntegrations/", "GET /dataintegrations"} {
			var method, path string
			_, err := fmt.Sscan(target, &method, &path)
			require.NoError(t, err)
			r, err := http.NewRequest(method, c.srv.URL()+path, nil)
			require.NoError(t, err)
			c.sign(t, r, time.Now())
			assert.Equal(t, 404, c.do(r).status, target)
		}
		unsigned, err := http.NewRequest(http.MethodGet, c.srv.URL()+"/dataIntegrations", nil)
		require.NoError(t, err)
		assert.Equal(t, 403, c.do(unsigned).status)
	})
}

// TestIdentifiers lists by name, id and ARN, and goes on by another one.
func TestIdentifiers(t *testing.T) {
	const arn = "arn:aws:app-integrations:eu-west-1:123456789012:data-integration/5f0c"
	for _, test := range []struct {
		name string
		put  func(*appintegrationstest.Server) appintegrationstest.DataIntegration
		want appintegrationstest.DataIntegration // empty fields: any
	}{
		{"name", func(s *appintegrationstest.Server) appintegrationstest.DataIntegration {
			return s.PutIntegration(appintegrationstest.DataIntegration{Name: "crm"}, associations(4)...)
		}, appintegrationstest.DataIntegration{Name: "crm"}},
		{"name and id", func(s *appintegrationstest.Server) appintegrationstest.DataIntegration {
			return s.PutIntegration(appintegrationstest.DataIntegration{Name: "crm", ID: "5f0c", SourceURI: "Salesforce://x"}, associations(4)...)
		}, appintegrationstest.DataIntegration{Name: "crm", ID: "5f0c", ARN: "arn:aws-us-gov:app-integrations:us-gov-west-1:111122223333:data-integration/5f0c", SourceURI: "Salesforce://x"}},
		{"name and ARN", func(s *appintegrationstest.Server) appintegrationstest.DataIntegration {
			return s.PutIntegration(appintegrationstest.DataIntegration{Name: "crm", ARN: arn}, associations(4)...)
		}, appintegrationstest.DataIntegration{Name: "crm", ID: "5f0c", ARN: arn}},
		{"id", func(s *appintegrationstest.Server) appintegrationstest.DataIntegration {
			return s.PutIntegration(appintegrationstest.DataIntegration{ID: "5f0c"}, associations(4)...)
		}, appintegrationstest.DataIntegration{Name: "5f0c", ID: "5f0c", ARN: "arn:aws-us-gov:app-integrations:us-gov-west-1:111122223333:data-integration/5f0c"}},
		{"by Put, ARN", func(s *appintegrationstest.Server) appintegrationstest.DataIntegration {
			s.Put(arn, associations(4)...)
			return s.PutIntegration(appintegrationstest.DataIntegration{ARN: arn})
		}, appintegrationstest.DataIntegration{Name: "5f0c", ID: "5f0c", ARN: arn}},
		{"in steps", func(s *appintegrationstest.Server) appintegrationstest.DataIntegration {
			s.Put("crm", associations(1)...)
			s.PutIntegration(appintegrationstest.DataIntegration{Name: "crm", ID: "5f0c"}, associations(2)[1])
			s.PutIntegration(appintegrationstest.DataIntegration{Name: "crm", SourceURI: "Salesforce://x"}, associations(3)[2])
			s.Put("5f0c", associations(4)[3])
			return s.PutIntegration(appintegrationstest.DataIntegration{Name: "crm"})
		}, appintegrationstest.DataIntegration{Name: "crm", ID: "5f0c", ARN: "arn:aws-us-gov:app-integrations:us-gov-west-1:111122223333:data-integration/5f0c", SourceURI: "Salesforce://x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			both(t, func(t *testing.T, c caller) {
				d := test.put(c.srv)
				if test.want.ID == "" {
					test.want.ID, test.want.ARN = d.ID, d.ARN
					assert.Len(t, d.ID, 36)
				}
				assert.Equal(t, test.want, d)
				var page integrationsPage
				require.NoError(t, json.Unmarshal([]byte(c.integrations(t, nil).body), &page))
				require.Len(t, page.DataIntegrations, 1)
				assert.Equal(t, struct{ Arn, Name, SourceURI string }{d.ARN, d.Name, d.SourceURI}, page.DataIntegrations[0])

				identifiers := []string{d.Name, d.ID, d.ARN}
				for i, identifier := range identifiers {
					o := c.get(t, identifier, url.Values{"maxResults": {"3"}})
					assertServed(t, o, clientIDs(1, 3))
					other := identifiers[(i+1)%3]
					assertServed(t, c.get(t, other, url.Values{"nextToken": {o.page.NextToken}}), clientIDs(4, 4))
					assert.Equal(t, other, last(t, c.srv).Identifier)
				}
			}, func(o *appintegrationstest.Options) { o.Region = "us-gov-west-1" })
		})
	}
}

// TestPutIntegrationWithoutName finds a known one by its id or ARN, and tells
// unknown ones apart by what they have.
func TestPutIntegrationWithoutName(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		crm := c.srv.PutIntegration(appintegrationstest.DataIntegration{Name: "crm"}, associations(1)...)
		assert.Equal(t, crm, c.srv.PutIntegration(appintegrationstest.DataIntegration{ARN: crm.ARN}, associations(2)[1]))
		assert.Equal(t, crm, c.srv.PutIntegration(appintegrationstest.DataIntegration{ID: crm.ID}, associations(3)[2]))
		assertServed(t, c.get(t, "crm", nil), clientIDs(1, 3))

		a := c.srv.PutIntegration(appintegrationstest.DataIntegration{ARN: "a"}, associations(1)...)
		b := c.srv.PutIntegration(appintegrationstest.DataIntegration{ARN: "b"}, associations(2)...)
		assert.NotEqual(t, a.ID, b.ID)
		assert.Equal(t, []string{a.ID, b.ID}, []string{a.Name, b.Name})
		assertServed(t, c.get(t, "a", nil), clientIDs(1, 1))
		assertServed(t, c.get(t, b.Name, nil), clientIDs(1, 2))
	})
}

// TestNameWins has a data integration whose name is the id of another.
func TestNameWins(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		c.srv.PutIntegration(appintegrationstest.DataIntegration{Name: "a", ID: "b"}, associations(1)...)
		c.srv.PutIntegration(appintegrationstest.DataIntegration{Name: "b", ID: "c"}, associations(2)...)
		assertServed(t, c.get(t, "a", nil), clientIDs(1, 1))
		assertServed(t, c.get(t, "b", nil), clientIDs(1, 2))
		assertServed(t, c.get(t, "c", nil), clientIDs(1, 2))
	})
}

// TestFaultOfIdentifier has a fault for a name met by a request for the ARN, and
// faults that are for one operation alone.
func TestFaultOfIdentifier(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		d := c.srv.PutIntegration(appintegrationstest.DataIntegration{Name: "a"})
		c.srv.Fail(appintegrationstest.BareStatus(501, "").For("a"), appintegrationstest.BareStatus(502, "").OnDataIntegrations())
		assert.Equal(t, 404, c.get(t, "b", nil).status)
		assert.Equal(t, 502, c.integrations(t, nil).status)
		assert.Equal(t, 200, c.integrations(t, nil).status)
		assert.Equal(t, 501, c.get(t, d.ARN, nil).status)
		assert.Equal(t, 200, c.get(t, d.ARN, nil).status)
	})
}

// TestQuotas uses up one quota, which leaves the other one alone.
func TestQuotas(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		c.srv.Put("a")
		statuses := []int{}
		for range 3 {
			statuses = append(statuses, c.integrations(t, nil).status, c.get(t, "a", nil).status)
		}
		assert.Equal(t, []int{200, 200, 429, 200, 429, 429}, statuses)
	}, func(o *appintegrationstest.Options) {
		o.DataIntegrationsQuota = appintegrationstest.Quota{PerSecond: 0.001, Burst: 1}
		o.Quota = appintegrationstest.Quota{PerSecond: 0.001, Burst: 2}
	})
}

// TestManyAtOnce has 64 callers list and put, over everything that they share.
func TestManyAtOnce(t *testing.T) {
	both(t, func(t *testing.T, c caller) {
		c.srv.PutIntegration(appintegrationstest.DataIntegration{Name: "a", ID: "1"}, associations(30)...)
		c.srv.Fail(appintegrationstest.BareStatus(501, "").For("1").Every(4).Always())
		var served, faulted atomic.Int32
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				for _, identifier := range []string{"a", "1"} {
					switch o := c.get(t, identifier, nil); o.status {
					case 200:
						served.Add(1)
					case 501:
						faulted.Add(1)
					}
				}
				c.srv.PutIntegration(appintegrationstest.DataIntegration{Name: "a", SourceURI: fmt.Sprint(i)}, associations(1)...)
				c.srv.Put(fmt.Sprintf("own-%d", i))
				assert.Equal(t, 200, c.integrations(t, nil).status)
				c.srv.Requests()
			})
		}
		wg.Wait()
		assert.EqualValues(t, []int32{96, 32}, []int32{served.Load(), faulted.Load()})
		names := map[string]bool{}
		query := url.Values{"maxResults": {"50"}}
		for range 2 {
			var page integrationsPage
			require.NoError(t, json.Unmarshal([]byte(c.integrations(t, query).body), &page))
			for _, d := range page.DataIntegrations {
				names[d.Name] = true
			}
			query.Set("nextToken", page.NextToken)
		}
		assert.Len(t, names, 65)
		assert.Len(t, c.get(t, "a", url.Values{"maxResults": {"50"}}).page.DataIntegrationAssociations, 50)
		assert.Equal(t, 10, len(c.srv.Requests()), "MaxRequests")
	}, func(o *appintegrationstest.Options) {
		o.MaxRequests = 10
		o.Advance = func(_ string, a appintegrations.DataIntegrationAssociationSummary, _ time.Time) appintegrations.DataIntegrationAssociationSummary {
			*a.ClientId += "!"
			return a
		}
	})
}

// TestAdvance has executions that complete one after another, a minute each.
func TestAdvance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		completes := map[string]time.Time{}
		for i, id := range clientIDs(1, 3) {
			completes[id] = began.Add(time.Duration(i+1) * time.Minute)
		}
		srv := appintegrationstest.New(func(o *appintegrationstest.Options) {
			o.Advance = func(identifier string, a appintegrations.DataIntegrationAssociationSummary, now time.Time) appintegrations.DataIntegrationAssociationSummary {
				assert.Equal(t, "crm", identifier)
				if !now.Before(completes[*a.ClientId]) {
					a.LastExecutionStatus.ExecutionStatus = appintegrations.ExecutionStatusCompleted
				}
				return a
			}
		})
		defer srv.Close()
		running := associations(3)
		for i := range running {
			running[i].LastExecutionStatus = &appintegrations.LastExecutionStatus{ExecutionStatus: appintegrations.ExecutionStatusInProgress}
		}
		d := srv.PutIntegration(appintegrationstest.DataIntegration{Name: "crm"}, running...)

		client := srv.Client()
		for minute, want := range []int{0, 1, 2, 3} {
			out, err := client.ListDataIntegrationAssociations(t.Context(), &appintegrations.ListDataIntegrationAssociationsInput{
				DataIntegrationIdentifier: aws.String(d.ARN),
			})
			require.NoError(t, err)
			completed := slices.DeleteFunc(out.DataIntegrationAssociations, func(a appintegrations.DataIntegrationAssociationSummary) bool {
				return a.LastExecutionStatus.ExecutionStatus != appintegrations.ExecutionStatusCompleted
			})
			assert.Len(t, completed, want, "after %d minutes", minute)
			time.Sleep(time.Minute)
		}
		assert.Equal(t, appintegrations.ExecutionStatusInProgress, running[0].LastExecutionStatus.ExecutionStatus, "what was put is left as it was")
	})
}

// TestPartitions has a Region of each partition.
func TestPartitions(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "aws", "eu-west-1": "aws", "il-central-1": "aws", "cn-north-1": "aws-cn", "us-gov-east-1": "aws-us-gov",
		"us-iso-west-1": "aws-iso", "us-isob-east-1": "aws-iso-b", "eu-isoe-west-1": "aws-iso-e", "us-isof-south-1": "aws-iso-f",
		"eusc-de-east-1": "aws-eusc",
	} {
		srv := appintegrationstest.New(func(o *appintegrationstest.Options) { o.Region = region })
		d := srv.PutIntegration(appintegrationstest.DataIntegration{Name: "a", ID: "5f0c"})
		assert.Equal(t, "arn:"+want+":app-integrations:"+region+":111122223333:data-integration/5f0c", d.ARN)
		srv.Close()
	}
}
