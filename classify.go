package appintegrations

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// A Class is a kind of failure, for reports and alerts: failures of one class
// need the same action. [Classify] returns it. Its text is one lower-case word,
// fit for a label of a metric.
type Class string

// The classes, and the action that each needs.
const (
	// ClassDenied: the service rejected the credentials or the permissions. Check
	// the IAM policy, the account and the age of the credentials. Do not retry.
	ClassDenied Class = "denied"

	// ClassGone: the data integration does not exist, or not in this account and
	// Region. Take it off the list, or correct the identifier. Do not retry.
	ClassGone Class = "gone"

	// ClassInvalid: the input or the use of a paginator is wrong; a NextToken or a
	// Checkpoint may have expired. Correct the program, or start the list again.
	ClassInvalid Class = "invalid"

	// ClassThrottled: the quota of the account is used up. Wait and call again,
	// with fewer calls at once, or ask for a higher quota.
	ClassThrottled Class = "throttled"

	// ClassUnavailable: the service, or a load balancer before it, answered with a
	// failure of its own. Wait and call again; alert if it lasts.
	ClassUnavailable Class = "unavailable"

	// ClassUnreachable: the service was not reached: the connection failed, or
	// something before the service answered in its place. Check the Region, DNS,
	// the proxy and certificates; the text contains the host and what came.
	ClassUnreachable Class = "unreachable"

	// ClassTimeout: the deadline of the context, AttemptTimeout or a timeout of the
	// HTTP client ended the call. The text says what was waited for. Call again,
	// with more time if that repeats.
	ClassTimeout Class = "timeout"

	// ClassMalformed: the response was a success without one complete page, or the
	// list does not end. Call again; report it if that repeats. For a page larger
	// than MaxPageBytes, raise that or lower MaxResults.
	ClassMalformed Class = "malformed"

	// ClassConfig: the options cannot work, or the credentials, the endpoint or the
	// signature could not be made with them. The text contains the cure. Do not
	// retry.
	ClassConfig Class = "config"

	// ClassCanceled: the caller canceled the context. Nothing is wrong.
	ClassCanceled Class = "canceled"

	// ClassUnknown: none of the others, for example an error that is not of this
	// package. Read its text.
	ClassUnknown Class = "unknown"
)

// String returns the word of the class, and "none" for the zero value, which is
// no failure.
func (c Class) String() string {
	if c == "" {
		return "none"
	}
	return string(c)
}

// Classify returns the class of an error of this package, whatever it is wrapped
// in, and "" for nil. If an error contains several, the one that ended the call
// counts: a call whose deadline passed after a throttle is a [ClassTimeout]. An
// [ExecutionFailedError] is [ClassUnknown]: no call failed. New classes may be
// added. It is safe for concurrent use.
func Classify(err error) Class {
	if err == nil {
		return ""
	}
	for _, class := range [...]func(error) Class{classOfUse, classOfEnd, classOfResponse, classOfTransport} {
		if c := class(err); c != "" {
			return c
		}
	}
	return ClassUnknown
}

// classOfUse is the class of what the caller gave.
func classOfUse(err error) Class {
	var (
		config     *ConfigError
		invalid    smithy.InvalidParamsError
		checkpoint *CheckpointError
	)
	switch {
	case errors.As(err, &config):
		return ClassConfig
	case errors.As(err, &invalid), errors.As(err, &checkpoint), errors.Is(err, ErrPaginatorInUse):
		return ClassInvalid
	}
	return ""
}

// classOfEnd is the class of a call that its time or its caller ended.
func classOfEnd(err error) Class {
	var (
		request *aws.RequestCanceledError
		ended   *smithy.CanceledError
		wait    *NotCompletedError
		timeout *AttemptTimeoutError
	)
	switch {
	case errors.As(err, &request) && errors.As(request, &ended):
		return classOfContext(ended.Err)
	case errors.As(err, &wait):
		return classOfContext(wait.Err)
	case errors.As(err, &timeout):
		return ClassTimeout
	}
	return ""
}

func classOfContext(err error) Class {
	if errors.Is(err, context.Canceled) {
		return ClassCanceled
	}
	return ClassTimeout
}

// classOfResponse is the class of a response.
func classOfResponse(err error) Class {
	var (
		malformed *MalformedResponseError
		loop      *PaginationLoopError
		redirect  *RedirectError
		bare      *bareError
		api       smithy.APIError
	)
	switch {
	case errors.As(err, &malformed), errors.As(err, &loop):
		return ClassMalformed
	case errors.As(err, &redirect):
		return ClassUnreachable
	case isThrottle(err):
		return ClassThrottled
	case errors.As(err, &api):
		status, _ := responseOf(err)
		return classOfCode(api.ErrorCode(), status, errors.As(err, &bare))
	}
	return ""
}

// classOfCode is the class of an error of the service. The service gives a code
// with each of its errors: a status without one is that of something before it.
func classOfCode(code string, status int, bare bool) Class {
	switch {
	case bare && status/100 != 5 && status != http.StatusRequestTimeout:
		return ClassUnreachable
	case code == "ResourceNotFoundException":
		return ClassGone
	case code == "AccessDeniedException", isClockCode(code), isExpiredCode(code), isDeniedCode(code):
		return ClassDenied
	case code == "InvalidRequestException":
		return ClassInvalid
	case code == "InternalServiceError":
		return ClassUnavailable
	}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return ClassDenied
	case status == http.StatusRequestTimeout:
		return ClassTimeout
	case status == http.StatusBadRequest:
		return ClassInvalid
	case status/100 == 5:
		return ClassUnavailable
	}
	return ClassUnknown
}

// isDeniedCode reports whether a code is one of the common errors of AWS that
// reject who sent the request.
func isDeniedCode(code string) bool {
	switch code {
	case "UnrecognizedClientException", "InvalidClientTokenId", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
		"IncompleteSignature", "IncompleteSignatureException", "NotAuthorized", "OptInRequired", "AccessDenied":
		return true
	}
	return false
}

// classOfTransport is the class of an attempt without a response.
func classOfTransport(err error) Class {
	var (
		act     *foreignError
		send    *smithyhttp.RequestSendError
		timeout net.Error
	)
	switch {
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return ClassTimeout
	case errors.Is(err, context.Canceled):
		return ClassCanceled
	case errors.As(err, &act) && act.class != "":
		return act.class
	case errors.As(err, &send):
		return ClassUnreachable
	}
	return ""
}
