package appintegrations

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// A connectError says that a proxy rejected CONNECT.
type connectError struct {
	status int
	header http.Header
}

func (e *connectError) Error() string {
	return "the proxy rejected CONNECT with status " + strconv.Itoa(e.status)
}

// response returns the proxy's response as if it were that to the request, with
// the reason in place of the body, which is gone with the connection.
func (e *connectError) response(req *http.Request) *http.Response {
	header := e.header
	header.Del("Content-Encoding")
	header.Set("Content-Type", "application/json")
	body := `{"message":"` + e.Error() + `"}`
	return &http.Response{
		StatusCode: e.status, Status: strconv.Itoa(e.status) + " " + http.StatusText(e.status),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// connectHook is the type of http.Transport.OnProxyConnectResponse.
type connectHook = func(context.Context, *url.URL, *http.Request, *http.Response) error

// withConnectError makes a *connectError of an error that a proxy responds to
// CONNECT with. Go's transport keeps no more of it than the status text.
func withConnectError(given connectHook) connectHook {
	return func(ctx context.Context, proxy *url.URL, req *http.Request, resp *http.Response) error {
		if given != nil {
			if err := given(ctx, proxy, req, resp); err != nil {
				return err
			}
		}
		if resp.StatusCode < 300 {
			return nil
		}
		return &connectError{resp.StatusCode, resp.Header.Clone()}
	}
}

// withoutProxyURL returns the error of a request. If the URL of the proxy is
// invalid, package net/http quotes it, with its password: in place of that stands
// a *ConfigError.
func withoutProxyURL(t *http.Transport, req *http.Request, err error) error {
	if t.Proxy == nil {
		return err
	}
	_, proxyErr := t.Proxy(req)
	if proxyErr == nil || proxyErr.Error() != err.Error() {
		return err
	}
	var invalid *url.Error
	if !errors.As(proxyErr, &invalid) && !strings.Contains(proxyErr.Error(), "invalid proxy address") {
		return err
	}
	return errProxyAddress
}

// errProxyAddress stands for an error that quotes the address of a proxy: where
// that does not parse, nobody can tell which part of the text is the password.
var errProxyAddress = &ConfigError{Field: "HTTPClient", Reason: "the URL of its proxy is invalid"}

// quotesProxy reports whether an error quotes the address of a proxy that does
// not parse, whatever transport it comes from. The URL of the request did parse.
func quotesProxy(err error) bool {
	if strings.Contains(err.Error(), "invalid proxy address") { // of http.ProxyFromEnvironment
		return true
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if u, ok := err.(*url.Error); ok && u.Op == "parse" {
			return true
		}
	}
	return false
}
