//go:build !alwaysstack

package compat

const alwaysStack = false
