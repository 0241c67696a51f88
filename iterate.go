package appintegrations

import (
	"context"
	"errors"
	"iter"
	"sync"
)

// Associations returns an iterator over all associations of a data integration.
// Each range starts anew, at params.NextToken or at the start of the list; to
// continue where a range stopped, use
// [ListDataIntegrationAssociationsPaginator.Associations]. The page size is
// params.MaxResults. params is copied.
//
// The errors are those of [ListDataIntegrationAssociationsPaginator.NextPage]. The
// range ends after an error, which is yielded with a zero association. A context
// that is done is an error: the range never ends early without one.
func (c *Client) Associations(ctx context.Context, params *ListDataIntegrationAssociationsInput, optFns ...func(*Options)) iter.Seq2[DataIntegrationAssociationSummary, error] {
	var in ListDataIntegrationAssociationsInput
	if params != nil {
		in = params.clone()
	}
	return func(yield func(DataIntegrationAssociationSummary, error) bool) {
		NewListDataIntegrationAssociationsPaginator(c, &in).Associations(ctx, optFns...)(yield)
	}
}

// Pages returns an iterator over the remaining pages. A second range continues where
// the first one stopped; after an error, it requests the same page again. The range
// ends after an error, which is yielded with a nil page. A range that you break out
// of leaves no goroutine and no request behind.
func (p *ListDataIntegrationAssociationsPaginator) Pages(ctx context.Context, optFns ...func(*Options)) iter.Seq2[*ListDataIntegrationAssociationsOutput, error] {
	return func(yield func(*ListDataIntegrationAssociationsOutput, error) bool) {
		err := p.each(ctx, optFns, func(page *fetchedPage) bool {
			out := page.out
			if page.used.Load() > 0 {
				rest := *out
				rest.DataIntegrationAssociations = page.rest()
				out = &rest
			}
			page.useUp()
			return yield(out, nil)
		})
		if err != nil {
			yield(nil, err)
		}
	}
}

// Associations returns an iterator over the remaining associations. A second range
// continues with the next association; to start anew with each range, use
// [Client.Associations]. The range ends after an error, which is yielded with a zero
// association. A range that you break out of leaves no goroutine and no request
// behind.
func (p *ListDataIntegrationAssociationsPaginator) Associations(ctx context.Context, optFns ...func(*Options)) iter.Seq2[DataIntegrationAssociationSummary, error] {
	return func(yield func(DataIntegrationAssociationSummary, error) bool) {
		err := p.each(ctx, optFns, func(page *fetchedPage) bool {
			for _, association := range page.rest() {
				page.used.Add(1)
				if !yield(association, nil) {
					return false
				}
			}
			return true
		})
		if err != nil {
			yield(DataIntegrationAssociationSummary{}, err)
		}
	}
}

// each calls use for the page that was left in the middle and for those after
// it, until use returns false or there is no next page.
func (p *ListDataIntegrationAssociationsPaginator) each(ctx context.Context, optFns []func(*Options), use func(*fetchedPage) bool) error {
	if ctx == nil {
		return operationError(errNilContext)
	}
	if !p.busy.CompareAndSwap(false, true) {
		return ErrPaginatorInUse
	}
	defer p.busy.Store(false)
	if loop := p.loop.Load(); loop != nil {
		return operationError(loop)
	}
	if page := p.page.Load(); page != nil && len(page.rest()) > 0 && !use(page) {
		return nil
	}
	source := &pageSource{p: p, optFns: optFns}
	defer source.stop()
	for p.HasMorePages() {
		if ctx.Err() != nil {
			return operationError(canceled(ctx, wait{}, nil))
		}
		page, err := source.next(ctx)
		if err != nil {
			return p.failed(err)
		}
		p.page.Store(page)
		if !use(page) {
			return nil
		}
	}
	return nil
}

// maxPrefetch is the most pages to fetch ahead: a page may have 8 MiB.
const maxPrefetch = 64

// A pageSource gives the pages of one range. With Prefetch a goroutine fetches
// them ahead, which lives no longer than the range.
type pageSource struct {
	p      *ListDataIntegrationAssociationsPaginator
	optFns []func(*Options)

	ahead  chan fetchResult // nil: nothing is fetched ahead
	quit   chan struct{}    // closed when the consumer leaves
	cancel context.CancelFunc
	done   sync.WaitGroup
	inHand fetchResult // what nobody took from the goroutine
}

type fetchResult struct {
	page     *fetchedPage
	err      error
	panicked any // what the client panicked with
}

func (s *pageSource) next(ctx context.Context) (*fetchedPage, error) {
	if s.p.options.Prefetch <= 0 {
		return s.p.take(ctx, s.optFns)
	}
	if s.ahead == nil {
		s.start(ctx)
	}
	r, ok := <-s.ahead
	if !ok {
		return nil, errors.New("the client ended the goroutine that it was called in")
	}
	if r.panicked != nil {
		panic(r.panicked)
	}
	return r.page, r.err
}

// start starts to fetch. While the consumer has one page, one is in the
// goroutine's hand and the others are in the channel.
func (s *pageSource) start(ctx context.Context) {
	ctx, s.cancel = context.WithCancel(ctx)
	s.ahead, s.quit = make(chan fetchResult, min(s.p.options.Prefetch, maxPrefetch)-1), make(chan struct{})
	s.done.Go(func() {
		defer close(s.ahead)
		for {
			r := s.fetch(ctx)
			select {
			case s.ahead <- r:
			case <-s.quit:
				s.inHand = r
				return
			}
			if r.page == nil || r.page.next == "" {
				return
			}
		}
	})
}

// fetch takes the next page, or what went wrong. A panic of the client belongs
// to the goroutine of the consumer, who may recover from it.
func (s *pageSource) fetch(ctx context.Context) (r fetchResult) {
	defer func() {
		if v := recover(); v != nil {
			r = fetchResult{panicked: v}
		}
	}()
	r.page, r.err = s.p.take(ctx, s.optFns)
	return r
}

// stop ends the fetching. Pages that came and were not given are kept for what
// asks next; errors are met again then.
func (s *pageSource) stop() {
	if s.ahead == nil {
		return
	}
	close(s.quit)
	s.cancel()
	s.done.Wait()
	var kept []*fetchedPage
	for r := range s.ahead {
		if r.page != nil {
			kept = append(kept, r.page)
		}
	}
	if s.inHand.page != nil {
		kept = append(kept, s.inHand.page)
	}
	s.p.queue = append(kept, s.p.queue...)
}
