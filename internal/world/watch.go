package world

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	appintegrations "github.com/seed-10600c52/appintegrations"
)

// An Attempt is what a client told its caller of one attempt.
type Attempt struct {
	Caller     int
	Endpoint   int
	Client     int
	Begin, End time.Duration
	TimedOut   bool
	Text       string // of the error
}

// attempted is called by the client after each attempt.
func (c *caller) attempted(_ context.Context, info appintegrations.AttemptInfo) {
	a := &Attempt{Caller: c.number, Endpoint: c.Remotes[c.Remote].Endpoint, Client: c.Plan.client(&c.Caller, c.Remote), Begin: c.now() - info.Duration, End: c.now()}
	var (
		timeout  *appintegrations.AttemptTimeoutError
		canceled *aws.RequestCanceledError // has the error of the attempt before
	)
	a.TimedOut = errors.As(info.Err, &timeout) && !errors.As(info.Err, &canceled)
	c.watching.Lock()
	c.reports = append(c.reports, a)
	c.watching.Unlock()
	if info.Err != nil {
		a.Text = info.Err.Error()
	}
	text := secretIn(info.Err)
	info.Err = nil
	c.look(text, info)
}

// look searches the texts of values for a secret.
func (w *world) look(values ...any) {
	for _, v := range values {
		if text := shows(v); text != "" {
			w.watching.Lock()
			w.shown = append(w.shown, text)
			w.watching.Unlock()
		}
	}
}

// shows returns a text of a value that contains a secret; "": none does.
func shows(v any) string {
	for _, format := range []string{"%v", "%+v", "%#v"} {
		if text := fmt.Sprintf(format, v); strings.Contains(text, marker) {
			return fmt.Sprintf("%s of %T: %s", format, v, text)
		}
	}
	return ""
}

// timeoutsAreShared asks about endpoints with which nothing is wrong but that
// their open connections fall silent. The first attempt that is sent after that,
// and times out, is the last one that has to. The client replaces connections
// at most every five seconds: a silence within five seconds of a timeout that is due
// to the one before is left out, and where some callers do not watch, all are.
func timeoutsAreShared(h *History) string {
	for endpoint := range h.Plan.endpoints() {
		silences, ok := h.Plan.silences(endpoint)
		if !ok || len(silences) > 1 && !h.Plan.allWatched() {
			continue
		}
		for client := range h.Plan.Accounts {
			timeouts := h.timeouts(endpoint, client)
			for i, from := range silences {
				next := time.Duration(math.MaxInt64)
				if i+1 < len(silences) {
					next = silences[i+1]
				}
				if evidence := paidTwice(timeouts, from, next); evidence != "" {
					return fmt.Sprintf("endpoint %d, silent from %v: %s", endpoint, from, evidence)
				}
			}
		}
	}
	return ""
}

// timeouts are the attempts of a client to an endpoint that timed out, in the
// order in which they ended. Each client has connections of its own; a sweep of
// several accounts does not tell whose an attempt was.
func (h *History) timeouts(endpoint, client int) (timeouts []*Attempt) {
	for _, a := range h.Attempts {
		sweeps := h.Plan.Callers[a.Caller].Kind == Sweeps && len(h.Plan.Accounts) > 1
		if a.Endpoint == endpoint && a.Client == client && a.TimedOut && !sweeps {
			timeouts = append(timeouts, a)
		}
	}
	slices.SortFunc(timeouts, func(a, b *Attempt) int { return int(a.End - b.End) })
	return timeouts
}

// paidTwice looks for two attempts that were sent between two silences, the
// second after the first had timed out, that both timed out.
func paidTwice(timeouts []*Attempt, from, next time.Duration) string {
	var first *Attempt
	for i, a := range timeouts {
		switch {
		case a.Begin <= from || a.End >= next:
		case first == nil:
			if i > 0 && a.End-timeouts[i-1].End < 5*time.Second && timeouts[i-1].Begin <= from {
				return ""
			}
			first = a
		case a.Begin > first.End:
			return fmt.Sprintf("caller %d timed out from %v to %v, and caller %d again from %v to %v: %s", first.Caller, first.Begin, first.End, a.Caller, a.Begin, a.End, a.Text)
		}
	}
	return ""
}

func (p *Plan) allWatched() bool {
	return !slices.ContainsFunc(p.Callers, func(c Caller) bool { return !c.Watched && c.Repeat > 0 })
}

func (p *Plan) endpoints() (n int) {
	for i := range p.Remotes {
		n = max(n, p.Remotes[i].Endpoint+1)
	}
	return n
}

// silences are the times at which the open connections to an endpoint fall
// silent. ok reports whether that is all that is wrong with it.
func (p *Plan) silences(endpoint int) (times []time.Duration, ok bool) {
	for i := range p.Remotes {
		r := &p.Remotes[i]
		if r.Endpoint != endpoint {
			continue
		}
		if a := &p.Accounts[r.Account]; r.Rate > 0 || !onlyKinds(r.Spells, deadPool, mutePool) || a.Life > 0 || len(a.Spells) > 0 {
			return nil, false
		}
		for _, s := range r.Spells {
			times = append(times, s.From)
		}
	}
	slices.Sort(times)
	return times, true
}
