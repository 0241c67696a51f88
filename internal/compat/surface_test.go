package compat

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	officialPath = "github.com/aws/aws-sdk-go-v2/service/appintegrations"
	ourPath      = "github.com/seed-10600c52/appintegrations"
	operation    = "ListDataIntegrationAssociations"
)

// clientPackages are a client as its users see it: the package of the client and that
// of its types.
type clientPackages struct {
	root, types *types.Package
	dir         string
}

// load reads the packages as the compiler wrote them.
func load(t *testing.T, path string) clientPackages {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-json=ImportPath,Export,Dir", path, path+"/types")
	list.Stderr = os.Stderr
	out, err := list.Output()
	require.NoError(t, err)
	exports, dirs := map[string]string{}, map[string]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct{ ImportPath, Export, Dir string }
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		exports[p.ImportPath], dirs[p.ImportPath] = p.Export, p.Dir
	}
	read := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	root, err := read.Import(path)
	require.NoError(t, err)
	typesPackage, err := read.Import(path + "/types")
	require.NoError(t, err)
	return clientPackages{root, typesPackage, dirs[path]}
}

const comparableStruct = "struct that can be compared"

// A surface is what a user can name, and its signature: "Options.Region",
// "types.ExecutionMode.Values".
type surface map[string]string

// surface returns all names of the packages that wanted does not refuse.
func (l clientPackages) surface(wanted func(name string) bool) surface {
	s := surface{}
	for prefix, pkg := range map[string]*types.Package{"": l.root, "types.": l.types} {
		for _, name := range pkg.Scope().Names() {
			if object := pkg.Scope().Lookup(name); object.Exported() && wanted(prefix+name) {
				s.add(prefix+name, object)
			}
		}
	}
	return s
}

func (s surface) add(name string, object types.Object) {
	switch object := object.(type) {
	case *types.Const:
		s[name] = fmt.Sprintf("const %s = %s", typeText(object.Type()), object.Val())
	case *types.TypeName:
		s.addType(name, types.Unalias(object.Type()))
	default:
		s[name] = typeText(object.Type())
	}
}

// addType adds a type with its exported fields and methods.
func (s surface) addType(name string, t types.Type) {
	switch u := t.Underlying().(type) {
	case *types.Struct:
		s[name] = "struct"
		for f := range u.Fields() {
			if f.Exported() {
				s[name+"."+f.Name()] = "field " + typeText(f.Type())
				if types.Comparable(t) { // without such fields it is used by its pointer
					s[name] = comparableStruct
				}
			}
		}
	case *types.Interface:
		s[name] = fmt.Sprintf("interface of %d methods", u.NumMethods())
		for m := range u.Methods() {
			s[name+"."+m.Name()] = typeText(m.Type())
		}
		return
	default:
		s[name] = "type " + typeText(u)
	}
	values := types.NewMethodSet(t)
	for m := range types.NewMethodSet(types.NewPointer(t)).Methods() {
		if method := m.Obj(); method.Exported() {
			ofValue := values.Lookup(method.Pkg(), method.Name()) != nil
			s[name+"."+method.Name()] = fmt.Sprintf("%s, of a value %t", typeText(method.Type()), ofValue)
		}
	}
}

// typeText writes a type without the names of parameters, and with one name for
// what is the same in both clients.
func typeText(t types.Type) string {
	if s, ok := t.(*types.Signature); ok {
		t = types.NewSignatureType(nil, nil, nil, unnamed(s.Params()), unnamed(s.Results()), s.Variadic())
	}
	text := types.TypeString(t, func(p *types.Package) string { return p.Path() })
	return sameNames.Replace(text)
}

var sameNames = strings.NewReplacer(
	officialPath+"/internal/endpoints.Options", "service.EndpointResolverOptions",
	officialPath+"/types.", "service.", officialPath+".", "service.", ourPath+"/types.", "service.", ourPath+".", "service.",
	"interface{}", "any",
)

func unnamed(tuple *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for v := range tuple.Variables() {
		vars = append(vars, types.NewParam(token.NoPos, nil, "", v.Type()))
	}
	return types.NewTuple(vars...)
}

// otherOperations are those of a client beside the one that this module has.
func (l clientPackages) otherOperations() (names []string) {
	client := types.NewPointer(l.root.Scope().Lookup("Client").Type())
	for m := range types.NewMethodSet(client).Methods() {
		name := m.Obj().Name()
		if name != operation && l.root.Scope().Lookup(name+"Input") != nil {
			names = append(names, name)
		}
	}
	return names
}

// ofOther reports whether a name belongs to one of those operations.
func ofOther(operations []string) func(name string) bool {
	pattern := regexp.MustCompile(`^(Client\.)?(New)?(` + strings.Join(operations, "|") + `)(Input|Output|APIClient|Paginator|PaginatorOptions)?(\..*)?$`)
	return pattern.MatchString
}

// reachable are the names of package types that the operation leads to: the
// shapes of its output, their enums with their values, and its exceptions.
func (l clientPackages) reachable(t *testing.T) map[string]bool {
	names := map[string]bool{}
	l.walk(l.root.Scope().Lookup(operation+"Output").Type(), names)
	for _, name := range l.exceptions(t) {
		names["types."+name] = true
	}
	for _, name := range l.types.Scope().Names() {
		object := l.types.Scope().Lookup(name)
		if named, ok := types.Unalias(object.Type()).(*types.Named); ok && names["types."+named.Obj().Name()] {
			names["types."+name] = true
		}
	}
	return names
}

func (l clientPackages) walk(t types.Type, names map[string]bool) {
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		l.walk(t.Elem(), names)
	case *types.Slice:
		l.walk(t.Elem(), names)
	case *types.Named:
		if t.Obj().Pkg() == l.types {
			names["types."+t.Obj().Name()] = true
		}
		if u, ok := t.Underlying().(*types.Struct); ok && (t.Obj().Pkg() == l.types || t.Obj().Pkg() == l.root) {
			for f := range u.Fields() {
				l.walk(f.Type(), names)
			}
		}
	}
}

// exceptions are those that the official client tells apart for the operation.
// No type says so: they are read from its source.
func (l clientPackages) exceptions(t *testing.T) (names []string) {
	source, err := os.ReadFile(filepath.Join(l.dir, "deserializers.go"))
	require.NoError(t, err)
	_, body, ok := strings.Cut(string(source), "\nfunc awsRestjson1_deserializeOpError"+operation+"(")
	require.True(t, ok)
	body, _, _ = strings.Cut(body, "\n}\n")
	for _, match := range regexp.MustCompile(`strings\.EqualFold\("(\w+)", errorCode\)`).FindAllStringSubmatch(body, -1) {
		names = append(names, match[1])
	}
	require.NotEmpty(t, names)
	return names
}
