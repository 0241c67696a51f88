package hookcompat

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	officialPath = "github.com/aws/aws-sdk-go-v2/service/appintegrations"
	ourPath      = "github.com/seed-10600c52/appintegrations"
)

// A program with hooks, written for the official client, compiles and does the
// same with the import paths swapped.
func TestProgram(t *testing.T) {
	source, err := os.ReadFile("testdata/program/main.go")
	require.NoError(t, err)
	swapped := strings.ReplaceAll(string(source), `"`+officialPath, `"`+ourPath)
	require.Equal(t, 2, strings.Count(swapped, `"`+ourPath), "import paths")
	official := runProgram(t, string(source))
	assert.Equal(t, official, runProgram(t, swapped))
	lines := strings.Count(official, "\n")
	assert.Greater(t, lines, 25, "lines of output")
	t.Logf("counted: %d lines of output\n%s", lines, official)
}

// runProgram runs a program in a module that requires what this one does.
func runProgram(t *testing.T, source string) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	dir := t.TempDir()
	mod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	sum, err := os.ReadFile("go.sum")
	require.NoError(t, err)
	for name, text := range map[string]string{
		"main.go": source,
		"go.mod":  strings.Replace(string(mod), "=> ../..", "=> "+root, 1),
		"go.sum":  string(sum),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	run := exec.CommandContext(t.Context(), "go", "run", ".")
	run.Dir = dir
	out, err := run.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}
