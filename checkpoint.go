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

// A Checkpoint is a position between two associations in the list of one data
// integration. [ListDataIntegrationAssociationsPaginator.Checkpoint] returns it;
// ListDataIntegrationAssociationsPaginatorOptions.Resume resumes from it, in
// another process too. The zero value is the start of any list.
//
// A Checkpoint contains a NextToken. If the service no longer accepts the token,
// the resumed list ends with an [InvalidRequestException]. If associations were
// created or deleted in the meantime, the resumed list may skip or repeat that many
// associations.
//
// The text form is versioned, and safe in a file, a URL or JSON. It contains the
// token: keep it as secret as the list.
type Checkpoint struct {
	DataIntegrationIdentifier string // of the list
	NextToken                 string // of the page that Offset counts from; "": the first page
	Offset                    int    // associations that are done, counted from the start of that page
	Done                      bool   // the list is complete
}

// A CheckpointError means that a list cannot be resumed from a checkpoint, or that
// a text is not a checkpoint. It never contains the token.
type CheckpointError struct {
	Reason string
}

// Error returns the reason on one line.
func (e *CheckpointError) Error() string { return "checkpoint: " + e.Reason }

// String describes the position without the token.
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

// Format writes the result of String for every verb, in quotes for %q: no verb
// shows the token. Package fmt calls no method for %p and %w; these verbs are not
// for checkpoints, and go vet rejects them.
func (c Checkpoint) Format(f fmt.State, verb rune) {
	if verb == 'q' {
		fmt.Fprintf(f, "%q", c.String())
		return
	}
	io.WriteString(f, c.String())
}

// GoString returns the result of String, without the token.
func (c Checkpoint) GoString() string { return c.String() }

// LogValue returns the result of String: package log/slog writes no token, although
// MarshalText does.
func (c Checkpoint) LogValue() slog.Value { return slog.StringValue(c.String()) }

// checkpointVersion comes first in the text, so that a later form can tell.
const checkpointVersion = "v1"

type checkpointText struct {
	ID     string `json:"id"`
	Token  string `json:"token,omitempty"`
	Offset int    `json:"offset,omitempty"`
	Done   bool   `json:"done,omitempty"`
}

// MarshalText returns the checkpoint as text, which contains the token. For a
// checkpoint with a negative offset, or with a token or an identifier that is not
// UTF-8, it returns a *[CheckpointError], because the text could not be restored to
// the same checkpoint.
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

// UnmarshalText restores a checkpoint from the result of MarshalText. For a text
// that is cut off, altered or of another version, it returns a *[CheckpointError]
// and leaves the checkpoint unchanged.
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
