package appintegrations_test

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
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
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			assert.NotContains(t, fmt.Sprintf(format, c), "secret")
		}
		assert.NotContains(t, c.String(), "\n")
	}
}

// TestCheckpointTextIsRefused: every change of one byte, every cut, and every
// other version.
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
