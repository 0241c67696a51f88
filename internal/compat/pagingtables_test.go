package compat

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// list gives its pages one after another, the last one for ever.
func list(pages ...mocked) func(int) mocked {
	return func(n int) mocked { return pages[min(n, len(pages))-1] }
}

// cycle gives its pages again and again.
func cycle(pages ...mocked) func(int) mocked {
	return func(n int) mocked { return pages[(n-1)%len(pages)] }
}

func to(token string, items ...string) mocked { return mocked{items: items, token: &token} }
func last(items ...string) mocked             { return mocked{items: items} }

func limit(n int32) func(*paging) { return func(o *paging) { o.Limit = n } }
func stopOnDuplicate(o *paging)   { o.StopOnDuplicateToken = true }

func given(token *string, most *int32) func() *input {
	return func() *input {
		in := &input{id: aws.String("an-integration"), token: token}
		if most != nil {
			in.max = aws.Int32(*most) // changed by one case
		}
		return in
	}
}

var stop = []func(*paging){stopOnDuplicate}

var paginations = []pagination{
	{name: "one page", answer: list(last("a")), official: `nil nil 1: [{"ClientId":"a"}] next nil; no more pages available`},
	{name: "two pages", answer: list(to("t", "a"), last("b")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next nil; no more pages available`},
	{name: "empty page in the middle", answer: list(to("t", "a"), to("u"), last("b")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: null next "u"; "u" nil 1: [{"ClientId":"b"}] next nil; no more pages available`},
	{name: "empty list", answer: list(last()), official: `nil nil 1: null next nil; no more pages available`},
	{name: "empty-string token", answer: list(to("t", "a"), to("", "b")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next ""; no more pages available`},
	{name: "constant token, 1 page", answer: list(to("t", "a"), last("z")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"z"}] next nil; no more pages available`},
	{name: "constant token, 2 pages", answer: list(to("t", "a"), to("t", "a"), last("z")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"z"}] next nil; no more pages available`},
	{name: "constant token, 3 pages", answer: list(to("t", "a"), to("t", "a"), to("t", "a"), last("z")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; 2 x "t" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"z"}] next nil; no more pages available`, ours: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: loop {Period:1 Pages:3}; loop {Period:1 Pages:3}`, differs: loop},
	{name: "constant token, 3 pages of other items", answer: list(to("t", "a"), to("t", "b"), to("t", "c"), last("z")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "t"; "t" nil 1: [{"ClientId":"c"}] next "t"; "t" nil 1: [{"ClientId":"z"}] next nil; no more pages available`},
	{name: "constant token for ever", answer: list(to("t", "a")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; 5 x "t" nil 1: [{"ClientId":"a"}] next "t"; and more`, ours: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: loop {Period:1 Pages:3}; loop {Period:1 Pages:3}`, differs: loop},
	{name: "constant token of empty pages for ever", answer: list(to("t")), official: `nil nil 1: null next "t"; 5 x "t" nil 1: null next "t"; and more`, ours: `nil nil 1: null next "t"; "t" nil 1: null next "t"; "t" nil 1: loop {Period:1 Pages:3}; loop {Period:1 Pages:3}`, differs: loop},
	{name: "constant token of other items for ever", pages: 1010, answer: func(n int) mocked { return to("t", strconv.Itoa(n)) }, official: `nil nil 1: [{"ClientId":"1"}] next "t"; "t" nil 1: [{"ClientId":"2"}] next "t"; 1006 more; "t" nil 1: [{"ClientId":"1009"}] next "t"; "t" nil 1: [{"ClientId":"1010"}] next "t"; and more`, ours: `nil nil 1: [{"ClientId":"1"}] next "t"; "t" nil 1: [{"ClientId":"2"}] next "t"; 997 more; "t" nil 1: [{"ClientId":"1000"}] next "t"; "t" nil 1: loop {Period:1 Pages:1001}; loop {Period:1 Pages:1001}`, differs: staleTokens},
	{name: "two tokens in turn, twice", answer: list(to("t", "a"), to("u", "b"), to("t", "a"), to("u", "b"), last("z")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"z"}] next nil; no more pages available`},
	{name: "two tokens in turn for ever", pages: 8, answer: cycle(to("t", "a"), to("u", "b")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; and more`, ours: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: loop {Period:2 Pages:6}; loop {Period:2 Pages:6}`, differs: loop},
	{name: "three tokens in turn for ever", pages: 12, answer: cycle(to("t", "a"), to("u", "b"), to("v", "c")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"c"}] next "v"; "v" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"c"}] next "v"; "v" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"c"}] next "v"; "v" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"c"}] next "v"; and more`, ours: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"c"}] next "v"; "v" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"c"}] next "v"; "v" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: loop {Period:3 Pages:9}; loop {Period:3 Pages:9}`, differs: loop},
	{name: "loop after a start", pages: 8, answer: func(n int) mocked {
		if n < 3 {
			return to("start"+strconv.Itoa(n), "a")
		}
		return to("t", "b")
	}, official: `nil nil 1: [{"ClientId":"a"}] next "start1"; "start1" nil 1: [{"ClientId":"a"}] next "start2"; "start2" nil 1: [{"ClientId":"b"}] next "t"; 5 x "t" nil 1: [{"ClientId":"b"}] next "t"; and more`, ours: `nil nil 1: [{"ClientId":"a"}] next "start1"; "start1" nil 1: [{"ClientId":"a"}] next "start2"; "start2" nil 1: [{"ClientId":"b"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "t"; "t" nil 1: loop {Period:1 Pages:5}; loop {Period:1 Pages:5}`, differs: loop},
	{name: "fresh tokens of empty pages for ever", pages: 1010, answer: func(n int) mocked { return to("t" + strconv.Itoa(n)) }, official: `nil nil 1: null next "t1"; "t1" nil 1: null next "t2"; 1006 more; "t1008" nil 1: null next "t1009"; "t1009" nil 1: null next "t1010"; and more`, ours: `nil nil 1: null next "t1"; "t1" nil 1: null next "t2"; 996 more; "t998" nil 1: null next "t999"; "t999" nil 1: loop {Period:0 Pages:1000}; loop {Period:0 Pages:1000}`, differs: emptyPages},
	{name: "stop, constant token", options: stop, answer: list(to("t", "a")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"a"}] next "t"; no more pages available`},
	{name: "stop, constant token of other items", options: stop, answer: list(to("t", "a"), to("t", "b"), last("z")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "t"; no more pages available`},
	{name: "stop, the token of the input", options: stop, in: given(aws.String("t"), nil), answer: list(to("t", "a"), last("z")), official: `"t" nil 1: [{"ClientId":"a"}] next "t"; no more pages available`},
	{name: "stop, no repeat", options: stop, answer: list(to("t", "a"), to("u", "b"), last("z")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"z"}] next nil; no more pages available`},
	{name: "stop, two tokens in turn for ever", options: stop, pages: 8, answer: cycle(to("t", "a"), to("u", "b")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; and more`, ours: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: loop {Period:2 Pages:6}; loop {Period:2 Pages:6}`, differs: loop},
	{name: "limit", options: []func(*paging){limit(7)}, answer: list(to("t", "a"), last("b")), official: `nil 7 1: [{"ClientId":"a"}] next "t"; "t" 7 1: [{"ClientId":"b"}] next nil; no more pages available`},
	{name: "limit 0", options: []func(*paging){limit(0)}, in: given(nil, aws.Int32(9)), answer: list(to("t", "a"), last("b")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next nil; no more pages available`},
	{name: "limit below 0", options: []func(*paging){limit(-1)}, in: given(nil, aws.Int32(9)), answer: list(last("a")), official: `nil nil 1: [{"ClientId":"a"}] next nil; no more pages available`},
	{name: "limit before MaxResults", options: []func(*paging){limit(3)}, in: given(nil, aws.Int32(9)), answer: list(last("a")), official: `nil 3 1: [{"ClientId":"a"}] next nil; no more pages available`},
	{name: "MaxResults", in: given(nil, aws.Int32(9)), answer: list(to("t", "a"), last("b")), official: `nil 9 1: [{"ClientId":"a"}] next "t"; "t" 9 1: [{"ClientId":"b"}] next nil; no more pages available`},
	{name: "MaxResults 0", in: given(nil, aws.Int32(0)), answer: list(last("a")), official: `nil nil 1: [{"ClientId":"a"}] next nil; no more pages available`},
	{name: "MaxResults below 0", in: given(nil, aws.Int32(-1)), answer: list(last("a")), official: `nil nil 1: [{"ClientId":"a"}] next nil; no more pages available`},
	{name: "token in the input", in: given(aws.String("start"), nil), answer: list(to("t", "a"), last("b")), official: `"start" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next nil; no more pages available`},
	{name: "empty token in the input", in: given(aws.String(""), nil), answer: list(to("t", "a"), last("b")), official: `"" nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next nil; no more pages available`},
	{name: "nil params", in: func() *input { return nil }, answer: list(to("t", "a"), last("b")), official: `nil nil nil 1: [{"ClientId":"a"}] next "t"; nil "t" nil 1: [{"ClientId":"b"}] next nil; no more pages available`},
	{name: "no identifier", in: func() *input { return &input{} }, answer: list(last("a")), official: `nil nil nil 1: [{"ClientId":"a"}] next nil; no more pages available`},
	{name: "error on the first page", answer: list(mocked{err: errOwn}, to("t", "a"), last("b")), official: `nil nil 1: of the user's; nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next nil; no more pages available`},
	{name: "errors on the second page", answer: list(to("t", "a"), mocked{err: errOwn}, mocked{err: errOwn}, to("u", "b"), last("c")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; 2 x "t" nil 1: of the user's; "t" nil 1: [{"ClientId":"b"}] next "u"; "u" nil 1: [{"ClientId":"c"}] next nil; no more pages available`},
	{name: "error on the last page", answer: list(to("t", "a"), mocked{err: errOwn}, last("b")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: of the user's; "t" nil 1: [{"ClientId":"b"}] next nil; no more pages available`},
	{name: "error for ever", answer: list(mocked{err: errOwn}), official: `6 x nil nil 1: of the user's; and more`},
	{name: "options for each page", onCall: []option{set("AppID", "pages"), set("Region", "eu-west-2")}, answer: list(to("t", "a"), last("b")), official: `nil nil 3pages: [{"ClientId":"a"}] next "t"; "t" nil 3pages: [{"ClientId":"b"}] next nil; no more pages available`},
	{name: "identifier changes", between: func(in *input) { *in.id = "another" }, answer: list(to("t", "a"), last("b")), official: `nil nil 1: [{"ClientId":"a"}] next "t"; "another" "t" nil 1: [{"ClientId":"b"}] next nil; no more pages available`, ours: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: [{"ClientId":"b"}] next nil; no more pages available`, differs: changedInput},
	{name: "MaxResults changes", in: given(nil, aws.Int32(9)), between: func(in *input) { *in.max = 5 }, answer: list(to("t", "a"), last("b")), official: `nil 9 1: [{"ClientId":"a"}] next "t"; "t" 9 1: [{"ClientId":"b"}] next nil; no more pages available`},
	{name: "neither page nor error", answer: list(to("t", "a"), mocked{nothing: true}), pages: 2, official: `nil nil 1: [{"ClientId":"a"}] next "t"; panics; and more`, ours: `nil nil 1: [{"ClientId":"a"}] next "t"; "t" nil 1: the client returned neither a page nor an error; and more`, differs: nothingMocked},
}
