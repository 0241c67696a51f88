package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/seed-10600c52/appintegrations"
)

const (
	// pollInterval is how often a process looks for work, for the end of the
	// sweep, and for workers that died.
	pollInterval = 200 * time.Millisecond

	// shutdownTimeout is how long a process that is told to stop waits for the
	// transactions in progress.
	shutdownTimeout = 10 * time.Second

	// stepsVersion names the order of the steps of the workflow. Processes with
	// the same version take up each other's work, so that a deploy does not strand
	// a sweep: change it only with the order of the steps.
	stepsVersion = "1"

	queueName = "accounts-and-regions"
)

// A job is the input of a workflow: one account and Region of one sweep.
type job struct{ Run, Account, Region string }

// id is the id of the workflow: to start it twice is to start it once.
func (j job) id() string { return j.Run + "/" + j.Account + "/" + j.Region }

// A list is the state of one data integration, and the output of each step.
type list struct {
	At     appintegrations.Checkpoint // as JSON: its text form
	Steps  int                        // transactions so far
	Failed string                     // why the list cannot go on; empty: it can, or is done
}

// A sweeper runs the workflows of one process.
type sweeper struct {
	store   *store
	source  *dbos.DataSource
	clients map[job]*client // Run is empty
}

// sweep starts or goes on with the sweep of that name, and returns when all of
// it has ended, in whichever process. failed joins what could not be listed.
func sweep(ctx context.Context, s *store, run string, clients []*client, concurrency int) (failed, err error) {
	level := &slog.LevelVar{}
	level.Set(slog.LevelError)
	engine, source, err := s.engine(ctx, level)
	if err != nil {
		return nil, err
	}
	defer func() {
		level.Set(slog.LevelError + 1) // the engine logs what Shutdown interrupts as errors
		err = errors.Join(err, dbos.Shutdown(engine, shutdownTimeout))
	}()
	w := &sweeper{store: s, source: source, clients: map[job]*client{}}
	dbos.RegisterWorkflow(engine, w.target, dbos.WithWorkflowName("target"))
	var jobs []job
	for _, c := range clients {
		w.clients[job{Account: c.Account, Region: c.Region}] = c
		jobs = append(jobs, job{run, c.Account, c.Region})
	}
	queue, err := dbos.RegisterQueue(engine, queueName, dbos.WithWorkerConcurrency(concurrency),
		dbos.WithQueueBasePollingInterval(pollInterval), dbos.WithQueueOnConflict(dbos.QueueConflictAlwaysUpdate))
	if err != nil {
		return nil, err
	}
	if err := dbos.Launch(engine); err != nil {
		return nil, err
	}
	for _, j := range jobs {
		if err := w.start(engine, queue, j); err != nil {
			return nil, fmt.Errorf("start %s: %w", j.id(), err)
		}
	}
	return w.wait(ctx, engine, jobs)
}

// start puts a job into the queue. One that is there already, or done, stays as
// it is; one that failed in an earlier attempt goes on where it failed.
func (w *sweeper) start(engine dbos.Context, queue dbos.Queue, j job) error {
	handle, err := dbos.RunWorkflow(engine, w.target, j, dbos.WithWorkflowID(j.id()), dbos.WithQueue(queue))
	if err != nil {
		return err
	}
	status, err := handle.GetStatus()
	if err != nil || !ended(status.Status) || status.Status == dbos.WorkflowStatusSuccess {
		return err
	}
	_, rewindErr := dbos.RewindWorkflow[int](engine, j.id(), dbos.WithRewindQueue(queueName))
	if status, err = handle.GetStatus(); err == nil && ended(status.Status) {
		return rewindErr // else another process was faster, or none was needed
	}
	return err
}

func ended(s dbos.WorkflowStatusType) bool {
	return s != dbos.WorkflowStatusPending && s != dbos.WorkflowStatusEnqueued && s != dbos.WorkflowStatusDelayed
}

// wait waits for the end of all jobs, and meanwhile takes over from dead workers.
func (w *sweeper) wait(ctx context.Context, engine dbos.Context, jobs []job) (failed, err error) {
	var ids []string
	for _, j := range jobs {
		ids = append(ids, j.id())
	}
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		running, failed, err := w.progress(engine, ids)
		if err != nil || running == 0 {
			return failed, err
		}
		if w.store.lease != nil {
			if err := w.store.lease.takeOver(ctx, engine); err != nil && ctx.Err() == nil {
				return nil, fmt.Errorf("worker %s cannot show that it lives, and stops: %w", w.store.worker, err)
			}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("stopped with %d of %d accounts and Regions left: the same command goes on", running, len(ids))
		case <-tick.C:
		}
	}
}

func (w *sweeper) progress(engine dbos.Context, ids []string) (running int, failed, err error) {
	all, err := dbos.ListWorkflows(engine, dbos.WithFilterWorkflowIDs(ids...), dbos.WithFilterLoadInput(false))
	if err != nil {
		return 0, nil, err
	}
	for _, workflow := range all {
		switch {
		case !ended(workflow.Status):
			running++
		case workflow.Status != dbos.WorkflowStatusSuccess:
			failed = errors.Join(failed, fmt.Errorf("%s: %s: %w", workflow.ID, workflow.Status, workflow.Error))
		}
	}
	return running, failed, nil
}

// target is the workflow. It lists one data integration after the other: the
// quota of the account is what takes the time. Its result is the number of lists.
func (w *sweeper) target(ctx dbos.Context, j job) (int, error) {
	c := w.clients[job{Account: j.Account, Region: j.Region}]
	if c == nil {
		return 0, fmt.Errorf("the targets of worker %s do not contain it", w.store.worker)
	}
	integrations, err := dbos.RunAsStep(ctx, c.listIntegrations, dbos.WithStepName("integrations"))
	if err != nil {
		return 0, fmt.Errorf("list data integrations: %w", err)
	}
	lists, err := dbos.RunAsTransaction(ctx, w.source, func(ctx context.Context, tx dbos.Tx) ([]list, error) {
		return j.plan(ctx, tx, integrations)
	}, dbos.WithStepName("plan"))
	if err != nil {
		return 0, err
	}
	var failed error
	for _, l := range lists {
		if l, err = w.list(ctx, c, j, l); err != nil {
			return 0, err
		}
		if l.Failed != "" {
			failed = errors.Join(failed, fmt.Errorf("%s: %s", l.At.DataIntegrationIdentifier, l.Failed))
		}
	}
	return len(integrations), failed
}

// list stores the pages of one data integration that are not stored yet. A page
// is a step. It is fetched before its transaction, which would else stay open
// while the client waits for its turn; a step that an earlier execution
// committed fetches nothing.
func (w *sweeper) list(ctx dbos.Context, c *client, j job, l list) (list, error) {
	committed, err := w.store.steps(ctx, j, l)
	if err != nil {
		return l, err
	}
	var pages *appintegrations.ListDataIntegrationAssociationsPaginator
	for !l.At.Done && l.Failed == "" {
		var f fetched
		if l.Steps >= committed {
			resumed := pages == nil || pages.Checkpoint() != l.At
			if resumed {
				pages = c.resume(l.At)
			}
			if f, err = c.fetch(ctx, pages, resumed); err != nil {
				return l, err
			}
		}
		l, err = dbos.RunAsTransaction(ctx, w.source, func(ctx context.Context, tx dbos.Tx) (list, error) {
			return j.put(ctx, tx, w.store.worker, l, f)
		}, dbos.WithStepName("page"))
		if err != nil {
			return l, err
		}
	}
	return l, nil
}

// fetched is what a step fetched: a page, or the reason why there is none.
type fetched struct {
	associations []string // as JSON
	at           appintegrations.Checkpoint
	failed       string
	expired      bool // the service rejects the token of the checkpoint: start the list again
	pages        int

	requests, throttled int64
}

// after returns the list as it is when f is stored.
func (f fetched) after(l list) list {
	l.Steps++
	switch {
	case f.failed != "":
		l.Failed = f.failed
	case f.expired:
		l.At = appintegrations.Checkpoint{DataIntegrationIdentifier: l.At.DataIntegrationIdentifier}
	default:
		l.At = f.at
	}
	return l
}

// fetch fetches the next page. The error is that of a process that stops;
// whatever the service responds is a result, and is stored. A token can have
// expired only if the list was resumed from it: one that the service has just
// sent, and rejects, is a failure.
func (c *client) fetch(ctx context.Context, pages *appintegrations.ListDataIntegrationAssociationsPaginator, resumed bool) (fetched, error) {
	requests, throttled := c.counter.requests.Load(), c.counter.throttled.Load()
	page, err := pages.NextPage(ctx)
	if ctx.Err() != nil {
		return fetched{}, context.Cause(ctx)
	}
	f := fetched{at: pages.Checkpoint(), requests: c.counter.requests.Load() - requests, throttled: c.counter.throttled.Load() - throttled}
	if err != nil {
		var invalid *appintegrations.InvalidRequestException
		if f.expired = resumed && f.at.NextToken != "" && errors.As(err, &invalid); !f.expired {
			f.failed = err.Error()
		}
		return f, nil
	}
	f.pages = 1
	for _, a := range page.DataIntegrationAssociations {
		text, err := json.Marshal(a)
		if err != nil {
			return f, err
		}
		f.associations = append(f.associations, string(text))
	}
	return f, nil
}
