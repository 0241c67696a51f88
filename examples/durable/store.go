package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite" // registers the driver "sqlite"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// tables are made by the first process. No constraint keeps an association from
// being stored twice: the transactions alone must do so, and the tests count.
const tables = `
CREATE TABLE IF NOT EXISTS sweep_lists (
	run TEXT, account TEXT, region TEXT, integration TEXT,
	checkpoint TEXT NOT NULL, -- where to go on; it contains a NextToken
	steps BIGINT NOT NULL,    -- transactions so far
	failed TEXT NOT NULL,     -- why the list cannot go on; empty: it can, or is done
	done BIGINT NOT NULL,     -- 1: the list is at its end
	PRIMARY KEY (run, account, region, integration));
CREATE TABLE IF NOT EXISTS sweep_steps (
	run TEXT, account TEXT, region TEXT, integration TEXT, step BIGINT,
	worker TEXT NOT NULL, pages BIGINT NOT NULL, associations BIGINT NOT NULL,
	requests BIGINT NOT NULL, throttled BIGINT NOT NULL,
	PRIMARY KEY (run, account, region, integration, step));
CREATE TABLE IF NOT EXISTS sweep_associations (
	run TEXT, account TEXT, region TEXT, integration TEXT, step BIGINT, association TEXT NOT NULL)`

// A store is the database: the tables above, and the state of the workflows. It
// is ONE database, so that both change in one transaction.
type store struct {
	*sql.DB
	worker string // this process
	lease  *lease // nil: SQLite
	dsn    string // of SQLite; empty: PostgreSQL
	pools  *pgxpool.Config
}

// openSQLite opens or makes a database for one process at a time. Its name as a
// worker is always the same: what it left unfinished, it takes up again.
func openSQLite(ctx context.Context, file string) (*store, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{
		"_txlock": {"immediate"}, // a transaction that begins by reading could not write later
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(ON)"},
	}.Encode()}
	s := &store{worker: "local", dsn: dsn.String()}
	if s.DB, err = openFile(s.dsn); err != nil {
		return nil, err
	}
	if _, err := s.ExecContext(ctx, tables); err != nil {
		s.Close()
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

func openFile(dsn string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn)
	if err == nil {
		db.SetMaxOpenConns(8)
	}
	return db, err
}

// openPostgres opens a database that any number of processes share.
func openPostgres(ctx context.Context, url string) (*store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("-postgres: %w", err)
	}
	host, _ := os.Hostname()
	s := &store{pools: config, worker: fmt.Sprintf("%s-%d-%04x", host, os.Getpid(), rand.N(1<<16))}
	s.DB = stdlib.OpenDB(*config.ConnConfig)
	s.SetMaxOpenConns(4)
	if s.lease, err = takeLease(ctx, config.ConnConfig, s.worker); err == nil {
		err = s.lease.alone(ctx, func() error {
			_, err := s.ExecContext(ctx, tables)
			return err
		})
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("-postgres: %w", err)
	}
	return s, nil
}

func (s *store) Close() error {
	if s.lease != nil {
		s.lease.end()
	}
	return s.DB.Close()
}

// engine returns the context of the workflow engine and its source of
// transactions, on connections to the same database that the engine closes in
// the end.
func (s *store) engine(ctx context.Context, level slog.Leveler) (engine dbos.Context, source *dbos.DataSource, err error) {
	config := dbos.Config{
		AppName:            "appintegrations-durable",
		ApplicationVersion: stepsVersion,
		ExecutorID:         s.worker,
		Logger:             slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}
	if s.dsn != "" {
		db, err := openFile(s.dsn)
		if err != nil {
			return nil, nil, err
		}
		config.SQLiteSystemDB = db
		return newEngine(config, db)
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), s.pools)
	if err != nil {
		return nil, nil, err
	}
	config.SystemDBPool = pool
	err = s.lease.alone(ctx, func() (err error) {
		engine, source, err = newEngine(config, pool)
		return err
	})
	return engine, source, err
}

// newEngine makes the engine's own database the source of transactions: then a
// transaction and the record of its step are one. The parent of the context is
// not that of the program: if it ended before Shutdown, the engine would cancel
// the workflows for good.
func newEngine[E dbos.Engine](config dbos.Config, database E) (dbos.Context, *dbos.DataSource, error) {
	engine, err := dbos.NewContext(context.Background(), config)
	if err != nil {
		return nil, nil, err
	}
	source, err := dbos.NewDataSource(engine, database)
	return engine, source, err
}

// plan adds the lists that are new, clears failures of earlier attempts, and
// returns the lists that are not done.
func (j job) plan(ctx context.Context, tx dbos.Tx, integrations []string) ([]list, error) {
	if _, err := tx.Exec(ctx, `UPDATE sweep_lists SET failed = '' WHERE run = $1 AND account = $2 AND region = $3`, j.Run, j.Account, j.Region); err != nil {
		return nil, err
	}
	var lists []list
	for _, arn := range integrations {
		l, err := j.planOne(ctx, tx, arn)
		if err != nil {
			return nil, err
		}
		if !l.At.Done {
			lists = append(lists, l)
		}
	}
	return lists, nil
}

func (j job) planOne(ctx context.Context, tx dbos.Tx, arn string) (list, error) {
	l := list{}
	l.At.DataIntegrationIdentifier = arn
	text, err := l.At.MarshalText()
	if err != nil {
		return l, err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO sweep_lists VALUES ($1, $2, $3, $4, $5, 0, '', 0) ON CONFLICT DO NOTHING`,
		j.Run, j.Account, j.Region, arn, string(text)); err != nil {
		return l, err
	}
	var checkpoint string
	if err := tx.QueryRow(ctx, `SELECT checkpoint, steps FROM sweep_lists WHERE run = $1 AND account = $2 AND region = $3 AND integration = $4`,
		j.Run, j.Account, j.Region, arn).Scan(&checkpoint, &l.Steps); err != nil {
		return l, err
	}
	return l, l.At.UnmarshalText([]byte(checkpoint))
}

// steps returns how many transactions of a list there were.
func (s *store) steps(ctx context.Context, j job, l list) (n int, err error) {
	err = s.QueryRowContext(ctx, `SELECT steps FROM sweep_lists WHERE run = $1 AND account = $2 AND region = $3 AND integration = $4`,
		j.Run, j.Account, j.Region, l.At.DataIntegrationIdentifier).Scan(&n)
	return n, err
}

// put stores what a step fetched, and the list as it is afterwards. The caller's
// transaction makes that one change.
func (j job) put(ctx context.Context, tx dbos.Tx, worker string, before list, f fetched) (list, error) {
	after := f.after(before)
	arn := before.At.DataIntegrationIdentifier
	text, err := after.At.MarshalText()
	if err != nil {
		return before, err
	}
	done := 0
	if after.At.Done {
		done = 1
	}
	result, err := tx.Exec(ctx, `UPDATE sweep_lists SET checkpoint = $1, steps = $2, failed = $3, done = $4
		WHERE run = $5 AND account = $6 AND region = $7 AND integration = $8 AND steps = $9`,
		string(text), after.Steps, after.Failed, done, j.Run, j.Account, j.Region, arn, before.Steps)
	if err != nil {
		return before, err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return before, fmt.Errorf("step %d of %s was stored by another process: %w", before.Steps, arn, err)
	}
	if f.expired {
		if _, err := tx.Exec(ctx, `DELETE FROM sweep_associations WHERE run = $1 AND account = $2 AND region = $3 AND integration = $4`,
			j.Run, j.Account, j.Region, arn); err != nil {
			return before, err
		}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO sweep_steps VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		j.Run, j.Account, j.Region, arn, before.Steps, worker, f.pages, len(f.associations), f.requests, f.throttled); err != nil {
		return before, err
	}
	return after, j.putAssociations(ctx, tx, before, f.associations)
}

func (j job) putAssociations(ctx context.Context, tx dbos.Tx, l list, associations []string) error {
	for _, a := range associations {
		if _, err := tx.Exec(ctx, `INSERT INTO sweep_associations VALUES ($1, $2, $3, $4, $5, $6)`,
			j.Run, j.Account, j.Region, l.At.DataIntegrationIdentifier, l.Steps, a); err != nil {
			return err
		}
	}
	return nil
}
