package compat

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type errorSeed struct {
	status       int
	header, body string
}

var errorSeeds = []errorSeed{
	{429, "ThrottlingException", `{"message":"slow"}`}, {400, "ThrottlingException", `{"Message":"slow"}`}, {500, "InternalServiceError", `{}`}, {403, "AccessDeniedException", ``},
	{400, "InvalidRequestException", `{"message":null}`}, {404, "ResourceNotFoundException", `{"message":""}`}, {404, "resourcenotfoundexception", " \n"}, {400, "", `{"code":"InvalidRequestException","message":"m"}`},
	{400, "", `{"__type":"aws.app#InvalidRequestException","message":"m"}`}, {400, "a.b#AccessDeniedException:http://x/", `{"code":"Other"}`}, {400, "", `{"code":"B","__type":"C","MESSAGE":"m"}`}, {400, "", `{"CODE":"B","__TYPE":"C"}`},
	{403, "InvalidSignatureException", `{"message":"m"}x`}, {418, "Teapot", `null`}, {418, "Teapot", `{"message":"a","message":"b"}`}, {400, "", `{"code":null,"__type":"A"}`}, {400, "", `{"code":"","__type":"A"}`},
	{503, "ServiceUnavailable", `{"message":"` + "\xff" + `\ud800"}`}, {100, "X", `{}`}, {599, "X", `{"x":[1e999]}`},
	{400, "", ``}, {403, "", `{}`}, {500, "", `{"message":"m"}`}, {599, "", `null`}, {429, "", `{"message":"m"}`}, {101, "", ``},
	{503, "", `<html>`}, {404, "", `[1,2]`}, {400, "", `{"code":404}`}, {400, "A", `{"message":{}}`}, {400, "InvalidRequestException", `{"message":"a`}, {400, "A", `"x"`}, {400, "", `{"code":"A","code":1}`},
	{400, "#", `{}`}, {400, ":x", `{"code":"A"}`}, {400, "", `{"code":"#","__type":"A"}`}, {400, " A ", `{}`}, {400, "", `{"code":" AccessDeniedException"}`},
	{400, "Other", `{"message":"` + strings.Repeat("m", 513) + `"}`}, {400, strings.Repeat("c", 65), ``}, {400, "Other", `{"message":"a\nb"}`}, {400, "a\x1bb", ``}, {400, "a\xff", ``},
	{400, "InvalidRequestException", `{"message":"` + strings.Repeat("\\n", 600) + `"}`}, {400, "A", `{"message":"` + keys("").SecretAccessKey + `"}`}, {400, "A", `{"message":"` + keys("").SecretAccessKey[:8] + `"}`},
	{400, "A", `{"x":"` + strings.Repeat("x", 64<<10) + `"}`}, {400, "", `{"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `,"code":"A"}`},
	{400, "", `{"code":"a#b#InvalidRequestException"}`}, {400, "", `{"code":"a#b#"}`}, {400, "AccessDeniedException", `{"MESSAGE":"m"}`}, {400, "AccessDeniedException", `{"message":"a","Message":"b"}`},
	{301, "", ``}, {307, "ThrottlingException", `{}`}, {399, "A", `{"message":"m"}`}, {304, "", ``},
	{409, "ConflictException", `{"Message":"m"}`}, {409, "", `{"__type":"aws.app#conflictException"}`},
	{200, "", onePage}, {200, "", `{"code":"A"}`}, {200, "ThrottlingException", onePage}, {204, "", ``}, {206, "", onePage}, {299, "A", `{}`},
}

// FuzzError answers with any status, X-Amzn-Errortype and body. Both clients
// make the same of it, but where errorDifferences has a name.
func FuzzError(f *testing.F) {
	require.Greater(f, len(errorSeeds), 40)
	for _, s := range errorSeeds {
		f.Add(uint16(s.status-100), s.header, []byte(s.body))
	}
	var now answer
	clients := fuzzed(&now)
	f.Fuzz(func(t *testing.T, number uint16, header string, body []byte) {
		status := 100 + int(number)%500
		now = errorAnswer(status, header, body)
		compareError(t, status, header, body, clients(t))
	})
}

// TestErrorSeeds counts the rows that the seeds meet.
func TestErrorSeeds(t *testing.T) {
	var now answer
	clients := fuzzed(&now)
	count := map[string]int{}
	for _, s := range errorSeeds {
		now = errorAnswer(s.status, s.header, []byte(s.body))
		for _, name := range errorDifferences(s.status, s.header, []byte(s.body)) {
			count[name]++
		}
		compareError(t, s.status, s.header, []byte(s.body), clients(t))
	}
	t.Logf("counted: %d errors; differences: %v", len(errorSeeds), count)
}

func errorAnswer(status int, header string, body []byte) answer {
	if header == "" {
		return reply(status, string(body))
	}
	return reply(status, string(body), "X-Amzn-Errortype", header)
}

// compareError holds what both made of an answer. Where differences have a
// name, ours is an API error with the status and the request id.
func compareError(t *testing.T, status int, header string, body []byte, did [2]outcome) {
	t.Helper()
	names := errorDifferences(status, header, body)
	if status == 200 && header == "" {
		comparePage(t, names, did)
		return
	}
	if len(names) == 0 {
		require.Equal(t, verdict(did[0]), verdict(did[1]), "%d %q %q", status, header, body)
		return
	}
	var answered *awshttp.ResponseError
	require.ErrorAs(t, did[1].err, &answered, "%v", names)
	assert.Equal(t, status, answered.HTTPStatusCode())
	assert.Equal(t, "request-1", answered.RequestID)
	if !slices.Contains(names, otherSuccess) {
		var said smithy.APIError
		require.ErrorAs(t, did[1].err, &said, "%v", names)
		assert.NotEmpty(t, said.ErrorCode(), "%v", names)
	}
}

// errorDifferences are the names of the rows that bear upon an answer.
func errorDifferences(status int, header string, body []byte) (names []string) {
	add := func(name string, holds bool) {
		if holds {
			names = append(names, name)
		}
	}
	switch {
	case status == 200 && header == "":
		return pageDifferences(body)
	case status/100 == 2 && header == "":
		return []string{otherSuccess}
	case status/100 == 2:
		return []string{errorShaped}
	case status/100 == 3:
		return []string{redirect}
	}
	add(longError, len(body) > 64<<10)
	add(deepNesting, depth(body) > 32)
	said, err := readError(body)
	if err != nil {
		add(unreadableError, true)
		return names
	}
	code := header
	if code == "" {
		code = said.Code
	}
	if code == "" {
		code = said.Type
	}
	if code == "" {
		add(codeOfStatus, status != http.StatusTooManyRequests)
		add(bareThrottle, status == http.StatusTooManyRequests)
		return names
	}
	add(secretText, quotesSecret(said.Message))
	name := sanitized(code)
	if header == "" { // both clients strip a code of the body twice
		name = sanitized(name)
	}
	add(blankCode, name == "" || name != strings.TrimSpace(name))
	add(conflict, strings.EqualFold(name, "ConflictException"))
	if slices.ContainsFunc(exceptions, func(exception string) bool { return strings.EqualFold(exception, name) }) {
		add(messageSpelling, oddMessage(body))
	} else {
		add(boundedText, altered(name, 64) || altered(said.Message, 512))
	}
	return names
}

// quotesSecret reports whether a text has the secret key in it, or ends with at
// least the first 8 bytes of it, as one that is cut off does.
func quotesSecret(text string) bool {
	secret := keys("").SecretAccessKey
	for n := 8; n < len(secret); n++ {
		if strings.HasSuffix(text, secret[:n]) {
			return true
		}
	}
	return strings.Contains(text, secret)
}

// oddMessage reports whether a body has both spellings of the message that an
// exception is read from.
func oddMessage(body []byte) bool {
	var document json.RawMessage
	_ = json.NewDecoder(bytes.NewReader(body)).Decode(&document) // nil if it is empty
	seen := map[string]bool{}
	eachMember(document, func(name string, _ json.RawMessage) { seen[name] = true })
	return seen["message"] && seen["Message"]
}

var exceptions = []string{"AccessDeniedException", "InternalServiceError", "InvalidRequestException", "ResourceNotFoundException", "ThrottlingException"}

// said is what the official client reads of the body of an error.
type said struct {
	Code    string
	Type    string `json:"__type"`
	Message string
}

func readError(body []byte) (s said, err error) {
	err = json.NewDecoder(bytes.NewReader(body)).Decode(&s)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return s, err
}

// sanitized is a code without the namespace and the URI around it.
func sanitized(code string) string {
	code, _, _ = strings.Cut(code, ":")
	if _, name, ok := strings.Cut(code, "#"); ok {
		return name
	}
	return code
}

// altered reports whether a text is not kept as it is.
func altered(text string, limit int) bool {
	return len(text) > limit || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
