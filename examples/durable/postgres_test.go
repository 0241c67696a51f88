//go:build postgres

package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// postgres returns the database that .ci/postgres starts.
func postgres(t *testing.T) (url string, s *store) {
	t.Helper()
	url = os.Getenv("DURABLE_POSTGRES")
	require.NotEmpty(t, url, "DURABLE_POSTGRES must be the URL of a database for tests")
	s, err := openPostgres(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return url, s
}

// Three workers, one of them killed, and one that joins late.
func TestPostgresWorkers(t *testing.T) {
	url, s := postgres(t)
	f, targets := fakesFor(t, 10, 5)
	const each = 2 // accounts and Regions at once
	worker := func() *process {
		return start(t, "-postgres", url, "-targets", targets, "-run", t.Name(), "-concurrency", "2")
	}
	first, second, third := worker(), worker(), worker()
	f.waitUntilServed(t, allPages/4)
	third.kill(t)
	late := worker()
	for _, p := range []*process{first, second, late} {
		p.finish(t)
	}

	c := countStored(t, s, t.Name())
	require.Equal(t, complete, c)
	fetched := requireFetched(t, f, each)
	var shares int
	require.NoError(t, s.QueryRowContext(t.Context(), `SELECT COUNT(DISTINCT worker) FROM sweep_steps WHERE run = $1`, t.Name()).Scan(&shares))
	assert.Equal(t, 4, shares, "workers that stored pages")
	t.Logf("lost %d, stored twice %d; %d pages fetched of %d needed\n%s", c.lost, c.twice, fetched, allPages, &late.out)
}

// A worker whose lease ends while it lives stops, and stores nothing that the
// worker which takes over stores too.
func TestPostgresLeaseEnds(t *testing.T) {
	url, s := postgres(t)
	f, targets := fakesFor(t, 10, 5)
	args := []string{"-postgres", url, "-targets", targets, "-run", t.Name()}
	cutOff := start(t, args...)
	f.waitUntilServed(t, allPages/4)
	var name string
	require.NoError(t, s.QueryRowContext(t.Context(), `SELECT worker FROM sweep_steps WHERE run = $1 LIMIT 1`, t.Name()).Scan(&name))
	other := start(t, args...)
	f.waitUntilServed(t, allPages/2)
	var ended bool
	require.NoError(t, s.QueryRowContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_locks
		WHERE locktype = 'advisory' AND (classid::bigint << 32) + objid::bigint = hashtextextended($1, 0)`, name).Scan(&ended))
	require.True(t, ended)
	require.Error(t, cutOff.Wait())
	assert.Contains(t, cutOff.errs.String(), "cannot show that it lives")
	other.finish(t)

	require.Equal(t, complete, countStored(t, s, t.Name()))
	requireFetched(t, f, allTargets)
}

// A worker that is told to stop leaves its work to the others.
func TestPostgresOrderlyStop(t *testing.T) {
	url, s := postgres(t)
	f, targets := fakesFor(t, 10, 5)
	args := []string{"-postgres", url, "-targets", targets, "-run", t.Name()}
	first := start(t, args...)
	f.waitUntilServed(t, allPages/4)
	second := start(t, args...)
	require.NoError(t, first.Process.Signal(os.Interrupt))
	require.Error(t, first.Wait())
	assert.Contains(t, first.errs.String(), "6 of 6 accounts and Regions left")
	second.finish(t)

	require.Equal(t, complete, countStored(t, s, t.Name()))
	requireFetched(t, f, allTargets)
}
