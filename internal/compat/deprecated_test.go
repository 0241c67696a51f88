package compat

//lint:file-ignore SA1019 what is deprecated is what is tested

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
)

func checkEndpointResolver(t *testing.T, p peer) {
	checkDeprecated(t, p, "EndpointResolver", func(c *aws.Config) {
		c.EndpointResolver = aws.EndpointResolverFunc(func(string, string) (aws.Endpoint, error) {
			return aws.Endpoint{URL: "https://old.example"}, nil
		})
	})
}

func checkEndpointResolverWithOptions(t *testing.T, p peer) {
	checkDeprecated(t, p, "EndpointResolverWithOptions", func(c *aws.Config) {
		c.EndpointResolverWithOptions = aws.EndpointResolverWithOptionsFunc(func(string, string, ...any) (aws.Endpoint, error) {
			return aws.Endpoint{URL: "https://old.example"}, nil
		})
	})
}

func checkDeprecated(t *testing.T, p peer, field string, change func(*aws.Config)) {
	o := withConfig(t, p, nil, change)
	if p.name == "official" {
		assert.Equal(t, "old.example", o.sent[0].URL.Host)
		return
	}
	assert.Equal(t, "refuses: ConfigError "+field, told(o))
	assert.ErrorContains(t, o.err, "BaseEndpoint")
}
