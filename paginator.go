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
	// How many associations a page may have, in place of the input's MaxResults.
	// 0: as many as the service likes.
	Limit int32

	// End quietly when a page's NextToken is the token that asked for it.
	StopOnDuplicateToken bool

	// How many pages to fetch ahead of the consumer inside a range over Pages or
	// Associations, at most 64. 0: none; each page is fetched when it is wanted.
	Prefetch int

	// Where to start. Zero: at the input's NextToken, or at the start; with both
	// set, or with a checkpoint of another data integration, the first page is a
	// *CheckpointError.
	Resume Checkpoint
}

// A ListDataIntegrationAssociationsPaginator gives the pages of a list one
// after another, by NextPage or by a range over Pages or Associations. All of
// them move the same cursor. It is made by
// [NewListDataIntegrationAssociationsPaginator].
//
// It is for one goroutine at a time: a page that is asked for while another is
// under way is [ErrPaginatorInUse].
//
// A list that does not come to its end is one too, a *[PaginationLoopError]:
// when the same pages come for the third time, or after a thousand pages
// without an item.
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

// NewListDataIntegrationAssociationsPaginator returns a paginator that starts
// at params.NextToken, or with the first page where that is nil. The input is
// copied: changing it afterwards changes nothing. A nil params is an empty one,
// which the first page refuses.
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

// HasMorePages reports whether there is something that was not given yet: a
// page, or associations of one that a range over Associations left in the
// middle. It is true at the start, and after an error, whose page can be asked
// for again; but not after a *[PaginationLoopError].
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

// Checkpoint returns the position of the cursor. Inside a range over
// Associations the association in hand counts as done, and inside one over
// Pages the page in hand; so does the page that NextPage returned last.
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

// NextPage returns the next page, which may be empty though more follow. After
// an error, the next call asks for the same page again. The errors are those of
// [Client.ListDataIntegrationAssociations], or the mock's, *[CheckpointError]
// for a Resume that does not fit, *[PaginationLoopError], and
// [ErrPaginatorInUse]. It is also an error to call NextPage without a next page,
// and after a range over Associations that stopped in the middle of a page.
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

// ErrPaginatorInUse is the error, to match with errors.Is, of a paginator that is
// asked for a page while it fetches another one: by another goroutine, or inside
// of a range over Pages or Associations. The page under way is not affected, and
// nothing is lost.
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
