package world

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// A fault is a way in which a service, or what stands before it, answers a
// request otherwise than with its page.
type fault struct {
	kind     string
	retried  bool // another attempt is to be made
	throttle bool
	answer   func(*exchange, *Spell)
}

// Kinds of spells that are no fault of a response.
const (
	jump       = "the clock of the service jumps"
	slow       = "responses are slow"
	lost       = "all connections are lost at once"
	deadPool   = "the open connections drop everything"
	mutePool   = "the open connections answer no more"
	dialFails  = "connections are refused"
	dialHangs  = "connections hang while they open"
	down       = "the host is down: connections are lost, and refused"
	twice      = "responses are sent twice"
	emptyPages = "pages without items"
)

var faults = []fault{
	{kind: "reset", retried: true, answer: func(x *exchange, _ *Spell) { appintegrationstest.ResetConnection().Do(x.w, x.r) }},
	{kind: "closed", retried: true, answer: func(x *exchange, _ *Spell) { appintegrationstest.CloseConnection().Do(x.w, x.r) }},
	{kind: "stalled", retried: true, answer: func(x *exchange, _ *Spell) { x.pause(time.Hour) }},
	{kind: "stalled in the body", retried: true, answer: func(x *exchange, _ *Spell) { x.part(); x.pause(time.Hour) }},
	{kind: "body cut", retried: true, answer: func(x *exchange, _ *Spell) { x.part(); panic(http.ErrAbortHandler) }},
	{kind: "body reset", retried: true, answer: func(x *exchange, _ *Spell) { x.part(); appintegrationstest.ResetConnection().Do(x.w, x.r) }},
	{kind: "body truncated", retried: true, answer: func(x *exchange, _ *Spell) {
		body := x.body()
		x.send(200, "", string(body[:x.draw("cut")%uint64(len(body))]))
	}},
	{kind: "trailing bytes", retried: true, answer: func(x *exchange, _ *Spell) { x.send(200, "", string(x.body())+"<!-- proxy -->") }},
	{kind: "gzip cut", retried: true, answer: gzipCut},
	{kind: "empty 200", retried: true, answer: func(x *exchange, _ *Spell) { x.send(200, "", "") }},
	{kind: "null", retried: true, answer: func(x *exchange, _ *Spell) { x.send(200, "", "null") }},
	{kind: "204", retried: true, answer: func(x *exchange, _ *Spell) { x.w.WriteHeader(204) }},
	{kind: "HTML 200", retried: true, answer: func(x *exchange, _ *Spell) { x.send(200, "", "<html><body>Please log in</body></html>") }},
	{kind: "foreign object", retried: true, answer: foreign},
	{kind: "error in a 200", retried: true, answer: func(x *exchange, _ *Spell) {
		x.send(200, "InternalServiceError", `{"Message":"oops"}`)
	}},
	{kind: "500", retried: true, answer: func(x *exchange, _ *Spell) { x.send(500, "InternalServiceError", `{"Message":"oops"}`) }},
	{kind: "502 of a proxy", retried: true, answer: func(x *exchange, _ *Spell) { x.send(502, "", "<html>Bad Gateway</html>") }},
	{kind: "503", retried: true, answer: func(x *exchange, _ *Spell) { x.send(503, "ServiceUnavailable", `{"message":"later"}`) }},
	{kind: "bare 503", retried: true, answer: func(x *exchange, _ *Spell) { x.send(503, "", "") }},
	{kind: "529", retried: true, answer: func(x *exchange, _ *Spell) { x.send(529, "", "overloaded") }},
	{kind: "throttle", retried: true, throttle: true, answer: func(x *exchange, _ *Spell) { x.throttled() }},
	{kind: "bare 429", retried: true, throttle: true, answer: func(x *exchange, _ *Spell) { x.send(429, "", "slow down") }},
	{kind: "throttle with Retry-After", retried: true, throttle: true, answer: func(x *exchange, s *Spell) {
		x.w.Header().Set("Retry-After", strconv.Itoa(int(s.Amount.Seconds())+1))
		x.throttled()
	}},
	{kind: "500 with x-amz-retry-after", retried: true, answer: func(x *exchange, s *Spell) {
		x.w.Header().Set("X-Amz-Retry-After", strconv.FormatInt(s.Amount.Milliseconds()+1, 10))
		x.send(500, "InternalServiceError", `{"Message":"oops"}`)
	}},
	{kind: "503 with a long Retry-After", answer: func(x *exchange, s *Spell) {
		x.w.Header().Set("Retry-After", "120")
		x.send(503, "ServiceUnavailable", `{"message":"later"}`)
	}},
	{kind: "redirect", answer: func(x *exchange, _ *Spell) {
		x.w.Header().Set("Location", "https://elsewhere.invalid"+x.r.URL.RequestURI())
		x.send(307, "", "")
	}},
	{kind: "403 that quotes the request", answer: func(x *exchange, _ *Spell) {
		x.send(403, "AccessDeniedException", fmt.Sprintf(`{"Message":"denied: %s token %s, signed %s"}`,
			x.r.URL.RequestURI(), x.r.Header.Get("X-Amz-Security-Token"), strings.ReplaceAll(x.r.Header.Get("Authorization"), `"`, "'")))
	}},
	{kind: "400 that quotes the request", answer: func(x *exchange, _ *Spell) {
		x.send(400, x.r.URL.Query().Get("nextToken"), fmt.Sprintf(`{"Message":"the token in %s is invalid"}`, x.r.URL.RawQuery))
	}},
	{kind: "502 of a proxy that quotes the request", retried: true, answer: func(x *exchange, _ *Spell) {
		x.w.Header().Set("X-Amzn-Requestid", fmt.Sprintf("%x-%s", x.draw("id"), x.r.URL.Query().Get("nextToken")))
		x.w.Header().Set("Via", x.r.Header.Get("X-Amz-Security-Token"))
		x.send(502, "", "<p>"+x.r.URL.RequestURI())
	}},
	{kind: "200 that quotes the request", retried: true, answer: func(x *exchange, _ *Spell) {
		x.send(200, "", x.r.URL.RequestURI()+" "+x.r.Header.Get("X-Amz-Security-Token"))
	}},
	{kind: "404 of a proxy", answer: func(x *exchange, _ *Spell) { x.send(404, "", "<html>Not Found</html>") }},
}

func faultOf(kind string) *fault {
	for i := range faults {
		if faults[i].kind == kind {
			return &faults[i]
		}
	}
	return nil
}

// foreignBodies are complete JSON objects that are no page.
var foreignBodies = []string{
	`{"error":"try again"}`, `{"code":429}`, `{"Output":{"DataIntegrationAssociations":[]}}`,
	`{"DataIntegrations":[{"Name":"another operation"}]}`, `{"dataIntegrationAssociations":[],"nextToken":null}`,
	`{"status":"ok","data":[]}`,
}

func foreign(x *exchange, _ *Spell) {
	x.send(200, "", foreignBodies[x.draw("foreign")%uint64(len(foreignBodies))])
}

func gzipCut(x *exchange, _ *Spell) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(x.body())
	z.Close()
	x.w.Header().Set("Content-Encoding", "gzip")
	x.send(200, "", b.String()[:b.Len()-1-int(x.draw("gzip")%8)])
}

// Kinds are all kinds of spells.
func Kinds() []string {
	kinds := []string{
		jump, slow, lost, deadPool, mutePool, dialFails, dialHangs, down, twice, emptyPages,
		providerFails, providerPanics, providerExits, providerHangs, providerStubborn, providerStale,
	}
	for i := range faults {
		kinds = append(kinds, faults[i].kind)
	}
	return kinds
}
