package world

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	appintegrations "github.com/seed-10600c52/appintegrations"
)

// dialTime is how long a connection takes to open.
const dialTime = time.Millisecond

// newHTTPClient returns what the clients of the world send with.
func (w *world) newHTTPClient() appintegrations.HTTPClient {
	if w.Network == Direct {
		return direct{w}
	}
	w.listen()
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.Proxy = nil
		t.DialContext = w.dial
		if w.Network == HTTP2 {
			t.Protocols = new(http.Protocols)
			t.Protocols.SetUnencryptedHTTP2(true)
		}
	})
}

// scheme is that of the endpoints.
func (w *world) scheme() string {
	if w.Network == Direct {
		return "https://"
	}
	return "http://"
}

// route returns the service that a request goes to, and the generation of its
// key; nil: there is none.
func (w *world) route(r *http.Request) (s *service, generation int) {
	var endpoint, number int
	_, key, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=AKID")
	key, _, _ = strings.Cut(key, "/")
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	if !scan(host, "e", &endpoint) || !scan(key, "", &number) {
		return nil, 0
	}
	_, text, _ := strings.Cut(key, "X")
	scan(text, "", &generation)
	for _, s := range w.services {
		if s.Endpoint == endpoint && s.Account == number {
			return s, generation
		}
	}
	return nil, 0
}

// scan reads the number after a prefix.
func scan(text, prefix string, n *int) bool {
	text, ok := strings.CutPrefix(text, prefix)
	digits := 0
	for *n = 0; digits < len(text) && text[digits] >= '0' && text[digits] <= '9'; digits++ {
		*n = *n*10 + int(text[digits]-'0')
	}
	return ok && digits > 0
}

// direct sends to the fakes without a transport, and counts the bodies.
type direct struct{ w *world }

func (d direct) Do(r *http.Request) (*http.Response, error) {
	s, generation := d.w.route(r)
	if s == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	resp, err := s.fake(generation).RoundTrip(r)
	if err != nil { // as http.Client has it
		return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: err}
	}
	d.w.bodies.Add(1)
	resp.Body = &countedBody{ReadCloser: resp.Body, open: &d.w.bodies}
	return resp, nil
}

type countedBody struct {
	io.ReadCloser
	once sync.Once
	open *atomic.Int64
}

func (b *countedBody) Close() error {
	b.once.Do(func() { b.open.Add(-1) })
	return b.ReadCloser.Close()
}

// A listener accepts the connections of one endpoint.
type listener struct {
	conns chan net.Conn
	over  chan struct{}
	once  sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.over:
		return nil, net.ErrClosed
	}
}
func (l *listener) Close() error   { l.once.Do(func() { close(l.over) }); return nil }
func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

// listen starts a server for each endpoint, and casts the spells on its
// connections.
func (w *world) listen() {
	handler := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		s, generation := w.route(r)
		if s == nil {
			rw.WriteHeader(403)
			return
		}
		if conn, ok := r.Context().Value(connKey{}).(*pipeEnd); ok && r.ProtoMajor == 1 {
			if conn.mark(); s.casts(twice) {
				conn.again()
			}
		}
		w.hangIfMute(r)
		s.fake(generation).ServeHTTP(rw, r)
	})
	for _, s := range w.services {
		if w.listeners[s.host()] == nil {
			l := &listener{conns: make(chan net.Conn), over: make(chan struct{})}
			server := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0), Protocols: new(http.Protocols), ConnContext: withConn}
			server.Protocols.SetHTTP1(true)
			server.Protocols.SetUnencryptedHTTP2(true)
			w.listeners[s.host()], w.servers = l, append(w.servers, server)
			go server.Serve(l)
		}
		for i := range s.Spells {
			w.castOnConnections(s, &s.Spells[i])
		}
	}
}

// hangIfMute keeps a request whose connection answers no more until its end.
func (w *world) hangIfMute(r *http.Request) {
	if conn, ok := r.Context().Value(connKey{}).(*pipeEnd); !ok || !conn.mute.Load() {
		return
	}
	select {
	case <-w.over:
	case <-r.Context().Done():
	}
	panic(http.ErrAbortHandler)
}

type connKey struct{}

func withConn(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, conn)
}

// casts reports whether a spell of a kind is on the service.
func (s *service) casts(kind string) bool {
	now := s.now()
	return slices.ContainsFunc(s.Spells, func(spell Spell) bool { return spell.Kind == kind && spell.covers(now) })
}

// castOnConnections breaks the connections to the endpoint of a service when the
// spell begins.
func (w *world) castOnConnections(s *service, spell *Spell) {
	var hurt func(*pipe)
	switch spell.Kind {
	case lost, down:
		hurt = (*pipe).reset
	case deadPool:
		hurt = (*pipe).vanish
	case mutePool:
		hurt = (*pipe).silence
	default:
		return
	}
	time.AfterFunc(spell.From-w.now(), func() {
		for _, p := range w.pipesTo(s.host()) {
			hurt(p)
		}
	})
}

func (w *world) pipesTo(host string) []*pipe {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*pipe(nil), w.pipes[host]...)
}

// dial opens a connection to an endpoint.
func (w *world) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	host, _, _ := strings.Cut(addr, ":")
	l := w.listeners[host]
	wait := dialTime
	for _, s := range w.services {
		for i := range s.Spells {
			spell := &s.Spells[i]
			if s.host() != host || !spell.covers(w.now()) {
				continue
			}
			switch spell.Kind {
			case dialFails, down:
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
			case dialHangs:
				wait = time.Hour
			}
		}
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p := newPipe()
	w.conns.Add(1)
	p.client.closed = func() { w.conns.Add(-1); w.forget(host, p) }
	w.mu.Lock()
	w.pipes[host] = append(w.pipes[host], p)
	w.mu.Unlock()
	select {
	case l.conns <- p.server:
		return p.client, nil
	case <-ctx.Done():
		p.client.Close()
		return nil, ctx.Err()
	case <-l.over:
		p.client.Close()
		return nil, syscall.ECONNREFUSED
	}
}

func (w *world) forget(host string, p *pipe) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, other := range w.pipes[host] {
		if other == p {
			w.pipes[host] = append(w.pipes[host][:i:i], w.pipes[host][i+1:]...)
			return
		}
	}
}
