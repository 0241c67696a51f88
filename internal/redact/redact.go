// Package redact hides secrets in texts, however they are spelled there.
//
// A service that rejects a request may quote it: in JSON, percent-encoded, or
// percent-encoded inside JSON inside JSON. So package redact compares what text
// and secret decode to, not their bytes: percent escapes and JSON escapes are
// decoded until none is left, and a space equals a plus sign, which is how a
// query spells it.
//
// The time that it takes is linear in the text and in the secrets.
package redact

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Mark stands in a text where a secret was.
const Mark = "REDACTED"

const (
	// What is shorter stands in any text.
	minSecret = 3
	// The least that is hidden of a secret that the end of the text cuts off:
	// fewer bytes are of no use to a thief, and a text may end with them by
	// chance.
	minCut = 8
	// A byte takes at most 12 in a text: a backslash in JSON, in JSON, and
	// percent-encoded.
	stretch = 12
	// So HideCut sees minCut bytes of a secret that starts before the cut.
	lookAhead = minCut*stretch + maxEscape
)

// Secrets are strings to hide. The zero value hides nothing. Secrets is
// immutable, and safe for concurrent use.
type Secrets struct {
	patterns []pattern
}

// Format writes the mark: no verb shows a secret.
func (s Secrets) Format(f fmt.State, _ rune) { io.WriteString(f, Mark) }

// New returns the Secrets to hide. A secret of fewer than 3 bytes is ignored:
// it stands in any text.
func New(secrets ...string) Secrets {
	var s Secrets
	for _, secret := range secrets {
		s.add(secret)
		// JSON spells a byte that is not UTF-8 as U+FFFD.
		if !utf8.ValidString(secret) {
			s.add(string([]rune(secret)))
		}
	}
	return s
}

func (s *Secrets) add(secret string) {
	known := func(p pattern) bool { return p.secret == secret }
	if len(secret) >= minSecret && !slices.ContainsFunc(s.patterns, known) {
		s.patterns = append(s.patterns, newPattern(secret))
	}
}

// Hide returns text with [Mark] in place of each secret: as it is,
// percent-encoded, escaped as in JSON, and in any nesting of these. Some bytes
// may be escaped and others not. A secret that the end of the text cuts off is
// hidden too if at least 8 bytes of it are there. Other text is not changed. A
// text without a secret is returned as it is, without an allocation unless its
// last bytes stand in a secret.
func (s Secrets) Hide(text string) string {
	hidden, _ := s.hide(text, len(text))
	return hidden
}

// HideCut returns the first keep bytes of text as [Secrets.Hide] would return
// them. It looks at few bytes more, however long text is: enough to recognise a
// secret that begins in the first keep bytes.
func (s Secrets) HideCut(text string, keep int) string {
	hidden, _ := s.hide(text, max(0, keep))
	return hidden
}

// hide returns the first keep bytes of text without secrets, and how many steps
// that took: bytes read, bytes compared, and states of a search passed.
func (s Secrets) hide(text string, keep int) (hidden string, steps int) {
	keep = min(keep, len(text))
	text = text[:min(len(text), keep+lookAhead)]
	r := reader{text: text}
	var found []span
	if start := s.cutOff(text, &r.steps); start < len(text) {
		found = []span{{start, len(text)}}
	}
	if s.stands(&r) {
		found = s.search(&r, found)
	}
	return replace(text[:keep], found), r.steps
}

// A span is a part of a text: from start up to end.
type span struct{ start, end int }

// push adds a span to spans, which are in the order of the text's end to its
// start, and do not overlap. No span starts before the new one without
// overlapping it.
func push(spans []span, s span) []span {
	for last := len(spans) - 1; last >= 0 && spans[last].start < s.end; last-- {
		s.start, s.end = min(s.start, spans[last].start), max(s.end, spans[last].end)
		spans = spans[:last]
	}
	return append(spans, s)
}

// replace puts a mark in place of each span that begins in text.
func replace(text string, spans []span) string {
	if len(spans) == 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + len(Mark))
	done := 0
	for _, s := range slices.Backward(spans) {
		if s.start >= len(text) {
			break
		}
		b.WriteString(text[done:s.start])
		b.WriteString(Mark)
		done = min(s.end, len(text))
	}
	b.WriteString(text[done:])
	return b.String()
}
