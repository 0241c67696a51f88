package appintegrationstest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	appintegrations "github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// protocols are what a listener can speak.
var protocols = []struct {
	name       string
	tls, http2 bool
	proto      string // as in Request
}{
	{"HTTP/1.1", false, false, "HTTP/1.1"},
	{"HTTP/1.1 over TLS", true, false, "HTTP/1.1"},
	{"HTTP/2", true, true, "HTTP/2.0"},
	{"h2c", false, true, "HTTP/2.0"},
}

// overEach runs a test over each protocol. The server must have seen no other.
func overEach(t *testing.T, test func(*testing.T, *appintegrationstest.Server)) {
	t.Helper()
	for i, p := range protocols {
		if i%2 == 1 && testing.Short() {
			continue // some tests wait for real time to go by, on each
		}
		t.Run(p.name, func(t *testing.T) {
			srv := appintegrationstest.NewServer(t, func(o *appintegrationstest.Options) { o.TLS, o.HTTP2 = p.tls, p.http2 })
			test(t, srv)
			require.NotEmpty(t, srv.Requests())
			for _, r := range srv.Requests() {
				assert.Equal(t, p.proto, r.Proto)
				assert.Equal(t, p.tls, r.TLS)
			}
		})
	}
}

// is returns what tells an error that contains a T.
func is[T error](err error) bool {
	var t T
	return errors.As(err, &t)
}

func hasCode(code string) func(error) bool {
	return func(err error) bool {
		var api smithy.APIError
		return errors.As(err, &api) && api.ErrorCode() == code
	}
}

// TestClientBehaviour has this module's client page through a list whose second
// page meets a fault: the list is complete after one more request, or the call
// fails with the error that fits.
func TestClientBehaviour(t *testing.T) {
	message := aws.String("no")
	for _, test := range []struct {
		fault    appintegrationstest.Fault
		requests int
		fails    func(error) bool // nil: the list is complete
	}{
		{appintegrationstest.Fault{}, 3, nil},
		{appintegrationstest.ClockSkew(100 * time.Hour), 3, nil},
		{appintegrationstest.EmptyPage(), 4, nil},
		{appintegrationstest.Throttle(0), 4, nil},
		{appintegrationstest.GatewayThrottle(), 4, nil},
		{appintegrationstest.GatewayTimeout(), 4, nil},
		{appintegrationstest.ServiceError(&appintegrations.InternalServiceError{Message: message}), 4, nil},
		{appintegrationstest.BareStatus(503, ""), 4, nil},
		{appintegrationstest.BareStatus(429, "slow down"), 4, nil},
		{appintegrationstest.ProxyPage(502), 4, nil},
		{appintegrationstest.ProxyPage(200), 4, nil},
		{appintegrationstest.EmptyBody(), 4, nil},
		{appintegrationstest.Stall(0), 4, nil},
		{appintegrationstest.StallBody(10, 0), 4, nil},
		{appintegrationstest.Drip(1, 50*time.Millisecond), 4, nil},
		{appintegrationstest.CloseConnection(), 4, nil},
		{appintegrationstest.ResetConnection(), 4, nil},
		{appintegrationstest.CutBody(33), 4, nil},
		{appintegrationstest.ResetBody(33), 4, nil},
		{appintegrationstest.CutChunked(33), 4, nil},
		{appintegrationstest.TrailingBytes("{}"), 4, nil},
		{appintegrationstest.GzipCut(9), 4, nil},
		{appintegrationstest.GzipBadChecksum(), 4, nil},
		{appintegrationstest.GatewayForbidden(), 2, hasCode("ForbiddenException")},
		{appintegrationstest.GatewayMissingToken(), 2, hasCode("MissingAuthenticationTokenException")},
		{appintegrationstest.GatewayWAF(), 2, hasCode("ForbiddenException")},
		{appintegrationstest.ExpiredToken(), 2, hasCode("ExpiredTokenException")},
		{appintegrationstest.DeniedByResourcePolicy(), 2, is[*appintegrations.AccessDeniedException]},
		{appintegrationstest.ServiceError(&appintegrations.ResourceNotFoundException{Message: message}), 2, is[*appintegrations.ResourceNotFoundException]},
		{appintegrationstest.ServiceError(&appintegrations.InvalidRequestException{Message: message}), 2, is[*appintegrations.InvalidRequestException]},
		{appintegrationstest.Redirect(307, "https://example.com/"), 2, is[*appintegrations.RedirectError]},
		{appintegrationstest.RepeatToken().Always(), 4, is[*appintegrations.PaginationLoopError]},
	} {
		t.Run(test.fault.String(), func(t *testing.T) {
			t.Parallel() // most of the time goes by in back-offs
			overEach(t, func(t *testing.T, srv *appintegrationstest.Server) {
				srv.Put("a", associations(60)...)
				srv.Fail(test.fault.OnPage(2))
				client := srv.Client(func(o *appintegrations.Options) {
					if waits := strings.HasPrefix(test.fault.String(), "stall") || strings.HasPrefix(test.fault.String(), "drip"); waits {
						o.AttemptTimeout = time.Second
					}
				})
				defer client.CloseIdleConnections()
				got, err := clientIDsOf(t.Context(), client)
				if test.fails != nil {
					assert.True(t, test.fails(err), "%v", err)
				} else if assert.NoError(t, err) {
					assert.Equal(t, clientIDs(1, 60), got)
				}
				assert.Equal(t, test.requests, len(srv.Requests()), "requests")
			})
		})
	}
}

// clientIDsOf returns the client ids of the associations of "a".
func clientIDsOf(ctx context.Context, client *appintegrations.Client) ([]string, error) {
	got := []string{}
	for a, err := range client.Associations(ctx, &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("a")}) {
		if err != nil {
			return got, err
		}
		got = append(got, *a.ClientId)
	}
	return got, nil
}

// TestManyOverEach has 64 callers in flight, each of which meets a fault on its
// first page.
func TestManyOverEach(t *testing.T) {
	overEach(t, func(t *testing.T, srv *appintegrationstest.Server) {
		srv.Put("a", associations(60)...)
		busy := appintegrationstest.ProxyPage(503)
		do := busy.Do
		busy.Do = func(w http.ResponseWriter, r *http.Request) bool {
			return strings.HasPrefix(r.Header.Get("Amz-Sdk-Request"), "attempt=1;") && do(w, r)
		}
		srv.Fail(busy.OnPage(1).Always())
		client := srv.Client()
		defer client.CloseIdleConnections()
		var complete atomic.Int32
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				if got, err := clientIDsOf(t.Context(), client); assert.NoError(t, err) && assert.Equal(t, clientIDs(1, 60), got) {
					complete.Add(1)
				}
			})
		}
		wg.Wait()
		assert.EqualValues(t, 64, complete.Load())
		assert.Equal(t, 64*4, len(srv.Requests()), "requests")
	})
}

// TestCloseOverEach closes a server while requests are stalled.
func TestCloseOverEach(t *testing.T) {
	defer goleak.VerifyNone(t)
	overEach(t, func(t *testing.T, srv *appintegrationstest.Server) {
		srv.Put("a", associations(60)...)
		stalled := make(chan struct{})
		stall := appintegrationstest.StallBody(10, 0)
		do := stall.Do
		stall.Do = func(w http.ResponseWriter, r *http.Request) bool { close(stalled); return do(w, r) }
		srv.Fail(stall)
		client := srv.Client(func(o *appintegrations.Options) { o.Retryer = aws.NopRetryer{} })
		defer client.CloseIdleConnections()
		ended := make(chan error)
		go func() {
			_, err := clientIDsOf(context.Background(), client)
			ended <- err
		}()
		<-stalled
		srv.Close()
		assert.Error(t, <-ended)
	})
}

// TestHTTP1BesidesHTTP2 has a client that knows HTTP/1.1 alone.
func TestHTTP1BesidesHTTP2(t *testing.T) {
	for _, withTLS := range []bool{false, true} {
		srv := appintegrationstest.NewServer(t, func(o *appintegrationstest.Options) { o.TLS, o.HTTP2 = withTLS, true })
		srv.Put("a", associations(2)...)
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}
		defer transport.CloseIdleConnections()
		c := caller{srv: srv, client: &http.Client{Transport: transport}}
		assertServed(t, c.get(t, "a", nil), clientIDs(1, 2))
		assert.Equal(t, "HTTP/1.1", last(t, srv).Proto)
		assert.Equal(t, withTLS, last(t, srv).TLS)
	}
}

// TestCertificate has clients that do and do not trust the listener.
func TestCertificate(t *testing.T) {
	srv := appintegrationstest.NewServer(t, func(o *appintegrationstest.Options) { o.TLS = true })
	assert.NoError(t, srv.Certificate().VerifyHostname("127.0.0.1"))
	assert.NoError(t, srv.Certificate().VerifyHostname("localhost"))
	stranger := srv.Client(func(o *appintegrations.Options) { o.HTTPClient = nil; o.RetryMaxAttempts = 1 })
	defer stranger.CloseIdleConnections()
	_, err := clientIDsOf(t.Context(), stranger)
	assert.ErrorContains(t, err, "certificate")
	assert.Empty(t, srv.Requests())
	assert.Nil(t, appintegrationstest.NewServer(t).Certificate())
}

// TestOnRequest compares what is reported with what is kept.
func TestOnRequest(t *testing.T) {
	var mu sync.Mutex
	var reported []appintegrationstest.Request
	both(t, func(t *testing.T, c caller) {
		mu.Lock()
		reported = nil
		mu.Unlock()
		c.srv.Put("a", associations(2)...)
		c.srv.Fail(appintegrationstest.CloseConnection().OnPage(1), appintegrationstest.GatewayThrottle(), appintegrationstest.CutBody(9))
		ids := []string{}
		for range 4 {
			o := c.get(t, "a", nil)
			ids = append(ids, o.header.Get("X-Amzn-Requestid"))
			if o.sendErr == nil {
				assert.Regexp(t, `^[A-Za-z0-9_-]{15}=$`, o.header.Get("X-Amz-Apigw-Id"))
			} else {
				assert.ErrorIs(t, o.sendErr, io.EOF)
			}
		}
		c.srv.Close()
		mu.Lock()
		defer mu.Unlock()
		assert.Equal(t, c.srv.Requests(), reported)
		require.Len(t, reported, 4)
		assert.Equal(t, []string{"", reported[1].RequestID, reported[2].RequestID, reported[3].RequestID}, ids)
		assert.Equal(t, []int{0, 429, 200, 200}, []int{reported[0].Status, reported[1].Status, reported[2].Status, reported[3].Status})
	}, func(o *appintegrationstest.Options) {
		o.OnRequest = func(r appintegrationstest.Request) {
			mu.Lock()
			defer mu.Unlock()
			reported = append(reported, r)
		}
	})
}

// TestResetOverTLS has a reset that TLS must not turn into a close.
func TestResetOverTLS(t *testing.T) {
	srv := appintegrationstest.NewServer(t, func(o *appintegrationstest.Options) { o.TLS = true })
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	c := caller{srv: srv, client: &http.Client{Transport: transport}}
	srv.Fail(appintegrationstest.ResetConnection(), appintegrationstest.CloseConnection())
	assert.ErrorIs(t, c.get(t, "a", nil).sendErr, syscall.ECONNRESET)
	assert.ErrorIs(t, c.get(t, "a", nil).sendErr, io.EOF)
}
