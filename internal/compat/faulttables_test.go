package compat

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// gives is what a fault is answered, the last one for ever.
func gives(answers ...answer) []answer { return answers }

const shortPage = `{"DataIntegrationAssociations":[{"ClientId":"c"}]}`

var page200 = reply(200, shortPage)

var pageFaults = []fault{
	{name: "page", answers: gives(page200), official: `1 requests: page [{"ClientId":"c"}] next nil`},
	{name: "empty page", answers: gives(reply(200, `{}`)), official: `1 requests: page null next nil`},
	{name: "null list", answers: gives(reply(200, `{"DataIntegrationAssociations":null,"NextToken":null}`)), official: `1 requests: page null next nil`},
	{name: "unknown members in any order", answers: gives(reply(200, ` {"nexttoken":"x","Z":[{"a":1e400}],"NextToken":"n","DataIntegrationAssociations":[{"Z":0,"ExecutionConfiguration":{"ExecutionMode":"NEW"}},{}]} `)), official: `1 requests: page [{"ExecutionConfiguration":{"ExecutionMode":"NEW"}},{}] next "n"`},
	{name: "no request id", answers: gives(reply(200, shortPage, "X-Amzn-Requestid", "")), official: `1 requests: page [{"ClientId":"c"}] next nil id ""`},
	{name: "the other request id", answers: gives(reply(200, shortPage, "X-Amzn-Requestid", "", "X-Amz-Requestid", "request-2")), official: `1 requests: page [{"ClientId":"c"}] next nil id "request-2"`},
	{name: "bad text in a value", answers: gives(reply(200, `{"DataIntegrationAssociations":[{"ClientId":"a`+"\xff"+`\ud800b"}]}`)), official: "1 requests: page [{\"ClientId\":\"a��b\"}] next nil"},
	{name: "empty", answers: gives(reply(200, ``)), official: `1 requests: page null next nil`, ours: `3 requests: max(3) undecoded 200`, differs: noPage},
	{name: "empty once", answers: gives(reply(200, ``), page200), official: `1 requests: page null next nil`, ours: `2 requests: page [{"ClientId":"c"}] next nil`, differs: noPage},
	{name: "white space", answers: gives(reply(200, " \r\n\t")), official: `1 requests: page null next nil`, ours: `3 requests: max(3) undecoded 200`, differs: noPage},
	{name: "null", answers: gives(reply(200, `null`)), official: `1 requests: page null next nil`, ours: `3 requests: max(3) undecoded 200`, differs: noPage},
	{name: "204", answers: gives(reply(204, ``)), official: `1 requests: page null next nil`, ours: `3 requests: max(3) undecoded 204`, differs: otherSuccess},
	{name: "202 with a page", answers: gives(reply(202, shortPage)), official: `1 requests: page [{"ClientId":"c"}] next nil`, ours: `3 requests: max(3) undecoded 202`, differs: otherSuccess},
	{name: "206 with a page", answers: gives(reply(206, shortPage)), official: `1 requests: page [{"ClientId":"c"}] next nil`, ours: `3 requests: max(3) undecoded 206`, differs: otherSuccess},
	{name: "206 once", answers: gives(reply(206, shortPage), page200), official: `1 requests: page [{"ClientId":"c"}] next nil`, ours: `2 requests: page [{"ClientId":"c"}] next nil`, differs: otherSuccess},
	{name: "error in the header", answers: gives(reply(200, shortPage, "X-Amzn-Errortype", "ThrottlingException")), official: `1 requests: page [{"ClientId":"c"}] next nil`, ours: `3 requests: max(3) 200 ThrottlingException "" client`, differs: errorShaped},
	{name: "error in the body", answers: gives(reply(200, `{"__type":"a#InternalServiceError","message":"m"}`), page200), official: `1 requests: page null next nil`, ours: `2 requests: page [{"ClientId":"c"}] next nil`, differs: errorShaped},
	{name: "error of a proxy", answers: gives(reply(200, `{"error":"upstream unavailable","code":429}`)), official: `1 requests: page null next nil`, ours: `3 requests: max(3) undecoded 200`, differs: foreignObject},
	{name: "envelope, once", answers: gives(reply(200, `{"Output":{"__type":"a#InternalFailure"},"Version":"1.0"}`), page200), official: `1 requests: page null next nil`, ours: `2 requests: page [{"ClientId":"c"}] next nil`, differs: foreignObject},
	{name: "page in camel case", answers: gives(reply(200, `{"dataIntegrationAssociations":[{"clientId":"c"}],"nextToken":"n"}`)), official: `1 requests: page null next nil`, ours: `3 requests: max(3) undecoded 200`, differs: foreignObject},
	{name: "HTML", answers: gives(reply(200, `<html>`)), official: `1 requests: undecoded 200`, ours: `3 requests: max(3) undecoded 200`, differs: mangledPage},
	{name: "HTML once", answers: gives(reply(200, `<html>`), page200), official: `1 requests: undecoded 200`, ours: `2 requests: page [{"ClientId":"c"}] next nil`, differs: mangledPage},
	{name: "array", answers: gives(reply(200, `[]`)), official: `1 requests: undecoded 200`, ours: `3 requests: max(3) undecoded 200`, differs: mangledPage},
	{name: "string", answers: gives(reply(200, `"x"`)), official: `1 requests: undecoded 200`, ours: `3 requests: max(3) undecoded 200`, differs: mangledPage},
	{name: "number", answers: gives(reply(200, `123`)), official: `1 requests: undecoded 200`, ours: `3 requests: max(3) undecoded 200`, differs: mangledPage},
	{name: "cut in the JSON", answers: gives(reply(200, shortPage[:40]), page200), official: `1 requests: undecoded 200 io.ErrUnexpectedEOF`, ours: `2 requests: page [{"ClientId":"c"}] next nil`, differs: mangledPage},
	{name: "wrong type", answers: gives(reply(200, `{"NextToken":1}`)), official: `1 requests: undecoded 200`, ours: `3 requests: max(3) undecoded 200`, differs: mangledPage},
	{name: "wrong type in an item", answers: gives(reply(200, `{"DataIntegrationAssociations":[{"ExecutionConfiguration":[]}]}`)), official: `1 requests: undecoded 200`, ours: `3 requests: max(3) undecoded 200`, differs: mangledPage},
	{name: "trailing bytes", answers: gives(reply(200, shortPage+"x")), official: `1 requests: page [{"ClientId":"c"}] next nil`, ours: `3 requests: max(3) undecoded 200`, differs: trailingBytes},
	{name: "second document", answers: gives(reply(200, shortPage+shortPage), page200), official: `1 requests: page [{"ClientId":"c"}] next nil`, ours: `2 requests: page [{"ClientId":"c"}] next nil`, differs: trailingBytes},
	{name: "token twice", answers: gives(reply(200, `{"NextToken":"a","NextToken":"b"}`)), official: `1 requests: page null next "b"`, ours: `3 requests: max(3) undecoded 200`, differs: memberTwice},
	{name: "list twice", answers: gives(reply(200, `{"DataIntegrationAssociations":[{}],"DataIntegrationAssociations":[]}`)), official: `1 requests: page [] next nil`, ours: `3 requests: max(3) undecoded 200`, differs: memberTwice},
	{name: "field twice", answers: gives(reply(200, `{"DataIntegrationAssociations":[{"ClientId":"a","ClientId":"b"}]}`)), official: `1 requests: page [{"ClientId":"b"}] next nil`, ours: `3 requests: max(3) undecoded 200`, differs: memberTwice},
	{name: "null in the list", answers: gives(reply(200, `{"DataIntegrationAssociations":[{"ClientId":"a"},null]}`)), official: `1 requests: page [{"ClientId":"a"},{}] next nil`, ours: `3 requests: max(3) undecoded 200`, differs: nullItem},
	{name: "token with bad UTF-8", answers: gives(reply(200, `{"NextToken":"a`+"\xff"+`"}`)), official: "1 requests: page null next \"a�\"", ours: `3 requests: max(3) undecoded 200`, differs: badToken},
	{name: "token with a lone surrogate", answers: gives(reply(200, `{"NextToken":"\ud800"}`)), official: "1 requests: page null next \"�\"", ours: `3 requests: max(3) undecoded 200`, differs: badToken},
	{name: "32 levels", answers: gives(reply(200, strings.NewReplacer("[[", "[", "]]", "]").Replace(deepBody))), official: `1 requests: page null next "n"`},
	{name: "33 levels", answers: gives(reply(200, deepBody)), official: `1 requests: page null next "n"`, ours: `3 requests: max(3) undecoded 200`, differs: deepNesting},
	{name: "65,536 items", answers: gives(reply(200, items(1<<16))), change: []option{set("Retryer", aws.NopRetryer{})}, official: `1 requests: page 10485761 bytes 28385314cd0392f0ed4018981aa0d17d67d67145670acd5b46056afab16354a5 next nil`},
	{name: "65,537 items", answers: gives(reply(200, items(1<<16+1))), change: []option{set("Retryer", aws.NopRetryer{})}, official: `1 requests: page 10485921 bytes 0601c9e7b71b8a8ec8b3aa16aab1608a594c0e04813068a9e4b4b7f5604d4647 next nil`, ours: `1 requests: undecoded 200`, differs: largePage},
	{name: "over 8 MiB", answers: gives(reply(200, `{"X":"`+strings.Repeat("x", 8<<20)+`"}`)), change: []option{set("Retryer", aws.NopRetryer{})}, official: `1 requests: page null next nil`, ours: `1 requests: undecoded 200`, differs: largePage},
	{name: "body cut by the transport", answers: gives(cutOff(reply(200, shortPage[:40])), page200), official: `1 requests: undecoded 200 io.ErrUnexpectedEOF`, ours: `2 requests: page [{"ClientId":"c"}] next nil`, differs: cutPage},
	{name: "whole body cut by the transport", answers: gives(cutOff(page200), page200), official: `1 requests: page [{"ClientId":"c"}] next nil`, ours: `2 requests: page [{"ClientId":"c"}] next nil`, differs: cutPage},
	{name: "cut for ever", answers: gives(cutOff(reply(200, shortPage[:40]))), official: `1 requests: undecoded 200 io.ErrUnexpectedEOF`, ours: `3 requests: max(3) undecoded 200 io.ErrUnexpectedEOF`, differs: cutPage},
}

func items(n int) string {
	return `{"DataIntegrationAssociations":[` + strings.TrimSuffix(strings.Repeat(`{},`, n), ",") + `]}`
}

var errorFaults = []fault{
	{name: "ThrottlingException", answers: gives(coded(429, "ThrottlingException")), official: `3 requests: max(3) 429 ThrottlingException "said" client`},
	{name: "ThrottlingException twice", answers: gives(coded(429, "ThrottlingException"), coded(400, "ThrottlingException"), page200), official: `3 requests: page [{"ClientId":"c"}] next nil`},
	{name: "InternalServiceError", answers: gives(coded(500, "InternalServiceError")), official: `3 requests: max(3) 500 InternalServiceError "said" server`},
	{name: "InternalServiceError with another status", answers: gives(coded(400, "InternalServiceError")), official: `1 requests: 400 InternalServiceError "said" server`},
	{name: "AccessDeniedException", answers: gives(coded(403, "AccessDeniedException")), official: `1 requests: 403 AccessDeniedException "said" client`},
	{name: "InvalidRequestException", answers: gives(coded(400, "InvalidRequestException")), official: `1 requests: 400 InvalidRequestException "said" client`},
	{name: "ResourceNotFoundException", answers: gives(coded(404, "ResourceNotFoundException")), official: `1 requests: 404 ResourceNotFoundException "said" client`},
	{name: "in another case", answers: gives(coded(404, "resourcenotfoundexception")), official: `1 requests: 404 ResourceNotFoundException "said" client`},
	{name: "namespace and URI", answers: gives(reply(400, `{}`, "X-Amzn-Errortype", "com.amazonaws#InvalidRequestException:http://x/")), official: `1 requests: 400 InvalidRequestException "" client`},
	{name: "code in the body", answers: gives(reply(400, `{"code":"aws#InvalidRequestException:http://x/","Message":"m"}`)), official: `1 requests: 400 InvalidRequestException "m" client`},
	{name: "type in the body", answers: gives(reply(404, `{"__type":"a#ResourceNotFoundException","message":"m"}`)), official: `1 requests: 404 ResourceNotFoundException "m" client`},
	{name: "header before code before type", answers: gives(reply(400, `{"__type":"C","code":"B"}`, "X-Amzn-Errortype", "A")), official: `1 requests: 400 GenericAPIError A "UnknownError" unknown`},
	{name: "code before type", answers: gives(reply(400, `{"__type":"C","code":"B"}`)), official: `1 requests: 400 GenericAPIError B "UnknownError" unknown`},
	{name: "unknown code", answers: gives(coded(418, "TeapotException")), official: `1 requests: 418 GenericAPIError TeapotException "said" unknown`},
	{name: "conflict", answers: gives(coded(409, "ConflictException")), official: `1 requests: 409 GenericAPIError ConflictException "said" unknown`, ours: `1 requests: 409 GenericAPIError ConflictException "said" client`, differs: conflict},
	{name: "no message", answers: gives(reply(400, ``, "X-Amzn-Errortype", "InvalidRequestException")), official: `1 requests: 400 InvalidRequestException "" client`},
	{name: "null body", answers: gives(reply(400, `null`, "X-Amzn-Errortype", "OtherException")), official: `1 requests: 400 GenericAPIError OtherException "UnknownError" unknown`},
	{name: "request timeout code", answers: gives(coded(400, "RequestTimeout"), coded(400, "RequestTimeoutException"), page200), official: `3 requests: page [{"ClientId":"c"}] next nil`},
	{name: "signature", answers: gives(coded(403, "InvalidSignatureException")), official: `1 requests: 403 GenericAPIError InvalidSignatureException "said" unknown`},
	{name: "no request id", answers: gives(reply(400, `{"message":"m"}`, "X-Amzn-Requestid", "", "X-Amzn-Errortype", "A")), official: `1 requests: 400 id "" GenericAPIError A "m" unknown`},
	{name: "mended by the third", answers: gives(coded(503, "ServiceUnavailable"), coded(500, "InternalServiceError"), page200), official: `3 requests: page [{"ClientId":"c"}] next nil`},
	{name: "500 then 400", answers: gives(coded(500, "InternalServiceError"), coded(400, "InvalidRequestException")), official: `2 requests: 400 InvalidRequestException "said" client`},
	{name: "bare 400", answers: gives(reply(400, ``)), official: `1 requests: 400 GenericAPIError UnknownError "UnknownError" unknown`, ours: `1 requests: 400 GenericAPIError BadRequest "UnknownError" unknown`, differs: codeOfStatus},
	{name: "bare 403", answers: gives(reply(403, `{}`)), official: `1 requests: 403 GenericAPIError UnknownError "UnknownError" unknown`, ours: `1 requests: 403 GenericAPIError Forbidden "UnknownError" unknown`, differs: codeOfStatus},
	{name: "bare 404", answers: gives(reply(404, ``)), official: `1 requests: 404 GenericAPIError UnknownError "UnknownError" unknown`, ours: `1 requests: 404 GenericAPIError NotFound "UnknownError" unknown`, differs: codeOfStatus},
	{name: "bare 404 of HTML", answers: gives(reply(404, `<html>`)), official: `1 requests: undecoded 404`, ours: `1 requests: 404 GenericAPIError NotFound "UnknownError" unknown`, differs: unreadableError},
	{name: "bare 408", answers: gives(reply(408, ``)), official: `1 requests: 408 GenericAPIError UnknownError "UnknownError" unknown`, ours: `3 requests: max(3) 408 GenericAPIError RequestTimeout "UnknownError" unknown`, differs: moreRetries},
	{name: "bare 425", answers: gives(reply(425, ``), page200), official: `1 requests: 425 GenericAPIError UnknownError "UnknownError" unknown`, ours: `2 requests: page [{"ClientId":"c"}] next nil`, differs: moreRetries},
	{name: "bare 529", answers: gives(reply(529, ``), page200), official: `1 requests: 529 GenericAPIError UnknownError "UnknownError" unknown`, ours: `2 requests: page [{"ClientId":"c"}] next nil`, differs: moreRetries},
	{name: "529 with a code", answers: gives(coded(529, "Overloaded")), official: `1 requests: 529 GenericAPIError Overloaded "said" unknown`, ours: `3 requests: max(3) 529 GenericAPIError Overloaded "said" unknown`, differs: moreRetries},
	{name: "408 with a code", answers: gives(coded(408, "Slow"), page200), official: `1 requests: 408 GenericAPIError Slow "said" unknown`, ours: `2 requests: page [{"ClientId":"c"}] next nil`, differs: moreRetries},
	{name: "bare 429", answers: gives(reply(429, `{}`)), official: `1 requests: 429 GenericAPIError UnknownError "UnknownError" unknown`, ours: `3 requests: max(3) 429 ThrottlingException "" client`, differs: bareThrottle},
	{name: "429 with an unknown code", answers: gives(coded(429, "Odd")), official: `1 requests: 429 GenericAPIError Odd "said" unknown`, ours: `3 requests: max(3) 429 GenericAPIError Odd "said" unknown`, differs: bareThrottle},
	{name: "bare 500", answers: gives(reply(500, ``)), official: `3 requests: max(3) 500 GenericAPIError UnknownError "UnknownError" unknown`, ours: `3 requests: max(3) 500 GenericAPIError InternalServerError "UnknownError" unknown`, differs: codeOfStatus},
	{name: "bare 501", answers: gives(reply(501, ``)), official: `1 requests: 501 GenericAPIError UnknownError "UnknownError" unknown`, ours: `1 requests: 501 GenericAPIError NotImplemented "UnknownError" unknown`, differs: codeOfStatus},
	{name: "bare 503 of HTML", answers: gives(reply(503, `<html>`)), official: `3 requests: max(3) undecoded 503`, ours: `3 requests: max(3) 503 GenericAPIError ServiceUnavailable "UnknownError" unknown`, differs: unreadableError},
	{name: "bare 503 once", answers: gives(reply(503, `<html>`), page200), official: `2 requests: page [{"ClientId":"c"}] next nil`},
	{name: "bare 599", answers: gives(reply(599, ``)), official: `1 requests: 599 GenericAPIError UnknownError "UnknownError" unknown`, ours: `1 requests: 599 GenericAPIError HTTP599 "UnknownError" unknown`, differs: codeOfStatus},
	{name: "number for a code", answers: gives(reply(400, `{"code":404}`, "X-Amzn-Errortype", "InvalidRequestException")), official: `1 requests: undecoded 400`, ours: `1 requests: 400 InvalidRequestException "" client`, differs: unreadableError},
	{name: "array for a body", answers: gives(reply(400, `[1,2]`, "X-Amzn-Errortype", "InvalidRequestException")), official: `1 requests: undecoded 400`, ours: `1 requests: 400 InvalidRequestException "" client`, differs: unreadableError},
	{name: "object for a message", answers: gives(reply(429, `{"message":{}}`, "X-Amzn-Errortype", "ThrottlingException")), official: `1 requests: undecoded 429`, ours: `3 requests: max(3) 429 ThrottlingException "" client`, differs: unreadableError},
	{name: "error body cut in the JSON", answers: gives(reply(400, `{"message":"abc`, "X-Amzn-Errortype", "InvalidRequestException")), official: `1 requests: undecoded 400 io.ErrUnexpectedEOF`, ours: `1 requests: 400 InvalidRequestException "abc" client`, differs: unreadableError},
	{name: "error body cut by the transport", answers: gives(cutOff(reply(400, `{"message":"abc`, "X-Amzn-Errortype", "InvalidRequestException"))), official: `1 requests: undecoded 400 io.ErrUnexpectedEOF`, ours: `1 requests: 400 InvalidRequestException "abc" client`, differs: unreadableError},
	{name: "trailing bytes of an error", answers: gives(reply(400, `{"message":"abc"}x`, "X-Amzn-Errortype", "InvalidRequestException")), official: `1 requests: 400 InvalidRequestException "abc" client`},
	{name: "message twice", answers: gives(reply(400, `{"message":"a","message":"b"}`, "X-Amzn-Errortype", "InvalidRequestException")), official: `1 requests: 400 InvalidRequestException "b" client`},
	{name: "long message", answers: gives(reply(400, `{"message":"`+strings.Repeat("m", 600)+`"}`, "X-Amzn-Errortype", "Other")), official: `1 requests: 400 GenericAPIError Other "` + strings.Repeat("m", 600) + `" unknown`, ours: `1 requests: 400 GenericAPIError Other "` + strings.Repeat("m", 509) + `..." unknown`, differs: boundedText},
	{name: "message of two lines", answers: gives(reply(400, `{"message":"a\nb"}`, "X-Amzn-Errortype", "Other")), official: `1 requests: 400 GenericAPIError Other "a\nb" unknown`, ours: `1 requests: 400 GenericAPIError Other "a\\nb" unknown`, differs: boundedText},
	{name: "message of two lines in a type", answers: gives(reply(400, `{"message":"a\nb"}`, "X-Amzn-Errortype", "InvalidRequestException")), official: `1 requests: 400 InvalidRequestException "a\nb" client`},
	{name: "long code", answers: gives(coded(400, strings.Repeat("c", 65))), official: `1 requests: 400 GenericAPIError ` + strings.Repeat("c", 65) + ` "said" unknown`, ours: `1 requests: 400 GenericAPIError ` + strings.Repeat("c", 61) + `... "said" unknown`, differs: boundedText},
	{name: "long request id", answers: gives(reply(400, ``, "X-Amzn-Errortype", "A", "X-Amzn-Requestid", strings.Repeat("r", 129))), official: `1 requests: 400 id "` + strings.Repeat("r", 129) + `" GenericAPIError A "UnknownError" unknown`, ours: `1 requests: 400 id "` + strings.Repeat("r", 125) + `..." GenericAPIError A "UnknownError" unknown`, differs: boundedText},
	{name: "code behind 64 KiB", answers: gives(reply(400, `{"x":"`+strings.Repeat("x", 64<<10)+`","code":"InvalidRequestException"}`)), official: `1 requests: 400 InvalidRequestException "" client`, ours: `1 requests: 400 GenericAPIError BadRequest "UnknownError" unknown`, differs: longError},
	{name: "message with the key", answers: gives(reply(403, `{"message":"secret `+keys("").SecretAccessKey+`"}`, "X-Amzn-Errortype", "InvalidSignatureException")), official: `1 requests: 403 GenericAPIError InvalidSignatureException "secret wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" unknown`, ours: `1 requests: 403 GenericAPIError InvalidSignatureException "secret REDACTED" unknown`, differs: secretText},
	{name: "Retry-After", answers: gives(reply(503, `{}`, "X-Amzn-Errortype", "A", "Retry-After", "2"), page200), official: `2 requests: page [{"ClientId":"c"}] next nil`},
	{name: "Retry-After over 20 s", answers: gives(reply(503, `{}`, "X-Amzn-Errortype", "A", "Retry-After", "21"), page200), official: `2 requests: page [{"ClientId":"c"}] next nil`, ours: `1 requests: 503 GenericAPIError A "UnknownError" unknown`, differs: longWait},
	{name: "x-amz-retry-after", answers: gives(reply(503, `{}`, "X-Amzn-Errortype", "A", "X-Amz-Retry-After", "1500"), page200), official: `2 requests: page [{"ClientId":"c"}] next nil`},
	{name: "301", answers: gives(reply(301, ``, "Location", "https://elsewhere.example/")), official: `1 requests: 301 GenericAPIError UnknownError "UnknownError" unknown`, ours: `1 requests: 301 RedirectError MovedPermanently "redirect 301 to https://elsewhere.example not followed" unknown`, differs: redirect},
	{name: "304", answers: gives(reply(304, ``)), official: `1 requests: 304 GenericAPIError UnknownError "UnknownError" unknown`, ours: `1 requests: 304 RedirectError NotModified "redirect 304 not followed" unknown`, differs: redirect},
	{name: "307", answers: gives(reply(307, ``, "Location", "https://elsewhere.example/"), page200), official: `1 requests: 307 GenericAPIError UnknownError "UnknownError" unknown`, ours: `1 requests: 307 RedirectError TemporaryRedirect "redirect 307 to https://elsewhere.example not followed" unknown`, differs: redirect},
	{name: "300 with a code", answers: gives(coded(300, "InvalidRequestException")), official: `1 requests: 300 InvalidRequestException "said" client`, ours: `1 requests: 300 RedirectError MultipleChoices "redirect 300 not followed" unknown`, differs: redirect},
	{name: "307 followed", answers: gives(reply(307, ``, "Location", "https://elsewhere.example/"), page200), change: []option{followed}, official: `2 requests: page [{"ClientId":"c"}] next nil`, ours: `1 requests: 307 RedirectError TemporaryRedirect "redirect 307 to https://elsewhere.example not followed" unknown`, differs: redirect},
	{name: "302 followed", answers: gives(reply(302, ``, "Location", "/elsewhere"), page200), change: []option{followed}, official: `2 requests: page [{"ClientId":"c"}] next nil`, ours: `1 requests: 302 RedirectError Found "redirect 302 to https://app-integrations.us-east-1.amazonaws.com not followed" unknown`, differs: redirect},
	{name: "101", answers: gives(reply(101, ``)), official: `1 requests: 101 GenericAPIError UnknownError "UnknownError" unknown`, ours: `1 requests: 101 GenericAPIError SwitchingProtocols "UnknownError" unknown`, differs: codeOfStatus},
}

// followed puts a *http.Client around what basics set.
var followed = option{"HTTPClient", func(o any) {
	http := field(o, "HTTPClient")
	http.Set(reflect.ValueOf(clientOf(http.Interface().(*recorder))))
}}

func clientOf(r *recorder) *http.Client { return &http.Client{Transport: roundTripper{r}} }

type roundTripper struct{ *recorder }

func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return r.Do(req) }

var errConnReset = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}

var transportFaults = []fault{
	{name: "reset", answers: gives(fails(errConnReset)), official: `3 requests: max(3) unsent 0 id "" ECONNRESET net.OpError`, ours: `3 requests: max(3) unsent ECONNRESET net.OpError`, differs: noResponse},
	{name: "reset once", answers: gives(fails(errConnReset), page200), official: `2 requests: page [{"ClientId":"c"}] next nil`},
	{name: "refused", answers: gives(fails(&url.Error{Op: "Get", URL: "https://h", Err: &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}})), official: `3 requests: max(3) unsent 0 id "" ECONNREFUSED url.Error net.OpError`, ours: `3 requests: max(3) unsent ECONNREFUSED url.Error net.OpError`, differs: noResponse},
	{name: "no such host", answers: gives(fails(&net.DNSError{Err: "no such host", Name: "h", IsNotFound: true})), official: `1 requests: unsent 0 id ""`, ours: `1 requests: unsent`, differs: noResponse},
	{name: "certificate", answers: gives(fails(&url.Error{Op: "Get", URL: "https://h", Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}})), official: `3 requests: max(3) unsent 0 id "" certificate url.Error`, ours: `1 requests: unsent certificate url.Error`, differs: permanentFault},
	{name: "error of the user's", answers: gives(fails(errOwn)), official: `3 requests: max(3) unsent 0 id "" errOwn`, ours: `3 requests: max(3) unsent errOwn`, differs: noResponse},
	{name: "neither answer nor error", answers: gives(fails(nil)), official: `1 requests: 0 id "" GenericAPIError UnknownError "UnknownError" unknown`, ours: `1 requests: unsent`, differs: nothingAtAll},
	{name: "reset in mid-body", answers: gives(reset, page200), official: `2 requests: page [{"ClientId":"c"}] next nil`},
	{name: "reset then 503 then 400", answers: gives(fails(errConnReset), coded(503, "ServiceUnavailable"), coded(400, "InvalidRequestException")), official: `3 requests: 400 InvalidRequestException "said" client`},
	{name: "never answers", answers: gives(silent), change: []option{steady}, limit: within(time.Hour), timed: true, official: `1 requests: canceled 0 id "" context.DeadlineExceeded in 1h0m0s`, ours: `3 requests: max(3) unsent in 1m32s`, differs: attemptTimeout},
	{name: "never answers once", answers: gives(silent, page200), limit: within(25 * time.Second), timed: true, official: `1 requests: canceled 0 id "" context.DeadlineExceeded in 25s`, ours: `1 requests: RequestCanceledError canceled context.DeadlineExceeded in 25s`, differs: oneCancellation},
}

func reset(n int, req *http.Request) (*http.Response, error) {
	resp, err := reply(200, shortPage[:30])(n, req)
	resp.Body = errBody{errConnReset}
	return resp, err
}

type errBody struct{ error }

func (b errBody) Read([]byte) (int, error) { return 0, b.error }
func (b errBody) Close() error             { return nil }

// freshKeys gives other keys each time it is asked.
func freshKeys() aws.CredentialsProvider {
	n := 0
	return aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		n++
		creds := keys("")
		creds.AccessKeyID += strings.Repeat("I", n)
		return creds, nil
	}))
}

func fresh() option {
	return option{"fresh keys", func(o any) { field(o, "Credentials").Set(reflect.ValueOf(freshKeys())) }}
}

var clockFaults = []fault{
	{name: "skew", answers: gives(dated(10*time.Minute, coded(403, "InvalidSignatureException")), page200), official: `2 requests: page [{"ClientId":"c"}] next nil signed 10m0s`},
	{name: "skew behind", answers: gives(dated(-time.Hour, coded(403, "RequestTimeTooSkewed")), page200), calls: 2, official: `2 requests: page [{"ClientId":"c"}] next nil signed -1h0m0s; 1 requests: page [{"ClientId":"c"}] next nil`, ours: `2 requests: page [{"ClientId":"c"}] next nil signed -1h0m0s; 1 requests: page [{"ClientId":"c"}] next nil signed -1h0m0s`, differs: rejectedSignature},
	{name: "skew of SignatureDoesNotMatch", answers: gives(dated(time.Hour, coded(403, "SignatureDoesNotMatch")), page200), official: `2 requests: page [{"ClientId":"c"}] next nil signed 1h0m0s`},
	{name: "skew for ever", answers: gives(dated(time.Hour, coded(403, "InvalidSignatureException"))), official: `2 requests: 403 GenericAPIError InvalidSignatureException "said" unknown signed 1h0m0s`},
	{name: "small skew", answers: gives(dated(3*time.Minute, coded(403, "InvalidSignatureException"))), official: `1 requests: 403 GenericAPIError InvalidSignatureException "said" unknown`},
	{name: "skew without a Date", answers: gives(coded(403, "RequestTimeTooSkewed")), official: `1 requests: 403 GenericAPIError RequestTimeTooSkewed "said" unknown`},
	{name: "RequestExpired", answers: gives(dated(time.Hour, coded(400, "RequestExpired")), page200), official: `1 requests: 400 GenericAPIError RequestExpired "said" unknown`, ours: `2 requests: page [{"ClientId":"c"}] next nil signed 1h0m0s`, differs: moreClockCodes},
	{name: "RequestInTheFuture", answers: gives(dated(-time.Hour, coded(400, "RequestInTheFuture")), page200), official: `1 requests: 400 GenericAPIError RequestInTheFuture "said" unknown`, ours: `2 requests: page [{"ClientId":"c"}] next nil signed -1h0m0s`, differs: moreClockCodes},
	{name: "skew beyond a day", answers: gives(dated(25*time.Hour, coded(403, "InvalidSignatureException")), page200), official: `2 requests: page [{"ClientId":"c"}] next nil signed 25h0m0s`, ours: `1 requests: 403 GenericAPIError InvalidSignatureException "said" unknown`, differs: clockLimits},
	{name: "skew over http", answers: gives(dated(time.Hour, coded(403, "InvalidSignatureException")), page200), change: []option{base("http://h")}, official: `2 requests: page [{"ClientId":"c"}] next nil signed 1h0m0s`, ours: `1 requests: 403 GenericAPIError InvalidSignatureException "said" unknown`, differs: clockLimits},
	{name: "AccessDeniedException with skew", answers: gives(dated(time.Hour, coded(403, "AccessDeniedException")), page200), official: `2 requests: page [{"ClientId":"c"}] next nil signed 1h0m0s`, ours: `1 requests: 403 AccessDeniedException "said" client`, differs: rejectedSignature},
	{name: "page with a Date that is off", answers: gives(dated(time.Hour, page200)), calls: 2, official: `1 requests: page [{"ClientId":"c"}] next nil; 1 requests: page [{"ClientId":"c"}] next nil signed 1h0m0s`, ours: `2 x 1 requests: page [{"ClientId":"c"}] next nil`, differs: rejectedSignature},
	{name: "error with a Date that is off", answers: gives(dated(time.Hour, coded(400, "InvalidRequestException"))), calls: 2, official: `1 requests: 400 InvalidRequestException "said" client; 1 requests: 400 InvalidRequestException "said" client signed 1h0m0s`, ours: `2 x 1 requests: 400 InvalidRequestException "said" client`, differs: rejectedSignature},
	{name: "expired, fresh keys", answers: gives(coded(403, "ExpiredTokenException"), page200), change: []option{fresh()}, official: `1 requests: 403 GenericAPIError ExpiredTokenException "said" unknown`, ours: `2 requests: page [{"ClientId":"c"}] next nil`, differs: expiredKeys},
	{name: "expired, fresh keys, the other code", answers: gives(coded(400, "ExpiredToken"), page200), change: []option{fresh()}, official: `1 requests: 400 GenericAPIError ExpiredToken "said" unknown`, ours: `2 requests: page [{"ClientId":"c"}] next nil`, differs: expiredKeys},
	{name: "expired, same keys", answers: gives(coded(403, "ExpiredTokenException")), official: `1 requests: 403 GenericAPIError ExpiredTokenException "said" unknown`},
	{name: "expired for ever", answers: gives(coded(403, "ExpiredTokenException")), change: []option{fresh()}, official: `1 requests: 403 GenericAPIError ExpiredTokenException "said" unknown`, ours: `2 requests: 403 GenericAPIError ExpiredTokenException "said" unknown`, differs: expiredKeys},
	{name: "expired, one attempt", answers: gives(coded(403, "ExpiredTokenException"), page200), change: []option{fresh(), set("Retryer", aws.NopRetryer{})}, official: `1 requests: 403 GenericAPIError ExpiredTokenException "said" unknown`},
	{name: "skew, one attempt", answers: gives(dated(time.Hour, coded(403, "InvalidSignatureException")), page200), change: []option{set("Retryer", aws.NopRetryer{})}, official: `1 requests: 403 GenericAPIError InvalidSignatureException "said" unknown`},
	{name: "provider fails", answers: gives(page200), change: []option{set("Credentials", aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errOwn }))}, official: `0 requests: errOwn`},
}

var steady = retryerOf("steady", func() aws.Retryer { return steadyRetryer() })

func retryerOf(text string, made func() aws.Retryer) option {
	return option{text, func(o any) { field(o, "Retryer").Set(reflect.ValueOf(made())) }}
}

// around wraps the retryer that a client has by default.
func around(text string, wrap func(aws.Retryer) aws.Retryer) option {
	return option{text, func(o any) { field(o, "Retryer").Set(reflect.ValueOf(wrap(get[aws.Retryer](o, "Retryer")))) }}
}

var contextFaults = []fault{
	{name: "canceled before", answers: gives(page200), limit: canceledAfter(0), official: `0 requests: context.Canceled`, ours: `0 requests: RequestCanceledError canceled context.Canceled`, differs: oneCancellation},
	{name: "deadline before", answers: gives(page200), limit: within(0), official: `0 requests: context.DeadlineExceeded`, ours: `0 requests: RequestCanceledError canceled context.DeadlineExceeded`, differs: oneCancellation},
	{name: "canceled while it waits for an answer", answers: gives(silent), limit: canceledAfter(time.Second), timed: true, official: `1 requests: canceled 0 id "" context.Canceled in 1s`, ours: `1 requests: RequestCanceledError canceled context.Canceled in 1s`, differs: oneCancellation},
	{name: "deadline while it waits for an answer", answers: gives(silent), limit: within(time.Second), timed: true, official: `1 requests: canceled 0 id "" context.DeadlineExceeded in 1s`, ours: `1 requests: RequestCanceledError canceled context.DeadlineExceeded in 1s`, differs: oneCancellation},
	{name: "canceled during the back-off", answers: gives(coded(503, "ServiceUnavailable")), change: []option{steady}, limit: canceledAfter(300 * time.Millisecond), timed: true, official: `1 requests: RequestCanceledError canceled context.Canceled in 300ms`, ours: `1 requests: RequestCanceledError canceled 503 GenericAPIError ServiceUnavailable "said" unknown context.Canceled in 300ms`, differs: lastError},
	{name: "deadline during the back-off", answers: gives(coded(503, "ServiceUnavailable")), change: []option{steady}, limit: within(300 * time.Millisecond), timed: true, official: `1 requests: RequestCanceledError canceled context.DeadlineExceeded in 300ms`, ours: `1 requests: RequestCanceledError canceled 503 GenericAPIError ServiceUnavailable "said" unknown context.DeadlineExceeded in 0s`, differs: shortDeadline},
	{name: "deadline after the back-off", answers: gives(coded(503, "ServiceUnavailable"), page200), change: []option{steady}, limit: within(1300 * time.Millisecond), timed: true, official: `2 requests: page [{"ClientId":"c"}] next nil in 1s`},
	{name: "canceled with a cause", answers: gives(silent), limit: func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(ctx)
		time.AfterFunc(time.Second, func() { cancel(errOwn) })
		return ctx, func() { cancel(nil) }
	}, official: `1 requests: canceled 0 id "" context.Canceled`, ours: `1 requests: RequestCanceledError canceled context.Canceled errOwn`, differs: cancelCause},
	{name: "answer that comes with the end", answers: gives(coded(400, "InvalidRequestException")), limit: within(time.Nanosecond), official: `1 requests: 400 InvalidRequestException "said" client`},
	{name: "nil context", answers: gives(page200), limit: func(context.Context) (context.Context, context.CancelFunc) { return nil, func() {} }, official: `0 requests: panics`, ours: `0 requests: `, differs: nilContext},
}

var errPassing = errors.New("transient of the user's")

var retryerFaults = []fault{
	{name: "Standard", answers: gives(coded(503, "ServiceUnavailable")), change: []option{retryerOf("standard", func() aws.Retryer { return retry.NewStandard() })}, official: `3 requests: max(3) 503 GenericAPIError ServiceUnavailable "said" unknown`},
	{name: "Standard of 5", answers: gives(coded(503, "ServiceUnavailable")), change: []option{retryerOf("standard", func() aws.Retryer { return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 5 }) })}, official: `5 requests: max(5) 503 GenericAPIError ServiceUnavailable "said" unknown`},
	{name: "Standard and 400", answers: gives(coded(400, "InvalidRequestException")), change: []option{steady}, official: `1 requests: 400 InvalidRequestException "said" client`},
	{name: "Standard and bare 408", answers: gives(reply(408, ``)), change: []option{steady}, official: `1 requests: 408 GenericAPIError UnknownError "UnknownError" unknown`, ours: `3 requests: max(3) 408 GenericAPIError RequestTimeout "UnknownError" unknown`, differs: moreRetries},
	{name: "Standard and bare 429", answers: gives(reply(429, ``)), change: []option{steady}, official: `1 requests: 429 GenericAPIError UnknownError "UnknownError" unknown`, ours: `3 requests: max(3) 429 ThrottlingException "" client`, differs: bareThrottle},
	{name: "Standard and an empty page", answers: gives(reply(200, ``)), change: []option{steady}, official: `1 requests: page null next nil`, ours: `3 requests: max(3) undecoded 200`, differs: noPage},
	{name: "Standard and Retry-After", answers: gives(reply(503, `{}`, "X-Amzn-Errortype", "A", "Retry-After", "30"), page200), change: []option{steady}, timed: true, official: `2 requests: page [{"ClientId":"c"}] next nil in 1s`},
	{name: "AdaptiveMode", answers: gives(coded(503, "ServiceUnavailable"), page200), change: []option{retryerOf("adaptive", func() aws.Retryer { return retry.NewAdaptiveMode() })}, official: `2 requests: page [{"ClientId":"c"}] next nil`},
	{name: "RetryModeAdaptive", answers: gives(coded(503, "ServiceUnavailable")), change: []option{set("RetryMode", aws.RetryModeAdaptive)}, official: `3 requests: max(3) 503 GenericAPIError ServiceUnavailable "said" unknown`},
	{name: "RetryModeStandard", answers: gives(coded(503, "ServiceUnavailable")), change: []option{set("RetryMode", aws.RetryModeStandard)}, official: `3 requests: max(3) 503 GenericAPIError ServiceUnavailable "said" unknown`},
	{name: "RetryMaxAttempts", answers: gives(coded(503, "ServiceUnavailable")), change: []option{set("RetryMaxAttempts", 7)}, official: `7 requests: max(7) 503 GenericAPIError ServiceUnavailable "said" unknown`},
	{name: "NopRetryer", answers: gives(coded(503, "ServiceUnavailable")), change: []option{set("Retryer", aws.NopRetryer{})}, official: `1 requests: 503 GenericAPIError ServiceUnavailable "said" unknown`},
	{name: "NopRetryer and a throttle", answers: gives(coded(429, "ThrottlingException")), change: []option{set("Retryer", aws.NopRetryer{})}, official: `1 requests: 429 ThrottlingException "said" client`},
	{name: "AddWithMaxAttempts", answers: gives(coded(503, "ServiceUnavailable")), change: []option{around("AddWithMaxAttempts", func(r aws.Retryer) aws.Retryer { return retry.AddWithMaxAttempts(r, 4) })}, official: `4 requests: max(4) 503 GenericAPIError ServiceUnavailable "said" unknown`},
	{name: "AddWithMaxAttempts 0", answers: append(repeat(9, coded(503, "ServiceUnavailable")), page200), change: []option{around("AddWithMaxAttempts", func(r aws.Retryer) aws.Retryer { return retry.AddWithMaxAttempts(r, 0) })}, official: `10 requests: page [{"ClientId":"c"}] next nil`},
	{name: "AddWithErrorCodes", answers: gives(coded(400, "MyCode"), coded(400, "MyCode"), page200), change: []option{around("AddWithErrorCodes", func(r aws.Retryer) aws.Retryer { return retry.AddWithErrorCodes(r, "MyCode") })}, official: `3 requests: page [{"ClientId":"c"}] next nil`},
	{name: "AddWithMaxBackoffDelay", answers: gives(coded(503, "ServiceUnavailable")), change: []option{around("AddWithMaxBackoffDelay", func(r aws.Retryer) aws.Retryer { return retry.AddWithMaxBackoffDelay(r, time.Millisecond) })}, official: `3 requests: max(3) 503 GenericAPIError ServiceUnavailable "said" unknown`},
	{name: "all three", answers: gives(coded(400, "MyCode")), change: []option{around("all", func(r aws.Retryer) aws.Retryer {
		return retry.AddWithMaxBackoffDelay(retry.AddWithErrorCodes(retry.AddWithMaxAttempts(r, 6), "MyCode"), time.Second)
	})}, official: `6 requests: max(6) 400 GenericAPIError MyCode "said" unknown`},
	{name: "retryable of the user's", answers: gives(fails(errPassing), reply(418, `{"code":"Own"}`), page200), change: []option{retryerOf("own retryables", func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.Retryables = append(o.Retryables, retry.IsErrorRetryableFunc(func(error) aws.Ternary { return aws.TrueTernary }))
		})
	})}, official: `3 requests: page [{"ClientId":"c"}] next nil`},
	{name: "not retryable of the user's", answers: gives(coded(503, "ServiceUnavailable")), change: []option{retryerOf("own retryables", func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.Retryables = []retry.IsErrorRetryable{retry.IsErrorRetryableFunc(func(error) aws.Ternary { return aws.FalseTernary })}
		})
	})}, official: `1 requests: 503 GenericAPIError ServiceUnavailable "said" unknown`},
	{name: "no attempt token", answers: gives(page200), change: []option{retryerOf("own", func() aws.Retryer { return &ownRetryer{RetryerV2: steadyRetryer().(aws.RetryerV2), attempt: errOwn} })}, official: `0 requests: errOwn`},
	{name: "no retry token", answers: gives(coded(503, "ServiceUnavailable"), page200), change: []option{retryerOf("own", func() aws.Retryer { return &ownRetryer{RetryerV2: steadyRetryer().(aws.RetryerV2), retry: errOwn} })}, official: `1 requests: 503 GenericAPIError ServiceUnavailable "said" unknown errOwn`},
	{name: "no delay", answers: gives(coded(503, "ServiceUnavailable"), page200), change: []option{retryerOf("own", func() aws.Retryer { return &ownRetryer{RetryerV2: steadyRetryer().(aws.RetryerV2), delay: errOwn} })}, official: `1 requests: errOwn`, ours: `1 requests: 503 GenericAPIError ServiceUnavailable "said" unknown errOwn`, differs: endOfRetries},
	{name: "token that is not taken back", answers: gives(coded(503, "ServiceUnavailable"), page200), change: []option{retryerOf("own", func() aws.Retryer { return &ownRetryer{RetryerV2: steadyRetryer().(aws.RetryerV2), release: errOwn} })}, official: `1 requests: 503 GenericAPIError ServiceUnavailable "said" unknown`, ours: `1 requests: 503 GenericAPIError ServiceUnavailable "said" unknown errOwn`, differs: endOfRetries},
	{name: "token that is not taken back after a page", answers: gives(page200), change: []option{retryerOf("own", func() aws.Retryer { return &ownRetryer{RetryerV2: steadyRetryer().(aws.RetryerV2), release: errOwn} })}, official: `1 requests: page [{"ClientId":"c"}] next nil`},
	{name: "first generation", answers: gives(coded(503, "ServiceUnavailable")), change: []option{retryerOf("v1", func() aws.Retryer { return struct{ aws.Retryer }{steadyRetryer()} })}, timed: true, official: `3 requests: max(3) 503 GenericAPIError ServiceUnavailable "said" unknown in 2s`},
	{name: "endless", answers: append(repeat(40, coded(503, "ServiceUnavailable")), page200), change: []option{retryerOf("endless", func() aws.Retryer { return &ownRetryer{RetryerV2: steadyRetryer().(aws.RetryerV2), endless: true} })}, official: `41 requests: page [{"ClientId":"c"}] next nil`},
}

func repeat(n int, a answer) (answers []answer) {
	for range n {
		answers = append(answers, a)
	}
	return answers
}

// An ownRetryer is a user's, with errors where it may return some.
type ownRetryer struct {
	aws.RetryerV2
	attempt, retry, delay, release error
	endless                        bool
}

func (r *ownRetryer) MaxAttempts() int {
	if r.endless {
		return 0
	}
	return r.RetryerV2.MaxAttempts()
}

func (r *ownRetryer) GetAttemptToken(context.Context) (func(error) error, error) {
	return func(error) error { return r.release }, r.attempt
}

func (r *ownRetryer) GetRetryToken(context.Context, error) (func(error) error, error) {
	return func(error) error { return nil }, r.retry
}

func (r *ownRetryer) RetryDelay(int, error) (time.Duration, error) { return time.Second, r.delay }
