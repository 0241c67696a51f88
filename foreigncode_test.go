package appintegrations_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// Code of the user's that a call runs, as functions.
type (
	resolverFunc func(context.Context) (smithyendpoints.Endpoint, error)
	signerFunc   func(context.Context) error
	hookRetryer  struct {
		aws.RetryerV2
		attemptToken  func(context.Context) (func(error) error, error)
		retryable     func(error) bool
		retryToken    func(context.Context, error) (func(error) error, error)
		delay         func() time.Duration
		maxAttemptsFn func() int
	}
	closeFunc struct {
		io.Reader
		close func() error
	}
)

func (f resolverFunc) ResolveEndpoint(ctx context.Context, _ appintegrations.EndpointParameters) (smithyendpoints.Endpoint, error) {
	return f(ctx)
}

func (f signerFunc) SignHTTP(ctx context.Context, _ aws.Credentials, _ *http.Request, _, _, _ string, _ time.Time, _ ...func(*v4.SignerOptions)) error {
	return f(ctx)
}

func (c closeFunc) Close() error { return c.close() }

func (r hookRetryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	if r.attemptToken != nil {
		return r.attemptToken(ctx)
	}
	return r.RetryerV2.GetAttemptToken(ctx)
}

func (r hookRetryer) IsErrorRetryable(err error) bool {
	if r.retryable != nil {
		return r.retryable(err)
	}
	return r.RetryerV2.IsErrorRetryable(err)
}

func (r hookRetryer) GetRetryToken(ctx context.Context, err error) (func(error) error, error) {
	if r.retryToken != nil {
		return r.retryToken(ctx, err)
	}
	return r.RetryerV2.GetRetryToken(ctx, err)
}

func (r hookRetryer) RetryDelay(attempt int, err error) (time.Duration, error) {
	if r.delay != nil {
		return r.delay(), nil
	}
	return r.RetryerV2.RetryDelay(attempt, err)
}

func (r hookRetryer) MaxAttempts() int {
	if r.maxAttemptsFn != nil {
		return r.maxAttemptsFn()
	}
	return r.RetryerV2.MaxAttempts()
}

// foreignPlaces are the places where a call runs code of the user's: act stands
// for what the code does there.
func foreignPlaces(act func()) map[string]func(*appintegrations.Options) {
	retryer := func(r hookRetryer) func(*appintegrations.Options) {
		return func(o *appintegrations.Options) {
			r.RetryerV2 = retry.NewStandard()
			o.Retryer = r
			o.HTTPClient = scripted(reply(503, ""))
		}
	}
	body := func(open func(*http.Request) io.ReadCloser) func(*appintegrations.Options) {
		return func(o *appintegrations.Options) {
			o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: open(r)}, nil
			})
		}
	}
	return map[string]func(*appintegrations.Options){
		"resolver": func(o *appintegrations.Options) {
			o.EndpointResolverV2 = resolverFunc(func(context.Context) (smithyendpoints.Endpoint, error) {
				act()
				return smithyendpoints.Endpoint{URI: url.URL{Scheme: "https", Host: "h.test"}}, nil
			})
		},
		"signer": func(o *appintegrations.Options) {
			o.HTTPSignerV4 = signerFunc(func(context.Context) error { act(); return nil })
		},
		"provider": func(o *appintegrations.Options) {
			o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				act()
				return staticCredentials.Value, nil
			})
		},
		"Read": body(func(*http.Request) io.ReadCloser {
			return closeFunc{readerFunc(func([]byte) (int, error) { act(); return 0, io.EOF }), func() error { return nil }}
		}),
		"Close": body(func(*http.Request) io.ReadCloser {
			return closeFunc{strings.NewReader("{}"), func() error { act(); return nil }}
		}),
		"Retryer.MaxAttempts":      retryer(hookRetryer{maxAttemptsFn: func() int { act(); return 3 }}),
		"Retryer.GetAttemptToken":  retryer(hookRetryer{attemptToken: func(context.Context) (func(error) error, error) { act(); return nil, nil }}),
		"Retryer.IsErrorRetryable": retryer(hookRetryer{retryable: func(error) bool { act(); return false }}),
		"Retryer.GetRetryToken":    retryer(hookRetryer{retryToken: func(context.Context, error) (func(error) error, error) { act(); return nil, nil }}),
		"Retryer.RetryDelay":       retryer(hookRetryer{delay: func() time.Duration { act(); return 0 }}),
		"Retryer's release function": retryer(hookRetryer{attemptToken: func(context.Context) (func(error) error, error) {
			return func(error) error { act(); return nil }, nil
		}}),
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestForeignCodeBlocks: code of the user's that blocks ends with AttemptTimeout,
// or, where it is the Retryer's, with the context of the call.
func TestForeignCodeBlocks(t *testing.T) {
	var block chan struct{}
	for name, place := range foreignPlaces(func() { <-block }) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				block = make(chan struct{})
				client := stubClient("{}", place, func(o *appintegrations.Options) {
					if o.AttemptTimeout = 10 * time.Second; !strings.HasPrefix(name, "Retryer") {
						o.RetryMaxAttempts = 1
					}
				})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				_, err := client.ListDataIntegrationAssociations(ctx, input("example"))
				if name == "Close" {
					assert.NoError(t, err, "the page has arrived")
				} else {
					require.Error(t, err)
				}
				want := 10 * time.Second
				if strings.HasPrefix(name, "Retryer") {
					want = time.Minute
				}
				assert.InDelta(t, want.Seconds(), time.Since(start).Seconds(), 1.1)
				close(block)
			})
		})
	}
}

// TestForeignCodePanics: a panic of the user's code reaches the caller, who can
// recover from it, and the client goes on.
func TestForeignCodePanics(t *testing.T) {
	for name, place := range foreignPlaces(func() { panic("of the user's") }) {
		bubble(t, name, func(t *testing.T) {
			client := stubClient("{}")
			assert.PanicsWithValue(t, "of the user's", func() {
				client.ListDataIntegrationAssociations(t.Context(), input("example"), place)
			})
			_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
			assert.NoError(t, err)
		})
	}
}

// TestClosePanicsAtTimeout: a Close that panics when the attempt has timed out
// does not end the process.
func TestClosePanicsAtTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := stubClient("", func(o *appintegrations.Options) {
			o.RetryMaxAttempts = 1
			o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
				read := func([]byte) (int, error) { <-r.Context().Done(); return 0, io.EOF }
				return &http.Response{StatusCode: 200, Body: closeFunc{readerFunc(read), func() error { panic("of Close") }}}, nil
			})
		})
		_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
		var timeout *appintegrations.AttemptTimeoutError
		assert.ErrorAs(t, err, &timeout)
	})
}

// TestNilFunctions: a nil function is nothing to do.
func TestNilFunctions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := aws.Config{Region: "us-east-1", Credentials: staticCredentials, HTTPClient: scripted(reply(503, ""), reply(200, "{}")),
			ServiceOptions: []func(string, any){nil}, APIOptions: nil,
			Retryer: func() aws.Retryer {
				return hookRetryer{RetryerV2: retry.NewStandard(),
					attemptToken: func(context.Context) (func(error) error, error) { return nil, nil },
					retryToken:   func(context.Context, error) (func(error) error, error) { return nil, nil }}
			}}
		client := appintegrations.NewFromConfig(cfg, nil)
		_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"), nil, appintegrations.WithAPIOptions(nil))
		assert.NoError(t, err)
	})
}

// TestPrefetchOfAnySize allocates what is fetched, not what is asked for.
func TestPrefetchOfAnySize(t *testing.T) {
	for _, prefetch := range []int{math.MinInt, -1, 0, 1, 64, 65, math.MaxInt} {
		server := appintegrationstest.New(func(o *appintegrationstest.Options) { o.PageSize = 1 })
		server.Put("example", make([]appintegrations.DataIntegrationAssociationSummary, 100)...)
		pages := appintegrations.NewListDataIntegrationAssociationsPaginator(server.Client(), input("example"),
			func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) { o.Prefetch = prefetch })
		n := 0
		for page, err := range pages.Pages(t.Context()) {
			require.NoError(t, err)
			if n++; n == 1 && prefetch > 64 {
				time.Sleep(50 * time.Millisecond)
				assert.LessOrEqual(t, len(server.Requests()), 1+64+1, "fetched ahead")
			}
			_ = page
		}
		assert.Equal(t, 100, n)
	}
}

// TestClockOfEachEndpoint: endpoints with different clocks keep an offset each
// under one Client.
func TestClockOfEachEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		offsets := map[string]time.Duration{"early.test": -time.Hour, "late.test": 2 * time.Hour, "right.test": 0}
		rejected := map[string]int{}
		client := stubClient("", func(o *appintegrations.Options) {
			o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
				now := time.Now().Add(offsets[r.URL.Host])
				signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
				require.NoError(t, err)
				if now.Sub(signed).Abs() > 5*time.Minute {
					rejected[r.URL.Host]++
					return replied(r, 403, strings.NewReader(""), "X-Amzn-ErrorType", "SignatureDoesNotMatch", "Date", now.UTC().Format(http.TimeFormat)), nil
				}
				return replied(r, 200, strings.NewReader("{}")), nil
			})
		})
		for range 5 {
			for host := range offsets {
				_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"), func(o *appintegrations.Options) { o.BaseEndpoint = aws.String("https://" + host) })
				require.NoError(t, err, host)
			}
		}
		assert.Equal(t, map[string]int{"early.test": 1, "late.test": 1}, rejected)
	})
}

// TestBasePaths: the identifier stays what it is behind any path of the base
// endpoint, and the signature is that of the request as it is sent.
func TestBasePaths(t *testing.T) {
	for _, path := range []string{"", "/", "//", "/a", "/a/", "/a%2F", "/a%2f", "/%2F", "/a%2F/", "/a b", "/%20", "/a/%2e%2e", "/é"} {
		for _, id := range []string{"example", "../x", "a/b", "é%2F+&=~?#", "..%2F"} {
			t.Run(path+" "+id, func(t *testing.T) {
				var sent *http.Request
				client := stubClient("", func(o *appintegrations.Options) {
					o.BaseEndpoint = aws.String("https://h.test" + path)
					o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
						sent = r
						return replied(r, 200, strings.NewReader("{}")), nil
					})
				})
				_, err := client.ListDataIntegrationAssociations(t.Context(), input(id))
				if err != nil {
					var config *appintegrations.ConfigError
					require.ErrorAs(t, err, &config, "refused, or sent rightly")
					return
				}
				segments := strings.Split(sent.URL.EscapedPath(), "/")
				require.GreaterOrEqual(t, len(segments), 3)
				got, err := url.PathUnescape(segments[len(segments)-2])
				require.NoError(t, err)
				assert.Equal(t, id, got, sent.URL.EscapedPath())
				assert.Equal(t, "dataIntegrations", segments[len(segments)-3])
			})
		}
	}
}

// TestForeignObjects mutates real pages and errors: a body is a page only if it
// is {} or has a member of a page.
func TestForeignObjects(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	real := []string{typicalPage(1), `{"NextToken":"a"}`, `{"DataIntegrationAssociations":[]}`, `{"message":"m","code":"c"}`, `{"__type":"x#Y"}`, `{}`, `{"error":{"code":1}}`}
	mutate := func(s string) string {
		b := []byte(s)
		for range 1 + r.IntN(3) {
			switch i := r.IntN(len(b)); r.IntN(4) {
			case 0:
				b[i] ^= 0x20 // the other case
			case 1:
				b = append(b[:i], b[min(i+1+r.IntN(4), len(b)):]...)
			case 2:
				b = append(b[:i:i], append([]byte("x"), b[i:]...)...)
			case 3:
				b = bytes.ReplaceAll(b, []byte(`"DataIntegrationAssociations"`), []byte(`"dataIntegrationAssociations"`))
			}
			if len(b) == 0 {
				b = []byte("{}")
			}
		}
		return string(b)
	}
	pages, errs, all := 0, 0, few(20_000, 4000)
	for range all {
		body := mutate(real[r.IntN(len(real))])
		_, err := stubClient(body, once).ListDataIntegrationAssociations(t.Context(), input("example"))
		want, ok := readPage([]byte(body))
		if err != nil {
			errs++
			continue
		}
		pages++
		require.True(t, ok, body)
		compact := strings.Join(strings.Fields(body), "")
		require.True(t, compact == "{}" || strings.Contains(body, `"DataIntegrationAssociations"`) || strings.Contains(body, `"NextToken"`), body)
		_ = want
	}
	t.Logf("%d pages, %d errors", pages, errs)
	assert.Positive(t, pages)
	assert.Greater(t, errs, all/20)
}

// TestHeaderTwice: an X-Amzn-ErrorType that comes twice, first empty, is read.
func TestHeaderTwice(t *testing.T) {
	client := stubClient("", once, func(o *appintegrations.Options) {
		o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
			resp := replied(r, 200, strings.NewReader("{}"))
			resp.Header["X-Amzn-Errortype"] = []string{"", "InternalServiceError"}
			return resp, nil
		})
	})
	_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
	var internal *appintegrations.InternalServiceError
	assert.True(t, errors.As(err, &internal), fmt.Sprint(err))
}
