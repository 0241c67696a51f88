package appintegrationstest

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/smithy-go"
)

// Throttle sends a ThrottlingException (429) with a Retry-After in seconds,
// rounded up; 0 or negative: without Retry-After.
func Throttle(retryAfter time.Duration) Fault {
	if retryAfter <= 0 {
		return throttle("throttle", func(time.Time, http.Header) {})
	}
	seconds := strconv.Itoa(int(math.Ceil(retryAfter.Seconds())))
	return throttle("throttle with Retry-After "+seconds+"s", func(_ time.Time, h http.Header) {
		h.Set("Retry-After", seconds)
	})
}

// ThrottleWithDate sends a ThrottlingException (429) with a Retry-After that is a
// date: the Date of the response plus retryAfter, in whole seconds.
func ThrottleWithDate(retryAfter time.Duration) Fault {
	return throttle(fmt.Sprintf("throttle with Retry-After %v as a date", retryAfter), func(now time.Time, h http.Header) {
		h.Set("Retry-After", now.Add(retryAfter).UTC().Format(http.TimeFormat))
	})
}

// ThrottleWithMillis sends a ThrottlingException (429) with an x-amz-retry-after,
// which is in milliseconds.
func ThrottleWithMillis(retryAfter time.Duration) Fault {
	return throttle(fmt.Sprintf("throttle with x-amz-retry-after %v", retryAfter), func(_ time.Time, h http.Header) {
		h.Set("X-Amz-Retry-After", strconv.FormatInt(retryAfter.Milliseconds(), 10))
	})
}

func throttle(name string, after func(time.Time, http.Header)) Fault {
	return fault(name, func(x *exchange, w http.ResponseWriter, _ *http.Request) bool {
		after(x.now, w.Header())
		write(w, http.StatusTooManyRequests, "ThrottlingException", (&refusal{message: "Rate exceeded"}).body())
		return true
	})
}

// ServiceError sends err as the service would. The code and the message are those
// of the smithy.APIError in err, for example of a
// *appintegrations.ResourceNotFoundException; any other error is an
// InternalServiceError with its text. The status is that of the service model;
// for other codes it is 403 for ExpiredTokenException, UnrecognizedClientException
// and InvalidSignatureException, 500 if the error's fault is the server, else 400.
func ServiceError(err error) Fault {
	code, message, status := describe(err)
	return errorResponse(fmt.Sprintf("%s (%d)", code, status), status, code, (&refusal{message: message}).body())
}

// errorResponse sends an error with its code in X-Amzn-ErrorType.
func errorResponse(name string, status int, code string, body []byte) Fault {
	return fault(name, func(_ *exchange, w http.ResponseWriter, _ *http.Request) bool {
		write(w, status, code, body)
		return true
	})
}

func describe(err error) (code, message string, status int) {
	if err == nil {
		return "InternalServiceError", "", http.StatusInternalServerError
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return "InternalServiceError", err.Error(), http.StatusInternalServerError
	}
	status = http.StatusBadRequest
	switch code = api.ErrorCode(); code {
	case "ResourceNotFoundException":
		status = http.StatusNotFound
	case "ThrottlingException":
		status = http.StatusTooManyRequests
	case "AccessDeniedException", "ExpiredTokenException", unknownKey, invalidSign:
		status = http.StatusForbidden
	default:
		if code == "InternalServiceError" || api.ErrorFault() == smithy.FaultServer {
			status = http.StatusInternalServerError
		}
	}
	return code, api.ErrorMessage(), status
}

// ExpiredToken sends an ExpiredTokenException (403), as AWS does when temporary
// credentials have expired.
func ExpiredToken() Fault {
	f := ServiceError(&smithy.GenericAPIError{Code: "ExpiredTokenException", Message: "The security token included in the request is expired"})
	f.name = "expired token"
	return f
}

// DeniedByResourcePolicy sends the AccessDeniedException (403) of a data
// integration whose resource policy denies access, with the text that AWS uses:
// the caller, the action and the ARN. The service denies callers in this way
// where only AWS services are allowed.
func DeniedByResourcePolicy() Fault {
	return fault("denied by resource policy", func(x *exchange, w http.ResponseWriter, _ *http.Request) bool {
		message := fmt.Sprintf("User: arn:%s:iam::%s:user/example is not authorized to perform: %s:%s on resource: %s "+
			"with an explicit deny in a resource-based policy", partition(x.srv.opts.Region), accountID, signingName, x.op, x.resource())
		write(w, http.StatusForbidden, "AccessDeniedException", (&refusal{message: message}).body())
		return true
	})
}

// resource returns the ARN of what the request is about.
func (x *exchange) resource() string {
	s := x.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	if it := s.known.find(x.identifier); it != nil && x.op == listAssociations {
		return it.ARN
	}
	if idInARN(x.identifier) != "" {
		return x.identifier
	}
	id := x.identifier
	setDefault(&id, "*")
	return s.arn(id)
}

// The faults below are responses of Amazon API Gateway, the front end of the
// service: the error code is in X-Amzn-ErrorType alone, and the message is in
// "message", where the service has "Message". The names in capital letters are
// API Gateway's gateway response types.

// GatewayThrottle sends API Gateway's 429 for a request beyond its rate limit
// (THROTTLED): a TooManyRequestsException without Retry-After.
func GatewayThrottle() Fault {
	return gateway("throttle", http.StatusTooManyRequests, "TooManyRequestsException", `{"message":"Too Many Requests"}`)
}

// GatewayForbidden sends API Gateway's 403 for a request that it does not route:
// a ForbiddenException.
func GatewayForbidden() Fault {
	return gateway("forbidden", http.StatusForbidden, "ForbiddenException", `{"message":"Forbidden"}`)
}

// GatewayMissingToken sends API Gateway's 403 for a request without a signature
// (MISSING_AUTHENTICATION_TOKEN), which it also sends for a path it does not
// know: a MissingAuthenticationTokenException.
func GatewayMissingToken() Fault {
	return gateway("missing token", http.StatusForbidden, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`)
}

// GatewayTimeout sends API Gateway's 504 for a service that did not respond in
// time (INTEGRATION_TIMEOUT): an InternalServerErrorException. It does not wait:
// the time limit of API Gateway is 29 seconds.
func GatewayTimeout() Fault {
	return gateway("timeout", http.StatusGatewayTimeout, "InternalServerErrorException", `{"message": "Endpoint request timed out"}`)
}

// GatewayWAF sends API Gateway's 403 for a request that AWS WAF blocked
// (WAF_FILTERED): a ForbiddenException, with an old form of the code that ends in
// a colon and a URI.
func GatewayWAF() Fault {
	return gateway("WAF", http.StatusForbidden, "ForbiddenException:http://internal.amazon.com/coral/com.amazon.coral.service/", `{"message":"Forbidden"}`)
}

func gateway(name string, status int, code, body string) Fault {
	return errorResponse(fmt.Sprintf("API Gateway: %s (%d)", name, status), status, code, []byte(body))
}
