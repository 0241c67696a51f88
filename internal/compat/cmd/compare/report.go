//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

const (
	chartFile    = "docs/benchmark.svg"
	beginSection = "<!-- benchmark: written by go -C internal/compat run ./cmd/compare -->"
	endSection   = "<!-- benchmark: end -->"
)

// A report is all that was measured: each run of inMemory and of socket.
type report struct {
	inMemory, socket [][]row
	starts           [len(clients)]start
	machine          string
}

// replaceSection replaces what is between the two comments of the README.
func replaceSection(text, section string) (string, error) {
	before, rest, found := strings.Cut(text, beginSection)
	_, after, ended := strings.Cut(rest, endSection)
	if !found || !ended {
		return "", errors.New("README.md has no section between the comments " + beginSection + " and " + endSection)
	}
	return before + beginSection + "\n" + section + endSection + after, nil
}

// ratio is how many times as much the official client takes, by a run.
func (r row) ratio(of func(figure) float64) float64 { return of(r.figures[0]) / of(r.figures[1]) }

func cpu(f figure) float64    { return float64(f.cpu) }
func allocs(f figure) float64 { return f.allocs }
func size(f figure) float64   { return f.bytes }

func (r *report) markdown() string {
	var b strings.Builder
	b.WriteString("What one call costs, with `MaxResults` set and a response from memory: CPU time, allocations and bytes. \"Official\" is `service/appintegrations` v1.37.11; \"3.0x\" means that it takes three times as much as this client.\n\n")
	fmt.Fprintf(&b, "![How many times as much the official client takes](%s)\n\n", chartFile)
	b.WriteString("| items a page | official | this client | CPU, two runs | allocations | bytes | CPU over HTTP/1.1 on loopback, two runs |\n| --: | --- | --- | --- | --: | --: | --- |\n")
	for i, last := range r.inMemory[len(r.inMemory)-1] {
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %.1fx | %.1fx | %s |\n", last.items, last.figures[0], last.figures[1],
			ratios(r.inMemory, i), last.ratio(allocs), last.ratio(size), ratios(r.socket, i))
	}
	b.WriteString("\n| the cost of a start | official | this client |\n| --- | --- | --- |\n")
	o, u := r.starts[0], r.starts[1]
	for _, line := range []struct {
		name            string
		official, these any
	}{
		{"a program, stripped", megabytes(o.stripped), megabytes(u.stripped)},
		{"packages outside of the standard library", o.packages, u.packages},
		{"modules", o.modules, u.modules},
		{"package initialisation", o.init, u.init},
		{"`New`, with an HTTP client", o.create, u.create},
		{"`New`, with the default one", o.transport, u.transport},
		{"the first call, of an empty page", o.call, u.call},
	} {
		fmt.Fprintf(&b, "| %s | %v | %v |\n", line.name, line.official, line.these)
	}
	fmt.Fprintf(&b, "\nMeasured on %s. Measure again and write this section anew with:\n\n```sh\ngo -C internal/compat run ./cmd/compare\n```\n", r.machine)
	return b.String()
}

func ratios(runs [][]row, i int) string {
	var all []string
	for _, rows := range runs {
		all = append(all, fmt.Sprintf("%.1fx", rows[i].ratio(cpu)))
	}
	return strings.Join(all, ", ")
}

// String writes a figure with its units.
func (f figure) String() string {
	return fmt.Sprintf("%s µs, %s, %s", number(float64(f.cpu)/float64(time.Microsecond)), number(f.allocs), kilobytes(f.bytes))
}

// number writes three digits, and thousands with a comma.
func number(n float64) string {
	switch {
	case n >= 1000:
		return fmt.Sprintf("%d,%03d", int(n)/1000, int(n)%1000)
	case n >= 100 || n == math.Trunc(n):
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.1f", n)
}

func kilobytes(n float64) string { return fmt.Sprintf("%.1f KB", n/1000) }
func megabytes(n int64) string   { return fmt.Sprintf("%.2f MB", float64(n)/1e6) }

// machine names the toolchain, the modules and the CPU.
func machine() string {
	versions := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			versions[m.Path] = m.Version
		}
	}
	return fmt.Sprintf("%s, %s/%s, %s with %d cores in use; aws-sdk-go-v2 %s, smithy-go %s", strings.Replace(runtime.Version(), "go", "Go ", 1), runtime.GOOS, runtime.GOARCH,
		cpuName(), runtime.GOMAXPROCS(0), versions["github.com/aws/aws-sdk-go-v2"], versions["github.com/aws/smithy-go"])
}

// cpuName is the CPU's name where Linux tells it.
func cpuName() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "a CPU of unknown name"
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "a CPU of unknown name"
}
