package json

import "strconv"

// SyntaxError is the error of data that is not JSON, or nests deeper than [MaxDepth].
type SyntaxError struct {
	Offset int    // of the byte that does not belong; the length of the data when it ends too early
	Reason string // one line, with at most one byte of the data in it, escaped: the data may be hostile, or a secret
}

// Error returns one line of printable ASCII.
func (e *SyntaxError) Error() string {
	return "invalid JSON at offset " + strconv.Itoa(e.Offset) + ": " + e.Reason
}

// TypeError is the error of a value that has another kind than the caller asked for. The value was not consumed.
type TypeError struct {
	Offset    int // of the value
	Want, Got Kind
}

// Error returns one line of printable ASCII.
func (e *TypeError) Error() string {
	return "want " + e.Want.String() + ", got " + e.Got.String() + " at offset " + strconv.Itoa(e.Offset)
}

// unexpected returns the error for the byte at the offset, or for the end of the data there.
func (s *Scanner) unexpected(want string) error {
	got := "the end of data"
	if s.off < len(s.data) {
		got = quote(s.data[s.off])
	}
	return &SyntaxError{Offset: s.off, Reason: "unexpected " + got + ", want " + want}
}

// quote returns c between single quotes, escaped unless it is printable ASCII.
func quote(c byte) string {
	const hex = "0123456789abcdef"
	switch {
	case c == '\'' || c == '\\':
		return `'\` + string(rune(c)) + `'`
	case c < ' ' || c > '~':
		return `'\x` + hex[c>>4:c>>4+1] + hex[c&15:c&15+1] + `'`
	}
	return "'" + string(rune(c)) + "'"
}
