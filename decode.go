package appintegrations

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-10600c52/appintegrations/internal/json"
)

// pageDecoder decodes one page. Nothing that it decodes points into the body.
type pageDecoder struct {
	scanner json.Scanner
	size    int    // of the body
	seen    uint32 // members of the page that came
	found   bool   // one of them is not null
	scratch []byte // the strings of an item, one after another

	unknown      int                        // members of the body that a page does not have
	unknownNames [maxUnknownNames]json.Text // of the first of them
}

// pageFault is where and why a body is no page.
type pageFault struct {
	path, reason string
	err          error // the cause, if it has a name
}

// in puts the fault inside a member or an element.
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

// decode reads the whole body: one object, with white space around it.
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

// foreign returns the fault of an object that has members, and none that a page
// has: another operation sent it, or a proxy. The last page of a list is {} at
// the least, so such an object must not end a list. For any other body, foreign
// returns nil. Call it after decode.
//
// The fault contains the first names, each redacted by scrub and escaped.
func (d *pageDecoder) foreign(scrub func(string) string) *pageFault {
	if d.seen != 0 || d.unknown == 0 {
		return nil
	}
	names := make([]string, min(d.unknown, maxUnknownNames))
	for i := range names {
		names[i] = shown(d.unknownNames[i], scrub)
	}
	reason := "an object without the members of a page, but with " + strings.Join(names, ", ")
	if more := d.unknown - len(names); more > 0 {
		reason += " and " + strconv.Itoa(more) + " more"
	}
	return &pageFault{reason: reason}
}

// shown returns a name for a text. A long name is not cut, since redaction does
// not find a part of a secret.
func shown(name json.Text, scrub func(string) string) string {
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

// null passes over a null, which stands for a member that is absent.
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
	if null, f := d.null(); null || f != nil {
		return nil, f
	}
	text, err := d.scanner.Text()
	if err != nil {
		return nil, d.fault(err)
	}
	if !text.Wellformed() {
		return nil, &pageFault{reason: "a string with invalid UTF-8 or a lone surrogate"}
	}
	token := string(text.Append(nil))
	if len(token) > maxTokenBytes {
		return nil, &pageFault{reason: "a string of " + strconv.Itoa(len(token)) + " bytes, more than the " + strconv.Itoa(maxTokenBytes) + " that a request may contain"}
	}
	return &token, nil
}

const (
	// Room for a list before its length is known: as many items as the service
	// puts into a page, or as the rest of the body can hold at the usual size.
	usualItemBytes = 512
	usualPageItems = 50
	// An item takes more memory than "{}" takes in a body: this many fit into
	// what a page of the usual kind and the largest size takes.
	maxPageItems = 1 << 16
)

// list reads the associations. A list that is there is not nil, though empty.
func (d *pageDecoder) list() ([]DataIntegrationAssociationSummary, *pageFault) {
	if null, f := d.null(); null || f != nil {
		return nil, f
	}
	if err := d.scanner.EnterArray(); err != nil {
		return nil, d.fault(err)
	}
	room := min(1+(d.size-d.scanner.Offset())/usualItemBytes, usualPageItems)
	items := make([]DataIntegrationAssociationSummary, 0, room)
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
		item, f := d.item()
		if f != nil {
			return nil, f.in("[" + strconv.Itoa(len(items)) + "]")
		}
		if len(items) == cap(items) {
			items = slices.Grow(items, len(items)) // append alone would leave five times the list behind
		}
		items = append(items, item)
	}
}

// The strings of an item.
const (
	clientID = iota
	dataIntegrationArn
	dataIntegrationAssociationArn
	destinationURI
	executionMode
	startTime
	endTime
	firstExecutionFrom
	object
	scheduleExpression
	executionStatus
	statusMessage
	itemStrings // their number

	// The objects of an item, in the same numbering.
	executionConfiguration = iota - 1
	onDemandConfiguration
	scheduleConfiguration
	lastExecutionStatus
)

// A member of a shape is a string, or an object with members of its own.
type member struct {
	name   string
	number int
	object []member // nil: a string
}

var itemMembers = []member{
	{"DataIntegrationAssociationArn", dataIntegrationAssociationArn, nil},
	{"DataIntegrationArn", dataIntegrationArn, nil},
	{"ClientId", clientID, nil},
	{"DestinationURI", destinationURI, nil},
	{"LastExecutionStatus", lastExecutionStatus, []member{
		{"ExecutionStatus", executionStatus, nil},
		{"StatusMessage", statusMessage, nil},
	}},
	{"ExecutionConfiguration", executionConfiguration, []member{
		{"ExecutionMode", executionMode, nil},
		{"OnDemandConfiguration", onDemandConfiguration, []member{
			{"StartTime", startTime, nil},
			{"EndTime", endTime, nil},
		}},
		{"ScheduleConfiguration", scheduleConfiguration, []member{
			{"FirstExecutionFrom", firstExecutionFrom, nil},
			{"Object", object, nil},
			{"ScheduleExpression", scheduleExpression, nil},
		}},
	}},
}

// An itemText is what the body says of one item: strings that still stand in
// the body, and which members came and which were not null.
type itemText struct {
	strings [itemStrings]json.Text
	seen    uint32
	present uint32
}

// item reads an element of the list. A null there would be an association that
// nobody can see.
func (d *pageDecoder) item() (item DataIntegrationAssociationSummary, f *pageFault) {
	var text itemText
	if f := d.object(itemMembers, &text); f != nil {
		return item, f
	}
	return d.build(&text), nil
}

func (d *pageDecoder) object(members []member, text *itemText) *pageFault {
	if err := d.scanner.EnterObject(); err != nil {
		return d.fault(err)
	}
	for {
		name, ok, err := d.scanner.NextMember()
		if err != nil {
			return d.fault(err)
		}
		if !ok {
			return nil
		}
		m := find(members, name)
		if m == nil {
			if err := d.scanner.Skip(); err != nil {
				return d.fault(err)
			}
			continue
		}
		if f := d.member(m, text); f != nil {
			return f.in(m.name)
		}
	}
}

func find(members []member, name json.Text) *member {
	for i := range members {
		if name.Is(members[i].name) {
			return &members[i]
		}
	}
	return nil
}

func (d *pageDecoder) member(m *member, text *itemText) *pageFault {
	bit := uint32(1) << m.number
	if text.seen&bit != 0 {
		return repeated("")
	}
	text.seen |= bit
	if null, f := d.null(); null || f != nil {
		return f
	}
	text.present |= bit
	if m.object != nil {
		return d.object(m.object, text)
	}
	value, err := d.scanner.Text()
	if err != nil {
		return d.fault(err)
	}
	text.strings[m.number] = value
	return nil
}

// itemMemory is all that the pointers of one item point to, so that an item
// costs one allocation for them and one for its strings.
type itemMemory struct {
	strings   [itemStrings]string
	execution ExecutionConfiguration
	onDemand  OnDemandConfiguration
	schedule  ScheduleConfiguration
	last      LastExecutionStatus
}

// build makes the item out of its text.
func (d *pageDecoder) build(text *itemText) (item DataIntegrationAssociationSummary) {
	if text.present == 0 {
		return item
	}
	mem := new(itemMemory)
	d.copyStrings(text, &mem.strings)
	has := func(number int) bool { return text.present&(1<<number) != 0 }
	str := func(number int) *string {
		if !has(number) {
			return nil
		}
		return &mem.strings[number]
	}
	item.ClientId = str(clientID)
	item.DataIntegrationArn = str(dataIntegrationArn)
	item.DataIntegrationAssociationArn = str(dataIntegrationAssociationArn)
	item.DestinationURI = str(destinationURI)
	if has(lastExecutionStatus) {
		item.LastExecutionStatus = &mem.last
		mem.last = LastExecutionStatus{ExecutionStatus: ExecutionStatus(mem.strings[executionStatus]), StatusMessage: str(statusMessage)}
	}
	if has(executionConfiguration) {
		item.ExecutionConfiguration = &mem.execution
		mem.execution.ExecutionMode = ExecutionMode(mem.strings[executionMode])
	}
	if has(onDemandConfiguration) {
		mem.execution.OnDemandConfiguration = &mem.onDemand
		mem.onDemand = OnDemandConfiguration{StartTime: str(startTime), EndTime: str(endTime)}
	}
	if has(scheduleConfiguration) {
		mem.execution.ScheduleConfiguration = &mem.schedule
		mem.schedule = ScheduleConfiguration{ScheduleExpression: str(scheduleExpression), FirstExecutionFrom: str(firstExecutionFrom), Object: str(object)}
	}
	return item
}

// copyStrings unescapes the strings into one allocation that they share.
func (d *pageDecoder) copyStrings(text *itemText, to *[itemStrings]string) {
	var ends [itemStrings]int
	d.scratch = d.scratch[:0]
	for i := range text.strings {
		d.scratch = text.strings[i].Append(d.scratch)
		ends[i] = len(d.scratch)
	}
	all, start := string(d.scratch), 0
	for i, end := range ends {
		to[i], start = all[start:end], end
	}
}
