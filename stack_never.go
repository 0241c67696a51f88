//go:build !alwaysstack

package appintegrations

// alwaysStack makes every call go through a stack of the SDK, as if it were
// hooked into: go test -tags alwaysstack runs all tests so.
const alwaysStack = false
