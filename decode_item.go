package appintegrations

import (
	"strings"

	"github.com/seed-10600c52/appintegrations/internal/json"
)

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
// before. As long as that is not known, the members are expected in the order in
// which the service documents them.
func (d *pageDecoder) object(members []member, begin **member, text *itemText) *pageFault {
	if err := d.scanner.EnterObject(); err != nil {
		return d.fault(err)
	}
	next := begin
	for i := 0; ; i++ {
		m := *next
		if m == nil && i < len(members) {
			m = &members[i]
		}
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
		}
		*next = m
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
