package appintegrationstest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	appintegrations "github.com/seed-10600c52/appintegrations"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// signWith signs r with the signer of the SDK, which tests alone may use.
func signWith(t testing.TB, r *http.Request, body []byte, creds aws.Credentials, region string, when time.Time) {
	t.Helper()
	require.NoError(t, v4.NewSigner().SignHTTP(context.Background(), creds, r, hexSHA256(body), signingName, region, when))
}

// part is a range of the bytes of a request.
type part struct {
	name       string
	start, end int
}

// TestMutations flips every bit of every byte of what is signed, one at a time,
// in the bytes on the wire. No such request may be served.
func TestMutations(t *testing.T) {
	for path, scope := range map[string]string{"/dataIntegrations/a%2Fb/associations": "a/b", "/dataIntegrations": ""} {
		t.Run(path, func(t *testing.T) { mutate(t, path, scope) })
	}
}

func mutate(t *testing.T, path, scope string) {
	when := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	srv := New(func(o *Options) {
		o.SessionToken = "IQoJb3JpZ2luX2VjEXAMPLE"
		o.Now = func() time.Time { return when }
	})
	defer srv.Close()
	srv.tokens.key = [32]byte{} // the same mutants every time
	srv.Put("a/b", make([]appintegrations.DataIntegrationAssociationSummary, 3)...)

	query := url.Values{"maxResults": {"2"}, "nextToken": {srv.tokens.encode(scope, position{offset: 2, page: 2})}}
	r, err := http.NewRequest(http.MethodGet, srv.URL()+path+"?"+query.Encode(), nil)
	require.NoError(t, err)
	r.Header.Set("Amz-Sdk-Request", "attempt=1; max=3")
	creds, err := srv.Config().Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	signWith(t, r, nil, creds, "us-east-1", when)
	var b bytes.Buffer
	require.NoError(t, r.Write(&b))
	wire := b.Bytes()
	require.Equal(t, http.StatusOK, serveWire(srv, wire), "the request as it was signed:\n%s", wire)

	flipped, refused, same := 0, 0, 0
	for _, p := range parts(t, string(wire)) {
		require.Less(t, p.start, p.end, p.name)
		for i := p.start; i < p.end; i++ {
			for bit := range 8 {
				mutant := bytes.Clone(wire)
				mutant[i] ^= 1 << bit
				if p.name == "query" && sameEscape(wire, i, mutant[i]) {
					same++
					assert.Equal(t, http.StatusOK, serveWire(srv, mutant))
					continue
				}
				flipped++
				if status := serveWire(srv, mutant); assert.True(t, status >= 400 && status < 500, "%s: bit %d of %q at %d: %d", p.name, bit, wire[i], i, status) {
					refused++
				}
			}
		}
	}
	t.Logf("%d of %d mutations refused; %d more only spelt a percent escape of the query in lower case, which RFC 3986 calls equivalent", refused, flipped, same)
	assert.Greater(t, flipped, 2000)
}

// parts finds what is mutated: everything that is signed, but for the names of
// headers, where case has no meaning.
func parts(t *testing.T, wire string) []part {
	var out []part
	line, rest, ok := strings.Cut(wire, "\r\n")
	require.True(t, ok)
	method, target, _ := strings.Cut(strings.TrimSuffix(line, " HTTP/1.1"), " ")
	path, query, ok := strings.Cut(target, "?")
	require.True(t, ok)
	at := 0
	add := func(name, text string) {
		out = append(out, part{name, at, at + len(text)})
		at += len(text)
	}
	add("method", method)
	at++
	add("path", path)
	at++
	add("query", query)
	at = len(line) + 2
	signed := 0
	for header := range strings.SplitSeq(strings.TrimSuffix(rest, "\r\n\r\n"), "\r\n") {
		name, value, _ := strings.Cut(header, ": ")
		end := at + len(header) + 2
		at += len(name) + 2
		switch name {
		case "Host", "X-Amz-Date", "X-Amz-Security-Token", "Amz-Sdk-Request", "Authorization":
			signed++
			add(name, value)
		}
		at = end
	}
	require.Equal(t, 5, signed)
	return out
}

// sameEscape reports whether a byte is a digit of a percent escape and c the
// same digit.
func sameEscape(wire []byte, i int, c byte) bool {
	was := wire[i]
	if was == c || !bytes.EqualFold([]byte{was}, []byte{c}) || was|0x20 < 'a' || was|0x20 > 'f' {
		return false
	}
	return wire[i-1] == '%' || wire[i-2] == '%'
}

// serveWire returns the status of the answer to bytes on the wire; 400 for what
// net/http would not hand to a handler.
func serveWire(s *Server, wire []byte) int {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
	if err != nil {
		return http.StatusBadRequest
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code
}

// fuzzSeeds are what FuzzVerify starts from, beside testdata/fuzz.
var fuzzSeeds = []struct {
	path, query, header, token string
	body                       []byte
	seconds                    int64
}{
	{"/dataIntegrations/example/associations", "", "", "", nil, 1773500966},
	{"/dataIntegrations/example/associations", "nextToken=%2B%2F%3D&maxResults=13", "attempt=1; max=3", "token//+==", nil, 1773500966},
	{"/dataIntegrations/arn:aws:x:y/z w%2F/associations", "b=2&a=1&a=0&a-b=1&a/b=1", "  two  spaces ", "", []byte("{}"), 0},
	{"//a//../ü\x00", "x=+&y=%20&%E1%88%B4", "a,b,\"c\"", "t", []byte{0}, 4102444799},
}

// FuzzVerify compares with the signer of the SDK: what it signs is accepted,
// also when the query is left as it was, in any order and escaped in any way;
// and it is refused under another secret.
func FuzzVerify(f *testing.F) {
	require.NotEmpty(f, fuzzSeeds)
	for _, s := range fuzzSeeds {
		f.Add(s.path, s.query, s.header, s.token, s.body, s.seconds)
	}
	f.Fuzz(func(t *testing.T, path, query, header, token string, body []byte, seconds int64) {
		when := time.Unix(seconds&(1<<32-1), 0).UTC()
		wire, ok := signedWire(t, path, query, cleanHeader(header), cleanHeader(token), body, when)
		if !ok {
			t.Skip("net/http does not send it")
		}
		v := verifier{
			keyID: defaultKeyID, secret: defaultSecret, token: cleanHeader(token),
			region: "us-east-1", service: signingName, window: clockWindow,
		}
		if ref := v.check(wire, when); ref != nil {
			t.Fatalf("refused: %+v", ref)
		}
		v.secret += "x"
		if ref := v.check(wire, when); ref == nil || ref.code != invalidSign {
			t.Fatalf("another secret: %+v", ref)
		}
	})
}

func TestFuzzCorpus(t *testing.T) {
	files, err := os.ReadDir("testdata/fuzz/FuzzVerify")
	require.NoError(t, err)
	assert.NotEmpty(t, files)
}

// cleanHeader makes a header value that means the same to all: without control
// characters, and without spaces at its ends.
func cleanHeader(s string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, s))
}

// signedWire signs a request, puts the query back as it was, and returns what
// arrives.
func signedWire(t *testing.T, path, query, header, token string, body []byte, when time.Time) (signedRequest, bool) {
	r, err := http.NewRequest(http.MethodPost, "https://example.com:8443", bytes.NewReader(body))
	require.NoError(t, err)
	r.URL.Path, r.URL.RawQuery = "/"+strings.TrimPrefix(path, "/"), query
	if header != "" {
		r.Header["X-Fuzz"] = []string{header, header}
	}
	signWith(t, r, body, aws.Credentials{AccessKeyID: defaultKeyID, SecretAccessKey: defaultSecret, SessionToken: token}, "us-east-1", when)
	if _, err := url.ParseQuery(query); err == nil {
		r.URL.RawQuery = query
	}
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		return signedRequest{}, false
	}
	got, err := http.ReadRequest(bufio.NewReader(&b))
	if err != nil {
		return signedRequest{}, false
	}
	payload, err := readBody(got.Body)
	require.NoError(t, err)
	if len(payload) > maxPayload {
		return signedRequest{}, false
	}
	return received(got, payload), true
}

func TestToken(t *testing.T) {
	var a, b tokenizer
	b.key[0] = 1
	at := position{offset: 4_000_000_000, page: 7}
	token := a.encode("x", at)
	assert.Equal(t, "+/+/", token[:4])
	assert.True(t, strings.HasSuffix(token, "=="), token)
	got, ok := a.decode("x", token)
	assert.True(t, ok)
	assert.Equal(t, at, got)
	for name, forged := range map[string]string{
		"empty":       "",
		"not Base64":  "?",
		"shorter":     token[:len(token)-4],
		"longer":      token + "AAAA",
		"line end":    token[:8] + "\n" + token[8:],
		"stray bits":  token[:len(token)-3] + string(token[len(token)-3]+1) + "==",
		"no padding":  strings.TrimRight(token, "="),
		"hexadecimal": hex.EncodeToString([]byte(token)),
	} {
		_, ok := a.decode("x", forged)
		assert.False(t, ok, name)
	}
	for i := range len(token) {
		forged := []byte(token)
		forged[i] ^= 1
		_, ok := a.decode("x", string(forged))
		assert.False(t, ok, "byte %d", i)
	}
	_, ok = a.decode("y", token)
	assert.False(t, ok, "of another identifier")
	_, ok = b.decode("x", token)
	assert.False(t, ok, "of another server")
}

func TestBucket(t *testing.T) {
	now := time.Unix(0, 0)
	q := Quota{PerSecond: 20, Burst: 40}
	var b bucket
	taken := func(at time.Time, tries int) (n int) {
		for range tries {
			if b.take(at, q) {
				n++
			}
		}
		return n
	}
	assert.Equal(t, 40, taken(now, 100), "the burst")
	assert.Equal(t, 0, taken(now.Add(-time.Hour), 100), "a clock that goes back")
	assert.Equal(t, 0, taken(now.Add(49*time.Millisecond), 100))
	assert.Equal(t, 1, taken(now.Add(50*time.Millisecond), 100))
	assert.Equal(t, 20, taken(now.Add(1050*time.Millisecond), 100), "a second later")
	assert.Equal(t, 40, taken(now.Add(time.Hour), 100), "no more than the burst")
	for i := range 1000 { // one at a time, exactly at the rate
		assert.Equal(t, 1, taken(now.Add(2*time.Hour+time.Duration(i)*50*time.Millisecond), 1))
	}

	assert.True(t, new(bucket).take(now, Quota{Burst: 3}), "no rate is no quota")
	b, q = bucket{}, Quota{PerSecond: 1}
	assert.Equal(t, 1, taken(now, 5), "a burst of 0 is one of 1")
	b, q = bucket{}, Quota{PerSecond: 1000, Burst: 2}
	total := 0
	for i := range 5000 { // time that comes in odd steps adds up
		total += taken(now.Add(time.Duration(i)*300*time.Microsecond+time.Duration(rand.Int64N(1000))), 1)
	}
	assert.InDelta(t, 1501, total, 2)
}
