// Package types names the shapes, enums and exceptions of package
// appintegrations once more, so that code written for the types package of the
// official client compiles with the import path swapped.
//
// Every name is an alias: a value from here and one from package
// appintegrations are of one type, and errors.As matches either name.
package types

import "github.com/seed-10600c52/appintegrations"

// The shapes of the operation.
type (
	// DataIntegrationAssociationSummary is [appintegrations.DataIntegrationAssociationSummary].
	DataIntegrationAssociationSummary = appintegrations.DataIntegrationAssociationSummary
	// ExecutionConfiguration is [appintegrations.ExecutionConfiguration].
	ExecutionConfiguration = appintegrations.ExecutionConfiguration
	// LastExecutionStatus is [appintegrations.LastExecutionStatus].
	LastExecutionStatus = appintegrations.LastExecutionStatus
	// OnDemandConfiguration is [appintegrations.OnDemandConfiguration].
	OnDemandConfiguration = appintegrations.OnDemandConfiguration
	// ScheduleConfiguration is [appintegrations.ScheduleConfiguration].
	ScheduleConfiguration = appintegrations.ScheduleConfiguration
)

// ExecutionMode is [appintegrations.ExecutionMode].
type ExecutionMode = appintegrations.ExecutionMode

// The values of ExecutionMode.
const (
	ExecutionModeOnDemand  = appintegrations.ExecutionModeOnDemand
	ExecutionModeScheduled = appintegrations.ExecutionModeScheduled
)

// ExecutionStatus is [appintegrations.ExecutionStatus].
type ExecutionStatus = appintegrations.ExecutionStatus

// The values of ExecutionStatus.
const (
	ExecutionStatusCompleted  = appintegrations.ExecutionStatusCompleted
	ExecutionStatusInProgress = appintegrations.ExecutionStatusInProgress
	ExecutionStatusFailed     = appintegrations.ExecutionStatusFailed
)

// The exceptions of the operation.
type (
	// AccessDeniedException is [appintegrations.AccessDeniedException].
	AccessDeniedException = appintegrations.AccessDeniedException
	// InternalServiceError is [appintegrations.InternalServiceError].
	InternalServiceError = appintegrations.InternalServiceError
	// InvalidRequestException is [appintegrations.InvalidRequestException].
	InvalidRequestException = appintegrations.InvalidRequestException
	// ResourceNotFoundException is [appintegrations.ResourceNotFoundException].
	ResourceNotFoundException = appintegrations.ResourceNotFoundException
	// ThrottlingException is [appintegrations.ThrottlingException].
	ThrottlingException = appintegrations.ThrottlingException
)
