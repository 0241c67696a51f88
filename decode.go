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

// pageFault says where and why a body is not a page.
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

// The strings of an item.
const (
	clientID = iota
	dataIntegrationArn
	dataIntegrationAssociationArn
	destinationURI
	startTime
	endTime
	firstExecutionFrom
	object
	scheduleExpression
	statusMessage
	pointedStrings // the number of those that an item points to

	executionStatus = iota - 1
	executionMode
	itemStrings // the number of all

	// The objects of an item, in the same numbering.
	executionConfiguration = iota - 2
	onDemandConfiguration
	scheduleConfiguration
	lastExecutionStatus
	memberNumbers // of strings and objects
)

// A member of a shape is a string, or an object with members of its own.
type member struct {
	spelling string // as a page usually spells it: a comma, the name in quotes, a colon
	number   int
	object   []member // nil: a string
}

func (m *member) name() string { return m.spelling[len(`,"`) : len(m.spelling)-len(`":`)] }

var itemMembers = []member{
	{`,"DataIntegrationAssociationArn":`, dataIntegrationAssociationArn, nil},
	{`,"DataIntegrationArn":`, dataIntegrationArn, nil},
	{`,"ClientId":`, clientID, nil},
	{`,"DestinationURI":`, destinationURI, nil},
	{`,"LastExecutionStatus":`, lastExecutionStatus, []member{
		{`,"ExecutionStatus":`, executionStatus, nil},
		{`,"StatusMessage":`, statusMessage, nil},
	}},
	{`,"ExecutionConfiguration":`, executionConfiguration, []member{
		{`,"ExecutionMode":`, executionMode, nil},
		{`,"OnDemandConfiguration":`, onDemandConfiguration, []member{
			{`,"StartTime":`, startTime, nil},
			{`,"EndTime":`, endTime, nil},
		}},
		{`,"ScheduleConfiguration":`, scheduleConfiguration, []member{
			{`,"FirstExecutionFrom":`, firstExecutionFrom, nil},
			{`,"Object":`, object, nil},
			{`,"ScheduleExpression":`, scheduleExpression, nil},
		}},
	}},
}

// A memberOrder is the order in which the members came in the items before. A
// service writes them in the same order each time, so that the name of the next
// member need not be looked up.
type memberOrder struct {
	item  *member                // the first of the item
	first [memberNumbers]*member // of the object with this number
	after [memberNumbers]*member // the member with this number
}

// An itemText is one item as the body contains it. Its strings are not decoded
// yet.
type itemText struct {
	strings [itemStrings]json.Text
	seen    uint32 // the members that came: a bit for each number
	present uint32 // those that are not null
}

// item reads an element of the list into item, which is zero. A null element is
// a fault: it would be an association that nobody can see.
func (d *pageDecoder) item(item *DataIntegrationAssociationSummary) *pageFault {
	var text itemText
	if f := d.object(itemMembers, &d.order.item, &text); f != nil {
		return f
	}
	d.build(&text, item)
	return nil
}

// object reads an object of an item. *begin is its first member in the item
// before.
func (d *pageDecoder) object(members []member, begin **member, text *itemText) *pageFault {
	if err := d.scanner.EnterObject(); err != nil {
		return d.fault(err)
	}
	for next := begin; ; {
		m := *next
		if m == nil || !d.scanner.TryMember(m.spelling) {
			name, ok, err := d.scanner.NextMember()
			if err != nil {
				return d.fault(err)
			}
			if !ok {
				return nil
			}
			if m = find(members, name); m == nil {
				if err := d.scanner.Skip(); err != nil {
					return d.fault(err)
				}
				continue
			}
			*next = m
		}
		next = &d.order.after[m.number]
		if f := d.member(m, text); f != nil {
			return f.in(m.name())
		}
	}
}

func find(members []member, name json.Text) *member {
	for i := range members {
		if name.Is(members[i].name()) {
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
	if m.object != nil {
		if null, f := d.null(); null || f != nil {
			return f
		}
		text.present |= bit
		return d.object(m.object, &d.order.first[m.number], text)
	}
	value, ok, err := d.scanner.TextOrNull()
	if err != nil {
		return d.fault(err)
	}
	if ok {
		text.present |= bit
		text.strings[m.number] = value
	}
	return nil
}

// itemMemory is all that the pointers of one item point to. An item needs one
// allocation for it, and one for the bytes of its strings.
type itemMemory struct {
	strings   [pointedStrings]string
	execution ExecutionConfiguration
	onDemand  OnDemandConfiguration
	schedule  ScheduleConfiguration
	last      LastExecutionStatus
}

// build makes the item from its text.
func (d *pageDecoder) build(text *itemText, item *DataIntegrationAssociationSummary) {
	if text.present == 0 {
		return
	}
	mem := new(itemMemory)
	arn, shared := d.shared(text)
	mode, status := copyStrings(text, &mem.strings)
	if shared {
		mem.strings[dataIntegrationArn] = arn
	}
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
		mem.last = LastExecutionStatus{ExecutionStatus: ExecutionStatus(status), StatusMessage: str(statusMessage)}
	}
	if has(executionConfiguration) {
		item.ExecutionConfiguration = &mem.execution
		mem.execution.ExecutionMode = ExecutionMode(mode)
	}
	if has(onDemandConfiguration) {
		mem.execution.OnDemandConfiguration = &mem.onDemand
		mem.onDemand = OnDemandConfiguration{StartTime: str(startTime), EndTime: str(endTime)}
	}
	if has(scheduleConfiguration) {
		mem.execution.ScheduleConfiguration = &mem.schedule
		mem.schedule = ScheduleConfiguration{ScheduleExpression: str(scheduleExpression), FirstExecutionFrom: str(firstExecutionFrom), Object: str(object)}
	}
}

// shared removes the ARN of the data integration from the text of an item, and
// returns it, if the item before has the same. All items that follow one another
// with the same ARN, but for the first, share one copy of its bytes; a copy of
// its own does not keep the strings of the first item in memory.
func (d *pageDecoder) shared(text *itemText) (arn string, ok bool) {
	now := text.strings[dataIntegrationArn]
	if now.Len() == 0 || !now.Same(d.lastArn) {
		d.lastArn, d.arn = now, ""
		return "", false
	}
	if d.arn == "" {
		d.arn = build(now)
	}
	text.strings[dataIntegrationArn] = json.Text{}
	return d.arn, true
}

// copyStrings decodes the strings into one allocation that they share.
func copyStrings(text *itemText, to *[pointedStrings]string) (mode, status string) {
	size := 0
	for i := range text.strings {
		size += text.strings[i].Len()
	}
	var b strings.Builder
	b.Grow(size)
	var ends [itemStrings]int
	for i := range text.strings {
		text.strings[i].Build(&b)
		ends[i] = b.Len()
	}
	all, start := b.String(), 0
	for i := range to {
		to[i], start = all[start:ends[i]], ends[i]
	}
	return all[ends[executionMode-1]:ends[executionMode]], all[ends[executionStatus-1]:ends[executionStatus]]
}
