package endpoint

import (
	"strings"
	"testing"
)

// TestReasons holds what is wrong with a base endpoint, and the cure. The reason
// is read after the field and its value.
func TestReasons(t *testing.T) {
	for _, row := range []struct{ base, want string }{
		{"", "is empty: write a URL, or leave it nil for the endpoint of the Region"},
		{"localhost:4566", "has no scheme: write http://localhost:4566"},
		{"localhost", "has no scheme: write http://localhost"},
		{"localstack:4566/path", "has no scheme: write http://localstack:4566/path"},
		{"127.0.0.1:8000", "has no scheme: write http://127.0.0.1:8000"},
		{"192.168.0.7:8000", "has no scheme: write http://192.168.0.7:8000"},
		{"[::1]:8000", "has no scheme: write http://[::1]:8000"},
		{"host.docker.internal:4566", "has no scheme: write http://host.docker.internal:4566"},
		{"vpce-1.app-integrations.us-east-1.vpce.amazonaws.com", "has no scheme: write https://vpce-1.app-integrations.us-east-1.vpce.amazonaws.com"},
		{"//example.com/a b", "has no scheme: write https://example.com/a%20b"},
		{"user:hunter2@example.com?key=hunter2#hunter2", "has no scheme: write https://example.com"},
		{"0.0.0.0:4566", "has no scheme: write http://0.0.0.0:4566"},
		{"169.254.1.2", "has no scheme: write http://169.254.1.2"},
		{"[fd00::1]:4566", "has no scheme: write http://[fd00::1]:4566"},
		{"api.localhost:4566", "has no scheme: write http://api.localhost:4566"},
		{"stack.local", "has no scheme: write http://stack.local"},
		{"Host.Docker.INTERNAL", "has no scheme: write http://Host.Docker.INTERNAL"},
		{"localhost.", "has no scheme: write http://localhost."},
		{"8.8.8.8", "has no scheme: write https://8.8.8.8"},
		{"not a host", notURL},
		{"https:localhost", notURL},
		{":4566", notURL},
		{"https://%zz", notURL},
		{"ftp://localhost", badScheme},
		{"https://user@localhost", "has user information: leave it out, and set Options.Credentials"},
		{"https://localhost?a=b", "has a query: leave it out"},
		{"https://localhost#a", "has a fragment: leave it out"},
		{"https://", "has no host: write one after the scheme"},
		{"https://localhost:99999", "has a bad port: write a number from 0 to 65535, or no colon"},
		{"https://bücher.example", "has a host that is neither a DNS name in ASCII nor an IP address: correct it"},
	} {
		_, err := ParseBase(row.base)
		if err == nil || err.(*Error).Reason != row.want {
			t.Errorf("ParseBase(%q) = %v; want %s", row.base, err, row.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("ParseBase(%q) shows a secret: %v", row.base, err)
		}
	}
	for _, row := range []struct {
		params Params
		want   string
	}{
		{Params{}, "Region is not set: set AWS_REGION, region in the profile, or Options.Region"},
	} {
		if _, err := Resolve(row.params); err == nil || err.Error() != row.want {
			t.Errorf("Resolve(%+v) = %v; want %s", row.params, err, row.want)
		}
	}
	without := Partition{ID: "aws-x"}
	for _, row := range []struct {
		params Params
		want   string
	}{
		{Params{Region: "us-x-1", FIPS: true, DualStack: true}, "EndpointOptions enables FIPS together with dual-stack, which partition aws-x of Region us-x-1 does not have: disable it"},
		{Params{Region: "us-x-1", FIPS: true}, "EndpointOptions enables FIPS, which partition aws-x of Region us-x-1 does not have: disable it"},
		{Params{Region: "us-x-1", DualStack: true}, "EndpointOptions enables dual-stack, which partition aws-x of Region us-x-1 does not have: disable it"},
	} {
		if _, err := host(row.params, without); err == nil || err.Error() != row.want {
			t.Errorf("host(%+v) = %v; want %s", row.params, err, row.want)
		}
	}
	// What a partition has one by one, it need not have together.
	for _, partition := range []Partition{{SupportsFIPS: true}, {SupportsDualStack: true}} {
		_, err := host(Params{Region: "us-x-1", FIPS: true, DualStack: true}, partition)
		if err == nil || !strings.Contains(err.Error(), "enables FIPS together with dual-stack") {
			t.Errorf("host of %+v = %v; want that FIPS and dual-stack are not had together", partition, err)
		}
	}
}
