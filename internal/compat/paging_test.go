package compat

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	official "github.com/aws/aws-sdk-go-v2/service/appintegrations"
	officialtypes "github.com/aws/aws-sdk-go-v2/service/appintegrations/types"

	ours "github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/types"
)

// A mocked is what a mock returns once.
type mocked struct {
	items   []string // their ClientId
	token   *string
	err     error
	nothing bool // neither a page nor an error
}

// A mock answers a paginator as users' mocks do, and notes what it was asked.
type mock struct {
	answer func(n int) mocked
	calls  int
	asked  string // the last time: token, MaxResults, number of options
}

func (m *mock) next(in input, options int, appID string) mocked {
	limit := "nil"
	if in.max != nil {
		limit = strconv.Itoa(int(*in.max))
	}
	m.asked = fmt.Sprintf("%s %s %d%s: ", quoted(in.token), limit, options, appID)
	if id := quoted(in.id); id != `"an-integration"` {
		m.asked = id + " " + m.asked
	}
	m.calls++
	return m.answer(m.calls)
}

type officialMock struct{ *mock }

func (m officialMock) ListDataIntegrationAssociations(_ context.Context, in *official.ListDataIntegrationAssociationsInput, optFns ...func(*official.Options)) (*official.ListDataIntegrationAssociationsOutput, error) {
	var o official.Options
	for _, fn := range optFns {
		fn(&o)
	}
	give := m.next(input{id: in.DataIntegrationIdentifier, token: in.NextToken, max: in.MaxResults}, len(optFns), o.AppID)
	if give.err != nil || give.nothing {
		return nil, give.err
	}
	out := &official.ListDataIntegrationAssociationsOutput{NextToken: give.token}
	for _, id := range give.items {
		out.DataIntegrationAssociations = append(out.DataIntegrationAssociations, officialtypes.DataIntegrationAssociationSummary{ClientId: &id})
	}
	return out, nil
}

type ourMock struct{ *mock }

func (m ourMock) ListDataIntegrationAssociations(_ context.Context, in *ours.ListDataIntegrationAssociationsInput, optFns ...func(*ours.Options)) (*ours.ListDataIntegrationAssociationsOutput, error) {
	var o ours.Options
	for _, fn := range optFns {
		fn(&o)
	}
	give := m.next(input{id: in.DataIntegrationIdentifier, token: in.NextToken, max: in.MaxResults}, len(optFns), o.AppID)
	if give.err != nil || give.nothing {
		return nil, give.err
	}
	out := &ours.ListDataIntegrationAssociationsOutput{NextToken: give.token}
	for _, id := range give.items {
		out.DataIntegrationAssociations = append(out.DataIntegrationAssociations, types.DataIntegrationAssociationSummary{ClientId: &id})
	}
	return out, nil
}

// paginator returns a paginator of p over the mock. in nil: nil params.
func (m *mock) paginator(p peer, in *input, fns ...func(*paging)) paginator {
	if p.name == "official" {
		var params *official.ListDataIntegrationAssociationsInput
		if in != nil {
			params = officialInput(*in)
		}
		return officialPaginator{official.NewListDataIntegrationAssociationsPaginator(officialMock{m}, params, func(o *official.ListDataIntegrationAssociationsPaginatorOptions) {
			o.Limit, o.StopOnDuplicateToken = changed(o.Limit, o.StopOnDuplicateToken, fns)
		})}
	}
	var params *ours.ListDataIntegrationAssociationsInput
	if in != nil {
		params = ourInput(*in)
	}
	return ourPaginator{ours.NewListDataIntegrationAssociationsPaginator(ourMock{m}, params, func(o *ours.ListDataIntegrationAssociationsPaginatorOptions) {
		o.Limit, o.StopOnDuplicateToken = changed(o.Limit, o.StopOnDuplicateToken, fns)
	})}
}

// A pagination is a list that a paginator goes through, and what came of it.
type pagination struct {
	name    string
	in      func() *input // nil: of an-integration
	answer  func(n int) mocked
	options []func(*paging)
	onCall  []option
	between func(in *input) // changes the input after each page
	pages   int             // at most, errors counted; 0: 6

	official, ours, differs string // as of a fault
}

func (g *pagination) call(t *testing.T, p peer) string {
	in := &input{id: aws.String("an-integration")}
	if g.in != nil {
		in = g.in()
	}
	m := &mock{answer: g.answer}
	pages := m.paginator(p, in, g.options...)
	most := g.pages
	if most == 0 {
		most = 6
	}
	var did []string
	for range most {
		if !pages.HasMorePages() {
			break
		}
		did = append(did, g.step(t, m, pages))
		if g.between != nil {
			g.between(in)
		}
	}
	if pages.HasMorePages() {
		return runs(append(did, "and more"))
	}
	return runs(append(did, g.step(t, m, pages)))
}

// step asks for a page: what the mock is asked, and what comes of it.
func (g *pagination) step(t *testing.T, m *mock, pages paginator) (text string) {
	m.asked = ""
	defer func() {
		if v := recover(); v != nil {
			text = "panics"
		}
	}()
	page, err := pages.next(t.Context(), g.onCall...)
	var loop *ours.PaginationLoopError
	switch {
	case errors.As(err, &loop):
		return m.asked + fmt.Sprintf("loop %+v", *loop)
	case err != nil:
		return m.asked + err.Error()
	}
	return m.asked + fmt.Sprintf("%s next %s", shortItems(page.Items), quoted(page.NextToken))
}

// Both paginators do the same with a mock, but for the rows of differences.
func TestPaging(t *testing.T) {
	same, differ := 0, 0
	for _, g := range paginations {
		t.Run(g.name, func(t *testing.T) {
			var did [2]string
			for i, p := range peers {
				did[i] = g.call(t, p)
			}
			checkBoth(t, did, g.official, g.ours, g.differs)
		})
		if g.ours == "" {
			same++
		} else {
			differ++
		}
	}
	t.Logf("counted: %d paginations: %d with the same outcome, %d with an intended difference", same+differ, same, differ)
}

// A paginator over a client that meets a fault on a page goes on from there.
func TestPagingFaults(t *testing.T) {
	page := func(id, next string) answer {
		return reply(200, `{"DataIntegrationAssociations":[{"ClientId":"`+id+`"}],"NextToken":`+next+`}`)
	}
	rows := []struct {
		name                    string
		answers                 []answer
		official, ours, differs string
	}{
		{name: "error on the first page", answers: gives(coded(400, "InvalidRequestException"), page("a", `"t"`), page("b", "null")), official: ` 1 requests: 400 InvalidRequestException "said" client;  1 requests: page [{"ClientId":"a"}] next "t"; nextToken=t 1 requests: page [{"ClientId":"b"}] next nil`},
		{name: "error on the second page", answers: gives(page("a", `"t"`), coded(404, "ResourceNotFoundException"), page("b", `"u"`), page("c", "null")), official: ` 1 requests: page [{"ClientId":"a"}] next "t"; nextToken=t 1 requests: 404 ResourceNotFoundException "said" client; nextToken=t 1 requests: page [{"ClientId":"b"}] next "u"; nextToken=u 1 requests: page [{"ClientId":"c"}] next nil`},
		{name: "two errors", answers: gives(page("a", `"t"`), coded(503, "ServiceUnavailable"), coded(404, "ResourceNotFoundException"), page("b", `""`)), official: ` 1 requests: page [{"ClientId":"a"}] next "t"; nextToken=t 1 requests: 503 GenericAPIError ServiceUnavailable "said" unknown; nextToken=t 1 requests: 404 ResourceNotFoundException "said" client; nextToken=t 1 requests: page [{"ClientId":"b"}] next ""`},
		{name: "empty answer in the middle", answers: gives(page("a", `"t"`), reply(200, ``), page("b", "null")), official: ` 1 requests: page [{"ClientId":"a"}] next "t"; nextToken=t 1 requests: page null next nil`, ours: ` 1 requests: page [{"ClientId":"a"}] next "t"; nextToken=t 1 requests: undecoded 200; nextToken=t 1 requests: page [{"ClientId":"b"}] next nil`, differs: noPage},
		{name: "204 in the middle", answers: gives(page("a", `"t"`), reply(204, ``), page("b", "null")), official: ` 1 requests: page [{"ClientId":"a"}] next "t"; nextToken=t 1 requests: page null next nil`, ours: ` 1 requests: page [{"ClientId":"a"}] next "t"; nextToken=t 1 requests: undecoded 204; nextToken=t 1 requests: page [{"ClientId":"b"}] next nil`, differs: otherSuccess},
		{name: "throttle in the body of a 200", answers: gives(page("a", `"t"`), reply(200, `{"__type":"ThrottlingException"}`), page("b", "null")), official: ` 1 requests: page [{"ClientId":"a"}] next "t"; nextToken=t 1 requests: page null next nil`, ours: ` 1 requests: page [{"ClientId":"a"}] next "t"; nextToken=t 1 requests: 200 ThrottlingException "" client; nextToken=t 1 requests: page [{"ClientId":"b"}] next nil`, differs: errorShaped},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			var did [2]string
			for i, p := range peers {
				synctest.Test(t, func(t *testing.T) { did[i] = pagesOf(t, p, r.answers) })
			}
			checkBoth(t, did, r.official, r.ours, r.differs)
		})
	}
	t.Logf("counted: %d paginations over a client", len(rows))
}

// pagesOf tells what came of each page, with one attempt for each.
func pagesOf(t *testing.T, p peer, answers []answer) string {
	r := &recorder{answer: script(answers...)}
	pages := p.new(append(basics(r), set("Retryer", aws.NopRetryer{}))...).paginator(anInput)
	var did []string
	for pages.HasMorePages() && len(did) < 2*len(answers) {
		before := len(r.sent())
		page, err := pages.next(t.Context())
		did = append(did, r.sent()[before].URL.RawQuery+" "+verdict(outcome{sent: r.sent()[before:], page: page, err: err}))
	}
	return runs(did)
}
