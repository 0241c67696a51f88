package appintegrations

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"strings"
	"unicode/utf8"
)

// A Checkpoint is a position in the list of one data integration, between two
// associations: it is taken by
// [ListDataIntegrationAssociationsPaginator.Checkpoint] and resumed from with
// ListDataIntegrationAssociationsPaginatorOptions.Resume, by another process if
// need be. The zero value is the start of any list.
//
// It holds a NextToken of the service, so it can promise no more than that:
// the service may let tokens expire, and then a resumed list ends with an
// [InvalidRequestException]; associations that are created or deleted in
// between may shift the position by as many.
//
// As text it is versioned, and safe in a file, a URL or JSON.
type Checkpoint struct {
	DataIntegrationIdentifier string // of the list
	NextToken                 string // of the page that Offset counts in; "": the first
	Offset                    int    // associations of that page, and those after it, that are done
	Done                      bool   // the list is at its end
}

// A CheckpointError says that a checkpoint cannot be resumed from, or that a
// text is no checkpoint. It never repeats the token.
type CheckpointError struct {
	Reason string
}

// Error gives the reason on one line.
func (e *CheckpointError) Error() string { return "checkpoint: " + e.Reason }

// String describes the position without its token.
func (c Checkpoint) String() string {
	id := oneLine(c.DataIntegrationIdentifier, maxMessageText)
	switch {
	case c == Checkpoint{}:
		return "checkpoint at the start"
	case c.Done:
		return fmt.Sprintf("checkpoint at the end of %s", id)
	case c.NextToken == "":
		return fmt.Sprintf("checkpoint in %s: %d after the start", id, c.Offset)
	}
	return fmt.Sprintf("checkpoint in %s: %d after a token", id, c.Offset)
}

// Format writes String, whatever the verb: no verb shows the token. %q quotes
// it. The exceptions are %p and %w, for which package fmt calls no method; they
// are not for checkpoints, and go vet rejects them.
func (c Checkpoint) Format(f fmt.State, verb rune) {
	if verb == 'q' {
		fmt.Fprintf(f, "%q", c.String())
		return
	}
	io.WriteString(f, c.String())
}

// GoString is String: %#v shows no token either.
func (c Checkpoint) GoString() string { return c.String() }

// LogValue is String: a log shows no token, though MarshalText does.
func (c Checkpoint) LogValue() slog.Value { return slog.StringValue(c.String()) }

// checkpointVersion comes first in the text, so that a later form can tell.
const checkpointVersion = "v1"

type checkpointText struct {
	ID     string `json:"id"`
	Token  string `json:"token,omitempty"`
	Offset int    `json:"offset,omitempty"`
	Done   bool   `json:"done,omitempty"`
}

// MarshalText returns the checkpoint as text, with the token in it. One that no
// paginator took, with a negative offset or a token that is not UTF-8, is a
// *[CheckpointError]: the text would be of another one.
func (c Checkpoint) MarshalText() ([]byte, error) {
	if c.Offset < 0 || !utf8.ValidString(c.NextToken) || !utf8.ValidString(c.DataIntegrationIdentifier) {
		return nil, &CheckpointError{Reason: "it has a negative offset, or a token or an identifier that is not UTF-8"}
	}
	data, err := json.Marshal(checkpointText{c.DataIntegrationIdentifier, c.NextToken, c.Offset, c.Done})
	if err != nil {
		return nil, err
	}
	payload := base64.RawURLEncoding.EncodeToString(data)
	return fmt.Appendf(nil, "%s.%s.%08x", checkpointVersion, payload, crc32.ChecksumIEEE(data)), nil
}

// UnmarshalText reads what MarshalText returned. A text that is cut off,
// altered, or of another version is a *[CheckpointError] and changes nothing.
func (c *Checkpoint) UnmarshalText(text []byte) error {
	version, rest, _ := strings.Cut(string(text), ".")
	if version != checkpointVersion {
		return &CheckpointError{Reason: "the text is no checkpoint of version " + checkpointVersion}
	}
	payload, sum, _ := strings.Cut(rest, ".")
	// The decoder of package base64 skips the ends of lines.
	data, err := base64.RawURLEncoding.Strict().DecodeString(payload)
	if err != nil || strings.ContainsAny(payload, "\r\n") || sum != fmt.Sprintf("%08x", crc32.ChecksumIEEE(data)) {
		return &CheckpointError{Reason: "the text is cut off or altered"}
	}
	var v checkpointText
	if err := json.Unmarshal(data, &v); err != nil || v.Offset < 0 {
		return &CheckpointError{Reason: "the text does not hold a position"}
	}
	*c = Checkpoint{v.ID, v.Token, v.Offset, v.Done}
	return nil
}
