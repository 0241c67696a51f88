package appintegrations

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"time"
)

// WaitProgress is the state that one round of a
// [DataIntegrationAssociationsCompletedWaiter] found.
//
// Experimental: may change before 1.0.
type WaitProgress struct {
	Attempt   int64         // the number of the round, from 1; 0: there was none
	NextDelay time.Duration // until the next round; 0 if Last
	Last      bool          // there is no next round
	Err       error         // of the round; the fields below are zero then

	// The associations that are waited for, in the order of the list: all, or the
	// named ones.
	Associations []DataIntegrationAssociationSummary

	// How many of Associations have each status; "" counts those without one.
	Statuses map[ExecutionStatus]int

	// The named ARNs and client ids that are not in the list.
	MissingAssociationArns, MissingClientIds []string
}

// completed reports whether nothing is left to wait for.
func (p *WaitProgress) completed() bool {
	return len(p.MissingAssociationArns)+len(p.MissingClientIds) == 0 &&
		len(p.Associations) > 0 && p.Statuses[ExecutionStatusCompleted] == len(p.Associations)
}

// String returns the state on one line of at most 1 KiB, for example
// "attempt 2: 3 COMPLETED, 1 IN_PROGRESS, next in 21.5s".
func (p WaitProgress) String() string {
	text := fmt.Sprintf("attempt %d: %s", p.Attempt, p.state(maxWaitText-100))
	if p.NextDelay > 0 {
		text += ", next in " + p.NextDelay.Round(time.Millisecond).String()
	}
	return text
}

// Bounds on the texts of a wait. A name is long enough for the ARN of an
// association, and short enough for one name to fit beside the longest of all
// other parts.
const (
	maxWaitText       = 1 << 10
	maxWaitCause      = 360
	maxIdentifierText = 128
	maxNameText       = 160
	maxFailureText    = 200
)

// state returns the state on one line of at most limit bytes.
func (p *WaitProgress) state(limit int) string {
	if p.Err != nil {
		return oneLine(p.Err.Error(), limit)
	}
	if p.Attempt == 0 {
		return "no complete list"
	}
	var counts, missing []string
	for _, status := range slices.Sorted(maps.Keys(p.Statuses)) {
		name := oneLine(string(status), maxCodeText)
		if status == "" {
			name = "without a status"
		}
		counts = append(counts, strconv.Itoa(p.Statuses[status])+" "+name)
	}
	text := "no associations"
	if len(counts) > 0 {
		text = enumerate(counts, ", ", limit/2)
	}
	for _, arn := range p.MissingAssociationArns {
		missing = append(missing, "association "+oneLine(arn, maxNameText))
	}
	for _, id := range p.MissingClientIds {
		missing = append(missing, "client id "+oneLine(id, maxNameText))
	}
	if len(missing) > 0 {
		text += "; not in the list: "
		text += enumerate(missing, ", ", limit-len(text))
	}
	return text
}

// enumerate joins items as far as limit allows, and says how many it leaves out.
// The first one is always there.
func enumerate(items []string, separator string, limit int) string {
	text := items[0]
	for i, item := range items[1:] {
		left := len(items) - 1 - i
		more := fmt.Sprintf("%sand %d more", separator, left)
		room := limit - len(text) - len(separator) - len(item)
		if room < 0 || left > 1 && room < len(more) {
			return text + more
		}
		text += separator + item
	}
	return text
}

// namedAssociations are the associations to wait for. Both empty: all.
type namedAssociations struct{ arns, clients []string }

// namedKey is the key of namedAssociations in the context of Retryable.
type namedKey struct{}

// look returns the state of a complete list.
func (n namedAssociations) look(out *ListDataIntegrationAssociationsOutput) WaitProgress {
	p := WaitProgress{Statuses: map[ExecutionStatus]int{}}
	arns, clients := newSighting(n.arns), newSighting(n.clients)
	for _, a := range out.DataIntegrationAssociations {
		byArn, byClient := arns.see(a.DataIntegrationAssociationArn), clients.see(a.ClientId)
		if byArn || byClient || len(arns)+len(clients) == 0 {
			p.Associations = append(p.Associations, a)
			p.Statuses[statusOf(a)]++
		}
	}
	p.MissingAssociationArns, p.MissingClientIds = arns.missing(n.arns), clients.missing(n.clients)
	return p
}

// A sighting says of each name whether it was seen in the list.
type sighting map[string]bool

func newSighting(names []string) sighting {
	s := sighting{}
	for _, name := range names {
		s[name] = false
	}
	return s
}

// see reports whether name is one of the names.
func (s sighting) see(name *string) bool {
	if name == nil {
		return false
	}
	_, ok := s[*name]
	if ok {
		s[*name] = true
	}
	return ok
}

// missing returns those of names that were not seen, each once. It uses up s.
func (s sighting) missing(names []string) (missing []string) {
	for _, name := range names {
		if !s[name] {
			s[name] = true
			missing = append(missing, name)
		}
	}
	return missing
}

func statusOf(a DataIntegrationAssociationSummary) ExecutionStatus {
	if a.LastExecutionStatus == nil {
		return ""
	}
	return a.LastExecutionStatus.ExecutionStatus
}

// An ExecutionFailedError means that a
// [DataIntegrationAssociationsCompletedWaiter] found executions that failed.
type ExecutionFailedError struct {
	DataIntegrationIdentifier string            // as in the input
	Executions                []FailedExecution // all that the round found, in the order of the list
}

// A FailedExecution is the last execution of one association. A field is "" if
// the service left it out.
type FailedExecution struct {
	DataIntegrationAssociationArn string
	ClientId                      string
	StatusMessage                 string // as the service sent it
}

// Error names the associations and their messages on one line of at most 1 KiB,
// as far as they fit. Executions contains all of them.
func (e *ExecutionFailedError) Error() string {
	text := "execution failed: data integration " + oneLine(e.DataIntegrationIdentifier, maxIdentifierText) + ": "
	var failed []string
	for _, execution := range e.Executions {
		failed = append(failed, execution.text())
	}
	if len(failed) > 0 {
		text += enumerate(failed, "; ", maxWaitText-len(text))
	}
	return text
}

func (f *FailedExecution) text() string {
	name, message := "association "+oneLine(f.DataIntegrationAssociationArn, maxNameText), "no message"
	if f.DataIntegrationAssociationArn == "" {
		name = "client id " + oneLine(f.ClientId, maxNameText)
	}
	if f.StatusMessage != "" {
		message = oneLine(f.StatusMessage, maxFailureText)
	}
	return name + ": " + message
}

// failedExecutions returns those of associations whose execution failed.
func failedExecutions(associations []DataIntegrationAssociationSummary) (failed []FailedExecution) {
	for _, a := range associations {
		if statusOf(a) == ExecutionStatusFailed {
			failed = append(failed, FailedExecution{
				DataIntegrationAssociationArn: valueOr(a.DataIntegrationAssociationArn, ""),
				ClientId:                      valueOr(a.ClientId, ""),
				StatusMessage:                 valueOr(a.LastExecutionStatus.StatusMessage, ""),
			})
		}
	}
	return failed
}

// A NotCompletedError means that a wait of a
// [DataIntegrationAssociationsCompletedWaiter] ended before the executions were
// finished. [errors.Is] finds [context.DeadlineExceeded] if maxWaitDur or
// the deadline of the context has passed, [context.Canceled] if the context was
// canceled, and the cause of the context.
type NotCompletedError struct {
	DataIntegrationIdentifier string       // as in the input
	Attempts                  int64        // rounds made, the interrupted one included
	Last                      WaitProgress // of the last round that listed all pages; zero: there was none
	Err                       error        // what ended the wait
}

// Error contains the counts by status, the names that are missing in the list,
// and what ended the wait, on one line of at most 1 KiB. Last contains all of
// them.
func (e *NotCompletedError) Error() string {
	attempts := "1 attempt"
	if e.Attempts != 1 {
		attempts = strconv.FormatInt(e.Attempts, 10) + " attempts"
	}
	text := "executions not completed: data integration " + oneLine(e.DataIntegrationIdentifier, maxIdentifierText) + ", " + attempts + ": "
	cause := ""
	if e.Err != nil {
		cause = ": " + oneLine(e.Err.Error(), maxWaitCause)
	}
	return text + e.Last.state(maxWaitText-len(text)-len(cause)) + cause
}

// Unwrap returns what ended the wait.
func (e *NotCompletedError) Unwrap() error { return e.Err }
