package redact

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// knownEnd bytes at the end of a text stand in a secret, or it is not cut off
// there. The others of minCut may be escapes for what the text is read as.
const knownEnd = 3

// cutOff returns where the longest part of a secret starts that the end of the
// text cuts off, the length of the text if there is none.
func (s Secrets) cutOff(text string, steps *int) int {
	// The bytes that are known, and an escape that the end cuts off. An escape
	// that the start of this part cuts off ends before them.
	var room [knownEnd*stretch + maxEscape]unit
	units := decode(text[len(text)-min(len(text), len(room)):], room[:], steps)
	var decoded [len(room)]byte
	p := walk(units, decoded[:0])
	start := len(text)
	for i := range s.patterns {
		body := s.patterns[i].body
		*steps += len(body)
		if p.mayEnd(body) {
			start = min(start, cutOff(text, body, steps))
		}
	}
	return start
}

// cutOff returns where the longest part of body starts that the end of the text
// cuts off, the length of the text if there is none.
func cutOff(text string, body []byte, steps *int) int {
	from := len(text) - min(len(text), len(body)*stretch+maxEscape)
	units := decode(text[from:], nil, steps)
	p := walk(units, nil)
	start := len(units)
	for _, e := range p.ends {
		if e.decoded >= knownEnd {
			start = min(start, p.cutOff(units, body, e, steps))
		}
	}
	return from + start
}

// A path is what units decode to, one after the other from the first on.
type path struct {
	decoded []byte
	// The end of the text, and where escapes start that it may cut off: the first
	// ones, and the last.
	ends [maxEnds]end
}

// An end of a path is a number of units, and of the bytes that they decode to.
type end struct{ units, decoded int }

// maxEnds are enough for any escape of the known encodings in another one.
const maxEnds = 8

// walk appends to decoded.
func walk(units []unit, decoded []byte) path {
	var p path
	open := 0
	for i := 0; i < len(units); i += int(units[i].size) {
		if units[i].open {
			open = min(open+1, maxEnds-1)
			p.ends[open] = end{i, len(decoded)}
		}
		decoded = units[i].bytes(decoded)
	}
	p.decoded, p.ends[0] = decoded, end{len(units), len(decoded)}
	return p
}

// mayEnd reports whether the last bytes of the path stand in body.
func (p *path) mayEnd(body []byte) bool {
	return len(body) >= minCut && slices.ContainsFunc(p.ends[:], func(e end) bool {
		return e.decoded >= knownEnd && bytes.Contains(body, p.decoded[e.decoded-knownEnd:e.decoded])
	})
}

// cutOff returns the first position from which on the text is the start of
// body, up to an end of the path; the length of units if there is none. Such a
// position may be inside of a unit of the path.
func (p *path) cutOff(units []unit, body []byte, e end, steps *int) int {
	common := commonSuffixes(body, p.decoded[:e.decoded], steps)
	var room [utf8.UTFMax]byte
	next, rest := 0, e.decoded // a unit of the path, and the bytes from there on
	for i := range e.units {
		if i > next {
			rest -= len(units[next].bytes(room[:0]))
			next += int(units[next].size)
		}
		inside, ok := startsWith(body, units[i:next], steps)
		if n := inside + rest; ok && minCut <= n && n <= len(body) && common[len(common)-n] >= rest {
			return i
		}
	}
	return len(units)
}

// startsWith reports whether body starts with the n bytes that units decode to.
func startsWith(body []byte, units []unit, steps *int) (n int, ok bool) {
	var room [utf8.UTFMax]byte
	for len(units) > 0 {
		*steps++
		b := units[0].bytes(room[:0])
		if !bytes.HasPrefix(body[n:], b) {
			return n, false
		}
		n, units = n+len(b), units[units[0].size:]
	}
	return n, true
}

// commonSuffixes returns how many bytes at the end of the first n bytes of body
// are the end of text: the n-th number from the end. It may be more than text
// has. It is the Z-algorithm, from end to start.
func commonSuffixes(body, text []byte, steps *int) []int {
	text = text[len(text)-min(len(text), len(body)):]
	all := slices.Concat(body, text)
	slices.Reverse(all)
	z := make([]int, len(all))
	var left, right int
	for i := 1; i < len(all); i++ {
		*steps++
		z[i] = max(0, min(right-i, z[i-left]))
		for i+z[i] < len(all) && all[z[i]] == all[i+z[i]] {
			*steps++
			z[i]++
		}
		if i+z[i] > right {
			left, right = i, i+z[i]
		}
	}
	return z
}
