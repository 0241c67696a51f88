package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

type (
	listInput  = appintegrations.ListDataIntegrationAssociationsInput
	listOutput = appintegrations.ListDataIntegrationAssociationsOutput
	summary    = appintegrations.DataIntegrationAssociationSummary
	pageOption = func(*appintegrations.ListDataIntegrationAssociationsPaginatorOptions)
)

// pagesFunc is a mock of the client: it answers the request with number n,
// counted from 0.
type pagesFunc struct {
	calls  int
	answer func(n int, in *listInput) (*listOutput, error)
}

func (m *pagesFunc) ListDataIntegrationAssociations(ctx context.Context, in *listInput, _ ...func(*appintegrations.Options)) (*listOutput, error) {
	m.calls++
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return m.answer(m.calls-1, in)
}

func pageOf(next string, clients ...string) *listOutput {
	out := &listOutput{DataIntegrationAssociations: []summary{}}
	for _, c := range clients {
		out.DataIntegrationAssociations = append(out.DataIntegrationAssociations, summary{ClientId: &c})
	}
	if next != "" {
		out.NextToken = &next
	}
	return out
}

func newPaginator(m *pagesFunc, optFns ...pageOption) *appintegrations.ListDataIntegrationAssociationsPaginator {
	return appintegrations.NewListDataIntegrationAssociationsPaginator(m, input("example"), optFns...)
}

// drain asks for pages until there is none, an error, or limit pages came.
func drain(t *testing.T, p *appintegrations.ListDataIntegrationAssociationsPaginator, limit int) (pages int, err error) {
	for p.HasMorePages() && pages < limit {
		if _, err := p.NextPage(t.Context()); err != nil {
			return pages, err
		}
		pages++
	}
	return pages, nil
}

// TestPaginator holds the section Pagination: it ends, and it tells. The
// official client v1.37.11 goes on for ever in each of the first rows.
func TestPaginator(t *testing.T) {
	period := func(n int) func(int, *listInput) (*listOutput, error) {
		return func(i int, _ *listInput) (*listOutput, error) {
			return pageOf(fmt.Sprint("token", i%n), fmt.Sprint("client", i%n)), nil
		}
	}
	late := func(n, before int) func(int, *listInput) (*listOutput, error) {
		return func(i int, in *listInput) (*listOutput, error) {
			if i < before {
				return pageOf(fmt.Sprint("first", i), "c"), nil
			}
			return period(n)(i-before, in)
		}
	}
	for _, row := range []struct {
		name     string
		answer   func(int, *listInput) (*listOutput, error)
		requests int
		period   int
	}{
		{"the same page for ever", period(1), 3, 1},
		{"A, B, A, B", period(2), 6, 2},
		{"period 3", period(3), 9, 3},
		{"period 7", period(7), 21, 7},
		{"period 100", period(100), 300, 100},
		{"period 1000", period(1000), 3000, 1000},
		{"period 3 after 5 pages", late(3, 5), 5 + 9, 3},
		{"period 2 after 1500 pages", late(2, 1500), 1500 + 6, 2},
		{"period 1 after a first page", late(1, 1), 1 + 3, 1},
		{"period 1500", period(1500), 4500, 1500},
		{"period 12345", period(12345), 3 * 12345, 12345},
		{"period 1500 after 5 pages", late(1500, 5), 5 + 4500 + 2, 1500},
		{"one token with other content each time", func(i int, _ *listInput) (*listOutput, error) {
			return pageOf("token", fmt.Sprint("client", i)), nil
		}, 1001, 1},
		{"empty pages with one token", func(int, *listInput) (*listOutput, error) { return pageOf("token"), nil }, 3, 1},
		{"empty pages with fresh tokens", func(i int, _ *listInput) (*listOutput, error) { return pageOf(fmt.Sprint("token", i)), nil }, 1000, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			mock := &pagesFunc{answer: row.answer}
			p := newPaginator(mock)
			pages, err := drain(t, p, 100_000)
			var loop *appintegrations.PaginationLoopError
			require.ErrorAs(t, err, &loop)
			assert.Equal(t, appintegrations.PaginationLoopError{Period: row.period, Pages: row.requests}, *loop)
			assert.Equal(t, row.requests, mock.calls, "requests")
			assert.Equal(t, row.requests-1, pages, "pages before the error")
			assert.False(t, p.HasMorePages())
			assert.NotContains(t, err.Error(), "token")
			_, again := p.NextPage(t.Context())
			assert.ErrorAs(t, again, &loop, "it is not forgotten")
			assert.Equal(t, row.requests, mock.calls)
		})
	}
}

// TestPaginatorLetsMocksRepeat: what repeats less often than a loop does ends
// as the mock wants it.
func TestPaginatorLetsMocksRepeat(t *testing.T) {
	for _, row := range []struct {
		name   string
		pages  int
		answer func(n int) *listOutput
	}{
		{"a constant token twice", 3, func(n int) *listOutput { return pageOf("token", "c") }},
		{"two periods of two", 5, func(n int) *listOutput { return pageOf(fmt.Sprint(n%2), fmt.Sprint(n%2)) }},
		{"three periods of three but one page", 9, func(n int) *listOutput { return pageOf(fmt.Sprint(n%3), fmt.Sprint(n%3)) }},
		{"a constant token 1000 times", 1001, func(n int) *listOutput { return pageOf("token", fmt.Sprint(n)) }},
		{"999 empty pages", 1000, func(n int) *listOutput { return pageOf(fmt.Sprint(n)) }},
		{"the same content under fresh tokens", 5000, func(n int) *listOutput { return pageOf(fmt.Sprint(n), "c") }},
	} {
		t.Run(row.name, func(t *testing.T) {
			mock := &pagesFunc{}
			mock.answer = func(n int, _ *listInput) (*listOutput, error) {
				out := row.answer(n)
				if n == row.pages-1 {
					out.NextToken = nil
				}
				return out, nil
			}
			pages, err := drain(t, newPaginator(mock), row.pages+1)
			require.NoError(t, err)
			assert.Equal(t, row.pages, pages)
		})
	}
}

func TestPaginatorStopOnDuplicateToken(t *testing.T) {
	mock := &pagesFunc{answer: func(int, *listInput) (*listOutput, error) { return pageOf("token", "c"), nil }}
	p := newPaginator(mock, func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) {
		o.StopOnDuplicateToken = true
	})
	pages, err := drain(t, p, 10)
	require.NoError(t, err)
	assert.Equal(t, 2, pages)
	assert.True(t, p.Checkpoint().Done)
}

func TestPaginatorEmptyTokenEnds(t *testing.T) {
	mock := &pagesFunc{answer: func(int, *listInput) (*listOutput, error) {
		return &listOutput{NextToken: aws.String("")}, nil
	}}
	pages, err := drain(t, newPaginator(mock), 10)
	require.NoError(t, err)
	assert.Equal(t, 1, pages)
}

func TestPaginatorResumesAfterAnError(t *testing.T) {
	failure := errors.New("once")
	mock := &pagesFunc{}
	mock.answer = func(n int, in *listInput) (*listOutput, error) {
		switch {
		case n == 1:
			return nil, failure
		case in.NextToken == nil:
			return pageOf("second", "a"), nil
		}
		assert.Equal(t, "second", *in.NextToken)
		return pageOf("", "b"), nil
	}
	p := newPaginator(mock)
	_, err := p.NextPage(t.Context())
	require.NoError(t, err)
	_, err = p.NextPage(t.Context())
	require.ErrorIs(t, err, failure)
	require.True(t, p.HasMorePages())
	page, err := p.NextPage(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "b", *page.DataIntegrationAssociations[0].ClientId)
	assert.False(t, p.HasMorePages())
}

// TestPaginatorCopiesItsInput: the caller may change what was given, and a mock
// what it is given, without sending a page to another integration.
func TestPaginatorCopiesItsInput(t *testing.T) {
	in := &listInput{DataIntegrationIdentifier: aws.String("mine"), MaxResults: aws.Int32(7), NextToken: aws.String("first")}
	var seen []string
	mock := &pagesFunc{answer: func(n int, in *listInput) (*listOutput, error) {
		seen = append(seen, fmt.Sprint(*in.DataIntegrationIdentifier, " ", *in.MaxResults, " ", *in.NextToken))
		*in.DataIntegrationIdentifier, *in.MaxResults, *in.NextToken = "other", 1, "other"
		out := pageOf("second", "c")
		if n == 1 {
			out.NextToken = nil
		}
		return out, nil
	}}
	p := appintegrations.NewListDataIntegrationAssociationsPaginator(mock, in)
	*in.DataIntegrationIdentifier, *in.MaxResults, *in.NextToken = "changed", 2, "changed"
	in.DataIntegrationIdentifier = aws.String("replaced")
	for p.HasMorePages() {
		page, err := p.NextPage(t.Context())
		require.NoError(t, err)
		if page.NextToken != nil {
			*page.NextToken = "changed too"
		}
	}
	assert.Equal(t, []string{"mine 7 first", "mine 7 second"}, seen)
}

func TestPaginatorRefusesASecondGoroutine(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	mock := &pagesFunc{answer: func(int, *listInput) (*listOutput, error) {
		close(entered)
		<-leave
		return pageOf("", "c"), nil
	}}
	p := newPaginator(mock)
	first := make(chan error)
	go func() { _, err := p.NextPage(t.Context()); first <- err }()
	<-entered
	_, err := p.NextPage(t.Context())
	assert.ErrorContains(t, err, "in use")
	assert.True(t, p.HasMorePages())
	assert.Equal(t, appintegrations.Checkpoint{DataIntegrationIdentifier: "example"}, p.Checkpoint())
	close(leave)
	require.NoError(t, <-first)
	assert.Equal(t, 1, mock.calls)
}

// TestPaginatorMemory: what the paginator remembers of a list does not grow
// with the list.
func TestPaginatorMemory(t *testing.T) {
	const pages = 20_000
	mock := &pagesFunc{answer: func(n int, _ *listInput) (*listOutput, error) {
		if n == pages-1 {
			return pageOf("", "c"), nil
		}
		return pageOf(fmt.Sprint("token", n), strings.Repeat("c", 100)), nil
	}}
	p := newPaginator(mock)
	before := liveHeap()
	got, err := drain(t, p, pages)
	require.NoError(t, err)
	assert.Equal(t, pages, got)
	grown := liveHeap() - before
	t.Logf("%d pages: the live heap grew by %d KiB", pages, grown>>10)
	assert.Less(t, grown, int64(128<<10))
	assert.False(t, p.HasMorePages())
}

// TestPaginatorPagesAreTheCallers: what the caller does to a page it was given
// does not move the cursor.
func TestPaginatorPagesAreTheCallers(t *testing.T) {
	for name, change := range map[string]func([]summary) []summary{
		"cut":    func(items []summary) []summary { return items[:1] },
		"nil":    func([]summary) []summary { return nil },
		"longer": func(items []summary) []summary { return append(items, items...) },
	} {
		t.Run(name, func(t *testing.T) {
			mock := &pagesFunc{answer: func(n int, _ *listInput) (*listOutput, error) {
				return pageOf([]string{"1", "2", ""}[n], "a", "b", "c"), nil
			}}
			p := newPaginator(mock)
			page, err := p.NextPage(t.Context())
			require.NoError(t, err)
			page.DataIntegrationAssociations = change(page.DataIntegrationAssociations)
			assert.Equal(t, appintegrations.Checkpoint{DataIntegrationIdentifier: "example", NextToken: "1"}, p.Checkpoint())
			require.True(t, p.HasMorePages())
			for page, err := range p.Pages(t.Context()) {
				require.NoError(t, err)
				page.DataIntegrationAssociations = change(page.DataIntegrationAssociations)
			}
			assert.True(t, p.Checkpoint().Done)
			assert.Equal(t, 3, mock.calls)
		})
	}
}

func TestPaginatorShowsNoToken(t *testing.T) {
	p := appintegrations.NewListDataIntegrationAssociationsPaginator(&pagesFunc{}, &listInput{DataIntegrationIdentifier: aws.String("example"), NextToken: aws.String("secret")})
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		assert.NotContains(t, fmt.Sprintf(format, p), "secret")
	}
}

func TestNilOptionsAreNone(t *testing.T) {
	p := appintegrations.NewListDataIntegrationAssociationsPaginator(nil, input("example"), nil)
	_, err := p.NextPage(t.Context())
	assert.ErrorContains(t, err, "no client")
	_, err = stubClient("{}", nil).ListDataIntegrationAssociations(t.Context(), input("example"), nil)
	assert.NoError(t, err)
	var none *appintegrations.Client
	none.CloseIdleConnections()
	assert.Equal(t, "", none.Options().Region)
	_, err = none.ListDataIntegrationAssociations(t.Context(), input("example"))
	var config *appintegrations.ConfigError
	assert.ErrorAs(t, err, &config)
}

// TestOptionsAreTheirOwn: what the user does afterwards to what New was given,
// and to what Options returned, does not move the client.
func TestOptionsAreTheirOwn(t *testing.T) {
	hosts := map[string]bool{}
	endpoint := "https://one.example"
	client := stubClient("{}", func(o *appintegrations.Options) {
		stub := o.HTTPClient
		o.BaseEndpoint = &endpoint
		o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
			hosts[r.URL.Host] = true
			return stub.Do(r)
		})
	})
	*client.Options().BaseEndpoint, endpoint = "https://two.example", "https://three.example"
	_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
	require.NoError(t, err)
	assert.Equal(t, map[string]bool{"one.example": true}, hosts)
}
