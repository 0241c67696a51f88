package appintegrations_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/types"
)

// endsWithContext answers when the context of its request ends, as a transport does.
func endsWithContext(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// A stallingBody gives a part, then nothing until it is closed.
type stallingBody struct {
	part   string
	closed chan struct{}
}

func (b *stallingBody) Read(p []byte) (int, error) {
	if n := copy(p, b.part); n > 0 {
		b.part = b.part[n:]
		return n, nil
	}
	<-b.closed
	return 0, errors.New("read of a closed body")
}

func (b *stallingBody) Close() error { close(b.closed); return nil }

func stallsAfter(status int, part string, headers ...string) doFunc {
	return func(r *http.Request) (*http.Response, error) {
		resp := replied(r, status, nil, headers...)
		resp.Body = &stallingBody{part: part, closed: make(chan struct{})}
		return resp, nil
	}
}

// An ignoringProvider pays no attention to the context.
type ignoringProvider struct{ wait time.Duration }

func (p ignoringProvider) Retrieve(context.Context) (aws.Credentials, error) {
	time.Sleep(p.wait)
	return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
}

var errShutdown = errors.New("the process shuts down")

// TestContext ends the context of a call 200 ms after its start, wherever the
// call is then. It returns at once, in virtual time.
func TestContext(t *testing.T) {
	const after = 200 * time.Millisecond
	slow := func(o *appintegrations.Options) { o.Retryer = slowRetryer{} }
	ignoring := func(o *appintegrations.Options) { o.Credentials = ignoringProvider{3 * time.Second} }
	throttled := reply(429, `{"Message":"Rate exceeded"}`, "X-Amzn-ErrorType", "ThrottlingException")
	rows := []struct {
		name     string
		answers  []doFunc
		option   func(*appintegrations.Options) // of the client
		perCall  func(*appintegrations.Options)
		requests int
		last     bool // a throttle was the last answer
	}{
		{"in flight", []doFunc{endsWithContext}, nil, nil, 1, false},
		{"in flight, after a throttle", []doFunc{reply(429, "", "X-Amz-Retry-After", "0"), endsWithContext}, func(o *appintegrations.Options) { o.Retryer = errorTextRetryer{} }, nil, 2, true},
		{"in back-off", []doFunc{throttled}, slow, nil, 1, true},
		{"in back-off for Retry-After", []doFunc{reply(429, "", "Retry-After", "5")}, nil, nil, 1, true},
		{"in a page", []doFunc{stallsAfter(200, `{"DataIntegrationAssociations":[`)}, nil, nil, 1, false},
		{"before the first byte of a page", []doFunc{stallsAfter(200, "")}, nil, nil, 1, false},
		{"in the body of an error", []doFunc{stallsAfter(429, `{"message":"Rate exc`, "X-Amzn-ErrorType", "ThrottlingException")}, nil, nil, 1, true},
		{"waiting for credentials", []doFunc{reply(200, "{}")}, ignoring, nil, 0, false},
		{"waiting for credentials of the call", []doFunc{reply(200, "{}")}, nil, ignoring, 0, false},
	}
	for _, row := range rows {
		for _, deadline := range []bool{false, true} {
			name := row.name + ", cancelled"
			if deadline {
				name = row.name + ", deadline"
			}
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := scripted(row.answers...)
					start := time.Now()
					ctx, cancel := context.WithCancelCause(t.Context())
					want := context.Canceled
					if deadline {
						var stop context.CancelFunc
						ctx, stop = context.WithTimeoutCause(ctx, after, errShutdown)
						defer stop()
						want = context.DeadlineExceeded
					} else {
						time.AfterFunc(after, func() { cancel(errShutdown) })
					}
					defer cancel(nil)
					client := s.client(func(o *appintegrations.Options) {
						if row.option != nil {
							row.option(o)
						}
					})
					_, err := client.ListDataIntegrationAssociations(ctx, input("example"), func(o *appintegrations.Options) {
						if row.perCall != nil {
							row.perCall(o)
						}
					})
					took := time.Since(start)
					if deadline && row.last && row.requests == 1 && len(row.answers) == 1 && !errors.Is(err, errShutdown) {
						assert.Zero(t, took, "the back-off would pass the deadline")
					} else {
						assert.Equal(t, after, took)
						assert.ErrorIs(t, err, errShutdown)
						assert.Contains(t, err.Error(), errShutdown.Error())
					}
					checkCanceled(t, err, want)
					assert.Equal(t, row.requests, s.count(), "requests")
					var throttle *types.ThrottlingException
					assert.Equal(t, row.last, errors.As(err, &throttle), "%v", err)
					var api smithy.APIError
					assert.Equal(t, row.last, errors.As(err, &api), "%v", err)
					time.Sleep(time.Minute) // for the provider that is left behind
				})
			})
		}
	}
	t.Logf("%d places, 2 ends each", len(rows))
}

func checkCanceled(t *testing.T, err, want error) {
	t.Helper()
	assert.ErrorIs(t, err, want)
	var requestCanceled *aws.RequestCanceledError
	assert.ErrorAs(t, err, &requestCanceled)
	var canceled *smithy.CanceledError
	assert.ErrorAs(t, err, &canceled)
	var operation *smithy.OperationError
	assert.ErrorAs(t, err, &operation)
	checkText(t, err, want.Error())
}

// TestContextDeadlineBeforeBackOff fails at once where waiting could only lose
// the answer, and says both.
func TestContextDeadlineBeforeBackOff(t *testing.T) {
	for name, answer := range map[string]doFunc{
		"seconds": reply(429, `{"Message":"Rate exceeded"}`, "Retry-After", "10"),
		"date": func(r *http.Request) (*http.Response, error) {
			now := time.Now().Add(time.Hour).UTC() // by the service's clock
			return reply(429, `{"Message":"Rate exceeded"}`, "Date", now.Format(http.TimeFormat), "Retry-After", now.Add(10*time.Second).Format(http.TimeFormat))(r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
				defer cancel()
				s, start := scripted(answer), time.Now()
				_, err := s.client().ListDataIntegrationAssociations(ctx, input("example"))
				assert.Zero(t, time.Since(start))
				assert.NoError(t, ctx.Err(), "which a caller must not return then")
				checkCanceled(t, err, context.DeadlineExceeded)
				var throttled *types.ThrottlingException
				require.ErrorAs(t, err, &throttled)
				checkText(t, err, "StatusCode: 429", "request-1", "Rate exceeded", "attempt 1", "deadline exceeded")
				assert.Equal(t, 1, s.count())
			})
		})
	}
}

func TestContextDoneBefore(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errShutdown)
	s := scripted(reply(200, "{}"))
	client := s.client(func(o *appintegrations.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			t.Error("the provider is asked")
			return aws.Credentials{}, nil
		})
	})
	_, err := client.ListDataIntegrationAssociations(ctx, input("example"))
	checkCanceled(t, err, context.Canceled)
	assert.ErrorIs(t, err, errShutdown)
	assert.Zero(t, s.count())
}

func TestContextNil(t *testing.T) {
	s := scripted(reply(200, "{}"))
	var none context.Context
	_, err := s.client().ListDataIntegrationAssociations(none, input("example"))
	checkText(t, err, "the context is nil")
	_, err = appintegrations.NewListDataIntegrationAssociationsPaginator(s.client(), input("example")).NextPage(none)
	assert.ErrorContains(t, err, "context is nil")
	assert.Zero(t, s.count())
}

// TestContextOfAttempt ends an attempt by its own limit: the call goes on, and
// no error of it is one of the caller's context.
func TestContextOfAttempt(t *testing.T) {
	for name, first := range map[string]doFunc{
		"in flight": endsWithContext, "in a page": stallsAfter(200, "{"), "in an endless stream of nothing": func(r *http.Request) (*http.Response, error) {
			return replied(r, 200, iotestNothing{}), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, start := scripted(first, reply(200, "{}")), time.Now()
				_, err := s.client().ListDataIntegrationAssociations(t.Context(), input("example"))
				require.NoError(t, err)
				assert.Equal(t, 2, s.count())
				assert.LessOrEqual(t, time.Since(start), 31*time.Second+50*time.Millisecond)
			})
			synctest.Test(t, func(t *testing.T) {
				s := scripted(first)
				_, err := s.client(once, func(o *appintegrations.Options) { o.AttemptTimeout = time.Second }).ListDataIntegrationAssociations(t.Context(), input("example"))
				var timeout *appintegrations.AttemptTimeoutError
				require.ErrorAs(t, err, &timeout)
				assert.Equal(t, time.Second, timeout.After)
				assert.NotErrorIs(t, err, context.DeadlineExceeded)
				checkText(t, err, "attempt 1")
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s, start := scripted(reply(200, "{}")), time.Now()
		_, err := s.client(func(o *appintegrations.Options) { o.Credentials = ignoringProvider{40 * time.Second} }).ListDataIntegrationAssociations(t.Context(), input("example"))
		require.NoError(t, err, "the credentials of the first attempt serve the second")
		assert.Equal(t, 1, s.count())
		assert.GreaterOrEqual(t, time.Since(start), 40*time.Second)
		assert.Less(t, time.Since(start), 41*time.Second)
		time.Sleep(40 * time.Second) // until the provider that the second attempt asked returns
	})
}

// iotestNothing gives no bytes and no error, one by one and in no hurry.
type iotestNothing struct{}

func (iotestNothing) Read([]byte) (int, error) {
	time.Sleep(time.Second)
	return 0, nil
}

var _ io.Reader = iotestNothing{}
