package appintegrations

import (
	"context"
	"errors"
	"reflect"
	"strings"
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
	creds, err := retrieve(ctx, provider)
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

// retrieve asks a provider, and waits no longer than ctx allows: one that pays
// no attention to it is left to finish by itself, as the cache of the SDK does.
func retrieve(ctx context.Context, provider aws.CredentialsProvider) (aws.Credentials, error) {
	if cache, ok := provider.(*aws.CredentialsCache); ok {
		return cache.Retrieve(ctx)
	}
	type result struct {
		creds    aws.Credentials
		err      error
		panicked any
	}
	retrieved := make(chan result, 1)
	go func() {
		r := result{err: errors.New("the provider ended the goroutine that it was called in")}
		defer func() {
			r.panicked = recover() // it belongs to the caller, who may recover from it
			retrieved <- r
		}()
		r.creds, r.err = provider.Retrieve(ctx)
	}()
	select {
	case r := <-retrieved:
		if r.panicked != nil {
			panic(r.panicked)
		}
		return r.creds, r.err
	case <-ctx.Done():
		return aws.Credentials{}, &aws.RequestCanceledError{Err: ctx.Err()}
	}
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
// client. A provider that is a cache already is left alone, and so are no
// provider and anonymous credentials, for which there is nothing to retrieve.
func cached(p aws.CredentialsProvider) aws.CredentialsProvider {
	if p == nil || aws.IsCredentialsProvider(p, (*aws.AnonymousCredentials)(nil)) {
		return p
	}
	if _, ok := p.(*aws.CredentialsCache); ok {
		return p
	}
	return aws.NewCredentialsCache(unpinned(p)) // a provider may have methods for the cache
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
