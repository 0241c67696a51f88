package appintegrationstest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// canonicalRequest returns the canonical request of the specification. The
// error is that of a query that cannot be decoded.
func canonicalRequest(r signedRequest, signedHeaders []string, payload string, normalizePath bool) (string, error) {
	query, err := canonicalQuery(r.query)
	if err != nil {
		return "", err
	}
	path := r.path
	if normalizePath {
		path = normalized(path)
	}
	if path == "" {
		path = "/"
	}
	var b strings.Builder
	b.WriteString(r.method + "\n")
	// The path on the wire is escaped once already. To escape it again is what
	// the specification calls double encoding, and all services but S3 do it.
	b.WriteString(escape(path, true) + "\n")
	b.WriteString(query + "\n")
	for _, name := range signedHeaders {
		values := r.header.Values(name)
		if r.isHost(name) {
			values = []string{r.host}
		}
		b.WriteString(name + ":" + canonicalValue(values) + "\n")
	}
	b.WriteString("\n" + strings.Join(signedHeaders, ";") + "\n" + payload)
	return b.String(), nil
}

// canonicalQuery returns the parameters, each decoded and encoded anew, sorted
// by name and then by value, as encoded. A plus sign on the wire is a space, as
// it is to the parser that reads the parameters afterwards: what is signed and
// what is obeyed must be the same.
func canonicalQuery(raw string) (string, error) {
	type param struct{ name, value string }
	var params []param
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		n, err := url.QueryUnescape(name)
		if err != nil {
			return "", fmt.Errorf("the query is not URI-encoded: %w", err)
		}
		v, err := url.QueryUnescape(value)
		if err != nil {
			return "", fmt.Errorf("the query is not URI-encoded: %w", err)
		}
		params = append(params, param{escape(n, false), escape(v, false)})
	}
	slices.SortFunc(params, func(a, b param) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var b strings.Builder
	for i, p := range params {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name + "=" + p.value)
	}
	return b.String(), nil
}

// canonicalValue joins the values of a header, without spaces around each and
// with one space for several inside.
func canonicalValue(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		words := strings.FieldsFunc(v, func(c rune) bool { return c == ' ' })
		// Only spaces fold; a tab stays, except at the ends, where the parser
		// of HTTP takes it off too.
		out[i] = strings.Trim(strings.Join(words, " "), " \t")
	}
	return strings.Join(out, ",")
}

// escape is the UriEncode of the specification: every byte but the unreserved
// ones of RFC 3986 becomes %XY in upper case. The slash of a path stays.
func escape(s string, path bool) string {
	const upper = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9',
			c == '-', c == '.', c == '_', c == '~', c == '/' && path:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', upper[c>>4], upper[c&15]})
		}
	}
	return b.String()
}

// normalized takes "." and ".." segments and repeated slashes out of a path,
// after RFC 3986, section 6.
func normalized(path string) string {
	var out []string
	dir := true // whether the path ends in a slash
	for segment := range strings.SplitSeq(path, "/") {
		dir = segment == "" || segment == "." || segment == ".."
		switch {
		case segment == ".." && len(out) > 0:
			out = out[:len(out)-1]
		case !dir:
			out = append(out, segment)
		}
	}
	if dir && len(out) > 0 {
		out = append(out, "")
	}
	return "/" + strings.Join(out, "/")
}

// received returns what the signature of a request is about, from a request
// that a server got.
func received(r *http.Request, payload []byte) signedRequest {
	path, query := r.URL.EscapedPath(), r.URL.RawQuery
	// EscapedPath puts some escapes in order; the request line has the bytes
	// that were signed. It is absent in a request that a test made by hand.
	if strings.HasPrefix(r.RequestURI, "/") {
		path, query, _ = strings.Cut(r.RequestURI, "?")
	}
	return signedRequest{method: r.Method, path: path, query: query, host: r.Host, http2: r.ProtoMajor == 2, header: r.Header, payload: payload}
}
