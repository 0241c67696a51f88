package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// A pagesMock lists pages of 3 associations, whose ClientId says which it is. It
// drops the options of a call.
type pagesMock struct {
	pages   int
	latency time.Duration
	do      func(request int64, in *appintegrations.ListDataIntegrationAssociationsInput) error

	requests, inFlight, most atomic.Int64
}

func (m *pagesMock) ListDataIntegrationAssociations(ctx context.Context, in *appintegrations.ListDataIntegrationAssociationsInput, _ ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
	n := m.requests.Add(1)
	flying := m.inFlight.Add(1)
	defer m.inFlight.Add(-1)
	for most := m.most.Load(); flying > most && !m.most.CompareAndSwap(most, flying); most = m.most.Load() {
	}
	if m.latency > 0 {
		timer := time.NewTimer(m.latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if m.do != nil {
		if err := m.do(n, in); err != nil {
			return nil, err
		}
	}
	return mockPage(in, m.pages), nil
}

func mockPage(in *appintegrations.ListDataIntegrationAssociationsInput, pages int) *appintegrations.ListDataIntegrationAssociationsOutput {
	page := 0
	if in.NextToken != nil {
		page, _ = strconv.Atoi(*in.NextToken)
	}
	out := &appintegrations.ListDataIntegrationAssociationsOutput{}
	for i := range 3 {
		out.DataIntegrationAssociations = append(out.DataIntegrationAssociations,
			appintegrations.DataIntegrationAssociationSummary{ClientId: aws.String(fmt.Sprintf("%s/%d/%d", *in.DataIntegrationIdentifier, page, i))})
	}
	if page+1 < pages {
		out.NextToken = aws.String(strconv.Itoa(page + 1))
	}
	return out
}

// sweepTargets are targets prefix0, prefix1, ... of a client.
func sweepTargets(client appintegrations.ListDataIntegrationAssociationsAPIClient, prefix string, n int) (targets []appintegrations.SweepTarget) {
	for i := range n {
		targets = append(targets, appintegrations.SweepTarget{Client: client, DataIntegrationIdentifier: fmt.Sprint(prefix, i)})
	}
	return targets
}

// A sweepCount counts what sweeps gave.
type sweepCount struct {
	items, ends map[string]int // by ClientId, by target
	failed      []appintegrations.SweepTarget
	errs        []error
}

func newSweepCount() *sweepCount {
	return &sweepCount{items: map[string]int{}, ends: map[string]int{}}
}

func (c *sweepCount) add(r appintegrations.SweepResult) {
	for _, a := range r.Associations {
		c.items[*a.ClientId]++
	}
	if r.Err != nil || r.Checkpoint.Done {
		c.ends[r.Target.DataIntegrationIdentifier]++
	}
	if r.Err != nil {
		r.Target.Resume = r.Checkpoint
		c.failed, c.errs = append(c.failed, r.Target), append(c.errs, r.Err)
	}
}

// eachOnce requires that all counts are 1.
func eachOnce(t *testing.T, want int, counts map[string]int, what string) {
	t.Helper()
	require.Len(t, counts, want, what)
	for key, n := range counts {
		require.Equal(t, 1, n, "%s: %s", what, key)
	}
}

// TestSweepIsCutOff cancels the context, or leaves the range, at each request and
// each result. What is left is swept again: nothing is missing, nothing comes twice,
// and no goroutine is left.
func TestSweepIsCutOff(t *testing.T) {
	t.Parallel()
	const lists, pages = 24, 3
	step := int64(1)
	if testing.Short() || raceDetector() {
		step = 9
	}
	for _, eachPage := range []bool{false, true} {
		for at := int64(0); at <= 90; at += step {
			t.Run(fmt.Sprintf("canceled at request %d, pages %v", at, eachPage), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					m := &pagesMock{pages: pages, latency: 7 * time.Millisecond}
					m.do = func(n int64, _ *appintegrations.ListDataIntegrationAssociationsInput) error {
						if n == at {
							cancel()
						}
						if n%7 == 0 {
							return &appintegrations.ThrottlingException{}
						}
						return nil
					}
					each := func(o *appintegrations.SweepOptions) { o.EachPage, o.Concurrency = eachPage, 5 }
					count := newSweepCount()
					for r := range appintegrations.Sweep(ctx, sweepTargets(m, "i", lists), each) {
						count.add(r)
					}
					eachOnce(t, lists, count.ends, "ends")
					for _, err := range count.errs {
						require.ErrorIs(t, err, context.Canceled)
					}
					for r := range appintegrations.Sweep(t.Context(), count.failed, each) {
						require.NoError(t, r.Err)
						count.add(r)
					}
					eachOnce(t, lists*pages*3, count.items, "items")
				})
			})
			t.Run(fmt.Sprintf("left at result %d, pages %v", at, eachPage), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := &pagesMock{pages: pages, latency: 7 * time.Millisecond}
					results := int64(0)
					for range appintegrations.Sweep(t.Context(), sweepTargets(m, "i", lists), func(o *appintegrations.SweepOptions) { o.EachPage, o.Concurrency = eachPage, 5 }) {
						if results++; results > at {
							break
						}
					}
					require.Zero(t, m.inFlight.Load())
				})
			})
		}
	}
}

// TestSweepRangeIsLeft leaves the range in the ways that no return value shows.
func TestSweepRangeIsLeft(t *testing.T) {
	bubble(t, "a panic of the body", func(t *testing.T) {
		m := &pagesMock{pages: 3, latency: time.Second}
		require.PanicsWithValue(t, "mine", func() {
			for range appintegrations.Sweep(t.Context(), sweepTargets(m, "i", 50)) {
				panic("mine")
			}
		})
		require.Zero(t, m.inFlight.Load())
	})
	bubble(t, "the end of its goroutine", func(t *testing.T) {
		m := &pagesMock{pages: 3, latency: time.Second}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range appintegrations.Sweep(t.Context(), sweepTargets(m, "i", 50)) {
				runtime.Goexit()
			}
		}()
		<-done
		require.Zero(t, m.inFlight.Load())
	})
	bubble(t, "the consumer of another iterator", func(t *testing.T) {
		m := &pagesMock{pages: 3, latency: time.Second}
		seen := 0
		appintegrations.Sweep(t.Context(), sweepTargets(m, "i", 50))(func(appintegrations.SweepResult) bool { seen++; return false })
		require.Equal(t, 1, seen)
		require.Zero(t, m.inFlight.Load())
	})
}

// TestSweepClients meets clients that are none, or behave badly.
func TestSweepClients(t *testing.T) {
	bubble(t, "nil, typed nil, zero, incomparable", func(t *testing.T) {
		m := incomparableMock{&pagesMock{pages: 2}, []int{1}}
		targets := append(sweepTargets(m, "i", 5),
			appintegrations.SweepTarget{DataIntegrationIdentifier: "nil"},
			appintegrations.SweepTarget{Client: (*appintegrations.Client)(nil), DataIntegrationIdentifier: "typed nil"},
			appintegrations.SweepTarget{Client: &appintegrations.Client{}, DataIntegrationIdentifier: "zero"})
		count := newSweepCount()
		for r := range appintegrations.Sweep(t.Context(), targets) {
			count.add(r)
		}
		eachOnce(t, 8, count.ends, "ends")
		require.Len(t, count.errs, 3)
		for _, err := range count.errs {
			var config *appintegrations.ConfigError
			require.ErrorAs(t, err, &config)
			assert.Equal(t, "Client", config.Field)
			var operation *smithy.OperationError
			require.ErrorAs(t, err, &operation)
		}
	})
	bubble(t, "a panic of the client is the consumer's", func(t *testing.T) {
		m := &pagesMock{pages: 2, latency: time.Millisecond, do: func(n int64, _ *appintegrations.ListDataIntegrationAssociationsInput) error {
			if n == 5 {
				panic("boom")
			}
			return nil
		}}
		require.PanicsWithValue(t, "boom", func() {
			for range appintegrations.Sweep(t.Context(), sweepTargets(m, "i", 50)) {
			}
		})
		require.Zero(t, m.inFlight.Load())
	})
	for _, concurrency := range []int{1, 2, 32} {
		bubble(t, fmt.Sprintf("a client ends its goroutine, %d calls in flight", concurrency), func(t *testing.T) {
			m := &pagesMock{pages: 2, do: func(n int64, _ *appintegrations.ListDataIntegrationAssociationsInput) error {
				if n == 5 {
					runtime.Goexit()
				}
				return nil
			}}
			count := newSweepCount()
			for r := range appintegrations.Sweep(t.Context(), sweepTargets(m, "i", 20), func(o *appintegrations.SweepOptions) { o.Concurrency = concurrency }) {
				count.add(r)
			}
			eachOnce(t, 20, count.ends, "ends")
			require.Len(t, count.errs, 1)
			assert.ErrorContains(t, count.errs[0], "ended the goroutine")
		})
	}
	bubble(t, "a client that returns nothing", func(t *testing.T) {
		for r := range appintegrations.Sweep(t.Context(), sweepTargets(nothingMock{}, "i", 3)) {
			assert.ErrorContains(t, r.Err, "neither a page nor an error")
		}
	})
	bubble(t, "copies of a Client are one", func(t *testing.T) {
		var most, flying atomic.Int64
		client := stubClient("", func(o *appintegrations.Options) { o.HTTPClient = counting(&flying, &most, reply(200, "{}")) })
		var targets []appintegrations.SweepTarget
		for i := range 40 {
			copied := *client
			targets = append(targets, appintegrations.SweepTarget{Client: &copied, DataIntegrationIdentifier: fmt.Sprint("i", i)})
		}
		for r := range appintegrations.Sweep(t.Context(), targets, func(o *appintegrations.SweepOptions) { o.Concurrency = 3 }) {
			require.NoError(t, r.Err)
		}
		assert.Equal(t, int64(3), most.Load())
	})
}

// An incomparableMock is no key of a map.
type incomparableMock struct {
	*pagesMock
	_ []int
}

type nothingMock struct{}

func (nothingMock) ListDataIntegrationAssociations(context.Context, *appintegrations.ListDataIntegrationAssociationsInput, ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
	return nil, nil
}

// TestSweepTargets meets targets that need no request, or can never be listed.
// They take no turn from the others.
func TestSweepTargets(t *testing.T) {
	bubble(t, "rejected before a turn", func(t *testing.T) {
		s := scripted(reply(200, "{}"))
		client := s.client()
		targets := []appintegrations.SweepTarget{
			{Client: client, DataIntegrationIdentifier: ""},
			{Client: client, DataIntegrationIdentifier: ".."},
			{Client: client, DataIntegrationIdentifier: "a", Resume: appintegrations.Checkpoint{DataIntegrationIdentifier: "b"}},
			{Client: client, DataIntegrationIdentifier: "a", Resume: appintegrations.Checkpoint{DataIntegrationIdentifier: "a", Offset: -1}},
			{Client: client, DataIntegrationIdentifier: "done", Resume: appintegrations.Checkpoint{DataIntegrationIdentifier: "done", Done: true}},
			{Client: client, DataIntegrationIdentifier: "sent"},
		}
		start := time.Now()
		var invalid smithy.InvalidParamsError
		var checkpoint *appintegrations.CheckpointError
		kinds := map[string]int{}
		for r := range appintegrations.Sweep(t.Context(), targets, func(o *appintegrations.SweepOptions) { o.MaxRate = 1.0 / 60 }) {
			switch {
			case r.Err == nil:
				kinds["done"]++
				assert.True(t, r.Checkpoint.Done)
			case errors.As(r.Err, &invalid):
				kinds["invalid"]++
			case errors.As(r.Err, &checkpoint):
				kinds["checkpoint"]++
				assert.Equal(t, r.Target.Resume, r.Checkpoint)
			}
		}
		assert.Equal(t, map[string]int{"done": 2, "invalid": 2, "checkpoint": 2}, kinds)
		assert.Equal(t, 1, s.count())
		assert.Zero(t, time.Since(start))
	})
	bubble(t, "no targets", func(t *testing.T) {
		var told []appintegrations.SweepProgress
		for range appintegrations.Sweep(t.Context(), nil, func(o *appintegrations.SweepOptions) {
			o.OnProgress = func(p appintegrations.SweepProgress) { told = append(told, p) }
		}) {
			t.Error("a result")
		}
		assert.NotEmpty(t, told)
	})
	bubble(t, "a context that is nil, or done", func(t *testing.T) {
		m := &pagesMock{pages: 1}
		done, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("enough")
		cancel(cause)
		complete := appintegrations.SweepTarget{Client: m, DataIntegrationIdentifier: "complete", Resume: appintegrations.Checkpoint{DataIntegrationIdentifier: "complete", Done: true}}
		for _, ctx := range []context.Context{nil, done} {
			count := newSweepCount()
			for r := range appintegrations.Sweep(ctx, append(sweepTargets(m, "i", 100), complete)) {
				count.add(r)
				if ctx != nil && r.Err != nil {
					require.ErrorIs(t, r.Err, context.Canceled)
					require.ErrorIs(t, r.Err, cause)
				}
			}
			eachOnce(t, 101, count.ends, "ends")
			assert.Len(t, count.errs, 100)
		}
		assert.Zero(t, m.requests.Load())
	})
	bubble(t, "a list that does not end", func(t *testing.T) {
		client := mockFunc(func(ctx context.Context, in *appintegrations.ListDataIntegrationAssociationsInput) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
			if strings.HasPrefix(*in.DataIntegrationIdentifier, "loop") {
				return &appintegrations.ListDataIntegrationAssociationsOutput{NextToken: aws.String("again")}, nil
			}
			return mockPage(in, 5), nil
		})
		count := newSweepCount()
		for r := range appintegrations.Sweep(t.Context(), append(sweepTargets(client, "loop", 3), sweepTargets(client, "i", 3)...)) {
			count.add(r)
		}
		eachOnce(t, 6, count.ends, "ends")
		require.Len(t, count.errs, 3)
		var loop *appintegrations.PaginationLoopError
		require.ErrorAs(t, count.errs[0], &loop)
	})
}

type mockFunc func(context.Context, *appintegrations.ListDataIntegrationAssociationsInput) (*appintegrations.ListDataIntegrationAssociationsOutput, error)

func (f mockFunc) ListDataIntegrationAssociations(ctx context.Context, in *appintegrations.ListDataIntegrationAssociationsInput, _ ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
	return f(ctx, in)
}

// TestSweepResumes goes on in the middle of a page, also with a smaller page size.
func TestSweepResumes(t *testing.T) {
	service := pagedService(0, 0)
	var items []appintegrations.DataIntegrationAssociationSummary
	for i := range 20 {
		items = append(items, appintegrations.DataIntegrationAssociationSummary{ClientId: aws.String(fmt.Sprint("c", i))})
	}
	service.Put("example", items...)
	client := service.Client()
	for stop := range 20 {
		p := appintegrations.NewListDataIntegrationAssociationsPaginator(client, input("example"), func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) { o.Limit = 7 })
		var got []string
		for a, err := range p.Associations(t.Context()) {
			require.NoError(t, err)
			if got = append(got, *a.ClientId); len(got) > stop {
				break
			}
		}
		target := appintegrations.SweepTarget{Client: client, DataIntegrationIdentifier: "example", Resume: p.Checkpoint()}
		for r := range appintegrations.Sweep(t.Context(), []appintegrations.SweepTarget{target}, func(o *appintegrations.SweepOptions) { o.Limit, o.EachPage = 3, true }) {
			require.NoError(t, r.Err)
			for _, a := range r.Associations {
				got = append(got, *a.ClientId)
			}
		}
		var want []string
		for _, a := range items {
			want = append(want, *a.ClientId)
		}
		assert.Equal(t, want, got)
	}
}

// TestSweepEachPage: pages come as they are there, each once and in order, and
// the last of a list says so.
func TestSweepEachPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &pagesMock{pages: 4, latency: time.Second}
		seen := map[string][]string{}
		for r := range appintegrations.Sweep(t.Context(), sweepTargets(m, "i", 10), func(o *appintegrations.SweepOptions) { o.EachPage = true }) {
			require.NoError(t, r.Err)
			id := r.Target.DataIntegrationIdentifier
			require.Len(t, r.Associations, 3)
			seen[id] = append(seen[id], *r.Associations[0].ClientId)
			assert.Equal(t, len(seen[id]) == 4, r.Checkpoint.Done)
		}
		require.Len(t, seen, 10)
		for id, pages := range seen {
			assert.True(t, slices.IsSorted(pages), id)
			assert.Len(t, pages, 4, id)
		}
	})
}

// counting counts the requests in flight, each of which takes 10 ms.
func counting(flying, most *atomic.Int64, do doFunc) doFunc {
	return func(r *http.Request) (*http.Response, error) {
		n := flying.Add(1)
		defer flying.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(10 * time.Millisecond)
		return do(r)
	}
}
