//go:build !race

package compat

const scenarios = 6000
