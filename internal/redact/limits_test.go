package redact

import (
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHideCut(t *testing.T) {
	const secret = "0123456789/abcdef"
	rows := []struct {
		name, text string
		keep       int
		want       string
	}{
		{"whole", "a 0123456789/abcdef b", 100, "a REDACTED b"},
		{"behind the cut", "a 0123456789/abcdef b", 2, "a "},
		{"begins before the cut", "a 0123456789/abcdef b", 3, "a REDACTED"},
		{"ends behind the cut", "a 0123456789%2Fabcdef b", 13, "a REDACTED"},
		{"ends at the cut", "a 0123456789/abcdef b", 19, "a REDACTED"},
		{"begins before the cut, of many", "a 0123456789/abcdef b" + strings.Repeat(" ", 1000), 3, "a REDACTED"},
		{"not there", "a 0123456789/x", 12, "a 0123456789"},
		{"all kept", "a 0123456789/abcdef b", math.MaxInt, "a REDACTED b"},
		{"nothing kept", "0123456789/abcdef", 0, ""},
		{"less than nothing kept", "0123456789/abcdef", -1, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, row.want, New(secret).HideCut(row.text, row.keep))
		})
	}
	long := "a %" + strings.Repeat("25", 40) + strings.Repeat("%5C%5C%5C%22", 30)
	assert.Equal(t, "a REDACTED", New("%"+strings.Repeat(`"`, 30)).HideCut(long, 3), "one byte of 81, and others of 12")
}

// TestHideCutAnywhere cuts a text at every place, with a secret in spellings
// that stretch it most.
func TestHideCutAnywhere(t *testing.T) {
	const secret = `\\<<\é/"+token`
	for _, e := range encoders {
		for _, f := range encoders {
			spelling := f.encode(e.encode(secret))
			if longestEscape(spelling) >= maxEscape {
				continue
			}
			text := "a token: " + spelling + " " + strings.Repeat("b", 2000)
			for keep := range len(spelling) + 20 {
				want := text[:keep]
				switch {
				case keep > 9+len(spelling):
					want = "a token: " + Mark + text[9+len(spelling):keep]
				case keep > 9:
					want = "a token: " + Mark
				}
				got := New(secret).HideCut(text, keep)
				require.Equal(t, want, got, "%s, %s: %d of %q", e.name, f.name, keep, text[:100])
			}
		}
	}
}

// adversaries are texts and secrets, each of a given length, that make searches
// slow.
var adversaries = map[string]func(text, secret int) (string, string){
	"one letter": func(text, secret int) (string, string) {
		return strings.Repeat("a", text), strings.Repeat("a", secret)
	},
	"one letter but for the start": func(text, secret int) (string, string) {
		return strings.Repeat("a", text), "b" + strings.Repeat("a", secret-1)
	},
	"one letter but for the end": func(text, secret int) (string, string) {
		return strings.Repeat("a", text), strings.Repeat("a", secret-1) + "b"
	},
	"one letter but for the start, escaped": func(text, secret int) (string, string) {
		return strings.Repeat("%61", text/3), "b" + strings.Repeat("a", secret-1)
	},
	"one letter, escaped": func(text, secret int) (string, string) {
		return strings.Repeat("%61", text/3), strings.Repeat("a", secret-1) + "b"
	},
	"escapes or not": func(text, secret int) (string, string) {
		return strings.Repeat("%41", text/3), "41" + strings.Repeat("A", secret-2)
	},
	"Fibonacci": func(text, secret int) (string, string) {
		a, b := "a", "ab"
		for len(b) < text {
			a, b = b, b+a
		}
		return b[:text], b[:secret-2] + "bb"
	},
	"percent signs": func(text, secret int) (string, string) { return strings.Repeat("%", text), strings.Repeat("%", secret) },
	"percent signs, nested": func(text, secret int) (string, string) {
		return strings.Repeat("%25", text/3), strings.Repeat("%25", secret/3)
	},
	"escape of an escape of...": func(text, secret int) (string, string) {
		return "%" + strings.Repeat("25", text/2), strings.Repeat("25", secret/2)
	},
	"backslashes": func(text, secret int) (string, string) { return strings.Repeat(`\`, text), strings.Repeat(`\`, secret) },
	"half escapes": func(text, secret int) (string, string) {
		return strings.Repeat(`\u`, text/2), strings.Repeat(`\u00`, secret/4)
	},
	"ends in an escape": func(text, secret int) (string, string) {
		return strings.Repeat("aaa%", text/4), strings.Repeat("a", secret-1) + "%"
	},
	"short and an escape": func(text, secret int) (string, string) { return strings.Repeat("%", text), "%%%" },
	"surrogates": func(text, secret int) (string, string) {
		return strings.Repeat(`\ud83d`, text/6), strings.Repeat(`\ud83d`, secret/6)
	},
	"spaces": func(text, secret int) (string, string) {
		return strings.Repeat(" +", text/2), strings.Repeat("+ ", secret/2)
	},
	"found often": func(text, secret int) (string, string) { return strings.Repeat("abc ", text/4), "abc" },
}

// TestHideIsLinear counts steps: twice the text or the secret costs at most 2.2
// times as many.
func TestHideIsLinear(t *testing.T) {
	text, secret := 24_000, 2048
	if testing.Short() {
		text, secret = 3_000, 256
	}
	most := 0.0
	for name, make := range adversaries {
		steps := func(text, secret int) int {
			b, s := make(text, secret)
			secrets := New(s, "another secret")
			_, n := secrets.hide(b, len(b))
			return n
		}
		once := steps(text, secret)
		most = max(most, float64(once)/float64(text))
		for grown, got := range map[string]int{"text": steps(2*text, secret), "secret": steps(text, 2*secret), "both": steps(2*text, 2*secret)} {
			assert.LessOrEqual(t, float64(got), 2.2*float64(once), "%s: %s doubled", name, grown)
		}
	}
	t.Logf("at most %.1f steps for a byte of a text of %d bytes with a secret of %d", most, text, secret)
	assert.Less(t, most, 800.0, "steps for a byte: a tail of 16 bytes is looked for in as many prefixes as maxOpen allows")
}

// TestSteps says what texts cost. Their last bytes are read for what the end cuts
// off, and all bytes for what stands in the text; the secrets are read once.
func TestSteps(t *testing.T) {
	for _, row := range []struct {
		name    string
		secrets []string
		text    string
		want    int
	}{
		{"no secret", nil, "0123456789", 10},
		{"no text", []string{"secret"}, "", 6},
		{"nothing alike", []string{"secret"}, "0123456789", 10 + 6 + 10},
		{"nothing alike, two secrets", []string{"secret", "another"}, "0123456789", 10 + 6 + 7 + 10},
		{"a space, which may be the end of a secret", []string{"secret"}, "01234 6789", 10 + 6 + 10 + 1},
		{"an escape, whose digits are looked at", []string{"secret"}, "%410123456", 12 + 6 + 12},
		{"the end of a secret, which two states leave", []string{"abcdef"}, "012def6789", 10 + 6 + 10 + 2},
		{"the start of a secret 128 bytes before its end", []string{"abcdef"}, "abc" + strings.Repeat("x", 128) + "def.", 135 + 6 + 135 + 2},
		{"found at its end, and searched", []string{"secret"}, "0123secret", 10 + 6 + 6 + 10 + 2 + 3},
		{"found often, but for a percent sign", []string{"abc%"}, "abcabcabc0", 10 + 3 + 4 + 10 + 1 + 2},
		// The part of the secret is compared with the end of the text: 17 positions, 8 equal bytes.
		{"cut off", []string{"0123456789"}, "01234567", 8 + 10 + 8 + 17 + 8 + 8},
		{"cut off, of a long text", []string{"0123456789"}, strings.Repeat("x", 100) + "01234567", 108 + 10 + 108 + 19 + 8 + 108},
		// 12 positions, 3 equal bytes, and the digits of the escape: one from its second byte on, five from its third.
		{"cut off, with its start in an escape", []string{"52525xyzw"}, "%252525xyz", 17 + 9 + 17 + 12 + 3 + 1 + 5 + 17},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, steps := New(row.secrets...).hide(row.text, len(row.text))
			assert.Equal(t, row.want, steps)
		})
	}
}

// TestNewIsLinear makes the secrets of the same adversaries.
func TestNewIsLinear(t *testing.T) {
	for name, make := range adversaries {
		steps := func(secret int) (n int) {
			_, s := make(secret, secret)
			decode(s, nil, &n)
			return n
		}
		assert.LessOrEqual(t, float64(steps(1<<17)), 2.2*float64(steps(1<<16))+1, name)
	}
}

// TestHideCutIsBounded: what is not kept is not looked at. The secret is.
func TestHideCutIsBounded(t *testing.T) {
	secrets := New(strings.Repeat("a", 8192))
	for _, n := range []int{1 << 12, 1 << 16, 1 << 20} {
		_, steps := secrets.hide(strings.Repeat("b", n), 512)
		assert.LessOrEqual(t, steps, 3*(512+lookAhead)+8192, "of %d bytes", n)
	}
}

func BenchmarkHide(b *testing.B) {
	secrets := New("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", strings.Repeat("IQoJb3JpZ2luX2VjEO", 40), "AQICAHh5J3v/token+/=")
	page := strings.Repeat(`{"DataIntegrationAssociationArn":"arn:aws:app-integrations:us-east-1:123456789012:data-integration-association/example/a1"},`, 530)
	letters := strings.Repeat("a", 60_000)
	for _, row := range []struct {
		name, text string
		secrets    Secrets
	}{
		{"message of 512 bytes", page[:512], secrets},
		{"page of 64 KiB", page, secrets},
		{"escapes, 64 KiB", url.QueryEscape(page)[:len(page)], secrets},
		{"found, 64 KiB", page + "token AQICAHh5J3v%2Ftoken%2B%2F%3D.", secrets},
		{"8 KiB of one letter in 60 kB of it", letters, New(letters[:8192])},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.SetBytes(int64(len(row.text)))
			b.ReportAllocs()
			for b.Loop() {
				row.secrets.Hide(row.text)
			}
		})
	}
	for _, n := range []int{64, 8192} {
		b.Run(fmt.Sprintf("New, %d bytes", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				New(letters[:n])
			}
		})
	}
}
