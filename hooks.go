package appintegrations

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
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
	stripLocation(shown)
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
