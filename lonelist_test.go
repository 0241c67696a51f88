package appintegrations_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seed-10600c52/appintegrations"
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
