// Package period finds the period of a sequence that begins to repeat itself.
//
// It is pure: no clock, no input, no output. Its memory does not grow with the sequence, but for a few bytes each time that
// the sequence doubles in length.
package period

// Finder receives the values of a sequence one by one and reports when the end of the sequence is periodic.
//
// For a period p of at most the exact limit, it reports p when the last (repeats+1)*p values have that period: not one value
// later, and not one earlier. It is exact for any sequence.
//
// For a longer period it relies on a property of lists whose pages name the next page: the same value is always followed by
// the same values, so that a value occurs once in each period. It reports the period when (repeats+1)*p values have it; if m
// values came before the first of them, it may report it up to m values later, and is on time where m is 0. It does not report
// a period that the last (repeats+1)*p values do not have. If a value occurs more than once in a period, Finder may not find it.
//
// Values are compared, and for the longer periods they are hashed together; they should be hashes with 64 random bits
// themselves. The zero Finder is not of use. A Finder must not be used by several goroutines at once.
type Finder struct {
	repeats, exact int
	n              int      // values so far
	recent         []uint64 // the last values: the one with index i is at i modulo exact
	runs           []run    // by distance less one
	anchors        []anchor
}

// A run is a part of the sequence in which each value equals the one that came a certain distance before it.
type run struct{ first, last int } // indices

// New returns a Finder that reports a period when it came once and then repeats times more, exactly up to the limit exact.
// Both are at least 1.
func New(repeats, exact int) Finder { return Finder{repeats: repeats, exact: exact} }

// Add adds the next value. It returns the period of the end of the sequence, or 0 for none. If the end of the sequence has
// several periods, Add returns the shortest.
//
// It takes time in proportion to the exact limit. After Add returned a period, more values may be added.
func (f *Finder) Add(v uint64) int {
	period := f.addRecent(v)
	if long := f.addAnchors(v); period == 0 {
		period = long
	}
	f.n++
	return period
}

func (f *Finder) addRecent(v uint64) int {
	period := 0
	for i, old := range f.recent {
		if old != v {
			continue
		}
		distance := (f.n-i-1)%f.exact + 1
		r := &f.runs[distance-1]
		if r.last != f.n-1 {
			r.first = f.n
		}
		r.last = f.n
		if f.n-r.first+1 >= f.repeats*distance && (period == 0 || distance < period) {
			period = distance
		}
	}
	if len(f.recent) < f.exact {
		f.recent, f.runs = append(f.recent, v), append(f.runs, run{last: -1})
	} else {
		f.recent[f.n%f.exact] = v
	}
	return period
}

// addAnchors looks for periods over the exact limit. Its anchors begin at the values with the numbers 1, 2, 4, 8 and so on:
// wherever a periodic part begins, after m values, an anchor is among the next m.
func (f *Finder) addAnchors(v uint64) int {
	if count := f.n + 1; count&f.n == 0 {
		f.anchors = append(f.anchors, anchor{})
	}
	period := 0
	for i := range f.anchors {
		if p := f.anchors[i].add(v, f.repeats, f.exact); p > 0 && (period == 0 || p < period) {
			period = p
		}
	}
	return period
}

// The hash of a block is a polynomial in factor, modulo 2^64. Any large odd number will do: this one is 2^64 divided by the
// golden ratio, as in Knuth, The Art of Computer Programming, volume 3, section 6.4.
const factor = 0x9e3779b97f4a7c15

// An anchor remembers the value that it began with. When that value comes again, the values before it are the first block; the
// blocks of the same length that follow are compared with it. After a block that differs, the anchor begins again.
type anchor struct {
	value  uint64 // the first of the first block
	length int    // of the block in hand, so far
	hash   uint64 // of the block in hand, so far

	period    int // the length of the first block; 0: it is the block in hand
	firstHash uint64
	repeated  int // how many blocks in a row equalled the first
}

// add adds the next value. It returns the period when a block is complete that is at least the repeats-th to equal the first.
func (a *anchor) add(v uint64, repeats, exact int) int {
	switch {
	case a.period > 0:
	case a.length == 0:
		a.value = v
	case v == a.value && a.length > exact:
		*a = anchor{value: v, period: a.length, firstHash: a.hash}
	}
	a.hash = a.hash*factor + v
	a.length++
	if a.length != a.period {
		return 0
	}
	if a.hash != a.firstHash {
		*a = anchor{}
		return 0
	}
	a.length, a.hash = 0, 0
	a.repeated++
	if a.repeated < repeats {
		return 0
	}
	return a.period
}
