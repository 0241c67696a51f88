package redact

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzHide states four properties: a secret is hidden in every nesting of
// encodings, one that the end of the text cuts off too, a text is changed only
// if a part of it decodes to what the secret decodes to, and the steps are
// linear.
func FuzzHide(f *testing.F) {
	for i := range encoders {
		f.Add("a/b+NextToken=& %\"", "before", "after", uint(i), uint(i/2), uint64(0x5a5a))
		f.Add(`abc\`, "%", "n", uint(i), uint(5), uint64(0))
		f.Add("41é😀%", `\u00`, "41", uint(i), uint(1), ^uint64(0))
	}
	f.Fuzz(func(t *testing.T, secret, before, after string, inner, outer uint, choice uint64) {
		if len(secret) < minSecret || len(secret) > 100 || len(before) > 100 || len(after) > 100 {
			t.Skip()
		}
		choose := func() bool {
			choice = choice>>1 | choice<<63
			return choice&1 == 0
		}
		spelling := secret
		for _, n := range []uint{inner, outer} {
			encode := encoders[n%uint(len(encoders))].encode
			if utf8.ValidString(spelling) {
				spelling = mixed(spelling, encode, choose)
			} else {
				spelling = encode(spelling)
			}
		}
		text := before + spelling + after
		if longestEscape(text) >= maxEscape || len(secret)-len(strings.TrimRight(secret, `\`)) > maxTail {
			t.Skip() // the limits that package redact names
		}
		secrets := New(secret)
		hidden, steps := secrets.hide(text, len(text))
		if shows(hidden, spelling) {
			t.Errorf("secret %q, spelled %q in %q: %q", secret, spelling, text, hidden)
		}
		if kept := spelling[:choice%uint64(len(spelling))]; cutsOff(kept, secret) {
			if hidden := secrets.Hide(before + kept); !strings.HasSuffix(hidden, Mark) {
				t.Errorf("secret %q, %q cut off after %q: %q", secret, kept, before, hidden)
			}
		}
		if limit := 40*len(text) + 10*len(secret); len(secrets.patterns[0].tail) == 0 && steps > limit {
			t.Errorf("%d steps for %q in %q", steps, secret, text)
		}
		if short := before + after; len(short) <= 40 && secrets.Hide(short) != short && !isIn(short, secret) && !endsWithin(short, secret) {
			t.Errorf("secret %q is not in %q, got %q", secret, short, secrets.Hide(short))
		}
	})
}

// endsWithin reports whether text ends with the start of the secret, when both
// are decoded, and an escape may be cut off.
func endsWithin(text, secret string) bool {
	whole := string(naive(secret))
	for end := len(text); end > 0; end-- {
		for start := range end {
			if part := string(naive(text[start:end])); len(part) >= minCut && strings.HasPrefix(whole, part) {
				return true
			}
		}
	}
	return false
}
