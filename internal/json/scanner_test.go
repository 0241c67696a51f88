package json

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// walk decodes data with the calls that a decoder makes, into what encoding/json gives with UseNumber.
func walk(data []byte) (any, error) {
	s := New(data)
	v, err := walkValue(&s)
	if err != nil {
		return nil, err
	}
	return v, s.End()
}

func walkValue(s *Scanner) (any, error) {
	k, err := s.Peek()
	if err != nil {
		return nil, err
	}
	switch k {
	case Object:
		return walkObject(s)
	case Array:
		return walkArray(s)
	case String, Null:
		t, ok, err := s.TextOrNull()
		if !ok {
			return nil, err
		}
		return string(t.Append(nil)), err
	}
	start := s.Offset()
	if err := s.Skip(); err != nil {
		return nil, err
	}
	literal := string(s.data[start:s.Offset()])
	if k == Bool {
		return literal == "true", nil
	}
	return stdjson.Number(literal), nil
}

func walkObject(s *Scanner) (any, error) {
	m := map[string]any{}
	if err := s.EnterObject(); err != nil {
		return nil, err
	}
	for {
		tried := *s
		name, ok, err := s.NextMember()
		if fault := checkTryMember(tried, *s, name, ok); fault != nil {
			return nil, fault
		}
		if !ok {
			return m, err
		}
		v, err := walkValue(s)
		if err != nil {
			return nil, err
		}
		m[string(name.Append(nil))] = v
	}
}

// checkTryMember holds that TryMember, asked for the name that NextMember read, does the same or nothing: nothing only where
// the data does not spell the name as asked. before and after are the states around the call of NextMember.
func checkTryMember(before, after Scanner, name Text, ok bool) error {
	same := func(a, b Scanner) bool {
		return a.off == b.off && a.depth == b.depth && a.objects == b.objects && a.first == b.first
	}
	for _, literal := range []string{`,"":`, `,"a":`, `,"` + string(name.raw) + `":`} {
		tried := before
		asked := literal
		if before.first {
			asked = literal[1:]
		}
		got := tried.TryMember(literal)
		if want := strings.HasPrefix(string(before.data[before.off:]), asked); got != want {
			return fmt.Errorf("TryMember(%q) = %v; want %v", literal, got, want)
		}
		if got && (!ok || !same(tried, after)) || !got && !same(tried, before) {
			return fmt.Errorf("TryMember(%q) = %v; it leaves the Scanner in another state than NextMember", literal, got)
		}
	}
	return nil
}

func walkArray(s *Scanner) (any, error) {
	l := []any{}
	if err := s.EnterArray(); err != nil {
		return nil, err
	}
	for {
		ok, err := s.NextElement()
		if !ok {
			return l, err
		}
		v, err := walkValue(s)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
	}
}

func skip(data []byte) error {
	s := New(data)
	if err := s.Skip(); err != nil {
		return err
	}
	return s.End()
}

func nested(open, inner, closer string, depth int) string {
	return strings.Repeat(open, depth) + inner + strings.Repeat(closer, depth)
}

// grammar holds each rule of RFC 8259; a row without an error is valid.
var grammar = []struct{ name, in, err string }{
	{"empty object", `{}`, ``},
	{"empty array", `[]`, ``},
	{"all white space", " \t\r\n{ \t\r\n\"a\" : [ 1 , 2 ] , \"b\" : null } \t\r\n", ``},
	{"scalars at the top", `"x"`, ``},
	{"true, false, null", `[true,false,null]`, ``},
	{"numbers with each digit at both ends", `[9,90,10.09,9.90,1e09,1e90]`, ``},
	{"numbers", `[0,-0,1,-1,10,1.0,0.5,-0.10,1e5,1E5,1e+5,1e-05,0e0,1.5E-10]`, ``},
	{"escapes", `"\"\\\/\b\f\n\r\t\u0000\uABCD\uabcd"`, ``},
	{"DEL, and ill-formed UTF-8", "\"\x7f\xff\xed\xa0\x80\"", ``},
	{"lone surrogates", `"\ud800\udc00\udc00\ud800"`, ``},
	{"the same member twice", `{"a":1,"a":2}`, ``},
	{"the empty name", `{"":0}`, ``},
	{"32 arrays", nested("[", "", "]", 32), ``},
	{"32 objects", nested(`{"a":`, "1", "}", 32), ``},
	{"32 levels twice", "[" + nested("[", "", "]", 31) + "," + nested("[", "", "]", 31) + "]", ``},

	{"33 arrays", nested("[", "", "]", 33), `offset 32: more than 32 levels of nesting`},
	{"33 objects", nested(`{"a":`, "{}", "}", 32), `offset 160: more than 32 levels of nesting`},
	{"10 million arrays, open", strings.Repeat("[", 10_000_000), `offset 32: more than 32 levels of nesting`},
	{"nothing", ``, `offset 0: unexpected the end of data, want a value`},
	{"only white space", " \n", `offset 2: unexpected the end of data, want a value`},
	{"byte order mark", "\ufeff{}", `offset 0: unexpected '\xef', want a value`},
	{"other white space", "\v{}", `offset 0: unexpected '\x0b', want a value`},
	{"no-break space", "[\u00a0]", `offset 1: unexpected '\xc2', want a value`},
	{"HTML", `<html>`, `offset 0: unexpected '<', want a value`},
	{"trailing byte", `{}x`, `offset 2: unexpected 'x', want the end of data`},
	{"trailing zero byte", "{}\x00", `offset 2: unexpected '\x00', want the end of data`},
	{"second document", `{} {}`, `offset 3: unexpected '{', want the end of data`},
	{"trailing comma in an object", `{"a":1,}`, `offset 7: unexpected '}', want a member name`},
	{"trailing comma in an array", `[1,]`, `offset 3: unexpected ']', want a value`},
	{"comma first in an object", `{,"a":1}`, `offset 1: unexpected ',', want a member name`},
	{"comma first in an array", `[,1]`, `offset 1: unexpected ',', want a value`},
	{"two commas", `[1,,2]`, `offset 3: unexpected ',', want a value`},
	{"no comma in an object", `{"a":1 "b":2}`, `offset 7: unexpected '"', want ',' or '}'`},
	{"no comma in an array", `[1 2]`, `offset 3: unexpected '2', want ',' or ']'`},
	{"no comma after an array", `[[]{}]`, `offset 3: unexpected '{', want ',' or ']'`},
	{"no colon", `{"a" 1}`, `offset 5: unexpected '1', want ':'`},
	{"no value", `{"a":}`, `offset 5: unexpected '}', want a value`},
	{"no quotes on a name", `{a:1}`, `offset 1: unexpected 'a', want a member name`},
	{"single quotes", `{'a':1}`, `offset 1: unexpected '\'', want a member name`},
	{"number as a name", `{1:1}`, `offset 1: unexpected '1', want a member name`},
	{"wrong end of an object", `{"a":1]`, `offset 6: unexpected ']', want ',' or '}'`},
	{"wrong end of an array", `[1}`, `offset 2: unexpected '}', want ',' or ']'`},
	{"end alone", `]`, `offset 0: unexpected ']', want a value`},
	{"comment", `[/**/]`, `offset 1: unexpected '/', want a value`},
	{"leading zero", `[01]`, `offset 2: unexpected '1', want ',' or ']'`},
	{"leading zero at the top", `01`, `offset 1: unexpected '1', want the end of data`},
	{"leading plus", `+1`, `offset 0: unexpected '+', want a value`},
	{"leading point", `.5`, `offset 0: unexpected '.', want a value`},
	{"minus alone", `-`, `offset 1: unexpected the end of data, want a digit`},
	{"minus and a letter", `-x`, `offset 1: unexpected 'x', want a digit`},
	{"no digit after the point", `[1.]`, `offset 3: unexpected ']', want a digit`},
	{"no digit before the exponent", `1.e5`, `offset 2: unexpected 'e', want a digit`},
	{"no digit in the exponent", `1e`, `offset 2: unexpected the end of data, want a digit`},
	{"no digit after the sign", `1e+`, `offset 3: unexpected the end of data, want a digit`},
	{"two points", `[1.2.3]`, `offset 4: unexpected '.', want ',' or ']'`},
	{"hexadecimal", `0x10`, `offset 1: unexpected 'x', want the end of data`},
	{"not a number", `NaN`, `offset 0: unexpected 'N', want a value`},
	{"word in another case", `True`, `offset 0: unexpected 'T', want a value`},
	{"word misspelled", `[trUe]`, `offset 3: unexpected 'U', want true`},
	{"word run on", `nullx`, `offset 4: unexpected 'x', want the end of data`},
	{"raw line feed", "\"a\nb\"", `offset 2: control character '\x0a' in a string`},
	{"raw zero byte", "\"12345678\x00\"", `offset 9: control character '\x00' in a string`},
	{"raw control character in a name", "{\"\x1f\":1}", `offset 2: control character '\x1f' in a string`},
	{"unknown escape", `"\x41"`, `offset 2: unexpected 'x', want an escape sequence`},
	{"escaped single quote", `"\'"`, `offset 2: unexpected '\'', want an escape sequence`},
	{"unknown escape of a high byte", "\"\\\xff\"", `offset 2: unexpected '\xff', want an escape sequence`},
	{"upper-case escape", `"\N"`, `offset 2: unexpected 'N', want an escape sequence`},
	{"short Unicode escape", `"\u123"`, `offset 6: unexpected '"', want an escape sequence`},
	{"Unicode escape not in hex", `"\u12g4"`, `offset 5: unexpected 'g', want an escape sequence`},
	{"string not closed", `"abc`, `offset 4: unexpected the end of data, want '"'`},
	{"string closed by an escaped quote", `"abc\"`, `offset 6: unexpected the end of data, want '"'`},
	{"object not closed", `{"a":1`, `offset 6: unexpected the end of data, want ',' or '}'`},
	{"array not closed", `[`, `offset 1: unexpected the end of data, want ',' or ']'`},
}

func TestGrammar(t *testing.T) {
	for _, tt := range grammar {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.err
			if want != "" {
				want = "invalid JSON at " + want
			}
			in := tt.in[:min(len(tt.in), 80)]
			if err := skip([]byte(tt.in)); text(err) != want {
				t.Errorf("Skip(%q) = %q; want %q", in, text(err), want)
			}
			if _, err := walk([]byte(tt.in)); text(err) != want {
				t.Errorf("walk(%q) = %q; want %q", in, text(err), want)
			}
			deep := strings.Contains(want, "nesting")
			if valid := stdjson.Valid([]byte(tt.in)); !deep && valid != (want == "") {
				t.Errorf("encoding/json.Valid(%q) = %v; the row says otherwise", in, valid)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestPrefixesAreRefused(t *testing.T) {
	docs := map[string]string{
		"typical page": string(page(2)),
		"last page":    `{"DataIntegrationAssociations":[]}`,
		"empty page":   `{}`,
		"all kinds":    `{"a":[true,false,null,-1.5e-3,"\ud83d\ude00é\n"],"b":{"c":{}}, "d" : [ ] }`,
		"deep":         nested(`{"a":[`, "0", "]}", MaxDepth/2),
	}
	for name, doc := range docs {
		t.Run(name, func(t *testing.T) {
			if err := skip([]byte(doc)); err != nil {
				t.Fatalf("Skip(%q) = %v; want nil", doc, err)
			}
			for n := range doc {
				in := []byte(doc[:n])
				var syntax *SyntaxError
				if err := skip(in); !errors.As(err, &syntax) || syntax.Offset != n {
					t.Errorf("Skip(%q) = %v; want a SyntaxError at %d", in, err, n)
				}
				if _, err := walk(in); !errors.As(err, &syntax) || syntax.Offset != n {
					t.Errorf("walk(%q) = %v; want a SyntaxError at %d", in, err, n)
				}
			}
		})
	}
}

func TestPeek(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     Kind
		str      string
	}{
		{"object", ` {}`, Object, "an object"},
		{"array", "\n[]", Array, "an array"},
		{"string", ` ""`, String, "a string"},
		{"number", `	0`, Number, "a number"},
		{"negative number", ` -1`, Number, "a number"},
		{"true", ` true`, Bool, "a boolean"},
		{"false", ` false`, Bool, "a boolean"},
		{"null", ` null`, Null, "null"},
		{"nothing", ` `, 0, "no value"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New([]byte(tt.in))
			for range 2 {
				got, err := s.Peek()
				if got != tt.want || (err == nil) != (tt.want != 0) || s.Offset() != 1 {
					t.Errorf("Peek(%q) = %v, %v at %d; want %v at 1", tt.in, got, err, s.Offset(), tt.want)
				}
			}
			if got := tt.want.String(); got != tt.str {
				t.Errorf("String() = %q; want %q", got, tt.str)
			}
		})
	}
}

// A value of the wrong kind stays where it is, so that a lenient caller can skip it.
func TestTypeErrors(t *testing.T) {
	values := map[Kind]string{Object: `{"a":[1]}`, Array: `[{"a":1}]`, String: `"x"`, Number: `-1.5`, Bool: `false`, Null: `null`}
	calls := map[Kind]func(*Scanner) error{
		Object: (*Scanner).EnterObject,
		Array:  (*Scanner).EnterArray,
		String: func(s *Scanner) error { _, err := s.Text(); return err },
		Null:   (*Scanner).Null,
	}
	t.Run("a string or null", func(t *testing.T) {
		for got, value := range values {
			s := New([]byte(" " + value + " "))
			text, ok, err := s.TextOrNull()
			switch got {
			case String:
				if !ok || err != nil || !text.Is("x") {
					t.Errorf("TextOrNull(%s) = %q, %v, %v; want x", value, text.raw, ok, err)
				}
			case Null:
				if ok || err != nil {
					t.Errorf("TextOrNull(%s) = %v, %v; want false, nil", value, ok, err)
				}
			default:
				var mismatch *TypeError
				if ok || !errors.As(err, &mismatch) || *mismatch != (TypeError{Offset: 1, Want: String, Got: got}) {
					t.Errorf("TextOrNull(%s) = %v, %v; want a TypeError at 1", value, ok, err)
				}
				err = s.Skip()
			}
			if err := errors.Join(err, s.End()); got != String && got != Null && err != nil {
				t.Errorf("Skip after TextOrNull(%s) = %v; want nil", value, err)
			}
		}
	})
	for want, call := range calls {
		for got, value := range values {
			t.Run(fmt.Sprintf("want %v, got %v", want, got), func(t *testing.T) {
				s := New([]byte(" " + value + " "))
				err := call(&s)
				if want == got {
					if err != nil {
						t.Errorf("error = %v; want nil", err)
					}
					return
				}
				var mismatch *TypeError
				if !errors.As(err, &mismatch) || *mismatch != (TypeError{Offset: 1, Want: want, Got: got}) {
					t.Fatalf("error = %v; want a TypeError of %v and %v at 1", err, want, got)
				}
				if line := fmt.Sprintf("want %v, got %v at offset 1", want, got); err.Error() != line {
					t.Errorf("Error() = %q; want %q", err, line)
				}
				if err := errors.Join(s.Skip(), s.End()); err != nil {
					t.Errorf("Skip after a TypeError = %v; want nil", err)
				}
			})
		}
	}
}

// Calls out of turn end in an error, and never in a panic.
func TestMisuse(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		call     func(*Scanner) error
		want     string
	}{
		{"NextMember at the top", `{}`, func(s *Scanner) error { _, _, err := s.NextMember(); return err }, "not inside an object"},
		{"TryMember at the top and in an array", `[,"a":`, func(s *Scanner) error {
			if s.TryMember(`,"a":`) || s.EnterArray() != nil || s.TryMember(`,"a":`) || s.TryMember(``) {
				return nil
			}
			_, err := s.NextElement()
			return errors.Join(err, s.Skip())
		}, "unexpected ',', want a value"},
		{"NextElement at the top", `[]`, func(s *Scanner) error { _, err := s.NextElement(); return err }, "not inside an array"},
		{"NextMember in an array", `[]`, func(s *Scanner) error {
			_, _, err := s.NextMember()
			return errors.Join(s.EnterArray(), err)
		}, "not inside an object"},
		{"End inside a value", `[`, func(s *Scanner) error { return errors.Join(s.EnterArray(), s.End()) }, "unexpected the end of data, want the rest of the value"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New([]byte(tt.in))
			if err := tt.call(&s); err == nil || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("error = %v; want one that ends in %q", err, tt.want)
			}
		})
	}
}

// A call for one value consumes it, and the white space before it. At the end of the data each is an error.
func TestOneValue(t *testing.T) {
	text := func(s *Scanner) (string, error) { got, err := s.Text(); return string(got.Append(nil)), err }
	orNull := func(s *Scanner) (string, error) {
		got, ok, err := s.TextOrNull()
		if !ok {
			return "none", err
		}
		return string(got.Append(nil)), err
	}
	null := func(s *Scanner) (string, error) { return "null", s.Null() }
	for _, tt := range []struct {
		name, in, want, err string
		call                func(*Scanner) (string, error)
	}{
		{"Text", ` "a" `, "a", "", text},
		{"TextOrNull, a string", ` "a" `, "a", "", orNull},
		{"TextOrNull, null", ` null `, "none", "", orNull},
		{"Null", ` null `, "null", "", null},
		{"Text at the end", ``, "", "unexpected the end of data, want a value", text},
		{"Text after white space at the end", ` `, "", "unexpected the end of data, want a value", text},
		{"TextOrNull at the end", ``, "none", "unexpected the end of data, want a value", orNull},
		{"TextOrNull of neither", `x`, "none", "unexpected 'x', want a value", orNull},
		{"TextOrNull of a number", `1`, "none", "want a string", orNull},
		{"Null at the end", ``, "null", "unexpected the end of data, want a value", null},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New([]byte(tt.in))
			got, err := tt.call(&s)
			if err == nil {
				err = s.End()
			}
			said := ""
			if err != nil {
				said = err.Error()
			}
			if got != tt.want || (err == nil) != (tt.err == "") || !strings.Contains(said, tt.err) {
				t.Errorf("%q = %q, %v; want %q, %s", tt.in, got, err, tt.want, tt.err)
			}
		})
	}
}

// Printable ASCII is quoted as it is, the rest is escaped.
func TestQuote(t *testing.T) {
	for c, want := range map[byte]string{' ': `' '`, '~': `'~'`, '\'': `'\''`, '\\': `'\\'`, 0x1f: `'\x1f'`, 0x7f: `'\x7f'`, 0xff: `'\xff'`} {
		if got := quote(c); got != want {
			t.Errorf("quote(%#x) = %s; want %s", c, got, want)
		}
	}
}

// An error quotes at most the one byte that does not belong, whatever the data.
func TestErrorsQuoteOneByte(t *testing.T) {
	for c := range 256 {
		for _, before := range []string{"", "[", "{", `{"a"`, `[1`, `"`, `"\`, `"\u`, "n", "-"} {
			in := before + string([]byte{byte(c)}) + "secret\x1b\r\n"
			err := skip([]byte(in))
			if err == nil {
				t.Fatalf("Skip(%q) = nil; want an error", in)
			}
			line := err.Error()
			if strings.Contains(line, "ecret") || len(line) > 90 || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("Skip(%q) = %q; want one short line of ASCII without the data", in, line)
			}
		}
	}
}

func TestAllocations(t *testing.T) {
	data := page(50)
	buf := make([]byte, 0, 256)
	runs := []struct {
		name string
		f    func() error
	}{
		{"Skip", func() error { return skip(data) }},
		{"decode", func() error { _, err := decode(data, nil); return err }},
		{"Text", func() error {
			s := New([]byte(`"\ud83d\ude00é plain \u0041"`))
			text, err := s.Text()
			if buf = text.Append(buf[:0]); !text.Is("😀é plain A") || !text.Wellformed() || string(buf) != "😀é plain A" {
				t.Errorf("Append = %q; want %q", buf, "😀é plain A")
			}
			return err
		}},
	}
	for _, tt := range runs {
		t.Run(tt.name, func(t *testing.T) {
			got := testing.AllocsPerRun(20, func() {
				if err := tt.f(); err != nil {
					t.Fatal(err)
				}
			})
			if got != 0 {
				t.Errorf("allocations = %v; want 0", got)
			}
		})
	}
}
