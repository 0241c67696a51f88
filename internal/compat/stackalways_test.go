//go:build alwaysstack

package compat

// With this tag ours makes every call through a stack, so that what differs
// without hooks does not.
const alwaysStack = true
