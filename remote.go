package appintegrations

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-10600c52/appintegrations/internal/pace"
)

// A remote is an endpoint as one account uses it, and what the attempts of a
// client to it have shown: its retry quota, the rate that it lets through, its
// clock. What one endpoint or account suffers, no other pays for.
type remote struct {
	remoteKey
	account     atomic.Pointer[string] // the account id of the keys; nil: not known
	clockOffset atomic.Int64           // nanoseconds to add to the clock when signing
	early       atomic.Int64           // attempts under way that were sent before the first throttle, or since something passed

	mu       sync.Mutex
	quota    pace.Quota
	rate     pace.Estimator
	limiter  pace.Detector
	throttle error // the last
	line     line  // who waits for a turn to send
}

// A remoteKey is a host with its port, and an account: its id, or the provider of
// its keys as long as the id is not known. Keys are no key: they rotate.
type remoteKey struct {
	host    string
	account any
}

// remotes are those of a client. They are safe for concurrent use.
type remotes struct {
	mu    sync.Mutex
	byKey map[remoteKey]*remote
	limit int // so many, and those that are like new are dropped
}

// manyRemotes is how many remotes a client keeps without looking for those that
// it can do without.
const manyRemotes = 64

// of returns the remote of a host and an account.
func (m *remotes) of(key remoteKey) *remote {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.byKey[key]
	if r == nil {
		r = m.add(key, &remote{remoteKey: key})
	}
	return r
}

func (m *remotes) add(key remoteKey, r *remote) *remote {
	if len(m.byKey) >= m.limit {
		m.drop(time.Now())
	}
	if m.byKey == nil {
		m.byKey = map[remoteKey]*remote{}
	}
	m.byKey[key] = r
	return r
}

// drop drops the remotes that are like new. Those of an outage, or of a quota,
// stay, however many they are.
func (m *remotes) drop(now time.Time) {
	for key, r := range m.byKey {
		if r.idle(now) {
			delete(m.byKey, key)
		}
	}
	m.limit = max(manyRemotes, 2*len(m.byKey))
}

func (r *remote) idle(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.line.waiting) == 0 && r.rate.Idle(now) && r.limiter.Idle(now) && r.quota.Idle(now) && r.clockOffset.Load() == 0
}

// named returns the remote of an account whose id has become known. What was
// learnt before under the provider of its keys goes on under the id.
func (m *remotes) named(r *remote, id string) *remote {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := remoteKey{r.host, id}
	if known := m.byKey[key]; known != nil {
		m.byKey[r.remoteKey] = known // where the next attempt with this provider is expected to go
		return known
	}
	if r.account.CompareAndSwap(nil, &id) {
		return m.add(key, r)
	}
	other := &remote{remoteKey: key}
	other.account.Store(&id)
	return m.add(key, other)
}

// identity returns what stands for the account of a provider whose account id is
// not known: the provider itself, or its type where providers of that type cannot
// be compared.
func identity(p aws.CredentialsProvider) any {
	if p == nil {
		return nil
	}
	if v := reflect.ValueOf(p); !v.Comparable() {
		return v.Type()
	}
	return p
}

// locate finds the remote that the attempt goes to. The next attempt under the
// same settings is expected to go there too.
func (a *attempt) locate() {
	r, host, id := a.remote, a.req.URL.Host, a.keys.AccountID
	if r == nil || r.host != host {
		r = a.remotes.of(remoteKey{host, a.identity})
	}
	if id != "" {
		if known := r.account.Load(); known == nil || *known != id {
			r = a.remotes.named(r, id)
		}
	}
	a.remote = r
	if a.expected.Load() != r {
		a.expected.Store(r)
	}
}

// settle reports to the remote what became of an attempt, and notes what the
// remote makes of it. An attempt that was not sent says nothing of it.
func (a *attempt) settle(err error) {
	sent := a.signed()
	if sent.sentAt.IsZero() {
		a.retryable = true
		return
	}
	a.remote = sent.remote
	defer func() { a.swept.settled(a) }()
	if err != nil {
		a.settleFailure(sent.sentAt, err)
		return
	}
	r := a.remote
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pass(sent.sentAt, time.Now(), true)
}

func (a *attempt) settleFailure(sent time.Time, err error) {
	var answered interface{ HTTPStatusCode() int }
	hasResponse := errors.As(err, &answered)
	throttled, bare := isThrottle(err), isBare503(err)
	retryable := retryables.IsErrorRetryable(err).Bool()
	r := a.remote
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now() // the clock is read under the lock, so that it does not go back
	if bare {
		throttled = r.limiter.Bare503(sent, now)
	}
	switch {
	case throttled:
		a.throttled, a.retryable, a.passed = true, true, r.rate.LastPassed()
		r.throttle = err
		r.rate.Throttled(sent, now)
		r.line.throttled(now)
		a.mayPass = r.early.Load() > 0 && now.Sub(r.line.since) <= quotaAlive
		return
	case hasResponse && !bare:
		r.pass(sent, now, false)
	}
	if retryable {
		a.retryable = r.quota.Failed(a.firstSent(sent), sent, now)
	} else if hasResponse {
		r.quota.Succeeded()
	}
}

// firstSent returns when the first attempt of the call was sent; sent is when
// this one was.
func (c *call) firstSent(sent time.Time) time.Time {
	if c.begun.IsZero() {
		c.begun = sent
	}
	return c.begun
}

// pass reports a response that is no throttle. The caller holds mu.
func (r *remote) pass(sent, now time.Time, page bool) {
	r.rate.Passed(now)
	r.line.passed()
	r.limiter.Responded(sent, now, page)
	if page {
		r.quota.Succeeded()
	}
}

// expectedRemote returns the remote that an attempt will probably go to; nil: it
// is not known before the attempt.
func (s *settings) expectedRemote() *remote { return s.expected.Load() }
