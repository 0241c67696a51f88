package appintegrations

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// secretHeaders are never logged.
var secretHeaders = []string{"Authorization", "X-Amz-Security-Token", "Set-Cookie", "Cookie", "Proxy-Authorization"}

const redacted = "REDACTED"

// isSecretHeader ignores case: a signer may write names in another than Go's.
func isSecretHeader(name string) bool {
	return slices.ContainsFunc(secretHeaders, func(secret string) bool { return strings.EqualFold(secret, name) })
}

// stripLocation leaves of the target of a redirect its origin: it may repeat the
// query, and name a user.
func stripLocation(header http.Header) {
	location := header.Get("Location")
	if location == "" {
		return
	}
	header.Del("Location")
	if u, err := url.Parse(location); err == nil && u.Host != "" {
		header.Set("Location", origin(u))
	}
}

// hide takes a secret out of a text, however it is spelled there: AWS quotes
// the request, in JSON, when a signature does not match. What is shorter than 3
// bytes is no secret, and stands in any text.
func hide(text, secret string) string {
	if len(secret) < 3 {
		return text
	}
	text = strings.ReplaceAll(text, secret, redacted)
	var b strings.Builder
	start := 0
	for i := 0; i < len(text); i++ {
		if c := text[i]; c != secret[0] && c != '%' && c != '\\' {
			continue
		}
		if n := spelled(text[i:], secret); n > 0 {
			b.WriteString(text[start:i])
			b.WriteString(redacted)
			i += n - 1
			start = i + 1
		}
	}
	if start == 0 {
		return text
	}
	return b.String() + text[start:]
}

// spelled returns the length of the secret at the start of text, each byte as
// it is, percent-encoded once or twice, or escaped as in JSON. 0: it is not
// there.
func spelled(text, secret string) int {
	n := 0
	for i := range len(secret) {
		size := spelledByte(text[n:], secret[i])
		if size == 0 {
			return 0
		}
		n += size
	}
	return n
}

func spelledByte(text string, c byte) int {
	for _, prefix := range [...]string{"%25", "%", `\u0025`, `\u00`} {
		if size := len(prefix) + 2; len(text) >= size && strings.HasPrefix(text, prefix) {
			if v, err := strconv.ParseUint(text[len(prefix):size], 16, 8); err == nil && byte(v) == c {
				return size
			}
		}
	}
	switch {
	case len(text) > 1 && text[0] == '\\' && text[1] == c:
		return 2
	case len(text) > 0 && text[0] == c:
		return 1
	}
	return 0
}

// withoutSecrets returns a copy of an answer to keep in an error: without its
// body, which has been read, and without what its request was signed with.
func withoutSecrets(resp *http.Response) *http.Response {
	copied := *resp
	copied.Body = http.NoBody
	copied.Header = resp.Header.Clone()
	stripLocation(copied.Header)
	if resp.Request == nil {
		return &copied
	}
	header := resp.Request.Header.Clone()
	maps.DeleteFunc(header, func(name string, _ []string) bool { return isSecretHeader(name) })
	copied.Request = &http.Request{Method: resp.Request.Method, Host: resp.Request.Host, Header: header}
	if u := resp.Request.URL; u != nil {
		copied.Request.URL = &url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	}
	return &copied
}

// withoutSecretParts drops a user name and password, a query and a fragment
// from a URL, well-formed or not.
func withoutSecretParts(u string) string {
	if i := strings.IndexAny(u, "?#"); i >= 0 {
		u = u[:i]
	}
	scheme, rest, ok := strings.Cut(u, "://")
	if !ok {
		scheme, rest = "", u
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:] // a password may hold a slash
	if ok {
		rest = scheme + "://" + rest
	}
	return rest
}
