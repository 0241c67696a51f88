package appintegrationstest

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxPayload bounds what is read of a request's body. The operation has none.
const maxPayload = 64 << 10

// maxPageSize is the upper limit of maxResults in the service model.
const maxPageSize = 50

// exchange is one request while it is answered. The faults of this package find
// it in the request's context.
type exchange struct {
	srv        *Server
	entry      *Request
	now        time.Time
	identifier string
	query      string
	at         position
	tokenOK    bool
}

type exchangeKey struct{}

// ServeHTTP answers one request. It is what the listener calls; call it to put
// the server behind another one, for example of httptest.NewTLSServer.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.active.Done()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()

	// The body is read first: net/http notices that a client has gone only
	// after its end.
	payload, bodyErr := readBody(r.Body)
	x, routed := s.receive(r, payload)
	t := &tracker{ResponseWriter: w, srv: s, entry: x.entry}
	w.Header().Set("X-Amzn-Requestid", requestID())
	w.Header().Set("Date", x.now.UTC().Format(http.TimeFormat))

	switch {
	case bodyErr != nil:
		x.refuse(t, refuse(http.StatusBadRequest, "SerializationException", "The body could not be read: %v", bodyErr))
	case len(payload) > maxPayload:
		x.refuse(t, refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", "The body has more than %d bytes.", maxPayload))
	default:
		x.serve(t, r.WithContext(context.WithValue(ctx, exchangeKey{}, x)), payload, routed)
	}
}

func readBody(body io.Reader) ([]byte, error) {
	if body == nil { // of a request that a test made by hand
		return nil, nil
	}
	return io.ReadAll(io.LimitReader(body, maxPayload+1))
}

// receive enters a request into the log.
func (s *Server) receive(r *http.Request, payload []byte) (x *exchange, routed bool) {
	in := received(r, payload)
	x = &exchange{srv: s, now: s.opts.Now(), query: in.query}
	x.identifier, routed = route(in.path)
	if x.at, x.tokenOK = s.position(x.identifier, in.query); !routed || !x.tokenOK {
		x.at = position{}
	}
	x.entry = &Request{
		Time: x.now, Method: in.method, Path: in.path, RawQuery: in.query, Header: r.Header.Clone(),
		Identifier: x.identifier, Page: int(x.at.page),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, x.entry)
	return x, routed && r.Method == http.MethodGet
}

func (x *exchange) serve(t *tracker, r *http.Request, payload []byte, routed bool) {
	s := x.srv
	if ref := s.verify.check(received(r, payload), x.now); ref != nil {
		x.refuse(t, ref)
		return
	}
	if !routed {
		x.refuse(t, refuse(http.StatusNotFound, "UnknownOperationException", "No operation at %s %s", r.Method, x.entry.Path))
		return
	}
	f, throttled := s.admit(x)
	if throttled {
		x.refuse(t, refuse(http.StatusTooManyRequests, "ThrottlingException", "Rate exceeded"))
		return
	}
	if f.Do != nil && f.Do(t, r) {
		t.finish()
		return
	}
	if ref := x.answer(t); ref != nil {
		x.note(ref)
	}
}

// admit takes a token of the quota, and a fault for a request within it.
func (s *Server) admit(x *exchange) (f Fault, throttled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.bucket.take(x.now, s.opts.Quota) {
		return f, true
	}
	f, ok := s.takeFault(x.identifier, int(x.at.page))
	if ok {
		x.entry.Fault = f.String()
	}
	return f, false
}

// route returns the identifier in a path of the operation, unescaped.
func route(path string) (identifier string, ok bool) {
	parts := strings.Split(path, "/")
	if len(parts) != 4 || parts[0] != "" || parts[1] != "dataIntegrations" || parts[2] == "" || parts[3] != "associations" {
		return "", false
	}
	identifier, err := url.PathUnescape(parts[2])
	return identifier, err == nil
}

// position returns where the page begins that a query asks for.
func (s *Server) position(identifier, query string) (position, bool) {
	q, err := url.ParseQuery(query)
	if err != nil || len(q["nextToken"]) > 1 {
		return position{}, false
	}
	if !q.Has("nextToken") {
		return position{page: 1}, true
	}
	return s.tokens.decode(identifier, q.Get("nextToken"))
}

// pageSize checks the query, and returns how many associations it asks for.
func (x *exchange) pageSize() (int, *refusal) {
	bad := func(format string, args ...any) (int, *refusal) {
		return 0, refuse(http.StatusBadRequest, "InvalidRequestException", format, args...)
	}
	q, err := url.ParseQuery(x.query)
	if err != nil {
		return bad("The query is not URI-encoded: %v", err)
	}
	for name, values := range q {
		switch {
		case name != "maxResults" && name != "nextToken":
			return bad("The query parameter %q is unknown.", name)
		case len(values) > 1:
			return bad("The query parameter %q is there %d times.", name, len(values))
		}
	}
	if !x.tokenOK {
		return bad("The value of nextToken is not a token of this data integration.")
	}
	if !q.Has("maxResults") {
		return x.srv.opts.PageSize, nil
	}
	text := q.Get("maxResults")
	n, err := strconv.Atoi(text)
	if err != nil || strings.Trim(text, "0123456789") != "" || n < 1 || n > maxPageSize {
		return bad("The value %q of maxResults is not a number between 1 and %d.", text, maxPageSize)
	}
	return n, nil
}

// page is one page of a list, before it is written.
type page struct {
	items []wireAssociation
	next  *position // nil for the last one
}

// list returns the page that the request asks for.
func (x *exchange) list() (page, *refusal) {
	size, ref := x.pageSize()
	if ref != nil {
		return page{}, ref
	}
	x.srv.mu.Lock()
	all, known := x.srv.known[x.identifier]
	x.srv.mu.Unlock()
	if !known {
		return page{}, refuse(http.StatusNotFound, "ResourceNotFoundException", "The data integration %q does not exist.", x.identifier)
	}
	// Put only appends, so what was read under the lock does not change.
	first := min(int(x.at.offset), len(all))
	last := min(first+size, len(all))
	p := page{items: make([]wireAssociation, 0, last-first)}
	for _, a := range all[first:last] {
		p.items = append(p.items, toWire(a))
	}
	if last < len(all) {
		p.next = &position{offset: uint32(last), page: x.at.page + 1}
	}
	return p, nil
}

// body returns what the request would be answered without a fault. change, if
// not nil, is applied to a page, not to a refusal.
func (x *exchange) body(change func(*page)) (status int, code string, body []byte, ref *refusal) {
	p, ref := x.list()
	if ref != nil {
		return ref.status, ref.code, ref.body(), ref
	}
	if change != nil {
		change(&p)
	}
	out := wirePage{DataIntegrationAssociations: p.items}
	if p.next != nil {
		token := x.srv.tokens.encode(x.identifier, *p.next)
		out.NextToken = &token
	}
	return http.StatusOK, "", encode(out), nil
}

// answer writes the answer without a fault.
func (x *exchange) answer(w http.ResponseWriter) *refusal {
	status, code, body, ref := x.body(nil)
	write(w, status, code, body)
	return ref
}

func (x *exchange) refuse(w http.ResponseWriter, ref *refusal) {
	x.note(ref)
	write(w, ref.status, ref.code, ref.body())
}

func (x *exchange) note(ref *refusal) {
	x.srv.mu.Lock()
	defer x.srv.mu.Unlock()
	x.entry.Refused = ref.code + ": " + ref.message
}

func (r *refusal) body() []byte { return encode(map[string]string{"Message": r.message}) }

// head sets the headers of a JSON answer. code is that of an error, or empty.
func head(h http.Header, code string, length int) {
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(length))
	if code != "" {
		h.Set("X-Amzn-ErrorType", code)
	}
}

func write(w http.ResponseWriter, status int, code string, body []byte) {
	head(w.Header(), code, len(body))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone is no error here
}

// requestID returns a random UUID, version 4.
func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}
