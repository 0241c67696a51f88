package appintegrations

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	smithy "github.com/aws/smithy-go"
)

// ListDataIntegrationAssociationsPaginatorOptions are the options of a
// [ListDataIntegrationAssociationsPaginator].
type ListDataIntegrationAssociationsPaginatorOptions struct {
	// The maximum number of associations on a page, instead of the input's
	// MaxResults. 0 or negative: the service decides.
	Limit int32

	// End the list without an error if a page's NextToken equals the token of the
	// request for that page.
	StopOnDuplicateToken bool

	// How many pages a range over Pages or Associations fetches ahead of the
	// consumer. More than 64 counts as 64. 0 or negative: none; each page is
	// fetched when the consumer needs it.
	//
	// Experimental: may change before 1.0.
	Prefetch int

	// Where to start. Zero: at the input's NextToken, or at the start of the list.
	// If the input's NextToken is set too, or if the checkpoint belongs to another
	// data integration, the first page fails with a *CheckpointError.
	Resume Checkpoint
}

// A ListDataIntegrationAssociationsPaginator returns the pages of a list one after
// another, by NextPage or by a range over Pages or Associations. All three move the
// same cursor. Make a paginator with [NewListDataIntegrationAssociationsPaginator].
//
// One goroutine at a time can use a paginator: NextPage and a range fail with
// [ErrPaginatorInUse] while another page is being fetched. HasMorePages and
// Checkpoint may be called at any time.
//
// A list that never ends is an error: the pagination fails with a
// *[PaginationLoopError] when the same pages arrive for the third time, or after
// 1000 empty pages in a row.
type ListDataIntegrationAssociationsPaginator struct {
	options ListDataIntegrationAssociationsPaginatorOptions
	client  ListDataIntegrationAssociationsAPIClient
	params  ListDataIntegrationAssociationsInput // NextToken is that of the page to fetch next
	skip    int                                  // associations that Resume still passes over
	detect  loopDetector
	queue   []*fetchedPage // fetched ahead and not given yet

	// What can be looked at while a page is fetched.
	start Checkpoint // where the first page starts
	fault error      // why there can be no page
	busy  atomic.Bool
	page  atomic.Pointer[fetchedPage]         // that was given last; nil: none
	loop  atomic.Pointer[PaginationLoopError] // that ended the list; nil: none
}

// A fetchedPage is a page and its place in the list.
type fetchedPage struct {
	out     *ListDataIntegrationAssociationsOutput
	items   []DataIntegrationAssociationSummary // of out, which the caller may change
	token   string                              // that asked for it
	skipped int                                 // associations at its start that are left out of out
	used    atomic.Int64                        // items that were given
	next    string                              // the token of the page after it; "": it is the last
	skip    int                                 // associations to pass over in the pages after it
}

// rest returns the associations that were not given yet.
func (f *fetchedPage) rest() []DataIntegrationAssociationSummary {
	return f.items[f.used.Load():]
}

func (f *fetchedPage) useUp() { f.used.Store(int64(len(f.items))) }

// NewListDataIntegrationAssociationsPaginator returns a paginator that starts at
// params.NextToken, or at the first page if that is nil. params is copied: a later
// change of it has no effect. If params is nil, the first page fails, because the
// identifier is missing.
func NewListDataIntegrationAssociationsPaginator(client ListDataIntegrationAssociationsAPIClient, params *ListDataIntegrationAssociationsInput, optFns ...func(*ListDataIntegrationAssociationsPaginatorOptions)) *ListDataIntegrationAssociationsPaginator {
	p := &ListDataIntegrationAssociationsPaginator{client: client}
	if params != nil {
		p.params = params.clone()
		p.options.Limit = valueOr(params.MaxResults, 0)
	}
	for _, fn := range optFns {
		if fn != nil {
			fn(&p.options)
		}
	}
	p.params.MaxResults = nil
	if p.options.Limit > 0 {
		p.params.MaxResults = &p.options.Limit
	}
	p.start = Checkpoint{DataIntegrationIdentifier: valueOr(p.params.DataIntegrationIdentifier, ""), NextToken: valueOr(p.params.NextToken, "")}
	if p.options.Resume != (Checkpoint{}) {
		p.resume(p.options.Resume)
	}
	return p
}

// resume moves the start to a checkpoint, if that is one of this list.
func (p *ListDataIntegrationAssociationsPaginator) resume(at Checkpoint) {
	switch {
	case p.start.NextToken != "":
		p.fault = &CheckpointError{Reason: "both Resume and the input's NextToken are set"}
	case at.DataIntegrationIdentifier != p.start.DataIntegrationIdentifier:
		p.fault = &CheckpointError{Reason: "it is of another data integration, " + quoted(at.DataIntegrationIdentifier, maxIdentifierText) + ", not " + quoted(p.start.DataIntegrationIdentifier, maxIdentifierText)}
	case at.Offset < 0:
		p.fault = &CheckpointError{Reason: "its offset is negative"}
	default:
		p.start, p.skip, p.params.NextToken = at, at.Offset, nil
		if at.NextToken != "" {
			p.params.NextToken = &at.NextToken
		}
	}
}

func (in *ListDataIntegrationAssociationsInput) clone() ListDataIntegrationAssociationsInput {
	return ListDataIntegrationAssociationsInput{
		DataIntegrationIdentifier: clone(in.DataIntegrationIdentifier),
		MaxResults:                clone(in.MaxResults),
		NextToken:                 clone(in.NextToken),
	}
}

func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// HasMorePages reports whether pages are left, or associations of a page at which a
// range over Associations stopped. It returns true at the start, and after an
// error, because the same page can be requested again. After a
// *[PaginationLoopError] it returns false.
func (p *ListDataIntegrationAssociationsPaginator) HasMorePages() bool {
	page := p.page.Load()
	switch {
	case p.loop.Load() != nil:
		return false
	case page == nil:
		return !p.start.Done
	}
	return len(page.rest()) > 0 || page.next != ""
}

// Checkpoint returns the position of the cursor. The current association of a range
// over Associations counts as done, and so does the current page of a range over
// Pages, and the page that NextPage returned last.
func (p *ListDataIntegrationAssociationsPaginator) Checkpoint() Checkpoint {
	at := Checkpoint{DataIntegrationIdentifier: p.start.DataIntegrationIdentifier}
	page := p.page.Load()
	switch {
	case page == nil:
		return p.start
	case len(page.rest()) > 0:
		at.NextToken, at.Offset = page.token, page.skipped+int(page.used.Load())
	case page.next == "":
		at.Done = true
	default:
		at.NextToken, at.Offset = page.next, page.skip
	}
	return at
}

// NextPage returns the next page. A page can be empty even if more pages follow.
// After an error, the next call requests the same page again.
//
// The errors are those of [Client.ListDataIntegrationAssociations] or of the mock,
// a *[CheckpointError] if Resume does not fit the list, a *[PaginationLoopError],
// and [ErrPaginatorInUse]. NextPage also fails if no page is left, or if a range
// over Associations stopped inside a page.
func (p *ListDataIntegrationAssociationsPaginator) NextPage(ctx context.Context, optFns ...func(*Options)) (*ListDataIntegrationAssociationsOutput, error) {
	if !p.busy.CompareAndSwap(false, true) {
		return nil, ErrPaginatorInUse
	}
	defer p.busy.Store(false)
	if loop := p.loop.Load(); loop != nil {
		return nil, p.endless(loop)
	}
	if !p.HasMorePages() {
		return nil, errors.New("no more pages available")
	}
	if page := p.page.Load(); page != nil && len(page.rest()) > 0 {
		return nil, errors.New("the last page is partly given by a range over Associations: go on with that")
	}
	page, err := p.take(ctx, optFns)
	if err != nil {
		return nil, p.failed(err)
	}
	page.useUp()
	p.page.Store(page)
	return page.out, nil
}

// ErrPaginatorInUse means that a paginator was asked for a page while it was
// fetching another one: by another goroutine, or inside a range over Pages or
// Associations. The other page is not affected, and nothing is lost. Match it with
// errors.Is.
var ErrPaginatorInUse = errors.New("the paginator is in use by another goroutine, or by the range around this call: give each goroutine a paginator of its own")

// take returns the next page, fetched ahead or now.
func (p *ListDataIntegrationAssociationsPaginator) take(ctx context.Context, optFns []func(*Options)) (*fetchedPage, error) {
	if len(p.queue) > 0 {
		page := p.queue[0]
		p.queue = p.queue[1:]
		return page, nil
	}
	return p.fetch(ctx, optFns)
}

// failed remembers an error that ends the list for good.
func (p *ListDataIntegrationAssociationsPaginator) failed(err error) error {
	var loop *PaginationLoopError
	if errors.As(err, &loop) {
		p.loop.Store(loop)
	}
	return err
}

// endless names the list in the error of one that does not end.
func (p *ListDataIntegrationAssociationsPaginator) endless(loop *PaginationLoopError) error {
	return operationError(summary{identifier: p.start.DataIntegrationIdentifier}.in(loop))
}

// operationError names the operation in an error that none of its calls made.
func operationError(err error) error {
	return &smithy.OperationError{ServiceID: ServiceID, OperationName: operationName, Err: err}
}

// fetch asks for the page at the token and moves on to the one after it. It
// does not look at what was given, so that it can run ahead of that.
func (p *ListDataIntegrationAssociationsPaginator) fetch(ctx context.Context, optFns []func(*Options)) (*fetchedPage, error) {
	if p.fault != nil {
		return nil, p.fault
	}
	if p.client == nil {
		return nil, errors.New("the paginator has no client")
	}
	params := p.params.clone() // a mock may keep what it is given
	out, err := p.call(ctx, &params, optFns)
	if err != nil {
		return nil, err
	}
	if out == nil {
		return nil, errors.New("the client returned neither a page nor an error")
	}
	page := &fetchedPage{out: out, items: out.DataIntegrationAssociations, token: valueOr(p.params.NextToken, ""), next: valueOr(out.NextToken, "")}
	if p.options.StopOnDuplicateToken && page.next != "" && page.next == page.token {
		page.next = ""
	}
	if page.next != "" {
		if loop := p.detect.see(out); loop != nil {
			return nil, p.endless(loop)
		}
	}
	if err := p.passOver(page); err != nil {
		return nil, err
	}
	p.params.NextToken = &page.next
	return page, nil
}

// call marks the call as a paginator's.
func (p *ListDataIntegrationAssociationsPaginator) call(ctx context.Context, params *ListDataIntegrationAssociationsInput, optFns []func(*Options)) (*ListDataIntegrationAssociationsOutput, error) {
	if c, ok := p.client.(*Client); ok {
		return c.invoke(ctx, params, paginatorCaller, optFns)
	}
	return p.client.ListDataIntegrationAssociations(ctx, params, append([]func(*Options){markPaginating}, optFns...)...)
}

// passOver leaves out of a page what Resume says is done. The page that the
// client returned is not changed: it may be a mock's own.
func (p *ListDataIntegrationAssociationsPaginator) passOver(page *fetchedPage) error {
	if p.skip == 0 {
		return nil
	}
	items := page.items
	page.skipped = min(p.skip, len(items))
	page.skip = p.skip - page.skipped
	if page.next == "" && page.skip > 0 {
		return &CheckpointError{Reason: "its offset is beyond the end of the list"}
	}
	p.skip = page.skip
	out := *page.out
	out.DataIntegrationAssociations = items[page.skipped:]
	page.out, page.items = &out, out.DataIntegrationAssociations
	return nil
}

// Format writes the position without its token, whatever the verb.
func (p *ListDataIntegrationAssociationsPaginator) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "paginator, %v", p.Checkpoint())
}

func markPaginating(o *Options) { o.caller = max(o.caller, paginatorCaller) }
