package compat

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	noSchemes  = "requests are signed with Signature Version 4 or, with aws.AnonymousCredentials, not at all: there is nothing to choose from"
	noTokens   = "the operation has no idempotency token"
	deprecated = "deprecated: BaseEndpoint and EndpointResolverV2 take its place"
	noStep     = "a step of the official middleware stack, exported by accident"
)

// leftOut are the names of the official surface that this module does not have,
// on purpose. The members of a type that is left out are left out with it.
var leftOut = map[string]string{
	"AuthResolverParameters":           noSchemes,
	"AuthSchemeResolver":               noSchemes,
	"Options.AuthSchemePreference":     noSchemes,
	"Options.AuthSchemeResolver":       noSchemes,
	"Options.AuthSchemes":              noSchemes,
	"Options.GetIdentityResolver":      noSchemes,
	"IdempotencyTokenProvider":         noTokens,
	"Options.IdempotencyTokenProvider": noTokens,
	"EndpointResolver":                 deprecated,
	"EndpointResolverFromURL":          deprecated,
	"EndpointResolverFunc":             deprecated,
	"NewDefaultEndpointResolver":       deprecated,
	"Options.EndpointResolver":         deprecated,
	"WithEndpointResolver":             deprecated,
	"ResolveEndpoint":                  noStep,
}

// Every name of the official client that has to do with the operation is here
// with the same signature, or left out on purpose.
func TestAPI(t *testing.T) {
	official, ours := load(t, officialPath), load(t, ourPath)
	other := ofOther(official.otherOperations())
	reachable := official.reachable(t)
	theirs := official.surface(func(name string) bool {
		return !other(name) && (!strings.HasPrefix(name, "types.") || reachable[name])
	})
	mine := ours.surface(func(string) bool { return true })

	var covered, left []string
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		if other(name) { // a method of Client
			continue
		}
		reason, out := leftOutWith(name)
		if out {
			assert.NotContains(t, mine, name, "it is here after all")
			left = append(left, name)
			t.Logf("left out: %s: %s", name, reason)
			continue
		}
		covered = append(covered, name)
		if theirs[name] == "struct" && mine[name] == comparableStruct {
			continue // code that compiles with the one compiles with the other
		}
		assert.Equal(t, theirs[name], mine[name], "%s", name)
	}
	for name := range leftOut {
		assert.Contains(t, theirs, name, "a reason for no name")
	}
	t.Logf("covered: %s", strings.Join(covered, " "))
	t.Logf("new here: %s", strings.Join(added(theirs, mine), " "))
	t.Logf("counted: %d names of the official surface: %d covered, %d left out for %d reasons",
		len(covered)+len(left), len(covered), len(left), len(slices.Compact(slices.Sorted(maps.Values(leftOut)))))
}

// leftOutWith reports whether a name or the type that it belongs to is left out.
func leftOutWith(name string) (reason string, ok bool) {
	if reason, ok = leftOut[name]; ok {
		return reason, true
	}
	owner, _, _ := strings.Cut(name, ".")
	reason, ok = leftOut[owner]
	return reason, ok
}

// added are names that are here and not in the official client. Those of
// package types are there in the root too.
func added(theirs, mine surface) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(mine)) {
		_, official := theirs[name]
		_, inTypes := theirs["types."+name]
		if !official && !inTypes && !strings.HasPrefix(name, "types.") {
			names = append(names, name)
		}
	}
	return names
}
