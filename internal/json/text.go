package json

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Text is a string as it stands in the data, between its quotes and not yet unescaped. The zero Text is the empty string.
// It shares the data's memory, and is good for as long as that is not written.
type Text struct {
	raw     []byte
	escaped bool // there may be a backslash in raw
	wide    bool // there may be a byte in raw that is not ASCII
}

// Is reports whether the string, decoded as [Text.Append] does, equals name.
func (t Text) Is(name string) bool {
	if !t.escaped && !t.wide {
		return string(t.raw) == name
	}
	raw := t.raw
	for len(raw) > 0 {
		r, n, _ := character(raw)
		got, size := utf8.DecodeRuneInString(name)
		// The size tells a U+FFFD in name from a byte there that is ill-formed.
		if got != r || size != utf8.RuneLen(r) {
			return false
		}
		raw, name = raw[n:], name[size:]
	}
	return name == ""
}

// Append appends the decoded string to dst. Each ill-formed byte and each lone surrogate becomes U+FFFD, as with
// [encoding/json.Unmarshal].
func (t Text) Append(dst []byte) []byte {
	if !t.escaped && !t.wide {
		return append(dst, t.raw...)
	}
	for raw := t.raw; ; {
		n := plain(raw)
		dst = append(dst, raw[:n]...)
		if raw = raw[n:]; len(raw) == 0 {
			return dst
		}
		r, n, _ := character(raw)
		dst = utf8.AppendRune(dst, r)
		raw = raw[n:]
	}
}

// Len returns how many bytes the string takes in the data, without its quotes. The decoded string is as long, unless something
// in it is escaped, which makes it shorter, or ill-formed, which makes it longer.
func (t Text) Len() int { return len(t.raw) }

// Same reports whether two strings stand in the data with the same bytes, so that they are equal when decoded. Strings that
// are spelled in two ways, one with an escape, are not the same.
func (t Text) Same(u Text) bool { return string(t.raw) == string(u.raw) }

// Build appends to b what [Text.Append] appends. It does not grow b beyond [Text.Len] bytes unless the string is ill-formed.
func (t Text) Build(b *strings.Builder) {
	if !t.escaped && !t.wide {
		b.Write(t.raw)
		return
	}
	for raw := t.raw; ; {
		n := plain(raw)
		b.Write(raw[:n])
		if raw = raw[n:]; len(raw) == 0 {
			return
		}
		r, n, _ := character(raw)
		b.WriteRune(r)
		raw = raw[n:]
	}
}

// Wellformed reports whether the string has neither ill-formed UTF-8 nor a lone surrogate in it, so that decoding it loses
// nothing. A U+FFFD that the data spells out is well-formed.
func (t Text) Wellformed() bool {
	if !t.escaped {
		return !t.wide || utf8.Valid(t.raw)
	}
	for raw := t.raw; ; {
		if raw = raw[plain(raw):]; len(raw) == 0 {
			return true
		}
		_, n, ok := character(raw)
		if !ok {
			return false
		}
		raw = raw[n:]
	}
}

// literal consumes the string whose opening quote is at the offset.
func (s *Scanner) literal() (Text, error) {
	start := s.off + 1
	end := start + plain(s.data[start:])
	if end < len(s.data) && s.data[end] == '"' {
		s.off = end + 1
		return Text{raw: s.data[start:end]}, nil
	}
	return s.special(start, end)
}

// special consumes the rest of the string that begins at start. Up to i, its bytes are plain.
func (s *Scanner) special(start, i int) (Text, error) {
	var t Text
	for {
		i += plain(s.data[i:])
		if i == len(s.data) {
			break
		}
		switch c := s.data[i]; {
		case c == '"':
			t.raw = s.data[start:i]
			s.off = i + 1
			return t, nil
		case c == '\\':
			t.escaped = true
			n, ok := escape(s.data[i:])
			i += n
			if !ok && i < len(s.data) {
				s.off = i
				return Text{}, s.unexpected("an escape sequence")
			}
		case c < ' ':
			s.off = i
			return Text{}, &SyntaxError{Offset: i, Reason: "control character " + quote(c) + " in a string"}
		default:
			t.wide = true
			i++
		}
	}
	s.off = len(s.data)
	t.raw = s.data[start : start+whole(s.data[start:])]
	return t, s.unexpected(`'"'`)
}

// plain returns how many bytes at the start of b stand for themselves and are ASCII: neither a quote, a backslash nor a
// control character. It takes eight at a time, by the tests for a byte of zero, and for one below n, of "Bit Twiddling
// Hacks" (Sean Eron Anderson). They may take a byte for special only above one that is, so the lowest mark is right.
func plain(b []byte) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quotes, slashes := w^(ones*'"'), w^(ones*'\\')
		special := (w - ones*' ') | (quotes - ones) | (slashes - ones) | w
		if special &= high; special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	for i < len(b) && b[i] >= ' ' && b[i] < utf8.RuneSelf && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// escape returns the length of the escape sequence that b starts with. Where there is none, it returns false and the offset
// of the byte that does not belong, which is len(b) when b ends too early.
func escape(b []byte) (n int, ok bool) {
	if len(b) < 2 {
		return len(b), false
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, true
	case 'u':
		for n = 2; n < 6; n++ {
			if n == len(b) || digit(b[n]) < 0 {
				return n, false
			}
		}
		return 6, true
	}
	return 1, false
}

// character decodes the first character of raw, a part of a literal that was found valid. It returns U+FFFD and false for an
// ill-formed byte and for a lone surrogate.
func character(raw []byte) (r rune, n int, ok bool) {
	if raw[0] != '\\' {
		r, n = utf8.DecodeRune(raw)
		return r, n, r != utf8.RuneError || n > 1
	}
	switch raw[1] {
	case 'b':
		return '\b', 2, true
	case 'f':
		return '\f', 2, true
	case 'n':
		return '\n', 2, true
	case 'r':
		return '\r', 2, true
	case 't':
		return '\t', 2, true
	case 'u':
	default:
		return rune(raw[1]), 2, true
	}
	if r = unit(raw); !utf16.IsSurrogate(r) {
		return r, 6, true
	}
	if len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
		if pair := utf16.DecodeRune(r, unit(raw[6:])); pair != utf8.RuneError {
			return pair, 12, true
		}
	}
	return utf8.RuneError, 6, false
}

// whole returns the length of raw, a literal that the data ends in, without a last character that is not all there: an
// escape sequence, the first half of a surrogate pair, a UTF-8 sequence.
func whole(raw []byte) int {
	end, high := len(raw), -1
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			i++
			continue
		}
		n, ok := escape(raw[i:])
		if !ok {
			end = i
			break
		}
		if n == 6 && unit(raw[i:])&^0x3ff == 0xd800 {
			high = i
		}
		i += n
	}
	if high >= 0 && high+6 == end {
		return high
	}
	for i := end - 1; i >= 0 && i > end-utf8.UTFMax; i-- {
		// A sequence that a backslash breaks off is ill-formed, not cut: FullRune sees that byte too.
		if utf8.RuneStart(raw[i]) && !utf8.FullRune(raw[i:]) {
			return i
		}
	}
	return end
}

// unit returns the UTF-16 code unit of the \uXXXX that b starts with.
func unit(b []byte) rune {
	return digit(b[2])<<12 | digit(b[3])<<8 | digit(b[4])<<4 | digit(b[5])
}

func digit(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}
