package appintegrations

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// replaceEvery is how often the connections to a host are replaced at most. A
// host that answers nobody would otherwise get a new set of connections from
// each attempt that times out.
const replaceEvery = 5 * time.Second

// keptHosts is how many hosts a pool knows that have no connections, because
// those were replaced. A client of AWS meets a few dozen in all.
const keptHosts = 512

// A pool sends requests over a transport of Go, and replaces the connections to
// a host after an attempt timeout: where one connection hangs, for example
// behind a router that forgot them all, the others hang too, and a connection of
// HTTP/2 outlives the requests that time out on it. It is safe for concurrent
// use.
type pool struct {
	base  *http.Transport
	ours  bool // base belongs to the pool: it is rebuilt, and its dialler is bounded
	seed  maphash.Seed
	fresh func() *http.Transport         // opens a connection for each request
	made  atomic.Pointer[http.Transport] // by fresh; nil: not yet

	shares atomic.Bool // what fresh made shares the connections of base

	mu     sync.Mutex
	hosts  map[string]*hostPool // that have requests or connections, or not those of base
	pinned bool                 // a clone of base shares its connections
	past   map[net.Conn]*connPast
}

// A hostPool is what a pool knows of one host. It is guarded by the mutex of the
// pool.
type hostPool struct {
	current  *generation
	replaced time.Time // when current took over; zero: it is the first
	answered time.Time // when a response was last complete
	constant bool      // the host gives all responses the same request id
}

// A generation is a set of connections to one host. It is guarded by the mutex
// of the pool.
type generation struct {
	transport *http.Transport
	flights   int // requests under way
	conns     map[*poolConn]struct{}
	old       bool // another one took its place
}

func newPool(base *http.Transport, ours bool) *pool {
	p := &pool{base: base, ours: ours, seed: maphash.MakeSeed(), hosts: map[string]*hostPool{}, past: map[net.Conn]*connPast{}}
	p.fresh = sync.OnceValue(func() *http.Transport {
		t := base.Clone()
		p.shares.Store(sharesConnections(t))
		t.DisableKeepAlives = true
		p.made.Store(t)
		return t
	})
	return p
}

// RoundTrip sends a request over the connections that are in use for its host.
func (p *pool) RoundTrip(req *http.Request) (*http.Response, error) {
	f := p.enter(req)
	resp, err := f.transport.RoundTrip(f.request)
	if err == nil {
		resp, err = f.judge(resp)
	}
	if err != nil {
		f.end(false)
		return nil, withoutProxyURL(p.base, req, err)
	}
	f.body, resp.Body, resp.Request = resp.Body, f, req
	return resp, nil
}

// CloseIdleConnections closes those of base too, unless it is
// http.DefaultTransport, which is everybody's.
func (p *pool) CloseIdleConnections() {
	if p.base != http.DefaultTransport {
		p.base.CloseIdleConnections()
	}
	p.closeOwn()
}

// closeOwn closes the connections that are not in use, and not the user's.
func (p *pool) closeOwn() {
	if p.ours {
		p.base.CloseIdleConnections()
	}
	for _, clone := range p.clones() {
		clone.CloseIdleConnections()
	}
	if t := p.made.Load(); t != nil {
		t.CloseIdleConnections() // ends dials that nobody waits for
	}
}

// clones returns the transports that took the place of base. The connections of
// the user's are forgotten, so that nothing holds those that are closed.
func (p *pool) clones() (clones []*http.Transport) {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.past)
	for _, h := range p.hosts {
		if h.current.transport != p.base {
			clones = append(clones, h.current.transport)
		}
	}
	return clones
}

// host returns what is known of a host. The caller holds mu.
func (p *pool) host(name string) *hostPool {
	h := p.hosts[name]
	if h == nil {
		if len(p.hosts) >= keptHosts {
			p.forgetUnused()
		}
		h = &hostPool{current: &generation{transport: p.base}}
		p.hosts[name] = h
	}
	return h
}

// forget drops a host of which there is nothing to know. The caller holds mu.
func (p *pool) forget(name string) {
	h := p.hosts[name]
	if h != nil && h.current.transport == p.base && h.current.flights == 0 && len(h.current.conns) == 0 && !h.constant {
		delete(p.hosts, name)
	}
}

// forgetUnused drops the hosts that have neither requests nor connections. The
// caller holds mu.
func (p *pool) forgetUnused() {
	for name, h := range p.hosts {
		if h.current.flights == 0 && len(h.current.conns) == 0 {
			delete(p.hosts, name)
		}
	}
}

// replace gives a host new connections after the timeout of an attempt, unless
// the attempt shows nothing: another response was complete since it was sent, or
// its connections have been replaced already. Where responses come over other
// connections, but requests hang on its own, those connections are replaced with
// it: Go's transport cannot be told to leave one alone. The caller holds mu.
func (p *pool) replace(f *flight, now time.Time) {
	h := f.hostPool
	if f.conn == nil || h.current != f.generation || h.answered.After(f.sent) && !f.othersHang() || now.Sub(h.replaced) < replaceEvery || p.pinned {
		return
	}
	clone := p.base.Clone()
	if sharesConnections(clone) {
		p.pinned = true
		return
	}
	if !p.ours {
		track(clone)
	}
	h.current.old = true
	h.current, h.replaced = &generation{transport: clone}, now
}

// sharesConnections reports whether a clone of a transport shares connections with
// the original, as one does that golang.org/x/net/http2 has set up. What HTTP/2 of
// Go's own puts there, Clone leaves out, but the first request over the clone puts
// it there too.
func sharesConnections(clone *http.Transport) bool {
	_, foreign := clone.TLSNextProto["h2"]
	return foreign
}

// othersHang reports whether the connection has other requests, and no response
// since the flight was sent. The caller holds mu.
func (f *flight) othersHang() bool {
	c := poolConnOf(f.conn)
	return c != nil && c.flights > 1 && !c.answered.After(f.sent)
}

// sweep closes the connections of an old generation that no request uses. One
// that was not used yet may be in its handshake for a request that waits. Of the
// current generation it closes those that had no response since a time, while
// others had one. The caller holds mu, and calls the result without it.
func (p *pool) sweep(g *generation, since time.Time) (closeAll func()) {
	var unused []io.Closer
	for c := range g.conns {
		silent := c.used && !c.answered.After(since)
		if c.flights == 0 && (silent || g.old && (c.used || g.flights == 0)) {
			unused = append(unused, c)
		}
	}
	return func() { // to close one takes mu
		for _, c := range unused {
			c.Close()
		}
		if g.old && g.transport != p.base { // for those that a dialler of the user's for TLS made
			g.transport.CloseIdleConnections()
		}
	}
}

// A flight is one request, from RoundTrip to the end of its response. It is the
// context of the request and the body of the response.
type flight struct {
	context.Context
	pool       *pool
	host       string
	hostPool   *hostPool
	generation *generation
	transport  *http.Transport // of the generation, or one that opens a connection for each request
	request    *http.Request
	trace      httptrace.ClientTrace
	sent       time.Time
	dials      atomic.Int32

	conn     net.Conn // nil: none yet; guarded by the mutex of the pool, as long as RoundTrip lasts
	over     bool     // guarded by the mutex of the pool
	body     io.ReadCloser
	response pastResponse // as far as it was read
	sum      maphash.Hash
}

type flightKey struct{}

// Value carries the flight to the dialler.
func (f *flight) Value(key any) any {
	if key == (flightKey{}) {
		return f
	}
	return f.Context.Value(key)
}

func (p *pool) enter(req *http.Request) *flight {
	f := &flight{Context: req.Context(), pool: p, host: req.URL.Host, sent: time.Now()}
	f.trace.GetConn, f.trace.GotConn = f.getConn, f.gotConn
	f.request = req.WithContext(httptrace.WithClientTrace(f, &f.trace))
	p.mu.Lock()
	defer p.mu.Unlock()
	f.hostPool = p.host(f.host)
	f.generation = f.hostPool.current
	f.generation.flights++
	f.transport = f.generation.transport
	if at, ok := f.Context.Value(timeoutKey{}).(time.Time); ok && f.hostPool.replaced.Before(at.Add(-replaceEvery)) {
		if fresh := p.fresh(); !p.shares.Load() {
			f.transport = fresh
		}
	}
	return f
}

// timeoutKey is the context key of the time at which the last attempt of the call
// timed out: connections that were open then are not used for it again, even if
// others have had responses over them.
type timeoutKey struct{}

// getConn notes that the request needs a connection: its first, or another one
// because that was closed by the server.
func (f *flight) getConn(string) {
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	f.leaveConn()
}

func (f *flight) gotConn(info httptrace.GotConnInfo) {
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	f.leaveConn()
	f.conn = info.Conn
	if c := poolConnOf(info.Conn); c != nil {
		c.flights, c.used = c.flights+1, true
	}
}

// served reports whether the request has a connection, or needs none any more.
func (f *flight) served() bool {
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	return f.conn != nil || f.over
}

// leaveConn counts the request out of its connection. The caller holds mu.
func (f *flight) leaveConn() {
	if c := poolConnOf(f.conn); c != nil {
		c.flights--
	}
	f.conn = nil
}

func (f *flight) Read(b []byte) (int, error) {
	n, err := f.body.Read(b)
	f.sum.Write(b[:n])
	f.response.length += int64(n)
	if err == io.EOF {
		f.response.body = f.sum.Sum64()
		f.onConn((*connPast).complete)
	}
	if err != nil {
		f.end(err == io.EOF)
	}
	return n, err
}

func (f *flight) Close() error {
	err := f.body.Close()
	f.end(f.body == http.NoBody)
	return err
}

// answered notes that a response was complete. One over a connection that was
// opened for it alone says nothing of the others. The caller holds mu.
func (f *flight) answered(now time.Time) {
	if c := poolConnOf(f.conn); c != nil {
		c.answered = now
	}
	if f.transport == f.generation.transport {
		f.hostPool.answered = now
	}
}

// end counts the request out, once. complete says that its response was read to
// the end.
func (f *flight) end(complete bool) {
	p, now := f.pool, time.Now()
	p.mu.Lock()
	if f.over {
		p.mu.Unlock()
		return
	}
	f.over = true
	aloneSilent := false
	switch {
	case complete:
		f.answered(now)
	case isAttemptTimeout(f.Context):
		p.replace(f, now)
		aloneSilent = f.hostPool.answered.After(f.sent)
	}
	f.generation.flights--
	f.leaveConn()
	sweep := func() {}
	if f.generation.old || aloneSilent {
		sweep = p.sweep(f.generation, f.sent)
	}
	p.forget(f.host)
	p.mu.Unlock()
	sweep()
}

func isAttemptTimeout(ctx context.Context) bool {
	var timeout *AttemptTimeoutError
	return errors.As(context.Cause(ctx), &timeout)
}
