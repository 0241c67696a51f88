package appintegrations

import (
	"bytes"
	"hash/maphash"
	"io"
	"net"
	"net/http"
	"reflect"
)

// A server or proxy that sends a response twice gives its second copy to the
// next request on that connection, and from then on each response to the request
// after its own. The request id shows it: the service gives no two responses the
// same one.
//
// A response that is in doubt is dropped, its connection is closed, and the
// request is sent once more on a new connection, where no response precedes its
// own. If even that has the same request id, the server is a mock that gives all
// its responses the same one: it is believed from then on. To reject the response
// outright, and leave the rest to the retry loop, would fail calls to such a mock
// where there is only one attempt.

// keptResponses is how many connections of a user's transport a pool knows the
// last response of: it does not hear when they are closed.
const keptResponses = idleConnsPerHost

// A lastResponse is what is known of the last response on a connection; the zero
// value if there was none.
type lastResponse struct {
	id       string // "": it had none, and nothing can be said
	target   requestTarget
	status   int
	length   int64
	sum      uint64 // of the body
	repeated bool   // some response on the connection came twice, to the same URL
}

type requestTarget struct{ host, path, rawPath, query string }

func (f *flight) responseOf(resp *http.Response) lastResponse {
	u := f.request.URL
	r := lastResponse{status: resp.StatusCode, target: requestTarget{u.Host, u.Path, u.RawPath, u.RawQuery}}
	if resp.ProtoMajor == 1 { // a stream of HTTP/2 belongs to one request
		r.id = requestID(resp)
	}
	return r
}

// judge returns the response to the request, which is resp unless that may be
// the response to another request.
func (f *flight) judge(resp *http.Response) (*http.Response, error) {
	f.sum.SetSeed(f.pool.seed)
	f.response = f.responseOf(resp)
	last := f.lastOnConn()
	switch id := f.response.id; {
	case id == "" || last.id == "" || last.target == f.response.target:
		return resp, nil
	case id == last.id:
		if last.status != resp.StatusCode || !f.sameBody(resp, last) {
			return resp, nil
		}
	case !last.repeated:
		return resp, nil
	}
	return f.sendAgain(resp)
}

// sameBody reports whether a body is that of the response before. What it reads
// can be read again.
func (f *flight) sameBody(resp *http.Response, last lastResponse) bool {
	read, err := io.ReadAll(io.LimitReader(resp.Body, last.length+1))
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(read), resp.Body), resp.Body}
	return err == nil && int64(len(read)) == last.length && maphash.Bytes(f.pool.seed, read) == last.sum
}

// sendAgain sends the request on a new connection, and closes the one that
// brought resp.
func (f *flight) sendAgain(resp *http.Response) (*http.Response, error) {
	resp.Body.Close()
	f.conn.Close()
	doubted := f.response
	again, err := f.pool.fresh().RoundTrip(f.request)
	if err != nil {
		return nil, &MalformedResponseError{
			StatusCode: resp.StatusCode, Err: err,
			Reason: "the response to another request came, and no other connection brought the right one",
		}
	}
	f.response = f.responseOf(again)
	if f.response.id == doubted.id {
		f.pool.mu.Lock()
		defer f.pool.mu.Unlock()
		f.hostPool.constant = true
	}
	return again, nil
}

// lastOnConn returns the last response on the connection of the flight; the zero
// value if nothing is to be concluded from it.
func (f *flight) lastOnConn() lastResponse {
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	if f.hostPool.constant {
		return lastResponse{}
	}
	return f.pool.lastOn(f.conn)
}

// lastOn returns the last response on a connection. The caller holds mu.
func (p *pool) lastOn(conn net.Conn) lastResponse {
	if c := poolConnOf(conn); c != nil {
		return c.last
	}
	if conn == nil || !reflect.ValueOf(conn).Comparable() {
		return lastResponse{}
	}
	return p.last[conn]
}

// remember notes the response of the flight, which is complete, as the last one
// on its connection. The caller holds mu.
func (f *flight) remember() {
	r, last := f.response, f.pool.lastOn(f.conn)
	if r.id == "" && last.id == "" || f.hostPool.constant {
		return
	}
	r.sum = f.sum.Sum64()
	if last.id != "" && last.target == r.target {
		again := r
		again.repeated = last.repeated
		r.repeated = last.repeated || again == last
	}
	f.pool.setLast(f.conn, r)
}

func (p *pool) setLast(conn net.Conn, r lastResponse) {
	if c := poolConnOf(conn); c != nil {
		c.last = r
		return
	}
	if conn == nil || !reflect.ValueOf(conn).Comparable() {
		return
	}
	if _, known := p.last[conn]; !known && len(p.last) >= keptResponses {
		for other := range p.last {
			delete(p.last, other)
			break
		}
	}
	p.last[conn] = r
}
