//go:build unix

// Package cold measures the start of a client in a process that has done nothing
// else.
package cold

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/sys/unix"
)

type stub struct{}

func (stub) Do(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"DataIntegrationAssociations":[]}`)), Request: req}, nil
}

type keys struct{}

func (keys) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}, nil
}

// Measure prints a line for each of the two steps: CPU time in nanoseconds,
// allocations, bytes. With the argument "transport" the client makes its HTTP
// client itself, and no call is made.
func Measure(newClient func(aws.Config), call func() error) {
	runtime.LockOSThread()
	cfg := aws.Config{Region: "us-east-1", Credentials: keys{}, HTTPClient: stub{}}
	if len(os.Args) > 1 && os.Args[1] == "transport" {
		cfg.HTTPClient = nil
		step(func() error { newClient(cfg); return nil })
		return
	}
	step(func() error { newClient(cfg); return nil })
	step(call)
}

func step(do func() error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := threadTime()
	err := do()
	took := threadTime() - begin
	runtime.ReadMemStats(&after)
	if err != nil {
		panic(err)
	}
	fmt.Println(took.Nanoseconds(), after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc)
}

func threadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}
