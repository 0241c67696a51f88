package main

import (
	"encoding/json"
	"flag"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

func TestTable(t *testing.T) {
	var out, notes strings.Builder
	require.NoError(t, run(t.Context(), nil, &out, &notes))
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	require.Len(t, lines, 1+7)
	assert.Regexp(t, `^ASSOCIATION +CLIENT +DESTINATION +LAST STATUS +MODE +SCHEDULE$`, lines[0])
	assert.Regexp(t, `^a03 +connect-instance-3 +s3://example-bucket/knowledge/3 +FAILED: the source refused the credentials +SCHEDULED +rate\(1 hour\)$`, lines[3])
	assert.Regexp(t, `^a05 .* IN_PROGRESS +ON_DEMAND +-$`, lines[5])
	assert.Equal(t, "7 associations in 2 pages from the built-in fake; go run ./examples/list NAME lists from AWS\n", notes.String())
}

func TestJSON(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), []string{"-json"}, &out, &strings.Builder{}))
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	require.Len(t, lines, 7)
	for i, line := range lines {
		var a appintegrations.DataIntegrationAssociationSummary
		require.NoError(t, json.Unmarshal([]byte(line), &a))
		assert.Equal(t, fakeAssociation(i), a)
	}
}

func TestArguments(t *testing.T) {
	for _, row := range []struct {
		name   string
		args   []string
		id     string
		asJSON bool
		err    string
	}{
		{name: "none: the fake"},
		{name: "a name", args: []string{"orders"}, id: "orders"},
		{name: "a flag", args: []string{"-data-integration", "orders"}, id: "orders"},
		{name: "JSON of a name", args: []string{"-json", "orders"}, id: "orders", asJSON: true},
		{name: "an empty name", args: []string{""}, err: "the data integration is empty: is a shell variable not set?"},
		{name: "an empty flag", args: []string{"-data-integration", ""}, err: "the data integration is empty: is a shell variable not set?"},
		{name: "two names", args: []string{"a", "b"}, err: `one data integration at a time, not ["a" "b"]; flags come before the name`},
		{name: "a name and a flag", args: []string{"-data-integration", "a", "b"}, err: `one data integration at a time, not ["b" "a"]; flags come before the name`},
		{name: "a flag after the name", args: []string{"orders", "-json"}, err: `one data integration at a time, not ["orders" "-json"]; flags come before the name`},
		{name: "an unknown flag", args: []string{"-wrong"}, err: "flag provided but not defined: -wrong; -h prints the usage"},
	} {
		t.Run(row.name, func(t *testing.T) {
			id, asJSON, err := parse(row.args, &strings.Builder{})
			if row.err != "" {
				assert.EqualError(t, err, row.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, row.id, id)
			assert.Equal(t, row.asJSON, asJSON)
		})
	}
}

func TestHelp(t *testing.T) {
	var out strings.Builder
	assert.ErrorIs(t, run(t.Context(), []string{"-h"}, &out, &strings.Builder{}), flag.ErrHelp)
	assert.Equal(t, usage, out.String())
}

func TestErrorContainsTheRequestID(t *testing.T) {
	server, err := startFake()
	require.NoError(t, err)
	defer server.Close()
	var out strings.Builder
	_, err = list(t.Context(), &out, server.Client(), "no-such-integration", false)
	var notFound *appintegrations.ResourceNotFoundException
	require.ErrorAs(t, err, &notFound)
	assert.Regexp(t, `RequestID: [0-9a-f-]{36}`, err.Error())
	assert.Empty(t, out.String(), "no header before an error")
}

func TestCell(t *testing.T) {
	for _, row := range []struct{ in, want string }{
		{"", "-"}, {"plain", "plain"}, {"日本 語", "日本 語"}, {"\x1b[2J", `"\x1b[2J"`}, {"a\tb", `"a\tb"`},
	} {
		if got := cell(row.in); got != row.want {
			t.Errorf("cell(%q) = %q; want %q", row.in, got, row.want)
		}
	}
}
