package redact

import (
	"encoding/json"
	"fmt"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHideEscapes has a secret with a character that JSON may spell as an escape:
// in its short form, and as one or two UTF-16 code units, in JSON and in JSON
// inside JSON.
func TestHideEscapes(t *testing.T) {
	short := map[rune]string{'\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '"': `\"`, '\\': `\\`, '/': `\/`}
	for _, c := range []rune{
		'\b', '\f', '\n', '\r', '\t', '"', '\\', '/', 'A', 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff,
		0x10000, 0x103ff, 0x10400, 0xffc00, 0x10fc00, 0x10ffff,
	} {
		secret := "before-" + string(c) + "-after"
		spelled := []string{}
		if s := short[c]; s != "" {
			spelled = append(spelled, s)
		}
		for _, form := range []string{`\u%04x`, `\u%04X`} {
			s := ""
			for _, unit := range utf16.Encode([]rune{c}) {
				s += fmt.Sprintf(form, unit)
			}
			spelled = append(spelled, s)
		}
		for _, s := range spelled {
			text := `{"a":"before-` + s + `-after"}`
			var decoded map[string]string
			require.NoError(t, json.Unmarshal([]byte(text), &decoded))
			require.Equal(t, secret, decoded["a"])
			assert.Equal(t, `{"a":"`+Mark+`"}`, New(secret).Hide(text), "%U as %s", c, s)
			outer, err := json.Marshal(text)
			require.NoError(t, err)
			assert.Equal(t, `"{\"a\":\"`+Mark+`\"}"`, New(secret).Hide(string(outer)), "%U as %s, in JSON", c, s)
		}
	}
}
