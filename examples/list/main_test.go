package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

func TestTable(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, "", false))
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	require.Len(t, lines, 1+7)
	assert.Regexp(t, `^ASSOCIATION +CLIENT +DESTINATION +LAST STATUS +MODE +SCHEDULE$`, lines[0])
	assert.Regexp(t, `^a03 +connect-instance-3 +s3://example-bucket/knowledge/3 +FAILED: the source refused the credentials +SCHEDULED +rate\(1 hour\)$`, lines[3])
	assert.Regexp(t, `^a05 .* IN_PROGRESS +ON_DEMAND +-$`, lines[5])
}

func TestJSON(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, "", true))
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	require.Len(t, lines, 7)
	for i, line := range lines {
		var a appintegrations.DataIntegrationAssociationSummary
		require.NoError(t, json.Unmarshal([]byte(line), &a))
		assert.Equal(t, fakeAssociation(i), a)
	}
}

func TestErrorTellsTheRequestID(t *testing.T) {
	server, err := startFake()
	require.NoError(t, err)
	defer server.Close()
	err = list(t.Context(), &strings.Builder{}, server.Client(), "no-such-integration", false)
	var notFound *appintegrations.ResourceNotFoundException
	require.ErrorAs(t, err, &notFound)
	assert.Regexp(t, `RequestID: [0-9a-f-]{36}`, err.Error())
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
