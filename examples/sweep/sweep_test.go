package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// quick is a fake with a quota that throttles, but not for long.
func quick(t *testing.T) *fakeAccounts {
	f, err := startFakeWith(appintegrationstest.Quota{PerSecond: 200, Burst: 5})
	require.NoError(t, err)
	t.Cleanup(f.close)
	return f
}

func runFake(t *testing.T, f *fakeAccounts, args ...string) (status int, out, errs string) {
	var stdout, stderr bytes.Buffer
	status = run(t.Context(), args, func() (*fakeAccounts, error) {
		return &fakeAccounts{places: &places{all: f.places.all, load: f.places.load, adjust: f.places.adjust}}, nil
	}, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

const (
	lists        = 6 * fakeIntegrations
	associations = 6 * 5 * (0 + 1 + 2 + 3)
)

func TestSummary(t *testing.T) {
	status, out, errs := runFake(t, quick(t))
	require.Zero(t, status, errs)
	assert.Empty(t, errs, "no bar where stderr is no terminal")
	rows := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, rows, 1+6+1)
	assert.Equal(t, []string{"PROFILE", "REGION", "COMPLETE", "LISTS", "ASSOCIATIONS", "COMPLETED", "IN_PROGRESS", "FAILED", "(none)"}, strings.Fields(rows[0]))
	assert.Equal(t, []string{"production", "eu-central-1", "20", "30"}, strings.Fields(rows[1])[:4])
	assert.Equal(t, []string{"all", "120", "180"}, strings.Fields(rows[7])[:3])
}

func TestJSON(t *testing.T) {
	status, out, errs := runFake(t, quick(t), "-json")
	require.Zero(t, status, errs)
	assert.Contains(t, errs, "PROFILE")
	seen := map[string]bool{}
	decoder := json.NewDecoder(strings.NewReader(out))
	for decoder.More() {
		var l line
		require.NoError(t, decoder.Decode(&l))
		assert.NotEmpty(t, l.Profile)
		assert.NotEmpty(t, l.Region)
		arn := aws.ToString(l.Association.DataIntegrationAssociationArn)
		assert.False(t, seen[l.Region+arn], arn)
		seen[l.Region+arn] = true
	}
	assert.Len(t, seen, associations)
}

// TestResume: what failed is listed by the next run, and nothing else.
func TestResume(t *testing.T) {
	f := quick(t)
	file := filepath.Join(t.TempDir(), "failed.json")
	server := f.servers[place{"staging", "us-east-1"}]
	server.Fail(appintegrationstest.DeniedByResourcePolicy().For("arn:aws:app-integrations:us-east-1:111122223334:data-integration/11111111-1111-4111-8111-000000000003"),
		appintegrationstest.DeniedByResourcePolicy().For("arn:aws:app-integrations:us-east-1:111122223334:data-integration/11111111-1111-4111-8111-000000000007"))

	status, out, errs := runFake(t, f, "-resume", file)
	assert.Equal(t, exitFailed, status, errs)
	assert.Contains(t, out, "2 failed (denied, AccessDeniedException)")
	assert.Contains(t, out, `staging us-east-1: "arn:`)
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	before := len(server.Requests())
	status, out, errs = runFake(t, f, "-resume", file, "-json")
	assert.Zero(t, status, errs)
	assert.Equal(t, 6, strings.Count(out, "\n"), "3 associations each")
	assert.Equal(t, 2, len(server.Requests())-before)
	_, err = os.Stat(file)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// TestInterrupt: an interrupt leaves over what a resumed run lists, and both
// together list all.
func TestInterrupt(t *testing.T) {
	f := quick(t)
	file := filepath.Join(t.TempDir(), "failed.json")
	ctx, cancel := context.WithCancel(t.Context())
	var first, errs bytes.Buffer
	c, err := parse([]string{"-resume", file, "-json"}, &errs)
	require.NoError(t, err)
	r := &report{}
	require.NoError(t, c.sweep(ctx, f.places, r, &cancelAfter{&first, 20, cancel}, &errs))
	require.NotEmpty(t, r.failures)
	assert.Contains(t, errs.String(), "failed (canceled)")

	status, second, _ := runFake(t, f, "-resume", file, "-json")
	assert.Zero(t, status)
	assert.Equal(t, associations, strings.Count(first.String(), "\n")+strings.Count(second, "\n"))
}

// A cancelAfter cancels after some writes.
type cancelAfter struct {
	*bytes.Buffer
	writes int
	cancel func()
}

func (c *cancelAfter) Write(b []byte) (int, error) {
	if c.writes--; c.writes == 0 {
		c.cancel()
	}
	return c.Buffer.Write(b)
}

// TestOneCacheForEachAccount: the Regions of an account share its credentials.
func TestOneCacheForEachAccount(t *testing.T) {
	loads := map[string]int{}
	p := profilesAndRegions([]string{"a", "b"}, []string{"us-east-1", "us-west-2", "eu-west-1"})
	p.load = func(_ context.Context, profile string) (aws.Config, error) {
		loads[profile]++
		return aws.Config{Credentials: aws.NewCredentialsCache(aws.AnonymousCredentials{})}, nil
	}
	caches := map[string]map[aws.CredentialsProvider]bool{"a": {}, "b": {}}
	clients := map[*appintegrations.Client]bool{}
	for _, at := range p.all {
		client, err := p.client(t.Context(), at)
		require.NoError(t, err)
		clients[client] = true
		caches[at.profile][client.Options().Credentials] = true
		again, err := p.client(t.Context(), at)
		require.NoError(t, err)
		assert.Same(t, client, again)
	}
	assert.Equal(t, map[string]int{"a": 1, "b": 1}, loads)
	assert.Len(t, clients, 6)
	assert.Len(t, caches["a"], 1)
	assert.Len(t, caches["b"], 1)
}

func TestDataIntegrations(t *testing.T) {
	const arn = "arn:aws:app-integrations:eu-west-1:111122223333:data-integration/x"
	for _, row := range []struct {
		name, text string
		command    command
		want       []target
		err        string
	}{
		{"comments and empty lines", "# none\n\n", command{}, nil, ""},
		{"all is said", "x us-east-1 p\n", command{}, []target{{place: place{"p", "us-east-1"}, identifier: "x"}}, ""},
		{"the only flags", "x\ny\n", command{profiles: values{"p"}, regions: values{"r"}}, []target{{place: place{"p", "r"}, identifier: "x"}, {place: place{"p", "r"}, identifier: "y"}}, ""},
		{"an ARN says its Region", arn, command{regions: values{"r", "s"}}, []target{{place: place{"", "eu-west-1"}, identifier: arn}}, ""},
		{"two Regions", "\nx", command{regions: values{"r", "s"}}, nil, "line 2: no Region for x"},
		{"two profiles", "x r", command{profiles: values{"p", "q"}}, nil, "line 1: no profile for x"},
		{"too many words", "a b c d", command{}, nil, "line 1: 4 words"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := parseDataIntegrations(strings.NewReader(row.text), &row.command)
			if row.err != "" {
				assert.ErrorContains(t, err, row.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, row.want, got)
		})
	}
}

func TestUsage(t *testing.T) {
	for _, row := range []struct {
		args   []string
		status int
		text   string
	}{
		{[]string{"-h"}, 0, "-data-integrations file"},
		{[]string{"-unknown"}, exitUsage, "not defined"},
		{[]string{"extra"}, exitUsage, `unexpected argument "extra"`},
		{[]string{"-data-integrations", "/nonexistent"}, exitFailed, "/nonexistent"},
	} {
		var out, errs bytes.Buffer
		status := run(t.Context(), row.args, func() (*fakeAccounts, error) { return nil, errors.New("no fake") }, &out, &errs)
		assert.Equal(t, row.status, status, row.args)
		assert.Contains(t, errs.String(), row.text)
		assert.Empty(t, out.String())
	}
}

// TestPlaceFails: a Region that cannot be listed fails the run, and no other Region.
func TestPlaceFails(t *testing.T) {
	f := quick(t)
	delete(f.servers, place{"staging", "us-west-2"})
	adjust := f.places.adjust
	f.places.adjust = func(at place, cfg *aws.Config) {
		if adjust(at, cfg); f.servers[at] == nil {
			cfg.BaseEndpoint = aws.String("http://127.0.0.1:1")
			cfg.RetryMaxAttempts = 1
		}
	}
	ctx := t.Context()
	r := &report{}
	targets := listDataIntegrations(ctx, f.places, r)
	assert.Len(t, targets, lists-fakeIntegrations)
	require.Len(t, r.failures, 1)
	assert.Equal(t, "us-west-2", r.failures[0].region)
	assert.Empty(t, r.resumable())
}
