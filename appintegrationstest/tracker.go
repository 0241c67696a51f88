package appintegrationstest

import (
	"bufio"
	"net"
	"net/http"
)

// tracker notes the status of a response in the log.
type tracker struct {
	http.ResponseWriter
	srv      *Server
	entry    *Request
	begun    bool
	hijacked bool
}

func (t *tracker) WriteHeader(status int) {
	if status >= 200 {
		t.begin(status)
	}
	t.ResponseWriter.WriteHeader(status)
}

func (t *tracker) Write(b []byte) (int, error) {
	t.begin(http.StatusOK)
	return t.ResponseWriter.Write(b)
}

// Flush is for a Fault.Do that asks for an http.Flusher.
func (t *tracker) Flush() { _ = t.FlushError() }

// FlushError is what http.ResponseController looks for.
func (t *tracker) FlushError() error {
	t.begin(http.StatusOK)
	return http.NewResponseController(t.ResponseWriter).Flush()
}

// Hijack is for a Fault.Do that wants the connection. Without a socket, and over
// HTTP/2, it returns http.ErrNotSupported.
func (t *tracker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(t.ResponseWriter).Hijack()
	t.hijacked = err == nil
	return conn, rw, err
}

// Unwrap is for http.ResponseController.
func (t *tracker) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// finish notes the status that net/http sends for a handler that wrote nothing.
func (t *tracker) finish() {
	if !t.hijacked {
		t.begin(http.StatusOK)
	}
}

func (t *tracker) begin(status int) {
	if t.begun {
		return
	}
	t.begun = true
	t.srv.mu.Lock()
	defer t.srv.mu.Unlock()
	t.entry.Status = status
}
