package compat

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pageServer answers every request with a page.
func pageServer(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Write([]byte(onePage))
}

// AWS_CA_BUNDLE and ca_bundle make both clients trust a server, which neither
// does without.
func TestCABundle(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(pageServer))
	defer server.Close()
	server.Config.ErrorLog = nil
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(bundle, certificate, 0o600))
	rows := []struct {
		name    string
		env     env
		file    string
		trusted bool
	}{
		{"environment", env{"AWS_CA_BUNDLE": bundle}, "", true},
		{"file", nil, "[default]\nca_bundle = " + bundle + "\n", true},
		{"none", nil, "", false},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			eachPeer(t, func(t *testing.T, p peer) {
				isolate(t, r.env, r.file)
				t.Setenv("AWS_ENDPOINT_URL", server.URL)
				t.Setenv("AWS_MAX_ATTEMPTS", "1")
				cfg, err := config.LoadDefaultConfig(t.Context())
				require.NoError(t, err)
				out, err := p.fromConfig(cfg).list(t.Context(), anInput)
				if !r.trusted {
					assert.ErrorContains(t, err, "certificate")
					return
				}
				require.NoError(t, err)
				assert.Contains(t, out.Items, `"ClientId":"c"`)
			})
		})
	}
}

// Package net/http reads the proxy variables once for a process: each row runs
// in its own.
func TestProxy(t *testing.T) {
	var proxied atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host == "service.invalid" { // an absolute URL: it is asked as a proxy
			proxied.Add(1)
		}
		pageServer(w, r)
	}))
	defer proxy.Close()
	rows := []struct {
		name, noProxy, want string
		proxied             int32
	}{
		{"HTTP_PROXY", "", "a page", 1},
		{"NO_PROXY", ".invalid", "a look-up", 0},
	}
	for _, r := range rows {
		for _, p := range peers {
			t.Run(r.name+"/"+p.name, func(t *testing.T) {
				isolate(t, env{"HTTP_PROXY": proxy.URL, "NO_PROXY": r.noProxy, "AWS_ENDPOINT_URL": "http://service.invalid", proxyChild: p.name}, "")
				proxied.Store(0)
				out, err := exec.CommandContext(t.Context(), os.Args[0]).CombinedOutput()
				require.NoError(t, err, "%s", out)
				assert.Contains(t, string(out), "the call ended with "+r.want)
				assert.Equal(t, r.proxied, proxied.Load())
			})
		}
	}
}

const proxyChild = "COMPAT_PROXY_CHILD"

// TestMain runs the tests, or in a child process of TestProxy one call.
func TestMain(m *testing.M) {
	name := os.Getenv(proxyChild)
	if name == "" {
		m.Run()
		return
	}
	for _, p := range peers {
		if p.name == name {
			fmt.Println("the call ended with " + callByProxy(p))
		}
	}
}

// callByProxy makes a call with what is in the environment, and tells how it
// ended.
func callByProxy(p peer) string {
	errLookUp := errors.New("there is no DNS here")
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errLookUp }}
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }))
	if err == nil {
		_, err = p.fromConfig(cfg).list(context.Background(), anInput)
	}
	switch {
	case err == nil:
		return "a page"
	case strings.Contains(err.Error(), errLookUp.Error()):
		return "a look-up"
	}
	return err.Error()
}
