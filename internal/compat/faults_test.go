package compat

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// A fault is what a client is made to meet, and what it did.
type fault struct {
	name    string
	answers []answer // the last one for ever
	change  []option // of the client
	limit   func(context.Context) (context.Context, context.CancelFunc)
	timed   bool // how long it took is part of what it did
	calls   int  // on one client; 0: one

	official string // what the official client does
	ours     string // what ours does; "": the same
	differs  string // the row of differences where ours is not ""
}

func (f *fault) call(t *testing.T, p peer) string {
	var off string
	var did []string
	answer := script(f.answers...)
	r := &recorder{answer: func(n int, req *http.Request) (*http.Response, error) {
		off += signedOff(req)
		return answer(n, req)
	}}
	c := p.new(append(basics(r), f.change...)...)
	for range max(1, f.calls) {
		before, start := len(r.sent()), time.Now()
		o := f.once(t, c)
		o.sent = r.sent()[before:]
		text := verdict(o) + off
		if f.timed {
			text += " in " + time.Since(start).String()
		}
		did, off = append(did, text), ""
	}
	return runs(did)
}

func (f *fault) once(t *testing.T, c client) (o outcome) {
	defer func() {
		if v := recover(); v != nil {
			o.err = &panicked{v}
		}
	}()
	ctx := t.Context()
	if f.limit != nil {
		var cancel context.CancelFunc
		ctx, cancel = f.limit(ctx)
		defer cancel()
	}
	o.page, o.err = c.list(ctx, anInput)
	return o
}

// faults are all tables of them.
func faults() map[string][]fault {
	return map[string][]fault{"pages": pageFaults, "errors": errorFaults, "transport": transportFaults, "clock and keys": clockFaults, "context": contextFaults, "retryers": retryerFaults}
}

// Both clients do the same with a fault, but for the rows of differences.
func TestFaults(t *testing.T) {
	same, differ := 0, 0
	for table, rows := range faults() {
		for _, f := range rows {
			t.Run(table+"/"+f.name, func(t *testing.T) {
				var did [2]string
				for i, p := range peers {
					synctest.Test(t, func(t *testing.T) { did[i] = f.call(t, p) })
				}
				checkBoth(t, did, f.official, f.ours, f.differs)
			})
			if f.ours == "" {
				same++
			} else {
				differ++
			}
		}
	}
	t.Logf("counted: %d faults: %d with the same outcome, %d with an intended difference", same+differ, same, differ)
}

// checkBoth holds what both did against what they are to do. ours "" is the same
// as official; where it is not, a row of differences says why.
func checkBoth(t *testing.T, did [2]string, official, ours, differs string) {
	t.Helper()
	assert.Equal(t, official, did[0], "official")
	if ours == "" {
		assert.Empty(t, differs)
		assert.Equal(t, did[0], did[1], "ours must do what official does")
		return
	}
	assert.Equal(t, ours, did[1], "ours")
	assert.NotEqual(t, official, ours)
	assert.True(t, isDifference(differs), "no row %q", differs)
}

func within(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, d) }
}

func canceledAfter(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		if d == 0 {
			cancel()
		}
		time.AfterFunc(d, cancel)
		return ctx, cancel
	}
}

var deepBody = `{"X":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `,"NextToken":"n"}`

func isDifference(name string) bool {
	return slices.ContainsFunc(differences, func(d difference) bool { return d.name == name })
}

// runs joins what was done one after another, and counts what is the same. Of a
// long list it tells the ends.
func runs(did []string) string {
	var text []string
	for start := 0; start < len(did); {
		n := 1
		for start+n < len(did) && did[start+n] == did[start] {
			n++
		}
		one := did[start]
		if n > 1 {
			one = fmt.Sprintf("%d x %s", n, one)
		}
		text = append(text, one)
		start += n
	}
	if len(text) > 20 {
		text = slices.Concat(text[:2], []string{fmt.Sprintf("%d more", len(text)-5)}, text[len(text)-3:])
	}
	return strings.Join(text, "; ")
}
