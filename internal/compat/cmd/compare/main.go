//go:build unix

// Command compare measures the client beside the official one, v1.37.11, and
// writes a table and a chart into the README. From the root of the repository:
//
//	go -C internal/compat run ./cmd/compare
//
// Both clients make the same call of the same page, in slices of half a
// millisecond that alternate at random. The time of a slice is that of the CPU
// of its thread; the garbage collector runs between slices. Of all slices the
// tenth percentile counts: what the machine does besides only makes slices
// longer. So the ratio of two clients repeats within a few percent on a busy
// machine.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	root := flag.String("root", "../..", "the root of the repository")
	slices := flag.Int("slices", 200, "slices of each client, for each size of page")
	runs := flag.Int("runs", 2, "how often to measure all")
	print := flag.Bool("print", false, "print the section, and write no file")
	serve := flag.Bool("serve", false, "serve pages until the input ends; compare starts itself so")
	flag.Parse()
	if *serve {
		servePages()
		return
	}
	if err := compare(*root, *slices, *runs, *print); err != nil {
		log.Fatal(err)
	}
}

func compare(root string, slices, runs int, print bool) error {
	var r report
	for range runs {
		inMemory, err := measureInMemory(slices)
		if err != nil {
			return err
		}
		socket, err := measureSocket(slices / 4)
		if err != nil {
			return err
		}
		r.inMemory, r.socket = append(r.inMemory, inMemory), append(r.socket, socket)
	}
	var err error
	if r.starts, err = measureStarts(); err != nil {
		return err
	}
	r.machine = machine()
	section := r.markdown()
	if print {
		fmt.Println(section)
		return nil
	}
	if err := os.MkdirAll(filepath.Join(root, filepath.Dir(chartFile)), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, chartFile), []byte(r.chart()), 0o644); err != nil {
		return err
	}
	readme := filepath.Join(root, "README.md")
	text, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	replaced, err := replaceSection(string(text), section)
	if err != nil {
		return err
	}
	return os.WriteFile(readme, []byte(replaced), 0o644)
}
