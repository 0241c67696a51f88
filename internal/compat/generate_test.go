package compat

import (
	"math/rand/v2"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// generate makes the scenario of a number: always the same one.
func generate(number uint64) *scenario {
	g := &generator{rand.New(rand.NewPCG(20200729, number))}
	s := &scenario{
		input:    input{id: aws.String(g.identifier()), token: g.token(), max: g.maxResults()},
		region:   g.region(),
		appID:    g.of("", "", "app", "my-app/1.0 (x)", "日本", strings.Repeat("a", 60)),
		name:     g.of("", "", "", "", "execute-api", "app-integrations-beta"),
		scope:    g.of("", "", "", "", "eu-north-1", "us-gov-east-1"),
		endpoint: g.endpoint(),
		deadline: time.Duration(g.IntN(3)) * time.Hour,
		failures: max(0, g.IntN(10)-7),
	}
	if g.one(4) {
		s.base = aws.String(g.base())
	}
	// FIPS and dual-stack beside a base endpoint are refused: not too often.
	if s.base == nil || g.one(8) {
		s.fips, s.dualStack = g.one(4), g.one(4)
	}
	s.http = g.one(8)
	s.sessionToken = g.of("", "", "session/token+==", strings.Repeat("t", 900))
	s.maxAttempts = max(0, g.IntN(8)-4)
	if g.one(2) {
		s.perCall = g.IntN(1 << optionGroups)
	}
	const credentialsBit = 1 << 4
	s.anonymous = g.one(16) && s.perCall&credentialsBit == 0
	return s
}

type generator struct{ *rand.Rand }

func (g *generator) one(in int) bool            { return g.IntN(in) == 0 }
func (g *generator) of(values ...string) string { return values[g.IntN(len(values))] }

func (g *generator) identifier() string {
	if g.one(24) {
		return g.of("", " ", "\t\n", ".", "..", "a\x00b", "a\nb", "\u0085", "a\xffb", "\u00a0", "\u2003")
	}
	switch g.IntN(12) {
	case 0:
		return "arn:aws:app-integrations:us-east-1:123456789012:data-integration/0b1d8f3a-2c4e-4a1b-9d7c-6f5e4d3c2b1a"
	case 1:
		return g.of("a b/c", "é%2F+&=~?#", "日本 語", "../x", "%2e%2e", "x/..", "...", "a//b", "/", "//", "%", "%zz", "a;b", "a:b@c", `\`, "'\"<>", "e\u0301", "🙂", "\u202e", "a b")
	case 2:
		if g.one(3) {
			return strings.Repeat(g.of("x", "é", "/", "%", "日"), 10_000)
		}
	case 3, 4, 5:
		return g.text(1+g.IntN(40), 0x20, 0x7e)
	case 6, 7:
		return "x" + g.text(1+g.IntN(40), 0xa1, 0x2fff)
	case 8:
		return "x" + g.text(1+g.IntN(10), 0x10000, 0x1ffff)
	}
	return g.of("my-integration", "0b1d8f3a-2c4e-4a1b-9d7c-6f5e4d3c2b1a", "a.b-c_d~e")
}

// text returns characters of a range without the surrogates.
func (g *generator) text(n int, low, high rune) string {
	var b strings.Builder
	for range n {
		b.WriteRune(low + rune(g.IntN(int(high-low)+1)))
	}
	return b.String()
}

func (g *generator) token() *string {
	switch g.IntN(12) {
	case 0, 1:
		return aws.String(g.text(1+g.IntN(60), 0x20, 0x7e))
	case 2:
		return aws.String(g.of("+/=&%", "AAAA+bbb/cc==", "a b", "é日本", "\x00\r\n", "%2B", "a&nextToken=b", "a\xffb", " "))
	case 3:
		return aws.String(strings.Repeat("t", g.IntN(8<<10)+1))
	case 4:
		if g.one(4) {
			return aws.String(g.of("", strings.Repeat("t", 8<<10+1)))
		}
	}
	return nil
}

func (g *generator) maxResults() *int32 {
	switch g.IntN(8) {
	case 0, 1, 2:
		return aws.Int32(1 + g.Int32N(50))
	case 3:
		return aws.Int32(1 + g.Int32())
	case 4:
		if g.one(6) {
			return aws.Int32(-g.Int32N(3) * g.Int32N(1<<30))
		}
	}
	return nil
}

// Regions of every partition, its global pseudo-Region, and one to come.
var regions = []string{
	"us-east-1", "eu-central-1", "ap-southeast-2", "il-central-1", "mx-central-1", "aws-global",
	"cn-north-1", "cn-northwest-1", "aws-cn-global",
	"us-gov-west-1", "us-gov-east-1", "aws-us-gov-global",
	"us-iso-east-1", "us-iso-west-1", "aws-iso-global",
	"us-isob-east-1", "us-isob-west-1", "aws-iso-b-global",
	"eu-isoe-west-1", "aws-iso-e-global",
	"us-isof-south-1", "us-isof-east-1", "aws-iso-f-global",
	"eusc-de-east-1", "aws-eusc-global",
	"us-future-9", "cn-future-1", "us-gov-future-1", "eusc-de-future-1", "eusc-fr-east-1", "xx-nowhere-1", "local", "US-EAST-1", "1",
}

func (g *generator) region() string {
	region := g.of(regions...)
	switch g.IntN(24) {
	case 0:
		return "fips-" + region
	case 1:
		return region + "-fips"
	case 2:
		return strings.Replace(region, "-", "-fips-", 1)
	case 3:
		return g.of("", "a.b", "us-east-1.", ".us-east-1", "-us-east-1", "us-east-1-", "us_east_1", "us east 1", "us-east-1@evil", "a/b", "a#b", "a?b", "a\r\nb",
			"日本", strings.Repeat("r", 63), strings.Repeat("r", 64), "fips-", "-fips", "fips-a.b", "aws.global", "a..b")
	}
	return region
}

func (g *generator) base() string {
	if g.one(8) {
		return g.of("", "localhost", "localhost:4566", "ftp://h", "http://", "https:///path", "http://u:p@h", "http://h?x=1", "http://h?", "http://h#f", "http://h#",
			"http:opaque", "http://h:x", "http://h:99999", "http://h:", "://", "http://[::1", "http://h\r\n", "HTTPS://h", "Http://h/p", "//h/p", "http://:80")
	}
	host := g.of("localhost", "vpce-0a1b.app-integrations.us-east-1.vpce.amazonaws.com", "127.0.0.1", "[::1]", "[2001:db8::1]", "[fe80::1%25eth0]", "Example.COM", "h.", "bücher.example")
	port := g.of("", "", ":80", ":443", ":4566", ":0", ":65535")
	path := g.of("", "", "/", "/prefix", "/prefix/", "/a/b/c", "/a//b", "//", "/a.b/../c", "/~x", "/a:b@c")
	if g.one(8) {
		path = g.of("/a%20b", "/a%2Fb", "/日本", "/%C3%A9/", "/a+b", "/%7Ex", "/a b", "/100%25")
	}
	return g.of("http://", "https://", "https://") + host + port + path
}

func (g *generator) endpoint() *fixedEndpoint {
	if !g.one(8) {
		return nil
	}
	e := &fixedEndpoint{
		uri:          g.of("https://custom.example", "http://custom.example:8080/stage", "https://custom.example/stage/", "https://custom.example:443/", "https://[::1]:9/x"),
		name:         g.of("", "", "execute-api"),
		scope:        g.of("", "", "sa-east-1"),
		singleEscape: g.one(4),
	}
	if g.one(12) {
		e.uri = g.of("https://u:p@custom.example/x", "https://custom.example/x?y=1", "https://custom.example/x#y")
	}
	if g.one(2) {
		e.headers = map[string]string{"X-Custom": g.of("v", "a, b", ""), "X-Amz-Meta": g.of(" padded ", "日本", "v")}
	}
	return e
}
