//go:build !race && !alwaysstack

package appintegrations_test

import (
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// TestAllocations holds what a call with MaxResults allocates, signer included,
// on a stub without a socket. The numbers may only fall. An item costs two
// allocations: its strings, and what its pointers point to.
func TestAllocations(t *testing.T) {
	quiet := func(o *appintegrations.Options) {
		o.Logger = appintegrations.NewSlogLogger(slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError})))
	}
	for _, row := range []struct {
		items         int
		allocs, bytes uint64
		options       []func(*appintegrations.Options)
	}{
		{0, 67, 7_400, nil},
		{1, 70, 8_000, nil},
		{10, 89, 12_750, nil},
		{50, 169, 33_450, nil},
		{0, 67 + 2, 7_400, []func(*appintegrations.Options){quiet}}, // slog at level Error
	} {
		client := stubClient(typicalPage(row.items), row.options...)
		in := input("example")
		in.MaxResults = aws.Int32(50)
		allocs, bytes := perCall(t, client, in)
		t.Logf("%d items: %d allocations, %d bytes", row.items, allocs, bytes)
		if allocs > row.allocs || bytes > row.bytes {
			t.Errorf("a page of %d items: %d allocations, %d bytes; want at most %d, %d", row.items, allocs, bytes, row.allocs, row.bytes)
		}
	}
}

// perCall returns what a call allocates, on the average of calls on one
// processor, after the first ones have filled pools and caches.
func perCall(t *testing.T, client *appintegrations.Client, in *appintegrations.ListDataIntegrationAssociationsInput) (allocs, bytes uint64) {
	const calls = 200
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection empties the pools
	call := func() {
		_, err := client.ListDataIntegrationAssociations(t.Context(), in)
		require.NoError(t, err)
	}
	for range 10 {
		call()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		call()
	}
	runtime.ReadMemStats(&after)
	return (after.Mallocs - before.Mallocs) / calls, (after.TotalAlloc - before.TotalAlloc) / calls
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
