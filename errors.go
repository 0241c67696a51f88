package appintegrations

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	smithy "github.com/aws/smithy-go"

	"github.com/seed-10600c52/appintegrations/internal/json"
	"github.com/seed-10600c52/appintegrations/internal/text"
)

// Bounds on what a server or a proxy can make an error hold and say. Together
// they keep the text of any error of a call on one line of at most 1 KiB.
const (
	maxErrorBody     = 64 << 10 // bytes read of an answer that is an error
	maxMessageText   = 512
	maxCodeText      = 64
	maxRequestIDText = 128
	maxHostText      = 128
	maxBodyText      = 60 // of a body that should be JSON and is not
	maxErrorText     = 1 << 10
	// Of an error beside the operation. Each part puts what must be seen first, so
	// that only the end of a message is cut.
	maxCallText = maxErrorText - len("operation error "+ServiceID+": "+operationName+", ")
)

// A ConfigError says that the configuration of a client or of a call can never
// work. Nothing was sent. It is permanent: it is not retried, and the same call
// will fail again. The text never contains the value of a secret.
type ConfigError struct {
	Field  string // the field of Options, for example "BaseEndpoint"
	Reason string // the value, what is wrong, and the cure, for example "\"localhost:4566\" has no scheme: write http://localhost:4566"
}

// Error returns the field and the reason on one line.
func (e *ConfigError) Error() string {
	return "invalid configuration: " + e.Field + " " + e.Reason
}

// RetryableError returns false: no retryer of the SDK retries it.
func (e *ConfigError) RetryableError() bool { return false }

// A MalformedResponseError says that an answer was not one complete page,
// though its status is a success: it was cut off, is not JSON, is larger than
// MaxPageBytes, or holds a value of the wrong type. It is retried. In the chain
// it is inside a *[smithy.DeserializationError] inside a
// *[awshttp.ResponseError].
type MalformedResponseError struct {
	StatusCode int    // the HTTP status
	RequestID  string // "" if the answer had none
	Path       string // where in the page, for example DataIntegrationAssociations[3].ClientId; "" for all of it
	Reason     string // what came in place of a page
	Err        error  // the cause where there is one, for example io.ErrUnexpectedEOF; nil otherwise
}

// Error says where and why on one line. Status and request id are in the text
// of the *[awshttp.ResponseError] around it.
func (e *MalformedResponseError) Error() string {
	var b strings.Builder
	b.WriteString("malformed response")
	if e.Path != "" {
		b.WriteString(" at " + e.Path)
	}
	b.WriteString(": " + e.Reason)
	if e.Err != nil {
		b.WriteString(": " + oneLine(e.Err.Error(), maxMessageText/2))
	}
	return b.String()
}

// Unwrap returns the cause, which may be nil.
func (e *MalformedResponseError) Unwrap() error { return e.Err }

// RetryableError returns true: the retryers of the SDK retry it.
func (e *MalformedResponseError) RetryableError() bool { return true }

// A RedirectError says that the service, or something before it, answered with
// a redirect. Redirects are never followed: a signed request, and the security
// token with it, would go where the signature was not made for. It is not
// retried. It is a [smithy.APIError].
type RedirectError struct {
	StatusCode int    // the HTTP status
	RequestID  string // "" if the answer had none
	Origin     string // scheme, host and port of the target; "" if the answer named none
}

// Error gives the code, the status and the origin of the target on one line.
func (e *RedirectError) Error() string {
	return e.ErrorCode() + ": " + e.ErrorMessage()
}

// ErrorCode returns the status text as one word, for example TemporaryRedirect.
func (e *RedirectError) ErrorCode() string { return statusCodeName(e.StatusCode) }

// ErrorMessage returns the text of Error without the code.
func (e *RedirectError) ErrorMessage() string {
	text := "redirect " + strconv.Itoa(e.StatusCode)
	if e.Origin != "" {
		text += " to " + oneLine(e.Origin, maxMessageText/2)
	}
	return text + " not followed"
}

// ErrorFault returns [smithy.FaultUnknown].
func (e *RedirectError) ErrorFault() smithy.ErrorFault { return smithy.FaultUnknown }

// RetryableError returns false: no retryer of the SDK retries it.
func (e *RedirectError) RetryableError() bool { return false }

// An AttemptTimeoutError says that one attempt took longer than
// Options.AttemptTimeout. It is retried, on a new connection. It is not
// context.DeadlineExceeded: the caller's context is still alive. The text around
// it says what the attempt waited for: credentials, the endpoint resolver, the
// signer, or the response of the host.
type AttemptTimeoutError struct {
	After time.Duration // the timeout that was in force
}

// Error gives the timeout on one line.
func (e *AttemptTimeoutError) Error() string { return "attempt timed out after " + e.After.String() }

// Timeout returns true.
func (e *AttemptTimeoutError) Timeout() bool { return true }

// RetryableError returns true: the retryers of the SDK retry it.
func (e *AttemptTimeoutError) RetryableError() bool { return true }

// A verdict says whether another attempt can help against an error, to any
// retryer that asks for RetryableError, those of the SDK among them. It adds
// nothing to the text.
type verdict struct {
	error
	retry bool
	final bool // the call ends whatever its retryer says
}

func (v *verdict) Unwrap() error        { return v.error }
func (v *verdict) RetryableError() bool { return v.retry }

// A bareError is the error of a response that names no code. It adds nothing to
// the text.
type bareError struct{ error }

func (e *bareError) Unwrap() error { return e.error }

// A note adds to the text of an error.
type note struct {
	before string
	err    error
	after  string
	limit  int // of the text of err; 0: none
}

func (n *note) Error() string {
	text := n.err.Error()
	if n.limit > 0 {
		text = oneLine(text, n.limit)
	}
	return n.before + text + n.after
}

func (n *note) Unwrap() error { return n.err }

// retold has a text of its own in place of that of err.
type retold struct {
	text string
	err  error
}

func (r *retold) Error() string { return r.text }
func (r *retold) Unwrap() error { return r.err }

// joined is errors.Join with a text of one line.
type joined []error

func (e joined) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
	}
	return strings.Join(texts, ", ")
}

func (e joined) Unwrap() []error { return e }

// foreignError holds an error of somebody else's code: its text may have many
// lines, be of any length and quote the request. So it is not unwrapped, which
// would show that text to whoever prints each error of a chain; errors.Is and
// errors.As look inside all the same.
type foreignError struct {
	text  string
	err   error
	class Class // "": what err says
}

func (e *foreignError) Error() string        { return e.text }
func (e *foreignError) Is(target error) bool { return errors.Is(e.err, target) }

// As finds what errors.As would find inside. A *url.Error quotes the URL of the
// request, so the copy that is given out has no more of it than the origin.
func (e *foreignError) As(target any) bool {
	if !errors.As(e.err, target) {
		return false
	}
	if found, ok := target.(**url.Error); ok {
		stripped := url.Error{Op: (*found).Op, Err: (*found).Err}
		if u, err := url.Parse((*found).URL); err == nil {
			stripped.URL = origin(u)
		}
		*found = &stripped
	}
	return true
}

// foreign wraps err with the act that it ended. What is ours already is bounded
// and on one line, and so is not changed by it.
func foreign(act string, err error) error { return foreignOf("", act, err) }

// foreignOf is foreign for an act whose failure is of a class, whatever err is.
func foreignOf(class Class, act string, err error) error {
	return &foreignError{text: act + ": " + oneLine(err.Error(), maxMessageText), err: err, class: class}
}

func isAPIError(err error) bool {
	var e interface{ ErrorCode() string }
	return errors.As(err, &e)
}

// codeOfStatus is the code of an answer that names none.
func codeOfStatus(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return "ThrottlingException" // a proxy or a firewall; see RFC 6585, section 4
	case status/100 == 2:
		return "UnknownError" // its status says that nothing is wrong
	}
	return statusCodeName(status)
}

// transientStatus reports whether a status alone makes an answer worth another
// attempt: 408 and 425 ask for one (RFC 9110, RFC 8470), 529 is a proxy's
// "overloaded", the others are those of the official client and 429.
func transientStatus(status int) bool {
	switch status {
	case 408, 425, 429, 500, 502, 503, 504, 529:
		return true
	}
	return false
}

// errorCode strips the namespace before # and the URI after : from a code, in
// the order that the restJson1 protocol gives.
func errorCode(s string) string {
	s, _, _ = strings.Cut(s, ":")
	if _, after, ok := strings.Cut(s, "#"); ok {
		s = after
	}
	return strings.TrimSpace(s)
}

// statusCodeName names a status as a code: the letters and digits of its text.
func statusCodeName(status int) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, http.StatusText(status))
	if name == "" {
		return "HTTP" + strconv.Itoa(status)
	}
	return name
}

// errorFields are the fields of the body of an error; zero where absent.
type errorFields struct {
	code, kind string
	message    *string // of an exception, which has it as "message" or "Message"
	anyMessage string  // of any other error: in any case
}

// errorBody takes what it can from the body of an error. A body that is cut
// off, or is not JSON from some point on, keeps what came before that.
func errorBody(body []byte) (m errorFields) {
	s := json.New(body)
	if s.EnterObject() != nil {
		return m
	}
	for {
		name, ok, err := s.NextMember()
		if err != nil || !ok {
			return m
		}
		kind, err := s.Peek()
		if err != nil {
			return m
		}
		if kind != json.String {
			if kind == json.Null && (name.Is("message") || name.Is("Message")) {
				m.message = nil
			}
			if s.Skip() != nil {
				return m
			}
			continue
		}
		value, err := s.Text()
		m.set(string(name.Append(nil)), string(value.Append(nil)), err == nil)
		if err != nil {
			return m
		}
	}
}

// set keeps a member. Part of a message tells something; part of a code may be
// another code.
func (m *errorFields) set(name, value string, whole bool) {
	switch {
	case strings.EqualFold(name, "code"):
		if whole {
			m.code = value
		}
	case strings.EqualFold(name, "__type"):
		if whole {
			m.kind = value
		}
	case strings.EqualFold(name, "message"):
		if m.anyMessage = value; name == "message" || name == "Message" {
			m.message = &value
		}
	}
}

// oneLine returns s as it is if that is printable and at most limit bytes long.
// Else it escapes what is not, and cuts.
func oneLine(s string, limit int) string { return text.OneLine(s, limit) }

// quoted returns s in quotation marks, on one line and with at most limit bytes
// between them.
func quoted(s string, limit int) string {
	s = s[:min(len(s), limit+utf8.UTFMax)] // one byte too many is enough to see that it is cut
	return `"` + oneLine(quotes.Replace(s), limit) + `"`
}

var quotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
