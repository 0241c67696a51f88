package compat

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// An answer answers one request.
type answer = func(attempt int, req *http.Request) (*http.Response, error)

// script gives one answer after another, the last one for ever.
func script(answers ...answer) answer {
	return func(n int, req *http.Request) (*http.Response, error) {
		return answers[min(n, len(answers))-1](n, req)
	}
}

// reply answers with a status, a body, and headers: names and values.
func reply(status int, body string, headers ...string) answer {
	return func(n int, req *http.Request) (*http.Response, error) {
		resp, err := respond(status, body)(n, req)
		for i := 0; i < len(headers); i += 2 {
			resp.Header.Set(headers[i], headers[i+1])
		}
		return resp, err
	}
}

// coded is an error as the service sends it.
func coded(status int, code string) answer {
	return reply(status, `{"message":"said"}`, "X-Amzn-Errortype", code)
}

// cutOff breaks the body off.
func cutOff(whole answer) answer {
	return func(n int, req *http.Request) (*http.Response, error) {
		resp, err := whole(n, req)
		resp.Body = io.NopCloser(io.MultiReader(resp.Body, broken{}))
		return resp, err
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// fails gives no answer.
func fails(err error) answer {
	return func(int, *http.Request) (*http.Response, error) { return nil, err }
}

// silent never answers.
func silent(_ int, req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// dated adds a Date that is off.
func dated(off time.Duration, by answer) answer {
	return func(n int, req *http.Request) (*http.Response, error) {
		resp, err := by(n, req)
		resp.Header.Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
		return resp, err
	}
}

// verdict tells what a call did: the same words for both clients if a user can
// not tell them apart by the requests, the page, and what errors.As and errors.Is
// find in the error.
func verdict(o outcome) string {
	text := fmt.Sprintf("%d requests: ", len(o.sent))
	var panicked *panicked
	switch {
	case errors.As(o.err, &panicked):
		return text + "panics"
	case o.err != nil:
		return text + strings.Join(chain(o.err), " ")
	}
	id, _ := awsmiddleware.GetRequestIDMetadata(o.page.metadata)
	return text + fmt.Sprintf("page %s next %s%s", shortItems(o.page.Items), quoted(o.page.NextToken), otherID(id))
}

var absent = regexp.MustCompile(`"\w+":null,?`)

// shortItems leaves out what is absent, and all but the sum of a long list.
func shortItems(items string) string {
	if len(items) > 4096 {
		return fmt.Sprintf("%d bytes %x", len(items), sha256.Sum256([]byte(items)))
	}
	return strings.ReplaceAll(absent.ReplaceAllString(items, ""), ",}", "}")
}

// otherID tells a request id unless it is the one that respond gives.
func otherID(id string) string {
	if id == "request-1" {
		return ""
	}
	return fmt.Sprintf(" id %.140q", id)
}

func quoted(s *string) string {
	if s == nil {
		return "nil"
	}
	return fmt.Sprintf("%q", *s)
}

// found returns what errors.As finds.
func found[E error](err error) (e E, ok bool) {
	ok = errors.As(err, &e)
	return e, ok
}

// chain lists what is found in an error of a call.
func chain(err error) (links []string) {
	add := func(format string, args ...any) { links = append(links, fmt.Sprintf(format, args...)) }
	if e, ok := found[*smithy.OperationError](err); !ok || e.Service() != "AppIntegrations" || e.Operation() != operation {
		add("no OperationError")
	}
	if e, ok := found[*retry.MaxAttemptsError](err); ok {
		add("max(%d)", e.Attempt)
	}
	if _, ok := found[*aws.RequestCanceledError](err); ok {
		add("RequestCanceledError")
	}
	var canceled interface{ CanceledError() bool }
	if errors.As(err, &canceled) && canceled.CanceledError() {
		add("canceled")
	}
	if _, ok := found[*smithyhttp.RequestSendError](err); ok {
		add("unsent")
	}
	if _, ok := found[*smithy.DeserializationError](err); ok {
		add("undecoded")
	}
	if e, ok := found[*awshttp.ResponseError](err); ok {
		add("%d%s", e.HTTPStatusCode(), otherID(e.ServiceRequestID()))
	}
	if e, ok := found[smithy.APIError](err); ok {
		name := reflect.TypeOf(e).Elem().Name()
		if code := e.ErrorCode(); code != name {
			name += " " + code
		}
		add("%s %q %s", name, e.ErrorMessage(), e.ErrorFault())
	}
	for _, cause := range causes {
		if errors.Is(err, cause.err) {
			add("%s", cause.name)
		}
	}
	if _, ok := found[*tls.CertificateVerificationError](err); ok {
		add("certificate")
	}
	if _, ok := found[*url.Error](err); ok {
		add("url.Error")
	}
	if _, ok := found[*net.OpError](err); ok {
		add("net.OpError")
	}
	return links
}

// errOwn is what users' code returns.
var errOwn = errors.New("of the user's")

var causes = []struct {
	name string
	err  error
}{
	{"context.Canceled", context.Canceled},
	{"context.DeadlineExceeded", context.DeadlineExceeded},
	{"io.ErrUnexpectedEOF", io.ErrUnexpectedEOF},
	{"ECONNRESET", syscall.ECONNRESET},
	{"ECONNREFUSED", syscall.ECONNREFUSED},
	{"errOwn", errOwn},
}

// signedOff tells by how much the time of a signature is off, "" if it is not.
func signedOff(req *http.Request) string {
	at, err := time.Parse("20060102T150405Z", req.Header.Get("X-Amz-Date"))
	if off := time.Until(at).Round(time.Minute); err == nil && off != 0 {
		return " signed " + off.String()
	}
	return ""
}
