// Package text makes somebody else's text fit for an error: one line, bounded.
package text

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const ellipsis = "..."

// OneLine returns s as it is if that is printable, and at most limit bytes
// long. Else it escapes what is not printable, as Go source does, and cuts the
// end off, with an ellipsis in its place. The result has at most limit bytes;
// limit is at least 3. OneLine looks at no more than limit bytes of s, and at
// the rest of the rune there.
func OneLine(s string, limit int) string {
	if len(s) <= limit && plain(s) {
		return s
	}
	b, kept := make([]byte, 0, limit), 0 // kept leaves room for the ellipsis
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		piece := s[i : i+n]
		if r == utf8.RuneError && n == 1 {
			const digits = "0123456789abcdef"
			piece = `\x` + string([]byte{digits[s[i]>>4], digits[s[i]&15]})
		} else if !unicode.IsPrint(r) {
			piece = strings.Trim(strconv.QuoteRune(r), "'")
		}
		if len(b)+len(piece) > limit {
			return string(append(b[:kept], ellipsis...))
		}
		b = append(b, piece...)
		if i += n; len(b) <= limit-len(ellipsis) {
			kept = len(b)
		}
	}
	return string(b)
}

// plain reports whether s is valid UTF-8 and printable.
func plain(s string) bool {
	ascii := 0
	for ascii < len(s) && ' ' <= s[ascii] && s[ascii] <= '~' {
		ascii++
	}
	s = s[ascii:]
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
