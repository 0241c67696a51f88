package compat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	official "github.com/aws/aws-sdk-go-v2/service/appintegrations"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ours "github.com/seed-10600c52/appintegrations"
)

// A hookCase is one use of the SDK's hooks, which both clients are put to.
type hookCase struct {
	group, name string
	do          func(*testing.T, peer) []string // what is seen, in lines
	shows       string                          // a part of what both show: the case came to pass
	sockets     bool                            // do needs sockets, so no bubble

	official, ours []string // the lines that only one of them shows
	reason         string   // of these differences
}

// hookCases are the cases of all files.
func hookCases() []hookCase {
	return slices.Concat(stackCases(), interceptorCases(), failingHookCases(), contextCases(), metadataCases(),
		spanCases(), optionCases(), removalCases(), mockCases(), routeCases(), edgeCases())
}

// With the hooks of the SDK both clients show the same, but for the differences
// that a case names. The table of the results is in the log.
func TestHooks(t *testing.T) {
	var table hookTable
	names := map[string]bool{}
	for _, c := range hookCases() {
		assert.False(t, names[c.group+c.name], "two cases %q of %q", c.name, c.group)
		names[c.group+c.name] = true
		table.add(c, t.Run(c.group+"/"+c.name, func(t *testing.T) { table.lines += c.compare(t) }))
	}
	t.Logf("counted: %d cases of hooks\n%s", len(names), table.String())
}

// compare returns the number of lines compared.
func (c *hookCase) compare(t *testing.T) int {
	seen := map[string][]string{}
	for _, p := range peers {
		if c.sockets {
			seen[p.name] = c.watch(t, p)
			continue
		}
		synctest.Test(t, func(t *testing.T) { seen[p.name] = c.watch(t, p) })
		require.Contains(t, strings.Join(seen[p.name], "\n"), c.shows, p.name)
	}
	onlyOfficial, onlyOurs := apart(seen["official"], seen["ours"])
	assert.Equal(t, c.official, onlyOfficial, "lines of the official client alone")
	assert.Equal(t, c.ours, onlyOurs, "lines of ours alone")
	assert.Equal(t, len(c.official)+len(c.ours) > 0, c.reason != "", "a difference has a reason")
	if t.Failed() {
		t.Logf("official:\n%s\nours:\n%s", strings.Join(seen["official"], "\n"), strings.Join(seen["ours"], "\n"))
	}
	return len(seen["official"])
}

func (c *hookCase) watch(t *testing.T, p peer) (lines []string) {
	defer func() {
		if v := recover(); v != nil {
			lines = append(lines, "panics")
		}
	}()
	return c.do(t, p)
}

// apart returns the lines that only a has and those that only b has, by the
// longest common subsequence.
func apart(a, b []string) (onlyA, onlyB []string) {
	common := make([][]int, len(a)+1) // of a[i:] and b[j:]
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			onlyA, i = append(onlyA, a[i]), i+1
		default:
			onlyB, j = append(onlyB, b[j]), j+1
		}
	}
	return append(onlyA, a[i:]...), append(onlyB, b[j:]...)
}

func TestApart(t *testing.T) {
	rows := []struct{ name, a, b, onlyA, onlyB string }{
		{"equal", "a b c", "a b c", "", ""},
		{"one more", "a c", "a b c", "", "b"},
		{"one less", "a b c", "a c", "b", ""},
		{"another", "a b c", "a d c", "b", "d"},
		{"moved", "a b c", "b c a", "a", "a"},
		{"nothing", "", "a", "", "a"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			onlyA, onlyB := apart(strings.Fields(r.a), strings.Fields(r.b))
			assert.Equal(t, r.onlyA, strings.Join(onlyA, " "))
			assert.Equal(t, r.onlyB, strings.Join(onlyB, " "))
		})
	}
}

// A hookTable counts cases by group.
type hookTable struct {
	groups      []string
	cases       map[string]int
	equal       map[string]int
	failed      map[string]int
	lines       int
	differences []string
}

func (h *hookTable) add(c hookCase, ok bool) {
	if h.cases == nil {
		h.cases, h.equal, h.failed = map[string]int{}, map[string]int{}, map[string]int{}
	}
	if h.cases[c.group]++; h.cases[c.group] == 1 {
		h.groups = append(h.groups, c.group)
	}
	switch {
	case !ok:
		h.failed[c.group]++
	case c.reason == "":
		h.equal[c.group]++
	default:
		h.differences = append(h.differences, fmt.Sprintf("%s, %s: official %s; ours %s; reason: %s",
			c.group, c.name, joined(c.official), joined(c.ours), c.reason))
	}
}

// shorter leaves out of the table what is the same in all of its lines.
var shorter = strings.NewReplacer("sends GET https://app-integrations.us-east-1.amazonaws.com/dataIntegrations/an-integration/associations", "sends",
	", AKIDEXAMPLE/20000101/us-east-1/app-integrations/aws4_request,amz-sdk-invocation-id;amz-sdk-request;host;x-amz-date", "", ", Amz-Sdk-Request:", "", "; max=3", "", ", agent CLIENT m/E", "",
	", scope "+officialPath, "", ", kind 0, status 0, ended true", "", ", described true", "",
	"rpc.method=ListDataIntegrationAssociations(string) rpc.service=AppIntegrations(string)", "", strings.TrimPrefix(aPage, "page: "), "")

// joined puts lines on one, without their indentation.
func joined(lines []string) string {
	if len(lines) == 0 {
		return "-"
	}
	var trimmed []string
	for _, line := range lines {
		trimmed = append(trimmed, strings.TrimSpace(shorter.Replace(line)))
	}
	return strings.Join(trimmed, " / ")
}

func (h *hookTable) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-24s %6s %6s %8s %7s\n", "group", "cases", "equal", "differ", "failed")
	for _, g := range h.groups {
		fmt.Fprintf(&b, "%-24s %6d %6d %8d %7d\n", g, h.cases[g], h.equal[g], h.cases[g]-h.equal[g]-h.failed[g], h.failed[g])
	}
	fmt.Fprintf(&b, "%d lines compared; %d cases differ as named:\n%s", h.lines, len(h.differences), strings.Join(h.differences, "\n"))
	return b.String()
}

// apiOption adds functions to APIOptions, as WithAPIOptions does.
func apiOption(fns ...func(*middleware.Stack) error) option {
	return either("APIOptions", official.WithAPIOptions(fns...), ours.WithAPIOptions(fns...))
}

// interceptors changes Interceptors.
func interceptors(change func(*smithyhttp.InterceptorRegistry)) option {
	return option{"Interceptors", func(o any) {
		change(field(o, "Interceptors").Addr().Interface().(*smithyhttp.InterceptorRegistry))
	}}
}

// retrySteadily makes both clients wait a second before each further attempt.
func retrySteadily() option { return set("Retryer", steadyRetryer()) }

// seenIn makes one call, and tells what it did.
func seenIn(t *testing.T, p peer, by answer, opts ...option) []string {
	t.Helper()
	return tell(run(t, p, by, append([]option{retrySteadily()}, opts...), nil))
}

// tell says what a call sent and what came of it.
func tell(o outcome) []string {
	var lines []string
	for _, req := range o.sent {
		lines = append(lines, describe(req))
	}
	if o.err != nil {
		return append(lines, "error: "+links(o.err))
	}
	return append(lines, "page: "+shortItems(o.page.Items)+" next "+quoted(o.page.NextToken))
}

// describe says what a request is, its signature and its time left out.
func describe(req *http.Request) string {
	text := fmt.Sprintf("sends %s %s", req.Method, req.URL)
	if host := hostOf(req); host != req.URL.Host {
		text += ", Host: " + host
	}
	if _, after, ok := strings.Cut(req.Header.Get("Authorization"), "Credential="); ok {
		scope, _, _ := strings.Cut(after, ", Signature=")
		text += ", " + strings.NewReplacer(" ", "", "SignedHeaders=", "").Replace(scope)
	} else {
		text += ", unsigned"
	}
	for _, name := range []string{"Accept-Encoding", "Amz-Sdk-Request", "X-Amz-Content-Sha256", "X-Own"} {
		if values := req.Header.Values(name); len(values) > 0 {
			text += ", " + name + ": " + strings.Join(values, "|")
		}
	}
	return text + ", agent " + agent(req)
}

var ofMachine = regexp.MustCompile(`(aws-sdk-go-v2|ua|os|lang|md)/\S*(/|#)?\S* `)

// agent is the User-Agent without what says where it runs.
func agent(req *http.Request) string {
	var words []string
	for word := range strings.FieldsSeq(library(req)) {
		if !ofMachine.MatchString(word+" ") || strings.Contains(word, "own") {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// attempt is the line of describe for an attempt of a call of which nothing is
// changed.
func attempt(n int) string {
	return fmt.Sprintf("sends GET https://app-integrations.us-east-1.amazonaws.com/dataIntegrations/an-integration/associations, "+
		"AKIDEXAMPLE/20000101/us-east-1/app-integrations/aws4_request,amz-sdk-invocation-id;amz-sdk-request;host;x-amz-date, Amz-Sdk-Request: attempt=%d; max=3, agent CLIENT m/E", n)
}

// aPage is the line of tell for a call that succeeds.
var aPage = `page: [{"ClientId":"c","DataIntegrationAssociationArn":"arn:aws:app-integrations:us-east-1:123456789012:data-integration-association/1"}] next nil`

// links lists what a user finds in an error: the exported types, from the
// outside to the inside, and the causes that errors.Is finds.
func links(err error) string {
	found := typesIn(err)
	for _, cause := range causes {
		if errors.Is(err, cause.err) {
			found = append(found, cause.name)
		}
	}
	return strings.Join(found, " > ")
}

func typesIn(err error) (found []string) {
	if err == nil {
		return nil
	}
	typed := reflect.TypeOf(err)
	for typed.Kind() == reflect.Pointer {
		typed = typed.Elem()
	}
	if name := typed.Name(); name != "" && strings.ToUpper(name[:1]) == name[:1] && name != "Errno" {
		// The exceptions of ours are those of its package types, by alias.
		name := strings.Replace(fmt.Sprintf("%T", err), "*types.", "*appintegrations.", 1)
		found = append(found, name+status(err))
	}
	switch wrapped := err.(type) {
	case interface{ Unwrap() error }:
		found = append(found, typesIn(wrapped.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, one := range wrapped.Unwrap() {
			found = append(found, typesIn(one)...)
		}
	}
	return found
}

func status(err error) string {
	if e, ok := err.(interface{ HTTPStatusCode() int }); ok {
		return fmt.Sprintf("(%d)", e.HTTPStatusCode())
	}
	return ""
}

// A retryableError is an error of the user's that is to be retried.
type retryableError struct{ error }

func (retryableError) RetryableError() bool { return true }
func (e retryableError) Unwrap() error      { return e.error }

type (
	finalizeFunc    = func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error)
	deserializeFunc = func(context.Context, middleware.DeserializeInput, middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error)
)

// finalize adds a step at an end of its phase.
func finalize(at middleware.RelativePosition, f finalizeFunc) option {
	return apiOption(func(stack *middleware.Stack) error {
		return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("own", f), at)
	})
}

// finalizeAt adds a step beside another one.
func finalizeAt(id string, at middleware.RelativePosition, f finalizeFunc) option {
	return apiOption(func(stack *middleware.Stack) error {
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("own", f), id, at)
	})
}

func deserialize(at middleware.RelativePosition, f deserializeFunc) option {
	return apiOption(func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("own", f), at)
	})
}

func deserializeAt(id string, at middleware.RelativePosition, f deserializeFunc) option {
	return apiOption(func(stack *middleware.Stack) error {
		return stack.Deserialize.Insert(middleware.DeserializeMiddlewareFunc("own", f), id, at)
	})
}

// changing is a step that changes the request and goes on.
func changing(change func(*smithyhttp.Request)) finalizeFunc {
	return func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		change(in.Request.(*smithyhttp.Request))
		return next.HandleFinalize(ctx, in)
	}
}

// after returns how long ago start is, in whole seconds.
func after(start time.Time) string { return fmt.Sprint(time.Since(start).Round(time.Second)) }
