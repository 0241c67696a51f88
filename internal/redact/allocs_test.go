//go:build !race

package redact

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestHideAllocations(t *testing.T) {
	secrets := New("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", strings.Repeat("IQoJb3JpZ2luX2VjEO", 40), "token+/=")
	for name, text := range map[string]string{
		"plain":   strings.Repeat("a message of a service. ", 100),
		"escapes": strings.Repeat(`{\"a\":\"%2F%252f\u003c\"}`, 100),
	} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { secrets.Hide(text) }), name)
		assert.Zero(t, testing.AllocsPerRun(100, func() { Member(text, "NextToken") }), name)
	}
	text := "nextToken=token%2B%2F%3D " + strings.Repeat("a message of a service. ", 100)
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { secrets.Hide(text) }), 4.0)
}
