package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	allTargets      = 6
	allLists        = allTargets * fakeIntegrations
	allAssociations = allLists * fakeAssociations
	allPages        = allLists * ((fakeAssociations + fakePageSize - 1) / fakePageSize)
)

// fakesFor starts the fake services in the test, which lives on when a worker is
// killed, and returns the file for -targets.
func fakesFor(t *testing.T, perSecond float64, burst int) (f *fakes, file string) {
	t.Helper()
	f, err := startFakes(perSecond, burst)
	require.NoError(t, err)
	t.Cleanup(f.Close)
	return f, targetsFile(t, f.targets)
}

func targetsFile(t *testing.T, targets []target) string {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, writeTargets(&text, targets))
	file := filepath.Join(t.TempDir(), "targets.json")
	require.NoError(t, os.WriteFile(file, text.Bytes(), 0o600))
	return file
}

// served returns how often the fakes sent each page of associations.
func (f *fakes) served() (pages map[string]int, sum int) {
	pages = map[string]int{}
	for _, server := range f.servers {
		for _, r := range server.Requests() {
			if r.Operation == "ListDataIntegrationAssociations" && r.Status == 200 {
				pages[fmt.Sprint(r.Identifier, " page ", r.Page)]++
				sum++
			}
		}
	}
	return pages, sum
}

func (f *fakes) waitUntilServed(t *testing.T, pages int) {
	t.Helper()
	require.Eventually(t, func() bool { _, sum := f.served(); return sum >= pages }, time.Minute, 10*time.Millisecond)
}

// binary is the program, built once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "durable")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "durable")
	if out, err := exec.Command("go", "build", "-o", file, ".").CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("go build: %w: %s", err, out), os.RemoveAll(dir))
	}
	return file, nil
})

func TestMain(m *testing.M) {
	file, err := binary()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(filepath.Dir(file))
	os.Exit(code)
}

// A process is the program in a process of its own.
type process struct {
	*exec.Cmd
	out, errs bytes.Buffer
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	file, err := binary()
	require.NoError(t, err)
	p := &process{Cmd: exec.Command(file, args...)}
	p.Stdout, p.Stderr = &p.out, &p.errs
	require.NoError(t, p.Start())
	t.Cleanup(func() { // harmless after Wait
		p.Process.Kill()
		p.Wait()
	})
	return p
}

// kill is kill -9.
func (p *process) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.Process.Kill())
	require.ErrorContains(t, p.Wait(), "signal: killed", "the process must have been in the middle of its work")
}

func (p *process) finish(t *testing.T) {
	t.Helper()
	require.NoError(t, p.Wait(), "%s", &p.errs)
}

// A count is what a store holds of a sweep, against what the fakes have.
type count struct {
	stored, lost, twice, strangers int
	pages                          int // stored
}

var complete = count{stored: allAssociations, pages: allPages}

func countStored(t *testing.T, s *store, run string) (c count) {
	t.Helper()
	times := map[string]int{}
	var out bytes.Buffer
	require.NoError(t, s.printJSON(t.Context(), &out, run))
	for d := json.NewDecoder(&out); ; {
		var l line
		err := d.Decode(&l)
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		var a struct{ DataIntegrationArn, DataIntegrationAssociationArn string }
		require.NoError(t, json.Unmarshal(l.Association, &a))
		assert.Equal(t, l.Integration, a.DataIntegrationArn)
		times[a.DataIntegrationAssociationArn]++
		c.stored++
	}
	for arn := range expected() {
		switch times[arn] {
		case 0:
			c.lost++
		default:
			c.twice += times[arn] - 1
		}
		delete(times, arn)
	}
	c.strangers = len(times)
	require.NoError(t, s.QueryRowContext(t.Context(), `SELECT SUM(pages) FROM sweep_steps WHERE run = $1`, run).Scan(&c.pages))
	return c
}

// expected returns the ARN of each association of the fakes.
func expected() map[string]bool {
	all := map[string]bool{}
	for _, account := range []string{"111122223333", "444455556666", "777788889999"} {
		for _, region := range []string{"us-east-1", "eu-west-2"} {
			for i := range fakeIntegrations {
				for k := range fakeAssociations {
					all[fmt.Sprintf("arn:aws:app-integrations:%s:%s:data-integration-association/integration-%02d/a%02d", region, account, i+1, k+1)] = true
				}
			}
		}
	}
	return all
}

// requireFetched checks how often pages were fetched: each kill may cost one page
// for each workflow that the process had in progress.
func requireFetched(t *testing.T, f *fakes, mostTwice int) (fetched int) {
	t.Helper()
	pages, fetched := f.served()
	require.Len(t, pages, allPages)
	require.LessOrEqual(t, fetched-allPages, mostTwice)
	return fetched
}
