//go:build alwaysstack

package appintegrations

const alwaysStack = true
