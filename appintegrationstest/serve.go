package appintegrationstest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxPayload bounds what is read of a request's body. The operation has none.
const maxPayload = 64 << 10

// maxPageSize is the upper limit of maxResults in the service model.
const maxPageSize = 50

// exchange is one request and its response. The faults of this package find
// it in the request's context.
type exchange struct {
	srv        *Server
	entry      *Request
	now        time.Time
	op         operation
	identifier string // of the data integration; empty for listIntegrations
	scope      string // what the tokens of the list belong to
	query      string
	at         position
	tokenOK    bool
}

type exchangeKey struct{}

// operation is the name of an operation in the service model; empty: none that
// the server has.
type operation string

const (
	listAssociations operation = "ListDataIntegrationAssociations"
	listIntegrations operation = "ListDataIntegrations"
)

// ServeHTTP sends the response to one request. The listener calls it; call it to
// put the server behind another one, for example of httptest.NewTLSServer.
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
	x := s.receive(r, payload)
	if s.opts.OnRequest != nil {
		defer x.report(s.opts.OnRequest)
	}
	t := &tracker{ResponseWriter: w, srv: s, entry: x.entry}
	w.Header().Set("X-Amzn-Requestid", x.entry.RequestID)
	w.Header().Set("X-Amz-Apigw-Id", gatewayID())
	w.Header().Set("Date", x.now.UTC().Format(http.TimeFormat))

	switch {
	case bodyErr != nil:
		x.refuse(t, refuse(http.StatusBadRequest, "SerializationException", "The body could not be read: %v", bodyErr))
	case len(payload) > maxPayload:
		x.refuse(t, refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", "The body has more than %d bytes.", maxPayload))
	default:
		x.serve(t, r.WithContext(context.WithValue(ctx, exchangeKey{}, x)), payload)
	}
}

func (x *exchange) report(to func(Request)) {
	x.srv.mu.Lock()
	r := x.entry.clone()
	x.srv.mu.Unlock()
	to(r)
}

func readBody(body io.Reader) ([]byte, error) {
	if body == nil { // of a request that a test made by hand
		return nil, nil
	}
	return io.ReadAll(io.LimitReader(body, maxPayload+1))
}

// receive enters a request into the log.
func (s *Server) receive(r *http.Request, payload []byte) *exchange {
	in := received(r, payload)
	x := &exchange{srv: s, now: s.opts.Now(), query: in.query}
	x.op, x.identifier = route(r.Method, in.path)
	x.scope = s.scope(x.identifier)
	if x.at, x.tokenOK = s.position(x.scope, in.query); x.op == "" || !x.tokenOK {
		x.at = position{}
	}
	x.entry = &Request{
		RequestID: requestID(), Proto: r.Proto, TLS: r.TLS != nil,
		Time: x.now, Method: in.method, Operation: string(x.op), Path: in.path, RawQuery: in.query, Header: r.Header.Clone(),
		Identifier: x.identifier, Page: int(x.at.page),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.opts.MaxRequests; n > 0 && len(s.log) >= n {
		s.log = slices.Delete(s.log, 0, len(s.log)-n+1)
	}
	s.log = append(s.log, x.entry)
	return x
}

// scope returns what the tokens of a list belong to: the same for each identifier
// of a data integration.
func (s *Server) scope(identifier string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if it := s.known.find(identifier); it != nil {
		return it.key
	}
	return identifier
}

func (x *exchange) serve(t *tracker, r *http.Request, payload []byte) {
	s := x.srv
	if ref := s.verify.check(received(r, payload), x.now); ref != nil {
		x.refuse(t, ref)
		return
	}
	if x.op == "" {
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
	if ref := x.respond(t); ref != nil {
		x.note(ref)
	}
}

// admit takes a token of the quota, and a fault for a request within it.
func (s *Server) admit(x *exchange) (f Fault, throttled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	quota := s.opts.Quota
	if x.op == listIntegrations {
		quota = s.opts.DataIntegrationsQuota
	}
	if !s.bucket[x.op].take(x.now, quota) {
		return f, true
	}
	f, ok := s.takeFault(x)
	if ok {
		x.entry.Fault = f.String()
	}
	return f, false
}

// route returns the operation that a method and a path name, and the identifier
// in the path, unescaped.
func route(method, path string) (operation, string) {
	if method != http.MethodGet {
		return "", ""
	}
	if path == "/dataIntegrations" {
		return listIntegrations, ""
	}
	parts := strings.Split(path, "/")
	if len(parts) != 4 || parts[0] != "" || parts[1] != "dataIntegrations" || parts[2] == "" || parts[3] != "associations" {
		return "", ""
	}
	identifier, err := url.PathUnescape(parts[2])
	if err != nil {
		return "", ""
	}
	return listAssociations, identifier
}

// position returns where the page begins that a query asks for.
func (s *Server) position(scope, query string) (position, bool) {
	q, err := url.ParseQuery(query)
	if err != nil || len(q["nextToken"]) > 1 {
		return position{}, false
	}
	if !q.Has("nextToken") {
		return position{page: 1}, true
	}
	return s.tokens.decode(scope, q.Get("nextToken"))
}

// pageSize checks the query, and returns how many items it asks for.
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
		return bad("The value of nextToken is not a token of this list.")
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
	items []any     // of a wire shape
	next  *position // nil for the last one
}

// list returns the page that the request asks for.
func (x *exchange) list() (page, *refusal) {
	size, ref := x.pageSize()
	if ref != nil {
		return page{}, ref
	}
	item, n, ref := x.items()
	if ref != nil {
		return page{}, ref
	}
	first := min(int(x.at.offset), n)
	last := min(first+size, n)
	p := page{items: make([]any, 0, last-first)}
	for i := first; i < last; i++ {
		p.items = append(p.items, item(i))
	}
	if last < n {
		p.next = &position{offset: uint32(last), page: x.at.page + 1}
	}
	return p, nil
}

// items returns the list that the request asks for, as a function of the index,
// and its length.
func (x *exchange) items() (item func(int) any, n int, ref *refusal) {
	s := x.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	if x.op == listIntegrations {
		all := make([]DataIntegration, len(s.known.all))
		for i, it := range s.known.all {
			all[i] = it.DataIntegration
		}
		return func(i int) any { return integrationToWire(all[i]) }, len(all), nil
	}
	it := s.known.find(x.identifier)
	if it == nil {
		return nil, 0, refuse(http.StatusNotFound, "ResourceNotFoundException", "The data integration %q does not exist.", x.identifier)
	}
	// Put only appends, so what was read under the lock does not change.
	all := it.associations
	return func(i int) any {
		if s.opts.Advance == nil {
			return toWire(all[i])
		}
		return toWire(s.opts.Advance(it.key, clone(all[i]), x.now))
	}, len(all), nil
}

// body returns the response that the request gets without a fault. change, if
// not nil, is applied to a page, not to a refusal.
func (x *exchange) body(change func(*page)) (status int, code string, body []byte, ref *refusal) {
	p, ref := x.list()
	if ref != nil {
		return ref.status, ref.code, ref.body(), ref
	}
	if change != nil {
		change(&p)
	}
	var token *string
	if p.next != nil {
		text := x.srv.tokens.encode(x.scope, *p.next)
		token = &text
	}
	if x.op == listIntegrations {
		return http.StatusOK, "", encode(wireIntegrations{p.items, token}), nil
	}
	return http.StatusOK, "", encode(wirePage{p.items, token}), nil
}

// respond writes the response without a fault.
func (x *exchange) respond(w http.ResponseWriter) *refusal {
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

// head sets the headers of a JSON response. code is that of an error, or empty.
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

// requestID returns a random UUID.
func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return uuid(b)
}

// gatewayID returns an id as API Gateway gives one to each response.
func gatewayID() string {
	var b [11]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return base64.URLEncoding.EncodeToString(b[:])
}

// uuid returns b as a UUID of version 4.
func uuid(b [16]byte) string {
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}
