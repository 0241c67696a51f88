package redact

import (
	"bytes"
	"slices"
)

// knownEnd bytes at the end of a text stand in a secret, or it is not cut off
// there. The others of minCut may be escapes for what the text is read as.
const knownEnd = 3

// cutOff returns where the longest part of a secret starts that the end of the
// text cuts off, -1 if there is none.
func (s Secrets) cutOff(text string, steps *int) int {
	var room [knownEnd*stretch + 2*maxEscape]unit
	from := max(0, len(text)-len(room))
	units := decode(text[from:], room[:0], steps)
	var decoded [len(room)]byte
	p := walk(units, decoded[:0], nil)
	start := len(text)
	for i := range s.patterns {
		body := s.patterns[i].body
		*steps += len(body)
		if p.mayEnd(body) {
			start = min(start, cutOff(text, body, steps))
		}
	}
	if start == len(text) {
		return -1
	}
	return start
}

// cutOff returns where the longest part of body starts that the end of the text
// cuts off, the length of the text if there is none.
func cutOff(text string, body []byte, steps *int) int {
	from := max(0, len(text)-len(body)*stretch-2*maxEscape)
	units := decode(text[from:], nil, steps)
	p := walk(units, nil, make([]int, 0, len(units)))
	start := len(units)
	for _, end := range p.ends {
		if end < knownEnd {
			continue
		}
		start = min(start, p.cutOff(units, body, end))
		*steps += end + 2*len(body)
	}
	return from + start
}

// A path is what units decode to, one after the other from the first on.
type path struct {
	decoded []byte
	starts  []int // of the unit of each byte of decoded; nil: not needed
	// How many bytes of decoded there are before the end of the text, and before
	// escapes that the end may cut off: the first ones, and the last.
	ends [maxEnds]int
}

// maxEnds are enough for any escape of the known encodings in another one.
const maxEnds = 8

// walk appends to decoded and starts.
func walk(units []unit, decoded []byte, starts []int) path {
	var p path
	open := 0
	for i := 0; i < len(units); i += int(units[i].size) {
		if units[i].open {
			open = min(open+1, maxEnds-1)
			p.ends[open] = len(decoded)
		}
		decoded = units[i].bytes(decoded)
		for starts != nil && len(starts) < len(decoded) {
			starts = append(starts, i)
		}
	}
	p.decoded, p.starts, p.ends[0] = decoded, starts, len(decoded)
	return p
}

// mayEnd reports whether the last bytes of the path stand in body.
func (p *path) mayEnd(body []byte) bool {
	return len(body) >= minCut && slices.ContainsFunc(p.ends[:], func(end int) bool {
		return end >= knownEnd && bytes.Contains(body, p.decoded[end-knownEnd:end])
	})
}

// cutOff returns the first position from which on the text is the start of
// body, up to the first end bytes of the path; the length of units if there is
// none. Such a position may be inside of a unit of the path.
func (p *path) cutOff(units []unit, body []byte, end int) int {
	common := commonSuffixes(body, p.decoded[:end])
	for at := 0; at < end; {
		first := p.starts[at]
		next := first + int(units[first].size)
		for at < end && p.starts[at] == first {
			at++
		}
		for i := first; i < next; i++ {
			inside, ok := startsWith(body, units, i, next)
			n := inside + end - at
			if ok && minCut <= n && n <= len(body) && common[n] >= end-at {
				return i
			}
		}
	}
	return len(units)
}

// startsWith reports whether body starts with the n bytes that the units from
// start up to end decode to.
func startsWith(body []byte, units []unit, start, end int) (n int, ok bool) {
	var room [4]byte
	for start < end {
		b := units[start].bytes(room[:0])
		if !bytes.HasPrefix(body[n:], b) {
			return 0, false
		}
		n, start = n+len(b), start+int(units[start].size)
	}
	return n, start == end
}

// commonSuffixes returns how many bytes at the end of the first n bytes of body
// are the end of text, by n. It is the Z-algorithm, from end to start.
func commonSuffixes(body, text []byte) []int {
	text = text[max(0, len(text)-len(body)):]
	all := slices.Concat(body, text)
	slices.Reverse(all)
	z := make([]int, len(all))
	left, right := 0, 0
	for i := 1; i < len(all); i++ {
		if i < right {
			z[i] = min(right-i, z[i-left])
		}
		for i+z[i] < len(all) && all[z[i]] == all[i+z[i]] {
			z[i]++
		}
		if i+z[i] > right {
			left, right = i, i+z[i]
		}
	}
	common := make([]int, len(body)+1)
	for n := 1; n <= len(body); n++ {
		common[n] = min(n, len(text), z[len(all)-n])
	}
	return common
}
