package compat

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ours "github.com/seed-10600c52/appintegrations"
)

var pageSeeds = []string{
	onePage, `{}`, ` {"NextToken":"n","DataIntegrationAssociations":[]} `, `{"DataIntegrationAssociations":null,"NextToken":null}`,
	`{"DataIntegrationAssociations":[{},{"ClientId":""},{"ClientId":null,"DestinationURI":"u","DataIntegrationArn":"é\ud83d\ude00\/"}]}`,
	`{"DataIntegrationAssociations":[{"ExecutionConfiguration":{"ExecutionMode":"SCHEDULED","OnDemandConfiguration":{"StartTime":"1","EndTime":"2"},"ScheduleConfiguration":{"FirstExecutionFrom":"f","Object":"o","ScheduleExpression":"rate(1 hour)"}},"LastExecutionStatus":{"ExecutionStatus":"NEW","StatusMessage":"m"}}]}`,
	`{"DataIntegrationAssociations":[{"ExecutionConfiguration":{},"LastExecutionStatus":null}],"Z":[1e400,-0.5,true,false,null,{"a":[]}]}`,
	`{"\u004eextToken":"escaped name","nexttoken":"x","Z":1,"Z":2}`, `{"DataIntegrationAssociations":[{"ClientId":"a` + "\xff" + `\ud800b"}]}`,
	``, " \r\n\t", `null`, `null x`, `[]`, `"x"`, `123`, `<html>`, `{`, `{"NextToken":"a`, onePage[:40], "\xef\xbb\xbf{}", `{"a":01}`, `{"a":1,}`, "{\"a\":\"\n\"}",
	onePage + "x", onePage + onePage, `{}]`, `{"NextToken":"a","NextToken":"b"}`, `{"DataIntegrationAssociations":[],"DataIntegrationAssociations":null}`,
	`{"DataIntegrationAssociations":[{"ClientId":"a","Client\u0049d":"b"}]}`, `{"DataIntegrationAssociations":[{"LastExecutionStatus":{"StatusMessage":"a","StatusMessage":"b"}}]}`,
	`{"DataIntegrationAssociations":[null]}`, `{"DataIntegrationAssociations":[{},null]}`, `{"NextToken":1}`, `{"DataIntegrationAssociations":{}}`, `{"DataIntegrationAssociations":[[]]}`,
	`{"DataIntegrationAssociations":[{"ExecutionConfiguration":{"ExecutionMode":{}}}]}`, `{"NextToken":"a` + "\xff" + `"}`, `{"NextToken":"\ud800"}`, `{"NextToken":"\udc00\ud800\udc00"}`, `{"NextToken":"\ud83d\ude00"}`,
	deepBody, `{"X":` + strings.Repeat(`{"a":`, 31) + `1` + strings.Repeat("}", 31) + `}`, `{"X":"` + strings.Repeat("[", 40) + `\""}`,
	`{"X":[]}`, `{"nexttoken":"x","dataIntegrationAssociations":[]}`, `{"NextToken":"` + strings.Repeat("t", 8<<10) + `"}`, `{"NextToken":"` + strings.Repeat(`\u0074`, 8<<10+1) + `"}`,
	`{"__type":"a#ThrottlingException","message":"m"}`, `{"code":"X"}`, `{"code":""}`, `{"Code":"X","code":404}`, `{"code":"X","NextToken":null}`, `{"message":"m"}`,
}

// FuzzPage answers with any body and status 200. Both clients make the same of
// it, but where pageDifferences has a name.
func FuzzPage(f *testing.F) {
	require.Greater(f, len(pageSeeds), 40)
	for _, body := range pageSeeds {
		f.Add([]byte(body))
	}
	var now answer
	clients := fuzzed(&now)
	f.Fuzz(func(t *testing.T, body []byte) {
		now = reply(200, string(body))
		comparePage(t, pageDifferences(body), clients(t))
	})
}

// fuzzed makes a client of each peer, once, that makes one attempt at what *now
// answers.
func fuzzed(now *answer) func(*testing.T) [2]outcome {
	var clients [2]client
	recorders := [2]*recorder{{}, {}}
	for i, p := range peers {
		recorders[i].answer = script(func(n int, req *http.Request) (*http.Response, error) { return (*now)(n, req) })
		clients[i] = p.new(append(basics(recorders[i]), set("Retryer", aws.NopRetryer{}))...)
	}
	return func(t *testing.T) (outcomes [2]outcome) {
		for i, c := range clients {
			recorders[i].requests = nil
			page, err := c.list(t.Context(), anInput)
			outcomes[i] = outcome{sent: recorders[i].sent(), page: page, err: err}
		}
		return outcomes
	}
}

// comparePage holds what both made of a 200. Where differences have a name,
// ours is an error that says so, never a page.
func comparePage(t *testing.T, names []string, did [2]outcome) {
	t.Helper()
	if len(names) == 0 {
		assert.Equal(t, verdict(did[0]), verdict(did[1]))
		return
	}
	var malformed *ours.MalformedResponseError
	err := did[1].err
	require.Error(t, err, "%v", names)
	require.Regexp(t, `^1 requests: (undecoded 200|200 \w+Error|200 \w+Exception)`, verdict(did[1]), "%v", names)
	if slices.Contains(names, errorShaped) {
		return
	}
	require.ErrorAs(t, err, &malformed, "%v", names)
	assert.True(t, malformed.RetryableError())
	assert.Equal(t, "request-1", malformed.RequestID)
}

// pageDifferences are the names of the rows that bear upon a body with status
// 200. It reads the body as the official client does: the first document that
// is there.
func pageDifferences(body []byte) (names []string) {
	add := func(name string, holds bool) {
		if holds && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var document json.RawMessage
	decoder := json.NewDecoder(bytes.NewReader(body))
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return []string{noPage}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return []string{endsEarly}
	case err != nil:
		return nil // an error of both
	case string(document) == "null":
		return []string{noPage}
	case document[0] != '{':
		return nil
	}
	add(trailingBytes, len(bytes.TrimLeft(body[decoder.InputOffset():], " \t\r\n")) > 0)
	add(deepNesting, depth(document) > 32)
	add(largePage, len(body) > 8<<20)
	inPage := inspect(document, []string{"DataIntegrationAssociations", "NextToken"}, add)
	token, list := inPage["NextToken"], inPage["DataIntegrationAssociations"]
	members := 0
	eachMember(document, func(string, json.RawMessage) { members++ })
	add(foreignObject, members > 0 && len(inPage) == 0)
	add(badToken, kind(token) == '"' && !wellformed(token))
	var text string
	add(longPageToken, kind(token) == '"' && json.Unmarshal(token, &text) == nil && len(text) > 8<<10)
	if kind(list) == '[' {
		inspectItems(list, add)
	}
	nothing := func(value json.RawMessage) bool { return kind(value) == 0 || kind(value) == 'n' }
	add(errorShaped, nothing(list) && nothing(token) && namesError(document))
	return names
}

func inspectItems(list json.RawMessage, add func(string, bool)) {
	var items []json.RawMessage
	_ = json.Unmarshal(list, &items) // it was decoded once
	add(largePage, len(items) > 1<<16)
	for _, item := range items {
		add(nullItem, string(item) == "null")
		of := inspect(item, []string{"ClientId", "DataIntegrationArn", "DataIntegrationAssociationArn", "DestinationURI", "ExecutionConfiguration", "LastExecutionStatus"}, add)
		inspect(of["LastExecutionStatus"], []string{"ExecutionStatus", "StatusMessage"}, add)
		execution := inspect(of["ExecutionConfiguration"], []string{"ExecutionMode", "OnDemandConfiguration", "ScheduleConfiguration"}, add)
		inspect(execution["OnDemandConfiguration"], []string{"StartTime", "EndTime"}, add)
		inspect(execution["ScheduleConfiguration"], []string{"FirstExecutionFrom", "Object", "ScheduleExpression"}, add)
	}
}

// inspect returns the known members of an object, if it is one.
func inspect(object json.RawMessage, known []string, add func(string, bool)) map[string]json.RawMessage {
	found := map[string]json.RawMessage{}
	eachMember(object, func(name string, value json.RawMessage) {
		if slices.Contains(known, name) {
			_, again := found[name]
			add(memberTwice, again)
			found[name] = value
		}
	})
	return found
}

// eachMember calls f for the members of an object in their order.
func eachMember(object json.RawMessage, f func(name string, value json.RawMessage)) {
	if kind(object) != '{' {
		return
	}
	decoder := json.NewDecoder(bytes.NewReader(object))
	_, _ = decoder.Token() // each token was decoded once
	for decoder.More() {
		name, _ := decoder.Token()
		var value json.RawMessage
		_ = decoder.Decode(&value)
		f(name.(string), value)
	}
}

func kind(value json.RawMessage) byte {
	if len(value) == 0 {
		return 0
	}
	return value[0]
}

// namesError reports whether an object has the code or the message of an error.
func namesError(object json.RawMessage) bool {
	codes := map[string]string{}
	eachMember(object, func(name string, value json.RawMessage) {
		var code string
		if kind(value) == '"' && json.Unmarshal(value, &code) == nil {
			for _, known := range []string{"code", "__type", "message"} {
				if strings.EqualFold(name, known) {
					codes[known] = code
				}
			}
		}
	})
	return codes["code"] != "" || codes["__type"] != "" || codes["message"] != ""
}

// depth is how many objects and arrays are open at once.
func depth(document json.RawMessage) (most int) {
	open, inString := 0, false
	for i := 0; i < len(document); i++ {
		switch c := document[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			open++
			most = max(most, open)
		case c == '}' || c == ']':
			open--
		}
	}
	return most
}

// wellformed reports whether a string literal is one of Unicode: of valid UTF-8,
// each surrogate in a pair.
func wellformed(literal json.RawMessage) bool {
	high := false
	for i := 0; i < len(literal); i++ {
		var unit uint64
		size := 1
		if literal[i] == '\\' {
			size = 2
			if literal[i+1] == 'u' {
				unit, _ = strconv.ParseUint(string(literal[i+2:i+6]), 16, 16)
				size = 6
			}
		}
		isLow := 0xdc00 <= unit && unit <= 0xdfff
		if high != isLow {
			return false
		}
		high = 0xd800 <= unit && unit <= 0xdbff
		i += size - 1
	}
	return !high && utf8.Valid(literal)
}

// TestPageSeeds counts the rows that the seeds meet.
func TestPageSeeds(t *testing.T) {
	var now answer
	clients := fuzzed(&now)
	count := map[string]int{}
	for _, body := range pageSeeds {
		now = reply(200, body)
		names := pageDifferences([]byte(body))
		for _, name := range names {
			count[name]++
		}
		did := clients(t)
		comparePage(t, names, did)
		if did[0].err == nil && did[1].err == nil {
			id, ok := awsmiddleware.GetRequestIDMetadata(did[1].page.metadata)
			assert.True(t, ok)
			assert.Equal(t, "request-1", id)
		}
	}
	t.Logf("counted: %d bodies; differences: %v", len(pageSeeds), count)
}
