package appintegrations_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// A repeater serves lists of four pages on loopback, and sends some responses
// twice on their connection, the copy a little later.
type repeater struct {
	listener net.Listener
	delay    time.Duration
	repeats  func(n int64) bool                            // the n-th response is sent twice
	respond  func(n int64, r *http.Request) (string, bool) // in place of a page; false: the page
	requests atomic.Int64
	wg       sync.WaitGroup
}

const repeaterPages = 4

func (s *repeater) start(t *testing.T) *repeater {
	var err error
	s.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(s.wg.Wait)
	t.Cleanup(func() { s.listener.Close() })
	s.wg.Go(func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.wg.Go(func() { s.serve(conn) })
		}
	})
	return s
}

func (s *repeater) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	var mu sync.Mutex
	var copies sync.WaitGroup
	defer copies.Wait()
	send := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		conn.Write([]byte(text))
	}
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		n := s.requests.Add(1)
		text, special := "", false
		if s.respond != nil {
			text, special = s.respond(n, r)
		}
		if !special {
			text = response(200, "r"+strconv.FormatInt(n, 10), listPage(r))
		}
		send(text)
		if s.repeats == nil || !s.repeats(n) {
			continue
		}
		if s.delay == 0 {
			send(text)
			continue
		}
		copies.Go(func() { time.Sleep(s.delay); send(text) })
	}
}

func response(status int, id, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nX-Amzn-Requestid: %s\r\nContent-Length: %d\r\n\r\n%s", status, http.StatusText(status), id, len(body), body)
}

// listPage returns a page of two items that name the list and the page.
func listPage(r *http.Request) string {
	page, _ := strconv.Atoi(r.URL.Query().Get("nextToken"))
	next := ""
	if page+1 < repeaterPages {
		next = fmt.Sprintf(`,"NextToken":"%d"`, page+1)
	}
	item := fmt.Sprintf(`{"ClientId":"%s-%d"}`, r.URL.EscapedPath(), page)
	return `{"DataIntegrationAssociations":[` + item + "," + item + `]` + next + `}`
}

func (s *repeater) client(t *testing.T, optFns ...func(*appintegrations.Options)) *appintegrations.Client {
	c := appintegrations.New(appintegrations.Options{
		Region: "us-east-1", Credentials: staticCredentials, BaseEndpoint: aws.String("http://" + s.listener.Addr().String()),
		HTTPClient: awshttp.NewBuildableClient(),
	}, optFns...)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// assertList lists one data integration and compares all its items.
func assertList(t *testing.T, client *appintegrations.Client, id string) {
	t.Helper()
	var got, want []string
	for item, err := range client.Associations(t.Context(), input(id)) {
		if !assert.NoError(t, err) {
			return
		}
		got = append(got, *item.ClientId)
	}
	for page := range repeaterPages {
		name := fmt.Sprintf("/dataIntegrations/%s/associations-%d", id, page)
		want = append(want, name, name)
	}
	assert.Equal(t, want, got)
}

// TestRepeatedResponses has a server that sends responses twice, at every delay
// that lets the copy meet the next request. The official client v1.37.11 doubles
// items of up to 98 of 150 lists, and fails none.
func TestRepeatedResponses(t *testing.T) {
	t.Parallel()
	lists, step := few(150, 50), time.Duration(more(50, 100, 200))*time.Microsecond
	userTransport := func(o *appintegrations.Options) { o.HTTPClient = &http.Client{Transport: &http.Transport{}} }
	for delay := time.Duration(0); delay <= time.Millisecond; delay += step {
		for name, optFns := range map[string][]func(*appintegrations.Options){"ours": nil, "user's transport": {userTransport}} {
			t.Run(fmt.Sprintf("%v, %s", delay, name), func(t *testing.T) {
				s := (&repeater{delay: delay, repeats: func(n int64) bool { return n%3 == 0 }}).start(t)
				client := s.client(t, optFns...)
				for i := range lists {
					assertList(t, client, strconv.Itoa(i))
				}
				t.Logf("%d requests for %d pages", s.requests.Load(), lists*repeaterPages)
			})
		}
	}
	t.Run("many at once", func(t *testing.T) {
		s := (&repeater{delay: 100 * time.Microsecond, repeats: func(n int64) bool { return n%5 == 0 }}).start(t)
		client := s.client(t)
		var wg sync.WaitGroup
		for g := range 16 {
			wg.Go(func() {
				for i := range 30 {
					assertList(t, client, strconv.Itoa(100*g+i))
				}
			})
		}
		wg.Wait()
	})
	t.Run("errors", func(t *testing.T) { // the copy of a throttle meets the retry, and shifts what follows
		s := &repeater{repeats: func(n int64) bool { return n%2 == 0 }}
		s.respond = func(n int64, _ *http.Request) (string, bool) {
			return response(503, "r"+strconv.FormatInt(n, 10), "{}"), n%4 == 0
		}
		s.start(t)
		client := s.client(t, func(o *appintegrations.Options) {
			o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
		})
		for i := range 20 {
			assertList(t, client, strconv.Itoa(i))
		}
	})
}

// TestSameResponses holds that mock servers which give all responses the same
// request id, and perhaps the same body, work as before: at most one request
// more, in all.
func TestSameResponses(t *testing.T) {
	const body = `{"DataIntegrationAssociations":[{"ClientId":"c"}]}`
	for _, row := range []struct {
		name    string
		respond func(n int64, r *http.Request) (string, bool)
		more    int64 // requests
	}{
		{"one id, one body", func(int64, *http.Request) (string, bool) { return response(200, "r", body), true }, 1},
		{"one id, a body for each URL", func(_ int64, r *http.Request) (string, bool) { return response(200, "r", listPage(r)), true }, 0},
		{"an id each, one body", func(n int64, _ *http.Request) (string, bool) {
			return response(200, strconv.FormatInt(n, 10), body), true
		}, 0},
		{"no id", func(int64, *http.Request) (string, bool) {
			return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body), true
		}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := (&repeater{respond: row.respond}).start(t)
			client := s.client(t, func(o *appintegrations.Options) { o.Retryer = aws.NopRetryer{} })
			for i := range 100 {
				for range 2 { // the same URL twice, then another
					_, err := client.ListDataIntegrationAssociations(t.Context(), input(strconv.Itoa(i)))
					require.NoError(t, err)
				}
			}
			assert.EqualValues(t, 200+row.more, s.requests.Load())
		})
	}
}

// TestRepeatedResponseAlone has no second connection for the request.
func TestRepeatedResponseAlone(t *testing.T) {
	s := (&repeater{repeats: func(int64) bool { return true }}).start(t)
	var dials atomic.Int64
	client := s.client(t, func(o *appintegrations.Options) {
		o.Retryer = aws.NopRetryer{}
		o.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if dials.Add(1) > 1 {
					return nil, &net.OpError{Op: "dial", Net: "tcp", Err: net.UnknownNetworkError("gone")}
				}
				return new(net.Dialer).DialContext(ctx, network, addr)
			}
		})
	})
	_, err := client.ListDataIntegrationAssociations(t.Context(), input("a"))
	require.NoError(t, err)
	_, err = client.ListDataIntegrationAssociations(t.Context(), input("b"))
	require.Error(t, err, "never the page of a")
	if malformed, ok := as[*appintegrations.MalformedResponseError](err); ok { // else the copy was read between the requests
		assert.Equal(t, 200, malformed.StatusCode)
		assert.True(t, retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err).Bool())
	}
	t.Log(err)
}
