package appintegrations_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

func TestTimes(t *testing.T) {
	at := time.Date(2026, 9, 21, 14, 13, 20, 0, time.UTC)
	for _, row := range []struct {
		value string
		want  time.Time
	}{
		{"1790000000000", at},
		{"1790000000123", at.Add(123 * time.Millisecond)},
		{"0", time.Unix(0, 0).UTC()},
		{"-1", time.UnixMilli(-1).UTC()},
		{"2026-09-21T14:13:20Z", at},
		{"2026-09-21T14:13:20.123Z", at.Add(123 * time.Millisecond)},
		{"2026-09-21T16:13:20+02:00", at},
		{"2026-09-21T16:13:20+0200", at},
		{"2026-09-21T16:13:20+02", at},
		{"2026-09-21T14:13:20", at},
		{"2026-09-21T14:13", at.Add(-20 * time.Second)},
		{"2026-09-21", time.Date(2026, 9, 21, 0, 0, 0, 0, time.UTC)},
		{"20260921T141320Z", at},
	} {
		value := row.value
		onDemand := &appintegrations.OnDemandConfiguration{StartTime: &value, EndTime: &value}
		schedule := &appintegrations.ScheduleConfiguration{FirstExecutionFrom: &value}
		for name, get := range map[string]func() (time.Time, error){"Start": onDemand.Start, "End": onDemand.End, "FirstExecution": schedule.FirstExecution} {
			got, err := get()
			require.NoError(t, err, "%s of %s", name, value)
			assert.Equal(t, row.want, got, "%s of %s", name, value)
		}
	}
}

func TestTimesThatAreNone(t *testing.T) {
	for name, get := range map[string]func() (time.Time, error){
		"no configuration": (*appintegrations.OnDemandConfiguration)(nil).Start,
		"no end":           (*appintegrations.OnDemandConfiguration)(nil).End,
		"no schedule":      (*appintegrations.ScheduleConfiguration)(nil).FirstExecution,
		"no StartTime":     new(appintegrations.OnDemandConfiguration).Start,
		"no EndTime":       new(appintegrations.OnDemandConfiguration).End,
		"no first":         new(appintegrations.ScheduleConfiguration).FirstExecution,
	} {
		got, err := get()
		assert.NoError(t, err, name)
		assert.True(t, got.IsZero(), name)
	}
	for _, value := range []string{"", " ", "soon", "1.5", "9223372036854775808", "2026-13-01", "2026-09-21T25:00:00Z", "1790000000000 ", "a\nb"} {
		_, err := (&appintegrations.OnDemandConfiguration{StartTime: &value}).Start()
		require.Error(t, err, "%q", value)
		assert.Contains(t, err.Error(), "StartTime")
		assert.NotContains(t, err.Error(), "\n")
	}
	value := "soon"
	_, err := (&appintegrations.ScheduleConfiguration{FirstExecutionFrom: &value}).FirstExecution()
	assert.ErrorContains(t, err, `"soon"`)
}
