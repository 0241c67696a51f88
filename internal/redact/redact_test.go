package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// encoders are what a secret may pass on its way into a text.
var encoders = []struct {
	name   string
	encode func(string) string
}{
	{"QueryEscape", url.QueryEscape},
	{"PathEscape", url.PathEscape},
	{"QueryEscape, lower case", func(s string) string { return lowered(url.QueryEscape(s), "%", 2) }},
	{"PathEscape, mixed case", func(s string) string { return strings.Replace(url.PathEscape(s), "%2F", "%2f", 1) }},
	{"percent, all but letters and digits", func(s string) string { return escaped(s, "%%%02X") }},
	{"JSON", func(s string) string { return marshal(s, true) }},
	{"JSON without HTML", func(s string) string { return marshal(s, false) }},
	{"JSON, upper case", func(s string) string { return raised(marshal(s, true)) }},
	{"JSON with slashes", func(s string) string { return strings.ReplaceAll(marshal(s, true), "/", `\/`) }},
	{"JSON in ASCII", func(s string) string { return ascii(marshal(s, false)) }},
	{"JSON, all but letters and digits", func(s string) string {
		if strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) {
			return marshal(s, true)
		}
		return escaped(s, `\u%04x`)
	}},
	{"as it is", func(s string) string { return s }},
}

func lowered(s, prefix string, n int) string {
	parts := strings.Split(s, prefix)
	for i := range parts[1:] {
		parts[i+1] = strings.ToLower(parts[i+1][:n]) + parts[i+1][n:]
	}
	return strings.Join(parts, prefix)
}

func raised(s string) string {
	for _, c := range []string{"003c", "003e", "0026", "001b"} {
		s = strings.ReplaceAll(s, `\u`+c, `\u`+strings.ToUpper(c))
	}
	return s
}

func escaped(s, format string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, format, c)
		}
	}
	return b.String()
}

func marshal(s string, html bool) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(html)
	if err := e.Encode(s); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String()[1:], "\"\n")
}

// ascii escapes what is not ASCII, as most encoders can be told to.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// mixed encodes some runes of s and leaves the others as they are.
func mixed(s string, encode func(string) string, choose func() bool) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		if c := s[i : i+n]; choose() {
			b.WriteString(encode(c))
		} else {
			b.WriteString(c)
		}
		i += n
	}
	return b.String()
}

func TestHide(t *testing.T) {
	rows := []struct{ name, secret, text, want string }{
		{"as it is", "secret", "a secret.", "a REDACTED."},
		{"twice", "secret", "secretsecret", "REDACTEDREDACTED"},
		{"overlapping", "aaa", "baaaaab", "bREDACTEDb"},
		{"percent", "a/b=", "x=a%2Fb%3d&", "x=REDACTED&"},
		{"percent twice", "a/b=", "x=a%252Fb%253d&", "x=REDACTED&"},
		{"percent three times", "a/b=", "x=a%25252Fb%25253d&", "x=REDACTED&"},
		{"percent of percent's digits", "a/b=", "a%%32%46b=", "REDACTED"},
		{"JSON", "a\"\n<", `{"m":"a\"\n\u003c"}`, `{"m":"REDACTED"}`},
		{"JSON of JSON", "a\"\n<", `{\"m\":\"a\\\"\\n\\u003c\"}`, `{\"m\":\"REDACTED\"}`},
		{"JSON of percent", "a/b", `"a\u00252Fb"`, `"REDACTED"`},
		{"percent of JSON", "a\"b", `%22a%5C%22b%22`, `%22REDACTED%22`},
		{"a space in a query", "a b", "a+b", "REDACTED"},
		{"a rune of JSON", "aé€", `"a\u00e9\u20AC"`, `"REDACTED"`},
		{"a surrogate pair", "a😀b", `"a\ud83d\ude00b" "a\\uD83D\\uDE00b" a%F0%9f%98%80b`, `"REDACTED" "REDACTED" REDACTED`},
		{"not UTF-8", "a\xffb", "a\xffb a%FFb a\\ufffdb a\ufffdb", "REDACTED REDACTED REDACTED REDACTED"},
		{"encoded already", "a%2Fb", "a%2Fb a%252Fb", "REDACTED REDACTED"},
		{"after a percent sign", "41abc", "%41abc %2541abc", "%REDACTED %25REDACTED"},
		{"after a backslash", "nabc", `C:\nabc`, `C:\REDACTED`},
		{"after half an escape", "0041bc", `\u0041bc`, `\uREDACTED`},
		{"ends in a percent sign", "abc%", "abc%41 abc%2541 abc", "REDACTED41 REDACTED41 abc"},
		{"ends in a backslash", `abc\`, `"abc\\" abc\n`, `"REDACTED" REDACTEDn`},
		{"ends in half an escape", `ab\u00`, `ab\u0041 ab%5Cu0041 ab`, `REDACTED41 REDACTED41 ab`},
		{"percent signs alone", "%%%", "%%%41 %%", "REDACTED41 %%"},
		{"too short", "ab", "ab", "ab"},
		{"none", "", "ab", "ab"},
		{"one byte and percent signs", "a%%", "a%%41 a%25%25", "REDACTED41 REDACTED"},
		{"ends in a percent sign, its digit escaped three times", "abc%", `abc%\u003\u003\u00325.`, "REDACTED."},
		{"ends in 16 backslashes", "abc" + strings.Repeat(`\`, 16), "abc" + strings.Repeat(`\`, 16) + "n", "REDACTEDn"},
		{"ends in 17 backslashes: as if nothing followed", "abc" + strings.Repeat(`\`, 17), "abc" + strings.Repeat(`\`, 17) + "n", "abc" + strings.Repeat(`\`, 17) + "n"},
		{"ends in an escape of a rune", `abc\u00e9`, "abcé", "REDACTED"},
		{"ends in the second half of a pair", `abc\udc00`, "abc\ufffd", "REDACTED"},
		{"ends in a space", "ab ", "ab+ ab  ab%20", "REDACTED REDACTED REDACTED"},
		{"half of a rune", "ab\xc3", `ab\u00e9`, `ab\u00e9`},
		{"half of a rune, and half an escape", "\xc3\\u00e", `\u00e9`, `\u00e9`},
		{"a letter that is an escape of JSON in JSON", "xny", `x\\u006ey`, "REDACTED"},
		{"a u that is an escape of JSON in JSON", "xu0041", `x\\u00750041`, "REDACTED"},
		{"an escape of 127 bytes", "aAc", "a%" + strings.Repeat("25", 62) + "41c", "REDACTED"},
		{"an escape of 127 bytes, of JSON", "aAc", "a" + strings.Repeat(`\`, 122) + "u0041c", "REDACTED"},
		{"an escape of 128 bytes", "aAc", "a" + strings.Repeat(`\`, 123) + "u0041c", "a" + strings.Repeat(`\`, 123) + "u0041c"},
		{"two spellings of an escape of more bytes", "x%" + strings.Repeat(`\`, 121) + "u00325y", "x%%" + strings.Repeat("25", 61) + "32%35y", "REDACTED"},
		{"short when decoded", "%41", "A %41 \\u0041", "A REDACTED REDACTED"},
		{"not there, but for a letter that comes twice", "abc", "abbc aabbc abcc", "abbc aabbc REDACTEDc"},
		{"not there", "secret", "secre%74s are ever secre", "REDACTEDs are ever secre"},
		{"cut off", "0123456789", "a 01234567", "a REDACTED"},
		{"cut off, of a few bytes", "0123456789", "a 0123456", "a 0123456"},
		{"cut off in an escape", "01234567/9", "a 01234567%2", "a REDACTED"},
		{"cut off in an escape of an escape", "01234567/9", "a 01234567%25", "a REDACTED"},
		{"cut off in JSON", "01234567\"9", `a 01234567\u00`, "a REDACTED"},
		{"cut off in JSON of JSON", "01234567\"9", `a 01234567\\`, "a REDACTED"},
		{"cut off behind an escape", "/1234567+9", "a %2f1234567", "a REDACTED"},
		{"cut off in a rune", "1234567é9", "a 1234567\xc3", "a REDACTED"},
		{"cut off, after a percent sign", "41abcdefgh", "%41abcdef", "%REDACTED"},
		{"cut off, after half an escape", "0041abcdefgh", `\u0041abcd`, `\uREDACTED`},
		{"cut off, with its start in an escape", "52525xyzw", "%252525xyz", "%2REDACTED"},
		{"cut off, with its start in the second half of an escape", "25xyzuvwrs", "%2525xyzuvw", "%25REDACTED"},
		{"cut off, all but two bytes in an escape", "252525xy%xyz", "%252525xy", "%REDACTED"},
		{"cut off before its percent sign", "01234567%", "a 01234567", "a REDACTED"},
		{"cut off after percent signs", "abc%%%%%é9", `abc%%%%%\u%3`, "REDACTED"},
		{"cut off, of many bytes", strings.Repeat("0123456789", 30), "a " + strings.Repeat("0123456789", 30)[:299], "a REDACTED"},
		{"cut off in a long escape", `""""""""\9`, strings.Repeat("%5C%5C%5C%22", 8) + strings.Repeat("%255C", 16)[:79], "REDACTED"},
		{"cut off behind a long escape", `""""""""%z`, strings.Repeat("%5C%5C%5C%22", 8) + "%" + strings.Repeat("25", 59), "REDACTED"},
		{"two cut off, the longer is hidden", "0101010123", "0101010101", "01REDACTED"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := New(row.secret).Hide(row.text)
			assert.Equal(t, row.want, got, "Hide(%q) of %q", row.text, row.secret)
		})
	}
}

func TestHideSeveral(t *testing.T) {
	s := New("first", "", "second", "firstly", "first")
	assert.Equal(t, "REDACTED, REDACTED, REDACTED", s.Hide("second, first, firstly"))
	assert.Len(t, s.patterns, 3, "each once")
	many := make([]string, 20)
	for i := range many {
		many[i] = fmt.Sprintf("secret-%02d", i)
	}
	assert.Equal(t, strings.Repeat("REDACTED ", 20), New(many...).Hide(strings.Join(many, " ")+" "))
	assert.Equal(t, "text", Secrets{}.Hide("text"))
	assert.Equal(t, "REDACTED REDACTED [REDACTED]", fmt.Sprintf("%+v %#v %d", s, &s, []Secrets{s}))
	assert.Equal(t, "REDACTEDx", New("0123456789abcdef", "abcdefghijklmnop").Hide("0123456789abcdefghijklmnopx"), "those that overlap")
}

// TestHideTwoLetters has every secret of three to six letters a and b in every
// text of eight.
func TestHideTwoLetters(t *testing.T) {
	word := func(bits, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = 'a' + byte(bits>>i&1)
		}
		return string(b)
	}
	for n := 3; n <= 6; n++ {
		for bits := range 1 << n {
			secret := word(bits, n)
			secrets := New(secret)
			for bits := range 1 << 8 {
				text := word(bits, 8)
				if hidden := secrets.Hide(text); strings.Contains(text, secret) == (hidden == text) || strings.Contains(hidden, secret) {
					t.Fatalf("secret %s in %s: %s", secret, text, hidden)
				}
			}
		}
	}
}

// TestHideIsExact generates pairs of a secret and a text in which the secret
// stands in some spelling.
func TestHideIsExact(t *testing.T) {
	const pairs = 10_000
	random := rand.New(rand.NewPCG(1, 2))
	changed, skipped := map[string]int{}, 0
	for range pairs {
		secret := randomText(random, 3+random.IntN(12))
		name, spelling := "", secret
		for range 1 + random.IntN(3) {
			e := encoders[random.IntN(len(encoders))]
			name += e.name + "; "
			if utf8.ValidString(spelling) && random.IntN(2) == 0 {
				spelling = mixed(spelling, e.encode, func() bool { return random.IntN(3) > 0 })
			} else {
				spelling = e.encode(spelling)
			}
		}
		before, after := randomText(random, random.IntN(8)), randomText(random, random.IntN(8))
		hidden := New(secret).Hide(before + spelling + after)
		if longestEscape(spelling) >= maxEscape {
			skipped++
			continue
		}
		if spelling != secret {
			changed[name]++
		}
		require.False(t, shows(hidden, spelling),
			"secret %q, spelled %q by %s between %q and %q: %q", secret, spelling, name, before, after, hidden)
	}
	assert.Greater(t, len(changed), 200, "nestings of encodings")
	assert.Less(t, skipped, pairs/100, "with a longer escape")
	t.Logf("%d pairs, %d nestings, %d skipped", pairs, len(changed), skipped)
}

// shows reports whether part of hidden is a spelling; marks are no part of it.
func shows(hidden, spelling string) bool {
	return slices.ContainsFunc(strings.Split(hidden, Mark), func(part string) bool { return strings.Contains(part, spelling) })
}

// longestEscape returns an upper bound of the length of an escape in text.
func longestEscape(text string) int {
	longest := 0
	for _, run := range strings.FieldsFunc(text, func(r rune) bool { return !strings.ContainsRune(`\\%u0123456789abcdefABCDEF`, r) }) {
		longest = max(longest, len(run))
	}
	return longest
}

// TestHideCutOff cuts texts off in a secret, and in an escape of it.
func TestHideCutOff(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	cut := 0
	for range 10_000 {
		secret := randomText(random, 10+random.IntN(30))
		spelling := secret
		for range random.IntN(3) {
			spelling = encoders[random.IntN(len(encoders))].encode(spelling)
		}
		kept := spelling[:random.IntN(len(spelling))]
		if longestEscape(spelling) >= maxEscape || !cutsOff(kept, secret) {
			continue
		}
		cut++
		before := randomText(random, random.IntN(8))
		hidden := New(secret).Hide(before + kept)
		require.True(t, strings.HasSuffix(hidden, Mark), "secret %q, %q cut off after %q: %q", secret, kept, before, hidden)
	}
	assert.Greater(t, cut, 3_000)
}

// cutsOff reports whether text decodes to the start of secret, but for an escape
// that its end cuts off.
func cutsOff(text, secret string) bool {
	p := newPattern(secret)
	for end := len(text); end > 0; end-- {
		if part := naive(text[:end]); len(part) >= minCut && bytes.HasPrefix(p.body, part) {
			return strings.ContainsAny(text[end:end+min(1, len(text)-end)], "%\\") || end == len(text)
		}
	}
	return false
}

var pieces = []string{
	"a", "b", "n", "u", "t", "0", "4", "1", "5", "c", "C", "2", "F", "%", "%", "%25", "%41", "%5C", "%2F", `\`, `\\`, `\u`, `\u00`, `\u0041`, `\n`, `\"`,
	`"`, "/", "+", " ", "&", "<", "=", "\n", "\x01", "é", "😀", "\u2028", "\xff", `\ud83d`, `\ude00`, "secret",
}

func randomText(random *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(pieces[random.IntN(len(pieces))])
	}
	return b.String()
}

// TestHideFindsWhatDecodes compares with a search by brute force: a text is
// changed only if one of its parts decodes to what the secret decodes to.
func TestHideFindsWhatDecodes(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	found, all := 0, 20_000
	if testing.Short() {
		all = 4_000
	}
	for range all {
		text := randomText(random, 12+random.IntN(12))
		start := random.IntN(len(text) - 3)
		secret := text[start:min(len(text), start+3+random.IntN(4))]
		if random.IntN(2) == 0 {
			text = randomText(random, 12+random.IntN(12))
		}
		want := isIn(text, secret)
		got := New(secret).Hide(text) != text
		if want {
			found++
		}
		if len(newPattern(secret).tail) == 0 {
			require.Equal(t, want, got, "%q in %q", secret, text)
			continue
		}
		// What the text makes of an escape that the secret starts is not compared.
		require.False(t, got && !want, "%q in %q", secret, text)
		require.False(t, !got && strings.Contains(text, secret), "%q in %q", secret, text)
	}
	assert.Greater(t, found, all/4)
}

// isIn reports whether a part of text of 3 bytes or more decodes to what
// secret decodes to.
func isIn(text, secret string) bool {
	secrets := []string{string(naive(secret)), string(naive(string([]rune(secret))))}
	for start := range len(text) {
		for end := start + minSecret; end <= len(text); end++ {
			if got := string(naive(text[start:end])); got == secrets[0] || got == secrets[1] {
				return true
			}
		}
	}
	return false
}

// naive decodes a text by the rule that package redact documents, rune by rune
// from its end, and as often as there is an escape at the start.
func naive(text string) []byte {
	type symbol struct {
		bytes string
		slash bool
		rune  rune // of an escape
	}
	var all []symbol // last first
	get := func(i int) string {
		if i >= len(all) {
			return ""
		}
		return all[len(all)-1-i].bytes
	}
	hex := func(from, n int) (value rune, ok bool) {
		for i := range n {
			digit := get(from + i)
			at := strings.Index("0123456789abcdef", strings.ToLower(digit))
			if len(digit) != 1 || at < 0 {
				return 0, false
			}
			value = value<<4 | rune(at)
		}
		return value, true
	}
	for i := len(text) - 1; i >= 0; i-- {
		all = append(all, symbol{bytes: text[i : i+1]})
		for slash := false; ; {
			drop, with := 0, symbol{slash: slash}
			if value, ok := hex(1, 2); get(0) == "%" && ok {
				drop, with.bytes = 3, string([]byte{byte(value)})
			} else if get(0) == `\` && len(all) > 1 {
				slash = true
				if next := all[len(all)-2]; next.slash || next.bytes != "u" {
					drop, with = 2, next
					if c := strings.Index("bfnrt", next.bytes); !next.slash && c >= 0 && next.bytes != "" {
						with.bytes = "\b\f\n\r\t"[c : c+1]
					}
					with.slash = true
					all = append(all[:len(all)-drop], with)
					break
				}
				if value, ok := hex(2, 4); ok {
					drop, with = 6, symbol{string(value), true, value}
					if len(all) > 6 && 0xd800 <= value && value < 0xdc00 {
						if low := all[len(all)-7].rune; 0xdc00 <= low && low < 0xe000 {
							r := 0x10000 + (value-0xd800)<<10 + (low - 0xdc00)
							drop, with = 7, symbol{string(r), true, r}
						}
					}
				} else {
					all = append(all[:len(all)-2], symbol{"u", true, 0})
					break
				}
			}
			if drop == 0 {
				break
			}
			all = append(all[:len(all)-drop], with)
		}
	}
	var b []byte
	for i := len(all) - 1; i >= 0; i-- {
		b = append(b, all[i].bytes...)
	}
	return bytes.ReplaceAll(b, []byte(" "), []byte("+"))
}
