package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// The quota of each fake service in the tests that kill: slow enough to be in
// the middle of the work, and what decides how long the work takes.
const quota, quotaBurst = 20, 10

func TestKillThreeTimes(t *testing.T) {
	const kills = 3
	f, targets := fakesFor(t, quota, quotaBurst)
	db := filepath.Join(t.TempDir(), "durable.db")
	args := []string{"-db", db, "-targets", targets, "-run", "killed"}
	var took time.Duration
	for i := range kills {
		started := time.Now()
		p := start(t, args...)
		f.waitUntilServed(t, (i+1)*allPages/(kills+1))
		p.kill(t)
		took += time.Since(started)
	}
	started := time.Now()
	p := start(t, args...)
	p.finish(t)
	took += time.Since(started)

	s, err := openSQLite(t.Context(), db)
	require.NoError(t, err)
	defer s.Close()
	c := countStored(t, s, "killed")
	require.Equal(t, complete, c)
	fetched := requireFetched(t, f, kills*allTargets)
	t.Logf("%d kills: %v; lost %d, stored twice %d; %d pages fetched of %d needed\n%s", kills, took.Round(time.Millisecond), c.lost, c.twice, fetched, allPages, &p.out)

	again := start(t, append(args, "-json")...)
	again.finish(t)
	assert.Equal(t, allAssociations, strings.Count(again.out.String(), "\n"))
	_, after := f.served()
	assert.Equal(t, fetched, after, "a sweep that is done fetches nothing")
}

func TestWithoutKill(t *testing.T) {
	f, targets := fakesFor(t, quota, quotaBurst)
	db := filepath.Join(t.TempDir(), "durable.db")
	started := time.Now()
	start(t, "-db", db, "-targets", targets, "-run", "whole").finish(t)
	took := time.Since(started)
	s, err := openSQLite(t.Context(), db)
	require.NoError(t, err)
	defer s.Close()
	require.Equal(t, complete, countStored(t, s, "whole"))
	t.Logf("no kill: %v; %d pages fetched of %d needed", took.Round(time.Millisecond), requireFetched(t, f, 0), allPages)
}

// The same lists in goroutines, one for each, with nothing stored: what
// durability costs is the difference.
func TestPlainGoroutines(t *testing.T) {
	f, _ := fakesFor(t, quota, quotaBurst)
	clients, err := connect(t.Context(), f.targets)
	require.NoError(t, err)
	started := time.Now()
	var group sync.WaitGroup
	counts := make(chan int, allLists)
	for _, c := range clients {
		arns, err := c.listIntegrations(t.Context())
		require.NoError(t, err)
		for _, arn := range arns {
			group.Go(func() {
				n := 0
				for _, err := range c.resume(appintegrations.Checkpoint{DataIntegrationIdentifier: arn}).Associations(t.Context()) {
					if !assert.NoError(t, err) {
						break
					}
					n++
				}
				counts <- n
			})
		}
	}
	group.Wait()
	took := time.Since(started)
	close(counts)
	sum := 0
	for n := range counts {
		sum += n
	}
	require.Equal(t, allAssociations, sum)
	t.Logf("plain goroutines: %v; %d pages fetched of %d needed", took.Round(time.Millisecond), requireFetched(t, f, 0), allPages)
}

// sweepOnce runs the program in this process, without a quota.
func sweepOnce(ctx context.Context, db, targets string) (out string, err error) {
	var text strings.Builder
	err = run(ctx, &text, flags{run: "test", db: db, targets: targets, concurrency: allTargets})
	return text.String(), err
}

func TestStopAndGoOnAfterTheTokensExpired(t *testing.T) {
	db := filepath.Join(t.TempDir(), "durable.db")
	f, targets := fakesFor(t, quota, quotaBurst)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer stop()
		for sum := 0; sum < allPages/2 && t.Context().Err() == nil; _, sum = f.served() {
			time.Sleep(10 * time.Millisecond)
		}
	}()
	_, err := sweepOnce(ctx, db, targets)
	require.ErrorContains(t, err, "the same command goes on")

	// Other services know nothing of the tokens of the first ones.
	others, targets := fakesFor(t, 1000, 1000)
	_, err = sweepOnce(t.Context(), db, targets)
	require.NoError(t, err)
	s, err := openSQLite(t.Context(), db)
	require.NoError(t, err)
	defer s.Close()
	c := countStored(t, s, "test")
	_, before := f.served()
	_, after := others.served()
	assert.Equal(t, count{stored: allAssociations, pages: c.pages}, c)
	assert.Less(t, after, allPages, "lists that were done are not listed again")
	assert.LessOrEqual(t, c.pages, allPages+2*allTargets, "a list that starts again costs the pages that it had: two at most")
	assert.LessOrEqual(t, c.pages, before+after, "pages are stored no more often than they were fetched")
	assert.LessOrEqual(t, before+after, c.pages+allTargets, "the stop costs a page for each workflow")
}

func TestFailedListGoesOn(t *testing.T) {
	db := filepath.Join(t.TempDir(), "durable.db")
	f, targets := fakesFor(t, 1000, 1000)
	const arn = "arn:aws:app-integrations:us-east-1:111122223333:data-integration/integration-07"
	f.servers[0].Fail(appintegrationstest.ServiceError(&appintegrations.AccessDeniedException{}).For(arn).OnPage(2))

	_, err := sweepOnce(t.Context(), db, targets)
	require.ErrorContains(t, err, arn)
	require.ErrorContains(t, err, "AccessDeniedException")
	_, fetched := f.served()
	require.Equal(t, allPages-2, fetched, "the other lists are listed all the same")

	out, err := sweepOnce(t.Context(), db, targets)
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^111122223333  us-east-1  20     20    0       60     200 `, out)
	requireFetched(t, f, 0)
	s, err := openSQLite(t.Context(), db)
	require.NoError(t, err)
	defer s.Close()
	assert.Equal(t, complete, countStored(t, s, "test"))
}

func TestFailedTargetGoesOn(t *testing.T) {
	db := filepath.Join(t.TempDir(), "durable.db")
	f, targets := fakesFor(t, 1000, 1000)
	f.servers[2].Fail(appintegrationstest.ServiceError(&appintegrations.AccessDeniedException{}).OnDataIntegrations())

	_, err := sweepOnce(t.Context(), db, targets)
	require.ErrorContains(t, err, "test/444455556666/us-east-1: ERROR: list data integrations: ")
	_, fetched := f.served()
	require.Equal(t, allPages*(allTargets-1)/allTargets, fetched, "the other accounts and Regions are listed all the same")

	_, err = sweepOnce(t.Context(), db, targets)
	require.NoError(t, err)
	requireFetched(t, f, 0)
}

// The binary of the test is another one than that of the worker: a new version of
// the program goes on with the sweep of the old one.
func TestDeployGoesOn(t *testing.T) {
	db := filepath.Join(t.TempDir(), "durable.db")
	f, targets := fakesFor(t, quota, quotaBurst)
	old := start(t, "-db", db, "-targets", targets, "-run", "test")
	f.waitUntilServed(t, allPages/2)
	old.kill(t)

	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	_, err := sweepOnce(ctx, db, targets)
	require.NoError(t, err)
	requireFetched(t, f, allTargets)
	s, err := openSQLite(t.Context(), db)
	require.NoError(t, err)
	defer s.Close()
	assert.Equal(t, complete, countStored(t, s, "test"))
}

func TestTokenRejectedAtOnceIsAFailure(t *testing.T) {
	f, targets := fakesFor(t, 1000, 1000)
	const arn = "arn:aws:app-integrations:eu-west-2:111122223333:data-integration/integration-20"
	f.servers[1].Fail(appintegrationstest.ServiceError(&appintegrations.InvalidRequestException{}).For(arn).OnPage(2).Always())
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	for range 2 { // the second time, the list is resumed and starts again
		_, err := sweepOnce(ctx, filepath.Join(t.TempDir(), "durable.db"), targets)
		require.ErrorContains(t, err, "InvalidRequestException")
	}
}

func TestInput(t *testing.T) {
	twice := targetsFile(t, []target{{Account: "1", Region: "us-east-1"}, {Account: "1", Region: "us-east-1"}})
	for _, row := range []struct {
		name string
		f    flags
		want string
	}{
		{"no run", flags{concurrency: 1}, "-run is empty"},
		{"concurrency", flags{run: "r"}, "-concurrency is 0"},
		{"serve with targets", flags{run: "r", concurrency: 1, serve: true, targets: "x"}, "exclude each other"},
		{"no file", flags{run: "r", concurrency: 1, targets: filepath.Join(t.TempDir(), "none")}, "no such file"},
		{"no target", flags{run: "r", concurrency: 1, targets: targetsFile(t, []target{})}, "contains no target"},
		{"target twice", flags{run: "r", concurrency: 1, targets: twice}, `target "1" "us-east-1"`},
		{"no region", flags{run: "r", concurrency: 1, targets: targetsFile(t, []target{{Account: "1"}})}, `target "1" ""`},
		{"URL", flags{run: "r", concurrency: 1, targets: targetsFile(t, []target{{Account: "1", Region: "us-east-1"}}), postgres: "postgres://%"}, "-postgres"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := run(t.Context(), &strings.Builder{}, row.f); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("run(%+v) = %v; want an error with %q", row.f, err, row.want)
			}
		})
	}
}

func TestServe(t *testing.T) {
	ctx, stop := context.WithCancelCause(t.Context())
	stop(errors.New("at once"))
	var out strings.Builder
	require.NoError(t, run(ctx, &out, flags{run: "r", concurrency: 1, serve: true}))
	assert.Equal(t, allTargets, strings.Count(out.String(), `"fake": "http://127.0.0.1:`))
}
