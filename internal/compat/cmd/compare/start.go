//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A start is what it costs to have a client at all.
type start struct {
	stripped  int64 // bytes of a program that makes one call
	packages  int   // that are not of the standard library
	modules   int
	init      figure // of the client's packages, before main
	create    figure // New with an HTTP client
	call      figure // the first one, of an empty page
	transport figure // New that makes an HTTP client
}

const starts = 31 // processes; the tenth percentile of their CPU times counts

func measureStarts() (s [len(clients)]start, err error) {
	dir, err := os.MkdirTemp("", "compare")
	if err != nil {
		return s, err
	}
	defer os.RemoveAll(dir)
	for i, c := range clients {
		if s[i], err = measureStart(filepath.Join(dir, c.name), "./cmd/compare/cold/"+c.name); err != nil {
			return s, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return s, nil
}

func measureStart(program, source string) (s start, err error) {
	if _, err = output("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, source); err != nil {
		return s, err
	}
	info, err := os.Stat(program)
	if err != nil {
		return s, err
	}
	s.stripped = info.Size()
	// A module of the list is the path of each package in it. The main module
	// holds the program, and the packages below are of a replaced one.
	list, err := output("go", "list", "-deps", "-f", "{{if not .Standard}}{{.Module.Path}}{{end}}", source)
	if err != nil {
		return s, err
	}
	const measuring = 3 // the program, package cold, golang.org/x/sys/unix
	modules := strings.Fields(list)
	s.packages = len(modules) - measuring
	slices.Sort(modules)
	s.modules = len(slices.Compact(modules)) - 2
	var created, called, made []figure
	for range starts {
		two, err := figures(program)
		if err != nil {
			return s, err
		}
		one, err := figures(program, "transport")
		if err != nil {
			return s, err
		}
		created, called, made = append(created, two[0]), append(called, two[1]), append(made, one[0])
	}
	s.create, s.call, s.transport = quiet(created), quiet(called), quiet(made)
	s.init, err = initOf(program)
	return s, err
}

// figures runs a program that prints figures.
func figures(program string, args ...string) ([]figure, error) {
	out, err := output(program, args...)
	if err != nil {
		return nil, err
	}
	var all []figure
	for line := range strings.Lines(out) {
		var f figure
		if _, err := fmt.Sscan(line, (*int64)(&f.cpu), &f.allocs, &f.bytes); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		all = append(all, f)
	}
	return all, nil
}

// quiet returns the figure with the tenth percentile of the CPU times, and the
// median of what was allocated.
func quiet(all []figure) figure {
	at := func(q float64, of func(figure) float64) float64 {
		var values []float64
		for _, f := range all {
			values = append(values, of(f))
		}
		slices.Sort(values)
		return values[int(q*float64(len(values)))]
	}
	return figure{
		cpu:    time.Duration(at(0.1, func(f figure) float64 { return float64(f.cpu) })),
		allocs: at(0.5, func(f figure) float64 { return f.allocs }),
		bytes:  at(0.5, func(f figure) float64 { return f.bytes }),
	}
}

// initLine is a line that the runtime writes about a package: GODEBUG=inittrace=1.
var initLine = regexp.MustCompile(`^init (\S+) @.* ms, (\S+) ms clock, (\d+) bytes, (\d+) allocs`)

// initOf adds up the initialisation of the packages of the client.
func initOf(program string) (f figure, err error) {
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace bytes.Buffer
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		return f, err
	}
	found := 0
	for line := range strings.Lines(trace.String()) {
		m := initLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		found++
		if !strings.Contains(m[1], "appintegrations") {
			continue
		}
		var ms, size, allocs float64
		if _, err := fmt.Sscan(m[2]+" "+m[3]+" "+m[4], &ms, &size, &allocs); err != nil {
			return f, err
		}
		f.cpu += time.Duration(ms * float64(time.Millisecond))
		f.bytes += size
		f.allocs += allocs
	}
	if found == 0 {
		return f, fmt.Errorf("the runtime wrote no line about an initialisation: %q", trace.String())
	}
	return f, nil
}

func output(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, stderr.String())
	}
	return string(out), nil
}
