package appintegrations

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// shownHeaders are the headers, in lower case, that are logged with their values.
// Users, hooks and proxies add others, which may be anything.
var shownHeaders = []string{
	"accept", "accept-encoding", "age", "allow", "amz-sdk-invocation-id", "amz-sdk-request", "cache-control", "connection",
	"content-encoding", "content-length", "content-type", "date", "expires", "host", "location", "retry-after", "server", "transfer-encoding",
	"user-agent", "vary", "via", "x-amz-apigw-id", "x-amz-cf-id", "x-amz-cf-pop", "x-amz-content-sha256", "x-amz-date",
	"x-amz-request-id", "x-amz-requestid", "x-amz-retry-after", "x-amzn-errormessage", "x-amzn-errortype", "x-amzn-requestid", "x-amzn-trace-id", "x-cache",
}

// isShownHeader ignores case: a signer may write names in another than Go's.
func isShownHeader(name string) bool { return slices.Contains(shownHeaders, strings.ToLower(name)) }

func isHeaderName(s string) bool {
	return s != "" && strings.Trim(s, "-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// shownURI returns the path and the query of a URL for the log.
func shownURI(u *url.URL) string {
	path, query, ok := strings.Cut(u.RequestURI(), "?")
	if !ok {
		return path
	}
	return path + "?" + shownQuery(query)
}

// shownQuery redacts the value of each parameter that is not known to be no
// secret.
func shownQuery(query string) string {
	parameters := strings.Split(query, "&")
	for i, parameter := range parameters {
		if name, _, ok := strings.Cut(parameter, "="); ok && name != "maxResults" {
			parameters[i] = name + "=" + redacted
		}
	}
	return strings.Join(parameters, "&")
}

// secretHeaders are left out of what an error keeps of a response.
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

// shownEndpoint returns what an error may show of a base endpoint, well-formed or
// not. What follows a character that no URL has may be anything.
func shownEndpoint(base string) string {
	base = withoutSecretParts(base)
	if i := strings.IndexFunc(base, func(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) }); i >= 0 {
		base = base[:i] + "..."
	}
	return base
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
