package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// byTarget joins lists and steps after each is summed up: a join of the rows
// themselves would count lists once for each of their steps.
const byTarget = `
SELECT l.account, l.region, l.lists, l.done, l.failed, COALESCE(s.pages, 0), COALESCE(a.associations, 0), COALESCE(s.requests, 0), COALESCE(s.throttled, 0)
FROM (SELECT account, region, COUNT(*) AS lists, SUM(done) AS done, SUM(CASE WHEN failed = '' THEN 0 ELSE 1 END) AS failed
	FROM sweep_lists WHERE run = $1 GROUP BY account, region) l
LEFT JOIN (SELECT account, region, SUM(pages) AS pages, SUM(requests) AS requests, SUM(throttled) AS throttled
	FROM sweep_steps WHERE run = $1 GROUP BY account, region) s ON s.account = l.account AND s.region = l.region
LEFT JOIN (SELECT account, region, COUNT(*) AS associations
	FROM sweep_associations WHERE run = $1 GROUP BY account, region) a ON a.account = l.account AND a.region = l.region
ORDER BY l.account, l.region`

const byWorker = `
SELECT worker, COUNT(DISTINCT account || '/' || region), SUM(pages), SUM(associations), SUM(requests), SUM(throttled)
FROM sweep_steps WHERE run = $1 GROUP BY worker ORDER BY worker`

// printTables prints what each account and Region has, and what each worker did.
func (s *store) printTables(ctx context.Context, w io.Writer, run string) error {
	fmt.Fprintf(w, "sweep %s\n\n", run)
	if err := s.printTargets(ctx, w, run); err != nil {
		return err
	}
	fmt.Fprintln(w)
	return s.printWorkers(ctx, w, run)
}

func (s *store) printTargets(ctx context.Context, w io.Writer, run string) error {
	rows, err := s.QueryContext(ctx, byTarget, run)
	if err != nil {
		return err
	}
	defer rows.Close()
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ACCOUNT\tREGION\tLISTS\tDONE\tFAILED\tPAGES\tASSOCIATIONS\tREQUESTS\tTHROTTLED")
	for rows.Next() {
		var account, region string
		var lists, done, failed, pages, associations, requests, throttled int64
		if err := rows.Scan(&account, &region, &lists, &done, &failed, &pages, &associations, &requests, &throttled); err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", account, region, lists, done, failed, pages, associations, requests, share(throttled, requests))
	}
	return firstError(rows.Err(), table.Flush())
}

func (s *store) printWorkers(ctx context.Context, w io.Writer, run string) error {
	rows, err := s.QueryContext(ctx, byWorker, run)
	if err != nil {
		return err
	}
	defer rows.Close()
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WORKER\tACCOUNTS AND REGIONS\tPAGES\tASSOCIATIONS\tREQUESTS\tTHROTTLED")
	for rows.Next() {
		var worker string
		var targets, pages, associations, requests, throttled int64
		if err := rows.Scan(&worker, &targets, &pages, &associations, &requests, &throttled); err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%s\n", worker, targets, pages, associations, requests, share(throttled, requests))
	}
	return firstError(rows.Err(), table.Flush())
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func share(part, all int64) string {
	if all == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(all))
}

type line struct {
	Account     string          `json:"account"`
	Region      string          `json:"region"`
	Integration string          `json:"integration"`
	Association json.RawMessage `json:"association"`
}

// printJSON prints each association of the sweep as a JSON object a line.
func (s *store) printJSON(ctx context.Context, w io.Writer, run string) error {
	rows, err := s.QueryContext(ctx, `SELECT account, region, integration, association FROM sweep_associations
		WHERE run = $1 ORDER BY account, region, integration, step`, run)
	if err != nil {
		return err
	}
	defer rows.Close()
	out := json.NewEncoder(w)
	for rows.Next() {
		var l line
		var association string
		if err := rows.Scan(&l.Account, &l.Region, &l.Integration, &association); err != nil {
			return err
		}
		l.Association = json.RawMessage(association)
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	return rows.Err()
}
