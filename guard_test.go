package appintegrations_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

const modulePath = "github.com/seed-10600c52/appintegrations"

// layers says what the packages of the module may import outside of tests,
// besides the standard library, and why no more.
var layers = []struct {
	dir     string // ends in /... for all below
	imports []string
	reason  string
}{
	{"internal/world", []string{
		modulePath, modulePath + "/appintegrationstest",
		"github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/aws/retry", "github.com/aws/aws-sdk-go-v2/aws/transport/http", "github.com/aws/smithy-go", "github.com/aws/smithy-go/..."},
		"for tests alone: what a user of the module has"},
	{"internal/...", nil,
		"pure: each is tested against an oracle of its own, without a client"},
	{".", []string{
		modulePath + "/internal/endpoint", modulePath + "/internal/json", modulePath + "/internal/pace", modulePath + "/internal/period",
		modulePath + "/internal/redact", modulePath + "/internal/text",
		"github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/aws/...", "github.com/aws/smithy-go", "github.com/aws/smithy-go/..."},
		"never package config: a user who brings credentials does not pay for it"},
	{"types", []string{modulePath},
		"names of the root, nothing of its own"},
	{"appintegrationstest", []string{
		modulePath, modulePath + "/types",
		"github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/aws/transport/http", "github.com/aws/smithy-go", "github.com/aws/smithy-go/..."},
		"never internal/... and never the signer: a fake that shares code with the client is wrong together with it"},
	{"examples/...", []string{
		modulePath, modulePath + "/types", modulePath + "/appintegrationstest",
		"github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/config", "github.com/aws/smithy-go"},
		"what a user of the module has"},
}

func TestLayers(t *testing.T) {
	checked := 0
	for dir, imports := range packageImports(t) {
		i := slices.IndexFunc(layers, func(l struct {
			dir     string
			imports []string
			reason  string
		}) bool {
			return matches(l.dir, dir)
		})
		require.GreaterOrEqual(t, i, 0, "package %s has no row in the table of layers", dir)
		for _, path := range imports {
			checked++
			if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
				continue // the standard library
			}
			if !slices.ContainsFunc(layers[i].imports, func(pattern string) bool { return matches(pattern, path) }) {
				t.Errorf("package %s imports %s; it may not: %s", dir, path, layers[i].reason)
			}
		}
	}
	require.Greater(t, checked, 50, "imports checked")
}

// TestWorldIsForTests: only files of tests import the simulated worlds.
func TestWorldIsForTests(t *testing.T) {
	packages := packageImports(t)
	require.Contains(t, packages, "internal/world")
	for dir, imports := range packages {
		assert.NotContains(t, imports, modulePath+"/internal/world", dir)
	}
}

func matches(pattern, path string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.HasPrefix(path, prefix+"/")
	}
	return path == pattern
}

// packageImports returns the imports of the packages of this module, by folder,
// tests and nested modules left out.
func packageImports(t *testing.T) map[string][]string {
	imports := map[string][]string{}
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		if d.IsDir() {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != "." || strings.HasPrefix(d.Name(), ".") && path != "." {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		require.NoError(t, err)
		dir := filepath.ToSlash(filepath.Dir(path))
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			imports[dir] = append(imports[dir], name)
		}
		return nil
	}))
	return imports
}

var update = flag.Bool("update", false, "write the golden files anew")

// TestAPI holds the exported declarations against testdata/api.golden. To
// change the API, run: go test -run TestAPI -update .
func TestAPI(t *testing.T) {
	var api bytes.Buffer
	for _, dir := range []string{".", "types", "appintegrationstest"} {
		fmt.Fprintf(&api, "package %s\n\n%s\n", dir, exported(t, dir))
	}
	const golden = "testdata/api.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, api.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), api.String())
}

// exported prints the exported declarations of a package, sorted, without
// comments and bodies.
func exported(t *testing.T, dir string) string {
	fset := token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	var decls []string
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, 0)
		require.NoError(t, err)
		ast.FileExports(file)
		for _, decl := range file.Decls {
			if gen, ok := decl.(*ast.GenDecl); ok && (gen.Tok == token.IMPORT || len(gen.Specs) == 0) {
				continue
			}
			if fn, ok := decl.(*ast.FuncDecl); ok {
				if !ofExportedType(fn) {
					continue
				}
				fn.Body = nil
			}
			var b bytes.Buffer
			require.NoError(t, printer.Fprint(&b, fset, decl))
			decls = append(decls, b.String())
		}
	}
	slices.Sort(decls)
	return strings.Join(decls, "\n\n") + "\n"
}

// ofExportedType reports whether a function is no method, or one of an exported
// type.
func ofExportedType(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return true
	}
	receiver := fn.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	name, ok := receiver.(*ast.Ident)
	return ok && name.IsExported()
}

type doFunc func(*http.Request) (*http.Response, error)

func (do doFunc) Do(r *http.Request) (*http.Response, error) { return do(r) }

var staticCredentials = credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "")

func input(id string) *appintegrations.ListDataIntegrationAssociationsInput {
	return &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: &id}
}

func typicalPage(items int) string {
	item := `{"DataIntegrationAssociationArn":"arn:aws:app-integrations:us-east-1:123456789012:data-integration-association/example/a1",` +
		`"DataIntegrationArn":"arn:aws:app-integrations:us-east-1:123456789012:data-integration/example","ClientId":"connect-instance-1",` +
		`"DestinationURI":"s3://example-bucket/knowledge/1","LastExecutionStatus":{"ExecutionStatus":"COMPLETED","StatusMessage":"42 objects"},` +
		`"ExecutionConfiguration":{"ExecutionMode":"SCHEDULED","ScheduleConfiguration":{"FirstExecutionFrom":"1790000000000","Object":"Article","ScheduleExpression":"rate(1 hour)"}}}`
	return `{"DataIntegrationAssociations":[` + strings.TrimSuffix(strings.Repeat(item+",", items), ",") + `],"NextToken":"bmV4dCBwYWdl"}`
}

// stubClient answers every request with the same page, without a socket.
func stubClient(body string, optFns ...func(*appintegrations.Options)) *appintegrations.Client {
	return appintegrations.New(appintegrations.Options{
		Region: "us-east-1", Credentials: staticCredentials,
		HTTPClient: doFunc(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{"X-Amzn-Requestid": {"r1"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
		}),
	}, optFns...)
}

// full is set by .ci/run.
var full = flag.Bool("full", false, "run the largest rows, and repeat random tests more often; takes half a minute more")

// few returns a count of repetitions or the size of a test: less with -short.
func few(plain, short int) int {
	if testing.Short() {
		return short
	}
	return plain
}

// more returns a count of repetitions: all with -full, less with -short.
func more(all, plain, short int) int {
	if *full {
		return all
	}
	return few(plain, short)
}

func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
