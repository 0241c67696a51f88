package redact

import "bytes"

// cutOff returns where a secret starts that the end of the text cuts off, -1 if
// there is none. A secret that starts inside of what looks like an escape with
// the text before it is not found.
func (s Secrets) cutOff(text string, steps *int) int {
	from := max(0, len(text)-minCut*stretch-2*maxEscape)
	var room [minCut*stretch + 2*maxEscape]unit
	units := decode(text[from:], room[:0], steps)
	var decoded [len(room)]byte
	whole, sure := decoded[:0], -1
	for i := 0; i < len(units); i += int(units[i].size) {
		if sure < 0 && units[i].open {
			sure = len(whole) // the end may cut off an escape, from here on
		}
		whole = units[i].bytes(whole)
	}
	start := len(text)
	for i := range s.patterns {
		p := &s.patterns[i]
		if p.ends(whole, steps) || sure >= 0 && p.ends(whole[:sure], steps) {
			start = min(start, p.cutOff(text, steps))
		}
	}
	if start == len(text) {
		return -1
	}
	return start
}

// ends reports whether the last bytes of decoded stand in the secret, as they
// do if the end of a text cuts it off.
func (p *pattern) ends(decoded []byte, steps *int) bool {
	if len(decoded) < minCut || len(p.body) < minCut {
		return false
	}
	*steps += len(p.body)
	return bytes.Contains(p.body, decoded[len(decoded)-minCut:])
}

// cutOff returns where the longest part of the secret starts that the end of
// the text cuts off, the length of the text if there is none.
func (p *pattern) cutOff(text string, steps *int) int {
	from := max(0, len(text)-len(p.body)*stretch-2*maxEscape)
	units := decode(text[from:], nil, steps)
	forward, state := newMatcher(p.body), int32(0)
	places := make([]int, 0, len(units)) // of the decoded bytes
	start := len(text)
	note := func() {
		if state >= minCut {
			start = min(start, places[len(places)-int(state)])
		}
	}
	open := false
	for i := 0; i < len(units); i += int(units[i].size) {
		if !open && units[i].open {
			open = true // the end may cut off an escape, from here on
			note()
		}
		var room [4]byte
		for _, c := range units[i].bytes(room[:0]) {
			state = forward.step(state, c, steps)
			places = append(places, from+i)
		}
	}
	note()
	return start
}
