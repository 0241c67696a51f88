package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

func noHook(*middleware.Stack) error { return nil }

// plainAndHooked runs a test on both ways that a call can take.
func plainAndHooked(t *testing.T, test func(*testing.T, func(*appintegrations.Options))) {
	t.Run("plain", func(t *testing.T) { test(t, func(*appintegrations.Options) {}) })
	t.Run("hooked", func(t *testing.T) {
		test(t, func(o *appintegrations.Options) { o.APIOptions = append(o.APIOptions, noHook) })
	})
}

func TestOnAttempt(t *testing.T) {
	throttle := typed(429, "ThrottlingException", "no")
	asked := reply(503, "", "Retry-After", "2")
	for _, row := range []struct {
		name    string
		answers []doFunc
		options func(*appintegrations.Options)
		want    []string
	}{
		{"a page", []doFunc{reply(200, "{}")}, nil, []string{"1 200 request-1 false"}},
		{"a retry", []doFunc{asked, reply(200, "{}")}, nil, []string{"1 503 ServiceUnavailable request-1 after 2s true", "2 200 request-1 false"}},
		{"out of attempts", []doFunc{asked}, nil, []string{"1 503 ServiceUnavailable request-1 after 2s true", "2 503 ServiceUnavailable request-1 after 2s true", "3 503 ServiceUnavailable request-1 false"}},
		{"final", []doFunc{typed(404, "ResourceNotFoundException", "no")}, nil, []string{"1 404 ResourceNotFoundException request-1 false"}},
		{"no response", []doFunc{breaks(errShutdown)}, once, []string{"1 0 false"}},
		{"no retry token", []doFunc{throttle}, func(o *appintegrations.Options) { o.Retryer = errorTextRetryer{retry: errShutdown} }, []string{"1 429 ThrottlingException request-1 false"}},
		{"a redirect", []doFunc{reply(307, "")}, nil, []string{"1 307 TemporaryRedirect request-1 false"}},
		{"a configuration", []doFunc{asked}, func(o *appintegrations.Options) { o.Region = "" }, nil},
		{"no attempt token", []doFunc{asked}, func(o *appintegrations.Options) { o.Retryer = errorTextRetryer{attempt: errShutdown} }, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			plainAndHooked(t, func(t *testing.T, hook func(*appintegrations.Options)) {
				synctest.Test(t, func(t *testing.T) {
					var got []string
					begun := time.Now()
					client := scripted(row.answers...).client(hook, func(o *appintegrations.Options) {
						if row.options != nil {
							row.options(o)
						}
						o.OnAttempt = func(_ context.Context, info appintegrations.AttemptInfo) {
							line := fmt.Sprint(info.Attempt, " ", info.StatusCode, " ")
							for _, s := range []string{info.ErrorCode, info.RequestID} {
								if s != "" {
									line += s + " "
								}
							}
							if info.Delay > 0 {
								line += fmt.Sprint("after ", info.Delay, " ")
							}
							got = append(got, line+fmt.Sprint(info.Retried))
							assert.Equal(t, "https://"+hostName, info.Endpoint)
							assert.Equal(t, info.StatusCode != 200, info.Err != nil)
							assert.Equal(t, time.Duration(info.Attempt-1)*2*time.Second, time.Since(begun), "before the back-off")
						}
					})
					_, _ = client.ListDataIntegrationAssociations(t.Context(), input("example"))
					assert.Equal(t, row.want, got)
				})
			})
		})
	}
}

// TestOnAttemptAndHooks: a hook before the loop that returns a page of its own
// makes no attempt; one behind it makes one.
func TestOnAttemptAndHooks(t *testing.T) {
	for _, row := range []struct {
		name string
		add  func(*middleware.Stack) error
		want int
	}{
		{"before the loop", func(s *middleware.Stack) error {
			return s.Initialize.Add(middleware.InitializeMiddlewareFunc("short", func(context.Context, middleware.InitializeInput, middleware.InitializeHandler) (out middleware.InitializeOutput, _ middleware.Metadata, _ error) {
				out.Result = &appintegrations.ListDataIntegrationAssociationsOutput{}
				return out, middleware.Metadata{}, nil
			}), middleware.After)
		}, 0},
		{"behind the loop", func(s *middleware.Stack) error {
			return s.Finalize.Add(middleware.FinalizeMiddlewareFunc("short", func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (out middleware.FinalizeOutput, _ middleware.Metadata, _ error) {
				out.Result = &appintegrations.ListDataIntegrationAssociationsOutput{}
				return out, middleware.Metadata{}, nil
			}), middleware.After)
		}, 1},
		{"an error of a step", func(*middleware.Stack) error { return errShutdown }, 0},
	} {
		count := 0
		client := scripted(reply(200, "{}")).client(appintegrations.WithAPIOptions(row.add), func(o *appintegrations.Options) {
			o.OnAttempt = func(_ context.Context, info appintegrations.AttemptInfo) {
				count++
				assert.Zero(t, info.StatusCode, "nothing was sent")
			}
		})
		_, _ = client.ListDataIntegrationAssociations(t.Context(), input("example"))
		assert.Equal(t, row.want, count, row.name)
	}
}

// TestOnAttemptThatMisbehaves: its panic is that of the call, and the call waits
// for it no longer than its context lasts, and a second.
func TestOnAttemptThatMisbehaves(t *testing.T) {
	plainAndHooked(t, func(t *testing.T, hook func(*appintegrations.Options)) {
		client := func(f func()) *appintegrations.Client {
			return scripted(reply(200, "{}")).client(hook, func(o *appintegrations.Options) {
				o.OnAttempt = func(context.Context, appintegrations.AttemptInfo) { f() }
			})
		}
		assert.PanicsWithValue(t, "boom", func() {
			_, _ = client(func() { panic("boom") }).ListDataIntegrationAssociations(t.Context(), input("example"))
		})
		page, err := client(runtime.Goexit).ListDataIntegrationAssociations(t.Context(), input("example"))
		assert.NoError(t, err)
		assert.NotNil(t, page)
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			hang := make(chan struct{})
			defer close(hang)
			begun := time.Now()
			_, err := client(func() { <-hang }).ListDataIntegrationAssociations(ctx, input("example"))
			assert.NoError(t, err, "the page has arrived")
			assert.Equal(t, 4*time.Second, time.Since(begun))
		})
	})
}

// TestOnAttemptOfManyCalls counts each attempt of 64 calls at once, some of which
// change it.
func TestOnAttemptOfManyCalls(t *testing.T) {
	plainAndHooked(t, func(t *testing.T, hook func(*appintegrations.Options)) {
		var mu sync.Mutex
		counts := map[string]int{}
		count := func(name string) func(*appintegrations.Options) {
			return func(o *appintegrations.Options) {
				o.OnAttempt = func(context.Context, appintegrations.AttemptInfo) {
					mu.Lock()
					defer mu.Unlock()
					counts[name]++
				}
			}
		}
		client := stubClient("{}", hook, count("client"))
		var calls sync.WaitGroup
		for i := range 64 {
			calls.Go(func() {
				var options []func(*appintegrations.Options)
				if i%2 == 1 {
					options = append(options, count("call"))
				}
				_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"), options...)
				assert.NoError(t, err)
			})
		}
		calls.Wait()
		assert.Equal(t, map[string]int{"client": 32, "call": 32}, counts)
	})
}

// TestOnAttemptOfACanceledBackOff reports the retry that was decided.
func TestOnAttemptOfACanceledBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		var infos []appintegrations.AttemptInfo
		_, err := scripted(reply(503, "")).client(func(o *appintegrations.Options) {
			o.Retryer = slowRetryer{}
			o.APIOptions = append(o.APIOptions, noHook)
			o.OnAttempt = func(_ context.Context, info appintegrations.AttemptInfo) { infos = append(infos, info) }
		}).ListDataIntegrationAssociations(ctx, input("example"))
		var canceled *aws.RequestCanceledError
		require.ErrorAs(t, err, &canceled)
		require.Len(t, infos, 1)
		assert.True(t, infos[0].Retried)
		assert.Equal(t, 10*time.Second, infos[0].Delay)
		assert.False(t, errors.Is(infos[0].Err, context.Canceled))
	})
}
