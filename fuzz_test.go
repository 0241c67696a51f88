package appintegrations_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// FuzzIdentifier sends identifiers and tokens. What a server parses, with
// net/url and no code of this module, is what the caller gave, and the
// signature is the one of the specification; or nothing is sent.
func FuzzIdentifier(f *testing.F) {
	require.NotEmpty(f, wireIdentifiers)
	for _, id := range wireIdentifiers {
		f.Add(id, "")
		f.Add("example", id)
	}
	for _, id := range []string{"", " ", ".", "..", "a\r\nb", "\xff", "\u0085", "+", "a+b", "a%20b", ";", "\ufeff", "\u2028"} {
		f.Add(id, id)
	}
	f.Fuzz(func(t *testing.T, id, token string) {
		fake := appintegrationstest.New()
		defer fake.Close()
		fake.Put(id)
		var sent []*http.Request
		client := fake.Client(once, func(o *appintegrations.Options) {
			o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
				sent = append(sent, r)
				return fake.RoundTrip(r)
			})
		})
		_, err := client.ListDataIntegrationAssociations(t.Context(), &appintegrations.ListDataIntegrationAssociationsInput{
			DataIntegrationIdentifier: &id, NextToken: &token,
		})
		never := strings.TrimSpace(id) == "" || id == "." || id == ".." || !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl) || len(token) > 8<<10
		if never {
			var invalid smithy.InvalidParamsError
			require.ErrorAs(t, err, &invalid)
			require.Empty(t, sent)
			return
		}
		require.Len(t, sent, 1)
		seen := fake.Requests()[0]
		path := strings.Split(seen.Path, "/")
		require.Len(t, path, 4)
		got, err2 := url.PathUnescape(path[2])
		require.NoError(t, err2)
		require.Equal(t, id, got)
		query, err2 := url.ParseQuery(seen.RawQuery)
		require.NoError(t, err2)
		if token == "" {
			require.NoError(t, err)
			require.Empty(t, query)
			return
		}
		require.Equal(t, url.Values{"nextToken": {token}}, query)
		// The fake gave no such token; it says so after the signature verified.
		var refused *appintegrations.InvalidRequestException
		require.ErrorAs(t, err, &refused)
	})
}

// pageSeeds are whole pages; those of a file are in testdata.
func pageSeeds(tb testing.TB) (seeds [][]byte) {
	names, err := filepath.Glob("testdata/*.json")
	require.NoError(tb, err)
	for _, name := range names {
		body, err := os.ReadFile(name)
		require.NoError(tb, err)
		seeds = append(seeds, body)
	}
	for _, body := range []string{
		typicalPage(2), `{}`, ` { } `, `{"NextToken":""}`, `{"NextToken":null,"DataIntegrationAssociations":null}`, `{"DataIntegrationAssociations":[]}`,
		`{"DataIntegrationAssociations":[{}]}`, `{"DataIntegrationAssociations":[null]}`, `{"NextToken":"a","NextToken":"a"}`, `{"NextToken":1}`,
		`{"nexttoken":"x"}`, `{"NextToken":"\ud83d\ude00\u00e9\/"}`, `{"NextToken":"\ud800"}`, `{"Next\u0054oken":"x"}`, `{"code":"X"}`, `{"__type":""}`,
		`{"DataIntegrationAssociations":[{"ClientId":"\ud800","ClientId":"b"}]}`, `{"DataIntegrationAssociations":[{"LastExecutionStatus":{"StatusMessage":null}}]}`,
		`{"x":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`, `{"x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`,
		`{"x":-0.0e-1,"y":[true,false,null,"\u0000"]}`, `null`, `[]`, `"x"`, `123`, ``, ` `, `{}{}`, `{},`, `<html>`, `{"NextToken":"` + "\xff" + `"}`,
	} {
		seeds = append(seeds, []byte(body))
	}
	return seeds
}

// FuzzPageDecode answers with a 200. The result is the page that encoding/json
// reads, or an error; and no part of a page is a page.
func FuzzPageDecode(f *testing.F) {
	seeds := pageSeeds(f)
	require.Greater(f, len(seeds), 20)
	for _, body := range seeds {
		f.Add(body)
	}
	var body []byte
	client := anonymousStub(func(r *http.Request) *http.Response { return replied(r, 200, bytes.NewReader(body)) })
	f.Fuzz(func(t *testing.T, data []byte) {
		body = data
		got, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
		want, ok := readPage(data)
		if err != nil {
			checkText(t, err)
			if ok && !(want.NextToken != nil && strings.ContainsRune(*want.NextToken, utf8.RuneError)) {
				t.Fatalf("refused: %v", err)
			}
			return
		}
		if !ok {
			t.Fatalf("accepted as %+v", got)
		}
		require.Equal(t, want.NextToken, got.NextToken)
		require.Equal(t, want.DataIntegrationAssociations, got.DataIntegrationAssociations)
		whole := bytes.TrimRight(data, " \t\r\n")
		for n := 0; n < len(whole); n += 1 + len(whole)/100 {
			body = whole[:n]
			if _, err := client.ListDataIntegrationAssociations(t.Context(), input("example")); err == nil {
				t.Fatalf("the first %d of %d bytes are a page", n, len(whole))
			}
		}
	})
}

func anonymousStub(answer func(*http.Request) *http.Response) *appintegrations.Client {
	return appintegrations.New(appintegrations.Options{
		Region: "us-east-1", Credentials: aws.AnonymousCredentials{}, Retryer: aws.NopRetryer{},
		HTTPClient: doFunc(func(r *http.Request) (*http.Response, error) { return answer(r), nil }),
	})
}

// A jsonObject keeps the members in order, repeated ones too.
type jsonObject []struct {
	name  string
	value any
}

var errNesting = errors.New("nesting")

// readJSON reads one value with encoding/json, at most 32 levels deep.
func readJSON(d *json.Decoder, level int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if level == 32 {
		return nil, errNesting
	}
	var object jsonObject
	array := []any{}
	for d.More() {
		name := ""
		if delim == '{' {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			name = key.(string)
		}
		value, err := readJSON(d, level+1)
		if err != nil {
			return nil, err
		}
		if delim == '{' {
			object = append(object, struct {
				name  string
				value any
			}{name, value})
		} else {
			array = append(array, value)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if delim == '{' {
		return object, nil
	}
	return array, nil
}

// only refuses members that come twice and returns the others by name.
func (o jsonObject) only(names ...string) (map[string]any, bool) {
	members := map[string]any{}
	for _, m := range o {
		for _, name := range names {
			if m.name == name {
				if _, twice := members[name]; twice {
					return nil, false
				}
				members[name] = m.value
			}
		}
	}
	return members, true
}

// readPage is what the rules make of a body.
func readPage(data []byte) (page appintegrations.ListDataIntegrationAssociationsOutput, ok bool) {
	if !json.Valid(data) {
		return page, false
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	root, err := readJSON(d, 0)
	object, isObject := root.(jsonObject)
	if err != nil || !isObject {
		return page, false
	}
	if _, err := d.Token(); err != io.EOF {
		return page, false
	}
	members, ok := object.only("DataIntegrationAssociations", "NextToken")
	found := members["DataIntegrationAssociations"] != nil || members["NextToken"] != nil
	if !ok || !found && object.namesError() || len(members) == 0 && len(object) > 0 {
		return page, false
	}
	const maxToken = 8 << 10
	if page.NextToken, ok = text(members["NextToken"]); ok && page.NextToken != nil && len(*page.NextToken) > maxToken {
		return page, false
	}
	if !ok || members["DataIntegrationAssociations"] == nil {
		return page, ok
	}
	list, ok := members["DataIntegrationAssociations"].([]any)
	page.DataIntegrationAssociations = make([]appintegrations.DataIntegrationAssociationSummary, len(list))
	for i, v := range list {
		if !ok || v == nil || !into(v, &page.DataIntegrationAssociations[i]) {
			return page, false
		}
	}
	return page, ok
}

func (o jsonObject) namesError() bool {
	said := map[string]string{}
	for _, m := range o {
		if value, ok := m.value.(string); ok {
			for _, name := range []string{"code", "__type", "message"} {
				if strings.EqualFold(name, m.name) {
					said[name] = value
				}
			}
		}
	}
	return said["code"] != "" || said["__type"] != "" || said["message"] != ""
}

func text(v any) (*string, bool) {
	s, ok := v.(string)
	if !ok {
		return nil, v == nil
	}
	return &s, true
}
