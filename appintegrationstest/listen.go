package appintegrationstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// NewServer starts a Server that listens on a socket, for the length of a test:
// tb.Cleanup closes it, and tb fails at once if it cannot listen. Do not use it
// inside testing/synctest, where a test that waits for a socket hangs: use [New].
func NewServer(tb testing.TB, optFns ...func(*Options)) *Server {
	tb.Helper()
	s, err := Start(optFns...)
	if err != nil {
		tb.Fatalf("appintegrationstest: %v", err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Start starts a Server that listens on a socket, outside of tests. The caller
// closes it. The error is that of listening on Options.Addr.
func Start(optFns ...func(*Options)) (*Server, error) {
	s := New(optFns...)
	ln, err := net.Listen("tcp", s.opts.Addr)
	if err != nil {
		s.Close()
		return nil, err
	}
	s.http = &http.Server{
		Handler:   s,
		Protocols: s.opts.protocols(),
		// A client that never finishes its headers must not outlive a test.
		ReadHeaderTimeout: time.Minute,
	}
	address := reachable(ln.Addr())
	if !s.opts.TLS {
		s.url = "http://" + address
		s.serve.Go(func() { _ = s.http.Serve(ln) }) // always ErrServerClosed: Close is its only end
		return s, nil
	}
	cert, err := selfSigned(address)
	if err != nil {
		s.Close()
		return nil, err
	}
	s.url, s.cert = "https://"+address, cert.Leaf
	s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.serve.Go(func() { _ = s.http.ServeTLS(ln, "", "") })
	return s, nil
}

// protocols returns what the listener speaks. HTTP/1.1 is always part of it, as
// it is of the service's front end.
func (o *Options) protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetHTTP2(o.HTTP2 && o.TLS)
	p.SetUnencryptedHTTP2(o.HTTP2 && !o.TLS)
	return p
}

// client returns an HTTP client for the listener; nil if any client will do.
func (s *Server) client() aws.HTTPClient {
	if !s.opts.TLS && !s.opts.HTTP2 {
		return nil
	}
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		if s.cert != nil {
			t.TLSClientConfig.RootCAs = x509.NewCertPool()
			t.TLSClientConfig.RootCAs.AddCert(s.cert)
			return
		}
		// Without TLS nothing is negotiated: the client has to know.
		t.Protocols = new(http.Protocols)
		t.Protocols.SetUnencryptedHTTP2(true)
	})
}

// reachable is the address to dial for a listener: the loopback for one that
// listens on every address.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// selfSigned returns a certificate for an address and the loopback, which is its
// own authority. It is valid for a year by the clock of the machine, since
// clients check it by theirs.
func selfSigned(address string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	host, _, _ := net.SplitHostPort(address)
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()),
		Subject:               pkix.Name{CommonName: "appintegrationstest"},
		NotBefore:             now.AddDate(0, 0, -1),
		NotAfter:              now.AddDate(1, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = append(template.IPAddresses, ip)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}
