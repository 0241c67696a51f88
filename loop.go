package appintegrations

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"

	"github.com/seed-10600c52/appintegrations/internal/period"
)

const (
	// Shorter periods are found at their end, whatever came before. Longer ones
	// may be found later if the list does not begin with them.
	maxExactPeriod = 1000
	// A page that comes again, token and content, may be meant by a mock. At the
	// end of the third period it is a loop.
	pageRepeats = 2
	// A service that gives the same token with other content each time makes no
	// progress, but mocks do that.
	tokenRepeats = 1000
	// Pages in a row without an item, each with a new token.
	maxEmptyPages = 1000
)

// A PaginationLoopError is the error of a list that does not end: the same pages
// repeat, or one empty page follows another. It ends the pagination.
// Its text does not contain the token.
//
// The same pages are those with the same NextToken and the same associations. A
// loop is reported at the end of its third period; one of more than 1000 pages
// may be reported later. A NextToken that comes with other associations each time
// is reported when it has repeated 1000 times.
type PaginationLoopError struct {
	Period int // the number of pages after which the same come again; 0: the last thousand pages were empty
	Pages  int // the number of pages so far
}

// Error returns one line with the period and the number of pages.
func (e *PaginationLoopError) Error() string {
	if e.Period == 0 {
		return fmt.Sprintf("pagination loop: the last %d of %d pages are empty", maxEmptyPages, e.Pages)
	}
	return fmt.Sprintf("pagination loop: after %d pages the same come again, with period %d", e.Pages, e.Period)
}

// loopDetector watches the pages of a list. Its memory is bounded, however long
// the list. Its zero value is ready to use.
type loopDetector struct {
	seed          maphash.Seed
	pages, empty  int
	whole, tokens period.Finder // of the pages, and of their tokens alone
}

// see looks at a page that is not the last one.
func (d *loopDetector) see(page *ListDataIntegrationAssociationsOutput) *PaginationLoopError {
	if d.pages == 0 {
		d.seed = maphash.MakeSeed()
		d.whole, d.tokens = period.New(pageRepeats, maxExactPeriod), period.New(tokenRepeats, maxExactPeriod)
	}
	d.pages++
	d.empty++
	if len(page.DataIntegrationAssociations) > 0 {
		d.empty = 0
	}
	token, whole := d.hash(page)
	loop, stuck := d.whole.Add(whole), d.tokens.Add(token)
	if loop == 0 {
		loop = stuck
	}
	if loop == 0 && d.empty < maxEmptyPages {
		return nil
	}
	return &PaginationLoopError{Period: loop, Pages: d.pages}
}

// hash returns a hash of the token of a page, and one of the token and the items.
// It hashes an item at a time, together with the hash of what came before it.
func (d *loopDetector) hash(page *ListDataIntegrationAssociationsOutput) (token, whole uint64) {
	var room [1 << 10]byte // for an item of usual size; a larger one is allocated
	token = maphash.Bytes(d.seed, appendStrings(room[:0], page.NextToken))
	whole = token
	for i := range page.DataIntegrationAssociations {
		text := binary.LittleEndian.AppendUint64(room[:0], whole)
		whole = maphash.Bytes(d.seed, appendItem(text, &page.DataIntegrationAssociations[i]))
	}
	return token, whole
}

// Each of the following appends a text from which the value could be read back,
// so that two values have the same text only if they are equal.

func appendStrings(b []byte, values ...*string) []byte {
	for _, s := range values {
		if s == nil {
			b = append(b, 0)
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(*s))+1)
		b = append(b, *s...)
	}
	return b
}

func appendItem(b []byte, a *DataIntegrationAssociationSummary) []byte {
	b = appendStrings(b, a.ClientId, a.DataIntegrationArn, a.DataIntegrationAssociationArn, a.DestinationURI)
	b = appendPresence(b, a.LastExecutionStatus != nil, a.ExecutionConfiguration != nil)
	if last := a.LastExecutionStatus; last != nil {
		b = appendStrings(b, (*string)(&last.ExecutionStatus), last.StatusMessage)
	}
	c := a.ExecutionConfiguration
	if c == nil {
		return b
	}
	b = appendStrings(b, (*string)(&c.ExecutionMode))
	b = appendPresence(b, c.OnDemandConfiguration != nil, c.ScheduleConfiguration != nil)
	if o := c.OnDemandConfiguration; o != nil {
		b = appendStrings(b, o.StartTime, o.EndTime)
	}
	if s := c.ScheduleConfiguration; s != nil {
		b = appendStrings(b, s.FirstExecutionFrom, s.Object, s.ScheduleExpression)
	}
	return b
}

func appendPresence(b []byte, first, second bool) []byte {
	var bits byte
	if first {
		bits |= 1
	}
	if second {
		bits |= 2
	}
	return append(b, bits)
}
