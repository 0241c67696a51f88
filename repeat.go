package appintegrations

import (
	"bytes"
	"hash/maphash"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
)

// A server or proxy that sends a response twice gives the copy to a later request
// on that connection, and from then on each response to the request after its
// own. The request id shows it: the service gives no two responses the same one.
//
// A response that is in doubt is dropped, its connection is closed, and the
// request is sent once more on a new connection, where no response precedes its
// own. If even that has the same request id, the server is a mock that gives all
// its responses the same one: it is believed from then on. To reject the response
// outright, and leave the rest to the retry loop, would fail calls to such a mock
// where there is only one attempt.

const (
	// pastResponses is how many responses of a connection are known. Before a copy
	// that comes a millisecond late there are about 40 others on loopback, and
	// fewer elsewhere.
	pastResponses = 128
	// pastConns is for how many connections of a user's transport a pool knows
	// them: it does not hear when they are closed.
	pastConns = idleConnsPerHost
)

// A pastResponse is what is known of a response; id, target and body are hashes.
type pastResponse struct {
	id     uint64 // 0: it had none, and nothing can be said
	target uint64
	body   uint64
	length int64 // unread: the body is not known yet
}

// unread is the length of a body that is not read to its end. The connection may
// have got its next request already.
const unread = -1

// A connPast is what is known of the responses on a connection. It is guarded by
// the mutex of the pool.
type connPast struct {
	responses []pastResponse // the oldest at next, once there are pastResponses
	next      int
	shifted   uint64 // the target to which a response came twice; 0: none
	reading   int    // how many responses are being compared with those before
}

// add adds a response whose body is still unread.
func (c *connPast) add(r pastResponse) {
	r.length = unread
	if len(c.responses) < pastResponses {
		c.responses = append(c.responses, r)
		return
	}
	c.responses[c.next] = r
	c.next = (c.next + 1) % pastResponses
}

// complete adds the body to a response.
func (c *connPast) complete(r pastResponse) {
	for i := range c.responses {
		switch past := &c.responses[i]; {
		case *past == r:
			c.shifted = r.target
		case past.id == r.id && past.target == r.target && past.length == unread:
			*past = r
			return
		}
	}
}

// doubts reports whether a response may not be that to its request. If alike is
// not empty, that goes by the body: it must not be one of them.
func (c *connPast) doubts(r pastResponse) (doubt bool, alike []pastResponse) {
	for _, past := range c.responses {
		if past.id == r.id {
			alike = append(alike, past)
		}
	}
	return len(alike) > 0 || c.reading > 0 || c.shifted != 0 && c.shifted != r.target, alike
}

func (p *pool) hashOf(u *url.URL) uint64 {
	var h maphash.Hash
	h.SetSeed(p.seed)
	for _, part := range [...]string{u.Host, u.Path, u.RawPath, u.RawQuery} {
		h.WriteString(part)
		h.WriteByte(0)
	}
	return h.Sum64() | 1
}

func (f *flight) responseOf(resp *http.Response) (r pastResponse) {
	if id := requestID(resp); id != "" && resp.ProtoMajor == 1 { // a stream of HTTP/2 belongs to one request
		r.id, r.target = maphash.String(f.pool.seed, id)|1, f.pool.hashOf(f.request.URL)
	}
	return r
}

// judge returns the response to the request, which is resp unless that may be
// the response to another request.
func (f *flight) judge(resp *http.Response) (*http.Response, error) {
	f.sum.SetSeed(f.pool.seed)
	f.response = f.responseOf(resp)
	if doubt, alike := f.doubts(); doubt && (len(alike) == 0 || f.isCopy(resp, alike)) {
		var err error
		if resp, err = f.sendAgain(resp); err != nil {
			return nil, err
		}
	}
	f.onConn((*connPast).add)
	return resp, nil
}

func (f *flight) doubts() (bool, []pastResponse) {
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	past := f.pool.pastOf(f.conn)
	if past == nil || f.response.id == 0 || f.hostPool.constant {
		return false, nil
	}
	return past.doubts(f.response)
}

// isCopy reports whether a response is one of those before it, to another URL.
// What it reads of the body can be read again.
func (f *flight) isCopy(resp *http.Response, alike []pastResponse) (copied bool) {
	longest := int64(0)
	for _, past := range alike {
		longest = max(longest, past.length)
	}
	// At the end of the body the connection goes on to the next request.
	f.onConn(func(c *connPast, _ pastResponse) { c.reading++ })
	defer func() {
		if !copied {
			f.onConn(func(c *connPast, _ pastResponse) { c.reading-- })
		}
	}()
	read, err := io.ReadAll(io.LimitReader(resp.Body, longest+1))
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(read), resp.Body), resp.Body}
	body := maphash.Bytes(f.pool.seed, read)
	for _, past := range alike {
		if past.length != unread && (err != nil || past.length != int64(len(read)) || past.body != body) {
			continue
		}
		if past.target == f.response.target {
			return false
		}
		copied = true
	}
	return copied
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

// onConn notes something of the response on the connection of the flight.
func (f *flight) onConn(note func(*connPast, pastResponse)) {
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	if f.response.id == 0 || f.hostPool.constant {
		return
	}
	if past := f.pool.pastOf(f.conn); past != nil {
		note(past, f.response)
	}
}

// pastOf returns what is known of a connection; nil: nothing is to be known. The
// caller holds mu.
func (p *pool) pastOf(conn net.Conn) *connPast {
	if c := poolConnOf(conn); c != nil {
		return &c.past
	}
	if conn == nil || !reflect.ValueOf(conn).Comparable() {
		return nil
	}
	past := p.past[conn]
	if past == nil {
		for other := range p.past {
			if len(p.past) < pastConns {
				break
			}
			delete(p.past, other)
		}
		past = &connPast{}
		p.past[conn] = past
	}
	return past
}
