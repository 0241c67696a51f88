package appintegrationstest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The verifier of Signature Version 4, written from the specification:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

const (
	algorithm   = "AWS4-HMAC-SHA256"
	terminator  = "aws4_request"
	dateFormat  = "20060102T150405Z"
	amzDate     = "x-amz-date"
	amzToken    = "x-amz-security-token"
	amzSHA256   = "x-amz-content-sha256"
	amzPrefix   = "x-amz-"
	invalidSign = "InvalidSignatureException"
	incomplete  = "IncompleteSignatureException"
	unknownKey  = "UnrecognizedClientException"
	badToken    = "The security token included in the request is invalid."
)

// verifier holds what a signature is checked against.
type verifier struct {
	keyID, secret, token string
	region, service      string
	window               time.Duration // how far the signing time may be from now, to either side

	// How services differ, for vectors that are not of this one.
	normalizePath bool // dot segments and repeated slashes are taken out of the path
	tokenUnsigned bool // the security token is added after signing
}

// signedRequest is the part of a request that a signature is about.
type signedRequest struct {
	method, path, query string // path and query as on the wire
	host                string
	http2               bool        // the host came as the pseudo-header :authority
	header              http.Header // without Host, as net/http has it
	payload             []byte
}

// refusal is the response to a request that is rejected.
type refusal struct {
	status  int
	code    string
	message string
}

func refuse(status int, code, format string, args ...any) *refusal {
	return &refusal{status, code, fmt.Sprintf(format, args...)}
}

// authorization is a parsed Authorization header.
type authorization struct {
	keyID, day, region, service, terminator string
	signedHeaders                           []string
	signature                               string
}

func (a authorization) scope() string {
	return strings.Join([]string{a.day, a.region, a.service, a.terminator}, "/")
}

// check returns nil if r is signed as v demands, at a time within the window
// around now, else the response of AWS. The message of a signature that
// does not match has the canonical request and the string to sign, never the
// secret key and never the signature that would be right.
func (v verifier) check(r signedRequest, now time.Time) *refusal {
	auth, ref := parseAuthorization(r.header.Values("Authorization"))
	if ref != nil {
		return ref
	}
	date, ref := v.checkHeaders(r, auth)
	if ref != nil {
		return ref
	}
	for _, step := range []*refusal{
		v.checkScope(auth, date),
		v.checkKey(auth, r.header),
		v.checkTime(date, now),
	} {
		if step != nil {
			return step
		}
	}
	return v.checkSignature(r, auth, date)
}

// checkHeaders checks which headers are signed, and returns the signing time.
func (v verifier) checkHeaders(r signedRequest, auth authorization) (time.Time, *refusal) {
	var zero time.Time
	if !slices.ContainsFunc(auth.signedHeaders, r.isHost) {
		return zero, refuse(http.StatusForbidden, invalidSign, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for _, name := range v.mustSign(r.header) {
		if !slices.Contains(auth.signedHeaders, name) {
			return zero, refuse(http.StatusForbidden, invalidSign, "'%s' must be a 'SignedHeader' in the AWS Authorization.", name)
		}
	}
	for _, name := range auth.signedHeaders {
		if !r.isHost(name) && len(r.header.Values(name)) == 0 {
			return zero, refuse(http.StatusForbidden, invalidSign, "The signed header '%s' is not in the request.", name)
		}
	}
	dates := r.header.Values(amzDate)
	if len(dates) != 1 {
		return zero, refuse(http.StatusBadRequest, incomplete, "Authorization header requires existence of one 'X-Amz-Date' header.")
	}
	date, err := time.Parse(dateFormat, dates[0])
	if err != nil || date.Format(dateFormat) != dates[0] {
		return zero, refuse(http.StatusBadRequest, incomplete, "Date must be in ISO-8601 'basic format'. Got '%s'.", dates[0])
	}
	return date, nil
}

// isHost reports whether a signed header is the host. Over HTTP/2 some clients sign
// the pseudo-header instead, as the SDK for JavaScript does.
func (r signedRequest) isHost(name string) bool {
	return name == "host" || name == ":authority" && r.http2
}

// mustSign returns the names that have to be signed besides the host: the date and
// every x-amz-* header that is there.
func (v verifier) mustSign(h http.Header) []string {
	names := []string{amzDate}
	for name := range h {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, amzPrefix) && !(v.tokenUnsigned && name == amzToken) {
			names = append(names, name)
		}
	}
	slices.Sort(names) // so that the same request gets the same message
	return names
}

func (v verifier) checkScope(auth authorization, date time.Time) *refusal {
	switch day := date.Format("20060102"); {
	case auth.day != day:
		return refuse(http.StatusForbidden, invalidSign, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.", auth.day, day, date.Format(dateFormat))
	case auth.region != v.region:
		return refuse(http.StatusForbidden, invalidSign, "Credential should be scoped to a valid region, not '%s'. This server is in '%s'.", auth.region, v.region)
	case auth.service != v.service:
		return refuse(http.StatusForbidden, invalidSign, "Credential should be scoped to correct service: '%s'.", v.service)
	case auth.terminator != terminator:
		return refuse(http.StatusForbidden, invalidSign, "Credential should be scoped with a valid terminator: '%s', not '%s'.", terminator, auth.terminator)
	}
	return nil
}

func (v verifier) checkKey(auth authorization, h http.Header) *refusal {
	token := strings.Join(h.Values(amzToken), ",")
	if !equal(auth.keyID, v.keyID) || !equal(token, v.token) {
		return refuse(http.StatusForbidden, unknownKey, badToken)
	}
	return nil
}

func (v verifier) checkTime(date, now time.Time) *refusal {
	now = now.UTC()
	minutes := int(v.window / time.Minute)
	switch earliest, latest := now.Add(-v.window), now.Add(v.window); {
	case date.Before(earliest.Truncate(time.Second)):
		return refuse(http.StatusForbidden, invalidSign, "Signature expired: %s is now earlier than %s (%s - %d min.)",
			date.Format(dateFormat), earliest.Format(dateFormat), now.Format(dateFormat), minutes)
	case date.After(latest):
		return refuse(http.StatusForbidden, invalidSign, "Signature not yet current: %s is still later than %s (%s + %d min.)",
			date.Format(dateFormat), latest.Format(dateFormat), now.Format(dateFormat), minutes)
	}
	return nil
}

func (v verifier) checkSignature(r signedRequest, auth authorization, date time.Time) *refusal {
	payload := hexSHA256(r.payload)
	if sent := r.header.Values(amzSHA256); len(sent) > 0 && !slices.Equal(sent, []string{payload}) {
		return refuse(http.StatusForbidden, invalidSign, "The value of 'X-Amz-Content-Sha256' is not the SHA-256 of the body, which is '%s'.", payload)
	}
	canonical, err := canonicalRequest(r, auth.signedHeaders, payload, v.normalizePath)
	if err != nil {
		return refuse(http.StatusForbidden, invalidSign, "%v", err)
	}
	toSign := stringToSign(date, auth.scope(), canonical)
	if equal(v.sign(date, toSign), auth.signature) {
		return nil
	}
	return refuse(http.StatusForbidden, invalidSign,
		"The request signature we calculated does not match the signature you provided. "+
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\n"+
			"The Canonical String for this request should have been\n'%s'\n\nThe String-to-Sign should have been\n'%s'\n", canonical, toSign)
}

// sign returns the signature of toSign under the key that is derived for the
// scope.
func (v verifier) sign(date time.Time, toSign string) string {
	key := []byte("AWS4" + v.secret)
	for _, part := range []string{date.Format("20060102"), v.region, v.service, terminator, toSign} {
		key = hmacSHA256(key, part)
	}
	return hex.EncodeToString(key)
}

func stringToSign(date time.Time, scope, canonical string) string {
	return strings.Join([]string{algorithm, date.Format(dateFormat), scope, hexSHA256([]byte(canonical))}, "\n")
}

// parseAuthorization reads the header that AWS documents, and nothing else: each
// of the three parts once, header names in lower case and sorted, a signature of
// 64 digits.
func parseAuthorization(values []string) (authorization, *refusal) {
	var auth authorization
	if len(values) == 0 || values[0] == "" {
		return auth, refuse(http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	bad := func(format string, args ...any) (authorization, *refusal) {
		return authorization{}, refuse(http.StatusBadRequest, incomplete, format, args...)
	}
	if len(values) > 1 {
		return bad("The request has %d Authorization headers.", len(values))
	}
	scheme, rest, _ := strings.Cut(values[0], " ")
	if scheme != algorithm {
		return bad("Unsupported AWS 'algorithm': '%s'.", scheme)
	}
	parts := make(map[string]string, 3)
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimLeft(part, " "), "=")
		if _, twice := parts[name]; twice || value == "" {
			return bad("Authorization header has '%s' twice or without a value.", name)
		}
		parts[name] = value
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if parts[name] == "" {
			return bad("Authorization header requires '%s' parameter.", name)
		}
	}
	if len(parts) != 3 {
		return bad("Authorization header has parameters besides Credential, SignedHeaders and Signature.")
	}
	scope := strings.Split(parts["Credential"], "/")
	if len(scope) != 5 || slices.Contains(scope, "") {
		return bad("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'.", parts["Credential"])
	}
	auth.keyID, auth.day, auth.region, auth.service, auth.terminator = scope[0], scope[1], scope[2], scope[3], scope[4]
	auth.signedHeaders, auth.signature = strings.Split(parts["SignedHeaders"], ";"), parts["Signature"]
	if !sortedNames(auth.signedHeaders) {
		return bad("SignedHeaders must be in lower case, sorted and each there once, got '%s'.", parts["SignedHeaders"])
	}
	if len(auth.signature) != hex.EncodedLen(sha256.Size) || strings.Trim(auth.signature, "0123456789abcdef") != "" {
		return bad("Signature must be 64 hexadecimal digits in lower case, got '%s'.", auth.signature)
	}
	return auth, nil
}

func sortedNames(names []string) bool {
	for i, name := range names {
		if name == "" || name != strings.ToLower(name) || i > 0 && names[i-1] >= name {
			return false
		}
	}
	return true
}

// equal compares in a time that depends on the lengths alone.
func equal(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

func hmacSHA256(key []byte, data string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	return h.Sum(nil)
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
