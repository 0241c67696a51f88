package endpoint

import "strings"

// A Partition is a group of Regions that share their DNS suffixes.
type Partition struct {
	ID                   string
	DNSSuffix            string
	DualStackDNSSuffix   string
	ImplicitGlobalRegion string
	SupportsFIPS         bool
	SupportsDualStack    bool
}

// partitions holds the outputs of botocore's partitions.json. There a Region
// belongs to the partition that lists it, else to the first one whose pattern
// it matches, else to aws. No listed Region matches the pattern of another
// partition, so the patterns and the global pseudo-Regions say all there is.
var partitions = [...]struct {
	Partition
	prefixes []string // of the Region pattern, each followed by \w+-\d+
	global   string   // the pseudo-Region, which matches no pattern
}{
	{
		Partition: Partition{ID: "aws", DNSSuffix: "amazonaws.com", DualStackDNSSuffix: "api.aws", ImplicitGlobalRegion: "us-east-1", SupportsFIPS: true, SupportsDualStack: true},
		prefixes:  []string{"us-", "eu-", "ap-", "sa-", "ca-", "me-", "af-", "il-", "mx-"}, global: "aws-global",
	},
	{
		Partition: Partition{ID: "aws-cn", DNSSuffix: "amazonaws.com.cn", DualStackDNSSuffix: "api.amazonwebservices.com.cn", ImplicitGlobalRegion: "cn-northwest-1", SupportsFIPS: true, SupportsDualStack: true},
		prefixes:  []string{"cn-"}, global: "aws-cn-global",
	},
	{
		Partition: Partition{ID: "aws-eusc", DNSSuffix: "amazonaws.eu", DualStackDNSSuffix: "api.amazonwebservices.eu", ImplicitGlobalRegion: "eusc-de-east-1", SupportsFIPS: true, SupportsDualStack: true},
		prefixes:  []string{"eusc-de-"},
	},
	{
		Partition: Partition{ID: "aws-iso", DNSSuffix: "c2s.ic.gov", DualStackDNSSuffix: "api.aws.ic.gov", ImplicitGlobalRegion: "us-iso-east-1", SupportsFIPS: true, SupportsDualStack: true},
		prefixes:  []string{"us-iso-"}, global: "aws-iso-global",
	},
	{
		Partition: Partition{ID: "aws-iso-b", DNSSuffix: "sc2s.sgov.gov", DualStackDNSSuffix: "api.aws.scloud", ImplicitGlobalRegion: "us-isob-east-1", SupportsFIPS: true, SupportsDualStack: true},
		prefixes:  []string{"us-isob-"}, global: "aws-iso-b-global",
	},
	{
		Partition: Partition{ID: "aws-iso-e", DNSSuffix: "cloud.adc-e.uk", DualStackDNSSuffix: "api.cloud-aws.adc-e.uk", ImplicitGlobalRegion: "eu-isoe-west-1", SupportsFIPS: true, SupportsDualStack: true},
		prefixes:  []string{"eu-isoe-"}, global: "aws-iso-e-global",
	},
	{
		Partition: Partition{ID: "aws-iso-f", DNSSuffix: "csp.hci.ic.gov", DualStackDNSSuffix: "api.aws.hci.ic.gov", ImplicitGlobalRegion: "us-isof-south-1", SupportsFIPS: true, SupportsDualStack: true},
		prefixes:  []string{"us-isof-"}, global: "aws-iso-f-global",
	},
	{
		Partition: Partition{ID: "aws-us-gov", DNSSuffix: "amazonaws.com", DualStackDNSSuffix: "api.aws", ImplicitGlobalRegion: "us-gov-west-1", SupportsFIPS: true, SupportsDualStack: true},
		prefixes:  []string{"us-gov-"}, global: "aws-us-gov-global",
	},
}

// PartitionOf returns the partition of a Region. A Region that no partition
// knows, the empty one included, belongs to aws, as botocore's rules have it.
func PartitionOf(region string) Partition {
	for i := range partitions {
		p := &partitions[i]
		if region != "" && region == p.global {
			return p.Partition
		}
		for _, prefix := range p.prefixes {
			if rest, ok := strings.CutPrefix(region, prefix); ok && wordDashDigits(rest) {
				return p.Partition
			}
		}
	}
	return partitions[0].Partition
}

// wordDashDigits reports whether s matches ^\w+-\d+$.
func wordDashDigits(s string) bool {
	word, digits, ok := strings.Cut(s, "-")
	return ok && word != "" && digits != "" &&
		strings.Trim(word, wordChars) == "" && strings.Trim(digits, "0123456789") == ""
}

const wordChars = "0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
