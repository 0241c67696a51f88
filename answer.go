package appintegrations

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/seed-10600c52/appintegrations/internal/json"
	"github.com/seed-10600c52/appintegrations/internal/redact"
)

// deserialize reads the body of the response to its end and makes a page or an
// error of it. So a body that is cut or mangled is an error of the attempt.
func (a *attempt) deserialize(err error) error {
	if err != nil {
		return err
	}
	if a.followedRedirect() {
		return &RedirectError{StatusCode: a.resp.StatusCode, RequestID: a.requestID(), Origin: a.scrub(origin(a.resp.Request.URL))}
	}
	if a.resp.StatusCode != http.StatusOK || errorType(a.resp.Header) != "" {
		return a.refusal()
	}
	a.waitsFor("the rest of the response", a.req.URL.Host)
	buffer := a.buffers.get()
	limit := a.options.maxPageBytes()
	body, err := readAll(a.ctx, (*buffer)[:0], a.resp.Body, limit)
	defer a.buffers.put(buffer, body)
	if err != nil {
		return a.malformed("", "the body is cut off after "+strconv.Itoa(len(body))+" bytes", a.timedOut(a.ctx, err))
	}
	a.logResponse(body)
	if int64(len(body)) > limit {
		return a.malformed("", "the body is larger than MaxPageBytes, "+strconv.FormatInt(limit, 10)+" bytes", nil)
	}
	return a.decode(body)
}

// decode makes the page of a body that came whole. A body that has no member of
// a page, and the code or the message of an error, is that error, whatever its
// status says.
func (a *attempt) decode(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return a.malformed("", "the body is empty", nil)
	}
	page := &ListDataIntegrationAssociationsOutput{}
	d := pageDecoder{scanner: json.New(body), size: len(body)}
	if fault := d.decode(page); fault != nil {
		return a.malformed(fault.path, fault.reason+a.foreignBody(body), fault.err)
	}
	if !d.found {
		if e := errorBody(body); e.code != "" || e.kind != "" || e.anyMessage != "" {
			return a.apiError(body)
		}
	}
	if fault := d.foreign(a.scrub); fault != nil {
		return a.malformed(fault.path, fault.reason, nil)
	}
	if id := requestID(a.resp); id != "" && !a.stacked {
		awsmiddleware.SetRequestIDMetadata(&page.ResultMetadata, oneLine(id, maxRequestIDText))
	}
	a.page = page
	return nil
}

// refusal is the error of a response that is no page by its status or headers.
// The error is made of the first 64 KiB of the body; what goes wrong while
// reading them is ignored.
func (a *attempt) refusal() error {
	if a.resp.StatusCode/100 == 3 {
		a.logResponse(nil)
		return a.redirect()
	}
	body, _ := readAll(a.ctx, nil, io.LimitReader(a.resp.Body, maxErrorBody), maxErrorBody)
	a.logResponse(body)
	if a.resp.StatusCode/100 == 2 && errorType(a.resp.Header) == "" {
		return a.malformed("", "a page comes with status 200, not "+strconv.Itoa(a.resp.StatusCode)+a.described(body), nil)
	}
	return a.apiError(body)
}

func (a *attempt) redirect() error {
	e := &RedirectError{StatusCode: a.resp.StatusCode, RequestID: a.requestID()}
	location := a.resp.Header.Get("Location")
	if u, err := a.req.URL.Parse(location); err == nil && location != "" {
		e.Origin = a.scrub(origin(u))
	}
	return e
}

func (a *attempt) malformed(path, reason string, cause error) error {
	return &smithy.DeserializationError{
		Err: &MalformedResponseError{StatusCode: a.resp.StatusCode, RequestID: a.requestID(), Path: path, Reason: reason, Err: cause},
	}
}

// wrapError puts the error of a response into the official chain, with its
// status and request id. It is the only step that does. In a stack of the SDK, a
// request that was not sent has an empty response.
func (a *attempt) wrapError(err error) error {
	if err == nil || a.resp == nil || isUnsent(err) {
		return err
	}
	return a.responseError(err)
}

// isUnsent reports whether err is that of a request that got no response.
func isUnsent(err error) bool {
	var unsent *smithyhttp.RequestSendError
	return errors.As(err, &unsent)
}

func (a *attempt) closeBody(err error) error {
	if a.resp != nil && a.resp.Body != nil {
		a.resp.Body.Close()
	}
	return err
}

// requestID returns the request id of a response; "": none.
func requestID(resp *http.Response) string {
	for _, name := range [...]string{"X-Amzn-Requestid", "X-Amz-Requestid"} {
		if ids := resp.Header[name]; len(ids) > 0 && ids[0] != "" {
			return ids[0]
		}
	}
	return ""
}

// requestID returns the request id for an error.
func (a *attempt) requestID() string { return a.scrubbed(requestID(a.resp), maxRequestIDText) }

// describe returns the metadata that the SDK's own steps make of a response.
func (a *attempt) describe() (metadata middleware.Metadata) {
	if a.resp == nil {
		return metadata
	}
	var handler middleware.DeserializeHandler = middleware.DeserializeHandlerFunc(func(context.Context, middleware.DeserializeInput) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
		out.RawResponse = &smithyhttp.Response{Response: a.withoutSecrets()}
		return out, metadata, nil
	})
	for _, m := range [...]middleware.DeserializeMiddleware{
		&awsmiddleware.RecordResponseTiming{DisableClockSkewCorrection: a.options.DisableClockSkewCorrection},
		&awsmiddleware.RequestIDRetriever{}, &awsmiddleware.AddRawResponse{},
	} {
		next := handler
		handler = middleware.DeserializeHandlerFunc(func(ctx context.Context, in middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
			return m.HandleDeserialize(ctx, in, next)
		})
	}
	_, metadata, _ = handler.HandleDeserialize(context.Background(), middleware.DeserializeInput{})
	return metadata
}

// errorType returns the X-Amzn-ErrorType of a response: the first that is not
// empty, since a proxy may add its own before it.
func errorType(header http.Header) string {
	for _, value := range header["X-Amzn-Errortype"] {
		if value != "" {
			return value
		}
	}
	return ""
}

// apiError reads the error out of the response: its code from the header, else
// the body's code, else its __type, else the status. The body may be anything.
func (a *attempt) apiError(body []byte) error {
	code, fields := errorCode(errorType(a.resp.Header)), errorBody(body)
	// The official client strips a code of the body twice: once in its parser of
	// errors, once in the switch after it. "ns#a:b#Code" must come out alike.
	if code == "" {
		code = errorCode(errorCode(fields.code))
	}
	if code == "" {
		code = errorCode(errorCode(fields.kind))
	}
	bare := code == ""
	if bare {
		code = codeOfStatus(a.resp.StatusCode)
	}
	err := a.newAPIError(code, fields)
	if bare && fields.anyMessage == "" || len(body) > 0 && !isObject(body) {
		err = &note{err: err, after: a.described(body)}
	}
	if bare {
		err = &bareError{err}
	}
	if a.resp.StatusCode/100 == 2 || transientStatus(a.resp.StatusCode) {
		return &verdict{error: err, retry: true}
	}
	return err
}

// isObject reports whether a body begins as a JSON object does. One of a proxy
// seldom does.
func isObject(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) }

// foreignBody describes a body that is not even the beginning of a page.
func (a *attempt) foreignBody(body []byte) string {
	if isObject(body) {
		return ""
	}
	return a.described(body)
}

// described says what a body is: its type, its size and how it begins.
func (a *attempt) described(body []byte) string {
	begins := bytes.TrimSpace(body)
	if len(begins) == 0 {
		return ", the body is empty"
	}
	kind, _, _ := strings.Cut(a.resp.Header.Get("Content-Type"), ";")
	if kind = a.scrubbed(strings.TrimSpace(kind), maxCodeText); kind == "" {
		kind = "no Content-Type"
	}
	size := strconv.Itoa(len(body)) + " bytes"
	if len(body) == maxErrorBody && a.resp.StatusCode != http.StatusOK {
		size = "at least " + size
	}
	const looked = 1 << 10 // white space is left out, so that more is looked at than is shown
	text := a.secrets().HideCut(string(begins[:min(len(begins), maxErrorBody)]), looked)
	text = redact.Member(text, "NextToken")
	return ", the body is " + kind + ", " + size + ", " + quoted(strings.Join(strings.Fields(text), " "), maxBodyText)
}

// scrub hides the secrets of the call in somebody else's text: the keys that the
// attempt was signed with and the NextToken. AWS quotes both in the response to a
// signature that does not match.
func (a *attempt) scrub(text string) string { return a.secrets().Hide(text) }

// scrubbed is a text for an error: on one line of at most limit bytes, without
// secrets.
func (a *attempt) scrubbed(text string, limit int) string {
	return oneLine(a.secrets().HideCut(text, 2*limit), limit) // the second half makes an ellipsis
}

func (a *attempt) secrets() redact.Secrets {
	if a.hidden == nil {
		secrets := redact.New(a.keys.SecretAccessKey, a.keys.SessionToken, a.token)
		a.hidden = &secrets
	}
	return *a.hidden
}

// responseError puts err into the official chain, with the status and the
// request id of the response.
func (a *attempt) responseError(err error) error {
	return &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: a.withoutSecrets()},
			Err:      err,
		},
		RequestID: a.requestID(),
	}
}

// newAPIError is the table from codes to types. As in the official client, case
// does not matter, and a generic error without a message says UnknownError.
func (a *attempt) newAPIError(code string, fields errorFields) error {
	message := fields.message
	typed := func(name string) bool {
		if !strings.EqualFold(code, name) {
			return false
		}
		if message != nil {
			*message = a.scrub(*message)
		}
		return true
	}
	switch {
	case typed("AccessDeniedException"):
		return &AccessDeniedException{Message: message}
	case typed("InternalServiceError"):
		return &InternalServiceError{Message: message}
	case typed("InvalidRequestException"):
		return &InvalidRequestException{Message: message}
	case typed("ResourceNotFoundException"):
		return &ResourceNotFoundException{Message: message}
	case typed("ThrottlingException"):
		return &ThrottlingException{Message: message}
	}
	generic := &smithy.GenericAPIError{Code: a.scrubbed(code, maxCodeText), Message: a.scrubbed(fields.anyMessage, maxMessageText)}
	if generic.Message == "" {
		generic.Message = "UnknownError"
	}
	if strings.EqualFold(code, "ConflictException") { // of other operations; later official versions have a type for it
		generic.Fault = smithy.FaultClient
	}
	return generic
}

// withoutSecrets returns a copy of the response to keep in an error: without its
// body, which has been read, and without what its request was signed with.
func (a *attempt) withoutSecrets() *http.Response {
	copied := *a.resp
	copied.Body = http.NoBody
	copied.Header = withoutSecretHeaders(a.resp.Header)
	for _, values := range copied.Header {
		for i, value := range values {
			values[i] = a.scrub(value)
		}
	}
	request := a.resp.Request
	if request == nil {
		return &copied
	}
	copied.Request = &http.Request{Method: request.Method, Host: request.Host, Header: withoutSecretHeaders(request.Header)}
	if u := request.URL; u != nil {
		copied.Request.URL = &url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	}
	return &copied
}
