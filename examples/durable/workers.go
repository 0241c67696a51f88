package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/jackc/pgx/v5"
)

// A lease shows the other workers that this one lives: an advisory lock of
// PostgreSQL, which ends with its connection, and so with the process. A process
// that is only cut off loses its work too; the engine then rejects what that
// process would still store.
type lease struct {
	conn   *pgx.Conn
	worker string
}

// keepalive makes the server notice within 20 seconds that a machine is gone.
const keepalive = `SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3`

func takeLease(ctx context.Context, config *pgx.ConnConfig, worker string) (*lease, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	l := &lease{conn: conn, worker: worker}
	if _, err := conn.Exec(ctx, keepalive); err != nil {
		l.end()
		return nil, err
	}
	if free, err := l.lock(ctx, worker); err != nil || !free {
		l.end()
		return nil, fmt.Errorf("worker %s: its lock is not free: %w", worker, err)
	}
	return l, nil
}

// end closes the connection: a worker that ends in an orderly way is replaced at once.
func (l *lease) end() { l.conn.Close(context.Background()) }

func (l *lease) lock(ctx context.Context, worker string) (free bool, err error) {
	err = l.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended($1, 0))`, worker).Scan(&free)
	return free, err
}

func (l *lease) unlock(ctx context.Context, worker string) error {
	_, err := l.conn.Exec(ctx, `SELECT pg_advisory_unlock(hashtextextended($1, 0))`, worker)
	return err
}

// alone calls f while no other worker is in such a call: two workers cannot make
// the same tables at once, not even with IF NOT EXISTS. It asks for the lock again
// and again: to wait for it inside a statement would hold up the engine's
// CREATE INDEX CONCURRENTLY, which waits for all statements.
func (l *lease) alone(ctx context.Context, f func() error) error {
	const name = "appintegrations-durable: tables"
	for {
		free, err := l.lock(ctx, name)
		if err != nil {
			return err
		}
		if free {
			return errors.Join(f(), l.unlock(ctx, name))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollInterval):
		}
	}
}

// takeOver puts the work of dead workers back into the queue. The error is that
// this worker has lost its connection, and its lease with it.
func (l *lease) takeOver(ctx context.Context, engine dbos.Context) error {
	pending, err := pendingOf(engine)
	if err != nil {
		return err
	}
	for worker := range pending {
		if worker == l.worker {
			continue
		}
		if err := l.takeOverFrom(ctx, engine, worker); err != nil {
			return fmt.Errorf("take over from %s: %w", worker, err)
		}
	}
	return l.conn.Ping(ctx) // where nobody else works, too
}

// takeOverFrom looks at the work again once it has the lock: another worker may
// have been faster.
func (l *lease) takeOverFrom(ctx context.Context, engine dbos.Context, worker string) error {
	dead, err := l.lock(ctx, worker)
	if err != nil || !dead {
		return err
	}
	defer l.unlock(ctx, worker)
	pending, err := pendingOf(engine, dbos.WithFilterExecutorIDs(worker))
	if err != nil || len(pending[worker]) == 0 {
		return err
	}
	_, err = dbos.ResumeWorkflows[int](engine, pending[worker], dbos.WithResumeQueue(queueName))
	return err
}

// pendingOf returns the ids of the workflows in progress, by worker.
func pendingOf(engine dbos.Context, filters ...dbos.ListWorkflowsOption) (map[string][]string, error) {
	filters = append(filters, dbos.WithFilterStatus(dbos.WorkflowStatusPending), dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
	all, err := dbos.ListWorkflows(engine, filters...)
	if err != nil {
		return nil, err
	}
	ids := map[string][]string{}
	for _, workflow := range all {
		ids[workflow.ExecutorID] = append(ids[workflow.ExecutorID], workflow.ID)
	}
	return ids, nil
}
