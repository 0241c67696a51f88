// Command durable lists the associations of every data integration of many
// accounts and Regions, and survives the end of its process: started again with
// the same -run, it goes on where it was.
//
// Without flags it keeps its state in a SQLite file and lists from fake services
// in this process. README.md describes what it promises.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type flags struct {
	run, db, postgres, targets string
	concurrency                int
	asJSON, serve              bool
	perSecond                  float64
	burst                      int
}

func main() {
	var f flags
	flag.StringVar(&f.run, "run", time.Now().UTC().Format(time.DateOnly), "name of the sweep; the same name again goes on with that sweep")
	flag.StringVar(&f.db, "db", "durable.db", "SQLite file, for one process at a time")
	flag.StringVar(&f.postgres, "postgres", "", "URL of a PostgreSQL database, in place of -db, for any number of processes")
	flag.StringVar(&f.targets, "targets", "", "JSON file with the accounts and Regions; empty: 6 fake ones in this process")
	flag.IntVar(&f.concurrency, "concurrency", 16, "accounts and Regions that each process lists from at once")
	flag.BoolVar(&f.asJSON, "json", false, "print each association as a JSON object a line, in place of tables")
	flag.BoolVar(&f.serve, "serve", false, "only run the fake services, and print a file for -targets")
	flag.Float64Var(&f.perSecond, "fake-rate", 20, "requests a second that each fake service accepts")
	flag.IntVar(&f.burst, "fake-burst", 10, "requests at once that each fake service accepts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, f); err != nil {
		fmt.Fprintln(os.Stderr, "durable:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, f flags) error {
	if err := f.check(); err != nil {
		return err
	}
	targets, err := f.readTargets()
	if err != nil {
		return err
	}
	if targets == nil {
		fakes, err := startFakes(f.perSecond, f.burst)
		if err != nil {
			return err
		}
		defer fakes.Close()
		targets = fakes.targets
	}
	if f.serve {
		if err := writeTargets(w, targets); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}
	return f.sweep(ctx, w, targets)
}

func (f flags) check() error {
	switch {
	case f.run == "":
		return errors.New("-run is empty: give the sweep a name")
	case f.concurrency < 1:
		return fmt.Errorf("-concurrency is %d: it must be at least 1", f.concurrency)
	case f.serve && f.targets != "":
		return errors.New("-serve and -targets exclude each other: -serve makes its own targets")
	}
	return nil
}

func (f flags) sweep(ctx context.Context, w io.Writer, targets []target) error {
	clients, err := connect(ctx, targets)
	if err != nil {
		return err
	}
	store, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	failed, err := sweep(ctx, store, f.run, clients, f.concurrency)
	if err != nil {
		return err
	}
	show := store.printTables
	if f.asJSON {
		show = store.printJSON
	}
	if err := show(ctx, w, f.run); err != nil {
		return err
	}
	return failed
}

func (f flags) open(ctx context.Context) (*store, error) {
	if f.postgres != "" {
		return openPostgres(ctx, f.postgres)
	}
	return openSQLite(ctx, f.db)
}
