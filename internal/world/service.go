package world

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// A service is a remote that runs: an endpoint for one account. Its signatures
// are verified by a fake for each key, and its lists are its own.
type service struct {
	*world
	Remote
	number int

	mu       sync.Mutex
	fakes    map[int]*appintegrationstest.Server // by the generation of the key
	requests []*Request
	seen     map[string]int // requests by caller and position
	tokens   float64        // of the quota
	filled   time.Duration  // when tokens were counted
	refused  []string       // tokens that are not of this list
}

// A Request is what a service saw of one request.
type Request struct {
	At, End    time.Duration
	Caller     int
	List       int
	Invocation string
	Attempt    string // Amz-Sdk-Request
	Fault      string // "": none; of a spell or a quota
	Status     int
	Finished   bool // the response was sent to its end
}

// An exchange is one request at a service.
type exchange struct {
	*service
	w             http.ResponseWriter
	r             *http.Request
	entry         *Request
	list          int
	offset, asked int
	again         int // how often this caller asked for this position before
	badToken      bool
	key           string
	bodyIsBuilt   bool
	builtBody     []byte
}

func (s *service) host() string { return fmt.Sprintf("e%d.world.invalid", s.Endpoint) }

// fake returns the server that verifies the signatures of a key.
func (s *service) fake(generation int) *appintegrationstest.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.fakes[generation]; f != nil {
		return f
	}
	keys := s.accounts[s.Account].keys(generation)
	f := appintegrationstest.New(func(o *appintegrationstest.Options) {
		o.Region, o.AccessKeyID, o.SecretAccessKey, o.SessionToken = region, keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken
		o.Now, o.MaxRequests = s.clock, 1
		o.OnRequest = s.rejected
	})
	f.Fail(appintegrationstest.Fault{Times: -1, Do: s.serve})
	s.fakes[generation] = f
	return f
}

// clock is the clock of the service, which may jump.
func (s *service) clock() time.Time {
	now := s.now()
	for i := range s.Spells {
		if s.Spells[i].Kind == jump && s.Spells[i].covers(now) {
			return time.Now().Add(s.Spells[i].Amount)
		}
	}
	return time.Now()
}

// rejected notes a request that the fake rejected itself, for its signature.
func (s *service) rejected(r appintegrationstest.Request) {
	if r.Refused == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	entry := &Request{At: s.now(), End: s.now(), Caller: callerOf(r.Identifier), List: listOf(r.Identifier), Invocation: r.Header.Get("Amz-Sdk-Invocation-Id"), Attempt: r.Header.Get("Amz-Sdk-Request"), Fault: jump, Status: r.Status}
	if time.Until(s.clock()).Abs() < 4*time.Minute {
		entry.Fault = "rejected: " + r.Refused
	}
	s.requests = append(s.requests, entry)
}

func listOf(identifier string) (n int) {
	scan(identifier, "l", &n)
	return n
}

func callerOf(identifier string) int {
	_, caller, _ := strings.Cut(identifier, ".c")
	n, err := strconv.Atoi(caller)
	if err != nil {
		return -1
	}
	return n
}

// serve answers a request whose signature is right.
func (s *service) serve(w http.ResponseWriter, r *http.Request) bool {
	x := s.enter(w, r)
	defer func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.entry.End = x.now()
	}()
	if gone := s.accounts[s.Account].generation(s.now()); !strings.HasSuffix(r.Header.Get("X-Amz-Security-Token"), fmt.Sprintf("-%d", gone)+marker) {
		x.note("expired keys")
		x.send(403, "ExpiredTokenException", `{"Message":"The security token included in the request is expired"}`)
		return true
	}
	if !s.admit() {
		x.note("quota")
		x.throttled()
		return true
	}
	x.pause(x.latency())
	x.hangIfMute(r)
	for i := range s.Spells {
		spell := &s.Spells[i]
		if f := faultOf(spell.Kind); f != nil && x.hit(spell, i) {
			x.note(spell.Kind)
			f.answer(x, spell)
			return true
		}
	}
	if x.badToken {
		x.mu.Lock()
		x.refused = append(x.refused, r.URL.RawQuery)
		x.mu.Unlock()
		x.send(400, "InvalidRequestException", `{"Message":"The token is not one of this list"}`)
		return true
	}
	x.send(200, "", string(x.body()))
	x.mu.Lock()
	x.entry.Finished = r.Context().Err() == nil
	x.mu.Unlock()
	return true
}

// enter reads a request and enters it into the log.
func (s *service) enter(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{service: s, w: w, r: r}
	identifier := strings.Split(r.URL.Path, "/")[2]
	x.list = listOf(identifier)
	q := r.URL.Query()
	x.asked, _ = strconv.Atoi(q.Get("maxResults"))
	if token := q.Get("nextToken"); token != "" {
		x.offset, x.badToken = s.position(x.list, token)
	}
	x.entry = &Request{At: s.now(), Caller: callerOf(identifier), List: x.list, Invocation: r.Header.Get("Amz-Sdk-Invocation-Id"), Attempt: r.Header.Get("Amz-Sdk-Request")}
	x.key = identifier + "/" + strconv.Itoa(x.offset)
	s.mu.Lock()
	defer s.mu.Unlock()
	x.again = s.seen[x.key]
	s.seen[x.key]++
	s.requests = append(s.requests, x.entry)
	return x
}

func (x *exchange) note(fault string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.entry.Fault = fault
}

// draw returns a number that depends on the seed, on what it is for, and on the
// request: who asked for what, for the how manyeth time.
func (x *exchange) draw(what string) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%d/%s/%s/%d", x.Seed, x.number, what, x.key, x.again)
	v := h.Sum64()
	v ^= v >> 31
	v *= 0x9e3779b97f4a7c15
	return v ^ v>>29
}

// hit reports whether a spell is on this request.
func (x *exchange) hit(spell *Spell, i int) bool {
	if !spell.covers(x.now()) {
		return false
	}
	return spell.Share >= 1 || float64(x.draw("spell "+strconv.Itoa(i))%10000) < spell.Share*10000
}

func (x *exchange) latency() time.Duration {
	d := time.Duration(1 + x.draw("latency")%uint64(max(x.Latency, 1)))
	for i := range x.Spells {
		if x.Spells[i].Kind == slow && x.hit(&x.Spells[i], i) {
			x.note(slow)
			d += x.Spells[i].Amount
		}
	}
	return d
}

// pause waits; a request that ends meanwhile gets no response.
func (x *exchange) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.over:
		panic(http.ErrAbortHandler)
	case <-x.r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}

// admit takes a token of the quota.
func (s *service) admit() bool {
	if s.Rate == 0 {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.tokens = min(float64(s.Burst), s.tokens+s.Rate*(now-s.filled).Seconds())
	s.filled = now
	if s.tokens < 1 {
		return false
	}
	s.tokens--
	return true
}

func (x *exchange) send(status int, code, body string) {
	x.mu.Lock()
	x.entry.Status = status
	x.mu.Unlock()
	h := x.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if code != "" {
		h.Set("X-Amzn-ErrorType", code)
	}
	x.w.WriteHeader(status)
	x.w.Write([]byte(body))
}

func (x *exchange) throttled() { x.send(429, "ThrottlingException", `{"Message":"Rate exceeded"}`) }

// part sends the head of the page, and some of its body.
func (x *exchange) part() {
	body := x.body()
	x.mu.Lock()
	x.entry.Status = 200
	x.mu.Unlock()
	x.w.Header().Set("Content-Type", "application/json")
	x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(200)
	x.w.Write(body[:x.draw("part")%uint64(len(body))])
	http.NewResponseController(x.w).Flush()
}

// body is the page that the request asks for.
func (x *exchange) body() []byte {
	if x.bodyIsBuilt {
		return x.builtBody
	}
	list := &x.Lists[x.list]
	size := list.PageSizes[x.draw("page size")%uint64(len(list.PageSizes))]
	if x.asked > 0 {
		size = min(size, x.asked)
	}
	for i := range x.Spells {
		if x.Spells[i].Kind == emptyPages && x.again < 5 && x.hit(&x.Spells[i], i) {
			size = 0
		}
	}
	end := min(x.offset+size, list.Items)
	b := []byte(`{"DataIntegrationAssociations":[`)
	for i := x.offset; i < end; i++ {
		if i > x.offset {
			b = append(b, ',')
		}
		b = x.appendItem(b, i)
	}
	b = append(b, ']')
	if end < list.Items {
		b = fmt.Appendf(b, `,"NextToken":%q`, x.token(end))
	}
	x.builtBody, x.bodyIsBuilt = append(b, '}'), true
	return x.builtBody
}

func (x *exchange) appendItem(b []byte, i int) []byte {
	status := "IN_PROGRESS"
	if x.now() >= x.Lists[x.list].Completed {
		status = "COMPLETED"
	}
	return fmt.Appendf(b, `{"DataIntegrationAssociationArn":%q,"ClientId":"client-%d","DestinationURI":"s3://bucket/%d","LastExecutionStatus":{"ExecutionStatus":%q}}`,
		itemARN(x.number, x.list, i), i, i, status)
}

func itemARN(remote, list, i int) string {
	return fmt.Sprintf("arn:world:%d/%d/%d", remote, list, i)
}

// token leads to an offset of the list. No two responses give the same token.
func (x *exchange) token(offset int) string {
	text := fmt.Sprintf("%d/%d/%d/%x", x.number, x.list, offset, x.draw("token")&0xffff)
	return marker + "+/=" + base64.StdEncoding.EncodeToString([]byte(text)) + "~" + marker
}

func (s *service) position(list int, token string) (offset int, bad bool) {
	text, ok := strings.CutPrefix(strings.TrimSuffix(token, "~"+marker), marker+"+/=")
	raw, err := base64.StdEncoding.DecodeString(text)
	var number, of, nonce int
	n, _ := fmt.Sscanf(string(raw), "%d/%d/%d/%x", &number, &of, &offset, &nonce)
	return offset, !ok || err != nil || n != 4 || number != s.number || of != list
}
