package appintegrations

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const version = "0.1.0" // of this module

// A callerKind is who makes a call, as the User-Agent names it.
type callerKind int

const (
	plainCaller callerKind = iota
	paginatorCaller
	waiterCaller
)

// agents are the User-Agent of each caller, made when it is first asked for. They
// are safe for concurrent use.
type agents struct {
	options *Options
	texts   [3]atomic.Pointer[string]
}

func (a *agents) of(who callerKind) string {
	if text := a.texts[who].Load(); text != nil {
		return *text
	}
	text := buildUserAgent(requestUserAgent(a.options, who))
	a.texts[who].Store(&text)
	return text
}

// requestUserAgent builds the header as the SDK does, with this library named in
// the place of the official client.
func requestUserAgent(o *Options, who callerKind) *awsmiddleware.RequestUserAgent {
	agent := awsmiddleware.NewRequestUserAgent()
	agent.AddSDKAgentKeyValue(awsmiddleware.FrameworkMetadata, "appintegrations-go", version)
	if o.AppID != "" {
		agent.AddSDKAgentKey(awsmiddleware.ApplicationIdentifier, o.AppID)
	}
	switch who {
	case paginatorCaller:
		agent.AddUserAgentFeature(awsmiddleware.UserAgentFeaturePaginator)
	case waiterCaller:
		agent.AddUserAgentFeature(awsmiddleware.UserAgentFeatureWaiter)
	}
	switch r := o.Retryer.(type) {
	case *retry.Standard:
		agent.AddUserAgentFeature(awsmiddleware.UserAgentFeatureRetryModeStandard)
	case *retry.AdaptiveMode:
		agent.AddUserAgentFeature(awsmiddleware.UserAgentFeatureRetryModeAdaptive)
	case *defaultRetryer:
		if !r.limited { // the official client has a wrapper then, which it does not name
			agent.AddUserAgentFeature(r.userAgentFeature(o.RetryMode))
		}
	}
	if source, ok := o.Credentials.(aws.CredentialProviderSource); ok {
		for _, s := range source.ProviderSources() {
			agent.AddCredentialsSource(s)
		}
	}
	return agent
}

// buildUserAgent runs the SDK's middleware for the header by itself.
func buildUserAgent(agent *awsmiddleware.RequestUserAgent) string {
	req := &http.Request{Header: http.Header{}}
	in := middleware.BuildInput{Request: &smithyhttp.Request{Request: req}}
	agent.HandleBuild(context.Background(), in, buildEnd)
	return req.Header.Get("User-Agent")
}

// buildEnd is a stack of middleware with nothing more in it.
var buildEnd = middleware.BuildHandlerFunc(func(context.Context, middleware.BuildInput) (out middleware.BuildOutput, metadata middleware.Metadata, err error) {
	return out, metadata, nil
})
