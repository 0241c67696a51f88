package appintegrations

// DataIntegrationAssociationSummary describes one association of a data
// integration with a client. Every field can be nil: the service omits a field
// that has no value.
//
// Items of a page share no memory, except for the bytes of equal
// DataIntegrationArn values. An item that you keep does not keep its page in
// memory, and a write through one of its pointers does not change another item. A
// value is safe for concurrent reading.
type DataIntegrationAssociationSummary struct {

	// The identifier of the client that is associated with the data integration,
	// for example of an Amazon Connect instance.
	ClientId *string

	// The Amazon Resource Name (ARN) of the data integration.
	DataIntegrationArn *string

	// The Amazon Resource Name (ARN) of the association.
	DataIntegrationAssociationArn *string

	// The URI of the data destination.
	DestinationURI *string

	// How the files are pulled from the source.
	ExecutionConfiguration *ExecutionConfiguration

	// The execution status of the last job.
	LastExecutionStatus *LastExecutionStatus
}

// ExecutionConfiguration is the configuration of how files are pulled from the
// source: on demand or on a schedule.
type ExecutionConfiguration struct {

	// The mode of the data import or export. The service's model requires it; "" if
	// the service omits it nevertheless.
	ExecutionMode ExecutionMode

	// The time range of the data to pull, if the mode is ON_DEMAND.
	OnDemandConfiguration *OnDemandConfiguration

	// What to pull, and how often, if the mode is SCHEDULED.
	ScheduleConfiguration *ScheduleConfiguration
}

// OnDemandConfiguration is the start and end time of a data pull from the source.
type OnDemandConfiguration struct {

	// The start time, in Unix milliseconds as a decimal string. Start returns it as
	// a time.
	StartTime *string

	// The end time, in Unix milliseconds as a decimal string. End returns it as a
	// time.
	EndTime *string
}

// ScheduleConfiguration is the name of the data and how often it is pulled from
// the source.
type ScheduleConfiguration struct {

	// How often the data is pulled from the source, for example "rate(1 hour)".
	ScheduleExpression *string

	// The start date of the objects to import in the first run: Unix milliseconds as
	// a decimal string, or ISO-8601. FirstExecution returns it as a time.
	FirstExecutionFrom *string

	// The name of the object to pull from the source.
	Object *string
}

// LastExecutionStatus is the execution status of the last job of an association.
type LastExecutionStatus struct {

	// The status of the job. "" if the service omits it.
	ExecutionStatus ExecutionStatus

	// The status message of the job, for example why it failed.
	StatusMessage *string
}

// ExecutionMode is the mode of a data import or export. The service can send values
// that are newer than this package; they are kept unchanged.
type ExecutionMode string

// The modes that API version 2020-07-29 defines.
const (
	ExecutionModeOnDemand  ExecutionMode = "ON_DEMAND"
	ExecutionModeScheduled ExecutionMode = "SCHEDULED"
)

// Values returns all known values of ExecutionMode, in a new slice. The service
// can send others.
func (ExecutionMode) Values() []ExecutionMode {
	return []ExecutionMode{ExecutionModeOnDemand, ExecutionModeScheduled}
}

// ExecutionStatus is the status of a job. The service can send values that are
// newer than this package; they are kept unchanged.
type ExecutionStatus string

// The statuses that API version 2020-07-29 defines.
const (
	ExecutionStatusCompleted  ExecutionStatus = "COMPLETED"
	ExecutionStatusInProgress ExecutionStatus = "IN_PROGRESS"
	ExecutionStatusFailed     ExecutionStatus = "FAILED"
)

// Values returns all known values of ExecutionStatus, in a new slice. The
// service can send others.
func (ExecutionStatus) Values() []ExecutionStatus {
	return []ExecutionStatus{ExecutionStatusCompleted, ExecutionStatusInProgress, ExecutionStatusFailed}
}
