package appintegrations_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/seed-10600c52/appintegrations/types"
)

// The snippets of the README, by the name in the comment above each, and what
// they print.
var readmeSnippets = map[string]string{
	"first":    "connect-1 s3://exports/1\nconnect-2 s3://exports/2\nconnect-3 s3://exports/3\n",
	"loop":     "2 associations\n1 associations\n",
	"resume":   "connect-1\nlater: connect-2\nlater: connect-3\n",
	"errors":   "there is no such data integration\n",
	"classify": "tell the owner of the data integration\n",
	"logs":     "attempt 1 HTTP 200 retried: false\n",
	"sweep":    "^crm-accounts 3\ncrm-contacts 3\nto sweep again: 0\nunknown failed: operation error AppIntegrations: .*ResourceNotFoundException", // sorted
	"wait":     "exported to s3://exports/1\nexported to s3://exports/2\nexported to s3://exports/3\n",
	"test":     `^ok `,
	"virtual":  `^ok `,
	"migrate":  "span begins\nattempt, error: <nil>\nspan ends\n2 associations\n",
}

var (
	goBlock = regexp.MustCompile("(?ms)^(?:<!-- snippet: (\\w+) -->\n)?```go\n(.*?)^```$")
)

// TestReadme compiles and runs every Go snippet of the README as it stands.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := goBlock.FindAllStringSubmatch(string(text), -1)
	require.Equal(t, strings.Count(string(text), "```go\n"), len(blocks))
	fragments := map[string]string{}
	var imports string
	for _, block := range blocks {
		name, code := block[1], block[2]
		switch {
		case name == "" && strings.HasPrefix(code, "import ("):
			require.Empty(t, imports, "one block of imports")
			imports = code
		default:
			require.Contains(t, readmeSnippets, name)
			fragments[name] = code
		}
	}
	require.Len(t, fragments, len(readmeSnippets))
	if testing.Short() {
		t.Skip("builds programs")
	}
	runSnippets(t, imports, fragments)
}

// runSnippets runs the complete programs and tests, and the others as functions of
// one program.
func runSnippets(t *testing.T, imports string, fragments map[string]string) {
	dir := t.TempDir()
	var functions, names strings.Builder
	for name, code := range fragments {
		switch {
		case strings.Contains(code, "\nfunc Test"):
			writeSnippet(t, filepath.Join(dir, name+"_test.go"), code)
		case strings.HasPrefix(code, "package "):
			writeSnippet(t, filepath.Join(dir, name+".go"), code)
		default:
			fmt.Fprintf(&functions, "func %s(ctx context.Context, cfg aws.Config, client *appintegrations.Client, input *appintegrations.ListDataIntegrationAssociationsInput) error {\n%s\nreturn nil\n}\n", snippetName(name), code)
			fmt.Fprintf(&names, "%q: %s,\n", name, snippetName(name))
		}
	}
	writeSnippet(t, filepath.Join(dir, "fragments.go"), fmt.Sprintf(fragmentsProgram, imports, names.String(), functions.String()))
	for name := range fragments {
		t.Run(name, func(t *testing.T) {
			var out string
			switch {
			case exists(filepath.Join(dir, name+"_test.go")):
				out = goTool(t, nil, "test", filepath.Join(dir, name+"_test.go"))
			case exists(filepath.Join(dir, name+".go")):
				out = goTool(t, serviceEnvironment(t, name), "run", filepath.Join(dir, name+".go"))
			default:
				out = goTool(t, serviceEnvironment(t, name), "run", filepath.Join(dir, "fragments.go"), name)
			}
			if name == "sweep" { // the order is that of completion
				out = strings.Join(slices.Sorted(strings.Lines(out)), "")
			}
			if want := readmeSnippets[name]; strings.HasPrefix(want, "^") {
				assert.Regexp(t, want, out)
			} else {
				assert.Equal(t, want, out)
			}
		})
	}
}

// fragmentsProgram is what the README says of its fragments: they continue the
// first program inside a function that returns an error, and use these packages.
const fragmentsProgram = `package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/seed-10600c52/appintegrations"
)

%s
var (
	_ = errors.As
	_ = slog.Default
	_ = fmt.Println
	_ = time.Hour
	_ *awshttp.ResponseError
	_ *middleware.Stack
	_ *types.ThrottlingException
)

var snippets = map[string]func(context.Context, aws.Config, *appintegrations.Client, *appintegrations.ListDataIntegrationAssociationsInput) error{
%s}

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	input := &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String(os.Getenv("SNIPPET_INTEGRATION"))}
	if err := snippets[os.Args[1]](ctx, cfg, appintegrations.NewFromConfig(cfg), input); err != nil {
		log.Fatal(err)
	}
}

%s`

func snippetName(name string) string { return "snippet" + strings.ToUpper(name[:1]) + name[1:] }

func writeSnippet(t *testing.T, path, code string) {
	require.NoError(t, os.WriteFile(path, []byte(code), 0o600))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// serviceEnvironment starts a fake with three associations, two to a page, and
// returns the variables that lead to it.
func serviceEnvironment(t *testing.T, name string) []string {
	server := appintegrationstest.NewServer(t, func(o *appintegrationstest.Options) { o.PageSize = 2 })
	for i := range 3 {
		for _, id := range []string{"my-data-integration", "crm-accounts", "crm-contacts"} {
			server.Put(id, types.DataIntegrationAssociationSummary{
				ClientId:            aws.String(fmt.Sprintf("connect-%d", i+1)),
				DestinationURI:      aws.String(fmt.Sprintf("s3://exports/%d", i+1)),
				LastExecutionStatus: &types.LastExecutionStatus{ExecutionStatus: types.ExecutionStatusCompleted},
			})
		}
	}
	integration := "my-data-integration"
	if name == "errors" || name == "classify" {
		integration = "no-such-integration"
	}
	keys, err := server.Config().Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	return []string{
		"AWS_ENDPOINT_URL_APPINTEGRATIONS=" + server.URL(), "AWS_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=" + keys.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + keys.SecretAccessKey, "AWS_SESSION_TOKEN=" + keys.SessionToken,
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"SNIPPET_INTEGRATION=" + integration,
	}
}

// goTool runs the go command in the root of the module and returns its standard
// output.
func goTool(t *testing.T, env []string, args ...string) string {
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Env = append(os.Environ(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "go %s:\n%s\n%s", strings.Join(args, " "), stderr.String(), out)
	return string(out)
}

// TestDocuments holds that what the documents name exists, and that every file of
// the root has a place in the map.
func TestDocuments(t *testing.T) {
	sources, err := filepath.Glob("*.go")
	require.NoError(t, err)
	tests := testNames(t)
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "GO_VERSIONS.md", "testdata/README.md"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(string(text), -1) {
			assert.True(t, exists(filepath.Join(filepath.Dir(name), link[1])), "%s links to %s", name, link[1])
		}
		for _, file := range regexp.MustCompile("`([a-z_]+\\.go)`").FindAllStringSubmatch(string(text), -1) {
			assert.Contains(t, sources, file[1], name)
		}
		for _, test := range regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w*`).FindAllString(string(text), -1) {
			if test != "TestThrottledOnce" && test != "TestWaits" { // of snippets
				assert.True(t, tests[test], "%s names %s", name, test)
			}
		}
	}
	contributing, err := os.ReadFile("CONTRIBUTING.md")
	require.NoError(t, err)
	for _, source := range sources {
		if !strings.HasSuffix(source, "_test.go") {
			assert.Contains(t, string(contributing), "`"+source+"`", "the map of CONTRIBUTING.md")
		}
	}
}

func testNames(t *testing.T) map[string]bool {
	names := map[string]bool{}
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, name := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			names[name[1]] = true
		}
	}
	return names
}
