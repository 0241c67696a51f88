package appintegrations_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An editor shows the comment of the alias, not that of the type.
func TestAliasesRepeatTheFirstSentence(t *testing.T) {
	comments := typeComments(t, ".")
	aliases := typeComments(t, "types")
	require.Len(t, aliases, 12)
	for name, comment := range aliases {
		assert.Equal(t, firstSentence(comments[name])+" It is [appintegrations."+name+"].", comment, name)
	}
}

func firstSentence(comment string) string {
	first, _, _ := strings.Cut(comment, ". ")
	return strings.TrimSuffix(first, ".") + "."
}

// typeComments returns the comments of the exported types of a package, each on
// one line.
func typeComments(t *testing.T, dir string) map[string]string {
	comments := map[string]string{}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.TYPE {
				continue
			}
			for _, spec := range gen.Specs {
				spec := spec.(*ast.TypeSpec)
				doc := spec.Doc
				if doc == nil {
					doc = gen.Doc
				}
				if spec.Name.IsExported() {
					comments[spec.Name.Name] = strings.Join(strings.Fields(doc.Text()), " ")
				}
			}
		}
	}
	return comments
}
