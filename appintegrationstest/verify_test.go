package appintegrationstest

import (
	"encoding/json"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const vectorsDir = "../../shared/vectors/sigv4"

// TestVectors holds the verifier against the signing test suite of
// awslabs/aws-c-auth.
func TestVectors(t *testing.T) {
	cases, _ := filepath.Glob(filepath.Join(vectorsDir, "*", "context.json"))
	if len(cases) == 0 {
		t.Skipf("no vectors at %s: the signing test suite of awslabs/aws-c-auth is not kept in this repository; TestDocumented and TestBotocore run without it", vectorsDir)
	}
	passed := 0
	for _, file := range cases {
		dir := filepath.Dir(file)
		if t.Run(filepath.Base(dir), func(t *testing.T) { checkVector(t, dir) }) {
			passed++
		}
	}
	t.Logf("%d of %d", passed, len(cases))
	assert.Equal(t, 38, len(cases))
}

func checkVector(t *testing.T, dir string) {
	var c struct {
		Credentials struct {
			KeyID  string `json:"access_key_id"`
			Secret string `json:"secret_access_key"`
			Token  string
		}
		Normalize       bool
		Omit            bool `json:"omit_session_token"`
		Region, Service string
		Timestamp       time.Time
	}
	require.NoError(t, json.Unmarshal([]byte(slurp(t, dir, "context.json")), &c))
	v := verifier{
		keyID: c.Credentials.KeyID, secret: c.Credentials.Secret, token: c.Credentials.Token,
		region: c.Region, service: c.Service, window: clockWindow,
		normalizePath: c.Normalize, tokenUnsigned: c.Omit,
	}
	r := parseSigned(t, slurp(t, dir, "header-signed-request.txt"))
	auth, ref := parseAuthorization(r.header.Values("Authorization"))
	require.Nil(t, ref)
	canonical, err := canonicalRequest(r, auth.signedHeaders, hexSHA256(r.payload), c.Normalize)
	require.NoError(t, err)
	assert.Equal(t, slurp(t, dir, "header-canonical-request.txt"), canonical)
	toSign := stringToSign(c.Timestamp, auth.scope(), canonical)
	assert.Equal(t, slurp(t, dir, "header-string-to-sign.txt"), toSign)
	assert.Equal(t, slurp(t, dir, "header-signature.txt"), v.sign(c.Timestamp, toSign))
	assert.Nil(t, v.check(r, c.Timestamp))

	v.secret += "x"
	assert.NotNil(t, v.check(r, c.Timestamp), "another secret")
}

func slurp(t *testing.T, dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(b)
}

// parseSigned reads a request of the suite. net/http would refuse the spaces in
// some of its paths.
func parseSigned(t *testing.T, text string) signedRequest {
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimRight(head, "\n"), "\n")
	method, rest, ok := strings.Cut(lines[0], " ")
	target, proto := rest[:strings.LastIndex(rest, " ")], rest[strings.LastIndex(rest, " ")+1:]
	require.True(t, ok && proto == "HTTP/1.1", lines[0])
	r := signedRequest{method: method, header: http.Header{}, payload: []byte(strings.TrimRight(body, "\n"))}
	r.path, r.query, _ = strings.Cut(target, "?")
	var last string
	for _, line := range lines[1:] {
		if strings.HasPrefix(line, " ") { // a continuation, which net/textproto joins by a space
			values := r.header[last]
			values[len(values)-1] += " " + strings.TrimSpace(line)
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		last = textproto.CanonicalMIMEHeaderKey(name)
		r.header.Add(name, strings.TrimSpace(value))
	}
	r.host = r.header.Get("Host")
	r.header.Del("Host")
	return r
}

// TestDocumented is the example that the AWS General Reference had for years,
// with each of its intermediate results ("Examples of the complete Version 4
// signing process"). The command that confirms the signature:
//
//	h() { openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" -r | cut -c1-64; }
//	k=$(printf AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY | xxd -p -c 99)
//	for d in 20150830 us-east-1 iam aws4_request; do k=$(printf %s $d | h $k); done
//	printf 'AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\nf536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59' | h $k
func TestDocumented(t *testing.T) {
	when := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	v := verifier{
		keyID: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		region: "us-east-1", service: "iam", window: clockWindow,
	}
	r := signedRequest{
		method: http.MethodGet, path: "/", query: "Action=ListUsers&Version=2010-05-08", host: "iam.amazonaws.com",
		header: http.Header{
			"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"},
			"X-Amz-Date":   {"20150830T123600Z"},
			"Authorization": {"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, " +
				"SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
		},
	}
	canonical, err := canonicalRequest(r, []string{"content-type", "host", "x-amz-date"}, hexSHA256(nil), false)
	require.NoError(t, err)
	assert.Equal(t, "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59", hexSHA256([]byte(canonical)))
	assert.Nil(t, v.check(r, when))

	assert.Nil(t, v.check(r, when.Add(5*time.Minute)))
	assert.Nil(t, v.check(r, when.Add(-5*time.Minute)))
	assert.Contains(t, v.check(r, when.Add(5*time.Minute+time.Second)).message,
		"Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)")
	assert.Contains(t, v.check(r, when.Add(-5*time.Minute-time.Second)).message,
		"Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)")
}

// TestBotocore holds the verifier against requests that botocore signed.
// testdata/sign_botocore.py says how they were made.
func TestBotocore(t *testing.T) {
	var cases []struct {
		Name, Path, Query, Host, Body, Token, Canonical string
		Headers                                         map[string]string
	}
	require.NoError(t, json.Unmarshal([]byte(slurp(t, "testdata", "botocore.json")), &cases))
	require.Len(t, cases, 8)
	when := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			v := verifier{
				keyID: defaultKeyID, secret: defaultSecret, token: c.Token,
				region: "eu-central-1", service: signingName, window: clockWindow,
			}
			r := signedRequest{method: http.MethodGet, path: c.Path, query: c.Query, host: c.Host, header: http.Header{}, payload: []byte(c.Body)}
			for name, value := range c.Headers {
				r.header.Set(name, value)
			}
			auth, ref := parseAuthorization(r.header.Values("Authorization"))
			require.Nil(t, ref)
			canonical, err := canonicalRequest(r, auth.signedHeaders, hexSHA256(r.payload), false)
			require.NoError(t, err)
			assert.Equal(t, c.Canonical, canonical)
			assert.Nil(t, v.check(r, when))
			v.region = "eu-central-2"
			assert.NotNil(t, v.check(r, when))
		})
	}
}

// TestRefusals has one request that is right, and what AWS says to each way of
// spoiling it.
func TestRefusals(t *testing.T) {
	when := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	v := verifier{
		keyID: defaultKeyID, secret: defaultSecret, token: "token",
		region: "us-east-1", service: signingName, window: clockWindow,
	}
	const (
		credential = "Credential=AKIAIOSFODNN7EXAMPLE/20260314/us-east-1/app-integrations/aws4_request"
		signed     = "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token"
	)
	set := func(name, value string) func(*signedRequest) {
		return func(r *signedRequest) { r.header.Set(name, value) }
	}
	del := func(name string) func(*signedRequest) {
		return func(r *signedRequest) { r.header.Del(name) }
	}
	auth := func(old, new string) func(*signedRequest) {
		return func(r *signedRequest) {
			was := r.header.Get("Authorization")
			r.header.Set("Authorization", strings.Replace(was, old, new, 1))
			if was == r.header.Get("Authorization") {
				panic(old)
			}
		}
	}
	cases := []struct {
		name    string
		spoil   func(*signedRequest)
		status  int
		code    string
		message string
	}{
		{"no Authorization", del("Authorization"), 403, "MissingAuthenticationTokenException", "Missing"},
		{"two Authorizations", func(r *signedRequest) { r.header.Add("Authorization", "x") }, 400, incomplete, "2 Authorization"},
		{"another scheme", set("Authorization", "Bearer x"), 400, incomplete, "Unsupported AWS 'algorithm': 'Bearer'"},
		{"another algorithm", auth("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), 400, incomplete, "Unsupported"},
		{"no Credential", auth(credential+", ", ""), 400, incomplete, "'Credential'"},
		{"no SignedHeaders", auth(signed+", ", ""), 400, incomplete, "'SignedHeaders'"},
		{"no Signature", func(r *signedRequest) {
			head, _, _ := strings.Cut(r.header.Get("Authorization"), ", Signature=")
			r.header.Set("Authorization", head)
		}, 400, incomplete, "'Signature'"},
		{"empty Signature", func(r *signedRequest) {
			head, _, _ := strings.Cut(r.header.Get("Authorization"), ", Signature=")
			r.header.Set("Authorization", head+", Signature=")
		}, 400, incomplete, "'Signature'"},
		{"Credential twice", auth(credential, credential+", "+credential), 400, incomplete, "twice"},
		{"something more", auth(signed, signed+", More=1"), 400, incomplete, "besides"},
		{"scope of 4", auth("/aws4_request", ""), 400, incomplete, "exactly 5"},
		{"scope of 6", auth("/us-east-1", "/us/east-1"), 400, incomplete, "exactly 5"},
		{"short signature", auth("Signature=", "Signature=0"), 400, incomplete, "64"},
		{"signature in upper case", func(r *signedRequest) {
			head, sig, _ := strings.Cut(r.header.Get("Authorization"), ", Signature=")
			r.header.Set("Authorization", head+", Signature="+strings.ToUpper(sig))
		}, 400, incomplete, "64"},
		{"SignedHeaders unsorted", auth("host;x-amz-content-sha256", "x-amz-content-sha256;host"), 400, incomplete, "sorted"},
		{"SignedHeaders in upper case", auth("SignedHeaders=host", "SignedHeaders=Host"), 400, incomplete, "lower case"},
		{"SignedHeaders twice", auth("SignedHeaders=host", "SignedHeaders=host;host"), 400, incomplete, "once"},
		{"host unsigned", auth("=host;", "="), 403, invalidSign, "'Host' or ':authority' must be"},
		{"authority over HTTP/1.1", auth("=host;", "=:authority;"), 403, invalidSign, "'Host' or ':authority' must be"},
		{"authority beside the host", auth("=host;", "=:authority;host;"), 403, invalidSign, "':authority' is not in the request"},
		{"host unsigned over HTTP/2", func(r *signedRequest) { r.http2 = true; auth("=host;", "=")(r) }, 403, invalidSign, "'Host' or ':authority' must be"},
		{"another authority", func(r *signedRequest) { r.http2 = true; auth("=host;", "=:authority;")(r) }, 403, invalidSign, "\n:authority:h\n"},
		{"date unsigned", auth(";x-amz-date", ""), 403, invalidSign, "'x-amz-date' must be"},
		{"token unsigned", auth(";x-amz-security-token", ""), 403, invalidSign, "'x-amz-security-token' must be"},
		{"another x-amz header unsigned", set("X-Amz-Meta", "1"), 403, invalidSign, "'x-amz-meta' must be"},
		{"signed header absent", auth("=host", "=accept;host"), 403, invalidSign, "'accept' is not in the request"},
		{"no date", del("X-Amz-Date"), 403, invalidSign, "'x-amz-date' is not in the request"},
		{"two dates", func(r *signedRequest) { r.header.Add("X-Amz-Date", "20260314T150926Z") }, 400, incomplete, "one 'X-Amz-Date'"},
		{"date of another format", set("X-Amz-Date", "2026-03-14T15:09:26Z"), 400, incomplete, "basic format"},
		{"date with a fraction", set("X-Amz-Date", "20260314T150926.5Z"), 400, incomplete, "basic format"},
		{"another day", auth("20260314", "20260315"), 403, invalidSign, "'20260315' != '20260314'"},
		{"another Region", auth("us-east-1", "us-west-2"), 403, invalidSign, "not 'us-west-2'"},
		{"another service", auth("app-integrations/", "appintegrations/"), 403, invalidSign, "correct service: 'app-integrations'"},
		{"another terminator", auth("aws4_request", "aws5_request"), 403, invalidSign, "not 'aws5_request'"},
		{"another key", auth("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLF"), 403, unknownKey, "security token"},
		{"another token", set("X-Amz-Security-Token", "tokem"), 403, unknownKey, "security token"},
		{"two tokens", func(r *signedRequest) { r.header.Add("X-Amz-Security-Token", "token") }, 403, unknownKey, "security token"},
		{"no token", func(r *signedRequest) {
			del("X-Amz-Security-Token")(r)
			auth(";x-amz-security-token", "")(r)
		}, 403, unknownKey, "security token"},
		{"expired", func(r *signedRequest) {
			set("X-Amz-Date", "20260314T150425Z")(r)
		}, 403, invalidSign, "Signature expired"},
		{"from the future", func(r *signedRequest) {
			set("X-Amz-Date", "20260314T151427Z")(r)
		}, 403, invalidSign, "not yet current"},
		{"another time", set("X-Amz-Date", "20260314T150927Z"), 403, invalidSign, "20260314T150927Z"},
		{"another body", func(r *signedRequest) { r.payload = []byte("x") }, 403, invalidSign, hexSHA256([]byte("x"))},
		{"another hash", set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), 403, invalidSign, hexSHA256(nil)},
		{"query not encoded", func(r *signedRequest) { r.query = "a=%zz" }, 403, invalidSign, "URI-encoded"},
		{"query name not encoded", func(r *signedRequest) { r.query = "%z=1" }, 403, invalidSign, "URI-encoded"},
		{"another method", func(r *signedRequest) { r.method = "PUT" }, 403, invalidSign, "PUT\n/dataIntegrations/a%252Fb/associations\nmaxResults=2&nextToken=%2B%2F%3D\nhost:h\n"},
	}
	right := func() signedRequest {
		r := signedRequest{
			method: http.MethodGet, path: "/dataIntegrations/a%2Fb/associations", query: "nextToken=%2b%2F%3D&maxResults=2", host: "h",
			header: http.Header{
				"X-Amz-Date": {"20260314T150926Z"}, "X-Amz-Security-Token": {"token"}, "X-Amz-Content-Sha256": {hexSHA256(nil)},
			},
		}
		names := strings.Split(strings.TrimPrefix(signed, "SignedHeaders="), ";")
		canonical, err := canonicalRequest(r, names, hexSHA256(nil), false)
		require.NoError(t, err)
		sig := v.sign(when, stringToSign(when, strings.SplitN(credential, "/", 2)[1], canonical))
		r.header.Set("Authorization", algorithm+" "+credential+", "+signed+", Signature="+sig)
		return r
	}
	require.Nil(t, v.check(right(), when))
	authority := right()
	authority.http2 = true
	names := []string{":authority", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"}
	canonical, err := canonicalRequest(authority, names, hexSHA256(nil), false)
	require.NoError(t, err)
	authority.header.Set("Authorization", algorithm+" "+credential+", SignedHeaders="+strings.Join(names, ";")+", Signature="+
		v.sign(when, stringToSign(when, strings.SplitN(credential, "/", 2)[1], canonical)))
	require.Nil(t, v.check(authority, when), "over HTTP/2 the pseudo-header stands for the host")
	authority.host = "i"
	require.NotNil(t, v.check(authority, when))
	derived := strings.Split(right().header.Get("Authorization"), "Signature=")[1]
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := right()
			c.spoil(&r)
			got := v.check(r, when)
			require.NotNil(t, got)
			assert.Equal(t, c.status, got.status)
			assert.Equal(t, c.code, got.code)
			assert.Contains(t, got.message, c.message)
			assert.NotContains(t, got.message, defaultSecret)
		})
	}

	// A wrong signature on a right request: the message must not give the right one away.
	r := right()
	r.header.Set("Authorization", strings.Replace(r.header.Get("Authorization"), derived, strings.Repeat("0", 64), 1))
	got := v.check(r, when)
	require.NotNil(t, got)
	assert.NotContains(t, got.message, derived)
	assert.Contains(t, got.message, "The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20260314T150926Z\n20260314/us-east-1/app-integrations/aws4_request\n")
}
