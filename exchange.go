package appintegrations

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// emptyPayloadHash is the SHA-256 of the body of a GET: nothing.
const emptyPayloadHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// setHeader sets a header of the request. Each step has a place of its own for
// the value.
func (a *attempt) setHeader(place int, name, value string) {
	a.headers[place] = value
	a.req.Header[name] = a.headers[place : place+1 : place+1]
}

func (a *attempt) setPath() error {
	a.req.Method = http.MethodGet
	a.req.URL.Path, a.req.URL.RawPath, a.req.URL.RawQuery = a.path, a.rawPath, a.rawQuery
	return nil
}

// setInvocationID makes the id that all attempts of the call have in common: a
// random UUID, version 4 (RFC 9562).
func (c *call) setInvocationID() error {
	var id [16]byte
	rand.Read(id[:])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	const digits = "0123456789abcdef"
	var text [36]byte
	at := 0
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text[at] = '-'
			at++
		}
		text[at], text[at+1] = digits[b>>4], digits[b&15]
		at += 2
	}
	c.invocationID = string(text[:])
	return nil
}

func (a *attempt) setInvocationID() error {
	a.setHeader(0, "Amz-Sdk-Invocation-Id", a.invocationID)
	return nil
}

func (a *attempt) setUserAgent() error {
	a.setHeader(1, "User-Agent", a.agents.of(a.who))
	return nil
}

// setTraceID sets X-Amzn-Trace-Id as the SDK does in Lambda, where the service
// uses it to notice recursion.
func (a *attempt) setTraceID() error {
	if _, inLambda := os.LookupEnv("AWS_LAMBDA_FUNCTION_NAME"); inLambda {
		in := middleware.BuildInput{Request: &smithyhttp.Request{Request: a.req}}
		(&awsmiddleware.RecursionDetection{}).HandleBuild(a.ctx, in, buildEnd)
	}
	return nil
}

// setAttemptHeader sets the number of the attempt. As in the official client,
// the caller's deadline is added only if the clock is known to be behind the
// service's.
func (a *attempt) setAttemptHeader() error {
	if a.number == 0 { // a loop of the user's counts for itself
		return nil
	}
	h := "attempt=1; max=3"
	if a.number != 1 || a.maxAttempts != 3 {
		h = "attempt=" + strconv.Itoa(a.number)
		if a.maxAttempts > 0 && a.number <= a.maxAttempts {
			h += "; max=" + strconv.Itoa(a.maxAttempts)
		}
	}
	if deadline, ok := a.caller.Deadline(); ok && a.clockOffset() > 0 {
		h += "; ttl=" + deadline.Add(a.clockOffset()).UTC().Format("20060102T150405Z")
	}
	a.setHeader(2, "Amz-Sdk-Request", h)
	return nil
}

// resolveEndpoint finds out where the request goes and what it is signed for.
func (a *attempt) resolveEndpoint() (err error) {
	if a.to = a.target; a.to == nil {
		a.waitsFor("the endpoint resolver", "")
		a.to, err = await(a.ctx, func() (*target, error) { return a.options.resolveTarget(a.ctx) })
		if err != nil {
			return err
		}
	}
	escaped := a.rawPath
	if a.stacked { // a hook may have changed it
		escaped = a.req.URL.EscapedPath()
	}
	*a.req.URL = a.to.url(a.req.URL, escaped)
	for name := range a.to.headers {
		a.req.Header.Set(name, a.to.headers.Get(name))
	}
	return nil
}

// sign signs the request, for what a hook has put into the context where there
// is a stack.
func (a *attempt) sign() error {
	if !a.identified || a.req.URL.Host == "" {
		return &ConfigError{Field: "APIOptions", Reason: "lack the steps GetIdentity and ResolveEndpointV2, or steps that do their work: a request cannot be signed without them"}
	}
	if a.to == nil { // a step of the user's resolves the endpoint
		a.to = &target{signingName: signingName, signingRegion: a.options.Region}
	}
	if a.anonymous {
		return nil
	}
	signedHost(a.req)
	name, region, hash := a.to.signingName, a.to.signingRegion, emptyPayloadHash
	if a.stacked {
		name, region, hash = signingOf(a.ctx, name, region, hash)
	}
	a.locate()
	a.offset = a.clockOffset()
	now := time.Now().Add(a.offset).UTC()
	err := a.signWith(hash, name, region, now)
	switch {
	case a.ctx.Err() != nil:
		return a.ctx.Err()
	case err != nil:
		return &verdict{error: foreignOf(ClassConfig, "sign request", err)}
	}
	return nil
}

// signWith signs with the signer of the options, and does not wait longer than
// the attempt lasts for one that is not the SDK's.
func (a *attempt) signWith(hash, name, region string, now time.Time) error {
	signer, options := a.options.HTTPSignerV4, a.signerOptions()
	if own, ok := signer.(*v4.Signer); ok && own != nil {
		if options == nil && !a.stacked && a.to.plain && a.path == a.rawPath {
			options = nothingToEscape
		}
		a.makeRoom()
		return own.SignHTTP(a.ctx, a.keys, a.req, hash, name, region, now, options...)
	}
	a.waitsFor("the signer", "")
	_, err := await(a.ctx, func() (struct{}, error) {
		return struct{}{}, signer.SignHTTP(a.ctx, a.keys, a.req, hash, name, region, now, options...)
	})
	return err
}

// nothingToEscape spares the signer of the SDK the escaping of a path of which
// it would escape nothing.
var nothingToEscape = []func(*v4.SignerOptions){func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }}

// makeRoom gives the headers of the signature a place for their values.
func (a *attempt) makeRoom() {
	names := [...]string{"X-Amz-Date", "Authorization", "X-Amz-Security-Token"}
	for i, name := range names {
		if name != "X-Amz-Security-Token" || a.keys.SessionToken != "" {
			a.req.Header[name] = a.headers[3+i : 3+i : 4+i]
		}
	}
}

// clockOffset is what to add to the clock of this machine for that of the
// service.
func (a *attempt) clockOffset() time.Duration {
	if a.remote == nil {
		return 0
	}
	return time.Duration(a.remote.clockOffset.Load())
}

// signedHost makes the host of the request the one that is signed and sent. The
// port of the scheme is left out after an IPv6 address: the signer would leave it
// out, and the brackets of the address too. The zone of an address means nothing
// to the service (RFC 6874, section 1): package net/http does not send it.
func signedHost(req *http.Request) {
	port := ""
	switch req.URL.Scheme {
	case "http":
		port = "]:80"
	case "https":
		port = "]:443"
	}
	if address, ok := strings.CutSuffix(req.URL.Host, port); ok && port != "" {
		req.URL.Host = address + "]"
	}
	if start, end := strings.IndexByte(req.URL.Host, '%'), strings.IndexByte(req.URL.Host, ']'); req.Host == "" && 0 <= start && start < end {
		req.Host = req.URL.Host[:start] + req.URL.Host[end:]
	}
}

// send sends the request. The bounds on the body are put around it here, before
// anybody can read it. The error is a *smithyhttp.RequestSendError.
func (a *attempt) send() error {
	a.noteSent()
	if at := a.lastTimeout(); !at.IsZero() {
		a.req = a.req.WithContext(context.WithValue(a.req.Context(), timeoutKey{}, at))
	}
	resp, err := a.client.Do(a.req)
	if err == nil && resp == nil {
		err = &verdict{error: errors.New("the HTTP client returned neither a response nor an error")}
	}
	if err != nil {
		if resp = rejection(err, a.req); resp == nil {
			return &smithyhttp.RequestSendError{Err: a.sendError(err)}
		}
	}
	a.receive(a.client, resp)
	return nil
}

// rejection returns the response of a proxy that did not connect; nil: err is
// another one.
func rejection(err error, req *http.Request) *http.Response {
	var rejected *connectError
	if errors.As(err, &rejected) {
		return rejected.response(req)
	}
	return nil
}

// lastTimeout returns when an attempt of the call last timed out. Zero: none did.
func (c *call) lastTimeout() (at time.Time) {
	for _, f := range c.failures {
		var timeout *AttemptTimeoutError
		if errors.As(f.attempt.err, &timeout) {
			at = f.attempt.signed().sentAt.Add(timeout.After)
		}
	}
	return at
}

// receive takes over a response, with its body bounded by the attempt.
func (a *attempt) receive(client HTTPClient, resp *http.Response) {
	a.received = *resp // a stub may use its own again
	a.resp = &a.received
	if resp.Header == nil {
		a.resp.Header = http.Header{}
	}
	body := resp.Body
	if body == nil {
		body = http.NoBody
	}
	own := poolOf(client) != nil && resp.StatusCode != http.StatusSwitchingProtocols
	a.body = guardedBody{ctx: a.ctx, body: body, left: a.options.bodyLimit() + 1, direct: own || inMemory(body)}
	a.resp.Body = &a.body
	a.hold(&a.body)
}

// followedRedirect reports whether a client of the user's followed a redirect.
// In a *http.Client only a RoundTripper could have done so, and http.Client
// records it in Request.Response; where such a one rewrites the request to reach
// a proxy or a test server, the response is still that to our request.
func (a *attempt) followedRedirect() bool {
	got, want := a.resp.Request, a.req
	if got == nil || got == want || got.URL == nil {
		return false
	}
	if _, ok := a.client.(*http.Client); ok {
		return got.Response != nil
	}
	return got.Response != nil || got.URL.Scheme != want.URL.Scheme || got.URL.Host != want.URL.Host ||
		got.URL.EscapedPath() != want.URL.EscapedPath() || got.URL.RawQuery != want.URL.RawQuery
}

// sendError is the error of a request that got no response. What no other
// attempt can mend is marked; its text is cut, and secrets are redacted.
func (a *attempt) sendError(err error) error {
	if quotesProxy(err) {
		return errProxyAddress
	}
	permanent := isPermanent(err)
	text := err.Error()
	var urlError *url.Error
	if errors.As(err, &urlError) { // the URL holds the NextToken, and may be long
		short := url.Error{Op: urlError.Op, URL: origin(a.req.URL), Err: urlError.Err}
		text = strings.Replace(text, urlError.Error(), short.Error(), 1)
	}
	text = a.scrubbed(text, maxMessageText)
	if isNoSuchHost(err) {
		text += a.hostCure()
	}
	err = &foreignError{text: text, err: err}
	if err = a.timedOut(a.ctx, err); permanent {
		err = &verdict{error: err}
	}
	return err
}

// isNoSuchHost reports whether the name of the host, or that of a proxy, is
// unknown.
func isNoSuchHost(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// hostCure says which option the name of the host comes from.
func (a *attempt) hostCure() string {
	if _, ours := a.options.EndpointResolverV2.(defaultResolver); ours && a.options.BaseEndpoint == nil {
		return ": is Region " + quoted(a.options.Region, maxCodeText) + " right?"
	}
	return ": is the endpoint right?"
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

// origin returns scheme, host and port: the part of a URL that is never secret.
func origin(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// limited returns the context of an attempt within the one of its call.
func (c *call) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	timeout := c.options.attemptTimeout()
	if timeout < 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, timeout, c.timeout)
}

// timedOut returns the timeout of the attempt in place of what it did to err.
func timedOut(ctx context.Context, err error) error {
	var timeout *AttemptTimeoutError
	if errors.As(context.Cause(ctx), &timeout) {
		return &AttemptTimeoutError{After: timeout.After} // the settings' own is shared
	}
	return err
}

// signingOf returns what the context of a stack asks to sign for, where it does.
func signingOf(ctx context.Context, name, region, hash string) (string, string, string) {
	//lint:ignore SA1019 hooks still set it
	if v := awsmiddleware.GetSigningName(ctx); v != "" {
		name = v
	}
	//lint:ignore SA1019 hooks still set it
	if v := awsmiddleware.GetSigningRegion(ctx); v != "" {
		region = v
	}
	if v := v4.GetPayloadHash(ctx); v != "" {
		hash = v
	}
	return name, region, hash
}

var _ io.ReadCloser = (*guardedBody)(nil)
