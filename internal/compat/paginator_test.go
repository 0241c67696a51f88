package compat

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tokens answers page by page, each with its NextToken as JSON.
func tokens(next ...string) func(int, *http.Request) (*http.Response, error) {
	return func(n int, req *http.Request) (*http.Response, error) {
		if n > len(next) {
			return respond(200, onePage)(n, req)
		}
		return respond(200, `{"DataIntegrationAssociations":[{"ClientId":"`+string(rune('a'+n-1))+`"}],"NextToken":`+next[n-1]+`}`)(n, req)
	}
}

// A paginator sends the same requests and stops at the same page.
func TestPaginatorRequests(t *testing.T) {
	limit := func(n int32) func(*paging) { return func(o *paging) { o.Limit = n } }
	stop := func(o *paging) { o.StopOnDuplicateToken = true }
	rows := []struct {
		name    string
		input   input
		answers []string // the tokens
		options []func(*paging)
		onCall  []option
		want    int // pages
	}{
		{name: "one page", input: anInput, answers: []string{`null`}, want: 1},
		{name: "empty token ends", input: anInput, answers: []string{`"b"`, `""`}, want: 2},
		{name: "odd tokens", input: anInput, answers: []string{`"a+b/c=="`, `"é &?%"`, `"\u0000\n"`, `null`}, want: 4},
		{name: "limit", input: anInput, answers: []string{`"b"`, `null`}, options: []func(*paging){limit(7)}, want: 2},
		{name: "limit 0", input: anInput, answers: []string{`"b"`, `null`}, options: []func(*paging){limit(0)}, want: 2},
		{name: "limit below 0", input: anInput, answers: []string{`"b"`, `null`}, options: []func(*paging){limit(-3)}, want: 2},
		{name: "MaxResults is the limit", input: input{id: aws.String("i"), max: aws.Int32(9)}, answers: []string{`"b"`, `null`}, want: 2},
		{name: "MaxResults 0 is none", input: input{id: aws.String("i"), max: aws.Int32(0)}, answers: []string{`null`}, want: 1},
		{name: "limit goes before MaxResults", input: input{id: aws.String("i"), max: aws.Int32(9)}, answers: []string{`null`}, options: []func(*paging){limit(3)}, want: 1},
		{name: "starts at a token", input: input{id: aws.String("i"), token: aws.String("start")}, answers: []string{`"b"`, `null`}, want: 2},
		{name: "stops at a token that repeats", input: anInput, answers: []string{`"b"`, `"b"`, `null`}, options: []func(*paging){stop}, want: 2},
		{name: "goes on without that", input: anInput, answers: []string{`"b"`, `"b"`, `null`}, want: 3},
		{name: "stops at its first token", input: input{id: aws.String("i"), token: aws.String("b")}, answers: []string{`"b"`, `null`}, options: []func(*paging){stop}, want: 1},
		{name: "options for each page", input: anInput, answers: []string{`"b"`, `null`}, onCall: []option{set("Region", "eu-west-2"), set("AppID", "pages")}, want: 2},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			var outcomes [2]outcome
			var items [2][]string
			for i, p := range peers {
				synctest.Test(t, func(t *testing.T) {
					rec := &recorder{answer: tokens(r.answers...)}
					pages := p.new(basics(rec)...).paginator(r.input, r.options...)
					for pages.HasMorePages() {
						page, err := pages.next(t.Context(), r.onCall...)
						require.NoError(t, err)
						items[i] = append(items[i], page.Items)
					}
					_, err := pages.next(t.Context())
					require.ErrorContains(t, err, "no more pages available")
					outcomes[i] = outcome{sent: rec.sent()}
				})
			}
			assert.Len(t, items[0], r.want)
			assert.Equal(t, items[0], items[1])
			new(tally).equal(t, &scenario{}, outcomes[0], outcomes[1])
			for _, req := range outcomes[1].sent {
				assert.Contains(t, library(req), "m/", "marked as a paginator's")
			}
		})
	}
	t.Logf("counted: %d rows", len(rows))
}
