package appintegrations

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyrand "github.com/aws/smithy-go/rand"
)

// A core is what all copies of a [Client] share. It lives as long as they do.
type core struct {
	settings    settings // of the client
	perCall     atomic.Pointer[derivedClient]
	buffers     sync.Pool    // of *[]byte, for bodies
	clockOffset atomic.Int64 // nanoseconds to add to the clock when signing
}

// A call is one invocation of the operation. The steps before the retry loop
// prepare it; after that only the counters of the loop change.
type call struct {
	*core
	*settings     // of the client, or of this call where it changes options
	input         ListDataIntegrationAssociationsInput
	path, rawPath string // of the request: as it is, and escaped
	rawQuery      string
	token         string // NextToken; a secret: redacted in every error and log
	invocationID  string
	paginating    bool // a paginator makes the call
	counters
}

// counters are what the retry loop of a call counts.
type counters struct {
	attempts      int      // made so far
	last          *attempt // the attempt before; nil: none
	release       release  // the retry token of the next attempt; nil: none
	failures      []failure
	clockSet      bool // the clock was corrected
	keysRefreshed bool
}

// An attempt is one try of a call. Each step finds here what the steps before
// it left.
type attempt struct {
	*call
	number  int // 1 for the first; 0: outside of the retry loop
	caller  context.Context
	ctx     context.Context // within caller, with the time limit of the attempt
	gate    gateContext
	stacked bool // the steps run in a stack of the SDK

	keys       aws.Credentials
	identified bool // keys were found, or the user asked for none
	anonymous  bool
	to         *target
	offset     time.Duration // of the clock that signed the request
	req        *http.Request
	resp       *http.Response
	body       guardedBody
	page       *ListDataIntegrationAssociationsOutput
	err        error
	metadata   middleware.Metadata // of the response; without a stack only if there is more than one attempt

	// Room for what a request points to, so that it needs no memory of its own.
	url     url.URL
	headers [3]string

	root *attemptRoot // in a stack: what the copies of the attempt share; else nil
}

// A phase of a stack of the SDK.
type phase int

const (
	initialize phase = iota
	serialize
	build
	finalize
	deserialize
)

// A step does its part of a call or of an attempt.
type step struct {
	phase phase
	id    string // of the official client: users insert their own steps by it

	once  func(*call) error              // before the retry loop: prepares a value of the call
	there func(*attempt) error           // on the way to the service
	back  func(*attempt, error) error    // on the way back: sees the error, and may wrap it
	sdk   func(*call, *middleware.Stack) // adds the SDK's own step, which only a stack has

	span, histogram string // of the official client; "": none
}

// steps are a call from the outside in. Without hooks, straight walks them;
// with hooks, they are the steps of a stack of the SDK. A row with nothing but an id
// is a place to insert at.
//
// What stands above Retry makes the request: in a stack once, and each attempt
// works on a copy; straight, anew for each attempt.
var steps = [...]step{
	{phase: initialize, id: "InterceptExecution", sdk: addInterceptExecution},
	{phase: initialize, id: "RegisterServiceMetadata", sdk: addServiceMetadata},
	{phase: initialize, id: "legacyEndpointContextSetter"},
	{phase: initialize, id: "SetLogger", sdk: addLogger},
	{phase: initialize, id: "OperationInputValidation", once: (*call).validate},

	{phase: serialize, id: "setOperationInput"},
	{phase: serialize, id: "ResolveEndpoint"},
	{phase: serialize, id: "InterceptBeforeSerialization", sdk: addInterceptBeforeSerialization},
	{phase: serialize, id: "OperationSerializer", once: (*call).serialize, there: (*attempt).setPath, span: "OperationSerializer", histogram: serializeTime},
	{phase: serialize, id: "InterceptAfterSerialization", sdk: addInterceptAfterSerialization},

	{phase: build, id: "ClientRequestID", once: (*call).setInvocationID, there: (*attempt).setInvocationID},
	{phase: build, id: "ComputeContentLength", sdk: addContentLength},
	{phase: build, id: "SetCredentialSourceMiddleware"},
	{phase: build, id: "UserAgent", there: (*attempt).setUserAgent, sdk: addUserAgent},
	{phase: build, id: "RecursionDetection", there: (*attempt).setTraceID},

	{phase: finalize, id: "spanRetryLoop", sdk: addRetryLoopSpan},
	{phase: finalize, id: "InterceptBeforeRetryLoop", sdk: addInterceptBeforeRetryLoop},
	{phase: finalize, id: retryID, sdk: addRetryLoop},
	{phase: finalize, id: "InterceptAttempt", sdk: addInterceptAttempt},
	{phase: finalize, id: "RetryMetricsHeader", there: (*attempt).setAttemptHeader},
	{phase: finalize, id: "ResolveAuthScheme", there: (*attempt).resolveAuthScheme, span: "ResolveAuthScheme"},
	{phase: finalize, id: "GetIdentity", there: (*attempt).identify, span: "GetIdentity", histogram: identityTime},
	{phase: finalize, id: "ResolveEndpointV2", there: (*attempt).resolveEndpoint, span: "ResolveEndpoint", histogram: endpointTime},
	{phase: finalize, id: "disableHTTPS"},
	{phase: finalize, id: "ComputePayloadHash", sdk: addPayloadHash},
	{phase: finalize, id: "setLegacyContextSigningOptions"},
	{phase: finalize, id: "InterceptBeforeSigning", sdk: addInterceptBeforeSigning},
	{phase: finalize, id: "Signing", there: (*attempt).sign, span: "SignRequest", histogram: signingTime},
	{phase: finalize, id: "InterceptAfterSigning", sdk: addInterceptAfterSigning},

	{phase: deserialize, id: "AddRawResponseToMetadata", sdk: addRawResponse},
	{phase: deserialize, id: "ErrorCloseResponseBody"},
	{phase: deserialize, id: "CloseResponseBody", back: (*attempt).closeBody},
	{phase: deserialize, id: "ResponseErrorWrapper", back: (*attempt).wrapError},
	{phase: deserialize, id: "RequestIDRetriever", sdk: addRequestID},
	{phase: deserialize, id: "InterceptAfterDeserialization", sdk: addInterceptAfterDeserialization},
	{phase: deserialize, id: "OperationDeserializer", back: (*attempt).deserialize, span: "OperationDeserializer", histogram: deserializeTime},
	{phase: deserialize, id: "InterceptBeforeDeserialization", sdk: addInterceptBeforeDeserialization},
	{phase: deserialize, id: "RecordResponseTiming", sdk: addResponseTiming},
	{phase: deserialize, id: "RequestResponseLogger", there: (*attempt).logRequest},
	{phase: deserialize, id: "InterceptTransmit", sdk: addInterceptTransmit},
}

const retryID = "Retry"

// invoke prepares the call, walks its steps, and puts the operation into the
// error.
func (c *Client) invoke(ctx context.Context, params *ListDataIntegrationAssociationsInput, paginating bool, optFns []func(*Options)) (*ListDataIntegrationAssociationsOutput, error) {
	k, err := c.prepare(ctx, params, paginating, optFns)
	if err == nil {
		var page *ListDataIntegrationAssociationsOutput
		if k.hooked {
			page, err = k.throughStack(ctx)
		} else {
			page, err = k.straight(ctx)
		}
		if err == nil {
			return page, nil
		}
	}
	return nil, &smithy.OperationError{ServiceID: ServiceID, OperationName: operationName, Err: err}
}

// setInvocationID makes the id that all attempts of the call have in common.
func (c *call) setInvocationID() (err error) {
	if c.invocationID, err = smithyrand.NewUUID(smithyrand.Reader).GetUUID(); err != nil {
		return foreign("make an invocation id", err)
	}
	return nil
}

var errNilContext = &verdict{error: errors.New("the context is nil")}

// prepare rejects what can never work. The input is copied: the caller may
// change it during the call.
func (c *Client) prepare(ctx context.Context, params *ListDataIntegrationAssociationsInput, paginating bool, optFns []func(*Options)) (*call, error) {
	if ctx == nil {
		return nil, errNilContext
	}
	if c == nil || c.core == nil {
		return nil, &ConfigError{Field: "Client", Reason: "it was not made by New or NewFromConfig"}
	}
	k := &call{core: c.core, settings: c.core.settingsOf(optFns)}
	if k.fault != nil {
		return nil, k.fault
	}
	if params != nil {
		k.input = *params
	}
	k.paginating = paginating || k.options.paginating
	return k, nil
}

// straight walks the steps without a stack.
func (c *call) straight(ctx context.Context) (*ListDataIntegrationAssociationsOutput, error) {
	for i := range steps {
		if once := steps[i].once; once != nil {
			if err := once(c); err != nil {
				return nil, err
			}
		}
	}
	a, err := c.retry(ctx, (*attempt).straight)
	if err != nil {
		return nil, withAttempts(c.attempts, err)
	}
	if c.attempts > 1 {
		a.page.ResultMetadata = c.resultMetadata(a)
	}
	return a.page, nil
}

// straight takes the steps to the service, sends the request, and takes the
// steps back that were reached.
func (a *attempt) straight() (err error) {
	a.req = a.newRequest()
	reached := 0
	for ; reached < len(steps) && err == nil; reached++ {
		if there := steps[reached].there; there != nil {
			if err = there(a); err != nil {
				break // a step that failed is not on the way back
			}
		}
	}
	if err == nil {
		err = a.send()
	}
	for i := reached - 1; i >= 0; i-- {
		if back := steps[i].back; back != nil {
			err = back(a, err)
		}
	}
	return err
}

func (a *attempt) newRequest() *http.Request {
	const headers = 6 // three of the steps, three of the signature
	req := &http.Request{
		Method: http.MethodGet, URL: &a.url, Header: make(http.Header, headers),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	return req.WithContext(a.ctx)
}
