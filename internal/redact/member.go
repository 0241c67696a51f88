package redact

import "strings"

// Member returns text with [Mark] in place of each string that is the value of
// the JSON member, or of the query parameter, that is called name: in
// "name": "value", in \"name\":\"value\" of JSON inside JSON, and in name=value.
// Case is ignored. name is ASCII. A value that the end of the text cuts off is
// hidden too. Any other text is not changed, and a text without name is
// returned without an allocation.
func Member(text, name string) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(text); i++ {
		if c := text[i]; lower(c) != lower(name[0]) && (c != '\\' || i > 0 && text[i-1] == '\\') {
			continue
		}
		after := nameEnd(text, i, name)
		if after < 0 {
			continue
		}
		if start, end := value(text, after); end > start {
			b.WriteString(text[done:start])
			b.WriteString(Mark)
			done, i = end, end-1
		}
	}
	if done == 0 {
		return text
	}
	b.WriteString(text[done:])
	return b.String()
}

// nameEnd returns where a name ends that starts at i, -1 if it does not stand
// there. JSON may escape letters of it.
func nameEnd(text string, i int, name string) int {
	for n := range len(name) {
		slashes := 0
		for i+slashes < len(text) && text[i+slashes] == '\\' {
			slashes++
		}
		size := 1
		if i += slashes; slashes > 0 {
			size = len("u0000")
		}
		if i+size > len(text) {
			return -1
		}
		c := text[i]
		if slashes > 0 {
			if text[i:i+3] != "u00" || hexDigit(int32(text[i+3])) < 0 || hexDigit(int32(text[i+4])) < 0 {
				return -1
			}
			c = byte(hexDigit(int32(text[i+3]))<<4 | hexDigit(int32(text[i+4])))
		}
		if lower(c) != lower(name[n]) {
			return -1
		}
		i += size
	}
	return i
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// value returns where the value of a name that ends at i starts and ends; both
// are equal if there is none, or an empty one.
func value(text string, i int) (start, end int) {
	if size := equals(text[i:]); size > 0 {
		return i + size, i + size + parameter(text[i+size:])
	}
	slashes, after := quote(text, i)
	if after == i {
		return i, i
	}
	i = spaces(text, after)
	if i == len(text) || text[i] != ':' {
		return i, i
	}
	i = spaces(text, i+1)
	opening, start := quote(text, i)
	if start == i || opening != slashes {
		return i, i
	}
	return start, closing(text, start, slashes)
}

// equals returns the length of the sign between name and value of a parameter.
func equals(text string) int {
	switch {
	case strings.HasPrefix(text, "="):
		return 1
	case len(text) >= 3 && strings.EqualFold(text[:3], "%3D"):
		return 3
	}
	return 0
}

// parameter returns the length of the value of a parameter.
func parameter(text string) int {
	if end := strings.IndexAny(text, "&#\"'<>\\ \t\r\n"); end >= 0 {
		return end
	}
	return len(text)
}

// quote returns how many backslashes stand before the quotation mark at i, and
// where that ends; i if there is none.
func quote(text string, i int) (slashes, end int) {
	for i+slashes < len(text) && text[i+slashes] == '\\' {
		slashes++
	}
	if i+slashes < len(text) && text[i+slashes] == '"' {
		return slashes, i + slashes + 1
	}
	return 0, i
}

func spaces(text string, i int) int {
	for i < len(text) && strings.IndexByte(" \t\r\n", text[i]) >= 0 {
		i++
	}
	return i
}

// closing returns where a string ends whose quotation marks have so many
// backslashes before them. Those of a mark inside of the string are twice as
// many and one more; a backslash inside of it is written with twice as many and
// two more.
func closing(text string, i, slashes int) int {
	run := 0
	for ; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			run++
			continue
		case text[i] == '"' && run%(2*slashes+2) == slashes:
			return i - slashes
		}
		run = 0
	}
	return len(text)
}
