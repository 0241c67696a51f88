package appintegrations_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// TestPace lists 500 integrations of 4 pages with 32 goroutines of plain
// paginators under a quota of 20 requests a second, in virtual time. The
// official client v1.37.11 fails 436 of them.
func TestPace(t *testing.T) {
	const (
		integrations, pages, workers = 500, 4, 32
		rate, burst                  = 20.0, 40
	)
	for _, mode := range []aws.RetryMode{"", aws.RetryModeAdaptive} {
		t.Run("mode "+string(mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service := pagedService(integrations, pages, rate, burst)
				client := service.Client(func(o *appintegrations.Options) { o.RetryMode = mode })
				start := time.Now()
				failed, listed := listAll(t, client, integrations, workers)
				ratio := time.Since(start).Seconds() / ((integrations*pages - burst) / rate)
				throttled := 0
				for _, r := range service.Requests() {
					if r.Status == http.StatusTooManyRequests {
						throttled++
					}
				}
				t.Logf("%d of %d failed, %d items listed, %.3f of the bound, %d throttled", failed, integrations, listed, ratio, throttled)
				assert.LessOrEqual(t, failed, integrations/100)
				assert.LessOrEqual(t, ratio, 1.10)
				assert.GreaterOrEqual(t, listed, (integrations-failed)*pages)
			})
		})
	}
}

// pagedService has integrations i0, i1, ... of one association a page.
func pagedService(integrations, pages int, rate float64, burst int) *appintegrationstest.Server {
	service := appintegrationstest.New(func(o *appintegrationstest.Options) {
		o.PageSize = 1
		o.Quota = appintegrationstest.Quota{PerSecond: rate, Burst: burst}
	})
	for i := range integrations {
		service.Put(fmt.Sprint("i", i), make([]appintegrations.DataIntegrationAssociationSummary, pages)...)
	}
	return service
}

func listAll(t *testing.T, client *appintegrations.Client, integrations, workers int) (failed, listed int) {
	var failures, items atomic.Int64
	todo := make(chan string, integrations)
	for i := range integrations {
		todo <- fmt.Sprint("i", i)
	}
	close(todo)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for id := range todo {
				p := appintegrations.NewListDataIntegrationAssociationsPaginator(client, input(id))
				for p.HasMorePages() {
					page, err := p.NextPage(t.Context())
					if err != nil {
						var throttled *appintegrations.ThrottlingException
						assert.True(t, errors.As(err, &throttled), "%v", err)
						failures.Add(1)
						break
					}
					items.Add(int64(len(page.DataIntegrationAssociations)))
				}
			}
		})
	}
	wg.Wait()
	return int(failures.Load()), int(items.Load())
}
