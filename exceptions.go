package appintegrations

import smithy "github.com/aws/smithy-go"

// AccessDeniedException means that the caller does not have sufficient access to
// perform the operation (HTTP 403). It is not retried.
type AccessDeniedException struct {
	Message           *string // nil if the service sent none; up to 64 KiB, secrets redacted
	ErrorCodeOverride *string // the code to report instead of the type's name; nil: none
}

// Error returns the code and the message on one line. A long message is cut.
func (e *AccessDeniedException) Error() string { return apiErrorText(e) }

// ErrorMessage returns the whole Message, "" if it is nil.
func (e *AccessDeniedException) ErrorMessage() string {
	if e == nil {
		return ""
	}
	return valueOr(e.Message, "")
}

// ErrorCode returns "AccessDeniedException", or the override.
func (e *AccessDeniedException) ErrorCode() string {
	if e == nil {
		return "AccessDeniedException"
	}
	return valueOr(e.ErrorCodeOverride, "AccessDeniedException")
}

// ErrorFault returns [smithy.FaultClient].
func (e *AccessDeniedException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// InternalServiceError means that the service failed to process the request (HTTP
// 500). It is retried.
type InternalServiceError struct {
	Message           *string // nil if the service sent none; up to 64 KiB, secrets redacted
	ErrorCodeOverride *string // the code to report instead of the type's name; nil: none
}

// Error returns the code and the message on one line. A long message is cut.
func (e *InternalServiceError) Error() string { return apiErrorText(e) }

// ErrorMessage returns the whole Message, "" if it is nil.
func (e *InternalServiceError) ErrorMessage() string {
	if e == nil {
		return ""
	}
	return valueOr(e.Message, "")
}

// ErrorCode returns "InternalServiceError", or the override.
func (e *InternalServiceError) ErrorCode() string {
	if e == nil {
		return "InternalServiceError"
	}
	return valueOr(e.ErrorCodeOverride, "InternalServiceError")
}

// ErrorFault returns [smithy.FaultServer].
func (e *InternalServiceError) ErrorFault() smithy.ErrorFault { return smithy.FaultServer }

// InvalidRequestException means that the request is not valid (HTTP 400), for
// example because of an unknown or expired NextToken, or a MaxResults out of range.
// It is not retried.
type InvalidRequestException struct {
	Message           *string // nil if the service sent none; up to 64 KiB, secrets redacted
	ErrorCodeOverride *string // the code to report instead of the type's name; nil: none
}

// Error returns the code and the message on one line. A long message is cut.
func (e *InvalidRequestException) Error() string { return apiErrorText(e) }

// ErrorMessage returns the whole Message, "" if it is nil.
func (e *InvalidRequestException) ErrorMessage() string {
	if e == nil {
		return ""
	}
	return valueOr(e.Message, "")
}

// ErrorCode returns "InvalidRequestException", or the override.
func (e *InvalidRequestException) ErrorCode() string {
	if e == nil {
		return "InvalidRequestException"
	}
	return valueOr(e.ErrorCodeOverride, "InvalidRequestException")
}

// ErrorFault returns [smithy.FaultClient].
func (e *InvalidRequestException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// ResourceNotFoundException means that the data integration was not found (HTTP
// 404). It is not retried. A 404 without this code, for example from a proxy, is a
// *[smithy.GenericAPIError].
type ResourceNotFoundException struct {
	Message           *string // nil if the service sent none; up to 64 KiB, secrets redacted
	ErrorCodeOverride *string // the code to report instead of the type's name; nil: none
}

// Error returns the code and the message on one line. A long message is cut.
func (e *ResourceNotFoundException) Error() string { return apiErrorText(e) }

// ErrorMessage returns the whole Message, "" if it is nil.
func (e *ResourceNotFoundException) ErrorMessage() string {
	if e == nil {
		return ""
	}
	return valueOr(e.Message, "")
}

// ErrorCode returns "ResourceNotFoundException", or the override.
func (e *ResourceNotFoundException) ErrorCode() string {
	if e == nil {
		return "ResourceNotFoundException"
	}
	return valueOr(e.ErrorCodeOverride, "ResourceNotFoundException")
}

// ErrorFault returns [smithy.FaultClient].
func (e *ResourceNotFoundException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// ThrottlingException means that the request rate exceeded the quota of the account
// for the operation (HTTP 429). It is retried. A 429 with another code or without
// one, for example from API Gateway or a proxy, is a ThrottlingException too.
type ThrottlingException struct {
	Message           *string // nil if the service sent none; up to 64 KiB, secrets redacted
	ErrorCodeOverride *string // the code to report instead of the type's name; nil: none
}

// Error returns the code and the message on one line. A long message is cut.
func (e *ThrottlingException) Error() string { return apiErrorText(e) }

// ErrorMessage returns the whole Message, "" if it is nil.
func (e *ThrottlingException) ErrorMessage() string {
	if e == nil {
		return ""
	}
	return valueOr(e.Message, "")
}

// ErrorCode returns "ThrottlingException", or the override.
func (e *ThrottlingException) ErrorCode() string {
	if e == nil {
		return "ThrottlingException"
	}
	return valueOr(e.ErrorCodeOverride, "ThrottlingException")
}

// ErrorFault returns [smithy.FaultClient].
func (e *ThrottlingException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

func valueOr[T any](p *T, fallback T) T {
	if p == nil {
		return fallback
	}
	return *p
}

func apiErrorText(e smithy.APIError) string {
	text := oneLine(e.ErrorCode(), maxCodeText)
	if message := e.ErrorMessage(); message != "" {
		text += ": " + oneLine(message, maxMessageText)
	}
	return text
}
