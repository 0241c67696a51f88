// Package endpoint holds the endpoint rules of Amazon AppIntegrations: which
// URL a Region, FIPS, dual-stack and a base endpoint come to. It is pure: no
// network, no environment.
//
// The rules are those of botocore's endpoint-rule-set-1.json and
// partitions.json for the service.
package endpoint

import (
	"net/netip"
	"net/url"
	"strings"
)

// Params is the input of [Resolve]. The zero value is valid and resolves to an
// error that asks for a Region.
type Params struct {
	Region    string  // "" if there is none
	Base      *string // the endpoint that the user gave; nil: none
	FIPS      bool
	DualStack bool
}

// An Error says which setting does not lead to an endpoint, and why.
type Error struct {
	Field  string // Region, BaseEndpoint or EndpointOptions
	Reason string // what is wrong and the cure, to be read after the field and its value
}

// Error returns the field and the reason.
func (e *Error) Error() string { return e.Field + " " + e.Reason }

// Resolve returns the URL of the service. The errors are *[Error].
func Resolve(p Params) (*url.URL, error) {
	if p.Base != nil {
		switch {
		case p.FIPS:
			return nil, &Error{"BaseEndpoint", "cannot be combined with FIPS: disable FIPS, or leave BaseEndpoint out"}
		case p.DualStack:
			return nil, &Error{"BaseEndpoint", "cannot be combined with dual-stack: disable dual-stack, or leave BaseEndpoint out"}
		}
		return ParseBase(*p.Base)
	}
	if p.Region == "" {
		return nil, &Error{"Region", MissingRegion}
	}
	if !ValidHost(p.Region) {
		return nil, &Error{"Region", "is not a host label: it may have letters, digits and inner hyphens, 63 at most, for example us-east-1"}
	}
	host, err := host(p, PartitionOf(p.Region))
	if err != nil {
		return nil, err
	}
	return &url.URL{Scheme: "https", Host: host}, nil
}

// MissingRegion is the reason of a Region that is not set.
const MissingRegion = "is not set: set AWS_REGION, region in the profile, or Options.Region"

func host(p Params, partition Partition) (string, error) {
	lacks := ", which partition " + partition.ID + " of Region " + p.Region + " does not have: disable it"
	switch {
	case p.FIPS && p.DualStack && !(partition.SupportsFIPS && partition.SupportsDualStack):
		return "", &Error{"EndpointOptions", "enables FIPS together with dual-stack" + lacks}
	case p.FIPS && !partition.SupportsFIPS:
		return "", &Error{"EndpointOptions", "enables FIPS" + lacks}
	case p.DualStack && !partition.SupportsDualStack:
		return "", &Error{"EndpointOptions", "enables dual-stack" + lacks}
	}
	service, suffix := "app-integrations.", partition.DNSSuffix
	if p.FIPS {
		service = "app-integrations-fips."
	}
	if p.DualStack {
		suffix = partition.DualStackDNSSuffix
	}
	return service + p.Region + "." + suffix, nil
}

// ParseBase parses an endpoint that the user gave: http or https, a host, and
// perhaps a port and a path. Anything else that a URL may hold would be lost or
// sent somewhere unexpected, so it is an *[Error], whose text does not repeat
// the input: it may hold a password.
func ParseBase(base string) (*url.URL, error) {
	u, err := url.Parse(base)
	switch {
	case base == "":
		return nil, &Error{"BaseEndpoint", "is empty: write a URL, or leave it nil for the endpoint of the Region"}
	case !strings.Contains(base, "://"):
		return nil, &Error{"BaseEndpoint", noScheme(base)}
	case err != nil || u.Opaque != "":
		return nil, &Error{"BaseEndpoint", notURL}
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, &Error{"BaseEndpoint", badScheme}
	case u.User != nil:
		return nil, &Error{"BaseEndpoint", "has user information: leave it out, and set Options.Credentials"}
	case u.RawQuery != "" || u.ForceQuery:
		return nil, &Error{"BaseEndpoint", "has a query: leave it out"}
	case u.Fragment != "" || strings.Contains(base, "#"):
		return nil, &Error{"BaseEndpoint", "has a fragment: leave it out"}
	}
	if reason := badAuthority(u); reason != "" {
		return nil, &Error{"BaseEndpoint", reason}
	}
	return u, nil
}

const (
	notURL    = "is not a URL: write a scheme and a host, for example http://localhost:4566"
	badScheme = "has a scheme that is neither http nor https: write http:// or https://"
)

// noScheme returns the reason of a base endpoint without a scheme. What it
// suggests has the host, the port and the path of the input.
func noScheme(base string) string {
	u, err := url.Parse("http://" + strings.TrimPrefix(base, "//"))
	if err != nil || badAuthority(u) != "" {
		return notURL
	}
	scheme := "https"
	if isLocal(u.Hostname()) {
		scheme = "http"
	}
	return "has no scheme: write " + scheme + "://" + u.Host + u.EscapedPath()
}

// isLocal reports whether a host is one of those that local stacks have: they
// seldom speak TLS.
func isLocal(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsUnspecified() || ip.IsLinkLocalUnicast()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return !strings.Contains(host, ".") || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal")
}

// Check returns why a URL that somebody else resolved cannot be an endpoint; ""
// if it can. The reason does not repeat the URL: it may hold a password.
func Check(u *url.URL) string {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return badScheme
	case u.Opaque != "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "has more than a scheme, a host, a port and a path: leave the rest out"
	}
	return badAuthority(u)
}

func badAuthority(u *url.URL) string {
	switch {
	case u.Hostname() == "":
		return "has no host: write one after the scheme"
	case !validPort(u):
		return "has a bad port: write a number from 0 to 65535, or no colon"
	case !validName(u.Hostname()):
		return "has a host that is neither a DNS name in ASCII nor an IP address: correct it"
	}
	return ""
}

// validName accepts IP addresses and DNS names, underscores included, which
// local stacks have. A name beyond ASCII would be sent in another form than it
// is signed in.
func validName(host string) bool {
	if strings.Contains(host, ":") {
		_, err := netip.ParseAddr(host)
		return err == nil
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "_"+labelChars) != "" {
			return false
		}
	}
	return true
}

// validPort refuses what url.Parse lets pass: a colon without a port, and
// numbers that no port has.
func validPort(u *url.URL) bool {
	port := u.Port()
	if port == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n := 0
	for _, c := range []byte(port) { // url.Parse has seen to it that these are digits
		n = min(n*10+int(c-'0'), 1<<16)
	}
	return n < 1<<16
}

// ValidHost reports whether a Region can stand in a host name as one label of
// RFC 1123.
func ValidHost(region string) bool {
	return len(region) <= 63 && ValidScope(region) && !strings.Contains(region, ".")
}

// ValidScope reports whether a Region can stand in the credential scope of a
// signature, which is all that it does beside a base endpoint: letters, digits
// and inner hyphens, perhaps in several labels with dots between them.
func ValidScope(region string) bool {
	for label := range strings.SplitSeq(region, ".") {
		if label == "" || strings.Trim(label, labelChars) != "" || strings.Trim(label, "-") != label {
			return false
		}
	}
	return true
}

const labelChars = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// FIPSRegion splits a pseudo-Region such as fips-us-east-1 or us-east-1-fips
// into its Region and whether it asks for FIPS.
func FIPSRegion(region string) (string, bool) {
	if !strings.Contains(region, "fips-") && !strings.Contains(region, "-fips") {
		return region, false
	}
	region = strings.ReplaceAll(region, "-fips-", "-")
	region = strings.ReplaceAll(region, "fips-", "")
	return strings.ReplaceAll(region, "-fips", ""), true
}
