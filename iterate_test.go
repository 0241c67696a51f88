package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seed-10600c52/appintegrations"
)

// listOf is a mock with items c0, c1, ... in pages of the size that is asked
// for, or of size.
type listOf struct {
	items, size int
	calls       atomic.Int64
	inFlight    atomic.Int64
	before      func(ctx context.Context, call int) error // nil: nothing
}

func (l *listOf) ListDataIntegrationAssociations(ctx context.Context, in *listInput, _ ...func(*appintegrations.Options)) (*listOutput, error) {
	l.inFlight.Add(1)
	defer l.inFlight.Add(-1)
	call := int(l.calls.Add(1))
	if l.before != nil {
		if err := l.before(ctx, call); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	start := 0
	if in.NextToken != nil { // a mock may tell the first page by that
		start, _ = strconv.Atoi(*in.NextToken)
		if start == 0 {
			return nil, fmt.Errorf("asked for token %q", *in.NextToken)
		}
	}
	size := l.size
	if in.MaxResults != nil {
		size = int(*in.MaxResults)
	}
	end := min(start+size, l.items)
	out := &listOutput{}
	for i := start; i < end; i++ {
		out.DataIntegrationAssociations = append(out.DataIntegrationAssociations, summary{ClientId: clientIDs[i]})
	}
	if end < l.items {
		out.NextToken = aws.String(strconv.Itoa(end))
	}
	return out, nil
}

var clientIDs = func() (ids []*string) {
	for i := range 100 {
		ids = append(ids, aws.String(fmt.Sprint("c", i)))
	}
	return ids
}()

func paginatorOf(client appintegrations.ListDataIntegrationAssociationsAPIClient, set pageOption) *appintegrations.ListDataIntegrationAssociationsPaginator {
	return appintegrations.NewListDataIntegrationAssociationsPaginator(client, input("example"), set)
}

func prefetch(n int) pageOption {
	return func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) { o.Prefetch = n }
}

// collect takes at most limit associations, and checks that they are those from
// start on, in order.
func collect(t *testing.T, p *appintegrations.ListDataIntegrationAssociationsPaginator, start, limit int) (n int) {
	t.Helper()
	if limit == 0 {
		return 0
	}
	for a, err := range p.Associations(t.Context()) {
		require.NoError(t, err)
		if *a.ClientId != *clientIDs[start+n] {
			t.Fatalf("item %d is %s; want %s", start+n, *a.ClientId, *clientIDs[start+n])
		}
		if n++; n == limit {
			break
		}
	}
	return n
}

// throughText sends a checkpoint the way that another process gets it.
func throughText(t *testing.T, c appintegrations.Checkpoint) (read appintegrations.Checkpoint) {
	t.Helper()
	text, err := c.MarshalText()
	require.NoError(t, err)
	require.NoError(t, read.UnmarshalText(text))
	require.Equal(t, c, read)
	return read
}

// TestResumeIsExact: for every list of up to 60 items, in pages of 1 to 7, cut
// at every item, with 0 to 3 pages fetched ahead, what comes before the cut and
// what a resumed paginator gives after it are the whole list, once each, in
// order.
func TestResumeIsExact(t *testing.T) {
	defer goleak.VerifyNone(t)
	cases, most := 0, few(60, 20)
	for items := 0; items <= most; items++ {
		for size := 1; size <= 7; size++ {
			for cut := 0; cut <= items; cut++ {
				for ahead := 0; ahead <= 3; ahead++ {
					list := &listOf{items: items, size: size}
					head := paginatorOf(list, prefetch(ahead))
					got := collect(t, head, 0, cut)
					at := head.Checkpoint()
					tail := paginatorOf(list, func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) {
						o.Prefetch, o.Resume = 3-ahead, at
						if cut%5 == 0 {
							o.Resume = throughText(t, at)
						}
					})
					got += collect(t, tail, got, items+1)
					if got != items || !tail.Checkpoint().Done || tail.HasMorePages() || list.inFlight.Load() != 0 {
						t.Fatalf("%d items, pages of %d, cut at %d, %d ahead: got %d, then %v", items, size, cut, ahead, got, tail.Checkpoint())
					}
					cases++
				}
			}
		}
	}
	t.Logf("%d cases", cases)
	assert.Equal(t, 7*4*(most+1)*(most+2)/2, cases)
}

// TestRangeAgain breaks at every item and ranges again, on one paginator.
func TestRangeAgain(t *testing.T) {
	defer goleak.VerifyNone(t)
	for ahead := range 4 {
		for step := 1; step <= 11; step++ {
			list := &listOf{items: 23, size: 4}
			p := paginatorOf(list, prefetch(ahead))
			got := 0
			for p.HasMorePages() {
				n := collect(t, p, got, step)
				require.Positive(t, n)
				got += n
			}
			require.Equal(t, 23, got, "step %d, %d ahead", step, ahead)
			assert.Zero(t, collect(t, p, 0, 1), "the list is at its end")
			if ahead == 0 {
				assert.EqualValues(t, 6, list.calls.Load(), "each page once")
			}
		}
	}
}

func TestPagesAndAssociationsShareTheCursor(t *testing.T) {
	p := paginatorOf(&listOf{items: 10, size: 4}, prefetch(1))
	require.Equal(t, 1, collect(t, p, 0, 1))
	_, err := p.NextPage(t.Context())
	require.ErrorContains(t, err, "partly given")
	for page, err := range p.Pages(t.Context()) {
		require.NoError(t, err)
		require.Len(t, page.DataIntegrationAssociations, 3, "the rest of the page")
		require.Equal(t, "c1", *page.DataIntegrationAssociations[0].ClientId)
		break
	}
	page, err := p.NextPage(t.Context())
	require.NoError(t, err)
	require.Len(t, page.DataIntegrationAssociations, 4)
	require.Equal(t, 2, collect(t, p, 8, 10))
	assert.True(t, p.Checkpoint().Done)
}

func TestAPaginatorInItsOwnRange(t *testing.T) {
	p := paginatorOf(&listOf{items: 10, size: 4}, prefetch(2))
	for _, err := range p.Associations(t.Context()) {
		require.NoError(t, err)
		_, err := p.NextPage(t.Context())
		require.ErrorContains(t, err, "in use")
		for _, err := range p.Pages(t.Context()) {
			require.ErrorContains(t, err, "in use")
		}
		assert.True(t, p.HasMorePages())
		break
	}
}

// TestCancelAtEveryPage: a context that is done is an error, never a silent end,
// and the checkpoint goes on from there.
func TestCancelAtEveryPage(t *testing.T) {
	defer goleak.VerifyNone(t)
	for ahead := range 4 {
		for at := 1; at <= 5; at++ {
			list := &listOf{items: 17, size: 4}
			ctx, cancel := context.WithCancelCause(t.Context())
			list.before = func(_ context.Context, call int) error {
				if call == at {
					cancel(errStop)
				}
				return nil
			}
			p := paginatorOf(list, prefetch(ahead))
			got, failed := 0, 0
			for a, err := range p.Associations(ctx) {
				if err != nil {
					require.ErrorIs(t, err, context.Canceled)
					failed++
					continue // the iteration ends by itself
				}
				require.Equal(t, *clientIDs[got], *a.ClientId)
				got++
			}
			require.Equal(t, 1, failed, "cancelled at page %d, %d ahead", at, ahead)
			list.before = nil
			require.Equal(t, 17-got, collect(t, p, got, 100), "the same paginator goes on")
			cancel(nil)
		}
	}
}

var errStop = errors.New("stop")

// TestErrorAtEveryPage: the error comes in its place, after all items before it,
// and a resumed paginator gives the rest.
func TestErrorAtEveryPage(t *testing.T) {
	defer goleak.VerifyNone(t)
	for ahead := range 4 {
		for at := 1; at <= 5; at++ {
			list := &listOf{items: 17, size: 4, before: func(_ context.Context, call int) error {
				if call == at {
					return errStop
				}
				return nil
			}}
			p := paginatorOf(list, prefetch(ahead))
			got := 0
			var failure error
			for _, err := range p.Associations(t.Context()) {
				if failure = err; err == nil {
					got++
				}
			}
			require.ErrorIs(t, failure, errStop)
			require.Equal(t, 4*(at-1), got)
			checkpoint := p.Checkpoint()
			tail := paginatorOf(list, func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) { o.Resume = checkpoint })
			require.Equal(t, 17-got, collect(t, tail, got, 100))
		}
	}
}

func TestPanicInTheBody(t *testing.T) {
	defer goleak.VerifyNone(t)
	list := &listOf{items: 60, size: 4}
	p := paginatorOf(list, prefetch(3))
	assert.PanicsWithValue(t, "body", func() {
		for range p.Associations(t.Context()) {
			panic("body")
		}
	})
	assert.Zero(t, list.inFlight.Load())
	assert.Equal(t, 59, collect(t, p, 1, 100))
}

func TestPanicInTheClient(t *testing.T) {
	defer goleak.VerifyNone(t)
	for ahead := range 3 {
		list := &listOf{items: 20, size: 4, before: func(_ context.Context, call int) error {
			if call == 3 {
				panic("client")
			}
			return nil
		}}
		got := 0
		assert.PanicsWithValue(t, "client", func() {
			for range paginatorOf(list, prefetch(ahead)).Associations(t.Context()) {
				got++
			}
		})
		assert.Equal(t, 8, got)
	}
}

// TestGoexitInTheClient: a mock that fails its test ends the goroutine it is in.
func TestGoexitInTheClient(t *testing.T) {
	list := &listOf{items: 20, size: 4, before: func(_ context.Context, call int) error {
		if call == 2 {
			runtime.Goexit()
		}
		return nil
	}}
	var failure error
	for _, err := range paginatorOf(list, prefetch(1)).Associations(t.Context()) {
		failure = err
	}
	assert.ErrorContains(t, failure, "ended the goroutine")
}

// TestPrefetchStaysBehindItsBound: no request more than the consumer can use
// with 0, and at most n pages ahead with n; none is in flight after a break.
func TestPrefetchStaysBehindItsBound(t *testing.T) {
	for ahead := range 5 {
		synctest.Test(t, func(t *testing.T) {
			list := &listOf{items: 60, size: 4}
			p := paginatorOf(list, prefetch(ahead))
			page := 0
			for _, err := range p.Pages(t.Context()) {
				require.NoError(t, err)
				page++
				synctest.Wait() // all that can be fetched is
				require.EqualValues(t, min(page+ahead, 15), list.calls.Load())
				if page == 12 {
					break
				}
			}
			assert.Zero(t, list.inFlight.Load())
		})
	}
}

// TestBreakCancelsTheRequestAhead: leaving the loop does not wait for a page
// that nobody wants.
func TestBreakCancelsTheRequestAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := &listOf{items: 60, size: 4, before: func(ctx context.Context, call int) error {
			if call == 1 {
				return nil
			}
			select {
			case <-time.After(time.Hour):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		p, start := paginatorOf(list, prefetch(2)), time.Now()
		require.Equal(t, 2, collect(t, p, 0, 2))
		assert.Zero(t, time.Since(start))
		assert.Zero(t, list.inFlight.Load())
		list.before = nil
		assert.Equal(t, 58, collect(t, p, 2, 100))
	})
}

// TestPrefetchOverlaps: with a consumer that takes as long as a page, ten pages
// take 20 units without prefetch and 11 with it.
func TestPrefetchOverlaps(t *testing.T) {
	const unit = 100 * time.Millisecond
	for _, row := range []struct{ ahead, units int }{{0, 20}, {1, 11}, {3, 11}} {
		synctest.Test(t, func(t *testing.T) {
			list := &listOf{items: 40, size: 4, before: func(context.Context, int) error {
				time.Sleep(unit)
				return nil
			}}
			start := time.Now()
			for _, err := range paginatorOf(list, prefetch(row.ahead)).Pages(t.Context()) {
				require.NoError(t, err)
				time.Sleep(unit)
			}
			took := time.Since(start)
			t.Logf("prefetch %d: %v for 10 pages", row.ahead, took)
			assert.Equal(t, time.Duration(row.units)*unit, took)
		})
	}
}

// TestResumeWithAnotherPageSize: an offset beyond its page carries on into the
// next ones, and beyond the list it is an error.
func TestResumeWithAnotherPageSize(t *testing.T) {
	for _, row := range []struct{ offset, limit, want int }{
		{6, 2, 11}, {7, 2, 10}, {17, 3, 0}, {16, 3, 1}, {0, 50, 17}, {18, 3, -1}, {1000, 3, -1},
	} {
		list := &listOf{items: 17, size: 7}
		p := paginatorOf(list, func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) {
			o.Limit = int32(row.limit)
			o.Resume = appintegrations.Checkpoint{DataIntegrationIdentifier: "example", Offset: row.offset}
		})
		got := 0
		var failure error
		for _, err := range p.Associations(t.Context()) {
			if failure = err; err == nil {
				got++
			}
		}
		var beyond *appintegrations.CheckpointError
		if row.want < 0 {
			require.ErrorAs(t, failure, &beyond, "offset %d", row.offset)
			continue
		}
		require.NoError(t, failure)
		assert.Equal(t, row.want, got, "offset %d, pages of %d", row.offset, row.limit)
	}
}

func TestResumeIsRefused(t *testing.T) {
	at := appintegrations.Checkpoint{DataIntegrationIdentifier: "example", NextToken: "secret-token", Offset: 1}
	for _, row := range []struct {
		name string
		in   listInput
		at   appintegrations.Checkpoint
	}{
		{"another data integration", listInput{DataIntegrationIdentifier: aws.String("other")}, at},
		{"an input with a token", listInput{DataIntegrationIdentifier: aws.String("example"), NextToken: aws.String("t")}, at},
		{"a negative offset", listInput{DataIntegrationIdentifier: aws.String("example")}, appintegrations.Checkpoint{DataIntegrationIdentifier: "example", Offset: -1}},
		{"one that is done, of another", listInput{DataIntegrationIdentifier: aws.String("other")}, appintegrations.Checkpoint{DataIntegrationIdentifier: "example", Done: true}},
	} {
		list := &listOf{items: 3, size: 3}
		p := appintegrations.NewListDataIntegrationAssociationsPaginator(list, &row.in,
			func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) { o.Resume = row.at })
		require.True(t, p.HasMorePages(), row.name)
		_, err := p.NextPage(t.Context())
		var refused *appintegrations.CheckpointError
		require.ErrorAs(t, err, &refused, row.name)
		assert.NotContains(t, err.Error(), "secret")
		assert.Zero(t, list.calls.Load())
	}
}

func TestResumeFromTheEnd(t *testing.T) {
	list := &listOf{items: 3, size: 3}
	p := paginatorOf(list, func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) {
		o.Resume = appintegrations.Checkpoint{DataIntegrationIdentifier: "example", Done: true}
	})
	assert.False(t, p.HasMorePages())
	assert.Zero(t, collect(t, p, 0, 10))
	assert.Zero(t, list.calls.Load())
	assert.True(t, p.Checkpoint().Done)
}

func TestEmptyPagesAreAnErrorInARange(t *testing.T) {
	mock := &pagesFunc{answer: func(n int, _ *listInput) (*listOutput, error) { return pageOf(fmt.Sprint(n)), nil }}
	var failure error
	for _, err := range newPaginator(mock, prefetch(2)).Associations(t.Context()) {
		failure = err
	}
	var loop *appintegrations.PaginationLoopError
	require.ErrorAs(t, failure, &loop)
	assert.Equal(t, appintegrations.PaginationLoopError{Period: 0, Pages: 1000}, *loop)
	assert.Equal(t, 1000, mock.calls)
}

func TestClientAssociationsStartsAfresh(t *testing.T) {
	calls := 0
	client := stubClient(typicalPage(0), func(o *appintegrations.Options) {
		stub := o.HTTPClient
		o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
			calls++
			assert.Equal(t, "7", r.URL.Query().Get("maxResults"))
			return stub.Do(r)
		})
	})
	in := input("example")
	in.MaxResults = aws.Int32(7)
	seq := client.Associations(t.Context(), in)
	in.DataIntegrationIdentifier, *in.MaxResults = nil, 1
	for range 2 {
		n := 0
		for _, err := range seq {
			n++
			var loop *appintegrations.PaginationLoopError
			require.ErrorAs(t, err, &loop, "the stub's page names itself as the next")
		}
		assert.Equal(t, 1, n)
	}
	assert.Equal(t, 6, calls)
}

// TestAMillionAssociations: an iteration holds one page, however long the list.
func TestAMillionAssociations(t *testing.T) {
	const pages, size = 20_000, 50
	clients := make([]string, size)
	for i := range clients {
		clients[i] = fmt.Sprint("c", i)
	}
	mock := &pagesFunc{answer: func(n int, _ *listInput) (*listOutput, error) {
		if n == pages-1 {
			return pageOf("", clients...), nil
		}
		return pageOf(fmt.Sprint("token", n), clients...), nil
	}}
	n, before, most := 0, liveHeap(), int64(0)
	for _, err := range newPaginator(mock).Associations(t.Context()) {
		require.NoError(t, err)
		if n++; n%200_000 == 0 {
			most = max(most, liveHeap()-before)
		}
	}
	t.Logf("%d items: the live heap is at most %d KiB above the start", n, most>>10)
	assert.Equal(t, pages*size, n)
	assert.Less(t, most, int64(256<<10))
}

// liveHeap returns the bytes that are reachable.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
