package appintegrations

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// dialPatience is how long a connection that looks superfluous is not opened
// while no attempt ends. It bounds what a miscount can cost: a connection that is
// counted may serve another host, through a proxy, or be stuck in its handshake.
const dialPatience = 3 * time.Second

// dialGates keep a transport from opening more connections to a host than there
// are attempts under way. Without them, an attempt that begins while another one
// dials opens a connection too, though it will be served by the first that is
// free: many goroutines that begin at once end up with half as many connections
// again.
type dialGates struct {
	mu    sync.Mutex
	hosts map[string]*dialGate
}

// A dialGate counts for one host. It is guarded by the mutex of its dialGates.
type dialGate struct {
	attempts int           // under way
	conns    int           // open, or being opened
	ended    time.Time     // when the last attempt was over
	fewer    chan struct{} // closed, and made anew, when conns goes down
}

// A dialPass is what the dial function of the transport finds in the context of
// an attempt.
type dialPass struct {
	gates *dialGates
	host  string
	over  <-chan struct{} // closed when the attempt is over
}

type dialPassKey struct{}

// gatesOf returns the gates of the transport that a client sends with; nil: it
// has none.
func gatesOf(client HTTPClient) *dialGates {
	c, ok := client.(*http.Client)
	if !ok {
		return nil
	}
	keeper, _ := c.Transport.(redirectKeeper)
	return keeper.gates
}

// enter counts an attempt in, until leave is called. The context is for its
// request; ctx must end with the attempt.
func (g *dialGates) enter(ctx context.Context, host string) (_ context.Context, leave func()) {
	g.count(host, func(gate *dialGate) { gate.attempts++ })
	pass := &dialPass{gates: g, host: host, over: ctx.Done()}
	return context.WithValue(ctx, dialPassKey{}, pass), func() {
		g.count(host, func(gate *dialGate) { gate.attempts--; gate.ended = time.Now() })
	}
}

func (g *dialGates) count(host string, change func(*dialGate)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	gate := g.hosts[host]
	if gate == nil {
		gate = &dialGate{fewer: make(chan struct{})}
		g.hosts[host] = gate
	}
	change(gate)
	if gate.attempts == 0 && gate.conns == 0 {
		delete(g.hosts, host)
	}
}

// wait returns when a connection is needed, and counts it.
func (p *dialPass) wait(ctx context.Context) error {
	since := time.Now()
	patience := time.NewTimer(dialPatience)
	defer patience.Stop()
	for {
		var fewer <-chan struct{} // nil: go
		p.gates.count(p.host, func(gate *dialGate) {
			if gate.ended.After(since) {
				since = gate.ended
			}
			if gate.conns < gate.attempts || time.Since(since) >= dialPatience {
				gate.conns++
				return
			}
			fewer = gate.fewer
		})
		if fewer == nil {
			return nil
		}
		patience.Reset(time.Until(since.Add(dialPatience)))
		select {
		case <-fewer:
		case <-patience.C:
		case <-p.over:
			return context.Canceled
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *dialPass) closed() {
	p.gates.count(p.host, func(gate *dialGate) {
		gate.conns--
		close(gate.fewer)
		gate.fewer = make(chan struct{})
	})
}

// gated returns a dial function that asks the gate of the attempt, if it has
// one.
func gated(dial dialContext) dialContext {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		pass, ok := ctx.Value(dialPassKey{}).(*dialPass)
		if !ok {
			return dial(ctx, network, addr)
		}
		if err := pass.wait(ctx); err != nil {
			return nil, err
		}
		conn, err := dial(ctx, network, addr)
		if err != nil {
			pass.closed()
			return nil, err
		}
		return &gatedConn{Conn: conn, closed: sync.OnceFunc(pass.closed)}, nil
	}
}

type gatedConn struct {
	net.Conn
	closed func()
}

func (c *gatedConn) Close() error {
	defer c.closed()
	return c.Conn.Close()
}
