// Package json reads one JSON text from memory, strictly and without allocating.
//
// It is a pull scanner: the caller asks for what it expects next, and takes from the data only what it keeps. The grammar is
// RFC 8259 as [encoding/json.Valid] accepts it, with one limit more, [MaxDepth]. Ill-formed UTF-8 and lone surrogates are not
// errors here, since only the caller knows whether a value may be altered: [Text.Wellformed] reports them.
package json

import "strconv"

// MaxDepth is how many objects and arrays may be open at once. A page of the service nests four deep; the rest is room for
// members that it may add. Scanner.objects has one bit for each level.
const MaxDepth = 32

// Kind is the type of a value, which its first byte determines. The zero Kind is no value.
type Kind uint8

// The kinds of RFC 8259, section 3, with true and false as one.
const (
	Object Kind = iota + 1
	Array
	String
	Number
	Bool
	Null
)

// String returns the kind with its article: "an object", "a string". [Null] is "null".
func (k Kind) String() string {
	switch k {
	case Object:
		return "an object"
	case Array:
		return "an array"
	case String:
		return "a string"
	case Number:
		return "a number"
	case Bool:
		return "a boolean"
	case Null:
		return "null"
	}
	return "no value"
}

// Scanner reads one JSON text. Its methods return a [*SyntaxError] where the data is not JSON, after which it is of no more
// use, and a [*TypeError] where the next value is of another kind than asked for: that value is still there, to be skipped.
//
// A text is read whole by one value, then [Scanner.End]. A Scanner must not be used by several goroutines at once.
type Scanner struct {
	data    []byte
	off     int
	objects uint32 // bit n is set when level n is an object, else it is an array
	depth   uint8
	first   bool // a container was just entered, so no comma is due
}

// New returns a Scanner at the start of data, which it reads in place and never writes.
func New(data []byte) Scanner { return Scanner{data: data} }

// Offset returns how many bytes of the data were consumed.
func (s *Scanner) Offset() int { return s.off }

// Peek returns the kind of the next value, and consumes only the white space before it. It looks at one byte, so the value may
// still be malformed.
func (s *Scanner) Peek() (Kind, error) {
	s.space()
	if s.off < len(s.data) {
		switch s.data[s.off] {
		case '{':
			return Object, nil
		case '[':
			return Array, nil
		case '"':
			return String, nil
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			return Number, nil
		case 't', 'f':
			return Bool, nil
		case 'n':
			return Null, nil
		}
	}
	return 0, s.unexpected("a value")
}

// EnterObject consumes the opening brace of an object.
func (s *Scanner) EnterObject() error { return s.enter(Object) }

// EnterArray consumes the opening bracket of an array.
func (s *Scanner) EnterArray() error { return s.enter(Array) }

// NextMember reads the name of the next member of the object entered last, and its colon; the member's value is to be
// consumed next. After the last member it consumes the closing brace and returns false.
func (s *Scanner) NextMember() (name Text, ok bool, err error) {
	if ok, err = s.next(Object); !ok {
		return Text{}, false, err
	}
	s.space()
	if s.off == len(s.data) || s.data[s.off] != '"' {
		return Text{}, false, s.unexpected("a member name")
	}
	if name, err = s.literal(); err != nil {
		return Text{}, false, err
	}
	s.space()
	if s.off == len(s.data) || s.data[s.off] != ':' {
		return Text{}, false, s.unexpected("':'")
	}
	s.off++
	return name, true, nil
}

// TryMember consumes the name of the next member of the object entered last, and its colon, if the data spells it exactly as
// literal does: a comma, the name in quotes, a colon, as in `,"ClientId":`. Before the first member the data has no comma.
// Otherwise TryMember consumes nothing and returns false: the member may still have that name, with white space or escapes in
// it. It is a faster NextMember for a caller that expects a name, and does not replace it.
func (s *Scanner) TryMember(literal string) bool {
	if s.depth == 0 || !s.inObject() {
		return false
	}
	if s.first {
		literal = literal[1:]
	}
	rest := s.data[s.off:]
	if len(rest) < len(literal) || string(rest[:len(literal)]) != literal {
		return false
	}
	s.off += len(literal)
	s.first = false
	return true
}

// NextElement moves to the next element of the array entered last, which is to be consumed next. After the last element it
// consumes the closing bracket and returns false.
func (s *Scanner) NextElement() (ok bool, err error) { return s.next(Array) }

// Text consumes a string. When the data ends inside the literal, it returns what there was together with the error, without
// a last character that is not all there: the bodies of errors are read only up to a limit.
func (s *Scanner) Text() (Text, error) {
	if s.off == len(s.data) || s.data[s.off] != '"' {
		if err := s.want(String); err != nil {
			return Text{}, err
		}
	}
	return s.literal()
}

// TextOrNull consumes a string, as [Scanner.Text] does, or null, for which ok is false.
func (s *Scanner) TextOrNull() (t Text, ok bool, err error) {
	if s.off < len(s.data) && s.data[s.off] == '"' {
		t, err = s.literal()
		return t, err == nil, err
	}
	k, err := s.Peek()
	if err != nil {
		return Text{}, false, err
	}
	if k == Null {
		return Text{}, false, s.word("null")
	}
	t, err = s.Text()
	return t, err == nil, err
}

// Null consumes the literal null.
func (s *Scanner) Null() error {
	if err := s.want(Null); err != nil {
		return err
	}
	return s.word("null")
}

// Skip consumes one value of any kind, with all that is in it, to the same rules as if each part were asked for.
func (s *Scanner) Skip() error {
	base := s.depth
	for {
		if err := s.step(); err != nil {
			return err
		}
		for more := false; !more; {
			if s.depth == base {
				return nil
			}
			var err error
			if s.inObject() {
				_, more, err = s.NextMember()
			} else {
				more, err = s.NextElement()
			}
			if err != nil {
				return err
			}
		}
	}
}

// End returns an error unless the value has been consumed to its end and only white space remains.
func (s *Scanner) End() error {
	s.space()
	if s.off < len(s.data) {
		return s.unexpected("the end of data")
	}
	if s.depth > 0 {
		return s.unexpected("the rest of the value")
	}
	return nil
}

func (s *Scanner) space() {
	if s.off < len(s.data) && s.data[s.off] <= ' ' {
		s.skipSpace()
	}
}

func (s *Scanner) skipSpace() {
	for s.off < len(s.data) {
		switch s.data[s.off] {
		case ' ', '\t', '\n', '\r':
			s.off++
		default:
			return
		}
	}
}

func (s *Scanner) want(k Kind) error {
	got, err := s.Peek()
	if err == nil && got != k {
		err = &TypeError{Offset: s.off, Want: k, Got: got}
	}
	return err
}

func (s *Scanner) enter(k Kind) error {
	if err := s.want(k); err != nil {
		return err
	}
	if s.depth == MaxDepth {
		return &SyntaxError{Offset: s.off, Reason: "more than " + strconv.Itoa(MaxDepth) + " levels of nesting"}
	}
	bit := uint32(1) << s.depth
	s.objects &^= bit
	if k == Object {
		s.objects |= bit
	}
	s.depth++
	s.off++
	s.first = true
	return nil
}

func (s *Scanner) inObject() bool { return s.objects>>(s.depth-1)&1 != 0 }

// next passes the comma before the next item of the innermost container, of kind k, or consumes the end of that container.
func (s *Scanner) next(k Kind) (bool, error) {
	if s.depth == 0 || s.inObject() != (k == Object) {
		return false, &SyntaxError{Offset: s.off, Reason: "not inside " + k.String()}
	}
	first, closer := s.first, byte(']')
	if k == Object {
		closer = '}'
	}
	s.first = false
	s.space()
	switch {
	case s.off == len(s.data):
	case s.data[s.off] == closer:
		s.off++
		s.depth--
		return false, nil
	case first:
		return true, nil
	case s.data[s.off] == ',':
		s.off++
		return true, nil
	}
	return false, s.unexpected("',' or " + quote(closer))
}

// step consumes the next value when it is a scalar, and enters it when it is a container.
func (s *Scanner) step() error {
	k, err := s.Peek()
	if err != nil {
		return err
	}
	switch k {
	case Object, Array:
		return s.enter(k)
	case String:
		_, err = s.literal()
		return err
	case Number:
		return s.number()
	case Null:
		return s.word("null")
	}
	if s.data[s.off] == 't' {
		return s.word("true")
	}
	return s.word("false")
}

func (s *Scanner) word(w string) error {
	for i := range len(w) {
		if s.off == len(s.data) || s.data[s.off] != w[i] {
			return s.unexpected(w)
		}
		s.off++
	}
	return nil
}

// number consumes a number of RFC 8259, section 6. What may follow it is for the next call to judge: after the 0 of "01"
// comes a byte that no call accepts.
func (s *Scanner) number() error {
	if s.data[s.off] == '-' {
		s.off++
	}
	if s.off < len(s.data) && s.data[s.off] == '0' {
		s.off++
	} else if err := s.digits(); err != nil {
		return err
	}
	if s.accept('.', '.') {
		if err := s.digits(); err != nil {
			return err
		}
	}
	if s.accept('e', 'E') {
		s.accept('+', '-')
		return s.digits()
	}
	return nil
}

func (s *Scanner) digits() error {
	start := s.off
	for s.off < len(s.data) && '0' <= s.data[s.off] && s.data[s.off] <= '9' {
		s.off++
	}
	if s.off == start {
		return s.unexpected("a digit")
	}
	return nil
}

func (s *Scanner) accept(a, b byte) bool {
	if s.off < len(s.data) && (s.data[s.off] == a || s.data[s.off] == b) {
		s.off++
		return true
	}
	return false
}
