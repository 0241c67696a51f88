package appintegrations

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"runtime"
	"time"
)

// maxDials is how many connections one request may open. Go's transport opens
// one after the other for a server that accepts connections and refuses the
// requests on them.
const maxDials = 3

var errTooManyDials = errors.New("the server refused the request on each of 3 new connections")

type dialContext = func(ctx context.Context, network, addr string) (net.Conn, error)

// errNotNeeded is seen by nobody: the request has been served otherwise.
var errNotNeeded = errors.New("the connection is not needed any more")

// bound bounds the connections that a request opens over a transport of ours.
func bound(t *http.Transport) {
	track(t)
	t.DialContext, t.DialTLSContext = bounded(t.DialContext), bounded(t.DialTLSContext)
}

func bounded(dial dialContext) dialContext {
	if dial == nil {
		return nil
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		f, ok := ctx.Value(flightKey{}).(*flight)
		if ok && f.dials.Add(1) > maxDials {
			return nil, errTooManyDials
		}
		// Requests that are about to end hand on their connections first.
		if runtime.Gosched(); ok && f.served() {
			return nil, errNotNeeded
		}
		return dial(ctx, network, addr)
	}
}

// track lets the pool know the connections of a transport of ours. Those of a
// dialler for TLS it does not see: Go's transport wants to see their type.
func track(t *http.Transport) {
	dial := t.DialContext
	if dial == nil {
		//lint:ignore SA1019 users still set it
		if t.Dial != nil {
			return
		}
		dial = new(net.Dialer).DialContext
	}
	t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if f, ok := ctx.Value(flightKey{}).(*flight); ok && err == nil && conn != nil {
			return f.track(conn)
		}
		return conn, err
	}
}

// A poolConn is a connection that a pool knows of until it is closed. Its fields
// are guarded by the mutex of the pool.
type poolConn struct {
	net.Conn
	pool       *pool
	host       string
	generation *generation
	flights    int // requests that use it
	used       bool
	answered   time.Time // when a response over it was last complete
	past       connPast
}

// track counts in a connection that the flight opened, perhaps after its end.
func (f *flight) track(conn net.Conn) (net.Conn, error) {
	p := f.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	g := f.generation
	if h := p.host(f.host); h.current.transport == g.transport {
		g = h.current
	}
	if g.old && g.flights == 0 {
		conn.Close()
		return nil, net.ErrClosed
	}
	if g.conns == nil {
		g.conns = map[*poolConn]struct{}{}
	}
	c := &poolConn{Conn: conn, pool: p, host: f.host, generation: g}
	g.conns[c] = struct{}{}
	return c, nil
}

func (c *poolConn) Close() error {
	c.pool.mu.Lock()
	delete(c.generation.conns, c)
	c.pool.forget(c.host)
	c.pool.mu.Unlock()
	return c.Conn.Close()
}

// poolConnOf returns the connection that a pool knows, below TLS where there is
// TLS; nil: it knows none.
func poolConnOf(conn net.Conn) *poolConn {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	c, _ := conn.(*poolConn)
	return c
}
