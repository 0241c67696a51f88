package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	smithy "github.com/aws/smithy-go"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/types"
)

// A report counts what a sweep found.
type report struct {
	counts   map[place]map[string]int // associations by status
	lists    map[place]int            // data integrations whose list is complete
	failures []failure
}

// A failure is a target that failed; from is where to go on.
type failure struct {
	target
	err error
}

const noStatus = "(none)"

func (r *report) add(t target, result appintegrations.SweepResult) {
	if r.counts == nil {
		r.counts, r.lists = map[place]map[string]int{}, map[place]int{}
	}
	if r.counts[t.place] == nil {
		r.counts[t.place] = map[string]int{}
	}
	for _, a := range result.Associations {
		status := noStatus
		if a.LastExecutionStatus != nil && a.LastExecutionStatus.ExecutionStatus != "" {
			status = string(a.LastExecutionStatus.ExecutionStatus)
		}
		r.counts[t.place][status]++
	}
	if result.Err == nil {
		r.lists[t.place]++
	} else {
		t.from = result.Checkpoint
		r.fail(t, result.Err)
	}
}

func (r *report) fail(t target, err error) { r.failures = append(r.failures, failure{t, err}) }

// resumable are the failures that a resumed sweep can repair: a list of data
// integrations that failed is none.
func (r *report) resumable() []failure {
	return slices.DeleteFunc(slices.Clone(r.failures), func(f failure) bool { return f.from == (appintegrations.Checkpoint{}) })
}

// write writes a table by place and status, then the failures by class and error code.
func (r *report) write(w io.Writer) {
	statuses := r.statuses()
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "PROFILE\tREGION\tCOMPLETE LISTS\tASSOCIATIONS\t%s\t\n", strings.Join(statuses, "\t"))
	places := slices.SortedFunc(maps.Keys(r.counts), func(a, b place) int { return strings.Compare(a.String(), b.String()) })
	all, lists := map[string]int{}, 0
	for _, p := range places {
		writeRow(table, p.profile, p.region, r.lists[p], r.counts[p], statuses)
		lists += r.lists[p]
		for status, n := range r.counts[p] {
			all[status] += n
		}
	}
	writeRow(table, "all", "", lists, all, statuses)
	table.Flush()
	r.writeFailures(w)
}

func writeRow(w io.Writer, profile, region string, lists int, counts map[string]int, statuses []string) {
	if profile == "" {
		profile = "default"
	}
	sum, cells := 0, ""
	for _, status := range statuses {
		sum += counts[status]
		cells += fmt.Sprintf("%d\t", counts[status])
	}
	fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\n", profile, region, lists, sum, cells)
}

// statuses are those of the model, then others that came.
func (r *report) statuses() []string {
	var statuses []string
	for _, s := range types.ExecutionStatus("").Values() {
		statuses = append(statuses, string(s))
	}
	others := map[string]bool{}
	for _, counts := range r.counts {
		for status := range counts {
			others[status] = !slices.Contains(statuses, status)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(others)) {
		if others[status] {
			statuses = append(statuses, status)
		}
	}
	return statuses
}

func (r *report) writeFailures(w io.Writer) {
	if len(r.failures) == 0 {
		return
	}
	const shown = 5
	byKind := map[string][]failure{}
	for _, f := range r.failures {
		byKind[kindOf(f.err)] = append(byKind[kindOf(f.err)], f)
	}
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		failed := byKind[kind]
		fmt.Fprintf(w, "\n%d failed (%s), the first one: %v\n", len(failed), kind, failed[0].err)
		for _, f := range failed[:min(shown, len(failed))] {
			fmt.Fprintf(w, "  %s: %q\n", f.place, f.identifier)
		}
		if more := len(failed) - shown; more > 0 {
			fmt.Fprintf(w, "  and %d more\n", more)
		}
	}
}

// kindOf is what failures are grouped by: the class of the failure, which says
// what to do about it, and the code of the service.
func kindOf(err error) string {
	kind := string(appintegrations.Classify(err))
	var api smithy.APIError
	if errors.As(err, &api) {
		kind += ", " + api.ErrorCode()
	}
	return kind
}
