package appintegrationstest

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Fault is something that goes wrong with a request. Make one with a function of
// this package, or with a Do of your own, and queue it with [Server.Fail]:
//
//	srv.Fail(appintegrationstest.Throttle(0).OnPage(2).Repeat(3))
//
// The zero Fault changes nothing: the request that uses it up gets the normal
// response.
type Fault struct {
	// Identifier is the name, id or ARN of the data integration that the fault is
	// for, whichever of them the request contains; empty: any.
	Identifier string

	// DataIntegrations says that the fault is for requests for the list of data
	// integrations; false: for requests for associations.
	DataIntegrations bool

	// Page is the page that the fault is for, 1 is the first; 0: any.
	Page int

	// Times is how many requests the fault is for, one after the other; 0: one;
	// negative: all from now on, which makes an outage or an endless list.
	// [Fault.Repeat] and [Fault.Always] set it.
	Times int

	// Nth limits the fault to each Nth request that it matches; 0, 1 or negative:
	// no limit. Requests that meet a fault earlier in the queue do not count.
	// [Fault.Every] sets it.
	Nth int

	// Do sends the response and returns true, or sends nothing and returns false:
	// then the request gets the normal response. Nil: the normal response. Do may
	// panic with http.ErrAbortHandler to close the connection. Do is called
	// concurrently, and must return when the request's context ends, which
	// happens at the latest when the server is closed. The response headers
	// contain the request id and the Date already.
	Do func(http.ResponseWriter, *http.Request) bool

	name string
	seen int // requests that the fault matched, for Nth
}

// String returns the name of the fault as in [Request]; "custom" for a fault that
// this package did not make.
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

// For returns the fault for one data integration alone, given by name, id or ARN;
// empty: any.
func (f Fault) For(dataIntegrationIdentifier string) Fault {
	f.Identifier = dataIntegrationIdentifier
	return f
}

// Repeat returns the fault for n requests that it matches; below 1: one.
func (f Fault) Repeat(n int) Fault {
	f.Times = max(n, 1)
	return f
}

// Always returns the fault for all requests that it matches from now on.
func (f Fault) Always() Fault {
	f.Times = -1
	return f
}

// Every returns the fault for each n-th request that it matches; below 1: for
// each of them.
//
//	srv.Fail(appintegrationstest.ProxyPage(503).Every(100).Always()) // 1 % of the requests
func (f Fault) Every(n int) Fault {
	f.Nth = max(n, 1)
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
	for i := range s.faults {
		f := &s.faults[i]
		if !s.matches(f, x) {
			continue
		}
		if f.seen++; f.Nth > 1 && f.seen%f.Nth != 0 {
			continue
		}
		taken := *f
		switch {
		case f.Times < 0:
		case f.Times > 1:
			f.Times--
		default:
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		return taken, true
	}
	return Fault{}, false
}

func (s *Server) matches(f *Fault, x *exchange) bool {
	return f.DataIntegrations == (x.op == listIntegrations) &&
		(f.Identifier == "" || s.known.same(f.Identifier, x.identifier)) &&
		(f.Page == 0 || f.Page == int(x.at.page))
}

// fault makes a Fault whose do finds the exchange. Called outside of a Server,
// it does nothing.
func fault(name string, do func(*exchange, http.ResponseWriter, *http.Request) bool) Fault {
	return Fault{name: name, Do: func(w http.ResponseWriter, r *http.Request) bool {
		x, ok := r.Context().Value(exchangeKey{}).(*exchange)
		return ok && do(x, w, r)
	}}
}

// BareStatus sends a status and a body without an error code. An empty body has
// no Content-Type.
func BareStatus(status int, body string) Fault {
	return fault(fmt.Sprintf("bare status %d", status), func(_ *exchange, w http.ResponseWriter, _ *http.Request) bool {
		if body != "" {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
		return true
	})
}

// ProxyPage sends the HTML page of a proxy or a load balancer, with any status,
// 200 included.
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

// EmptyBody sends a 200 without a body.
func EmptyBody() Fault {
	return fault("empty 200", func(_ *exchange, w http.ResponseWriter, _ *http.Request) bool {
		head(w.Header(), "", 0)
		w.WriteHeader(http.StatusOK)
		return true
	})
}

// Redirect sends a redirection, for example with status 307, to a location.
func Redirect(status int, location string) Fault {
	return fault(fmt.Sprintf("redirect (%d) to %s", status, location), func(_ *exchange, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Location", location)
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(status)
		return true
	})
}

// ClockSkew sends the normal response with a Date that differs from the server's
// clock by d; negative: an earlier Date.
func ClockSkew(d time.Duration) Fault {
	return fault("clock skew of "+d.String(), func(x *exchange, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Date", x.now.Add(d).UTC().Format(http.TimeFormat))
		return false
	})
}

// Stall waits for d before it sends anything, and then sends the normal response.
// 0 or negative: it waits until the client gives up or the server is closed.
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
// first, it closes the connection.
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
