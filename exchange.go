package appintegrations

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// emptyPayloadHash is the SHA-256 of the body of a GET: nothing.
const emptyPayloadHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// exchange is one attempt, within its own time limit: identity, endpoint,
// request, signature, answer. The answer is read to its end and decoded here,
// so that one that is cut or mangled is an error of the attempt.
func (c *call) exchange(ctx context.Context) (*ListDataIntegrationAssociationsOutput, error) {
	attemptCtx, cancel := c.attemptContext(ctx)
	defer cancel()
	out, err := c.roundTrip(attemptCtx, ctx)
	if err != nil && ctx.Err() != nil && !isAPIError(err) {
		return nil, canceled(ctx, c.last)
	}
	return out, err
}

func (c *call) attemptContext(ctx context.Context) (context.Context, context.CancelFunc) {
	timeout := c.options.attemptTimeout()
	if timeout < 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, timeout, &AttemptTimeoutError{After: timeout})
}

// timedOut returns the timeout of the attempt in place of what it did to err.
func timedOut(ctx context.Context, err error) error {
	var timeout *AttemptTimeoutError
	if errors.As(context.Cause(ctx), &timeout) {
		return timeout
	}
	return err
}

// roundTrip takes the steps of an attempt in order. caller is the context of
// the call, whose deadline the service may know.
func (c *call) roundTrip(ctx, caller context.Context) (*ListDataIntegrationAssociationsOutput, error) {
	anonymous, err := c.identity(ctx)
	if err != nil {
		return nil, timedOut(ctx, err)
	}
	to := c.target
	if to == nil {
		if to, err = c.options.resolveTarget(ctx); err != nil {
			return nil, timedOut(ctx, err)
		}
	}
	c.endpoint, c.secure = to.base.Host, to.base.Scheme == "https"
	client := c.client()
	if gates := gatesOf(client); gates != nil {
		var leave func()
		ctx, leave = gates.enter(ctx, to.base.Host)
		defer leave()
	}
	req := c.request(ctx, caller, to)
	if !anonymous {
		if err := c.sign(ctx, req, to); err != nil {
			return nil, timedOut(ctx, err)
		}
	}
	resp, err := c.send(client, req)
	if err != nil {
		return nil, err
	}
	if native(client) == nil || resp.StatusCode == http.StatusSwitchingProtocols {
		// The body of a stub or a wrapper may know nothing of the context, and
		// that of a connection that is handed over does not. Close may be called
		// once only.
		closeBody := sync.OnceFunc(func() { resp.Body.Close() })
		defer context.AfterFunc(ctx, closeBody)()
		defer closeBody()
	} else {
		defer resp.Body.Close()
	}
	return c.receive(ctx, req, resp)
}

// request builds the request of this attempt.
func (c *call) request(ctx, caller context.Context, to *target) *http.Request {
	values := [...]string{c.invocationID, c.attemptHeader(caller), c.userAgent}
	header := make(http.Header, len(values)+3) // and those of the signature
	header["Amz-Sdk-Invocation-Id"] = values[0:1:1]
	header["Amz-Sdk-Request"] = values[1:2:2]
	header["User-Agent"] = values[2:3:3]
	for name := range to.headers {
		header.Set(name, to.headers.Get(name))
	}
	req := (&http.Request{
		Method: http.MethodGet, URL: to.url(c.path, c.rawPath, c.rawQuery), Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	if _, inLambda := os.LookupEnv("AWS_LAMBDA_FUNCTION_NAME"); inLambda {
		addTraceID(req)
	}
	return req
}

// attemptHeader tells the service which attempt this is. When the caller will
// give up is told as the official client does: only where the clock is known to
// be behind the service's.
func (c *call) attemptHeader(caller context.Context) string {
	h := "attempt=" + strconv.Itoa(c.attempts)
	if limit := c.retryer.MaxAttempts(); limit != 0 {
		h += "; max=" + strconv.Itoa(limit)
	}
	if deadline, ok := caller.Deadline(); ok && c.clockOffset.Load() > 0 {
		h += "; ttl=" + deadline.Add(time.Duration(c.clockOffset.Load())).UTC().Format("20060102T150405Z")
	}
	return h
}

// addTraceID sets X-Amzn-Trace-Id as the SDK does in Lambda, where the service
// uses it to notice recursion.
func addTraceID(req *http.Request) {
	in := middleware.BuildInput{Request: &smithyhttp.Request{Request: req}}
	(&awsmiddleware.RecursionDetection{}).HandleBuild(req.Context(), in, buildEnd)
}

// buildUserAgent runs the SDK's middleware for the header by itself.
func buildUserAgent(agent *awsmiddleware.RequestUserAgent) string {
	req := &http.Request{Header: http.Header{}}
	in := middleware.BuildInput{Request: &smithyhttp.Request{Request: req}}
	agent.HandleBuild(context.Background(), in, buildEnd)
	return req.Header.Get("User-Agent")
}

// buildEnd is a stack of middleware with nothing more in it.
var buildEnd = middleware.BuildHandlerFunc(func(context.Context, middleware.BuildInput) (out middleware.BuildOutput, metadata middleware.Metadata, err error) {
	return out, metadata, nil
})

func (c *call) sign(ctx context.Context, req *http.Request, to *target) error {
	if address, ok := strings.CutSuffix(req.URL.Host, map[string]string{"http": "]:80", "https": "]:443"}[req.URL.Scheme]); ok {
		req.URL.Host = address + "]" // the signer strips the port of a scheme, and the brackets with it
	}
	c.signedOffset = time.Duration(c.clockOffset.Load())
	now := time.Now().Add(c.signedOffset).UTC()
	err := c.options.HTTPSignerV4.SignHTTP(ctx, c.creds, req, emptyPayloadHash, to.signingName, to.signingRegion, now, c.signerOptions(to)...)
	if err != nil {
		return &permanentError{foreign("sign request", err)}
	}
	return nil
}

// send returns the answer, or a *smithyhttp.RequestSendError where there is
// none.
func (c *call) send(client HTTPClient, req *http.Request) (*http.Response, error) {
	c.logRequest(req)
	resp, err := client.Do(req)
	if err == nil && resp == nil {
		err = &permanentError{errors.New("the HTTP client returned neither an answer nor an error")}
	}
	if err != nil {
		return nil, c.sendError(req, err)
	}
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	if answersAnother(client, req, resp) {
		resp.Body.Close()
		id := requestID(resp)
		return nil, responseError(resp, id, &RedirectError{StatusCode: resp.StatusCode, RequestID: id, Origin: origin(resp.Request.URL)})
	}
	return resp, nil
}

// client returns the HTTP client of the attempt: the derived one unless the
// call brings its own. After a timeout no connection that is open is to be
// trusted: where one hangs, for example behind a router that forgot them, all do.
func (c *call) client() HTTPClient {
	client := c.core.httpClient
	if !same(c.options.HTTPClient, c.core.options.HTTPClient) {
		client = c.derive(c.options.HTTPClient, c.options.resolvedDefaultsMode)
	}
	var timeout *AttemptTimeoutError
	if errors.As(c.last, &timeout) {
		return singleUse(client)
	}
	return client
}

// answersAnother reports whether a client of the user's went elsewhere with the
// request. In a *http.Client that is a followed redirect, which only a
// RoundTripper could have done; where such a one rewrites the request to reach
// a proxy or a test server, the answer is still that to our request.
func answersAnother(client HTTPClient, req *http.Request, resp *http.Response) bool {
	got := resp.Request
	if got == nil || got == req || got.URL == nil {
		return false
	}
	if _, ok := client.(*http.Client); ok {
		return got.Response != nil
	}
	return got.Response != nil || got.URL.Scheme != req.URL.Scheme || got.URL.Host != req.URL.Host ||
		got.URL.EscapedPath() != req.URL.EscapedPath() || got.URL.RawQuery != req.URL.RawQuery
}

// sendError is the error of a request that got no answer. What no other attempt
// can mend is marked; what it says is cut, and tells nothing secret.
func (c *call) sendError(req *http.Request, err error) error {
	permanent := isPermanent(err)
	text := err.Error()
	var urlError *url.Error
	if errors.As(err, &urlError) { // the URL holds the NextToken, and may be long
		short := url.Error{Op: urlError.Op, URL: origin(req.URL), Err: urlError.Err}
		text = strings.Replace(text, urlError.Error(), short.Error(), 1)
	}
	err = &foreignError{text: oneLine(c.scrub(text), maxMessageText), err: err}
	err = timedOut(req.Context(), err)
	if permanent {
		err = &permanentError{err}
	}
	return &smithyhttp.RequestSendError{Err: err}
}

// permanentTexts are of errors that have no type: of package net/http, and of
// package tls for what a server's alert says.
var permanentTexts = []string{
	"unsupported protocol scheme",
	"invalid header field",
	"tls: server selected unsupported protocol version",
	"tls: protocol version not supported",
	"tls: handshake failure",
	"tls: insufficient security level",
	"tls: unrecognized name",
	"tls: bad certificate",
	"tls: certificate required",
	"tls: unknown certificate",
	"tls: expired certificate",
	"tls: revoked certificate",
	"tls: unsupported certificate",
}

// isPermanent reports whether a request failed for a reason that another
// attempt meets again.
func isPermanent(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
	)
	if errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &invalid) {
		return true
	}
	text := err.Error()
	return slices.ContainsFunc(permanentTexts, func(s string) bool { return strings.Contains(text, s) })
}

// receive reads the answer to its end and makes of it a page or an error.
func (c *call) receive(ctx context.Context, req *http.Request, resp *http.Response) (*ListDataIntegrationAssociationsOutput, error) {
	id := requestID(resp)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("X-Amzn-Errortype") != "" {
		return nil, c.refusal(ctx, req, resp, id)
	}
	buffer := c.buffer()
	defer c.buffers.Put(buffer)
	limit := c.options.maxPageBytes()
	body, err := readAll(ctx, (*buffer)[:0], resp.Body, limit)
	*buffer = keepable(body)
	if err != nil {
		return nil, malformed(resp, id, "", "the body is cut off after "+strconv.Itoa(len(body))+" bytes", timedOut(ctx, err))
	}
	c.logResponse(req, resp, body)
	if int64(len(body)) > limit {
		return nil, malformed(resp, id, "", "the body is larger than MaxPageBytes, "+strconv.FormatInt(limit, 10)+" bytes", nil)
	}
	return c.page(resp, id, body)
}

// refusal is the error of an answer that is no page by its status or headers.
// Its body may be cut off or never end: what there is of it has to do.
func (c *call) refusal(ctx context.Context, req *http.Request, resp *http.Response, id string) error {
	if resp.StatusCode/100 == 3 {
		c.logResponse(req, resp, nil)
		e := &RedirectError{StatusCode: resp.StatusCode, RequestID: id}
		if location, err := req.URL.Parse(resp.Header.Get("Location")); err == nil && resp.Header.Get("Location") != "" {
			e.Origin = origin(location)
		}
		return responseError(resp, id, e)
	}
	body, _ := readAll(ctx, nil, io.LimitReader(resp.Body, maxErrorBody), maxErrorBody)
	c.logResponse(req, resp, body)
	if resp.StatusCode/100 == 2 && resp.Header.Get("X-Amzn-Errortype") == "" {
		return malformed(resp, id, "", "a page comes with status 200, not "+strconv.Itoa(resp.StatusCode), nil)
	}
	return responseError(resp, id, apiError(resp, body, c.scrub))
}

func isAPIError(err error) bool {
	var e interface{ ErrorCode() string }
	return errors.As(err, &e)
}

// requestID returns the request id of an answer, cut to what fits in a line.
func requestID(resp *http.Response) string {
	for _, name := range [...]string{"X-Amzn-Requestid", "X-Amz-Requestid"} {
		if id := resp.Header.Get(name); id != "" {
			return oneLine(id, maxRequestIDText)
		}
	}
	return ""
}

// origin returns scheme, host and port: what of a URL is never secret.
func origin(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
