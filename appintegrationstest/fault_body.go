package appintegrationstest

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// The faults below change the normal response, which is a page or a refusal.

// begin writes the head of the normal response and returns its body, unwritten.
func (x *exchange) begin(w http.ResponseWriter, change func(*page)) []byte {
	status, code, body, _ := x.body(change)
	head(w.Header(), code, len(body))
	w.WriteHeader(status)
	return body
}

// send writes and flushes, so that what it wrote arrives before what follows.
func send(w http.ResponseWriter, b []byte) {
	_, _ = w.Write(b)
	_ = http.NewResponseController(w).Flush()
}

// drop ends the connection without finishing the response: with FIN, or with RST.
// Over HTTP/2 both abort the stream. It does not return.
func drop(w http.ResponseWriter, reset bool) {
	if reset {
		resetConnection(w)
	}
	panic(http.ErrAbortHandler)
}

func resetConnection(w http.ResponseWriter) {
	for inner := w; inner != nil; {
		if p, ok := inner.(*pipe); ok {
			p.reset()
			return
		}
		u, ok := inner.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		inner = u.Unwrap()
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // Close sends RST then
	}
	_ = conn.Close()
}

func closedBy(reset bool) string {
	if reset {
		return "reset"
	}
	return "close"
}

// CloseConnection closes the connection before anything is sent. Over HTTP/2 it
// aborts the stream.
//
// A net/http client sends a GET again by itself, once, if that happens on a
// connection that it has used before: [Server.Requests] then contains one request
// more than the client counts.
func CloseConnection() Fault { return dropped(false) }

// ResetConnection resets the TCP connection before anything is sent. What
// [CloseConnection] says of HTTP/2 and of net/http is true of it too.
func ResetConnection() Fault { return dropped(true) }

func dropped(reset bool) Fault {
	return fault("connection "+closedBy(reset)+" before headers", func(_ *exchange, w http.ResponseWriter, _ *http.Request) bool {
		drop(w, reset)
		return true
	})
}

// CutBody sends the first n bytes of the body, after a Content-Length for all of
// them, and closes the connection. At least one byte is missing, however large n
// is. Over HTTP/2 it aborts the stream.
func CutBody(n int) Fault { return cut(n, false) }

// ResetBody is [CutBody] with a reset of the TCP connection, which may reach the
// client before the bytes that were sent.
func ResetBody(n int) Fault { return cut(n, true) }

func cut(n int, reset bool) Fault {
	return fault(fmt.Sprintf("body cut at %d by %s", n, closedBy(reset)), func(x *exchange, w http.ResponseWriter, _ *http.Request) bool {
		body := x.begin(w, nil)
		send(w, body[:clamp(n, len(body)-1)])
		drop(w, reset)
		return true
	})
}

// CutChunked sends the first n bytes of the body, or all of them, in chunks, and
// closes the connection without the last chunk. Over HTTP/2 it aborts the stream.
func CutChunked(n int) Fault {
	return fault(fmt.Sprintf("chunked body cut at %d", n), func(x *exchange, w http.ResponseWriter, _ *http.Request) bool {
		status, code, body, _ := x.body(nil)
		head(w.Header(), code, 0)
		w.Header().Del("Content-Length")
		w.WriteHeader(status)
		send(w, body[:clamp(n, len(body))])
		drop(w, false)
		return true
	})
}

// clamp returns n, made to be between 0 and limit.
func clamp(n, limit int) int { return max(0, min(n, limit)) }

// StallBody sends the headers and the first n bytes of the body, waits for d,
// and sends the rest. 0 or negative: it waits until the client gives up or the
// server is closed.
func StallBody(n int, d time.Duration) Fault {
	return fault(fmt.Sprintf("stall%s at byte %d", forTime(d), n), func(x *exchange, w http.ResponseWriter, r *http.Request) bool {
		body := x.begin(w, nil)
		n := clamp(n, len(body))
		send(w, body[:n])
		pause(r.Context(), d)
		send(w, body[n:])
		return true
	})
}

// Drip sends the body n bytes at a time, every so often. n below 1: 1.
func Drip(n int, every time.Duration) Fault {
	n = max(n, 1)
	return fault(fmt.Sprintf("drip of %d bytes every %v", n, every), func(x *exchange, w http.ResponseWriter, r *http.Request) bool {
		body := x.begin(w, nil)
		send(w, nil)
		for len(body) > 0 {
			pause(r.Context(), every)
			k := min(n, len(body))
			send(w, body[:k])
			body = body[k:]
		}
		return true
	})
}

// TrailingBytes sends more bytes after the body, within the Content-Length.
func TrailingBytes(extra string) Fault {
	return mangled("trailing bytes", func(h http.Header, body []byte) []byte {
		return append(body, extra...)
	})
}

// Gzip sends the body compressed, whether the client asked for it or not.
func Gzip() Fault {
	return mangled("gzip", compress)
}

// GzipCut sends the body compressed and without its last n bytes, under a
// Content-Length that fits: only the compression shows that something is
// missing. n is at least 1, and never all.
func GzipCut(n int) Fault {
	return mangled(fmt.Sprintf("gzip without the last %d bytes", n), func(h http.Header, body []byte) []byte {
		z := compress(h, body)
		return z[:max(1, len(z)-max(n, 1))]
	})
}

// GzipBadChecksum sends the body compressed, with a checksum that does not match.
func GzipBadChecksum() Fault {
	return mangled("gzip with a bad checksum", func(h http.Header, body []byte) []byte {
		z := compress(h, body)
		z[len(z)-8] ^= 0xff // RFC 1952: CRC32 and ISIZE, of 4 bytes each, end the member
		return z
	})
}

// mangled sends another body than the normal one.
func mangled(name string, change func(http.Header, []byte) []byte) Fault {
	return fault(name, func(x *exchange, w http.ResponseWriter, _ *http.Request) bool {
		status, code, body, _ := x.body(nil)
		head(w.Header(), code, 0)
		body = change(w.Header(), body)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		_, _ = w.Write(body)
		return true
	})
}

func compress(h http.Header, body []byte) []byte {
	h.Set("Content-Encoding", "gzip")
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body) // to memory: never fails
	_ = z.Close()
	return b.Bytes()
}

// RepeatToken sends the page with a token that leads to the same page again, also
// on the last page. With [Fault.Always] the list is endless.
func RepeatToken() Fault {
	return repaged("repeated token", func(x *exchange, p *page) {
		at := x.at
		p.next = &at
	})
}

// CycleTokens sends page n with a token that leads back to page 1, so that tokens
// repeat after n pages. n below 1: 1. The fault is for page n alone. With
// [Fault.Always] the list is endless.
func CycleTokens(n int) Fault {
	n = max(n, 1)
	f := repaged(fmt.Sprintf("tokens in a cycle of %d", n), func(_ *exchange, p *page) {
		p.next = &position{page: 1}
	})
	f.Page = n
	return f
}

// EmptyPage sends a page without items and with a new token. Nothing is lost: the
// next page contains the items, and its number is higher by one. With
// [Fault.Always] the list is endless.
func EmptyPage() Fault {
	return repaged("empty page", func(x *exchange, p *page) {
		p.items = []any{}
		p.next = &position{offset: x.at.offset, page: x.at.page + 1}
	})
}

// repaged sends another page than the normal one.
func repaged(name string, change func(*exchange, *page)) Fault {
	return fault(name, func(x *exchange, w http.ResponseWriter, _ *http.Request) bool {
		_, _ = w.Write(x.begin(w, func(p *page) { change(x, p) }))
		return true
	})
}
