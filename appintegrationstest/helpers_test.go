package appintegrationstest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	appintegrations "github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// caller sends signed requests to a server with net/http.
type caller struct {
	srv    *appintegrationstest.Server
	client *http.Client
	unit   time.Duration // a moment, short of sockets, long in virtual time
}

// outcome is what a caller got.
type outcome struct {
	status  int
	header  http.Header
	length  int64
	body    string
	page    page
	sendErr error // instead of an answer
	readErr error // after what is in body
	took    time.Duration
}

type page struct {
	DataIntegrationAssociations []struct{ ClientId string }
	NextToken                   string
	Message                     string
}

func (p page) ids() []string {
	out := []string{}
	for _, a := range p.DataIntegrationAssociations {
		out = append(out, a.ClientId)
	}
	return out
}

// both runs a test over a socket, and without one in a bubble of virtual time.
func both(t *testing.T, test func(*testing.T, caller), optFns ...func(*appintegrationstest.Options)) {
	t.Helper()
	t.Run("socket", func(t *testing.T) {
		srv := appintegrationstest.NewServer(t, optFns...)
		test(t, caller{srv, client(t, nil), 30 * time.Millisecond})
	})
	t.Run("synctest", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			srv := appintegrationstest.New(optFns...)
			defer srv.Close()
			test(t, caller{srv, client(t, srv), time.Hour})
		})
	})
}

// client follows no redirects and keeps no connections for others.
func client(t *testing.T, rt http.RoundTripper) *http.Client {
	if rt == nil {
		transport := &http.Transport{}
		t.Cleanup(transport.CloseIdleConnections)
		rt = transport
	}
	return &http.Client{
		Transport:     rt,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// request returns a signed request for a page; token and size may be empty.
func (c caller) request(t *testing.T, ctx context.Context, identifier string, query url.Values) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.srv.URL()+"/dataIntegrations/"+url.PathEscape(identifier)+"/associations", nil)
	require.NoError(t, err)
	r.URL.RawQuery = query.Encode()
	c.sign(t, r, time.Now())
	return r
}

func (c caller) sign(t *testing.T, r *http.Request, when time.Time) {
	t.Helper()
	cfg := c.srv.Config()
	creds, err := cfg.Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), creds, r, emptyHash, "app-integrations", cfg.Region, when))
}

func (c caller) get(t *testing.T, identifier string, query url.Values) outcome {
	t.Helper()
	return c.do(c.request(t, t.Context(), identifier, query))
}

func (c caller) do(r *http.Request) (o outcome) {
	began := time.Now()
	defer func() { o.took = time.Since(began) }()
	resp, err := c.client.Do(r)
	if err != nil {
		o.sendErr = err
		return o
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	o.status, o.header, o.length, o.body, o.readErr = resp.StatusCode, resp.Header, resp.ContentLength, string(b), err
	_ = json.Unmarshal(b, &o.page)
	return o
}

// associations returns n of them with the client ids c1, c2, and so on.
func associations(n int) []appintegrations.DataIntegrationAssociationSummary {
	out := make([]appintegrations.DataIntegrationAssociationSummary, n)
	for i := range out {
		out[i].ClientId = aws.String(fmt.Sprintf("c%d", i+1))
	}
	return out
}

func clientIDs(from, to int) []string {
	out := []string{}
	for i := from; i <= to; i++ {
		out = append(out, fmt.Sprintf("c%d", i))
	}
	return out
}

func last(t *testing.T, s *appintegrationstest.Server) appintegrationstest.Request {
	t.Helper()
	all := s.Requests()
	require.NotEmpty(t, all)
	return all[len(all)-1]
}

// assertServed checks that an answer is the normal one.
func assertServed(t *testing.T, o outcome, want []string) {
	t.Helper()
	require.NoError(t, o.sendErr)
	require.NoError(t, o.readErr)
	assert.Equal(t, http.StatusOK, o.status, o.body)
	assert.Equal(t, want, o.page.ids())
}
