package appintegrations_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/seed-10600c52/appintegrations/types"
)

// TestLoneList lists one data integration of 24 pages under a slow quota, with
// nobody beside it whose pages could pass: no throttle may end the list.
func TestLoneList(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{0.5, 1, 2, 5} {
		for _, burst := range []float64{1, 5} {
			bubble(t, fmt.Sprintf("%v/s, burst %v", rate, burst), func(t *testing.T) {
				for range few(20, 5) {
					q := &quota{limits: limits{rate: func(time.Duration) float64 { return rate }, burst: burst}, service: pagedService(1, 24)}
					client := q.service.Client(func(o *appintegrations.Options) { o.HTTPClient = q })
					failed, listed := listAll(t, client, 1, 1)
					assert.Zero(t, failed, "lists failed")
					assert.Equal(t, 24, listed, "items")
				}
			})
		}
	}
}

// TestLoneLoop lists integrations of one page one after another, as most programs
// do.
func TestLoneLoop(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{1, 2, 5} {
		for _, burst := range []float64{1, 5} {
			bubble(t, fmt.Sprintf("%v/s, burst %v", rate, burst), func(t *testing.T) {
				lost, requests := 0, 0
				for range 20 {
					q := &quota{limits: limits{rate: func(time.Duration) float64 { return rate }, burst: burst}, service: pagedService(20, 1)}
					client := q.service.Client(func(o *appintegrations.Options) { o.HTTPClient = q })
					failed, _ := listAll(t, client, 20, 1)
					lost += failed
					requests += q.requests
				}
				t.Logf("%d of 400 lost, %d requests", lost, requests)
				assert.Zero(t, lost)
			})
		}
	}
}

// TestFirstCallsAtOnce has a client whose first calls come at once, more of them
// than the quota lets through, from a service whose pages take longer than its
// throttles: what was sent before the first throttle may still pass, so that no
// throttle ends a call until then.
func TestFirstCallsAtOnce(t *testing.T) {
	t.Parallel()
	for _, calls := range []int{5, 64} {
		bubble(t, fmt.Sprint(calls), func(t *testing.T) {
			lost := 0
			for range few(100, 20) {
				server := appintegrationstest.New(func(o *appintegrationstest.Options) {
					o.Quota = appintegrationstest.Quota{PerSecond: 2, Burst: 3}
				})
				server.Put("example", types.DataIntegrationAssociationSummary{ClientId: aws.String("c")})
				client := server.Client(func(o *appintegrations.Options) { o.HTTPClient = slowPages{server, 2 * time.Second} })
				var failed atomic.Int64
				var group sync.WaitGroup
				for range calls {
					group.Go(func() {
						if _, err := client.ListDataIntegrationAssociations(t.Context(), input("example")); err != nil {
							failed.Add(1)
						}
					})
				}
				group.Wait()
				lost += int(failed.Load())
				server.Close()
			}
			assert.Zero(t, lost, "calls lost")
		})
	}
}

// TestDeadQuota has 64 calls at once, with and without hooks, of a service that
// throttles all but the first request, which hangs for ever. The other 63 calls
// do not wait for that one: they end, though no time limit is set.
func TestDeadQuota(t *testing.T) {
	t.Parallel()
	for name, hooks := range map[string][]func(*middleware.Stack) error{"plain": nil, "hooks": {func(*middleware.Stack) error { return nil }}} {
		bubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var requests, ended atomic.Int64
			client := appintegrations.New(appintegrations.Options{
				Region: "us-east-1", Credentials: aws.AnonymousCredentials{}, AttemptTimeout: -1, APIOptions: hooks,
				HTTPClient: doFunc(func(r *http.Request) (*http.Response, error) {
					if requests.Add(1) == 1 {
						<-ctx.Done()
					}
					return replied(r, 429, strings.NewReader(`{"message":"slow down"}`)), nil
				}),
			})
			var group sync.WaitGroup
			for range 64 {
				group.Go(func() {
					_, err := client.ListDataIntegrationAssociations(ctx, input("example"))
					assert.Error(t, err)
					ended.Add(1)
				})
			}
			time.Sleep(10 * time.Minute)
			assert.EqualValues(t, 63, ended.Load(), "calls that ended")
			t.Logf("%d requests", requests.Load())
			cancel()
			group.Wait()
		})
	}
}

// slowPages is a client of a service whose pages take longer than its throttles.
type slowPages struct {
	server *appintegrationstest.Server
	delay  time.Duration
}

func (s slowPages) Do(r *http.Request) (*http.Response, error) {
	resp, err := s.server.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusOK {
		time.Sleep(s.delay)
	}
	return resp, err
}
