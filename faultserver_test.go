package appintegrations_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// A faultServer answers requests byte by byte: over pipes, which work in the
// virtual time of a bubble, or over loopback.
type faultServer struct {
	url      string
	tls      *tls.Config                           // nil: plain text
	answer   func(c *faultConn, n int)             // the n-th request, from 1
	answerH2 func(c *h2Conn, stream uint32, n int) // in place of answer where HTTP/2 was agreed on
	greet    func(c *faultConn, n int) bool        // the n-th connection; false: no request is read from it

	listener        net.Listener // nil: pipes
	requests, conns atomic.Int64
	mu              sync.Mutex
	live            map[net.Conn]bool
	closed          bool
	wg              sync.WaitGroup
}

// certificate is for example.com and loopback, and signs itself.
var certificate = sync.OnceValues(func() (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Date(2084, 1, 1, 0, 0, 0, 0, time.UTC),
		DNSNames: []string{"example.com"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
})

func serverTLS(protocols ...string) *tls.Config {
	cert, _ := certificate()
	// One curve, a cheap one: the handshakes are most of what the tests cost.
	return &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: protocols, CurvePreferences: []tls.CurveID{tls.X25519}}
}

// bubble runs a test in virtual time.
func bubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

func (s *faultServer) start(tb testing.TB) *faultServer {
	s.live, s.url = map[net.Conn]bool{}, "http://example.com"
	if s.tls != nil {
		s.url = "https://example.com"
	}
	tb.Cleanup(s.close)
	return s
}

// listen serves on loopback too.
func (s *faultServer) listen(tb testing.TB) *faultServer {
	s.start(tb)
	var err error
	s.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	s.url = s.url[:len(s.url)-len("example.com")] + s.listener.Addr().String()
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

func (s *faultServer) close() {
	s.mu.Lock()
	s.closed = true
	for conn := range s.live {
		conn.Close()
	}
	s.mu.Unlock()
	if s.listener != nil {
		s.listener.Close()
	}
	s.wg.Wait()
}

func (s *faultServer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if s.listener != nil {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	client, server := newPipe()
	s.wg.Go(func() { s.serve(server) })
	return client, nil
}

// buildable is a client whose transport is rebuilt by this module, with its
// limits, and dials the server.
func (s *faultServer) buildable() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(s.configure)
}

func (s *faultServer) configure(t *http.Transport) {
	_, pool := certificate()
	t.DialContext, t.Proxy = s.dial, nil
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{}
	}
	t.TLSClientConfig.RootCAs = pool
	t.TLSClientConfig.CurvePreferences = []tls.CurveID{tls.X25519}
	t.ForceAttemptHTTP2 = true
}

func (s *faultServer) httpClient() *http.Client {
	t := &http.Transport{}
	s.configure(t)
	return &http.Client{Transport: t}
}

func (s *faultServer) client(tb testing.TB, optFns ...func(*appintegrations.Options)) *appintegrations.Client {
	c := appintegrations.New(appintegrations.Options{
		Region: "us-east-1", Credentials: staticCredentials, BaseEndpoint: aws.String(s.url), HTTPClient: s.buildable(),
	}, optFns...)
	tb.Cleanup(c.CloseIdleConnections)
	return c
}

func (s *faultServer) serve(conn net.Conn) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		conn.Close()
		return
	}
	s.live[conn] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.live, conn)
		s.mu.Unlock()
		conn.Close()
	}()
	c := &faultConn{Conn: conn, raw: conn}
	n := int(s.conns.Add(1))
	if s.greet != nil && !s.greet(c, n) {
		return
	}
	if s.tls != nil {
		secure := tls.Server(conn, s.tls)
		if secure.Handshake() != nil {
			return
		}
		c.Conn = secure
		if secure.ConnectionState().NegotiatedProtocol == "h2" {
			(&h2Conn{faultConn: c, server: s}).serve()
			return
		}
	}
	c.r = bufio.NewReader(c.Conn)
	for !c.over {
		if _, err := http.ReadRequest(c.r); err != nil {
			return
		}
		s.answer(c, int(s.requests.Add(1)))
	}
}

// A faultConn is one connection, as the server has it.
type faultConn struct {
	net.Conn
	raw  net.Conn // below TLS
	r    *bufio.Reader
	over bool
}

func (c *faultConn) say(s string) bool {
	_, err := io.WriteString(c.Conn, s)
	return err == nil
}

// page answers with a whole page.
func (c *faultConn) page(body string) {
	c.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nX-Amzn-Requestid: r1\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
}

// drip sends a byte at a time until the client has gone.
func (c *faultConn) drip(s string, every time.Duration) {
	c.over = true
	for i := 0; i < len(s) && c.say(s[i:i+1]); i++ {
		time.Sleep(every)
	}
}

// stall waits until the client has gone.
func (c *faultConn) stall() {
	c.over = true
	var r io.Reader = c.Conn
	if c.r != nil {
		r = c.r
	}
	io.Copy(io.Discard, r)
}

// hangUp closes the connection below TLS: FIN.
func (c *faultConn) hangUp() {
	c.over = true
	c.raw.Close()
}

// reset closes the connection: RST.
func (c *faultConn) reset() {
	c.over = true
	switch raw := c.raw.(type) {
	case *pipeEnd:
		raw.out.end(errReset)
	case *net.TCPConn:
		raw.SetLinger(0)
	}
	c.raw.Close()
}

// An h2Conn is a connection over which HTTP/2 is spoken, with just enough of
// RFC 9113 to do wrong.
type h2Conn struct {
	*faultConn
	server *faultServer
	mu     sync.Mutex
	mute   atomic.Bool // answers nothing any more, pings included
}

// Frame types and flags, RFC 9113, section 6.
const (
	h2Data, h2Headers, h2Reset, h2Settings, h2Ping, h2GoAway = 0, 1, 3, 4, 6, 7
	h2EndStream, h2Ack, h2EndHeaders                         = 1, 1, 4
)

func (c *h2Conn) frame(kind, flags byte, stream uint32, payload []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	head := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	head = binary.BigEndian.AppendUint32(head, stream)
	_, err := c.Conn.Write(append(head, payload...))
	return err == nil
}

// headers sends ":status: 200" and "content-type: application/json".
func (c *h2Conn) headers(stream uint32) bool {
	return c.frame(h2Headers, h2EndHeaders, stream, append([]byte{0x88, 0x0f, 16, 16}, "application/json"...))
}

func (c *h2Conn) page(stream uint32, body string) {
	c.headers(stream)
	c.frame(h2Data, h2EndStream, stream, []byte(body))
}

func (c *h2Conn) abort(stream uint32) { c.frame(h2Reset, 0, stream, []byte{0, 0, 0, 2}) }

func (c *h2Conn) serve() {
	var wg sync.WaitGroup
	defer wg.Wait()
	defer c.raw.Close()
	preface := make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	if _, err := io.ReadFull(c.Conn, preface); err != nil {
		return
	}
	settled := make(chan struct{})
	wg.Go(func() { c.frame(h2Settings, 0, 0, nil); close(settled) })
	for {
		head := make([]byte, 9)
		if _, err := io.ReadFull(c.Conn, head); err != nil {
			return
		}
		payload := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
		if _, err := io.ReadFull(c.Conn, payload); err != nil {
			return
		}
		stream := binary.BigEndian.Uint32(head[5:])
		switch kind, flags := head[3], head[4]; {
		case c.mute.Load():
		case (kind == h2Settings || kind == h2Ping) && flags&h2Ack == 0:
			if kind == h2Settings {
				payload = nil
			}
			wg.Go(func() { c.frame(kind, h2Ack, 0, payload) })
		case kind == h2Headers:
			n := int(c.server.requests.Add(1))
			wg.Go(func() { <-settled; c.server.answerH2(c, stream, n) })
		}
	}
}

const (
	whole    = `{"DataIntegrationAssociations":[{"ClientId":"c1"},{"ClientId":"\u00e9 2"}],"NextToken":"dG9rZW4="}`
	ok200    = "HTTP/1.1 200 OK\r\nX-Amzn-Requestid: r1\r\n"
	oneByte  = time.Second
	defaults = 30 * time.Second // the AttemptTimeout
)

// list makes a call and returns the page as text, to compare it byte by byte.
func list(tb testing.TB, ctx context.Context, c *appintegrations.Client, optFns ...func(*appintegrations.Options)) (string, error) {
	tb.Helper()
	out, err := c.ListDataIntegrationAssociations(ctx, input("example"), optFns...)
	if err != nil {
		if out != nil {
			tb.Errorf("a page beside the error %v", err)
		}
		return "", err
	}
	return pageText(out), nil
}

func pageText(out *appintegrations.ListDataIntegrationAssociationsOutput) string {
	var b bytes.Buffer
	str := func(s *string) {
		if s == nil {
			b.WriteString("-")
			return
		}
		fmt.Fprintf(&b, "%q", *s)
	}
	for _, item := range out.DataIntegrationAssociations {
		for _, s := range []*string{item.ClientId, item.DataIntegrationArn, item.DataIntegrationAssociationArn, item.DestinationURI} {
			str(s)
		}
		if item.LastExecutionStatus != nil {
			fmt.Fprintf(&b, "%q", item.LastExecutionStatus.ExecutionStatus)
			str(item.LastExecutionStatus.StatusMessage)
		}
		fmt.Fprint(&b, item.ExecutionConfiguration != nil, ";")
	}
	str(out.NextToken)
	return b.String()
}

// wholeText is what pageText makes of whole.
var wholeText = sync.OnceValue(func() string {
	out, err := stubClient(whole).ListDataIntegrationAssociations(context.Background(), input("example"))
	if err != nil {
		panic(err)
	}
	return pageText(out)
})

// as is errors.As that returns what it found.
func as[E error](err error) (e E, ok bool) {
	ok = errors.As(err, &e)
	return e, ok
}
