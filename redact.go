package appintegrations

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
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

// withoutSecretHeaders returns a copy of headers without those that are secret.
func withoutSecretHeaders(header http.Header) http.Header {
	copied := header.Clone()
	maps.DeleteFunc(copied, func(name string, _ []string) bool { return isSecretHeader(name) })
	stripLocation(copied)
	return copied
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
