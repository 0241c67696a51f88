//go:build linux && !race

// The peak is read from /proc, and the race detector's shadow memory would be
// part of it.

package appintegrations_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// In a child process, the endpoint to call.
const memoryEndpoint = "APPINTEGRATIONS_TEST_MEMORY_ENDPOINT"

// repeat writes s until size bytes are written or the client has gone.
func repeat(w io.Writer, s string, size int) {
	block := []byte(strings.Repeat(s, 1+(64<<10)/len(s)))
	for n := 0; n < size; n += len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// bomb writes gzip that decompresses to a string of size bytes.
func bomb(w http.ResponseWriter, size int) {
	w.Header().Set("Content-Encoding", "gzip")
	member := func(s string) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write([]byte(s))
		z.Close()
		return b.Bytes()
	}
	w.Write(member(`{"x":"`))
	part := member(strings.Repeat("x", 1<<20))
	for range size >> 20 {
		if _, err := w.Write(part); err != nil {
			return
		}
	}
	w.Write(member(`"}`))
}

var memoryCases = []struct {
	name, want string // want: the type of the error
	answer     func(w http.ResponseWriter)
}{
	{"baseline", "none", func(w http.ResponseWriter) { io.WriteString(w, "{}") }},
	{"512 MB string", "malformed", func(w http.ResponseWriter) {
		io.WriteString(w, `{"NextToken":"`)
		repeat(w, "x", 512<<20)
	}},
	{"512 MB unknown member", "malformed", func(w http.ResponseWriter) {
		io.WriteString(w, `{"Unknown":[`)
		repeat(w, `{"a":"b"},`, 512<<20)
	}},
	{"128 MB list", "malformed", func(w http.ResponseWriter) {
		io.WriteString(w, `{"DataIntegrationAssociations":[{}`)
		repeat(w, `,{"ClientId":"a"}`, 128<<20)
	}},
	{"gzip bomb", "malformed", func(w http.ResponseWriter) { bomb(w, 512<<20) }},
	{"gzip bomb, error", "api", func(w http.ResponseWriter) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(503)
		bomb(w, 512<<20)
	}},
	{"512 MB error body", "api", func(w http.ResponseWriter) {
		w.WriteHeader(500)
		io.WriteString(w, `{"message":"`)
		repeat(w, "x", 512<<20)
	}},
	{"512 MB redirect body", "api", func(w http.ResponseWriter) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(307)
		repeat(w, "x", 512<<20)
	}},
	{"512 MB of a 204's kin", "malformed", func(w http.ResponseWriter) {
		w.WriteHeader(206)
		repeat(w, " ", 512<<20)
	}},
	{"64 MB of headers", "send", func(w http.ResponseWriter) {
		for i := range 64 << 4 {
			w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 64<<10))
		}
	}},
	{"8 MiB of empty items", "malformed", func(w http.ResponseWriter) {
		io.WriteString(w, `{"DataIntegrationAssociations":[{}`)
		repeat(w, `,{}`, 8<<20-1<<17)
		io.WriteString(w, `]}`)
	}},
	{"65,536 items of empty structures", "none", func(w http.ResponseWriter) {
		io.WriteString(w, `{"DataIntegrationAssociations":[{}`)
		io.WriteString(w, strings.Repeat(`,{"ExecutionConfiguration":{}}`, 1<<16-1)+`]}`)
	}},
	{"8 MiB page", "none", func(w http.ResponseWriter) {
		page := typicalPage(10_000)
		io.WriteString(w, page)
		repeat(w, " ", 8<<20-1<<17-len(page))
	}},
}

// TestMemoryBound measures the peak memory of a process with a client in it,
// for answers that would fill it. The official client v1.37.11 takes 2.1 to
// 6.2 GB.
func TestMemoryBound(t *testing.T) {
	if endpoint := os.Getenv(memoryEndpoint); endpoint != "" {
		memoryChild(t, endpoint)
		return
	}
	if testing.Short() {
		t.Skip("starts a process for each row")
	}
	const limit = 64 << 10 // KiB
	for _, row := range memoryCases {
		t.Run(row.name, func(t *testing.T) {
			var requests atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				requests.Add(1)
				row.answer(w)
			}))
			defer s.Close()
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemoryBound$", "-test.v")
			child.Env = append(os.Environ(), memoryEndpoint+"="+s.URL, "GODEBUG=")
			out, err := child.CombinedOutput()
			require.NoError(t, err, "%s", out)
			said := regexp.MustCompile(`peak (\d+) kB, (\w+)`).FindStringSubmatch(string(out))
			require.NotNil(t, said, "%s", out)
			peak, err := strconv.Atoi(said[1])
			require.NoError(t, err)
			t.Logf("peak memory %.1f MB after %d requests", float64(peak)/1024, requests.Load())
			assert.Equal(t, row.want, said[2])
			assert.Less(t, peak, limit, "KiB")
		})
	}
}

// memoryChild makes a call and tells the peak memory and the error's type.
func memoryChild(t *testing.T, endpoint string) {
	client := appintegrations.New(appintegrations.Options{
		Region: "us-east-1", Credentials: staticCredentials, BaseEndpoint: aws.String(endpoint),
	})
	_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"), func(o *appintegrations.Options) {
		o.Retryer = retry.AddWithMaxBackoffDelay(o.Retryer, time.Millisecond)
	})
	kind := "none"
	var malformed *appintegrations.MalformedResponseError
	var api smithy.APIError
	switch {
	case errors.As(err, &malformed):
		kind = "malformed"
	case errors.As(err, &api):
		kind = "api"
	case err != nil:
		kind = "send"
	}
	status, readErr := os.ReadFile("/proc/self/status")
	require.NoError(t, readErr)
	peak := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	require.NotNil(t, peak)
	fmt.Printf("peak %s kB, %s (%v)\n", peak[1], kind, err)
}
