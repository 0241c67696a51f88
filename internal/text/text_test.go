package text

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestOneLine(t *testing.T) {
	rows := []struct {
		name, text string
		limit      int
		want       string
	}{
		{"empty", "", 10, ""},
		{"as it is", "a message é", 20, "a message é"},
		{"just fits", "0123456789", 10, "0123456789"},
		{"cut", "0123456789a", 10, "0123456..."},
		{"cut before a rune", "012345é789", 10, "012345..."},
		{"line ends", "a\r\nb", 20, `a\r\nb`},
		{"separator of lines", "a\u2028b", 20, `a\u2028b`},
		{"not UTF-8", "a\xffb", 20, `a\xffb`},
		{"an escape that does not fit", "0123456\n", 8, "01234..."},
		{"an escape that just fits", "012345\n", 8, `012345\n`},
		{"replacement character", "a\ufffd", 8, "a\ufffd"},
		{"quotation marks", `'"`, 8, `'"`},
		{"apostrophe beside an escape", "'\n", 8, `'\n`},
		{"no room but for an ellipsis", "0123456789", 3, "..."},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, row.want, OneLine(row.text, row.limit))
		})
	}
}

// FuzzOneLine compares with strconv, which escapes whole strings, and a cut at
// the last rune that leaves room for an ellipsis.
func FuzzOneLine(f *testing.F) {
	for _, s := range []string{"", "plain", "a\nb\xff", "é\u2028😀", strings.Repeat("ab\x00", 100)} {
		for _, limit := range []int{3, 8, 64} {
			f.Add(s, limit)
		}
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if limit < len(ellipsis) || limit > 1000 {
			t.Skip()
		}
		got := OneLine(s, limit)
		if len(got) > limit || !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("OneLine(%q, %d) = %q", s, limit, got)
		}
		if want := oracle(s, limit); got != want {
			t.Errorf("OneLine(%q, %d) = %q; want %q", s, limit, got, want)
		}
	})
}

func oracle(s string, limit int) string {
	var pieces []string
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		piece := strconv.Quote(s[i : i+n])
		if piece = piece[1 : len(piece)-1]; piece == `\"` || piece == `\\` {
			piece = piece[1:]
		}
		pieces, i = append(pieces, piece), i+n
	}
	whole := strings.Join(pieces, "")
	if len(whole) <= limit {
		return whole
	}
	for n := len(pieces); ; n-- {
		if kept := strings.Join(pieces[:n], "") + ellipsis; len(kept) <= limit {
			return kept
		}
	}
}

// TestOneLineAllocations: a text that is fit already costs nothing, and a long
// one as much as is kept of it.
func TestOneLineAllocations(t *testing.T) {
	for _, row := range []struct {
		text string
		want float64
	}{{"a message é", 0}, {strings.Repeat("a", 1<<20), 2}} {
		got := testing.AllocsPerRun(100, func() { OneLine(row.text, 512) })
		assert.LessOrEqual(t, got, row.want, "of %d bytes", len(row.text))
	}
}

func BenchmarkOneLine(b *testing.B) {
	for _, n := range []int{512, 1 << 20} {
		text := strings.Repeat("a", n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				OneLine(text, 512)
			}
		})
	}
}
