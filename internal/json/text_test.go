package json

import (
	stdjson "encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
		wellformed     bool
	}{
		{"empty", `""`, "", true},
		{"ASCII", `"ClientId"`, "ClientId", true},
		{"DEL", "\"\x7f\"", "\x7f", true},
		{"two-byte escapes", `"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t", true},
		{"escaped ASCII", `"\u0043lientId"`, "ClientId", true},
		{"hex in both cases", `"\u00e9\u00E9"`, "éé", true},
		{"escaped zero", `"\u0000"`, "\x00", true},
		{"UTF-8 of every length", `"aé€😀z"`, "aé€😀z", true},
		{"surrogate pair", `"\ud83d\ude00"`, "😀", true},
		{"surrogate pair between others", `"a\uD83D\uDE00b"`, "a😀b", true},
		{"U+FFFD escaped", `"\ufffd"`, "\ufffd", true},
		{"U+FFFD spelled out", "\"\ufffd\"", "\ufffd", true},
		{"U+FFFD spelled out after an escape", "\"\\n\ufffd\"", "\n\ufffd", true},
		{"escaped backslash before a u", `"\\ud800"`, `\ud800`, true},
		{"last code point", `"\udbff\udfff"`, "\U0010ffff", true},
		{"around the surrogates", `"\ud7ff\ue000"`, "\ud7ff\ue000", true},
		{"lone high surrogate", `"\ud83d"`, "\ufffd", false},
		{"lone low surrogate", `"\ude00"`, "\ufffd", false},
		{"low before high", `"\ude00\ud83d"`, "\ufffd\ufffd", false},
		{"high twice, then low", `"\ud83d\ud83d\ude00"`, "\ufffd😀", false},
		{"high before another escape", `"\ud83d\u0041"`, "\ufffdA", false},
		{"high before a short escape", `"\ud83d\n12345678"`, "\ufffd\n12345678", false},
		{"high before text", `"\ud83dude00xx"`, "\ufffdude00xx", false},
		{"ill-formed bytes", "\"a\xff\xfeb\"", "a\ufffd\ufffdb", false},
		{"cut UTF-8 sequence", "\"\xe2\x82\"", "\ufffd\ufffd", false},
		{"UTF-8 of a surrogate", "\"\xed\xa0\x80\"", "\ufffd\ufffd\ufffd", false},
		{"overlong UTF-8", "\"\xc0\x80\"", "\ufffd\ufffd", false},
		{"ill-formed and escaped", "\"\\n\xff\"", "\n\ufffd", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New([]byte(tt.in))
			text, err := s.Text()
			if err != nil || s.End() != nil {
				t.Fatalf("Text(%q) = %v; want no error", tt.in, err)
			}
			if got := string(text.Append([]byte("dst:"))); got != "dst:"+tt.want {
				t.Errorf("Append(%q) = %q; want %q", tt.in, got, "dst:"+tt.want)
			}
			var b strings.Builder
			text.Build(&b)
			if got := b.String(); got != tt.want || tt.wellformed && len(got) > text.Len() {
				t.Errorf("Build(%q) = %q; want %q, of at most %d bytes", tt.in, got, tt.want, text.Len())
			}
			if got := text.Wellformed(); got != tt.wellformed {
				t.Errorf("Wellformed(%q) = %v; want %v", tt.in, got, tt.wellformed)
			}
			if !text.Is(tt.want) {
				t.Errorf("Is(%q, %q) = false; want true", tt.in, tt.want)
			}
			for _, other := range []string{tt.want + "x", "x" + tt.want, tt.want + "\x00", strings.ReplaceAll(tt.want, "\ufffd", "\xff") + "\xff"} {
				if text.Is(other) {
					t.Errorf("Is(%q, %q) = true; want false", tt.in, other)
				}
			}
			var std string
			if err := stdjson.Unmarshal([]byte(tt.in), &std); err != nil || std != tt.want {
				t.Errorf("encoding/json(%q) = %q, %v; the row says %q", tt.in, std, err, tt.want)
			}
		})
	}
}

func TestTextIs(t *testing.T) {
	for _, tt := range []struct {
		name, in, with string
		want           bool
	}{
		{"same", `"NextToken"`, "NextToken", true},
		{"escaped", `"Next\u0054oken"`, "NextToken", true},
		{"another case", `"nexttoken"`, "NextToken", false},
		{"another case, escaped", `"Next\u0074oken"`, "NextToken", false},
		{"Kelvin sign", `"\u212a"`, "k", false},
		{"a prefix", `"Next\u0054"`, "NextToken", false},
		{"longer", `"NextToken\u0073"`, "NextToken", false},
		{"raw escape", `"\u0041"`, `\u0041`, false},
		{"not normalized", `"e\u0301"`, "\u00e9", false},
		{"ill-formed name", "\"\xff\"", "\xff", false},
		{"ill-formed in the data", "\"\xff\"", "\ufffd", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New([]byte(tt.in))
			text, err := s.Text()
			if got := text.Is(tt.with); err != nil || got != tt.want {
				t.Errorf("Is(%q, %q) = %v, %v; want %v", tt.in, tt.with, got, err, tt.want)
			}
		})
	}
	if (Text{}).Is("x") || !(Text{}).Is("") || !(Text{}).Wellformed() || len((Text{}).Append(nil)) != 0 {
		t.Error("the zero Text is not the empty string")
	}
}

func TestTextSame(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{`"a"`, `"a"`, true},
		{`"\u0041"`, `"\u0041"`, true},
		{`"\u0041"`, `"A"`, false},
		{`"a"`, `"b"`, false},
		{`"a"`, `"ab"`, false},
		{`""`, `""`, true},
	} {
		a, b := New([]byte(tt.a)), New([]byte(tt.b))
		x, err := a.Text()
		y, err2 := b.Text()
		if got := x.Same(y); err != nil || err2 != nil || got != tt.want {
			t.Errorf("Same(%s, %s) = %v, %v, %v; want %v", tt.a, tt.b, got, err, err2, tt.want)
		}
	}
}

// A literal that the data ends in gives what there was, and no part of a character.
func TestTextCut(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"nothing", `"`, ""},
		{"ASCII", `"abc`, "abc"},
		{"backslash", `"abc\`, "abc"},
		{"escape", `"abc\u`, "abc"},
		{"escape in its digits", `"abc\u00e`, "abc"},
		{"after an escape", `"abc\u00e9`, "abcé"},
		{"after an escaped backslash", `"abc\\`, `abc\`},
		{"after an escaped quote", `"abc\"`, `abc"`},
		{"after a high surrogate", `"abc\ud83d`, "abc"},
		{"only a high surrogate", `"\ud83d`, ""},
		{"after a high surrogate and a backslash", `"abc\ud83d\`, "abc"},
		{"inside a low surrogate", `"abc\ud83d\ude0`, "abc"},
		{"after a pair", `"abc\ud83d\ude00`, "abc😀"},
		{"after a lone high surrogate", `"abc\ud83dx`, "abc\ufffdx"},
		{"after a lone low surrogate", `"abc\ude00`, "abc\ufffd"},
		{"not a surrogate", `"abc\\ud83d`, `abc\ud83d`},
		{"in two bytes", "\"abc\xc3", "abc"},
		{"in three bytes", "\"abc\xe2\x82", "abc"},
		{"in four bytes", "\"abc\xf0\x9f\x98", "abc"},
		{"after four bytes", "\"abc\xf0\x9f\x98\x80", "abc😀"},
		{"after an ill-formed byte", "\"abc\xff", "abc\ufffd"},
		{"after a continuation byte", "\"abc\x80\x80", "abc\ufffd\ufffd"},
		{"after an ill-formed byte and a backslash", "\"abc\xe2\\", "abc\ufffd"},
		{"only part of a character", "\"\xf0", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New([]byte(tt.in))
			text, err := s.Text()
			if got := string(text.Append(nil)); got != tt.want {
				t.Errorf("Text(%q) = %q; want %q", tt.in, got, tt.want)
			}
			want := SyntaxError{Offset: len(tt.in), Reason: `unexpected the end of data, want '"'`}
			if got, ok := err.(*SyntaxError); !ok || *got != want {
				t.Errorf("Text(%q) = %v; want %v", tt.in, err, &want)
			}
		})
	}
	t.Run("a fault before the end gives nothing", func(t *testing.T) {
		s := New([]byte("\"abc\ndef"))
		if text, err := s.Text(); err == nil || !text.Is("") {
			t.Errorf("Text = %q, %v; want nothing and an error", text.Append(nil), err)
		}
	})
}

// Each byte at each place within and after a group of eight.
func TestPlain(t *testing.T) {
	const fill = "abcdefghijklmnopqrstuvwx"
	for c := range 256 {
		special := c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\'
		for i := range fill {
			for size := i + 1; size <= len(fill); size++ {
				b := []byte(fill[:size])
				b[i] = byte(c)
				want := size
				if special {
					want = i
				}
				if got := plain(b); got != want {
					t.Fatalf("plain(%q) = %d; want %d", b, got, want)
				}
				for j := i + 1; special && j < size; j++ {
					b[j] = '"' // a second one above the first
				}
				if got := plain(b); got != want {
					t.Fatalf("plain(%q) = %d; want %d", b, got, want)
				}
			}
		}
	}
}
