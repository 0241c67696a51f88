package appintegrationstest

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
)

const (
	// headBuffer is how much of a body may wait for the headers to be sent
	// without a Flush, as in net/http.
	headBuffer = 4 << 10
	// bodyBuffer is how much of a body may wait for a reader: what the buffers
	// of a socket hold. More blocks the writer.
	bodyBuffer = 64 << 10
)

// pipe is a response without a socket: an http.ResponseWriter for the handler,
// and the body of the response for the client.
type pipe struct {
	request *http.Request
	ctx     context.Context // ends with the request's, with Close of the body or of the server
	cancel  context.CancelFunc
	header  http.Header   // the handler's
	begun   chan struct{} // closed when there is a head, or an error instead of one

	mu      sync.Mutex
	changed chan struct{} // closed and made anew whenever something below changes
	status  int           // 0: no head yet
	sent    http.Header   // the head's
	length  int64         // declared; -1: unknown
	written int64
	flushed bool // whether the head is on its way
	buf     []byte
	err     error // what ends the body; nil while the handler runs
	closed  bool  // by the client
}

var errReset = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}

// run calls the handler. Its panics other than http.ErrAbortHandler are not
// caught: they are a bug in a Fault.Do, and the test should show it.
func (p *pipe) run(s *Server, r *http.Request) {
	whole := false // stays so if a Fault.Do ends the goroutine, as t.FailNow does
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler {
			panic(v)
		}
		p.finish(whole)
	}()
	s.ServeHTTP(p, r)
	whole = true
}

// Header implements http.ResponseWriter.
func (p *pipe) Header() http.Header { return p.header }

// WriteHeader implements http.ResponseWriter.
func (p *pipe) WriteHeader(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writeHeader(status)
}

func (p *pipe) writeHeader(status int) {
	if p.status != 0 || status < 200 {
		return
	}
	p.status, p.sent, p.length = status, p.header.Clone(), -1
	if n, err := strconv.ParseInt(p.sent.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		p.length = n
	}
	if p.bodyless() {
		p.length = 0
	}
}

// bodyless reports whether a response of this status has no body.
func (p *pipe) bodyless() bool {
	return p.request.Method == http.MethodHead || p.status == http.StatusNoContent || p.status == http.StatusNotModified
}

// Write implements http.ResponseWriter.
func (p *pipe) Write(b []byte) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writeHeader(http.StatusOK)
	if p.bodyless() {
		return len(b), nil
	}
	if p.length >= 0 && p.written+int64(len(b)) > p.length {
		return 0, http.ErrContentLength
	}
	for len(b) > 0 {
		room := bodyBuffer - len(p.buf)
		if room == 0 {
			if err := p.wait(p.ctx); err != nil {
				return n, err
			}
			continue
		}
		k := min(room, len(b))
		p.buf = append(p.buf, b[:k]...)
		b, n, p.written = b[k:], n+k, p.written+int64(k)
		if len(p.buf) > headBuffer {
			p.flush()
		}
		p.change()
	}
	return n, nil
}

// FlushError is what http.ResponseController looks for.
func (p *pipe) FlushError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writeHeader(http.StatusOK)
	p.flush()
	return nil
}

// flush sends the head. The lock is held, here and below.
func (p *pipe) flush() {
	if !p.flushed {
		p.flushed = true
		close(p.begun)
	}
}

// reset ends the body the way a reset of the connection does.
func (p *pipe) reset() { p.end(errReset) }

// finish ends the body when the handler has returned, or was aborted.
func (p *pipe) finish(whole bool) {
	switch {
	case !whole:
		p.end(io.ErrUnexpectedEOF)
	default:
		p.end(io.EOF)
	}
	p.cancel()
}

// end gives the body its last error. The first call wins.
func (p *pipe) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return
	}
	if ctx := p.request.Context(); ctx.Err() != nil {
		err = context.Cause(ctx) // what a transport says, whichever of the two sides notices first
	}
	if err == io.EOF {
		p.writeHeader(http.StatusOK)
	}
	switch {
	case !p.flushed && err == io.EOF && p.length < 0:
		p.length = p.written // the handler is done before the head is sent, so the length is known
	case !p.flushed && err != io.EOF:
		p.status, p.buf = 0, nil // net/http sends nothing for a handler that aborts before its first flush
	}
	if err == io.EOF && p.written < p.length {
		err = io.ErrUnexpectedEOF
	}
	if p.status == 0 && err == io.ErrUnexpectedEOF {
		err = io.EOF // what a transport says of a connection that is closed before the head
	}
	p.err = err
	p.flush()
	p.change()
}

func (p *pipe) change() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// wait waits for a change, without the lock.
func (p *pipe) wait(ctx context.Context) error {
	changed := p.changed
	p.mu.Unlock()
	defer p.mu.Lock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Read reads the body.
func (p *pipe) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.closed:
			return 0, http.ErrBodyReadAfterClose
		case len(p.buf) > 0:
			n := copy(b, p.buf)
			p.buf = p.buf[n:]
			p.change()
			return n, nil
		case p.err != nil:
			return 0, p.err
		case len(b) == 0:
			return 0, nil
		}
		// The request's own context: that of the handler also ends when the
		// server is closed, and then the handler says how the body ends.
		if err := p.wait(p.request.Context()); err != nil {
			return 0, err
		}
	}
}

// Close closes the body, and with it the handler's context.
func (p *pipe) Close() error {
	p.mu.Lock()
	p.closed = true
	p.change()
	p.mu.Unlock()
	p.cancel()
	return nil
}
