package appintegrations

// DataIntegrationAssociationSummary describes one association of a data
// integration with a client. Every field may be nil: the service leaves out
// what it does not know.
//
// Items of a page share no memory, except for the bytes of an equal
// DataIntegrationArn. Keeping an item does not keep its page in memory, and
// writing through its pointers does not change another item. A value is safe for
// concurrent reading.
type DataIntegrationAssociationSummary struct {

	// The identifier of the client that is associated with the data integration.
	ClientId *string

	// The Amazon Resource Name (ARN) of the data integration.
	DataIntegrationArn *string

	// The Amazon Resource Name (ARN) of the association.
	DataIntegrationAssociationArn *string

	// The URI of the data destination.
	DestinationURI *string

	// How the files are pulled from the source.
	ExecutionConfiguration *ExecutionConfiguration

	// The status of the last job.
	LastExecutionStatus *LastExecutionStatus
}

// ExecutionConfiguration says how files are pulled from the source: on demand
// or on a schedule.
type ExecutionConfiguration struct {

	// The mode of the data import or export. The model requires it; it is "" if
	// the service leaves it out all the same.
	ExecutionMode ExecutionMode

	// The time range to pull, with mode ON_DEMAND.
	OnDemandConfiguration *OnDemandConfiguration

	// What to pull and how often, with mode SCHEDULED.
	ScheduleConfiguration *ScheduleConfiguration
}

// OnDemandConfiguration is the time range of one pull from the source.
type OnDemandConfiguration struct {

	// The start of the range as Unix milliseconds in decimal.
	StartTime *string

	// The end of the range as Unix milliseconds in decimal.
	EndTime *string
}

// ScheduleConfiguration names the data and says how often it is pulled from the
// source.
type ScheduleConfiguration struct {

	// How often the data is pulled, for example "rate(1 hour)".
	ScheduleExpression *string

	// The start date of the objects to import in the first run, as Unix
	// milliseconds in decimal or as ISO-8601.
	FirstExecutionFrom *string

	// The name of the object to pull from the source.
	Object *string
}

// LastExecutionStatus is the outcome of the last job of an association.
type LastExecutionStatus struct {

	// The status of the job; "" if the service leaves it out.
	ExecutionStatus ExecutionStatus

	// What the job said of its status.
	StatusMessage *string
}

// ExecutionMode says what starts a pull from the source. The service may send
// values that are newer than this package: they are kept as they are.
type ExecutionMode string

// The modes of the model of 2020-07-29.
const (
	ExecutionModeOnDemand  ExecutionMode = "ON_DEMAND"
	ExecutionModeScheduled ExecutionMode = "SCHEDULED"
)

// Values returns all known values of ExecutionMode, in a new slice. The service
// may send others.
func (ExecutionMode) Values() []ExecutionMode {
	return []ExecutionMode{ExecutionModeOnDemand, ExecutionModeScheduled}
}

// ExecutionStatus is the status of a job. The service may send values that are
// newer than this package: they are kept as they are.
type ExecutionStatus string

// The statuses of the model of 2020-07-29.
const (
	ExecutionStatusCompleted  ExecutionStatus = "COMPLETED"
	ExecutionStatusInProgress ExecutionStatus = "IN_PROGRESS"
	ExecutionStatusFailed     ExecutionStatus = "FAILED"
)

// Values returns all known values of ExecutionStatus, in a new slice. The
// service may send others.
func (ExecutionStatus) Values() []ExecutionStatus {
	return []ExecutionStatus{ExecutionStatusCompleted, ExecutionStatusInProgress, ExecutionStatusFailed}
}
