package appintegrations_test

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// pipeBuffer is what may be on its way in one direction, as in the buffers of a
// socket. With net.Pipe, which has none, two ends that write at once wait for
// each other.
const pipeBuffer = 64 << 10

var errReset = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}

// newPipe returns the two ends of a connection without a socket, for virtual
// time.
func newPipe() (client, server *pipeEnd) {
	a, b := newPipeStream(), newPipeStream()
	return &pipeEnd{in: a, out: b}, &pipeEnd{in: b, out: a}
}

type pipeEnd struct{ in, out *pipeStream }

func (p *pipeEnd) Read(b []byte) (int, error)  { return p.in.read(b) }
func (p *pipeEnd) Write(b []byte) (int, error) { return p.out.write(b) }

// Close ends both directions; what is on its way still arrives.
func (p *pipeEnd) Close() error {
	p.out.end(io.EOF)
	p.in.abandon()
	return nil
}

func (p *pipeEnd) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (p *pipeEnd) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (p *pipeEnd) SetDeadline(time.Time) error      { return nil }
func (p *pipeEnd) SetReadDeadline(time.Time) error  { return nil }
func (p *pipeEnd) SetWriteDeadline(time.Time) error { return nil }

// A pipeStream is one direction.
type pipeStream struct {
	mu        sync.Mutex
	changed   *sync.Cond
	buf       []byte
	err       error // what follows buf; nil while it is open
	abandoned bool  // by the reader
}

func newPipeStream() *pipeStream {
	s := &pipeStream{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *pipeStream) read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.abandoned:
			return 0, net.ErrClosed
		case len(s.buf) > 0:
			n := copy(b, s.buf)
			s.buf = s.buf[n:]
			s.changed.Broadcast()
			return n, nil
		case s.err != nil:
			return 0, s.err
		}
		s.changed.Wait()
	}
}

func (s *pipeStream) write(b []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(b) > 0 {
		switch {
		case s.err != nil:
			return n, net.ErrClosed
		case s.abandoned:
			return n, errors.New("broken pipe")
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

func (s *pipeStream) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	s.changed.Broadcast()
}

func (s *pipeStream) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.abandoned, s.buf = true, nil
	s.changed.Broadcast()
}
