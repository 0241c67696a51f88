//go:build unix

package appintegrations_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

var sweepFull = flag.Bool("sweep.full", false, "sweep 2,000,000 targets, and in real time; takes minutes")

// A meter is told of each request, and remembers the most goroutines and memory.
type meter struct {
	before   int
	requests atomic.Int64
	most     atomic.Int64
	memory   uint64
}

func newMeter() *meter { return &meter{before: runtime.NumGoroutine()} }

func (m *meter) request() {
	m.requests.Add(1)
	n := int64(runtime.NumGoroutine() - m.before)
	for most := m.most.Load(); n > most && !m.most.CompareAndSwap(most, n); most = m.most.Load() {
	}
}

// scaleClients are clients in memory, mocks or real ones, that take a while.
func (m *meter) scaleClients(n int, real bool, latency time.Duration) (clients []appintegrations.ListDataIntegrationAssociationsAPIClient) {
	wait := func(ctx context.Context) {
		m.request()
		timer := time.NewTimer(latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	for range n {
		if !real {
			clients = append(clients, &scaleMock{wait})
			continue
		}
		header := http.Header{"X-Amzn-Requestid": {"r1"}}
		clients = append(clients, stubClient("", func(o *appintegrations.Options) {
			o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
				wait(r.Context())
				return &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(strings.NewReader(`{"DataIntegrationAssociations":[]}`))}, nil
			})
		}))
	}
	return clients
}

type scaleMock struct{ wait func(context.Context) }

func (m *scaleMock) ListDataIntegrationAssociations(ctx context.Context, _ *appintegrations.ListDataIntegrationAssociationsInput, _ ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
	m.wait(ctx)
	return &appintegrations.ListDataIntegrationAssociationsOutput{}, nil
}

// sweepScale sweeps targets that are spread over clients in blocks, and returns
// how many pages a core lists in a second.
func (m *meter) sweep(t *testing.T, clients []appintegrations.ListDataIntegrationAssociationsAPIClient, each int, optFns ...func(*appintegrations.SweepOptions)) (perCore float64) {
	targets := make([]appintegrations.SweepTarget, 0, each*len(clients))
	for i, client := range clients {
		for j := range each {
			targets = append(targets, appintegrations.SweepTarget{Client: client, DataIntegrationIdentifier: fmt.Sprintf("arn:aws:app-integrations:us-east-1:%012d:data-integration/%08d-1111-4111-8111-111111111111", i, j)})
		}
	}
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	base := stats.HeapAlloc
	cpu, results := cpuTime(), 0
	for r := range appintegrations.Sweep(t.Context(), targets, optFns...) {
		require.NoError(t, r.Err)
		if results++; results%(1+len(targets)/50) == 0 {
			runtime.ReadMemStats(&stats)
			m.memory = max(m.memory, stats.HeapAlloc+stats.StackInuse-base)
		}
	}
	require.Equal(t, len(targets), results)
	return float64(results) / (cpuTime() - cpu)
}

// cpuTime returns the seconds that the process used the cores.
func cpuTime() float64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// TestSweepGoroutines: however many clients and targets, there are no more
// goroutines than three for each call that may be in flight.
func TestSweepGoroutines(t *testing.T) {
	clients, each := 400, 10
	if testing.Short() || raceDetector() {
		clients, each = 100, 5
	}
	for _, real := range []bool{false, true} {
		for _, maxInFlight := range []int{4, 16, 100} {
			t.Run(fmt.Sprintf("real client %v, MaxInFlight %d", real, maxInFlight), func(t *testing.T) {
				// A goroutine that has ended counts until the scheduler has removed it, so
				// the best of three runs counts.
				fewest := int64(math.MaxInt64)
				for range 3 {
					m := newMeter()
					m.sweep(t, m.scaleClients(clients, real, 0), each, func(o *appintegrations.SweepOptions) { o.MaxInFlight = maxInFlight })
					fewest = min(fewest, m.most.Load())
					assert.Equal(t, int64(clients*each), m.requests.Load())
				}
				t.Logf("%d goroutines", fewest)
				assert.LessOrEqual(t, fewest, int64(3*maxInFlight+1)) // one keeps the time
			})
		}
	}
}

// TestSweepScale sweeps 2,000,000 targets on 4000 clients: go test -run
// TestSweepScale -sweep.full -v .
func TestSweepScale(t *testing.T) {
	clients, each := 4000, 500
	if !*sweepFull {
		clients, each = 200, 10
	}
	for _, real := range []bool{false, true} {
		t.Run(fmt.Sprintf("real client %v", real), func(t *testing.T) {
			m := newMeter()
			start := time.Now()
			perCore := m.sweep(t, m.scaleClients(clients, real, time.Millisecond), each)
			t.Logf("%d targets, %d clients: %v, %.0f pages/s a core, at most %d goroutines, and %d MB beside the targets, garbage included",
				clients*each, clients, time.Since(start).Round(time.Millisecond), perCore, m.most.Load(), m.memory>>20)
			assert.LessOrEqual(t, m.most.Load(), int64(3*2048+1))
			assert.Less(t, m.memory, uint64(1<<30))
		})
	}
}

// TestSweepRealTime sweeps a fake with a quota over loopback. How long it
// takes depends on what else the machine does, so it is only logged: run with
// -sweep.full and -v.
func TestSweepRealTime(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		quota        appintegrationstest.Quota
		lists, pages int
	}{
		{appintegrationstest.Quota{PerSecond: 1000, Burst: 100}, 2500, 4},
		{appintegrationstest.Quota{PerSecond: 100, Burst: 50}, 500, 4},
		{appintegrationstest.Quota{PerSecond: 2, Burst: 5}, 20, 1},
	} {
		if !*sweepFull {
			if row.lists /= 50; row.lists == 0 {
				continue
			}
		}
		t.Run(fmt.Sprintf("%v/s", row.quota.PerSecond), func(t *testing.T) {
			server := appintegrationstest.NewServer(t, func(o *appintegrationstest.Options) {
				o.Quota, o.PageSize, o.MaxRequests = row.quota, 1, 1
			})
			for i := range row.lists {
				server.Put(fmt.Sprint("i", i), make([]appintegrations.DataIntegrationAssociationSummary, row.pages)...)
			}
			var last appintegrations.SweepProgress
			got := sweepAll(t, sweepTargets(server.Client(), "i", row.lists), func(o *appintegrations.SweepOptions) {
				o.OnProgress = func(p appintegrations.SweepProgress) { last = p }
			})
			bound := (float64(row.lists*row.pages) - float64(row.quota.Burst)) / row.quota.PerSecond
			t.Logf("%v, %.3f of the bound, %.1f %% throttled", got.took, got.took.Seconds()/bound, 100*float64(last.Throttled)/float64(last.Requests))
			assert.Equal(t, sweptQuota{listed: row.lists * row.pages, took: got.took}, got)
		})
	}
}

// BenchmarkSweep lists one-page lists of clients in memory.
func BenchmarkSweep(b *testing.B) {
	for _, clients := range []int{1, 400} {
		b.Run(fmt.Sprint(clients, " clients"), func(b *testing.B) {
			client := func() *appintegrations.Client { return stubClient(typicalLastPage) }
			targets := make([]appintegrations.SweepTarget, 0, b.N)
			for len(targets) < b.N {
				targets = append(targets, sweepTargets(client(), "i", (b.N+clients-1)/clients)...)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for r := range appintegrations.Sweep(b.Context(), targets[:b.N]) {
				if r.Err != nil {
					b.Fatal(r.Err)
				}
			}
		})
	}
}

const typicalLastPage = `{"DataIntegrationAssociations":[{"ClientId":"connect-instance-1"}]}`
