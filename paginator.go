package appintegrations

import (
	"context"
	"errors"
)

// ListDataIntegrationAssociationsPaginatorOptions are the options of a
// [ListDataIntegrationAssociationsPaginator].
type ListDataIntegrationAssociationsPaginatorOptions struct {
	// How many associations a page may have, in place of the input's MaxResults.
	// 0 or negative: as many as the service likes.
	Limit int32

	// End quietly when a page's NextToken is the token that asked for it.
	StopOnDuplicateToken bool
}

// A ListDataIntegrationAssociationsPaginator gives the pages of a list one
// after another. It is made by [NewListDataIntegrationAssociationsPaginator]
// and must not be used by several goroutines at once.
type ListDataIntegrationAssociationsPaginator struct {
	options ListDataIntegrationAssociationsPaginatorOptions
	client  ListDataIntegrationAssociationsAPIClient
	params  ListDataIntegrationAssociationsInput
	started bool
}

// NewListDataIntegrationAssociationsPaginator returns a paginator that starts
// at params.NextToken, or with the first page where that is nil. The input is
// copied: changing it afterwards changes nothing. A nil params is an empty one,
// which the first page refuses.
func NewListDataIntegrationAssociationsPaginator(client ListDataIntegrationAssociationsAPIClient, params *ListDataIntegrationAssociationsInput, optFns ...func(*ListDataIntegrationAssociationsPaginatorOptions)) *ListDataIntegrationAssociationsPaginator {
	p := &ListDataIntegrationAssociationsPaginator{client: client}
	if params != nil {
		p.params = ListDataIntegrationAssociationsInput{
			DataIntegrationIdentifier: clone(params.DataIntegrationIdentifier),
			NextToken:                 clone(params.NextToken),
		}
		p.options.Limit = valueOr(params.MaxResults, 0)
	}
	for _, fn := range optFns {
		fn(&p.options)
	}
	if p.options.Limit > 0 {
		p.params.MaxResults = &p.options.Limit
	}
	return p
}

func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// HasMorePages reports whether there is a page that NextPage has not returned
// yet. It is true at the start, and after an error: the same page can be asked
// for again.
func (p *ListDataIntegrationAssociationsPaginator) HasMorePages() bool {
	return !p.started || valueOr(p.params.NextToken, "") != ""
}

// NextPage returns the next page, which may be empty though more follow. After
// an error, the next call asks for the same page again. The errors are those of
// [Client.ListDataIntegrationAssociations], or the mock's; without a next page
// it is one that says so.
func (p *ListDataIntegrationAssociationsPaginator) NextPage(ctx context.Context, optFns ...func(*Options)) (*ListDataIntegrationAssociationsOutput, error) {
	if !p.HasMorePages() {
		return nil, errors.New("no more pages available")
	}
	params := p.params // a mock may keep what it is given
	params.DataIntegrationIdentifier, params.MaxResults, params.NextToken = clone(params.DataIntegrationIdentifier), clone(params.MaxResults), clone(params.NextToken)
	page, err := p.client.ListDataIntegrationAssociations(ctx, &params, append([]func(*Options){markPaginating}, optFns...)...)
	if err != nil {
		return nil, err
	}
	before := p.params.NextToken
	p.started, p.params.NextToken = true, clone(page.NextToken)
	if p.options.StopOnDuplicateToken && before != nil && page.NextToken != nil && *before == *page.NextToken {
		p.params.NextToken = nil
	}
	return page, nil
}

func markPaginating(o *Options) { o.paginating = true }
