package appintegrations

import (
	"context"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// identify finds the credentials to sign the attempt with. The attempt goes
// unsigned only if the user asked for that.
func (a *attempt) identify() error {
	switch {
	case a.provider == nil:
		return &ConfigError{Field: "Credentials", Reason: "is not set: load it with config.LoadDefaultConfig; to send unsigned requests, to a stub for example, set Credentials: aws.AnonymousCredentials{}"}
	case a.anonymous:
		a.identified = true
		return nil
	}
	keys, kept := keptBy(a.provider)
	if !kept {
		a.waitsFor("the credentials", "")
		var err error
		if keys, err = retrieve(a.ctx, a.provider, a.options.attemptTimeout()); err != nil {
			return noCredentials(err)
		}
	}
	if checked := a.checked.Load(); checked == nil || !sameKeys(*checked, keys) {
		if err := checkCredentials(keys); err != nil {
			return err
		}
		good := keys
		a.checked.Store(&good)
	}
	a.keys, a.identified = keys, true
	return nil
}

// keptBy returns the credentials that a cache of this package keeps: most calls
// wait for nothing.
func keptBy(provider aws.CredentialsProvider) (aws.Credentials, bool) {
	if cache, ok := provider.(*credentialsCache); ok {
		return cache.valid()
	}
	return aws.Credentials{}, false
}

// noCredentials is the error of a provider. The chain of the SDK ends with the
// metadata service of EC2: an error of that means that nothing before it is set.
func noCredentials(err error) error {
	failed := foreignOf(ClassConfig, "get credentials", err)
	if !strings.Contains(err.Error(), "EC2 IMDS") {
		return failed
	}
	return &note{before: "no credentials are set: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or Options.Credentials: ", err: failed}
}

func isAnonymous(p aws.CredentialsProvider) bool {
	return aws.IsCredentialsProvider(p, (*aws.AnonymousCredentials)(nil))
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

// refreshCredentials fetches other credentials than those that were rejected as
// expired, whatever the cache thinks of them.
func (a *attempt) refreshCredentials(caller context.Context, rejected error) (bool, error) {
	ctx, cancel := a.limited(caller)
	defer cancel()
	begun := time.Now()
	fresh, err := refresh(ctx, a.provider, a.keys, a.options.attemptTimeout())
	switch {
	case caller.Err() != nil:
		return false, canceled(caller, wait{what: "the credentials", since: begun}, rejected)
	case err != nil:
		return false, joined{rejected, foreign("refresh credentials", timedOut(ctx, err))}
	}
	return !sameKeys(fresh, a.keys), nil
}

func sameKeys(a, b aws.Credentials) bool {
	return a.AccessKeyID == b.AccessKeyID && a.SecretAccessKey == b.SecretAccessKey && a.SessionToken == b.SessionToken
}

// checkCredentials rejects keys that can never sign. A control character would
// be sent inside a header.
func checkCredentials(creds aws.Credentials) error {
	switch {
	case strings.TrimSpace(creds.AccessKeyID) == "" || strings.TrimSpace(creds.SecretAccessKey) == "":
		return &ConfigError{Field: "Credentials", Reason: "has an empty key: check what the provider reads; to send unsigned requests, to a stub for example, set Credentials: aws.AnonymousCredentials{}"}
	case strings.ContainsFunc(creds.AccessKeyID, unicode.IsControl):
		return &ConfigError{Field: "Credentials", Reason: "has a control character in the access key id, such as the end of a line: remove it"}
	case strings.ContainsFunc(creds.SecretAccessKey, unicode.IsControl):
		return &ConfigError{Field: "Credentials", Reason: "has a control character in the secret access key, such as the end of a line: remove it"}
	case strings.ContainsFunc(creds.SessionToken, unicode.IsControl):
		return &ConfigError{Field: "Credentials", Reason: "has a control character in the session token, such as the end of a line: remove it"}
	}
	return nil
}

// cached puts a cache, with one retrieval at a time, before a provider of the
// client. A cache of the SDK is used as it is. So are no provider and anonymous
// credentials, for which there is nothing to retrieve.
func cached(p aws.CredentialsProvider) aws.CredentialsProvider {
	if p == nil || isAnonymous(p) {
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
