//go:build !race && !alwaysstack

package appintegrations_test

import (
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// TestAllocations holds what a call allocates, signer included, on a stub
// without a socket. The numbers may only fall. An item costs two: its strings,
// and what its pointers point to.
func TestAllocations(t *testing.T) {
	quiet := func(o *appintegrations.Options) {
		o.Logger = appintegrations.NewSlogLogger(slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError})))
	}
	for _, row := range []struct {
		name    string
		items   int
		limit   float64
		options []func(*appintegrations.Options)
	}{
		{"empty page", 0, 62, nil},
		{"page of 50", 50, 164, nil},
		{"empty page, slog at level Error", 0, 62 + 2, []func(*appintegrations.Options){quiet}},
	} {
		client := stubClient(typicalPage(row.items), row.options...)
		in := input("example")
		got := testing.AllocsPerRun(200, func() {
			_, err := client.ListDataIntegrationAssociations(t.Context(), in)
			require.NoError(t, err)
		})
		t.Logf("%s: %.0f allocations", row.name, got)
		if got > row.limit {
			t.Errorf("%s: %.0f allocations; want at most %.0f", row.name, got, row.limit)
		}
	}
}

// TestFrames holds the depth of the stack between the public method and
// HTTPClient.Do: what a reader of a stack trace, or of the code, has to pass.
// The official client v1.37.11 has 91.
func TestFrames(t *testing.T) {
	const limit = 12
	frames := -1
	client := appintegrations.New(appintegrations.Options{
		Region: "us-east-1", Credentials: staticCredentials,
		HTTPClient: doFunc(func(*http.Request) (*http.Response, error) {
			frames = framesAbove("ListDataIntegrationAssociations")
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("{}"))}, nil
		}),
	})
	_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
	require.NoError(t, err)
	t.Logf("%d frames between the public method and HTTPClient.Do", frames)
	assert.Positive(t, frames)
	assert.LessOrEqual(t, frames, limit)
}

// framesAbove counts the frames between the caller and the function called
// name, both left out.
func framesAbove(name string) int {
	pcs := make([]uintptr, 200)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)]) // Callers, framesAbove, the caller
	for n := 0; ; n++ {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.Function, "."+name) {
			return n
		}
		if !more {
			return -1
		}
	}
}
