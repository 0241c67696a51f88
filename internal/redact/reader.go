package redact

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Escapes of maxEscape bytes or more are not decoded. A backslash in JSON four
// times, each of its 16 backslashes percent-encoded twice, has 80. Power of 2.
const maxEscape = 128

// A unit is what one byte of a text, or the escape that starts there, decodes
// to.
type unit struct {
	value int32 // a byte; or from wide on, a rune
	size  uint8 // of what was decoded
	slash bool  // a backslash of JSON was decoded
	open  bool  // what follows the end of the text could change the unit
}

// wide plus a rune is the value of an escape that stands for the UTF-8 of that
// rune. It is more than any byte.
const wide = utf8.MaxRune

// bytes appends the bytes that the unit stands for. A space is a plus sign.
func (u unit) bytes(b []byte) []byte {
	switch {
	case u.value >= wide:
		return utf8.AppendRune(b, rune(u.value-wide))
	case u.value == ' ':
		return append(b, '+')
	}
	return append(b, byte(u.value))
}

// A reader decodes a text from its end to its start. So each unit is decoded
// from units that are known already, in constant time, and there is a unit for
// each byte of the text: a secret may start inside of what looks like an escape
// with the text before it.
type reader struct {
	text  string
	units [maxEscape]unit // of the last positions, by position modulo maxEscape
	steps int
}

func (r *reader) at(i int) *unit { return &r.units[slot(i)] }

// read decodes the unit at position i. Those behind it have been read.
func (r *reader) read(i int) unit {
	r.steps++
	u := r.at(i)
	*u = unit{value: int32(r.text[i]), size: 1}
	if u.value == '%' || u.value == '\\' {
		*u = r.escape(i, u.value)
	}
	return *u
}

// An escape in progress: what it decodes to so far, and where it ends.
type escape struct {
	*reader
	start, end int
	unit
}

// escape decodes the escape at position i until what it stands for starts no
// other escape.
func (r *reader) escape(i int, value int32) unit {
	e := escape{r, i, i + 1, unit{value: value}}
	for e.value == '%' && e.percent() || e.value == '\\' && e.backslash() {
	}
	if e.end-e.start >= maxEscape {
		return unit{value: value, size: 1}
	}
	e.size = uint8(e.end - e.start)
	return e.unit
}

// next returns the unit at position i of an escape, nil at the end of the text
// or if the escape is too long.
func (e *escape) next(i int) *unit {
	if i >= len(e.text) || i-e.start >= maxEscape {
		e.open = e.open || i >= len(e.text)
		return nil
	}
	e.steps++
	u := e.at(i)
	e.open = e.open || u.open
	return u
}

// hex reads n hexadecimal digits from position i on.
func (e *escape) hex(i, n int) (value int32, end int, ok bool) {
	for range n {
		u := e.next(i)
		if u == nil || hexDigit(u.value) < 0 {
			return value, i, false
		}
		value, i = value<<4|hexDigit(u.value), i+int(u.size)
	}
	return value, i, true
}

func hexDigit(c int32) int32 {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return -1
}

func (e *escape) percent() bool {
	value, end, ok := e.hex(e.end, 2)
	if ok {
		e.value, e.end = value, end
	}
	return ok
}

// backslash decodes what follows a backslash. Several backslashes are one: each
// JSON around JSON doubles them.
func (e *escape) backslash() bool {
	e.slash = true
	u := e.next(e.end)
	if u == nil {
		return false
	}
	after := e.end + int(u.size)
	if u.slash || u.value != 'u' {
		e.value, e.end = u.value, after
		if !u.slash {
			e.value = control(u.value)
		}
		return false
	}
	value, end, ok := e.hex(after, 4)
	if !ok {
		value, end = 'u', after
	}
	e.value, e.end = value, end
	if value >= utf8.RuneSelf {
		e.value = wide + e.pair(value)
	}
	return ok
}

// pair returns the rune of a surrogate pair if value is its first half and the
// second follows, else value.
func (e *escape) pair(value rune) rune {
	if value < 0xd800 || value >= 0xdc00 {
		return value
	}
	u := e.next(e.end)
	if u == nil {
		return value
	}
	r := utf16.DecodeRune(value, u.value-wide)
	if r == utf8.RuneError {
		return value
	}
	e.end += int(u.size)
	return r
}

// control returns what a backslash before c stands for.
func control(c int32) int32 {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
