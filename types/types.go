// Package types contains the shapes, enums and exceptions of package
// appintegrations under the names of the official client's package types. Code
// written for that package compiles with the import path replaced.
//
// Every name is an alias: a value of a type in this package and one of package
// appintegrations have the same type, and errors.As matches either name.
package types

import "github.com/seed-10600c52/appintegrations"

// The shapes of the operation.
type (
	// DataIntegrationAssociationSummary describes one association of a data
	// integration with a client. It is
	// [appintegrations.DataIntegrationAssociationSummary].
	DataIntegrationAssociationSummary = appintegrations.DataIntegrationAssociationSummary

	// ExecutionConfiguration is the configuration of how files are pulled from the
	// source: on demand or on a schedule. It is
	// [appintegrations.ExecutionConfiguration].
	ExecutionConfiguration = appintegrations.ExecutionConfiguration

	// LastExecutionStatus is the execution status of the last job of an association.
	// It is [appintegrations.LastExecutionStatus].
	LastExecutionStatus = appintegrations.LastExecutionStatus

	// OnDemandConfiguration is the start and end time of a data pull from the source.
	// It is [appintegrations.OnDemandConfiguration].
	OnDemandConfiguration = appintegrations.OnDemandConfiguration

	// ScheduleConfiguration is the name of the data and how often it is pulled from
	// the source. It is [appintegrations.ScheduleConfiguration].
	ScheduleConfiguration = appintegrations.ScheduleConfiguration
)

// ExecutionMode is the mode of a data import or export. It is
// [appintegrations.ExecutionMode].
type ExecutionMode = appintegrations.ExecutionMode

// The modes that API version 2020-07-29 defines.
const (
	ExecutionModeOnDemand  = appintegrations.ExecutionModeOnDemand
	ExecutionModeScheduled = appintegrations.ExecutionModeScheduled
)

// ExecutionStatus is the status of a job. It is [appintegrations.ExecutionStatus].
type ExecutionStatus = appintegrations.ExecutionStatus

// The statuses that API version 2020-07-29 defines.
const (
	ExecutionStatusCompleted  = appintegrations.ExecutionStatusCompleted
	ExecutionStatusInProgress = appintegrations.ExecutionStatusInProgress
	ExecutionStatusFailed     = appintegrations.ExecutionStatusFailed
)

// The exceptions of the operation.
type (
	// AccessDeniedException means that the caller does not have sufficient access to
	// perform the operation (HTTP 403). It is
	// [appintegrations.AccessDeniedException].
	AccessDeniedException = appintegrations.AccessDeniedException

	// InternalServiceError means that the service failed to process the request (HTTP
	// 500). It is [appintegrations.InternalServiceError].
	InternalServiceError = appintegrations.InternalServiceError

	// InvalidRequestException means that the request is not valid (HTTP 400), for
	// example because of an unknown or expired NextToken, or a MaxResults out of range.
	// It is [appintegrations.InvalidRequestException].
	InvalidRequestException = appintegrations.InvalidRequestException

	// ResourceNotFoundException means that the data integration was not found (HTTP
	// 404). It is [appintegrations.ResourceNotFoundException].
	ResourceNotFoundException = appintegrations.ResourceNotFoundException

	// ThrottlingException means that the request rate exceeded the quota of the account
	// for the operation (HTTP 429). It is [appintegrations.ThrottlingException].
	ThrottlingException = appintegrations.ThrottlingException
)
