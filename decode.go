package appintegrations

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-10600c52/appintegrations/internal/json"
)

// pageDecoder decodes one page. The page does not share memory with the body.
type pageDecoder struct {
	scanner json.Scanner
	size    int    // of the body
	seen    uint32 // the members of a page that came
	found   bool   // one of them is not null
	order   memberOrder
	lastArn json.Text // of the data integration, in the item before
	arn     string    // the same, once two items have it

	unknown      int                        // members of the body that a page does not have
	unknownNames [maxUnknownNames]json.Text // of the first of them
}

// pageFault is where and why a body is not a page.
type pageFault struct {
	path, reason string
	err          error // the cause, if it has a name
}

// in puts a member or an element in front of the path.
func (f *pageFault) in(name string) *pageFault {
	switch {
	case f.path == "":
		f.path = name
	case f.path[0] == '[':
		f.path = name + f.path
	default:
		f.path = name + "." + f.path
	}
	return f
}

func (d *pageDecoder) fault(err error) *pageFault {
	var mismatch *json.TypeError
	if errors.As(err, &mismatch) {
		return &pageFault{reason: mismatch.Got.String() + ", not " + mismatch.Want.String()}
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && syntax.Offset == d.size {
		return &pageFault{reason: "the JSON is cut off after " + strconv.Itoa(d.size) + " bytes", err: io.ErrUnexpectedEOF}
	}
	return &pageFault{reason: err.Error()}
}

// Members of the page.
const (
	pageAssociations = 1 << iota
	pageNextToken
)

// decode reads the complete body: one object, with white space around it.
func (d *pageDecoder) decode(out *ListDataIntegrationAssociationsOutput) *pageFault {
	if err := d.scanner.EnterObject(); err != nil {
		return d.fault(err)
	}
	for {
		name, ok, err := d.scanner.NextMember()
		if err != nil {
			return d.fault(err)
		}
		if !ok {
			break
		}
		if f := d.pageMember(name, out); f != nil {
			return f
		}
	}
	if err := d.scanner.End(); err != nil {
		return d.fault(err)
	}
	return nil
}

func (d *pageDecoder) pageMember(name json.Text, out *ListDataIntegrationAssociationsOutput) *pageFault {
	switch {
	case name.Is("DataIntegrationAssociations"):
		const path = "DataIntegrationAssociations"
		if d.again(pageAssociations) {
			return repeated(path)
		}
		list, f := d.list()
		if f != nil {
			return f.in(path)
		}
		out.DataIntegrationAssociations, d.found = list, d.found || list != nil
	case name.Is("NextToken"):
		const path = "NextToken"
		if d.again(pageNextToken) {
			return repeated(path)
		}
		token, f := d.token()
		if f != nil {
			return f.in(path)
		}
		out.NextToken, d.found = token, d.found || token != nil
	default:
		if d.unknown < len(d.unknownNames) {
			d.unknownNames[d.unknown] = name
		}
		d.unknown++
		if err := d.scanner.Skip(); err != nil {
			return d.fault(err)
		}
	}
	return nil
}

const (
	// How many names the fault of a foreign object contains, and how long each
	// may be: enough to recognize who sent it, and together less than a line.
	maxUnknownNames = 3
	maxNameBytes    = 64
)

// foreign returns a fault if the body is an object that has members, but none of
// a page: a proxy or another operation sent it. The last page of a list may be {},
// but such an object must not end a list. For any other body, foreign returns
// nil. Call it after decode.
//
// The fault contains the first names, each redacted by scrub and escaped.
func (d *pageDecoder) foreign(scrub func(string) string) *pageFault {
	if d.seen != 0 || d.unknown == 0 {
		return nil
	}
	names := make([]string, min(d.unknown, maxUnknownNames))
	for i := range names {
		names[i] = printableName(d.unknownNames[i], scrub)
	}
	reason := "an object without the members of a page, but with " + strings.Join(names, ", ")
	if more := d.unknown - len(names); more > 0 {
		reason += " and " + strconv.Itoa(more) + " more"
	}
	return &pageFault{reason: reason}
}

// printableName returns a name for an error text. It does not cut a long name,
// since redaction would not find a part of a secret in it.
func printableName(name json.Text, scrub func(string) string) string {
	text := string(name.Append(nil))
	if len(text) > maxNameBytes {
		return "a name of " + strconv.Itoa(len(text)) + " bytes"
	}
	return `"` + oneLine(scrub(text), maxNameBytes) + `"`
}

func (d *pageDecoder) again(member uint32) bool {
	before := d.seen
	d.seen |= member
	return before&member != 0
}

func repeated(path string) *pageFault {
	return &pageFault{path: path, reason: "the member comes twice"}
}

// null consumes a null, which means the same as no member, and returns whether
// there was one.
func (d *pageDecoder) null() (bool, *pageFault) {
	kind, err := d.scanner.Peek()
	if err == nil && kind != json.Null {
		return false, nil
	}
	if err == nil {
		err = d.scanner.Null()
	}
	if err != nil {
		return false, d.fault(err)
	}
	return true, nil
}

// token reads the NextToken. The next request contains it exactly as it came:
// a replacement character in it would ask for another page. A token that no
// request may contain is a fault of this page, not of the next request.
func (d *pageDecoder) token() (*string, *pageFault) {
	text, ok, err := d.scanner.TextOrNull()
	if err != nil {
		return nil, d.fault(err)
	}
	if !ok {
		return nil, nil
	}
	if !text.Wellformed() {
		return nil, &pageFault{reason: "a string with invalid UTF-8 or a lone surrogate"}
	}
	token := build(text)
	if len(token) > maxTokenBytes {
		return nil, &pageFault{reason: "a string of " + strconv.Itoa(len(token)) + " bytes, more than the " + strconv.Itoa(maxTokenBytes) + " that a request may contain"}
	}
	return &token, nil
}

func build(text json.Text) string {
	var b strings.Builder
	b.Grow(text.Len())
	text.Build(&b)
	return b.String()
}

const (
	// The capacity of a list before its length is known: as many items as the
	// service puts into a page, or as fit into the rest of the body at the usual
	// size.
	usualItemBytes = 512
	usualPageItems = 50
	// An item takes more memory than "{}" takes in a body. This many items take
	// no more memory than a page of the largest size with usual items.
	maxPageItems = 1 << 16
)

// list reads the associations. It returns nil for null, and an empty list that
// is not nil for [].
func (d *pageDecoder) list() ([]DataIntegrationAssociationSummary, *pageFault) {
	if null, f := d.null(); null || f != nil {
		return nil, f
	}
	if err := d.scanner.EnterArray(); err != nil {
		return nil, d.fault(err)
	}
	items := []DataIntegrationAssociationSummary{}
	for {
		ok, err := d.scanner.NextElement()
		if err != nil {
			return nil, d.fault(err)
		}
		if !ok {
			return items, nil
		}
		if len(items) == maxPageItems {
			return nil, &pageFault{reason: "more than " + strconv.Itoa(maxPageItems) + " items"}
		}
		if len(items) == cap(items) {
			items = d.grow(items)
		}
		items = append(items, DataIntegrationAssociationSummary{})
		if f := d.item(&items[len(items)-1]); f != nil {
			return nil, f.in("[" + strconv.Itoa(len(items)-1) + "]")
		}
	}
}

// grow returns the list with a larger capacity: at first for as many items as
// the rest of the body is likely to contain, then for twice as many. append grows
// in smaller steps, and would leave five times the list behind.
func (d *pageDecoder) grow(items []DataIntegrationAssociationSummary) []DataIntegrationAssociationSummary {
	more := len(items)
	if more == 0 {
		more = min(1+(d.size-d.scanner.Offset())/usualItemBytes, usualPageItems)
	}
	return slices.Grow(items, more)
}
