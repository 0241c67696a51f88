package appintegrations

import (
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// keptPools is how many HTTP clients that were given to single calls a Client
// keeps the connections of.
const keptPools = 16

// perCallPools are the pools of HTTP clients that were given to single calls, so
// that calls with the same one share its connections. They are safe for
// concurrent use.
type perCallPools struct {
	mu    sync.Mutex
	pools []*perCallPool // the one that was used last is the last
}

// A perCallPool is guarded by the mutex of its perCallPools.
type perCallPool struct {
	*pool
	key     any // the *http.Transport or the buildableKey that it was made for
	calls   int // under way
	evicted bool
}

// A lease is what a call uses of perCallPools, until it is released.
type lease struct {
	pools *perCallPools
	pool  *perCallPool // nil: nothing
}

// derive derives from the HTTP client of a call. The lease ends with the call.
func (c *core) derive(given HTTPClient, mode aws.DefaultsMode) (HTTPClient, lease) {
	l := lease{pools: &c.perCall}
	client := derive(given, mode, func(key any, newPool func() *pool) *pool {
		if own := poolOf(c.settings.client); own != nil && key == own.base {
			return own
		}
		l.pool = c.perCall.use(key, newPool)
		return l.pool.pool
	})
	return client, l
}

// use returns the pool of a key, and counts a call in.
func (m *perCallPools) use(key any, newPool func() *pool) *perCallPool {
	m.mu.Lock()
	i := slices.IndexFunc(m.pools, func(p *perCallPool) bool { return p.key == key })
	var p, evicted *perCallPool
	if i >= 0 {
		p = m.pools[i]
		m.pools = slices.Delete(m.pools, i, i+1)
	} else {
		p = &perCallPool{key: key, pool: newPool()}
	}
	p.calls++
	m.pools = append(m.pools, p)
	if len(m.pools) > keptPools {
		evicted = m.pools[0]
		m.pools = slices.Delete(m.pools, 0, 1)
		if evicted.evicted = true; evicted.calls > 0 {
			evicted = nil // its last call closes it
		}
	}
	m.mu.Unlock()
	if evicted != nil {
		evicted.closeOwn()
	}
	return p
}

// release counts the call out.
func (l lease) release() {
	if l.pool == nil {
		return
	}
	l.pools.mu.Lock()
	l.pool.calls--
	last := l.pool.evicted && l.pool.calls == 0
	l.pools.mu.Unlock()
	if last {
		l.pool.closeOwn()
	}
}

// CloseIdleConnections closes the connections that no call is using.
func (m *perCallPools) CloseIdleConnections() {
	m.mu.Lock()
	pools := slices.Clone(m.pools)
	m.mu.Unlock()
	for _, p := range pools {
		p.CloseIdleConnections()
	}
}
