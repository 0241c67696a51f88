package appintegrations

import (
	"context"
	"net/http"

	"github.com/aws/smithy-go/middleware"
)

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
