package appintegrations

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
)

const (
	// Periods that are found as soon as they have come this often; longer ones
	// are found a few periods later.
	maxExactPeriod = 1000
	// A page that comes back, token and content, has come in vain the second
	// time; a mock may mean it once. At the end of the third period it is a loop.
	pageRepeats = 2
	// A token that comes back with other content every time is no progress of a
	// service, though mocks do it.
	tokenRepeats = 1000
	// Pages without an item, each with a fresh token.
	maxEmptyPages = 1000
)

// A PaginationLoopError says that a list does not come to its end: the same
// pages come again and again, or pages without an item. It ends the pagination.
// It never repeats the token.
type PaginationLoopError struct {
	Period int  // after how many pages the tokens repeat; 0 if they do not
	Pages  int  // that came so far
	Empty  bool // the last thousand pages had no item
}

// Error tells the period or the emptiness on one line.
func (e *PaginationLoopError) Error() string {
	if e.Empty {
		return fmt.Sprintf("pagination loop: the last %d of %d pages are empty", maxEmptyPages, e.Pages)
	}
	return fmt.Sprintf("pagination loop: after %d pages the same come again, with period %d", e.Pages, e.Period)
}

// loopDetector watches the pages of a list. Its memory is bounded, whatever the
// period.
type loopDetector struct {
	seed          maphash.Seed
	pages, empty  int
	whole, tokens periodFinder // of pages, and of their tokens alone
}

// see looks at a page that another one is to follow.
func (d *loopDetector) see(page *ListDataIntegrationAssociationsOutput) *PaginationLoopError {
	if d.pages == 0 {
		d.seed = maphash.MakeSeed()
	}
	d.pages++
	d.empty++
	if len(page.DataIntegrationAssociations) > 0 {
		d.empty = 0
	}
	var h maphash.Hash
	h.SetSeed(d.seed)
	writeString(&h, page.NextToken)
	token := h.Sum64()
	for i := range page.DataIntegrationAssociations {
		writeItem(&h, &page.DataIntegrationAssociations[i])
	}
	period := d.whole.add(h.Sum64(), pageRepeats)
	if period == 0 {
		period = d.tokens.add(token, tokenRepeats)
	}
	if period == 0 && d.empty < maxEmptyPages {
		return nil
	}
	return &PaginationLoopError{Period: period, Pages: d.pages, Empty: period == 0}
}

func writeString(h *maphash.Hash, s *string) {
	if s == nil {
		h.WriteByte(0)
		return
	}
	var size [9]byte // and a byte that is not that of nil
	size[0] = 1
	binary.LittleEndian.PutUint64(size[1:], uint64(len(*s)))
	h.Write(size[:])
	h.WriteString(*s)
}

func writeItem(h *maphash.Hash, a *DataIntegrationAssociationSummary) {
	for _, s := range [...]*string{a.ClientId, a.DataIntegrationArn, a.DataIntegrationAssociationArn, a.DestinationURI} {
		writeString(h, s)
	}
	if last := a.LastExecutionStatus; last != nil {
		writeString(h, (*string)(&last.ExecutionStatus))
		writeString(h, last.StatusMessage)
	}
	c := a.ExecutionConfiguration
	if c == nil {
		h.WriteByte(2)
		return
	}
	writeString(h, (*string)(&c.ExecutionMode))
	if o := c.OnDemandConfiguration; o != nil {
		writeString(h, o.StartTime)
		writeString(h, o.EndTime)
	}
	h.WriteByte(3)
	if s := c.ScheduleConfiguration; s != nil {
		writeString(h, s.FirstExecutionFrom)
		writeString(h, s.Object)
		writeString(h, s.ScheduleExpression)
	}
}

// periodFinder finds when a sequence repeats itself.
type periodFinder struct {
	n      int
	recent []uint64 // a ring of the last maxExactPeriod values
	runs   []int32  // by distance less one: for how long each value was the one so far back

	// For longer periods, Brent's way: one value is kept, twice as long each
	// time, until it comes again.
	kept         uint64
	keptAt, keep int
	distance     int
	hits         int
}

// add adds a value. It returns the period once each of the last values, for
// this many periods, was the one a period before; else 0.
func (f *periodFinder) add(v uint64, repeats int) int {
	period := 0
	for d := len(f.recent); d >= 1; d-- {
		if f.recent[(f.n-d)%maxExactPeriod] != v {
			f.runs[d-1] = 0
			continue
		}
		if f.runs[d-1]++; int(f.runs[d-1]) >= repeats*d {
			period = d // the shortest is found last
		}
	}
	if len(f.recent) < maxExactPeriod {
		f.recent, f.runs = append(f.recent, v), append(f.runs, 0)
	} else {
		f.recent[f.n%maxExactPeriod] = v
	}
	f.n++
	if long := f.addLong(v, repeats); period == 0 {
		period = long
	}
	return period
}

func (f *periodFinder) addLong(v uint64, repeats int) int {
	since := f.n - f.keptAt
	if v == f.kept && since > maxExactPeriod {
		if since == f.distance {
			f.hits++
		} else {
			f.distance, f.hits = since, 1
		}
		f.keptAt = f.n
		if f.hits > repeats {
			return f.distance
		}
		return 0
	}
	if since >= f.keep && f.distance == 0 || since > 2*f.distance && f.distance != 0 {
		f.kept, f.keptAt, f.keep, f.distance, f.hits = v, f.n, max(2*f.keep, 2*maxExactPeriod), 0, 0
	}
	return 0
}
