package world

import (
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// pipeBuffer is what may be on its way in one direction, as in the buffers of a
// socket.
const pipeBuffer = 64 << 10

var errReset = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}

// A pipe is a connection in memory, for virtual time: it blocks on condition
// variables alone, which testing/synctest knows.
type pipe struct {
	client, server *pipeEnd
}

func newPipe() *pipe {
	up, down := newStream(), newStream()
	return &pipe{client: &pipeEnd{in: down, out: up}, server: &pipeEnd{in: up, out: down}}
}

// reset ends both directions; what is on its way is lost.
func (p *pipe) reset() {
	for _, s := range []*stream{p.client.in, p.client.out} {
		s.change(func() { s.buf, s.err = nil, errReset })
	}
}

// vanish makes the connection one whose packets are dropped: nothing arrives,
// nothing fails.
func (p *pipe) vanish() {
	for _, s := range []*stream{p.client.in, p.client.out} {
		s.change(func() { s.buf, s.hole = nil, true })
	}
}

// silence makes the server take the requests of the connection and answer none of
// them. The connection lives: with HTTP/2 it answers a PING.
func (p *pipe) silence() { p.server.mute.Store(true) }

type pipeEnd struct {
	in, out *stream
	once    sync.Once
	closed  func() // nil: nobody counts
	mute    atomic.Bool

	mu     sync.Mutex
	sent   []byte // since the last request, of the server's end
	before []byte // the response before
}

// again sends the response before once more, in place of the one that is due.
func (p *pipeEnd) again() {
	p.mu.Lock()
	before := p.before
	p.mu.Unlock()
	p.out.write(before)
}

// mark says that a request has arrived, and so a response is complete.
func (p *pipeEnd) mark() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before, p.sent = p.sent, nil
}

func (p *pipeEnd) Read(b []byte) (int, error) { return p.in.read(b) }
func (p *pipeEnd) Write(b []byte) (int, error) {
	p.mu.Lock()
	if len(p.sent) < pipeBuffer {
		p.sent = append(p.sent, b...)
	}
	p.mu.Unlock()
	return p.out.write(b)
}

func (p *pipeEnd) Close() error {
	p.once.Do(func() {
		p.out.change(func() {
			if p.out.err == nil {
				p.out.err = io.EOF
			}
		})
		p.in.change(func() { p.in.abandoned, p.in.buf = true, nil })
		if p.closed != nil {
			p.closed()
		}
	})
	return nil
}

func (p *pipeEnd) LocalAddr() net.Addr  { return &net.TCPAddr{} }
func (p *pipeEnd) RemoteAddr() net.Addr { return &net.TCPAddr{} }
func (p *pipeEnd) SetDeadline(t time.Time) error {
	p.in.setDeadline(&p.in.readBy, t)
	p.out.setDeadline(&p.out.writeBy, t)
	return nil
}
func (p *pipeEnd) SetReadDeadline(t time.Time) error {
	p.in.setDeadline(&p.in.readBy, t)
	return nil
}
func (p *pipeEnd) SetWriteDeadline(t time.Time) error {
	p.out.setDeadline(&p.out.writeBy, t)
	return nil
}

// A stream is one direction of a pipe.
type stream struct {
	mu              sync.Mutex
	changed         *sync.Cond
	buf             []byte
	err             error // what follows buf; nil while it is open
	abandoned, hole bool
	readBy, writeBy time.Time
}

func newStream() *stream {
	s := &stream{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stream) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.changed.Broadcast()
}

func (s *stream) setDeadline(field *time.Time, t time.Time) {
	s.change(func() { *field = t })
	if wait := time.Until(t); !t.IsZero() && wait > 0 {
		time.AfterFunc(wait, func() { s.change(func() {}) })
	}
}

func passed(t time.Time) bool { return !t.IsZero() && !time.Now().Before(t) }

func (s *stream) read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.abandoned:
			return 0, net.ErrClosed
		case passed(s.readBy):
			return 0, os.ErrDeadlineExceeded
		case len(s.buf) > 0:
			n := copy(b, s.buf)
			s.buf = s.buf[n:]
			s.changed.Broadcast()
			return n, nil
		case s.err != nil && !s.hole:
			return 0, s.err
		}
		s.changed.Wait()
	}
}

func (s *stream) write(b []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(b) > 0 {
		switch {
		case s.err == io.EOF:
			return n, net.ErrClosed
		case s.err != nil:
			return n, s.err
		case passed(s.writeBy):
			return n, os.ErrDeadlineExceeded
		case s.hole:
			return n + len(b), nil
		case s.abandoned:
			return n, syscall.EPIPE
		case len(s.buf) == pipeBuffer:
			s.changed.Wait()
			continue
		}
		k := min(pipeBuffer-len(s.buf), len(b))
		s.buf = append(s.buf, b[:k]...)
		b, n = b[k:], n+k
		s.changed.Broadcast()
	}
	return n, nil
}
