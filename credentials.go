package appintegrations

import (
	"context"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// identity finds the credentials to sign an attempt with; anonymous means that
// it goes unsigned, because the user asked for that.
func (c *call) identity(ctx context.Context) (anonymous bool, err error) {
	provider := c.provider()
	if provider == nil {
		return false, &ConfigError{Field: "Credentials", Reason: "there is no provider; to send unsigned requests, to a stub for example, set Credentials: aws.AnonymousCredentials{}"}
	}
	if aws.IsCredentialsProvider(provider, (*aws.AnonymousCredentials)(nil)) {
		return true, nil
	}
	creds, err := retrieve(ctx, provider, c.options.attemptTimeout())
	if err != nil {
		return false, foreign("get credentials", err)
	}
	c.creds = creds
	return false, checkCredentials(creds)
}

// provider returns the cached provider of the client, or the one that was
// given to the call.
func (c *call) provider() aws.CredentialsProvider {
	if same(c.options.Credentials, c.core.options.Credentials) {
		return c.core.credentials
	}
	return c.options.Credentials
}

// retrieve asks a provider, and waits no longer than ctx allows. timeout is the
// AttemptTimeout of the call.
func retrieve(ctx context.Context, provider aws.CredentialsProvider, timeout time.Duration) (aws.Credentials, error) {
	switch p := provider.(type) {
	case *credentialsCache:
		return p.retrieve(ctx, timeout)
	case *sdkCache:
		return p.Retrieve(ctx)
	case *aws.CredentialsCache:
		return p.Retrieve(ctx)
	}
	return uncached(provider).retrieve(ctx, timeout)
}

// uncached is a cache for one retrieval: it is canceled when this call gives
// up, and its panic is that of this call.
func uncached(provider aws.CredentialsProvider) *credentialsCache {
	return &credentialsCache{provider: aws.CredentialsProviderFunc(provider.Retrieve)}
}

// refresh returns other credentials than those that the service rejected as
// expired, or the rejected ones if the provider has no others.
func refresh(ctx context.Context, provider aws.CredentialsProvider, rejected aws.Credentials, timeout time.Duration) (aws.Credentials, error) {
	cache, ok := provider.(interface {
		refresh(context.Context, aws.Credentials, time.Duration) (aws.Credentials, error)
	})
	if ok {
		return cache.refresh(ctx, rejected, timeout)
	}
	creds, err := retrieve(ctx, provider, timeout)
	if err != nil || !sameKeys(creds, rejected) {
		return creds, err
	}
	if cache, ok := provider.(invalidator); ok {
		cache.Invalidate()
	}
	return retrieve(ctx, provider, timeout)
}

// checkCredentials refuses keys that can never sign. A control character would
// be sent inside a header.
func checkCredentials(creds aws.Credentials) error {
	switch {
	case strings.TrimSpace(creds.AccessKeyID) == "" || strings.TrimSpace(creds.SecretAccessKey) == "":
		return &ConfigError{Field: "Credentials", Reason: "the provider gave an empty key; to send unsigned requests, to a stub for example, set Credentials: aws.AnonymousCredentials{}"}
	case strings.ContainsFunc(creds.AccessKeyID, unicode.IsControl):
		return &ConfigError{Field: "Credentials", Reason: "the access key id holds a control character, such as the end of a line"}
	case strings.ContainsFunc(creds.SecretAccessKey, unicode.IsControl):
		return &ConfigError{Field: "Credentials", Reason: "the secret access key holds a control character, such as the end of a line"}
	case strings.ContainsFunc(creds.SessionToken, unicode.IsControl):
		return &ConfigError{Field: "Credentials", Reason: "the session token holds a control character, such as the end of a line"}
	}
	return nil
}

// cached puts a cache, with one retrieval at a time, before a provider of the
// client. A cache of the SDK is used as it is. So are no provider and anonymous
// credentials, for which there is nothing to retrieve.
func cached(p aws.CredentialsProvider) aws.CredentialsProvider {
	if p == nil || aws.IsCredentialsProvider(p, (*aws.AnonymousCredentials)(nil)) {
		return p
	}
	if cache, ok := p.(*aws.CredentialsCache); ok {
		return &sdkCache{CredentialsCache: cache}
	}
	// A provider may have methods for the cache.
	return &credentialsCache{provider: unpinned(p), failure: "failed to refresh cached credentials, "}
}

// absent reports whether there is no provider, or one that could only panic.
func absent(p aws.CredentialsProvider) bool {
	switch p := p.(type) {
	case nil:
		return true
	case aws.CredentialsProviderFunc:
		return p == nil
	case *aws.CredentialsCache:
		return p == nil
	}
	return false
}

// A pinnedProvider holds a provider whose type cannot be compared, a func for
// example, behind a pointer that can: so a call tells whether its options
// changed the provider.
type pinnedProvider struct{ aws.CredentialsProvider }

func pinned(p aws.CredentialsProvider) aws.CredentialsProvider {
	if p == nil || reflect.ValueOf(p).Comparable() {
		return p
	}
	return &pinnedProvider{p}
}

func unpinned(p aws.CredentialsProvider) aws.CredentialsProvider {
	if pin, ok := p.(*pinnedProvider); ok {
		return pin.CredentialsProvider
	}
	return p
}

// ProviderSources keeps the provider's part of the User-Agent.
func (p *pinnedProvider) ProviderSources() []aws.CredentialSource {
	if source, ok := p.CredentialsProvider.(aws.CredentialProviderSource); ok {
		return source.ProviderSources()
	}
	return nil
}

// IsCredentialsProvider answers for the provider inside.
func (p *pinnedProvider) IsCredentialsProvider(target aws.CredentialsProvider) bool {
	return aws.IsCredentialsProvider(p.CredentialsProvider, target)
}
