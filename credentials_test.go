package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// TestCredentials refuses what can never sign, before anything is sent, and
// says what to do about it.
func TestCredentials(t *testing.T) {
	const hint = "set Credentials: aws.AnonymousCredentials{}"
	static := credentials.NewStaticCredentialsProvider
	rows := []struct {
		name     string
		provider aws.CredentialsProvider
		text     string
	}{
		{"no provider", nil, hint},
		{"a nil func", aws.CredentialsProviderFunc(nil), hint},
		{"a nil cache", (*aws.CredentialsCache)(nil), hint},
		{"no keys", aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, nil }), hint},
		{"empty access key id", keys("", "secret", ""), hint},
		{"empty secret key", keys("id", "", ""), hint},
		{"blank access key id", keys(" \t", "secret", ""), hint},
		{"blank secret key", keys("id", "  ", ""), hint},
		{"line end after the key id", static("id\r\n", "secret", ""), "access key id"},
		{"NUL in the key id", static("i\x00d", "secret", ""), "access key id"},
		{"line end after the secret", static("id", "secret\n", ""), "secret access key"},
		{"DEL in the secret", static("id", "sec\x7fret", ""), "secret access key"},
		{"CR LF in the token", static("id", "secret", "to\r\nX-Evil: 1"), "session token"},
		{"C1 control in the token", static("id", "secret", "to\u0085ken"), "session token"},
	}
	for _, perCall := range []bool{false, true} {
		for _, row := range rows {
			t.Run(fmt.Sprintf("%s, per call %t", row.name, perCall), func(t *testing.T) {
				s := scripted(reply(200, "{}"))
				set := func(o *appintegrations.Options) { o.Credentials = row.provider }
				var err error
				if perCall {
					_, err = s.client().ListDataIntegrationAssociations(t.Context(), input("example"), set)
				} else {
					_, err = s.client(set).ListDataIntegrationAssociations(t.Context(), input("example"))
				}
				var config *appintegrations.ConfigError
				require.ErrorAs(t, err, &config)
				assert.Equal(t, "Credentials", config.Field)
				checkText(t, err, row.text)
				assert.NotContains(t, err.Error(), "X-Evil")
				assert.Zero(t, s.count(), "requests")
			})
		}
	}
	t.Logf("%d providers, of the client and of a call, 0 requests", len(rows))
}

// keys gives any keys: the static provider refuses empty ones itself.
func keys(id, secret, token string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}, nil
	})
}

func TestCredentialsAnonymous(t *testing.T) {
	for _, provider := range []aws.CredentialsProvider{
		aws.AnonymousCredentials{}, &aws.AnonymousCredentials{}, (*aws.AnonymousCredentials)(nil), aws.NewCredentialsCache(aws.AnonymousCredentials{}),
	} {
		s := scripted(reply(200, "{}"))
		set := func(o *appintegrations.Options) { o.Credentials = provider }
		_, err := s.client(set).ListDataIntegrationAssociations(t.Context(), input("example"))
		require.NoError(t, err, "%T", provider)
		_, err = s.client().ListDataIntegrationAssociations(t.Context(), input("example"), set)
		require.NoError(t, err, "%T of a call", provider)
		require.Equal(t, 2, s.count())
		for _, r := range s.requests {
			for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token"} {
				assert.Empty(t, r.Header.Get(name), "%T", provider)
			}
		}
	}
}

// A countedProvider counts its calls. It cannot be compared.
type countedProvider struct {
	calls *atomic.Int64
	_     []int
}

func (p countedProvider) Retrieve(context.Context) (aws.Credentials, error) {
	p.calls.Add(1)
	time.Sleep(100 * time.Millisecond)
	return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
}

// TestCredentialsAreCached asks providers of each kind from 200 goroutines.
func TestCredentialsAreCached(t *testing.T) {
	calls := new(atomic.Int64)
	counted := countedProvider{calls: calls}
	for name, provider := range map[string]aws.CredentialsProvider{
		"func": aws.CredentialsProviderFunc(counted.Retrieve), "struct that cannot be compared": counted,
		"pointer": &counted, "cache": aws.NewCredentialsCache(counted),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls.Store(0)
				s := scripted(reply(200, "{}"))
				client := s.client(func(o *appintegrations.Options) { o.Credentials = provider })
				list := func(optFns ...func(*appintegrations.Options)) {
					_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"), optFns...)
					assert.NoError(t, err)
				}
				var wg sync.WaitGroup
				for range 200 {
					wg.Go(func() {
						list()
						list(func(o *appintegrations.Options) { o.AppID = "another option" })
					})
				}
				wg.Wait()
				assert.EqualValues(t, 1, calls.Load(), "calls of the provider by 400 calls")
				assert.Equal(t, 400, s.count())
				if name == "cache" {
					return
				}
				for range 2 {
					list(func(o *appintegrations.Options) { o.Credentials = &countedProvider{calls: calls} })
				}
				assert.EqualValues(t, 3, calls.Load(), "one given to a call is used as it is")
			})
		})
	}
}

// TestCredentialsOfOptions gives back what the user gave.
func TestCredentialsOfOptions(t *testing.T) {
	client := func(p aws.CredentialsProvider) aws.CredentialsProvider {
		return appintegrations.New(appintegrations.Options{Region: "us-east-1", Credentials: p}).Options().Credentials
	}
	assert.Equal(t, staticCredentials, client(staticCredentials))
	cache := aws.NewCredentialsCache(staticCredentials)
	assert.Same(t, cache, client(cache))
	assert.IsType(t, countedProvider{}, client(countedProvider{}))
	assert.IsType(t, aws.CredentialsProviderFunc(nil), client(aws.CredentialsProviderFunc(countedProvider{}.Retrieve)))
	assert.Equal(t, aws.AnonymousCredentials{}, client(aws.AnonymousCredentials{}))
}

// A forgivingProvider has a method for the cache, and cannot be compared.
type forgivingProvider struct {
	calls *int
	_     []int
}

func (p forgivingProvider) Retrieve(context.Context) (aws.Credentials, error) {
	if *p.calls++; *p.calls > 1 {
		return aws.Credentials{}, errors.New("unavailable")
	}
	return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret", CanExpire: true, Expires: time.Now().Add(time.Minute)}, nil
}

func (p forgivingProvider) HandleFailToRefresh(_ context.Context, old aws.Credentials, err error) (aws.Credentials, error) {
	old.Expires = time.Now().Add(time.Minute)
	return old, nil
}

func TestCredentialsKeepMethodsForTheCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		s := scripted(reply(200, "{}"))
		client := s.client(func(o *appintegrations.Options) { o.Credentials = forgivingProvider{calls: &calls} })
		for range 3 {
			_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
			assert.NoError(t, err)
			time.Sleep(2 * time.Minute)
		}
		assert.Equal(t, 3, calls)
	})
}

// A rotation gives key after key, each for as long as it likes to say.
type rotation struct {
	calls   atomic.Int64
	current atomic.Int64 // the key that it gives
	step    int64        // to the next key, after each call
	expires time.Duration
	err     func(call int64) error
}

func (p *rotation) Retrieve(context.Context) (aws.Credentials, error) {
	n := p.calls.Add(1)
	if p.err != nil && p.err(n) != nil {
		return aws.Credentials{}, p.err(n)
	}
	key := p.current.Load()
	p.current.Add(p.step)
	return aws.Credentials{AccessKeyID: fmt.Sprint("key", key), SecretAccessKey: "secret", CanExpire: true, Expires: time.Now().Add(p.expires)}, nil
}

// takes answers requests of one key with a page, and others as expired.
func takes(key string, code string) doFunc {
	return func(r *http.Request) (*http.Response, error) {
		if strings.Contains(r.Header.Get("Authorization"), "Credential="+key+"/") {
			return reply(200, "{}")(r)
		}
		return reply(403, `{"Message":"The security token included in the request is expired"}`, "X-Amzn-ErrorType", code)(r)
	}
}

func TestCredentialsExpired(t *testing.T) {
	const expired = "ExpiredTokenException"
	fails := func(n int64) error {
		if n == 1 {
			return nil
		}
		return errors.New("provider is down")
	}
	rows := []struct {
		name     string
		provider *rotation
		perCall  bool
		answer   doFunc
		option   func(*appintegrations.Options)
		requests int
		calls    int64
		ok       bool
	}{
		{"fresh keys", &rotation{step: 1}, false, takes("key1", expired), nil, 2, 2, true},
		{"the other code", &rotation{step: 1}, false, takes("key1", "ExpiredToken"), nil, 2, 2, true},
		{"under a Retryer of the SDK", &rotation{step: 1}, false, takes("key1", expired), func(o *appintegrations.Options) { o.Retryer = retry.NewStandard() }, 2, 2, true},
		{"fresh keys of a call", &rotation{step: 1}, true, takes("key2", expired), nil, 2, 3, true},
		{"the same keys", &rotation{}, false, takes("another", expired), nil, 1, 2, false},
		{"the same keys of a call", &rotation{}, true, takes("another", expired), nil, 1, 3, false},
		{"fresh keys that are refused too", &rotation{step: 1}, false, takes("none", expired), nil, 2, 2, false},
		{"provider is down", &rotation{step: 1, err: fails}, false, takes("none", expired), nil, 1, 2, false},
		{"another code", &rotation{step: 1}, false, takes("key1", "AccessDeniedException"), nil, 1, 1, false},
		{"NopRetryer", &rotation{step: 1}, false, takes("key1", expired), once, 1, 1, false},
		{"two attempts", &rotation{step: 1}, false, takes("key1", expired), func(o *appintegrations.Options) { o.RetryMaxAttempts = 2 }, 2, 2, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := scripted(row.answer)
				row.provider.expires = time.Hour
				set, option := func(o *appintegrations.Options) { o.Credentials = row.provider }, func(*appintegrations.Options) {}
				if row.option != nil {
					option = row.option
				}
				client, start := s.client(set, option), time.Now()
				if row.perCall {
					client = s.client(option)
				}
				optFns := []func(*appintegrations.Options){}
				if row.perCall {
					optFns = append(optFns, set)
				}
				_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"), optFns...)
				assert.Equal(t, row.requests, s.count(), "requests")
				assert.Equal(t, row.calls, row.provider.calls.Load(), "calls of the provider")
				assert.Zero(t, time.Since(start), "at once")
				if row.ok {
					require.NoError(t, err)
					return
				}
				var api smithy.APIError
				require.ErrorAs(t, err, &api)
				checkText(t, err, api.ErrorCode(), fmt.Sprint("attempt ", row.requests))
				if row.provider.err != nil {
					assert.Contains(t, err.Error(), "provider is down")
				}
			})
		})
	}
	t.Logf("%d rows", len(rows))
}

// TestCredentialsExpiredForAll lets 50 calls meet the same expired key: the
// provider is asked once more, not 50 times.
func TestCredentialsExpiredForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		provider := &rotation{expires: time.Hour}
		s := scripted(takes("key7", "ExpiredTokenException"))
		client := s.client(func(o *appintegrations.Options) { o.Credentials = provider })
		_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
		require.Error(t, err)
		provider.current.Store(7)
		time.Sleep(time.Second) // a provider without other keys is asked once a second
		before, sent := provider.calls.Load(), s.count()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		t.Logf("50 calls, %d of the provider, %d requests", provider.calls.Load()-before, s.count()-sent)
		assert.LessOrEqual(t, provider.calls.Load()-before, int64(2))
		assert.LessOrEqual(t, s.count()-sent, 100)
	})
}

// TestCredentialsThatLie lists 40 pages with keys that the service takes for 3
// requests each, though they say that they are good for an hour.
func TestCredentialsThatLie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		provider := &rotation{step: 1, expires: time.Hour}
		fake := appintegrationstest.New(func(o *appintegrationstest.Options) { o.PageSize = 1 })
		fake.Put("example", make([]appintegrations.DataIntegrationAssociationSummary, 40)...)
		used := map[string]int{}
		s := scripted(func(r *http.Request) (*http.Response, error) {
			key, _, _ := strings.Cut(r.Header.Get("Authorization"), "/")
			if used[key]++; used[key] > 3 {
				return takes("none", "ExpiredTokenException")(r)
			}
			// The fake knows one key; what it is asked about here is the page.
			resigned := r.Clone(r.Context())
			fakeKeys, err := fake.Config().Credentials.Retrieve(r.Context())
			require.NoError(t, err)
			resigned.Header.Del("Authorization")
			require.NoError(t, signAgain(resigned, fakeKeys))
			return fake.RoundTrip(resigned)
		})
		client := fake.Client(func(o *appintegrations.Options) { o.HTTPClient, o.Credentials = s, provider })
		pages, items := 0, 0
		p := appintegrations.NewListDataIntegrationAssociationsPaginator(client, input("example"))
		for p.HasMorePages() {
			page, err := p.NextPage(t.Context())
			require.NoError(t, err, "page %d", pages+1)
			pages, items = pages+1, items+len(page.DataIntegrationAssociations)
		}
		assert.Equal(t, 40, items)
		assert.LessOrEqual(t, s.count(), 40+40/3+1)
		t.Logf("%d pages, %d items, %d requests, %d keys", pages, items, s.count(), provider.calls.Load())
	})
}

func signAgain(r *http.Request, keys aws.Credentials) error {
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	return v4.NewSigner().SignHTTP(r.Context(), keys, r, empty, "app-integrations", "us-east-1", time.Now())
}
