package appintegrations

import (
	"context"
	"reflect"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// identify finds the credentials to sign the attempt with. It goes unsigned only
// if the user asked for that.
func (a *attempt) identify() error {
	switch {
	case a.provider == nil:
		return &ConfigError{Field: "Credentials", Reason: "there is no provider; to send unsigned requests, to a stub for example, set Credentials: aws.AnonymousCredentials{}"}
	case isAnonymous(a.provider):
		a.identified, a.anonymous = true, true
		return nil
	}
	keys, err := retrieve(a.ctx, a.provider)
	if err != nil {
		return foreign("get credentials", err)
	}
	if err := checkCredentials(keys); err != nil {
		return err
	}
	a.keys, a.identified = keys, true
	return nil
}

func isAnonymous(p aws.CredentialsProvider) bool {
	return aws.IsCredentialsProvider(p, (*aws.AnonymousCredentials)(nil))
}

// retrieve asks a provider, and waits no longer than ctx lasts: one that ignores
// ctx is left to finish by itself, as the cache of the SDK does.
func retrieve(ctx context.Context, provider aws.CredentialsProvider) (aws.Credentials, error) {
	if cache, ok := provider.(*aws.CredentialsCache); ok {
		return cache.Retrieve(ctx)
	}
	keys, err := await(ctx, func() (aws.Credentials, error) { return provider.Retrieve(ctx) })
	if err != nil && err == ctx.Err() {
		err = &aws.RequestCanceledError{Err: err}
	}
	return keys, err
}

// refreshCredentials fetches other credentials than those that were rejected as
// expired, whatever the cache thinks of them. The cache is told to forget only
// what failed: another call may have refreshed it already.
func (a *attempt) refreshCredentials(caller context.Context, rejected error) (bool, error) {
	ctx, cancel := a.limited(caller)
	defer cancel()
	fresh, err := retrieve(ctx, a.provider)
	if err == nil && sameKeys(fresh, a.keys) {
		if cache, ok := a.provider.(interface{ Invalidate() }); ok {
			cache.Invalidate()
		}
		fresh, err = retrieve(ctx, a.provider)
	}
	switch {
	case caller.Err() != nil:
		return false, canceled(caller, rejected)
	case err != nil:
		return false, joined{rejected, foreign("refresh credentials", timedOut(ctx, err))}
	}
	return !sameKeys(fresh, a.keys), nil
}

func sameKeys(a, b aws.Credentials) bool {
	return a.AccessKeyID == b.AccessKeyID && a.SecretAccessKey == b.SecretAccessKey && a.SessionToken == b.SessionToken
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
	if p == nil || isAnonymous(p) {
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
