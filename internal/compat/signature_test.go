package compat

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	invocationIDHeader = "Amz-Sdk-Invocation-Id"
	emptyPayloadHash   = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// pinned returns a copy of a request as it would have been sent with one
// certain invocation id. That id is random and part of what is signed, so the
// copy is signed anew, for the scope and time that the request names. Before
// that the request's own signature is made again in the same way: only if it
// comes out the same does the new one stand for it.
func pinned(req *http.Request, creds aws.Credentials, singleEscape bool) (*http.Request, error) {
	again, err := resigned(req, req.Header.Get(invocationIDHeader), creds, singleEscape)
	if err != nil {
		return nil, err
	}
	if was, is := req.Header.Get("Authorization"), again.Header.Get("Authorization"); was != is {
		return nil, fmt.Errorf("sent with %s, but its signature comes to %s", was, is)
	}
	return resigned(req, "00000000-0000-4000-8000-000000000000", creds, singleEscape)
}

func resigned(req *http.Request, invocationID string, creds aws.Credentials, singleEscape bool) (*http.Request, error) {
	authorization := req.Header.Get("Authorization")
	req = req.Clone(context.Background())
	req.Header.Set(invocationIDHeader, invocationID)
	if authorization == "" {
		return req, nil
	}
	req.Header.Del("Authorization")
	service, region, ok := scope(authorization, creds.AccessKeyID)
	at, err := time.Parse("20060102T150405Z", req.Header.Get("X-Amz-Date"))
	if err != nil || !ok {
		return nil, fmt.Errorf("not a signed request: %v", req.Header)
	}
	err = v4.NewSigner().SignHTTP(context.Background(), creds, req, emptyPayloadHash, service, region, at, func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = singleEscape
	})
	return req, err
}

// scope takes service and Region out of an Authorization header.
func scope(authorization, accessKeyID string) (service, region string, ok bool) {
	rest, found := strings.CutPrefix(authorization, "AWS4-HMAC-SHA256 Credential="+accessKeyID+"/")
	rest, _, _ = strings.Cut(rest, ",")
	parts := strings.Split(rest, "/") // date, Region, service, "aws4_request"
	if !found || len(parts) != 4 {
		return "", "", false
	}
	return parts[2], parts[1], true
}
