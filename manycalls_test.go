package appintegrations_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// An outage is a stretch of time in which a service, or the network before it,
// answers with a fault what reaches it.
type outage struct {
	from, to time.Duration
	fault    doFunc
}

// A shakyService answers pages, but for its outages. Each request takes 5 ms.
type shakyService struct {
	start    time.Time
	outages  []outage
	requests atomic.Int64
}

func (s *shakyService) Do(r *http.Request) (*http.Response, error) {
	s.requests.Add(1)
	at := time.Since(s.start)
	time.Sleep(5 * time.Millisecond)
	for _, o := range s.outages {
		if o.from <= at && at < o.to {
			return o.fault(r)
		}
	}
	return replied(r, 200, strings.NewReader("{}")), nil
}

func resets(*http.Request) (*http.Response, error) { return nil, syscall.ECONNRESET }

func unavailable(r *http.Request) (*http.Response, error) {
	return replied(r, 503, strings.NewReader("")), nil
}

func truncates(r *http.Request) (*http.Response, error) {
	return replied(r, 200, strings.NewReader(`{"DataIntegrationAssociations":[`)), nil
}

func neverAnswers(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

var manyFaults = []struct {
	name  string
	fault doFunc
}{{"reset", resets}, {"503", unavailable}, {"truncated", truncates}, {"attempt timeout", neverAnswers}}

// TestOneFault lets one fault meet all calls that are in flight. The official
// client v1.37.11 loses all but 100 of them.
func TestOneFault(t *testing.T) {
	t.Parallel()
	for _, kind := range manyFaults {
		for _, n := range []int{2, 32, 64, 200, 500, 2000} {
			if n > 200 && (testing.Short() || raceDetector()) || n > 500 && !*full {
				continue
			}
			bubble(t, fmt.Sprintf("%s, %d calls", kind.name, n), func(t *testing.T) {
				failed, requests := inFlight(t, n, outage{0, time.Millisecond, kind.fault})
				assert.Zero(t, failed, "calls failed")
				assert.LessOrEqual(t, requests, 2*n, "requests")
			})
			bubble(t, fmt.Sprintf("two of %s, %d calls", kind.name, n), func(t *testing.T) {
				failed, requests := inFlight(t, n, outage{0, time.Millisecond, kind.fault}, outage{10 * time.Millisecond, 11 * time.Millisecond, kind.fault})
				assert.Zero(t, failed, "calls failed")
				assert.LessOrEqual(t, requests, 3*n, "requests")
			})
		}
	}
}

// inFlight makes n calls at once and returns how many failed, and the requests
// of all.
func inFlight(t *testing.T, n int, outages ...outage) (failed, requests int) {
	s := &shakyService{start: time.Now(), outages: outages}
	client := stubClient("", func(o *appintegrations.Options) { o.HTTPClient = s })
	var errors atomic.Int64
	var calls sync.WaitGroup
	for range n {
		calls.Go(func() {
			if _, err := client.ListDataIntegrationAssociations(context.WithoutCancel(t.Context()), input("example")); err != nil && errors.Add(1) == 1 {
				t.Log(err)
			}
		})
	}
	calls.Wait()
	return int(errors.Load()), int(s.requests.Load())
}

// TestOutageOfOneEndpoint: an endpoint that is down costs the calls to another
// one nothing, whether the calls differ by their options or by their Client.
func TestOutageOfOneEndpoint(t *testing.T) {
	down := func(r *http.Request) bool { return r.URL.Host == "down.test" }
	synctest.Test(t, func(t *testing.T) {
		var failNext atomic.Bool
		client := stubClient("", func(o *appintegrations.Options) {
			o.BaseEndpoint = aws.String("https://down.test")
			o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
				if down(r) || failNext.Swap(false) {
					return unavailable(r)
				}
				return replied(r, 200, strings.NewReader("{}")), nil
			})
		})
		for range 50 {
			_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
			require.Error(t, err)
		}
		other := func(o *appintegrations.Options) { o.BaseEndpoint = aws.String("https://up.test") }
		failNext.Store(true)
		_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"), other)
		assert.NoError(t, err, "by options of a call")
		failNext.Store(true)
		_, err = appintegrations.New(client.Options(), other).ListDataIntegrationAssociations(t.Context(), input("example"))
		assert.NoError(t, err, "by another Client made of the options of the first")
	})
}

// TestThrottleOfOneEndpoint: calls to an endpoint or as an account that nobody
// throttles are not slowed down by another one that is throttled.
func TestThrottleOfOneEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := stubClient("", func(o *appintegrations.Options) {
			o.BaseEndpoint = aws.String("https://busy.test")
			o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
				if r.URL.Host == "busy.test" && r.Header.Get("X-Amz-Security-Token") == "" {
					return replied(r, 429, strings.NewReader("")), nil
				}
				return replied(r, 200, strings.NewReader("{}")), nil
			})
		})
		var calls sync.WaitGroup
		for range 30 {
			calls.Go(func() { client.ListDataIntegrationAssociations(t.Context(), input("example")) })
		}
		time.Sleep(10 * time.Second)
		for name, optFn := range map[string]func(*appintegrations.Options){
			"endpoint": func(o *appintegrations.Options) { o.BaseEndpoint = aws.String("https://free.test") },
			"account": func(o *appintegrations.Options) {
				o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					return aws.Credentials{AccessKeyID: "AKID2", SecretAccessKey: "SECRET2", SessionToken: "TOKEN2", AccountID: "222222222222"}, nil
				})
			},
		} {
			start := time.Now()
			for range 10 {
				_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"), optFn)
				require.NoError(t, err)
			}
			assert.Zero(t, time.Since(start), name)
		}
		calls.Wait()
	})
}

// keysOf is a provider of the keys of an account.
func keysOf(key, account string) aws.CredentialsProvider {
	return &keysProvider{aws.Credentials{AccessKeyID: key, SecretAccessKey: "SECRET", SessionToken: "TOKEN of " + key, AccountID: account}}
}

type keysProvider struct{ keys aws.Credentials }

func (p *keysProvider) Retrieve(context.Context) (aws.Credentials, error) { return p.keys, nil }

// TestPaceOfAnAccount: providers of one account share its pace, whatever their
// keys; those of another account have their own. So do two Clients.
func TestPaceOfAnAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var busy atomic.Bool
		do := doFunc(func(r *http.Request) (*http.Response, error) {
			if busy.Load() {
				return replied(r, 429, strings.NewReader("")), nil
			}
			return replied(r, 200, strings.NewReader("{}")), nil
		})
		client := stubClient("", func(o *appintegrations.Options) { o.HTTPClient, o.Credentials = do, keysOf("AKID1", "111111111111") })
		took := func(client *appintegrations.Client, p aws.CredentialsProvider) time.Duration {
			start := time.Now()
			_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"), func(o *appintegrations.Options) { o.Credentials = p })
			require.NoError(t, err)
			return time.Since(start)
		}
		same, rotated, other := keysOf("AKID2", "111111111111"), keysOf("AKID3", "111111111111"), keysOf("AKID4", "222222222222")
		for _, p := range []aws.CredentialsProvider{same, rotated, other} {
			took(client, p) // the account of a provider is known once it was used
		}
		busy.Store(true)
		var calls sync.WaitGroup
		for range 8 {
			calls.Go(func() { client.ListDataIntegrationAssociations(context.Background(), input("example")) })
		}
		time.Sleep(100 * time.Millisecond)
		busy.Store(false)
		assert.Zero(t, took(client, other), "another account")
		assert.Zero(t, took(appintegrations.New(client.Options()), same), "another Client")
		assert.Positive(t, took(client, same), "other keys of the account")
		calls.Wait()
	})
}
