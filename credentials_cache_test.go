package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// A scriptedProvider runs a function for each of its calls, the last one for
// all that follow.
type scriptedProvider struct {
	calls  atomic.Int64
	script []func(context.Context) (aws.Credentials, error)
}

func (p *scriptedProvider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	n := int(p.calls.Add(1))
	return p.script[min(n, len(p.script))-1](ctx)
}

func provides(script ...func(context.Context) (aws.Credentials, error)) *scriptedProvider {
	return &scriptedProvider{script: script}
}

func key(id string) func(context.Context) (aws.Credentials, error) {
	return func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: "secret"}, nil
	}
}

// after waits whatever the context says.
func after(d time.Duration, then func(context.Context) (aws.Credentials, error)) func(context.Context) (aws.Credentials, error) {
	return func(ctx context.Context) (aws.Credentials, error) {
		time.Sleep(d)
		return then(ctx)
	}
}

func untilCanceled(ctx context.Context) (aws.Credentials, error) {
	<-ctx.Done()
	return aws.Credentials{}, context.Cause(ctx)
}

// cacheTest is a client with a provider, and the keys that its requests were
// signed with.
type cacheTest struct {
	*testing.T
	client *appintegrations.Client
	mu     sync.Mutex
	signed []string
}

func newCacheTest(t *testing.T, provider aws.CredentialsProvider, optFns ...func(*appintegrations.Options)) *cacheTest {
	c := &cacheTest{T: t}
	c.client = appintegrations.New(appintegrations.Options{Region: "us-east-1", Credentials: provider, HTTPClient: doFunc(func(r *http.Request) (*http.Response, error) {
		_, id, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		id, _, _ = strings.Cut(id, "/")
		c.mu.Lock()
		c.signed = append(c.signed, id)
		c.mu.Unlock()
		return reply(200, "{}")(r)
	})}, append([]func(*appintegrations.Options){once}, optFns...)...)
	return c
}

func (c *cacheTest) call(ctx context.Context, optFns ...func(*appintegrations.Options)) error {
	_, err := c.client.ListDataIntegrationAssociations(ctx, input("example"), optFns...)
	return err
}

func (c *cacheTest) timeout(d time.Duration) func(*appintegrations.Options) {
	return func(o *appintegrations.Options) { o.AttemptTimeout = d }
}

// TestCredentialsCachePanic: each call that waits can recover, and the next one
// asks anew.
func TestCredentialsCachePanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := func(context.Context) (aws.Credentials, error) { panic("boom") }
		provider := provides(after(time.Second, boom), key("key2"))
		c := newCacheTest(t, provider)
		var recovered atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				defer func() {
					if recover() == "boom" {
						recovered.Add(1)
					}
				}()
				c.call(t.Context())
			})
		}
		wg.Wait()
		assert.EqualValues(t, 64, recovered.Load())
		assert.EqualValues(t, 1, provider.calls.Load())
		require.NoError(t, c.call(t.Context()))
		assert.Equal(t, []string{"key2"}, c.signed)
	})
}

// TestCredentialsCachePanicUnheard: a panic that no call waits for any more
// ends nothing.
func TestCredentialsCachePanicUnheard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCacheTest(t, provides(after(time.Minute, func(context.Context) (aws.Credentials, error) { panic("boom") }), key("key2")))
		require.Error(t, c.call(t.Context()))
		time.Sleep(time.Minute)
		require.NoError(t, c.call(t.Context()))
	})
}

func TestCredentialsCacheGoexit(t *testing.T) {
	for _, perCall := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			exit := func(context.Context) (aws.Credentials, error) { runtime.Goexit(); return aws.Credentials{}, nil }
			provider := provides(exit, key("key2"))
			c, optFns := newCacheTest(t, provider), []func(*appintegrations.Options){}
			if perCall {
				c = newCacheTest(t, staticCredentials)
				optFns = append(optFns, func(o *appintegrations.Options) { o.Credentials = provider })
			}
			err := c.call(t.Context(), optFns...)
			checkText(t, err, "get credentials", "Goexit")
			require.NoError(t, c.call(t.Context(), optFns...))
			assert.Equal(t, []string{"key2"}, c.signed)
		})
	}
}

// TestCredentialsCacheLastCall lets calls give up one after the other, by their
// contexts or by AttemptTimeout: the retrieval is canceled with the last.
func TestCredentialsCacheLastCall(t *testing.T) {
	for _, byTimeout := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var canceled time.Duration
			provider := provides(func(ctx context.Context) (aws.Credentials, error) {
				<-ctx.Done()
				canceled = time.Since(start)
				return aws.Credentials{}, ctx.Err()
			}, key("key2"))
			c := newCacheTest(t, provider, func(o *appintegrations.Options) { o.AttemptTimeout = time.Hour })
			giveUp := func(d time.Duration) {
				if byTimeout {
					var timeout *appintegrations.AttemptTimeoutError
					assert.ErrorAs(t, c.call(t.Context(), c.timeout(d)), &timeout)
				} else {
					ctx, cancel := context.WithTimeout(t.Context(), d)
					defer cancel()
					assert.ErrorIs(t, c.call(ctx), context.DeadlineExceeded)
				}
				assert.Equal(t, d, time.Since(start))
			}
			var wg sync.WaitGroup
			for n := range 10 {
				wg.Go(func() { giveUp(time.Duration(n+1) * time.Second) })
			}
			wg.Wait()
			synctest.Wait()
			assert.Equal(t, 10*time.Second, canceled)
			assert.EqualValues(t, 1, provider.calls.Load())
			require.NoError(t, c.call(t.Context()))
			assert.Equal(t, []string{"key2"}, c.signed)
		})
	}
}

// TestCredentialsCacheContext: a retrieval has the values of the first call's
// context, and outlives its end.
func TestCredentialsCacheContext(t *testing.T) {
	type name struct{}
	synctest.Test(t, func(t *testing.T) {
		var value any
		provider := provides(func(ctx context.Context) (aws.Credentials, error) {
			value = ctx.Value(name{})
			select {
			case <-time.After(3 * time.Second):
				return key("key1")(ctx)
			case <-ctx.Done():
				return aws.Credentials{}, ctx.Err()
			}
		})
		c := newCacheTest(t, provider)
		var wg sync.WaitGroup
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), name{}, "first"), 2*time.Second)
			defer cancel()
			assert.ErrorIs(t, c.call(ctx), context.DeadlineExceeded)
		})
		time.Sleep(time.Second)
		assert.NoError(t, c.call(context.WithValue(t.Context(), name{}, "second")))
		wg.Wait()
		assert.Equal(t, "first", value)
		assert.EqualValues(t, 1, provider.calls.Load())
	})
}

// TestCredentialsCacheLateResult: what a provider that ignores its context
// returns late is used unless there is something newer.
func TestCredentialsCacheLateResult(t *testing.T) {
	rows := []struct {
		name   string
		script *scriptedProvider
		want   string // the key that signs in the end
		calls  int64
	}{
		{"newer keys", provides(after(time.Minute, key("late")), key("newer")), "newer", 2},
		{"a newer retrieval", provides(after(time.Minute, key("late")), after(35*time.Second, key("newer"))), "late", 2},
		{"a late error", provides(after(time.Minute, func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errors.New("late") }), key("newer")), "newer", 2},
		{"an error since", provides(after(time.Minute, key("late")), func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errors.New("down") }), "late", 2},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCacheTest(t, row.script)
				err := c.call(t.Context())
				var timeout *appintegrations.AttemptTimeoutError
				require.ErrorAs(t, err, &timeout)
				c.call(t.Context())
				time.Sleep(2 * time.Minute)
				require.NoError(t, c.call(t.Context()))
				assert.Equal(t, row.want, c.signed[len(c.signed)-1])
				assert.Equal(t, row.calls, row.script.calls.Load())
			})
		})
	}
}

// TestCredentialsCacheHangs calls again and again while the provider hangs: no
// call waits longer than AttemptTimeout, and no retrieval lasts longer.
func TestCredentialsCacheHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		provider := provides(untilCanceled, untilCanceled, untilCanceled, key("key4"))
		c := newCacheTest(t, provider)
		var wg sync.WaitGroup
		for n := range 100 {
			wg.Go(func() {
				time.Sleep(time.Duration(n) * time.Second)
				began := time.Now()
				if err := c.call(t.Context()); err != nil {
					var timeout *appintegrations.AttemptTimeoutError
					assert.ErrorAs(t, err, &timeout)
				}
				assert.LessOrEqual(t, time.Since(began), 30*time.Second)
			})
		}
		wg.Wait()
		assert.EqualValues(t, 4, provider.calls.Load())
		assert.Equal(t, 99*time.Second, time.Since(start))
		assert.NotEmpty(t, c.signed)
	})
}

// TestCredentialsCacheJoined: a call that joins a retrieval has all of its own
// time, though the call that started it has given up.
func TestCredentialsCacheJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		provider := provides(after(50*time.Second, key("key1")))
		c := newCacheTest(t, provider)
		var wg sync.WaitGroup
		wg.Go(func() { assert.Error(t, c.call(t.Context())) })
		time.Sleep(25 * time.Second)
		assert.NoError(t, c.call(t.Context()))
		wg.Wait()
		assert.EqualValues(t, 1, provider.calls.Load())
	})
}

// TestCredentialsCacheRecovers: the first retrieval that succeeds serves the
// calls that wait for an older one that hangs, and cancels that.
func TestCredentialsCacheRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		provider := provides(untilCanceled, after(500*time.Millisecond, key("key2")))
		c, start := newCacheTest(t, provider), time.Now()
		var wg sync.WaitGroup
		for n := range 31 {
			wg.Go(func() {
				time.Sleep(time.Duration(n) * time.Second)
				err := c.call(t.Context())
				assert.Equal(t, n == 0, err != nil, "call %d: %v", n, err)
			})
		}
		wg.Wait()
		assert.Equal(t, 30*time.Second+500*time.Millisecond, time.Since(start))
		assert.EqualValues(t, 2, provider.calls.Load())
	})
}

// TestCredentialsCacheTimeout: a slow provider needs a longer AttemptTimeout.
func TestCredentialsCacheTimeout(t *testing.T) {
	rows := []struct {
		name   string
		option time.Duration
		slow   time.Duration
		ok     bool
	}{
		{"default", 0, 29 * time.Second, true},
		{"default exceeded", 0, 31 * time.Second, false},
		{"longer, for an MFA code", 5 * time.Minute, 4 * time.Minute, true},
		{"none", -1, 24 * time.Hour, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCacheTest(t, provides(after(row.slow, key("key1"))))
				err := c.call(t.Context(), c.timeout(row.option))
				assert.Equal(t, row.ok, err == nil, "%v", err)
				time.Sleep(row.slow)
			})
		})
	}
}

// TestCredentialsCacheExpiry asks again when the keys expire, once for all.
func TestCredentialsCacheExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		provider := &rotation{step: 1, expires: time.Minute}
		c := newCacheTest(t, provider)
		for minute := range 5 {
			for range 59 {
				var wg sync.WaitGroup
				for range 3 {
					wg.Go(func() { assert.NoError(t, c.call(t.Context())) })
				}
				wg.Wait()
				time.Sleep(time.Second)
			}
			assert.EqualValues(t, minute+1, provider.calls.Load())
			time.Sleep(time.Second)
		}
		assert.Equal(t, "key4", c.signed[len(c.signed)-1])
	})
}

// TestCredentialsCacheErrors: an error is not kept, and no call hides another.
func TestCredentialsCacheErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("down")
		provider := provides(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, down }, key("key2"))
		c := newCacheTest(t, provider)
		require.ErrorIs(t, c.call(t.Context()), down)
		require.NoError(t, c.call(t.Context()))
		require.NoError(t, c.call(t.Context()))
		assert.EqualValues(t, 2, provider.calls.Load())
	})
}

// TestCredentialsCacheNoStorm makes 1,600 calls with keys that are always
// rejected: 32 at a time for about 10 seconds.
func TestCredentialsCacheNoStorm(t *testing.T) {
	t.Parallel()
	for _, sdk := range []bool{false, true} {
		t.Run(fmt.Sprintf("cache of the SDK %t", sdk), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				provider := &rotation{expires: time.Hour}
				accepted := "another"
				s := scripted(func(r *http.Request) (*http.Response, error) { return takes(accepted, "ExpiredTokenException")(r) })
				client := s.client(func(o *appintegrations.Options) {
					if o.Credentials = provider; sdk {
						o.Credentials = aws.NewCredentialsCache(provider)
					}
				})
				start := time.Now()
				var wg sync.WaitGroup
				for n := range 32 {
					wg.Go(func() {
						for range 50 {
							_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
							assert.ErrorContains(t, err, "ExpiredTokenException")
							time.Sleep(200*time.Millisecond + time.Duration(n)*time.Millisecond)
						}
					})
				}
				wg.Wait()
				took := time.Since(start)
				assert.Equal(t, 1600, s.count(), "requests: a key that the service rejected is not sent again by the same call")
				assert.LessOrEqual(t, float64(provider.calls.Load()), took.Seconds()+2)
				assert.Greater(t, float64(provider.calls.Load()), took.Seconds()/2)
				t.Logf("1600 calls in %s, %d of the provider", took, provider.calls.Load())

				provider.current.Store(7)
				accepted = "key7"
				time.Sleep(time.Second)
				_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
				assert.NoError(t, err)
			})
		})
	}
}

// An ownCache is a cache that a user wrote around one of the SDK.
type ownCache struct{ *aws.CredentialsCache }

// TestCredentialsCacheInside: a provider that is a cache itself forgets the
// keys that the service rejected.
func TestCredentialsCacheInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &rotation{step: 1, expires: time.Hour}
		s := scripted(takes("key1", "ExpiredTokenException"))
		client := s.client(func(o *appintegrations.Options) { o.Credentials = ownCache{aws.NewCredentialsCache(inner)} })
		_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
		require.NoError(t, err)
		assert.EqualValues(t, 2, inner.calls.Load())
	})
}

// TestCredentialsCacheSDK: a call waits for a cache of the SDK no longer than
// its own time allows.
func TestCredentialsCacheSDK(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCacheTest(t, aws.NewCredentialsCache(provides(after(time.Minute, key("key1")))))
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, c.call(ctx), context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))
		var timeout *appintegrations.AttemptTimeoutError
		require.ErrorAs(t, c.call(t.Context()), &timeout)
		assert.Equal(t, 31*time.Second, time.Since(start))
		time.Sleep(time.Minute)
		require.NoError(t, c.call(t.Context()))
	})
}

// TestCredentialsCacheSources keeps the provider's part of the User-Agent.
func TestCredentialsCacheSources(t *testing.T) {
	s := scripted(reply(200, "{}"))
	_, err := s.client().ListDataIntegrationAssociations(t.Context(), input("example"))
	require.NoError(t, err)
	want := s.requests[0].Header.Get("User-Agent")
	s = scripted(reply(200, "{}"))
	_, err = s.client(func(o *appintegrations.Options) { o.Credentials = aws.NewCredentialsCache(staticCredentials) }).ListDataIntegrationAssociations(t.Context(), input("example"))
	require.NoError(t, err)
	assert.Equal(t, want, s.requests[0].Header.Get("User-Agent"))
	assert.Contains(t, want, " m/")
}

// BenchmarkCredentialsCache signs requests with keys that are kept.
func BenchmarkCredentialsCache(b *testing.B) {
	client := stubClient("{}")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := client.ListDataIntegrationAssociations(context.Background(), input("example")); err != nil {
				b.Error(err)
			}
		}
	})
}
