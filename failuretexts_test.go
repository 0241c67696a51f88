package appintegrations_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// TestFailureTexts holds what the error of a call has to contain: what failed,
// where, whose fault it is, and what to do next.
func TestFailureTexts(t *testing.T) {
	rows, longest := failures(), 0
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			err := row.fail(t)
			require.Error(t, err)
			text := err.Error()
			longest = max(longest, len(text))
			for _, part := range row.parts {
				assert.Contains(t, text, part)
			}
			for _, part := range []string{"canceled, canceled", "onfiguration: resolve", "UnknownError, UnknownError", passwordInURL} {
				assert.NotContains(t, text, part)
			}
			assert.Equal(t, row.class, appintegrations.Classify(err).String(), text)
			if row.class != "invalid" { // smithy.InvalidParamsError keeps its own form
				assert.NotContains(t, text, "\n")
			}
			assert.LessOrEqual(t, len(text), maxErrorText)
			t.Log(text)
		})
	}
	t.Logf("%d failures, the longest text has %d bytes", len(rows), longest)
	assert.GreaterOrEqual(t, len(rows), 40)
}

// TestFailureTextsAreBounded cuts and escapes the identifier, and shows the host.
func TestFailureTextsAreBounded(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ id, want string }{
		{"plain", `data integration "plain" at ` + hostName + ", attempt 1, "},
		{`with "quotes" and \`, `data integration "with \"quotes\" and \\" at `},
		{"arn:aws:app-integrations:us-east-1:111122223333:data-integration/a b", `data-integration/a b" at `},
		{strings.Repeat("x", 128), `"` + strings.Repeat("x", 128) + `" at `},
		{strings.Repeat("x", 129), `"` + strings.Repeat("x", 125) + `..." at `},
		{"bidi\u202e\u2028", `"bidi\u202e\u2028" at `},
		{strings.Repeat("é", 64) + "x", `"` + strings.Repeat("é", 62) + `..." at `},
	} {
		client := scripted(worst(503)).client(once)
		_, err := client.ListDataIntegrationAssociations(t.Context(), input(row.id))
		checkText(t, err, row.want, "StatusCode: 503")
	}
}
