package appintegrationstest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
)

// RoundTrip sends the response to a request without a socket, as an
// [http.Transport] would that is connected to the server with HTTP/1.1. The
// request goes through its wire form, and the checks are the same. The body is a
// stream: the reader meets a stall or a cut in it. Gzip that the transport itself
// requested is decoded. RoundTrip returns when the request's context ends. Its
// goroutine ends with the response, with the context, or when the body is closed.
func (s *Server) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := context.Cause(r.Context()); err != nil {
		closeBody(r)
		return nil, err
	}
	wire, ask, err := throughWire(r)
	if err != nil {
		return nil, err
	}
	if s.ctx.Err() != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	ctx, cancel := context.WithCancel(r.Context())
	stop := context.AfterFunc(s.ctx, cancel)
	p := &pipe{
		request: r, ctx: ctx, cancel: func() { stop(); cancel() },
		header: make(http.Header), begun: make(chan struct{}), changed: make(chan struct{}),
	}
	go p.run(s, wire.WithContext(ctx))
	select {
	case <-p.begun:
		return p.response(ask)
	case <-r.Context().Done():
		p.cancel()
		return nil, context.Cause(r.Context())
	}
}

// throughWire returns the request as a server reads it, and whether compression
// was asked for that the caller knows nothing of.
func throughWire(r *http.Request) (wire *http.Request, ask bool, err error) {
	if r.URL == nil || r.URL.Host == "" {
		closeBody(r)
		return nil, false, fmt.Errorf("http: no Host in request URL")
	}
	if err := checkHeader(r.Header); err != nil {
		closeBody(r)
		return nil, false, err
	}
	out := r.Clone(r.Context())
	if out.Header == nil {
		out.Header = make(http.Header)
	}
	if out.Header.Get("Accept-Encoding") == "" && out.Header.Get("Range") == "" && out.Method != http.MethodHead {
		ask = true
		out.Header.Set("Accept-Encoding", "gzip")
	}
	var b bytes.Buffer
	if err := out.Write(&b); err != nil { // closes the body
		return nil, false, err
	}
	wire, err = http.ReadRequest(bufio.NewReader(&b))
	if err != nil {
		return nil, false, err
	}
	wire.RemoteAddr = "192.0.2.1:1234" // as httptest.NewRequest
	return wire, ask, nil
}

// checkHeader refuses what http.Transport does, which Request.Write would quietly
// mend.
func checkHeader(h http.Header) error {
	for name, values := range h {
		if name == "" || strings.ContainsFunc(name, notInToken) {
			return fmt.Errorf("net/http: invalid header field name %q", name)
		}
		for _, v := range values {
			if strings.ContainsFunc(v, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
				return fmt.Errorf("net/http: invalid header field value for %q", name)
			}
		}
	}
	return nil
}

// notInToken reports whether c may not be in a token of RFC 9110.
func notInToken(c rune) bool {
	return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// response returns what the transport makes of the head of a response.
func (p *pipe) response(ask bool) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status == 0 {
		return nil, p.err
	}
	resp := &http.Response{
		Status:        fmt.Sprintf("%03d %s", p.status, http.StatusText(p.status)),
		StatusCode:    p.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        p.sent,
		Body:          p,
		ContentLength: p.length,
		Request:       p.request,
	}
	if ask && strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") && p.length != 0 {
		resp.Header.Del("Content-Encoding")
		resp.Header.Del("Content-Length")
		resp.ContentLength, resp.Uncompressed = -1, true
		resp.Body = &gunzipped{compressed: p}
	}
	return resp, nil
}

// gunzipped reads a compressed body. It begins with the first Read, since an
// response may stall after its headers.
type gunzipped struct {
	compressed io.ReadCloser
	z          *gzip.Reader
	err        error
}

func (g *gunzipped) Read(b []byte) (int, error) {
	if g.z == nil && g.err == nil {
		g.z, g.err = gzip.NewReader(g.compressed)
	}
	if g.err != nil {
		return 0, g.err
	}
	return g.z.Read(b)
}

func (g *gunzipped) Close() error { return g.compressed.Close() }
