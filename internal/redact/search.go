package redact

import (
	"slices"
	"unicode/utf8"
)

// fewPatterns have room for their states without an allocation: those of two
// keys and a token, and of each that is not UTF-8 as JSON spells it.
const fewPatterns = 6

// slot is the place of a position in a ring of the last maxEscape positions.
func slot(i int) int { return i & (maxEscape - 1) }

// stands reports whether the body of any pattern stands in the text.
func (s Secrets) stands(r *reader) bool {
	for few := s.patterns; len(few) > 0; few = few[min(len(few), fewPatterns):] {
		if anyStands(r, few[:min(len(few), fewPatterns)]) {
			return true
		}
	}
	return false
}

func anyStands(r *reader, patterns []pattern) bool {
	if slices.ContainsFunc(patterns, func(p pattern) bool { return len(p.body) == 0 }) {
		return true
	}
	var states [maxEscape][fewPatterns]int32
	for i := len(r.text) - 1; i >= 0; i-- {
		u := r.read(i)
		before, after := &states[slot(i)], &states[slot(i+int(u.size))]
		for k := range patterns {
			m, state := &patterns[k].reverse, after[k]
			if state == 0 && u.value != m.first && u.value != ' ' && u.value < wide {
				before[k] = 0 // as for most bytes: a quick way
				continue
			}
			state = m.back(state, u, &r.steps)
			if int(state) == len(m.bytes) {
				return true
			}
			before[k] = state
		}
	}
	return false
}

// search adds to found where secrets stand, from the end of the text to its
// start.
func (s Secrets) search(r *reader, found []span) []span {
	states := make([][maxEscape]int32, len(s.patterns))
	// Decoded bytes between a position and the end of the text, and the position
	// of the unit that starts so far from the end, on the path of the last
	// position; -1 inside of a unit.
	var depths [maxEscape]int32
	places := make([]int32, len(r.text)+1)
	places[0] = int32(len(r.text))
	var room [utf8.UTFMax]byte
	for i := len(r.text) - 1; i >= 0; i-- {
		u := r.read(i)
		after := slot(i + int(u.size))
		depth := depths[after]
		for range u.bytes(room[:0]) {
			depth++
			places[depth] = -1
		}
		depths[slot(i)], places[depth] = depth, int32(i)
		for k := range s.patterns {
			p := &s.patterns[k]
			state := p.reverse.back(states[k][after], u, &r.steps)
			states[k][slot(i)] = state
			if int(state) != len(p.body) {
				continue
			}
			end := int(places[depth-state])
			if end < 0 {
				continue
			}
			if tail, ok := p.tailOf(r.text[end:], &r.steps); ok && end+tail-i >= minSecret {
				found = push(found, span{i, end + tail})
			}
		}
	}
	return found
}
