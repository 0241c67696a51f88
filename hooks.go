package appintegrations

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/tracing"
)

// checkHooks refuses the hooks of the SDK that a call would not run: nothing
// that a user sets is ignored in silence.
func (o *Options) checkHooks() error {
	const reason = "hooks of the SDK are not supported yet"
	switch {
	case len(o.APIOptions) > 0:
		return &ConfigError{Field: "APIOptions", Reason: reason}
	case hasInterceptors(o):
		return &ConfigError{Field: "Interceptors", Reason: reason}
	}
	switch o.TracerProvider.(type) {
	case tracing.NopTracerProvider, *tracing.NopTracerProvider:
	default:
		return &ConfigError{Field: "TracerProvider", Reason: reason}
	}
	switch o.MeterProvider.(type) {
	case metrics.NopMeterProvider, *metrics.NopMeterProvider:
	default:
		return &ConfigError{Field: "MeterProvider", Reason: reason}
	}
	return nil
}

func hasInterceptors(o *Options) bool {
	i := &o.Interceptors
	return len(i.BeforeExecution)+len(i.BeforeSerialization)+len(i.AfterSerialization)+len(i.BeforeRetryLoop)+
		len(i.BeforeAttempt)+len(i.BeforeSigning)+len(i.AfterSigning)+len(i.BeforeTransmit)+len(i.AfterTransmit)+
		len(i.BeforeDeserialization)+len(i.AfterDeserialization)+len(i.AfterAttempt)+len(i.AfterExecution) > 0
}

// secretHeaders are never logged.
var secretHeaders = []string{"Authorization", "X-Amz-Security-Token", "Set-Cookie", "Cookie", "Proxy-Authorization"}

const redacted = "REDACTED"

// isSecretHeader ignores case: a signer may write names in another than Go's.
func isSecretHeader(name string) bool {
	return slices.ContainsFunc(secretHeaders, func(secret string) bool { return strings.EqualFold(secret, name) })
}

// logRequest writes the line and the headers of a request for
// aws.LogRequest and aws.LogRequestWithBody; there is no body.
func (c *call) logRequest(req *http.Request) {
	if mode := c.options.ClientLogMode; !mode.IsRequest() && !mode.IsRequestWithBody() {
		return
	}
	c.logf(req, "Request\n%s %s HTTP/1.1\nHost: %s\n%s", req.Method, c.redact(req.URL.RequestURI()), req.URL.Host, c.redact(headerLines(req.Header)))
}

// logResponse writes the status and the headers of an answer for
// aws.LogResponse, and its body too for aws.LogResponseWithBody.
func (c *call) logResponse(req *http.Request, resp *http.Response, body []byte) {
	mode := c.options.ClientLogMode
	if !mode.IsResponse() && !mode.IsResponseWithBody() {
		return
	}
	if !mode.IsResponseWithBody() {
		body = nil
	}
	c.logf(req, "Response\nHTTP/%d.%d %d\n%s\n%s", resp.ProtoMajor, resp.ProtoMinor, resp.StatusCode, c.redact(headerLines(resp.Header)), c.redact(string(body)))
}

// logRetry writes that another attempt is made, for aws.LogRetries.
func (c *call) logRetry(err error) {
	if c.options.ClientLogMode.IsRetries() {
		c.options.Logger.Logf(logging.Debug, "retrying request %s/%s, attempt %d: %v", ServiceID, operationName, c.attempts+1, err)
	}
}

func (c *call) logf(req *http.Request, format string, v ...any) {
	logging.WithContext(req.Context(), c.options.Logger).Logf(logging.Debug, format, v...)
}

// headerLines writes headers in the order of their names, secrets left out.
func headerLines(header http.Header) string {
	shown := header.Clone()
	for name := range shown {
		if isSecretHeader(name) {
			shown[name] = []string{redacted}
		}
	}
	var b bytes.Buffer
	shown.Write(&b)
	return strings.ReplaceAll(b.String(), "\r\n", "\n")
}

// signerOptions are what the signer is told of this attempt: how to escape the
// path, and for aws.LogSigning where to log.
func (c *call) signerOptions(to *target) []func(*v4.SignerOptions) {
	if !to.singleEscape && !c.options.ClientLogMode.IsSigning() {
		return nil
	}
	return []func(*v4.SignerOptions){func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = to.singleEscape
		o.LogSigning = c.options.ClientLogMode.IsSigning()
		o.Logger = signingLogger{c.options.Logger, c.redact}
	}}
}

// signingLogger takes the secrets out of the canonical request that the signer
// logs.
type signingLogger struct {
	logging.Logger
	redact func(string) string
}

var securityTokenLine = regexp.MustCompile(`(?m)^x-amz-security-token:.*$`)

func (l signingLogger) Logf(classification logging.Classification, format string, v ...any) {
	text := securityTokenLine.ReplaceAllString(fmt.Sprintf(format, v...), "x-amz-security-token:"+redacted)
	l.Logger.Logf(classification, "%s", l.redact(text))
}

// redact takes out of a text for the log the keys that the attempt is signed
// with, the token that it asks with, and the one that a page answers with.
func (c *call) redact(text string) string {
	return nextTokenMember.ReplaceAllString(c.scrub(text), `$1"`+redacted+`"`)
}

var nextTokenMember = regexp.MustCompile(`(?s)("NextToken"\s*:\s*)"(?:[^"\\]|\\.)*"?`)

// hide takes a secret out of a text, however it is spelled there: AWS quotes
// the request, in JSON, when a signature does not match. What is shorter than 3
// bytes is no secret, and stands in any text.
func hide(text, secret string) string {
	if len(secret) < 3 {
		return text
	}
	text = strings.ReplaceAll(text, secret, redacted)
	var b strings.Builder
	start := 0
	for i := 0; i < len(text); i++ {
		if c := text[i]; c != secret[0] && c != '%' && c != '\\' {
			continue
		}
		if n := spelled(text[i:], secret); n > 0 {
			b.WriteString(text[start:i])
			b.WriteString(redacted)
			i += n - 1
			start = i + 1
		}
	}
	if start == 0 {
		return text
	}
	return b.String() + text[start:]
}

// spelled returns the length of the secret at the start of text, each byte as
// it is, percent-encoded once or twice, or escaped as in JSON. 0: it is not
// there.
func spelled(text, secret string) int {
	n := 0
	for i := range len(secret) {
		size := spelledByte(text[n:], secret[i])
		if size == 0 {
			return 0
		}
		n += size
	}
	return n
}

func spelledByte(text string, c byte) int {
	for _, prefix := range [...]string{"%25", "%", `\u0025`, `\u00`} {
		if size := len(prefix) + 2; len(text) >= size && strings.HasPrefix(text, prefix) {
			if v, err := strconv.ParseUint(text[len(prefix):size], 16, 8); err == nil && byte(v) == c {
				return size
			}
		}
	}
	switch {
	case len(text) > 1 && text[0] == '\\' && text[1] == c:
		return 2
	case len(text) > 0 && text[0] == c:
		return 1
	}
	return 0
}
