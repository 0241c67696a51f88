package appintegrations

import (
	"fmt"
	"strconv"
	"time"
)

// Start returns StartTime as a time in UTC. The time is zero, and the error nil, if
// the receiver or StartTime is nil. For a value that is neither Unix milliseconds
// nor ISO-8601, Start returns an error containing the value.
func (c *OnDemandConfiguration) Start() (time.Time, error) {
	if c == nil {
		return time.Time{}, nil
	}
	return parseTime("StartTime", c.StartTime)
}

// End returns EndTime as a time in UTC. The rules are those of Start.
func (c *OnDemandConfiguration) End() (time.Time, error) {
	if c == nil {
		return time.Time{}, nil
	}
	return parseTime("EndTime", c.EndTime)
}

// FirstExecution returns FirstExecutionFrom as a time in UTC. The time is zero, and
// the error nil, if the receiver or FirstExecutionFrom is nil. For a value that is
// neither Unix milliseconds nor ISO-8601, FirstExecution returns an error
// containing the value.
func (c *ScheduleConfiguration) FirstExecution() (time.Time, error) {
	if c == nil {
		return time.Time{}, nil
	}
	return parseTime("FirstExecutionFrom", c.FirstExecutionFrom)
}

// isoLayouts are the forms of ISO-8601 for a moment or a day. A form without a zone
// is read as UTC. time.Parse accepts fractions of a second in each.
var isoLayouts = [...]string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", time.DateOnly,
	"20060102T150405Z0700", "20060102T150405Z07", "20060102T150405",
}

func parseTime(field string, value *string) (time.Time, error) {
	if value == nil {
		return time.Time{}, nil
	}
	if ms, err := strconv.ParseInt(*value, 10, 64); err == nil {
		return time.UnixMilli(ms).UTC(), nil
	}
	for _, layout := range isoLayouts {
		if t, err := time.Parse(layout, *value); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s: neither Unix milliseconds nor ISO-8601: %q", field, oneLine(*value, maxMessageText))
}
