package appintegrations

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// refreshInterval is the least time between two retrievals because of keys that
// the service rejects, if the first one returned the same keys again.
const refreshInterval = time.Second

var errProviderExited = errors.New("the credentials provider ended its goroutine (runtime.Goexit) without a result")

// A credentialsCache keeps the credentials of a provider until they expire, as
// [aws.CredentialsCache] does, and has one retrieval at a time for all calls.
// It differs in how a retrieval ends:
//
//   - A retrieval is canceled when the last call that waits for it gives up,
//     because of its AttemptTimeout or its context. The next call starts another
//     one, and so does a call whose AttemptTimeout is over since the start of the
//     retrieval.
//   - A provider that ignores its context keeps its goroutine until it returns.
//     Its credentials are kept even then if there are no newer ones.
//   - A panic of the provider is raised in each call that waits, where it can
//     be recovered. runtime.Goexit is an error.
//
// The context of a retrieval has the values of the context of the first call
// that waits for it. Errors are not kept.
type credentialsCache struct {
	provider aws.CredentialsProvider
	failure  string                          // begins the text of an error of the provider
	kept     atomic.Pointer[aws.Credentials] // nil before the first retrieval

	mu        sync.Mutex
	current   *retrieval // nil if there is none
	stored    int        // how often credentials were kept
	unchanged time.Time  // when a retrieval last returned the keys that were kept
}

// A retrieval is one call of the provider, and the calls that wait for it. What
// may change is guarded by mu of the cache.
type retrieval struct {
	cancel  context.CancelFunc
	started time.Time
	before  int        // stored of the cache at the start
	older   *retrieval // that calls still wait for; nil: none
	waiting int
	done    chan struct{} // closed when outcome is set
	outcome *retrieved
}

type retrieved struct {
	creds    aws.Credentials
	err      error
	panicked any
}

// Retrieve returns the credentials that are kept, or retrieves them.
func (c *credentialsCache) Retrieve(ctx context.Context) (aws.Credentials, error) {
	return c.retrieve(ctx, 0)
}

// retrieve is Retrieve for a call with an AttemptTimeout. 0 or negative: none.
func (c *credentialsCache) retrieve(ctx context.Context, timeout time.Duration) (aws.Credentials, error) {
	if creds, ok := c.valid(); ok {
		return creds, nil
	}
	c.mu.Lock()
	if creds, ok := c.valid(); ok { // retrieved meanwhile
		c.mu.Unlock()
		return creds, nil
	}
	r := c.join(ctx, timeout, aws.Credentials{})
	c.mu.Unlock()
	return c.wait(ctx, r)
}

// refresh returns other credentials than those that the service rejected as
// expired: those that are kept if another call has refreshed them, else those
// of a new retrieval. It returns the rejected ones if the provider has no
// others, and if it had no others less than refreshInterval ago.
func (c *credentialsCache) refresh(ctx context.Context, rejected aws.Credentials, timeout time.Duration) (aws.Credentials, error) {
	c.mu.Lock()
	creds, ok := c.valid()
	if ok && (!sameKeys(creds, rejected) || c.current == nil && time.Since(c.unchanged) < refreshInterval) {
		c.mu.Unlock()
		return creds, nil
	}
	r := c.join(ctx, timeout, rejected)
	c.mu.Unlock()
	return c.wait(ctx, r)
}

// valid returns the credentials that are kept, unless they have expired.
func (c *credentialsCache) valid() (aws.Credentials, bool) {
	kept := c.kept.Load()
	if kept == nil || kept.Expired() {
		return aws.Credentials{}, false
	}
	return *kept, true
}

// join returns the retrieval to wait for, and starts one if there is none, or
// none that is younger than timeout. The caller holds mu.
func (c *credentialsCache) join(ctx context.Context, timeout time.Duration, rejected aws.Credentials) *retrieval {
	if c.current == nil || timeout > 0 && time.Since(c.current.started) >= timeout {
		retrieveCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		c.current = &retrieval{cancel: cancel, started: time.Now(), before: c.stored, older: c.current, done: make(chan struct{})}
		go c.run(retrieveCtx, c.current, rejected)
	}
	c.current.waiting++
	return c.current
}

// run calls the provider.
func (c *credentialsCache) run(ctx context.Context, r *retrieval, rejected aws.Credentials) {
	o := retrieved{err: errProviderExited}
	defer func() {
		if p := recover(); p != nil {
			o.panicked = p
		}
		c.finish(r, &o)
	}()
	creds, err := c.ask(ctx, rejected)
	o = retrieved{creds: creds, err: err}
}

// ask returns the credentials of the provider. A provider that is a cache
// itself, and returns the rejected credentials, is told to forget them. A
// provider may have a strategy for a retrieval that fails, as for
// aws.CredentialsCache.
func (c *credentialsCache) ask(ctx context.Context, rejected aws.Credentials) (aws.Credentials, error) {
	creds, err := c.provider.Retrieve(ctx)
	if cache, ok := c.provider.(invalidator); ok && err == nil && rejected.HasKeys() && sameKeys(creds, rejected) {
		cache.Invalidate()
		creds, err = c.provider.Retrieve(ctx)
	}
	if strategy, ok := c.provider.(aws.HandleFailRefreshCredentialsCacheStrategy); ok && err != nil {
		var kept aws.Credentials
		if k := c.kept.Load(); k != nil {
			kept = *k
		}
		creds, err = strategy.HandleFailToRefresh(ctx, kept, err)
	}
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("%s%w", c.failure, err)
	}
	return creds, nil
}

type invalidator interface{ Invalidate() }

// finish ends a retrieval with what the provider returned. Credentials end all
// retrievals that calls wait for. Those of a retrieval that was given up, of a
// slow provider that ignores its context, count if there are no newer ones.
func (c *credentialsCache) finish(r *retrieval, o *retrieved) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o.err == nil && o.panicked == nil && c.keep(o.creds, r) {
		for other := c.current; other != nil; other = other.older {
			other.end(o)
		}
		c.current = nil
	}
	if c.current == r {
		c.current = nil
	}
	r.end(o)
}

// keep keeps the credentials of a retrieval, and reports whether it did. The
// caller holds mu.
func (c *credentialsCache) keep(creds aws.Credentials, r *retrieval) bool {
	kept := c.kept.Load()
	same := kept != nil && sameKeys(*kept, creds)
	if !creds.HasKeys() || c.current != r && (same || c.stored != r.before) {
		return false
	}
	if same {
		c.unchanged = time.Now()
	}
	c.kept.Store(&creds)
	c.stored++
	return true
}

// end passes the outcome to the calls that wait, unless it has one.
func (r *retrieval) end(o *retrieved) {
	r.cancel()
	if r.outcome == nil {
		r.outcome = o
		close(r.done)
	}
}

// wait returns the outcome of a retrieval, and waits for it no longer than ctx
// allows.
func (c *credentialsCache) wait(ctx context.Context, r *retrieval) (aws.Credentials, error) {
	select {
	case <-r.done:
	case <-ctx.Done():
		c.leave(r)
		return aws.Credentials{}, &aws.RequestCanceledError{Err: ctx.Err()}
	}
	if r.outcome.panicked != nil {
		panic(r.outcome.panicked)
	}
	return r.outcome.creds, r.outcome.err
}

// leave cancels a retrieval that no call waits for any more.
func (c *credentialsCache) leave(r *retrieval) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.waiting--; r.waiting > 0 {
		return
	}
	if c.current == r {
		c.current = nil
	}
	r.older = nil
	r.cancel()
}

// ProviderSources returns the provider's part of the User-Agent.
func (c *credentialsCache) ProviderSources() []aws.CredentialSource {
	if source, ok := c.provider.(aws.CredentialProviderSource); ok {
		return source.ProviderSources()
	}
	return nil
}

// IsCredentialsProvider reports whether the provider has the type of target.
func (c *credentialsCache) IsCredentialsProvider(target aws.CredentialsProvider) bool {
	return aws.IsCredentialsProvider(c.provider, target)
}

// An sdkCache is a cache of the SDK that the user gave to the client. It is
// used as it is, but for how often it is told to forget rejected credentials.
type sdkCache struct {
	*aws.CredentialsCache

	mu        sync.Mutex
	forgotten aws.Credentials // by the last refresh
	at        time.Time       // of it
}

// refresh returns other credentials than the rejected ones, if there are any.
// The cache forgets the same credentials at most once in refreshInterval.
func (c *sdkCache) refresh(ctx context.Context, rejected aws.Credentials, _ time.Duration) (aws.Credentials, error) {
	creds, err := c.Retrieve(ctx)
	if err != nil || !sameKeys(creds, rejected) || !c.forget(rejected) {
		return creds, err
	}
	return c.Retrieve(ctx)
}

func (c *sdkCache) forget(rejected aws.Credentials) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if sameKeys(c.forgotten, rejected) && time.Since(c.at) < refreshInterval {
		return false
	}
	c.forgotten, c.at = rejected, time.Now()
	c.Invalidate()
	return true
}
