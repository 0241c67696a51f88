package json

import (
	"bytes"
	stdjson "encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// depth returns how many containers of a valid text are open at once, at most.
func depth(data []byte) int {
	level, deepest := 0, 0
	for dec := stdjson.NewDecoder(bytes.NewReader(data)); ; {
		token, err := dec.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case stdjson.Delim('{'), stdjson.Delim('['):
			level++
			deepest = max(deepest, level)
		case stdjson.Delim('}'), stdjson.Delim(']'):
			level--
		}
	}
}

// FuzzScanner holds: a text is accepted when encoding/json accepts it and it nests no deeper than MaxDepth, gives the same
// values, names and numbers, and is judged alike by Skip and by the calls one by one.
func FuzzScanner(f *testing.F) {
	for _, seed := range documents(f) {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		got, err := walk(data)
		if skipped := skip(data); !reflect.DeepEqual(skipped, err) {
			t.Fatalf("Skip(%q) = %v; walk gives %v", data, skipped, err)
		}
		if !bytes.Equal(data, before) {
			t.Fatalf("the data was written: %q; want %q", data, before)
		}
		if want := stdjson.Valid(data) && depth(data) <= MaxDepth; (err == nil) != want {
			t.Fatalf("walk(%q) = %v; want valid %v", data, err, want)
		}
		if err != nil {
			if e, ok := err.(*SyntaxError); !ok || e.Offset < 0 || e.Offset > len(data) || len(e.Reason) > 64 {
				t.Fatalf("walk(%q) = %#v; want a SyntaxError in the data", data, err)
			}
			return
		}
		var want any
		dec := stdjson.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		if err := dec.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("walk(%q) = %#v; want %#v", data, got, want)
		}
	})
}

var anyEscape = regexp.MustCompile(`\\(?:u[0-9a-fA-F]{4}|.)`)

// wellformed is an oracle for Text.Wellformed: with each U+FFFD that the literal spells out taken away, encoding/json puts
// one only where it replaces something.
func wellformed(literal string) bool {
	literal = anyEscape.ReplaceAllStringFunc(literal, func(escape string) string {
		if strings.EqualFold(escape, `\ufffd`) {
			return "x"
		}
		return escape
	})
	var s string
	err := stdjson.Unmarshal([]byte(strings.ReplaceAll(literal, "\ufffd", "x")), &s)
	return err == nil && !strings.Contains(s, "\ufffd")
}

// FuzzText holds, for a literal with s raw between its quotes and for the literal that encoding/json makes of s: it decodes
// as encoding/json decodes it, equals that and nothing else, is well-formed by the oracle, and cut anywhere gives a prefix.
func FuzzText(f *testing.F) {
	for i, seed := range literals(f) {
		f.Add(seed, i)
	}
	f.Fuzz(func(t *testing.T, s string, cut int) {
		marshalled, err := stdjson.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		checkText(t, string(marshalled), cut)
		checkText(t, `"`+s+`"`, cut)
		sc := New(marshalled)
		if text, err := sc.Text(); utf8.ValidString(s) && (err != nil || !text.Is(s) || !text.Wellformed()) {
			t.Fatalf("Text(%q) = %q, %v; want %q", marshalled, text.Append(nil), err, s)
		}
	})
}

func checkText(t *testing.T, literal string, cut int) {
	var want string
	valid := stdjson.Unmarshal([]byte(literal), &want)
	s := New([]byte(literal))
	text, err := s.Text()
	if err == nil {
		err = s.End()
	}
	if (err == nil) != (valid == nil) {
		t.Fatalf("Text(%q) = %v; encoding/json gives %v", literal, err, valid)
	}
	if err != nil {
		return
	}
	if got := string(text.Append(nil)); got != want {
		t.Fatalf("Append(%q) = %q; want %q", literal, got, want)
	}
	var b strings.Builder
	if text.Build(&b); b.String() != want || text.Wellformed() && b.Len() > text.Len() {
		t.Fatalf("Build(%q) = %q; want %q, of at most %d bytes", literal, b.String(), want, text.Len())
	}
	if !text.Is(want) || text.Is(want+"\x00") || want != "" && text.Is(want[:len(want)-1]) {
		t.Fatalf("Is(%q, %q) does not tell it from others", literal, want)
	}
	if got, ok := text.Wellformed(), wellformed(literal); got != ok {
		t.Fatalf("Wellformed(%q) = %v; want %v", literal, got, ok)
	}
	literal = literal[:1+(cut&0x7fffffff)%(len(literal)-1)]
	s = New([]byte(literal))
	short, err := s.Text()
	if got := string(short.Append(nil)); err == nil || !strings.HasPrefix(want, got) || text.Wellformed() && !short.Wellformed() {
		t.Fatalf("Text(%q) = %q, %v; want an error, and a prefix of %q", literal, got, err, want)
	}
}

// documents returns the seeds of FuzzScanner: short ones, both valid and refused.
func documents(tb testing.TB) []string {
	docs := []string{string(page(1)), string(page(2)), `{"DataIntegrationAssociations":null,"NextToken":"a\u003d\u003d"}`}
	for _, row := range grammar {
		if len(row.in) < 1000 {
			docs = append(docs, row.in)
		}
	}
	valid := 0
	for _, doc := range docs {
		if stdjson.Valid([]byte(doc)) {
			valid++
		}
	}
	if valid < 10 || len(docs)-valid < 10 {
		tb.Fatalf("%d valid documents of %d; want 10 of each sort", valid, len(docs))
	}
	return docs
}

// literals returns the seeds of FuzzText: the insides of the strings in the corpus of FuzzScanner, and hard ones.
func literals(tb testing.TB) []string {
	seeds := []string{
		"", "plain", "é€😀", "\xff", "\xed\xa0\x80", `\ud83d\ude00`, `\ud83d`, `\ude00\ud83d`, `\ud83d\ud83d\ude00`, `\ufffd\uFFFD`,
		"\ufffd", `\\ud83d`, `\"\\\/\b\f\n\r\t`, `\ud83d\u00`, "12345678\x00", "\u2028", "<&>", "abcdefgh\\u0041\xc3\xa9abcdefgh",
	}
	quoted := regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	for _, doc := range documents(tb) {
		for _, literal := range quoted.FindAllString(doc, -1) {
			seeds = append(seeds, literal[1:len(literal)-1])
		}
	}
	if len(seeds) < 50 {
		tb.Fatalf("%d literals; want 50", len(seeds))
	}
	return seeds
}

func TestSeeds(t *testing.T) {
	if len(documents(t)) == 0 || len(literals(t)) == 0 {
		t.Error("a corpus is empty")
	}
}
