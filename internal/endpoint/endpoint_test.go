package endpoint

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The facts of botocore that lie beside the project where it is developed.
const vectors = "../../../shared/vectors/endpoints"

func readVectors(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectors, name))
	if os.IsNotExist(err) {
		t.Skipf("%s is not here: the rows of TestResolve and TestPartitionOf hold alone", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func TestEndpointVectors(t *testing.T) {
	var file struct {
		TestCases []struct {
			Documentation string
			Params        struct {
				Region                string
				Endpoint              *string
				UseFIPS, UseDualStack bool
			}
			Expect struct {
				Error    string
				Endpoint struct{ URL string }
			}
		}
	}
	readVectors(t, "endpoint-tests-1.json", &file)
	// What the official texts say, in ours: with the value's place and the cure.
	texts := map[string]string{
		"": "",
		"Invalid Configuration: FIPS and custom endpoint are not supported":      "BaseEndpoint cannot be combined with FIPS: disable FIPS, or leave BaseEndpoint out",
		"Invalid Configuration: Dualstack and custom endpoint are not supported": "BaseEndpoint cannot be combined with dual-stack: disable dual-stack, or leave BaseEndpoint out",
		"Invalid Configuration: Missing Region":                                  "Region is not set: set AWS_REGION, region in the profile, or Options.Region",
	}
	equal := 0
	for _, row := range file.TestCases {
		want, known := texts[row.Expect.Error]
		if !known {
			t.Errorf("%s: no text for %q", row.Documentation, row.Expect.Error)
		}
		got, err := Resolve(Params{Region: row.Params.Region, Base: row.Params.Endpoint, FIPS: row.Params.UseFIPS, DualStack: row.Params.UseDualStack})
		switch {
		case row.Expect.Error != "" && (err == nil || err.Error() != want):
			t.Errorf("%s: error %v; want %s", row.Documentation, err, want)
		case row.Expect.Error == "" && (err != nil || got.String() != row.Expect.Endpoint.URL):
			t.Errorf("%s: Resolve = %v, %v; want %s", row.Documentation, got, err, row.Expect.Endpoint.URL)
		default:
			equal++
		}
	}
	t.Logf("%d of %d endpoint cases equal", equal, len(file.TestCases))
	if len(file.TestCases) < 30 {
		t.Errorf("%d cases; want 30", len(file.TestCases))
	}
}

// partitionFile is botocore's partitions.json, with the lookup that its rules
// describe: a listed Region, else a pattern, else aws.
type partitionFile struct {
	Partitions []struct {
		ID      string
		Outputs struct {
			DNSSuffix            string
			DualStackDNSSuffix   string
			ImplicitGlobalRegion string
			SupportsFIPS         bool
			SupportsDualStack    bool
		}
		RegionRegex string
		Regions     map[string]any
	}
}

func (f *partitionFile) of(i int) Partition {
	o := f.Partitions[i].Outputs
	return Partition{f.Partitions[i].ID, o.DNSSuffix, o.DualStackDNSSuffix, o.ImplicitGlobalRegion, o.SupportsFIPS, o.SupportsDualStack}
}

func (f *partitionFile) lookup(region string) Partition {
	for i, p := range f.Partitions {
		if _, ok := p.Regions[region]; ok {
			return f.of(i)
		}
	}
	for i, p := range f.Partitions {
		if regexp.MustCompile(p.RegionRegex).MatchString(region) {
			return f.of(i)
		}
	}
	return f.of(0)
}

func TestPartitionTable(t *testing.T) {
	var file partitionFile
	readVectors(t, "partitions.json", &file)
	regions := []string{"", "us-iso", "us-iso-1", "us--1", "us-x-", "us-x-1 ", "us-gov-x-1a", "eusc-fr-west-1", "eu-isoe-x_y-12", "mars-north-1", "cn-1-1", "us-é-1"}
	for _, p := range file.Partitions {
		for region := range p.Regions {
			// Beside each Region: one more of its kind, and near misses.
			regions = append(regions, region, region+"2", region+"x", "x"+region, strings.ToUpper(region), strings.Replace(region, "-", "", 1))
		}
	}
	equal := 0
	for _, region := range regions {
		if got, want := PartitionOf(region), file.lookup(region); got != want {
			t.Errorf("PartitionOf(%q) = %+v; want %+v", region, got, want)
			continue
		}
		equal++
	}
	t.Logf("%d of %d Regions in %d partitions equal", equal, len(regions), len(file.Partitions))
	if len(file.Partitions) != len(partitions) {
		t.Errorf("%d partitions; want %d", len(partitions), len(file.Partitions))
	}
}

func TestPartitionOf(t *testing.T) {
	for _, row := range []struct{ region, want string }{
		{"us-east-1", "aws"}, {"mx-central-1", "aws"}, {"aws-global", "aws"}, {"us-new-9", "aws"},
		{"cn-north-1", "aws-cn"}, {"aws-cn-global", "aws-cn"},
		{"eusc-de-east-1", "aws-eusc"}, {"eusc-fr-east-1", "aws"},
		{"us-iso-west-1", "aws-iso"}, {"us-isob-east-1", "aws-iso-b"}, {"eu-isoe-west-1", "aws-iso-e"}, {"us-isof-south-1", "aws-iso-f"},
		{"us-gov-west-1", "aws-us-gov"}, {"us-gov-west", "aws"}, {"nowhere", "aws"}, {"", "aws"},
	} {
		if got := PartitionOf(row.region).ID; got != row.want {
			t.Errorf("PartitionOf(%q) = %s; want %s", row.region, got, row.want)
		}
	}
}

func TestResolve(t *testing.T) {
	base := func(s string) *string { return &s }
	for _, row := range []struct {
		name   string
		params Params
		want   string // a URL, or the field of an error
	}{
		{"plain", Params{Region: "eu-west-1"}, "https://app-integrations.eu-west-1.amazonaws.com"},
		{"FIPS", Params{Region: "us-east-1", FIPS: true}, "https://app-integrations-fips.us-east-1.amazonaws.com"},
		{"dual-stack", Params{Region: "us-east-1", DualStack: true}, "https://app-integrations.us-east-1.api.aws"},
		{"both", Params{Region: "cn-north-1", FIPS: true, DualStack: true}, "https://app-integrations-fips.cn-north-1.api.amazonwebservices.com.cn"},
		{"isolated", Params{Region: "us-isob-east-1"}, "https://app-integrations.us-isob-east-1.sc2s.sgov.gov"},
		{"both, Europe", Params{Region: "eusc-de-east-1", FIPS: true, DualStack: true}, "https://app-integrations-fips.eusc-de-east-1.api.amazonwebservices.eu"},
		{"both, isolated", Params{Region: "us-iso-east-1", FIPS: true, DualStack: true}, "https://app-integrations-fips.us-iso-east-1.api.aws.ic.gov"},
		{"both, isolated B", Params{Region: "us-isob-east-1", FIPS: true, DualStack: true}, "https://app-integrations-fips.us-isob-east-1.api.aws.scloud"},
		{"both, isolated E", Params{Region: "eu-isoe-west-1", FIPS: true, DualStack: true}, "https://app-integrations-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk"},
		{"both, isolated F", Params{Region: "us-isof-south-1", FIPS: true, DualStack: true}, "https://app-integrations-fips.us-isof-south-1.api.aws.hci.ic.gov"},
		{"both, government", Params{Region: "us-gov-west-1", FIPS: true, DualStack: true}, "https://app-integrations-fips.us-gov-west-1.api.aws"},
		{"FIPS, China", Params{Region: "cn-north-1", FIPS: true}, "https://app-integrations-fips.cn-north-1.amazonaws.com.cn"},
		{"dual-stack, China", Params{Region: "cn-north-1", DualStack: true}, "https://app-integrations.cn-north-1.api.amazonwebservices.com.cn"},
		{"upper case", Params{Region: "US-EAST-1"}, "https://app-integrations.US-EAST-1.amazonaws.com"},
		{"no Region", Params{}, "Region"},
		{"a dot", Params{Region: "us.east"}, "Region"},
		{"a leading hyphen", Params{Region: "-us"}, "Region"},
		{"a trailing hyphen", Params{Region: "us-"}, "Region"},
		{"64 characters", Params{Region: strings.Repeat("a", 64)}, "Region"},
		{"63 characters", Params{Region: strings.Repeat("a", 63)}, "https://app-integrations." + strings.Repeat("a", 63) + ".amazonaws.com"},
		{"another host", Params{Region: "evil.example/x"}, "Region"},
		{"a base", Params{Base: base("https://example.com/a/b?")}, "BaseEndpoint"},
		{"a base with a Region that builds no host", Params{Region: "us.east", Base: base("http://127.0.0.1:80/p")}, "http://127.0.0.1:80/p"},
		{"a base and FIPS", Params{Base: base("https://example.com"), FIPS: true}, "BaseEndpoint"},
		{"a base and dual-stack", Params{Base: base("https://example.com"), DualStack: true}, "BaseEndpoint"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := Resolve(row.params)
			checkURL(t, "Resolve", got, err, row.want)
		})
	}
}

func TestParseBase(t *testing.T) {
	for _, row := range []struct{ in, want string }{
		{"https://example.com", "https://example.com"},
		{"http://[::1]:8080/a%2Fb/", "http://[::1]:8080/a%2Fb/"},
		{"HTTPS://Example.com/", "https://Example.com/"},
		{"", "BaseEndpoint"}, {"example.com", "BaseEndpoint"}, {"//example.com", "BaseEndpoint"}, {"https:", "BaseEndpoint"},
		{"https:example.com", "BaseEndpoint"}, {"https://", "BaseEndpoint"}, {"https:///path", "BaseEndpoint"}, {"https://:443", "BaseEndpoint"},
		{"ftp://example.com", "BaseEndpoint"}, {"file:///etc/passwd", "BaseEndpoint"},
		{"https://user@example.com", "BaseEndpoint"}, {"https://user:secret@example.com", "BaseEndpoint"}, {"https://@example.com", "BaseEndpoint"},
		{"https://example.com?a=b", "BaseEndpoint"}, {"https://example.com?", "BaseEndpoint"},
		{"https://example.com#f", "BaseEndpoint"}, {"https://example.com#", "BaseEndpoint"},
		{"https://example.com:65535", "https://example.com:65535"}, {"https://example.com:0", "https://example.com:0"}, {"https://" + strings.Repeat("a", 63), "https://" + strings.Repeat("a", 63)},
		{"https://example.com:", "BaseEndpoint"}, {"https://example.com:65536", "BaseEndpoint"}, {"https://example.com:99999999999999999999", "BaseEndpoint"},
		{"http://local_stack:4566", "http://local_stack:4566"}, {"https://example.com.", "https://example.com."}, {"http://[fe80::1%25eth0]:80", "http://[fe80::1%25eth0]:80"},
		{"https://bücher.example", "BaseEndpoint"}, {"https://h..example", "BaseEndpoint"}, {"https://.example", "BaseEndpoint"}, {"https://h*h", "BaseEndpoint"}, {"https://[::1::2]", "BaseEndpoint"}, {"https://" + strings.Repeat("a", 64), "BaseEndpoint"},
		{"https://example.com:port", "BaseEndpoint"}, {"https://exa mple.com", "BaseEndpoint"}, {"https://example.com/%zz", "BaseEndpoint"}, {"https://example.com/\r\nX: y", "BaseEndpoint"},
	} {
		got, err := ParseBase(row.in)
		checkURL(t, row.in, got, err, row.want)
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("ParseBase(%q) repeats the password: %v", row.in, err)
		}
	}
}

func checkURL(t *testing.T, name string, got *url.URL, err error, want string) {
	t.Helper()
	if err != nil {
		if e, ok := err.(*Error); !ok || e.Field != want {
			t.Errorf("%s: error %v; want %s", name, err, want)
		}
		return
	}
	if got.String() != want {
		t.Errorf("%s = %s; want %s", name, got, want)
	}
}

func TestCheck(t *testing.T) {
	for _, row := range []struct {
		name string
		in   url.URL
		ok   bool
	}{
		{"plain", url.URL{Scheme: "https", Host: "example.com:8443", Path: "/a"}, true},
		{"a password", url.URL{Scheme: "https", Host: "example.com", User: url.UserPassword("u", "secret")}, false},
		{"a query", url.URL{Scheme: "https", Host: "example.com", RawQuery: "secret"}, false},
		{"a fragment", url.URL{Scheme: "https", Host: "example.com", Fragment: "secret"}, false},
		{"opaque", url.URL{Scheme: "https", Host: "example.com", Opaque: "secret"}, false},
		{"no scheme", url.URL{Host: "example.com"}, false},
		{"no host", url.URL{Scheme: "https", Path: "/"}, false},
		{"a line end", url.URL{Scheme: "https", Host: "example.com\r\nX: y"}, false},
	} {
		reason := Check(&row.in)
		if (reason == "") != row.ok || strings.Contains(reason, "secret") {
			t.Errorf("%s: Check = %q; want it to be fine: %v", row.name, reason, row.ok)
		}
	}
}

func TestFIPSRegion(t *testing.T) {
	for _, row := range []struct {
		in, want string
		fips     bool
	}{
		{"us-east-1", "us-east-1", false}, {"fips-us-east-1", "us-east-1", true}, {"us-east-1-fips", "us-east-1", true},
		{"us-fips-east-1", "us-east-1", true}, {"fips", "fips", false}, {"", "", false},
	} {
		if got, fips := FIPSRegion(row.in); got != row.want || fips != row.fips {
			t.Errorf("FIPSRegion(%q) = %q, %v; want %q, %v", row.in, got, fips, row.want, row.fips)
		}
	}
}

func TestValidScope(t *testing.T) {
	for _, row := range []struct {
		in          string
		scope, host bool
	}{
		{"us-east-1", true, true}, {"a.b", true, false}, {strings.Repeat("a", 100), true, false},
		{"-a", false, false}, {"a-", false, false}, {"a..b", false, false}, {".a", false, false}, {"a.", false, false}, {"a.-b", false, false},
		{"", false, false}, {"a/b", false, false}, {"a@b", false, false}, {"a?b", false, false}, {"a#b", false, false},
		{"a\r\nb", false, false}, {"a b", false, false}, {"é", false, false}, {"a_b", false, false}, {"a:b", false, false},
	} {
		if got := ValidScope(row.in); got != row.scope {
			t.Errorf("ValidScope(%q) = %v; want %v", row.in, got, row.scope)
		}
		if got := ValidHost(row.in); got != row.host {
			t.Errorf("ValidHost(%q) = %v; want %v", row.in, got, row.host)
		}
	}
}
