package redact

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// The end of a secret may start an escape, a % for example, which the text that
// follows would complete. More than maxTail bytes of it are searched for as if
// nothing followed.
const maxTail = 16

// maxOpen bytes can be decoded from half an escape that stand for one byte, or
// for none, once the escape is complete.
const maxOpen = 12

// A pattern is what is searched for: the decoded secret.
type pattern struct {
	secret  string
	body    []byte  // decoded, without the tail
	tail    []byte  // decoded; what follows may change it; empty for most secrets
	reverse matcher // of body from its end to its start, as texts are read
}

func newPattern(secret string) pattern {
	p := pattern{secret: secret, body: make([]byte, 0, len(secret))}
	var steps int
	units := decode(secret, nil, &steps)
	for i := 0; i < len(secret); i += int(units[i].size) {
		if units[i].open && len(secret)-i <= maxTail || len(p.tail) > 0 {
			p.tail = units[i].bytes(p.tail)
		} else {
			p.body = units[i].bytes(p.body)
		}
	}
	reversed := slices.Clone(p.body)
	slices.Reverse(reversed)
	p.reverse = newMatcher(reversed)
	return p
}

// tailOf returns the length of the longest spelling of the tail at the start of
// text.
func (p *pattern) tailOf(text string, steps *int) (length int, ok bool) {
	if len(p.tail) == 0 || text == "" || text[0] != '%' && text[0] != '\\' {
		return 0, len(p.tail) == 0
	}
	var room [maxEscape]unit
	var decoded [maxEscape]byte
	for n := 1; n <= min(len(text), maxEscape); n++ {
		b := decoded[:0]
		for i, units := 0, decode(text[:n], room[:], steps); i < n; i += int(units[i].size) {
			b = units[i].bytes(b)
		}
		if bytes.Equal(b, p.tail) {
			length, ok = n, true
		}
		if len(b) > len(p.tail)+maxOpen {
			break // no more text makes it short enough
		}
	}
	return length, ok
}

// decode returns the units of all positions of a text, in room if they fit.
func decode(text string, room []unit, steps *int) []unit {
	r := reader{text: text}
	units := append(room[:0], make([]unit, len(text))...)
	for i := len(text) - 1; i >= 0; i-- {
		units[i] = r.read(i)
	}
	*steps += r.steps
	return units
}

// A matcher finds bytes with the algorithm of Knuth, Morris and Pratt. Its
// state is how many of them matched.
type matcher struct {
	bytes []byte
	first int32 // of bytes; 0 if there is none
	// The state to try after a mismatch, -1 if there is none. The next byte of
	// that state is another one, so that a mismatch costs at most a logarithm of
	// steps, even where a text is read from several positions.
	fail []int32
}

func newMatcher(bytes []byte) matcher {
	fail := make([]int32, len(bytes)+1)
	fail[0] = -1
	q := int32(-1)
	for i, c := range bytes {
		for q >= 0 && bytes[q] != c {
			q = fail[q]
		}
		q++
		fail[i+1] = q
		if i+1 < len(bytes) && bytes[i+1] == bytes[q] {
			fail[i+1] = fail[q]
		}
	}
	m := matcher{bytes: bytes, fail: fail}
	if len(bytes) > 0 {
		m.first = int32(bytes[0])
	}
	return m
}

// step returns the state after one more byte.
func (m *matcher) step(state int32, c byte, steps *int) int32 {
	for int(state) == len(m.bytes) || m.bytes[state] != c {
		*steps++
		if state = m.fail[state]; state < 0 {
			return 0
		}
	}
	return state + 1
}

// back returns the state after one more unit, which is read from its end.
func (m *matcher) back(state int32, u unit, steps *int) int32 {
	var room [utf8.UTFMax]byte
	for _, c := range slices.Backward(u.bytes(room[:0])) {
		state = m.step(state, c, steps)
	}
	return state
}
