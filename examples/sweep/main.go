// Command sweep lists the data integrations of accounts and Regions with the
// official client, then all of their associations with Sweep.
//
// Without -profile, -region and -data-integrations it starts a fake service: two
// accounts with three Regions each, 20 data integrations in each Region, and a
// quota of 2 requests a second for each of them.
//
// A summary goes to stdout; with -json, the associations go there as JSON lines,
// and the summary to stderr. A progress bar goes to stderr if that is a terminal.
// The exit status is 1 if anything failed, and 2 if the command line is wrong.
//
// With -resume FILE, the targets that failed, or that an interrupt left over, are
// written to FILE, and the next run with the same FILE lists only what is missing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
)

const (
	exitFailed = 1
	exitUsage  = 2
)

// A command is what the command line says.
type command struct {
	profiles, regions values
	file, resume      string
	json              bool
}

// values is a flag that may be repeated.
type values []string

func (v *values) String() string     { return strings.Join(*v, ",") }
func (v *values) Set(s string) error { *v = append(*v, s); return nil }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], startFake, os.Stdout, os.Stderr))
}

// run returns the exit status.
func run(ctx context.Context, args []string, fake func() (*fakeAccounts, error), out, errs io.Writer) int {
	c, err := parse(args, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitUsage
	}
	places := profilesAndRegions(c.profiles, c.regions)
	if len(c.profiles)+len(c.regions) == 0 && c.file == "" {
		accounts, err := fake()
		if err != nil {
			fmt.Fprintln(errs, "sweep:", err)
			return exitFailed
		}
		defer accounts.close()
		places = accounts.places
	}
	r := &report{}
	if err := c.sweep(ctx, places, r, out, errs); err != nil {
		fmt.Fprintln(errs, "sweep:", err)
		return exitFailed
	}
	if len(r.failures) > 0 {
		return exitFailed
	}
	return 0
}

func parse(args []string, errs io.Writer) (*command, error) {
	c := &command{}
	f := flag.NewFlagSet("sweep", flag.ContinueOnError)
	f.SetOutput(errs)
	f.Var(&c.profiles, "profile", "a `profile` of the shared config files; may be repeated; none: the default one")
	f.Var(&c.regions, "region", "a `Region`; may be repeated; none: the one of each profile")
	f.StringVar(&c.file, "data-integrations", "", "a `file` with the data integrations, in place of listing them: IDENTIFIER [REGION [PROFILE]] on each line")
	f.StringVar(&c.resume, "resume", "", "a `file` for the targets that failed; if it exists, only those in it are listed. It contains tokens of the service: keep it private")
	f.BoolVar(&c.json, "json", false, "write the associations to stdout, as JSON lines")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		err := fmt.Errorf("unexpected argument %q", f.Arg(0))
		fmt.Fprintln(errs, "sweep:", err)
		return nil, err
	}
	return c, nil
}
