package appintegrationstest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/aws/smithy-go"
)

// Fault is something that goes wrong with a request. Make one with a function of
// this package, or with a Do of your own, and queue it with [Server.Fail]:
//
//	srv.Fail(appintegrationstest.Throttle(0).OnPage(2).Repeat(3))
type Fault struct {
	// Identifier is the name, id or ARN of the data integration that the fault is
	// for, however a request identifies it; empty: any.
	Identifier string

	// DataIntegrations says that the fault is for requests for the list of data
	// integrations; false: for requests for associations.
	DataIntegrations bool

	// Page is the page that the fault is for, 1 is the first; 0: any.
	Page int

	// Times is how many requests the fault is for, one after the other; 0: one;
	// negative: all from now on, which makes an outage or an endless list.
	Times int

	// Do answers a request, and returns true, or leaves it to be answered
	// normally, and returns false. Nil: answered normally. It may panic with
	// http.ErrAbortHandler to drop the connection. It is called concurrently and
	// must return when the request's context ends: at the latest that is when
	// the server is closed. The headers have the request id and the Date already.
	Do func(http.ResponseWriter, *http.Request) bool

	name string
}

// String returns the name of the fault as in [Request]; "custom" for a Do of
// one's own.
func (f Fault) String() string {
	if f.name == "" {
		return "custom"
	}
	return f.name
}

// OnPage returns the fault for page n alone; 1 is the first page, 0 or negative:
// any page.
func (f Fault) OnPage(n int) Fault {
	f.Page = max(n, 0)
	return f
}

// For returns the fault for one data integration alone, which may be given by
// name, id or ARN; empty: any.
func (f Fault) For(dataIntegrationIdentifier string) Fault {
	f.Identifier = dataIntegrationIdentifier
	return f
}

// Repeat returns the fault for n requests that it matches; below 1: one.
func (f Fault) Repeat(n int) Fault {
	f.Times = max(n, 1)
	return f
}

// Always returns the fault for every request that it matches.
func (f Fault) Always() Fault {
	f.Times = -1
	return f
}

// OnDataIntegrations returns the fault for requests for the list of data
// integrations, instead of requests for associations.
func (f Fault) OnDataIntegrations() Fault {
	f.DataIntegrations = true
	return f
}

// takeFault returns the first fault in the queue that matches, and uses it up.
// The caller holds the lock.
func (s *Server) takeFault(x *exchange) (Fault, bool) {
	i := slices.IndexFunc(s.faults, func(f Fault) bool {
		return f.DataIntegrations == (x.op == listIntegrations) &&
			(f.Identifier == "" || s.known.same(f.Identifier, x.identifier)) && (f.Page == 0 || f.Page == int(x.at.page))
	})
	if i < 0 {
		return Fault{}, false
	}
	f := s.faults[i]
	switch {
	case f.Times < 0:
	case f.Times > 1:
		s.faults[i].Times--
	default:
		s.faults = slices.Delete(s.faults, i, i+1)
	}
	return f, true
}

// fault makes a Fault whose do finds the exchange. Called outside of a Server,
// it does nothing.
func fault(name string, do func(*exchange, http.ResponseWriter, *http.Request) bool) Fault {
	return Fault{name: name, Do: func(w http.ResponseWriter, r *http.Request) bool {
		x, ok := r.Context().Value(exchangeKey{}).(*exchange)
		return ok && do(x, w, r)
	}}
}

// Throttle answers with a ThrottlingException (429), and with Retry-After in
// seconds, rounded up; 0 or negative: without Retry-After.
func Throttle(retryAfter time.Duration) Fault {
	if retryAfter <= 0 {
		return throttle("throttle", func(time.Time, http.Header) {})
	}
	seconds := strconv.Itoa(int(math.Ceil(retryAfter.Seconds())))
	return throttle("throttle with Retry-After "+seconds+"s", func(_ time.Time, h http.Header) {
		h.Set("Retry-After", seconds)
	})
}

// ThrottleDate answers with a ThrottlingException (429), and with Retry-After as
// a date: that of the answer plus retryAfter, in whole seconds.
func ThrottleDate(retryAfter time.Duration) Fault {
	return throttle(fmt.Sprintf("throttle with Retry-After %v as a date", retryAfter), func(now time.Time, h http.Header) {
		h.Set("Retry-After", now.Add(retryAfter).UTC().Format(http.TimeFormat))
	})
}

// ThrottleMillis answers with a ThrottlingException (429), and with
// x-amz-retry-after in milliseconds.
func ThrottleMillis(retryAfter time.Duration) Fault {
	return throttle(fmt.Sprintf("throttle with x-amz-retry-after %v", retryAfter), func(_ time.Time, h http.Header) {
		h.Set("X-Amz-Retry-After", strconv.FormatInt(retryAfter.Milliseconds(), 10))
	})
}

func throttle(name string, after func(time.Time, http.Header)) Fault {
	return fault(name, func(x *exchange, w http.ResponseWriter, _ *http.Request) bool {
		after(x.now, w.Header())
		write(w, http.StatusTooManyRequests, "ThrottlingException", (&refusal{message: "Rate exceeded"}).body())
		return true
	})
}

// ErrorCodeIn is the place of an error code in an answer.
type ErrorCodeIn int

// The places that clients of the protocol restJson1 must know.
const (
	ErrorCodeInHeader ErrorCodeIn = iota // the header X-Amzn-ErrorType: what the service does
	ErrorCodeInCode                      // the member "code" of the body
	ErrorCodeInType                      // the member "__type" of the body
)

// String names the header or the member.
func (in ErrorCodeIn) String() string {
	names := []string{"X-Amzn-ErrorType", "code", "__type"}
	if in < 0 || int(in) >= len(names) {
		return "ErrorCodeIn(" + strconv.Itoa(int(in)) + ")"
	}
	return names[in]
}

// ErrorForm is how an error looks on the wire. The zero value is what the
// service does; the others are what the protocol allows.
type ErrorForm struct {
	CodeIn       ErrorCodeIn // where the code is
	Namespace    string      // what stands before the code, and a "#"; empty: neither
	URI          string      // what stands after the code, and a ":"; empty: neither
	LowerMessage bool        // the message is in "message", not in "Message"
	Status       int         // 0: the status of the error in the service model
}

// ErrorForms returns every form of an error that differs in more than the
// status: 24 of them, in a new slice.
func ErrorForms() []ErrorForm {
	var forms []ErrorForm
	for _, in := range []ErrorCodeIn{ErrorCodeInHeader, ErrorCodeInCode, ErrorCodeInType} {
		for _, namespace := range []string{"", "com.amazonaws.appintegrations"} {
			for _, uri := range []string{"", "http://internal.amazon.com/coral/com.amazonaws.appintegrations/"} {
				for _, lower := range []bool{false, true} {
					forms = append(forms, ErrorForm{CodeIn: in, Namespace: namespace, URI: uri, LowerMessage: lower})
				}
			}
		}
	}
	return forms
}

// Error answers with err as the service would. The code and the message are
// those of the smithy.APIError in err, for example of a
// *appintegrations.ResourceNotFoundException; any other error is an
// InternalServiceError with its text. The status is that of the service model;
// for other codes it is 403 for ExpiredTokenException, UnrecognizedClientException
// and InvalidSignatureException, else 500 if the error says that it is the
// server's fault, else 400.
func Error(err error) Fault { return ErrorAs(err, ErrorForm{}) }

// ErrorAs is [Error] in another form.
func ErrorAs(err error, form ErrorForm) Fault {
	code, message, status := describe(err)
	if form.Status != 0 {
		status = form.Status
	}
	name := fmt.Sprintf("%s (%d)", code, status)
	form.Status = 0
	if form != (ErrorForm{}) {
		name += " in " + form.CodeIn.String()
	}
	body := map[string]string{"Message": message}
	if form.LowerMessage {
		body = map[string]string{"message": message}
	}
	if form.Namespace != "" {
		code = form.Namespace + "#" + code
	}
	if form.URI != "" {
		code += ":" + form.URI
	}
	if form.CodeIn != ErrorCodeInHeader {
		body[form.CodeIn.String()] = code
		code = ""
	}
	text := encode(body)
	return fault(name, func(_ *exchange, w http.ResponseWriter, _ *http.Request) bool {
		write(w, status, code, text)
		return true
	})
}

func describe(err error) (code, message string, status int) {
	if err == nil {
		return "InternalServiceError", "", http.StatusInternalServerError
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return "InternalServiceError", err.Error(), http.StatusInternalServerError
	}
	status = http.StatusBadRequest
	switch code = api.ErrorCode(); code {
	case "ResourceNotFoundException":
		status = http.StatusNotFound
	case "ThrottlingException":
		status = http.StatusTooManyRequests
	case "AccessDeniedException", "ExpiredTokenException", unknownKey, invalidSign:
		status = http.StatusForbidden
	default:
		if code == "InternalServiceError" || api.ErrorFault() == smithy.FaultServer {
			status = http.StatusInternalServerError
		}
	}
	return code, api.ErrorMessage(), status
}

// ExpiredToken answers with an ExpiredTokenException (403), as AWS does when
// temporary credentials have run out.
func ExpiredToken() Fault {
	f := Error(&smithy.GenericAPIError{Code: "ExpiredTokenException", Message: "The security token included in the request is expired"})
	f.name = "expired token"
	return f
}

// Status answers with a bare status and a body, without any error code. An empty
// body has no type.
func Status(code int, body string) Fault {
	return fault(fmt.Sprintf("bare status %d", code), func(_ *exchange, w http.ResponseWriter, _ *http.Request) bool {
		if body != "" {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
		return true
	})
}

// ProxyPage answers with the HTML page that a proxy or a load balancer makes, of
// any status, 200 included.
func ProxyPage(status int) Fault {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	page := "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
		"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
	return fault(fmt.Sprintf("HTML of a proxy (%d)", status), func(_ *exchange, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(page))
		return true
	})
}

// Empty answers with a 200 without a body.
func Empty() Fault {
	return fault("empty 200", func(_ *exchange, w http.ResponseWriter, _ *http.Request) bool {
		head(w.Header(), "", 0)
		w.WriteHeader(http.StatusOK)
		return true
	})
}

// Redirect answers with a redirection, for example 307, to a location.
func Redirect(status int, location string) Fault {
	return fault(fmt.Sprintf("redirect (%d) to %s", status, location), func(_ *exchange, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Location", location)
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(status)
		return true
	})
}

// Date answers normally, with a Date that is off.
func Date(t time.Time) Fault {
	date := t.UTC().Format(http.TimeFormat)
	return fault("Date "+date, func(_ *exchange, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Date", date)
		return false
	})
}

// Stall waits before anything is sent, and then answers normally. 0 or negative:
// until the client or the server gives up.
func Stall(d time.Duration) Fault {
	return fault("stall"+forTime(d), func(_ *exchange, _ http.ResponseWriter, r *http.Request) bool {
		pause(r.Context(), d)
		return false
	})
}

func forTime(d time.Duration) string {
	if d <= 0 {
		return " without end"
	}
	return " of " + d.String()
}

// pause waits for d, or for ever if d is not positive. If the request ends
// first, it drops the connection.
func pause(ctx context.Context, d time.Duration) {
	var after <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		after = timer.C
	}
	select {
	case <-after:
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}
