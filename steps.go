package appintegrations

import (
	"context"
	"net/http"

	"github.com/aws/smithy-go/middleware"
)

// A phase of a stack of the SDK.
type phase int

const (
	inInitialize phase = iota
	inSerialize
	inBuild
	inFinalize
	inDeserialize
)

// A step does its part of a call or of an attempt.
type step struct {
	phase phase
	id    string // of the official client: users insert their own steps by it

	once   func(*call) error              // before the retry loop: prepares a value of the call
	there  func(*attempt) error           // on the way to the service
	back   func(*attempt, error) error    // on the way back: sees the error, and may wrap it
	failed bool                           // back has nothing to do without an error
	sdk    func(*call, *middleware.Stack) // adds to a stack what stands there in its place
	ifAny  bool                           // sdk is for interceptors, and adds nothing if none is set

	span, histogram string // of the official client; "": none
}

// steps are a call from the outside in. Without hooks, straight walks them;
// with hooks, they are the steps of a stack of the SDK. A row with nothing but an id
// is a place to insert at.
//
// What stands above Retry makes the request: in a stack once, and each attempt
// works on a copy; straight, anew for each attempt.
var steps = [...]step{
	{phase: inInitialize, id: "InterceptExecution", sdk: addInterceptExecution, ifAny: true},
	{phase: inInitialize, id: "RegisterServiceMetadata", sdk: addServiceMetadata},
	{phase: inInitialize, id: "legacyEndpointContextSetter"},
	{phase: inInitialize, id: "SetLogger", sdk: addLogger},
	{phase: inInitialize, id: "OperationInputValidation", once: (*call).validate},

	{phase: inSerialize, id: "setOperationInput"},
	{phase: inSerialize, id: "ResolveEndpoint"},
	{phase: inSerialize, id: "InterceptBeforeSerialization", sdk: addInterceptBeforeSerialization, ifAny: true},
	{phase: inSerialize, id: "OperationSerializer", once: (*call).serialize, there: (*attempt).setPath, span: "OperationSerializer", histogram: serializeTime},
	{phase: inSerialize, id: "InterceptAfterSerialization", sdk: addInterceptAfterSerialization, ifAny: true},

	{phase: inBuild, id: "ClientRequestID", once: (*call).setInvocationID, there: (*attempt).setInvocationID, sdk: addRequestID},
	{phase: inBuild, id: "ComputeContentLength", sdk: addContentLength},
	{phase: inBuild, id: "SetCredentialSourceMiddleware"},
	{phase: inBuild, id: "UserAgent", there: (*attempt).setUserAgent, sdk: addUserAgent},
	{phase: inBuild, id: "RecursionDetection", there: (*attempt).setTraceID, sdk: addRecursionDetection},

	{phase: inFinalize, id: "spanRetryLoop", sdk: addRetryLoopSpan},
	{phase: inFinalize, id: "InterceptBeforeRetryLoop", sdk: addInterceptBeforeRetryLoop},
	{phase: inFinalize, id: retryID, sdk: addRetryLoop},
	{phase: inFinalize, id: "InterceptAttempt", sdk: addInterceptAttempt},
	{phase: inFinalize, id: "RetryMetricsHeader", there: (*attempt).setAttemptHeader, sdk: addRetryMetricsHeader},
	{phase: inFinalize, id: "ResolveAuthScheme", span: "ResolveAuthScheme"},
	{phase: inFinalize, id: "GetIdentity", there: (*attempt).identify, span: "GetIdentity", histogram: identityTime},
	{phase: inFinalize, id: "ResolveEndpointV2", there: (*attempt).resolveEndpoint, span: "ResolveEndpoint", histogram: endpointTime},
	{phase: inFinalize, id: "disableHTTPS"},
	{phase: inFinalize, id: "ComputePayloadHash", sdk: addPayloadHash},
	{phase: inFinalize, id: "setLegacyContextSigningOptions"},
	{phase: inFinalize, id: "InterceptBeforeSigning", sdk: addInterceptBeforeSigning, ifAny: true},
	{phase: inFinalize, id: "Signing", there: (*attempt).sign, span: "SignRequest", histogram: signingTime},
	{phase: inFinalize, id: "InterceptAfterSigning", sdk: addInterceptAfterSigning, ifAny: true},

	{phase: inDeserialize, id: "AddRawResponseToMetadata", sdk: addRawResponse},
	{phase: inDeserialize, id: "ErrorCloseResponseBody"},
	{phase: inDeserialize, id: "CloseResponseBody", back: (*attempt).closeBody, sdk: addCloseBody},
	{phase: inDeserialize, id: "ResponseErrorWrapper", back: (*attempt).wrapError, failed: true},
	{phase: inDeserialize, id: "RequestIDRetriever", sdk: addRequestIDRetriever},
	{phase: inDeserialize, id: "InterceptAfterDeserialization", sdk: addInterceptAfterDeserialization, ifAny: true},
	{phase: inDeserialize, id: "OperationDeserializer", back: (*attempt).deserialize, span: "OperationDeserializer", histogram: deserializeTime},
	{phase: inDeserialize, id: "InterceptBeforeDeserialization", sdk: addInterceptBeforeDeserialization, ifAny: true},
	{phase: inDeserialize, id: "RecordResponseTiming", sdk: addResponseTiming},
	{phase: inDeserialize, id: "RequestResponseLogger", there: (*attempt).logRequest, sdk: addRequestLogger},
	{phase: inDeserialize, id: "InterceptTransmit", sdk: addInterceptTransmit, ifAny: true},
}

const retryID = "Retry"

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
		return nil, c.summary().in(err)
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
