package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aws/smithy-go"

	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// faultKinds are the faults that -fault knows.
var faultKinds = []struct {
	form string // the name, its value (in brackets if it is optional), and more keys
	help string
	make func(*faultSpec) appintegrationstest.Fault
}{
	{"throttle[=DURATION]", "ThrottlingException, with Retry-After", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.Throttle(s.duration("", 0))
	}},
	{"throttle-date=DURATION", "ThrottlingException, Retry-After is a date", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.ThrottleWithDate(s.duration("", 0))
	}},
	{"throttle-millis=DURATION", "ThrottlingException, with x-amz-retry-after", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.ThrottleWithMillis(s.duration("", 0))
	}},
	{"error=CODE,message=TEXT", "an error of the service, for example AccessDeniedException", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.ServiceError(&smithy.GenericAPIError{Code: s.take("", ""), Message: s.take("message", "")})
	}},
	{"expired-token", "ExpiredTokenException", none(appintegrationstest.ExpiredToken)},
	{"denied", "AccessDeniedException with the text of a resource policy", none(appintegrationstest.DeniedByResourcePolicy)},
	{"gateway-throttle", "API Gateway: TooManyRequestsException (429)", none(appintegrationstest.GatewayThrottle)},
	{"gateway-forbidden", "API Gateway: ForbiddenException (403)", none(appintegrationstest.GatewayForbidden)},
	{"gateway-missing-token", "API Gateway: MissingAuthenticationTokenException (403)", none(appintegrationstest.GatewayMissingToken)},
	{"gateway-timeout", "API Gateway: InternalServerErrorException (504)", none(appintegrationstest.GatewayTimeout)},
	{"gateway-waf", "API Gateway: ForbiddenException of AWS WAF (403)", none(appintegrationstest.GatewayWAF)},
	{"status=STATUS,body=TEXT", "a status without an error code", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.BareStatus(s.number("", 0, 200, 599), s.take("body", ""))
	}},
	{"proxy-page=STATUS", "the HTML page of a proxy", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.ProxyPage(s.number("", 0, 200, 599))
	}},
	{"empty-body", "a 200 without a body", none(appintegrationstest.EmptyBody)},
	{"redirect=LOCATION,status=STATUS", "a redirection; the status is 307 unless given", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.Redirect(s.number("status", 307, 300, 399), s.take("", ""))
	}},
	{"clock-skew=DURATION", "the normal response, its Date is off; may be negative", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.ClockSkew(s.anyDuration("", 0))
	}},
	{"stall[=DURATION]", "nothing is sent for so long, or for ever", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.Stall(s.duration("", 0))
	}},
	{"close", "the connection is closed before the headers", none(appintegrationstest.CloseConnection)},
	{"reset", "the connection is reset before the headers", none(appintegrationstest.ResetConnection)},
	{"cut-body=BYTES", "the connection is closed after so much of the body", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.CutBody(s.bytes())
	}},
	{"reset-body=BYTES", "the connection is reset after so much of the body", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.ResetBody(s.bytes())
	}},
	{"cut-chunked=BYTES", "the last chunk is missing", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.CutChunked(s.bytes())
	}},
	{"stall-body=BYTES,wait=DURATION", "a stall after so much of the body; without wait: for ever", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.StallBody(s.bytes(), s.duration("wait", 0))
	}},
	{"drip=BYTES,interval=DURATION", "the body comes so many bytes at a time; the interval is 1s unless given", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.Drip(s.bytes(), s.duration("interval", time.Second))
	}},
	{"trailing=TEXT", "more bytes after the body", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.TrailingBytes(s.take("", ""))
	}},
	{"gzip", "the body is compressed, asked for or not", none(appintegrationstest.Gzip)},
	{"gzip-cut=BYTES", "the compressed body lacks so many bytes at its end", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.GzipCut(s.bytes())
	}},
	{"gzip-bad-checksum", "the compressed body has a wrong checksum", none(appintegrationstest.GzipBadChecksum)},
	{"repeat-token", "the token leads to the same page again", none(appintegrationstest.RepeatToken)},
	{"cycle-tokens=PAGES", "the token of that page leads back to page 1", func(s *faultSpec) appintegrationstest.Fault {
		return appintegrationstest.CycleTokens(s.number("", 0, 1, 1<<30))
	}},
	{"empty-page", "a page without items and with a new token", none(appintegrationstest.EmptyPage)},
}

func none(make func() appintegrationstest.Fault) func(*faultSpec) appintegrationstest.Fault {
	return func(*faultSpec) appintegrationstest.Fault { return make() }
}

// faultHelp lists the faults.
func faultHelp() string {
	var b strings.Builder
	b.WriteString("A fault is a name, perhaps with a value, and keys after commas:\n\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, kind := range faultKinds {
		fmt.Fprintf(w, "  %s\t%s\n", kind.form, kind.help)
	}
	_ = w.Flush() // to memory: never fails
	b.WriteString(`
Keys of every fault:

  page=N         only on page N; 1 is the first
  times=N|always for so many requests, one after the other; once unless given
  for=NAME       only for one data integration, by name, id or ARN
  on=list        for the list of data integrations, not for associations

message and body take the rest of the text, commas included: give them last.
Examples: -fault throttle,page=2,times=3   -fault 'status=503,body=busy, sorry'   -fault stall=5s,for=example
`)
	return b.String()
}

// faultSpec is the text of a fault, taken apart.
type faultSpec struct {
	values map[string]string // the fault's own value has the empty key
	err    error             // the first one
}

// parseFault returns the fault that a text describes. everyN is that of
// -fault-every, or 0.
func parseFault(text string, everyN int) (f appintegrationstest.Fault, err error) {
	head, keys, _ := strings.Cut(text, ",")
	name, value, hasValue := strings.Cut(head, "=")
	for _, kind := range faultKinds {
		form, _, _ := strings.Cut(kind.form, ",")
		kindName := form[:strings.IndexAny(form+"=", "=[")]
		if kindName != name {
			continue
		}
		switch required := strings.Contains(form, "=") && !strings.Contains(form, "["); {
		case required && value == "", hasValue && value == "":
			return f, fmt.Errorf("it needs a value: %s", kind.form)
		case kindName == form && hasValue:
			return f, fmt.Errorf("%s has no value", name)
		}
		s := &faultSpec{values: map[string]string{}}
		if hasValue {
			s.values[""] = value
		}
		if err := s.parseKeys(keys); err != nil {
			return f, err
		}
		f = s.apply(kind.make(s), everyN)
		if len(s.values) > 0 {
			s.fail("%s has no key %q; see -fault help", name, slices.Sorted(maps.Keys(s.values))[0])
		}
		return f, s.err
	}
	return f, fmt.Errorf("there is no fault %q; see -fault help", name)
}

func (s *faultSpec) parseKeys(text string) error {
	for text != "" {
		key, rest, ok := strings.Cut(text, "=")
		if !ok || strings.Contains(key, ",") {
			return fmt.Errorf("%q is not of the form key=value", strings.SplitN(text, ",", 2)[0])
		}
		if _, twice := s.values[key]; twice || key == "" {
			return fmt.Errorf("the key %q is there twice, or empty", key)
		}
		if key == "message" || key == "body" {
			s.values[key], text = rest, ""
			continue
		}
		if s.values[key], text, _ = strings.Cut(rest, ","); s.values[key] == "" {
			return fmt.Errorf("the key %q has no value", key)
		}
	}
	return nil
}

// apply applies the keys that every fault has.
func (s *faultSpec) apply(f appintegrationstest.Fault, everyN int) appintegrationstest.Fault {
	if page := s.number("page", 0, 1, 1<<30); page > 0 {
		f = f.OnPage(page)
	}
	if everyN > 0 {
		f = f.Every(everyN).Always()
	}
	if s.values["times"] == "always" {
		delete(s.values, "times")
		f = f.Always()
	} else if times := s.number("times", 0, 1, 1<<30); times > 0 {
		f = f.Repeat(times)
	}
	switch on := s.take("on", ""); on {
	case "":
	case "list":
		f = f.OnDataIntegrations()
	default:
		s.fail("on=%s: it must be list", on)
	}
	return f.For(s.take("for", ""))
}

func (s *faultSpec) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// take returns the value of a key, and notes that the key is known.
func (s *faultSpec) take(key, otherwise string) string {
	value, ok := s.values[key]
	delete(s.values, key)
	if !ok {
		return otherwise
	}
	return value
}

func (s *faultSpec) number(key string, otherwise, least, most int) int {
	text := s.take(key, "")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		s.fail("%q must be a number between %d and %d", text, least, most)
	}
	return n
}

func (s *faultSpec) bytes() int { return s.number("", 0, 0, 1<<30) }

func (s *faultSpec) duration(key string, otherwise time.Duration) time.Duration {
	d := s.anyDuration(key, otherwise)
	if d < 0 {
		s.fail("the duration %v must not be negative", d)
	}
	return d
}

func (s *faultSpec) anyDuration(key string, otherwise time.Duration) time.Duration {
	text := s.take(key, "")
	if text == "" {
		return otherwise
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		s.fail("%q must be a duration such as 1.5s or 2m", text)
	}
	return d
}
