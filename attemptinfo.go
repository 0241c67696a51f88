package appintegrations

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithy "github.com/aws/smithy-go"
)

// An AttemptInfo describes one attempt of a call, for Options.OnAttempt. No field
// of it contains a secret.
type AttemptInfo struct {
	Attempt    int           // 1 for the first
	Endpoint   string        // scheme, host and port that the request was for; "": the attempt failed before they were known
	StatusCode int           // the HTTP status; 0: no response arrived
	ErrorCode  string        // of the error of the service, for example ThrottlingException; "": there is none
	RequestID  string        // of the response; "": it had none
	Duration   time.Duration // from the credentials to the last byte of the body
	Delay      time.Duration // the back-off before the next attempt; 0: none, or there is no next attempt
	Retried    bool          // another attempt follows, unless the context ends before it
	Err        error         // of this attempt alone; nil: it returned a page
}

// decided passes on what became of an attempt and what follows: to OnAttempt,
// and where another attempt follows to the log.
func (c *call) decided(ctx context.Context, a *attempt, retried bool, delay time.Duration) {
	onAttempt := c.options.OnAttempt
	if onAttempt == nil && !(retried && c.logsRetries(ctx)) {
		return
	}
	info := a.info(retried, delay)
	if retried {
		c.logRetry(ctx, info)
	}
	if onAttempt != nil {
		callBack(ctx, func() { onAttempt(ctx, info) })
	}
}

func (a *attempt) info(retried bool, delay time.Duration) AttemptInfo {
	sent := a.signed()
	info := AttemptInfo{Attempt: a.number, Duration: a.took, Delay: delay, Retried: retried, Err: a.err}
	if sent.req != nil && sent.req.URL != nil && sent.req.URL.Host != "" {
		info.Endpoint = origin(sent.req.URL)
	}
	if info.StatusCode, info.RequestID = responseOf(a.err); info.StatusCode == 0 && sent.resp != nil {
		info.StatusCode, info.RequestID = sent.resp.StatusCode, sent.requestID()
	}
	info.ErrorCode = codeOf(a.err)
	return info
}

// responseOf returns the status and the request id that an error contains; 0 and
// "": none.
func responseOf(err error) (status int, requestID string) {
	var answered interface {
		HTTPStatusCode() int
		ServiceRequestID() string
	}
	if errors.As(err, &answered) {
		return answered.HTTPStatusCode(), answered.ServiceRequestID()
	}
	return 0, ""
}

// codeOf returns the code of an error of the service; "": it is none.
func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return oneLine(api.ErrorCode(), maxCodeText)
	}
	return ""
}

// callBack calls f, which is code of the user's, and waits for it: after the end
// of ctx only for a moment, so that one that hangs does not hold up the call.
func callBack(ctx context.Context, f func()) {
	done := start(func() (struct{}, error) { f(); return struct{}{}, nil })
	select {
	case o := <-done:
		_, _ = o.result()
		return
	case <-ctx.Done():
	}
	grace := time.NewTimer(closeGrace)
	defer grace.Stop()
	select {
	case o := <-done:
		_, _ = o.result()
	case <-grace.C:
	}
}

// A wait is what a call waits for. The zero value is nothing.
type wait struct {
	what  string // for example "the credentials"
	host  string // that the wait is for; "": for none
	since time.Time
}

func (w wait) String() string {
	if w.host == "" {
		return w.what
	}
	return w.what + " of " + oneLine(w.host, maxHostText)
}

// lasted says how long the wait has lasted, and what for.
func (w wait) lasted() string {
	if w.what == "" {
		return ""
	}
	return " after waiting " + rounded(time.Since(w.since)) + " for " + w.String()
}

func rounded(d time.Duration) string { return d.Round(time.Millisecond).String() }

// waitsFor notes what the attempt waits for from now on.
func (a *attempt) waitsFor(what, host string) { a.waitsSince(time.Now(), what, host) }

func (a *attempt) waitsSince(since time.Time, what, host string) {
	w := wait{what: what, host: host, since: since}
	if a.root == nil {
		a.waiting = w
		return
	}
	a.root.mu.Lock()
	defer a.root.mu.Unlock()
	a.root.waiting = w
}

func (a *attempt) waitedFor() wait {
	if a.root == nil {
		return a.waiting
	}
	a.root.mu.Lock()
	defer a.root.mu.Unlock()
	return a.root.waiting
}

// timedOut returns the timeout of the attempt, with what it was waiting for, in
// place of what it did to err.
func (a *attempt) timedOut(ctx context.Context, err error) error {
	timeout := timedOut(ctx, err)
	if _, ok := timeout.(*AttemptTimeoutError); !ok {
		return err
	}
	w := a.waitedFor()
	if w.what == "" {
		return timeout
	}
	return &note{err: timeout, after: " waiting for " + w.String()}
}

// A summary is what the error and the log of a call say besides how it ended.
type summary struct {
	identifier string // of the data integration
	host       string // "": it was not known yet
	attempts   int
	waited     time.Duration // for turns and back-offs
}

func (c *call) summary() summary {
	return summary{identifier: valueOr(c.input.DataIntegrationIdentifier, ""), host: c.host(), attempts: c.attempts, waited: c.waited}
}

// end returns the summary of a call that has ended.
func (c *call) end() summary {
	if c.ended != (summary{}) {
		return c.ended
	}
	return c.summary()
}

// host returns the host of the last attempt, else the one that the next goes to;
// "": it is not known.
func (c *call) host() string {
	if c.last != nil {
		if sent := c.last.signed(); sent.req != nil && sent.req.URL != nil && sent.req.URL.Host != "" {
			return sent.req.URL.Host
		}
	}
	if r := c.expectedRemote(); r != nil {
		return r.host
	}
	if c.target != nil {
		return c.target.base.Host
	}
	return ""
}

// in puts before the error of a call which data integration and host it was for,
// how many attempts there were, where *retry.MaxAttemptsError does not say it,
// and how long they waited. It keeps the text on one line.
// smithy.InvalidParamsError keeps its own form, and the configuration is not
// that of one data integration.
func (s summary) in(err error) error {
	var (
		invalid smithy.InvalidParamsError
		config  *ConfigError
		head    strings.Builder
	)
	if errors.As(err, &invalid) {
		return err
	}
	if s.attempts > 1 || !errors.As(err, &config) {
		head.WriteString("data integration " + quoted(s.identifier, maxIdentifierText))
		if s.host != "" {
			head.WriteString(" at " + oneLine(s.host, maxHostText))
		}
		head.WriteString(", ")
	}
	if _, counted := err.(*retry.MaxAttemptsError); !counted && s.attempts > 0 {
		fmt.Fprintf(&head, "attempt %d, ", s.attempts)
	}
	if s.waited >= time.Millisecond {
		head.WriteString("waited " + rounded(s.waited) + " in all, ")
	}
	return &note{before: head.String(), err: err, limit: maxCallText - head.Len()}
}

// onOneLine keeps the text of an error on one line. smithy.InvalidParamsError
// keeps its own form.
func onOneLine(err error) error {
	var invalid smithy.InvalidParamsError
	if errors.As(err, &invalid) {
		return err
	}
	return &note{err: err, limit: maxCallText}
}
