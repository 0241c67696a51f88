package world

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	appintegrations "github.com/seed-10600c52/appintegrations"
)

// Below are the invariants about how calls fail.

// retriesFaults asks about units whose last call met a fault that another attempt could help against.
func retriesFaults(h *History) string {
	return each(h, func(u *Unit) string {
		c := h.caller(u)
		if u.Err == nil || u.CtxErr != nil || c.Deadline > 0 || c.Cancel > 0 || c.Kind == Waits || c.Kind == Sweeps || c.Retryer != "" {
			return ""
		}
		call := h.last(u)
		if call == nil {
			return ""
		}
		last := call.requests[len(call.requests)-1]
		f := faultOf(last.Fault)
		if f == nil || !f.retried || f.throttle || last.Fault == "bare 503" || saysProvider(u.Err) {
			return ""
		}
		limit, _ := c.attempts()
		var exhausted *retry.MaxAttemptsError
		switch {
		case errors.As(u.Err, &exhausted) && exhausted.Attempt >= limit:
			return ""
		case strings.Contains(u.Err.Error(), "the retry quota of"):
			if n := h.waves(call.remote, h.Plan.client(c, call.remote), last.End); n <= 3 && !h.Plan.connectionsAreHurt(call.remote) { // no service sees a connection that fails
				return fmt.Sprintf("the retry quota is used up after %d faults: %v", n, u.Err)
			}
			return ""
		}
		return fmt.Sprintf("it gave up after %d of %d attempts: %s: %v", call.attempts(), limit, call, u.Err)
	})
}

func saysProvider(err error) bool { return strings.Contains(err.Error(), "credentials") }

// recovers asks about callers with all attempts, no deadline, and no quota. A
// clock that was set during a spell costs an attempt after it, and so do keys that a
// provider gave too long.
func recovers(h *History) string {
	return each(h, func(u *Unit) string {
		c := h.caller(u)
		if !c.plain() || h.excused(u) || h.remote(u).Rate > 0 || u.Begin < h.Plan.spellsEnd(u.Remote)+10*time.Second {
			return ""
		}
		if len(u.Errs) > 0 || u.Panic != nil {
			return fmt.Sprintf("it failed: %v %v; its spells ended at %v", u.Errs, u.Panic, h.Plan.spellsEnd(u.Remote))
		}
		return ""
	})
}

func quotaLosesNothing(h *History) string {
	return each(h, func(u *Unit) string {
		c, r, a := h.caller(u), h.remote(u), h.account(u)
		if h.excused(u) || r.Rate == 0 || len(r.Spells)+len(a.Spells) > 0 || h.Plan.spellsEnd(u.Remote) > 0 || a.Life > 0 {
			return ""
		}
		if _, exact := c.attempts(); exact || !c.plain() || h.someExact(u.Remote) {
			return ""
		}
		shared := len(h.clients(u.Remote)) > 1
		for i, err := range u.Errs {
			if !shared || h.hadPage(u, u.FailedAt[i]) {
				return fmt.Sprintf("it failed under %v/s, burst %d: %v", r.Rate, r.Burst, err)
			}
		}
		if u.Panic != nil {
			return fmt.Sprintf("it panicked: %v", u.Panic)
		}
		return ""
	})
}

// quotaIsUsed asks about single calls that take more than 10 s, in which their
// client may find out the rate.
func quotaIsUsed(h *History) string {
	return each(h, func(u *Unit) string {
		c, r, a := h.caller(u), h.remote(u), h.account(u)
		free := u.End - u.Begin - 10*time.Second
		if free <= 0 || c.Kind != Calls || !c.plain() || r.Rate == 0 || len(a.Spells) > 0 || h.Plan.spellsEnd(u.Remote) > 0 || a.Life > 0 {
			return ""
		}
		pages := 0
		for _, q := range h.Requests[u.Remote] {
			if q.Finished && u.Begin <= q.End && q.End <= u.End {
				pages++
			}
		}
		if want := r.Rate * free.Seconds() / 4; float64(pages) < want {
			return fmt.Sprintf("it took %v, and %d pages passed; want at least %.0f at %v/s", u.End-u.Begin, pages, want, r.Rate)
		}
		return ""
	})
}

// client returns the number of the client that a caller uses for a remote.
func (p *Plan) client(c *Caller, remote int) int {
	if c.PerCall && c.Kind != Sweeps {
		return 0
	}
	return p.Remotes[remote].Account
}

// hadPage reports whether the client of a unit got a page of the remote in the
// 20 s before a time: then it knew that the quota lives.
func (h *History) hadPage(u *Unit, at time.Duration) bool {
	client, since := h.Plan.client(h.caller(u), u.Remote), at-20*time.Second
	return slices.ContainsFunc(h.Requests[u.Remote], func(r *Request) bool {
		return r.Finished && h.Plan.client(&h.Plan.Callers[r.Caller], u.Remote) == client && since <= r.End && r.End < at-time.Millisecond
	})
}

// clients returns which clients call a remote, by account: each has its own idea
// of the quota.
func (h *History) clients(remote int) map[int]bool {
	clients := map[int]bool{}
	for i := range h.Plan.Callers {
		c := &h.Plan.Callers[i]
		if c.Remote == remote || c.Kind == Sweeps && h.Plan.Remotes[c.Remote].Endpoint == h.Plan.Remotes[remote].Endpoint {
			clients[h.Plan.client(c, remote)] = true
		}
	}
	return clients
}

// clockIsCorrected asks where the clock can be corrected: over https.
func clockIsCorrected(h *History) string {
	return h.onlyWrong(func(r *Remote, a *Account) bool {
		return h.Plan.Network == Direct && a.Life == 0 && len(r.Spells) > 0 && onlyKinds(r.Spells, jump)
	})
}

func keysAreRefreshed(h *History) string {
	return h.onlyWrong(func(r *Remote, a *Account) bool { return a.Life > 0 && len(r.Spells) == 0 })
}

// onlyWrong returns how a call failed to a remote with which nothing else is wrong than what
// the function asks for.
func (h *History) onlyWrong(asked func(*Remote, *Account) bool) string {
	return each(h, func(u *Unit) string {
		r, a := h.remote(u), h.account(u)
		if h.excused(u) || r.Rate > 0 || len(a.Spells) > 0 || h.Plan.connectionsAreHurt(u.Remote) || !h.caller(u).plain() || !asked(r, a) {
			return ""
		}
		if len(u.Errs) > 0 || u.Panic != nil {
			return fmt.Sprintf("it failed: %v %v", u.Errs, u.Panic)
		}
		return ""
	})
}

func onlyKinds(spells []Spell, kinds ...string) bool {
	return !slices.ContainsFunc(spells, func(s Spell) bool { return !slices.Contains(kinds, s.Kind) })
}

// poolIsReplaced asks about endpoints whose connections fall silent, not twice in a
// minute, and with which nothing else is wrong. Calls that are under way together
// have one timeout each. One whose request was sent before the silence may have
// two: as long as responses came after it was sent, its timeout shows nothing.
func poolIsReplaced(h *History) string {
	return each(h, func(u *Unit) string {
		c := h.caller(u)
		silences, ok := h.Plan.silences(h.remote(u).Endpoint)
		if !ok || len(silences) == 0 || closer(silences, time.Minute) || !c.plain() || c.Kind == Sweeps || c.Retryer != "" {
			return ""
		}
		timeouts := len(silences)
		for _, from := range silences {
			if u.Begin <= from && from <= u.End {
				timeouts++
			}
		}
		most := time.Duration(len(h.of(u))+c.Prefetch+1)*(h.remote(u).Latency+5*dialTime) + time.Duration(timeouts)*(c.attemptTimeout()+100*time.Millisecond) + c.thinks(len(u.Items))
		if took := u.End - u.Begin; took > most || len(u.Errs) > 0 {
			return fmt.Sprintf("%d calls took %v; want at most %v: %v", len(h.of(u)), took, most, u.Errs)
		}
		return ""
	})
}

// closer reports whether two of the times, which are in order, are closer to each
// other than a distance.
func closer(times []time.Duration, distance time.Duration) bool {
	for i := range times {
		if i > 0 && times[i]-times[i-1] < distance {
			return true
		}
	}
	return false
}

// someExact reports whether a caller of the remote is not paced as the others.
func (h *History) someExact(remote int) bool {
	for i := range h.Plan.Callers {
		if c := &h.Plan.Callers[i]; c.Remote == remote {
			if c.Standard || c.Retryer != "" {
				return true
			}
		}
	}
	return false
}

// noSecrets looks at the text of each error of a chain too.
func noSecrets(h *History) string {
	if at := strings.Index(h.Logs, marker); at >= 0 {
		return "in the log: " + h.Logs[max(0, at-200):min(len(h.Logs), at+60)]
	}
	if len(h.Shown) > 0 {
		return h.Shown[0]
	}
	return each(h, func(u *Unit) string {
		for _, err := range u.Errs {
			if text := secretIn(err); text != "" {
				return text
			}
		}
		return ""
	})
}

func secretIn(err error) string {
	if err == nil {
		return ""
	}
	if text := shows(err); text != "" {
		return text
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return secretIn(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if text := secretIn(inner); text != "" {
				return text
			}
		}
	}
	return ""
}

func documentedErrors(h *History) string {
	return each(h, func(u *Unit) string {
		if u.Panic != nil && u.Panic != any(providerPanic) {
			return fmt.Sprintf("it panicked: %v", u.Panic)
		}
		for _, err := range u.Errs {
			if text := undocumented(h, u, err); text != "" {
				return text + ": " + err.Error()
			}
		}
		return ""
	})
}

func undocumented(h *History, u *Unit, err error) string {
	var (
		operation *smithy.OperationError
		canceled  *aws.RequestCanceledError
		pending   *appintegrations.NotCompletedError
		failed    *appintegrations.ExecutionFailedError
	)
	text := err.Error()
	switch {
	case strings.ContainsAny(text, "\r\n") || len(text) > 1<<10:
		return fmt.Sprintf("its text has %d bytes or many lines", len(text))
	case errors.As(err, &failed):
		return "no execution failed"
	case errors.As(err, &pending):
		return ""
	case !errors.As(err, &operation):
		return fmt.Sprintf("a %T without the operation", err)
	case errors.As(err, &canceled):
		return undocumentedCancel(h, u, err)
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return "it contains the end of a context, and is no *aws.RequestCanceledError"
	}
	return undocumentedFailure(h, u, err)
}

func undocumentedCancel(h *History, u *Unit, err error) string {
	c := h.caller(u)
	if c.Deadline == 0 && c.Cancel == 0 && c.MaxWait == 0 {
		return "a cancellation of a caller who never canceled"
	}
	if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return "a cancellation without the error of the context"
	}
	if u.CtxErr == context.Canceled && c.Cancel > 0 && u.Err == err && errors.Is(err, context.Canceled) && !errors.Is(err, errCause) {
		return "a cancellation without its cause"
	}
	return ""
}

// undocumentedFailure asks about errors of calls that nobody ended early.
func undocumentedFailure(h *History, u *Unit, err error) string {
	var (
		api        smithy.APIError
		response   *awshttp.ResponseError
		send       *smithyhttp.RequestSendError
		malformed  *appintegrations.MalformedResponseError
		timeout    *appintegrations.AttemptTimeoutError
		checkpoint *appintegrations.CheckpointError
	)
	switch {
	case errors.As(err, &response):
		if status := response.HTTPStatusCode(); status/100 != 2 && !errors.As(err, &api) {
			return fmt.Sprintf("status %d and no smithy.APIError", status)
		}
		if !errors.As(err, &api) && !errors.As(err, &malformed) && !errors.As(err, &timeout) {
			return "a response that is neither an error of the service nor malformed"
		}
		if response.ServiceRequestID() == "" {
			return "a response without its request id"
		}
		return ""
	case errors.As(err, &send), errors.As(err, &timeout), errors.Is(err, errProvider), saysProvider(err) && len(h.account(u).Spells) > 0:
		return ""
	case errors.As(err, &checkpoint):
		return "a checkpoint of the caller's own was rejected"
	}
	return fmt.Sprintf("a %T that is of no documented type", errors.Unwrap(err))
}

// keysAreKept looks at accounts whose keys do not expire, and which no call
// brings itself: what their provider gives is right, or refused by the service.
func keysAreKept(h *History) string {
	for i, times := range h.Retrievals {
		a := &h.Plan.Accounts[i]
		if h.perCall(i) {
			continue
		}
		if len(a.Spells) == 0 && a.Life == 0 && len(times) > 1 {
			return fmt.Sprintf("account %d: %d retrievals of keys that never expire", i, len(times))
		}
	}
	return ""
}

func (h *History) perCall(account int) bool {
	for i := range h.Plan.Callers {
		if c := &h.Plan.Callers[i]; c.PerCall && h.Plan.Remotes[c.Remote].Account == account {
			return true
		}
	}
	return false
}
