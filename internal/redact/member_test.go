package redact

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMember(t *testing.T) {
	rows := []struct{ name, text, want string }{
		{"JSON", `{"NextToken":"abc","a":"b"}`, `{"NextToken":"REDACTED","a":"b"}`},
		{"with spaces", "{\"NextToken\" :\n\t\"abc\"}", "{\"NextToken\" :\n\t\"REDACTED\"}"},
		{"any case", `{"nexttoken":"abc","NEXTTOKEN":"d"}`, `{"nexttoken":"REDACTED","NEXTTOKEN":"REDACTED"}`},
		{"with a quotation mark", `{"NextToken":"a\"b\\","c":"d"}`, `{"NextToken":"REDACTED","c":"d"}`},
		{"JSON in JSON", `{\"NextToken\":\"a\\\"b\\\\\",\"c\":\"d\"}`, `{\"NextToken\":\"REDACTED\",\"c\":\"d\"}`},
		{"JSON in JSON in JSON", `{\\\"NextToken\\\":\\\"abc\\\",\\\"c\\\":1}`, `{\\\"NextToken\\\":\\\"REDACTED\\\",\\\"c\\\":1}`},
		{"cut off", `{"NextToken":"abc`, `{"NextToken":"REDACTED`},
		{"cut off in an escape", `{"NextToken":"abc\`, `{"NextToken":"REDACTED`},
		{"empty", `{"NextToken":""}`, `{"NextToken":""}`},
		{"null", `{"NextToken":null}`, `{"NextToken":null}`},
		{"query", "GET /x?nextToken=a%2Fb&maxResults=3 HTTP/1.1", "GET /x?nextToken=REDACTED&maxResults=3 HTTP/1.1"},
		{"query at the end of a line", "nextToken=abc\nhost:x", "nextToken=REDACTED\nhost:x"},
		{"query in JSON", `"nextToken=abc\n"`, `"nextToken=REDACTED\n"`},
		{"query in a query", "x=nextToken%3Dabc", "x=nextToken%3DREDACTED"},
		{"name with escapes", `{"\u004eext\u0054oke\u006E":"abc"}`, `{"\u004eext\u0054oke\u006E":"REDACTED"}`},
		{"name with escapes, in JSON", `{\"\\u004eextToken\":\"abc\"}`, `{\"\\u004eextToken\":\"REDACTED\"}`},
		{"half a name", `{"\u004`, `{"\u004`},
		{"half a name after a parameter", `a=b&NextT`, `a=b&NextT`},
		{"half a name after a value", `=b&NextT`, `=b&NextT`},
		{"half an escape", `a=b&NextTok\`, `a=b&NextTok\`},
		{"an escape of another letter", `{"\u014eextToken":"abc"}`, `{"\u014eextToken":"abc"}`},
		{"an escape of another letter after a parameter", `a=b&\u1234`, `a=b&\u1234`},
		{"an escape of another letter after a value", `=b&\u1234`, `=b&\u1234`},
		{"another name of the same length", `{"Nonsenses":"abc"}`, `{"Nonsenses":"abc"}`},
		{"another name after a parameter", `a=b&nope`, `a=b&nope`},
		{"another name after a value", `=b&nope`, `=b&nope`},
		{"no quotation marks", `NextToken:"abc"`, `NextToken:"abc"`},
		{"no colon", `["NextToken","abc"]`, `["NextToken","abc"]`},
		{"empty in a query", `nextToken=&a=b`, `nextToken=&a=b`},
		{"cut off in the sign", `x=nextToken%3`, `x=nextToken%3`},
		{"cut off before the quotation mark", `{\"NextToken\`, `{\"NextToken\`},
		{"no escape", `{"\u00zeextToken":"abc"}`, `{"\u00zeextToken":"abc"}`},
		{"JSON in JSON from its first byte", `\"NextToken\":\"abc\"`, `\"NextToken\":\"REDACTED\"`},
		{"query, twice", "nextToken=abc&nextToken=def", "nextToken=REDACTED&nextToken=REDACTED"},
		{"query, then a name with an escape", `nextToken=abc\u004eextToken=def`, `nextToken=REDACTED\u004eextToken=REDACTED`},
		{"prose", `the NextToken is "abc"`, `the NextToken is "abc"`},
		{"at the end", `the NextToken`, `the NextToken`},
		{"at the end of a name", `{"NextToken"`, `{"NextToken"`},
		{"at the end of a line of backslashes", `a\\`, `a\\`},
		{"another name", `{"NextTokens":"abc"}`, `{"NextTokens":"abc"}`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, row.want, Member(row.text, "NextToken"))
		})
	}
	assert.Equal(t, `{"\u0070age":"REDACTED"}`, Member(`{"\u0070age":"b"}`, "page"), "an escape that ends in 0")
	assert.Equal(t, `{"az":"REDACTED"}`, Member(`{"az":"b"}`, "AZ"), "case is ignored from A to Z")
}

// FuzzMember: the value of the member is not in the text, and what is around it
// is, at each depth of JSON and in a query.
func FuzzMember(f *testing.F) {
	for _, token := range []string{"abc", `a"b\`, `\\"`, "é€😀", "\n<>&", " "} {
		f.Add(token, "before", "after")
	}
	f.Fuzz(func(t *testing.T, token, before, after string) {
		if token == "" || strings.Contains(strings.ToLower(before+after+token), "nexttoken") {
			t.Skip()
		}
		text, want := any(map[string]string{"A": before, "NextToken": token, "Z": after}), any(map[string]string{"A": before, "NextToken": Mark, "Z": after})
		for depth := range 3 {
			a, err := json.Marshal(text)
			if err != nil {
				t.Fatal(err)
			}
			b, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			if got := Member(string(a), "nextToken"); got != string(b) {
				t.Errorf("depth %d: Member(%q) = %q; want %q", depth, a, got, b)
			}
			text, want = string(a), string(b)
		}
		query := fmt.Sprintf("a=%s&nextToken=%%s&z=%s", "1", url.QueryEscape(after))
		query = strings.Replace(query, "%s", url.QueryEscape(token), 1)
		if got, want := Member(query, "nextToken"), "a=1&nextToken="+Mark+"&z="+url.QueryEscape(after); got != want {
			t.Errorf("Member(%q) = %q; want %q", query, got, want)
		}
	})
}
