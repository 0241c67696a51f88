package appintegrations

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/logging"
	"github.com/seed-10600c52/appintegrations/internal/redact"
)

func (c *call) logsRequests() bool {
	return c.options.ClientLogMode.IsRequest() || c.options.ClientLogMode.IsRequestWithBody()
}

// logRequest writes the line and the headers of a request for
// aws.LogRequest and aws.LogRequestWithBody; there is no body.
func (a *attempt) logRequest() error {
	if !a.logsRequests() {
		return nil
	}
	a.logf("Request\n%s %s HTTP/1.1\nHost: %s\n%s", a.req.Method, a.redact(shownURI(a.req.URL)), a.req.URL.Host, a.redact(headerLines(a.req.Header)))
	return nil
}

// logResponse writes the status and the headers of an answer for
// aws.LogResponse, and its body too for aws.LogResponseWithBody.
func (a *attempt) logResponse(body []byte) {
	mode := a.options.ClientLogMode
	if !mode.IsResponse() && !mode.IsResponseWithBody() {
		return
	}
	if !mode.IsResponseWithBody() {
		body = nil
	}
	a.logf("Response\nHTTP/%d.%d %d\n%s\n%s", a.resp.ProtoMajor, a.resp.ProtoMinor, a.resp.StatusCode, a.redact(headerLines(a.resp.Header)), a.redact(string(body)))
}

func (a *attempt) logf(format string, v ...any) {
	logging.WithContext(a.ctx, a.options.Logger).Logf(logging.Debug, format, v...)
}

// headerLines writes headers in the order of their names. What is not known to be
// no secret is redacted.
func headerLines(header http.Header) string {
	shown := header.Clone()
	for name := range shown {
		if !isShownHeader(name) {
			shown[name] = []string{redacted}
		}
	}
	stripLocation(shown)
	var b bytes.Buffer
	shown.Write(&b)
	return strings.ReplaceAll(b.String(), "\r\n", "\n")
}

// signerOptions are what the signer is told of this attempt: how to escape the
// path, and for aws.LogSigning where to log.
func (a *attempt) signerOptions() []func(*v4.SignerOptions) {
	if !a.to.singleEscape && !a.options.ClientLogMode.IsSigning() {
		return nil
	}
	return []func(*v4.SignerOptions){func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = a.to.singleEscape
		o.LogSigning = a.options.ClientLogMode.IsSigning()
		o.Logger = signingLogger{a.options.Logger, a.redact}
	}}
}

// signingLogger takes the secrets out of the canonical request that the signer
// logs: a line each for method, path, query and each header, "name:value".
type signingLogger struct {
	logging.Logger
	redact func(string) string
}

func (l signingLogger) Logf(classification logging.Classification, format string, v ...any) {
	var text strings.Builder
	for line := range strings.SplitSeq(fmt.Sprintf(format, v...), "\n") {
		name, _, isHeader := strings.Cut(line, ":")
		switch {
		case strings.HasPrefix(line, "/"):
		case isHeader && isHeaderName(name) && !isShownHeader(name):
			line = name + ":" + redacted
		case !isHeader && strings.Contains(line, "="):
			line = shownQuery(line)
		}
		text.WriteString(line + "\n")
	}
	l.Logger.Logf(classification, "%s", l.redact(strings.TrimSuffix(text.String(), "\n")))
}

// redact hides in a text for the log the keys that the attempt is signed with,
// the token that it asks with, and the one in the page of the response.
func (a *attempt) redact(text string) string { return redact.Member(a.scrub(text), "NextToken") }
