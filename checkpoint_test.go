package appintegrations_test

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

func TestCheckpointText(t *testing.T) {
	for _, c := range []appintegrations.Checkpoint{
		{},
		{DataIntegrationIdentifier: "example"},
		{DataIntegrationIdentifier: "arn:aws:x/é \n\"", NextToken: "secret+/= &%é", Offset: 49},
		{DataIntegrationIdentifier: "example", Done: true},
	} {
		assert.Equal(t, c, throughText(t, c))
		data, err := json.Marshal(map[string]any{"at": c})
		require.NoError(t, err)
		var read map[string]appintegrations.Checkpoint
		require.NoError(t, json.Unmarshal(data, &read))
		assert.Equal(t, c, read["at"])
		assert.NotContains(t, c.String(), "\n")
	}
}

// TestCheckpointHidesToken: no verb of package fmt and no log shows the token.
func TestCheckpointHidesToken(t *testing.T) {
	c := appintegrations.Checkpoint{DataIntegrationIdentifier: "example", NextToken: "secret", Offset: 3}
	text, err := c.MarshalText()
	require.NoError(t, err)
	var all strings.Builder
	for _, v := range []any{c, &c, []appintegrations.Checkpoint{c}, map[string]any{"c": c}, struct{ C any }{c}} {
		for verb := 'A'; verb <= 'z'; verb++ {
			if verb == 'p' || verb == 'w' {
				continue // package fmt calls no method for them; go vet rejects them
			}
			for _, flags := range []string{"", "+", "#", "10.3", "-", "0"} {
				fmt.Fprintf(&all, "%"+flags+string(verb)+"\n", v)
			}
		}
	}
	handlers := []slog.Handler{slog.NewTextHandler(&all, nil), slog.NewJSONHandler(&all, nil)}
	for _, h := range handlers {
		slog.New(h).Info("message", "c", c, "p", &c, slog.Group("g", "c", c))
	}
	assert.Contains(t, all.String(), "checkpoint in example: 3 after a token")
	for _, shown := range []string{"secret", fmt.Sprintf("%x", "secret"), fmt.Sprintf("%X", "secret"), string(text), strings.Split(string(text), ".")[1]} {
		assert.NotContains(t, all.String(), shown)
	}
	assert.Equal(t, `"checkpoint at the start"`, fmt.Sprintf("%q", appintegrations.Checkpoint{}))
	assert.Equal(t, "checkpoint in example: 3 after a token", c.LogValue().String())
}

// TestCheckpointTextIsRefused: every change of one byte, every cut, every other
// version, and whatever stands inside that is none of it.
func TestCheckpointTextIsRefused(t *testing.T) {
	whole := appintegrations.Checkpoint{DataIntegrationIdentifier: "example", NextToken: "token", Offset: 7}
	text, err := whole.MarshalText()
	require.NoError(t, err)
	refuse := func(text []byte) {
		t.Helper()
		kept := appintegrations.Checkpoint{Offset: 1}
		var refused *appintegrations.CheckpointError
		require.ErrorAs(t, kept.UnmarshalText(text), &refused, "%s", text)
		assert.Equal(t, appintegrations.Checkpoint{Offset: 1}, kept)
		assert.NotContains(t, refused.Error(), "\n")
	}
	for i := range text {
		refuse(text[:i])
		for _, flip := range []byte{1, 0x20, 0x80} {
			altered := append([]byte(nil), text...)
			altered[i] ^= flip
			refuse(altered)
		}
	}
	for i := range len(text) + 1 {
		for _, inside := range []string{"\n", "\r", "\r\n", " ", "\t", "=", "\x00", "\u2028"} {
			refuse(slices.Insert(slices.Clone(text), i, []byte(inside)...))
		}
	}
	refuse(append(text, 'x'))
	refuse(append([]byte("v2"), text[2:]...))
	refuse([]byte(`{"DataIntegrationIdentifier":"example"}`))
	// A sum that fits does not make a position: echo -n '{"id":"a","offset":-1}' | base64, and its CRC-32.
	refuse([]byte("v1.eyJpZCI6ImEiLCJvZmZzZXQiOi0xfQ." + crc(`{"id":"a","offset":-1}`)))
}

func TestCheckpointThatNoPaginatorTook(t *testing.T) {
	for _, c := range []appintegrations.Checkpoint{{Offset: -1}, {NextToken: "a\xffb"}, {DataIntegrationIdentifier: "a\xffb"}} {
		_, err := c.MarshalText()
		var refused *appintegrations.CheckpointError
		assert.ErrorAs(t, err, &refused)
	}
}

func crc(s string) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(s))) }
