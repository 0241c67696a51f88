package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/seed-10600c52/appintegrations"
)

// A resumeLine is a target that failed, in a file for -resume.
type resumeLine struct {
	Profile         string                     `json:"profile,omitempty"`
	Region          string                     `json:"region"`
	DataIntegration string                     `json:"dataIntegration"`
	Checkpoint      appintegrations.Checkpoint `json:"checkpoint"`
	Error           string                     `json:"error"` // for the reader alone
}

// readResume returns the targets in a file. false: there is no file.
func readResume(name string) (targets []target, exists bool, err error) {
	if name == "" {
		return nil, false, nil
	}
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer file.Close()
	lines := json.NewDecoder(file)
	for n := 1; ; n++ {
		var l resumeLine
		switch err := lines.Decode(&l); {
		case err == io.EOF:
			return targets, true, nil
		case err != nil:
			return nil, false, fmt.Errorf("%s: target %d: %w", name, n, err)
		}
		targets = append(targets, target{place{l.Profile, l.Region}, l.DataIntegration, l.Checkpoint})
	}
}

// writeResume writes the targets that failed, for their owner alone: a checkpoint
// contains a token of the service. With none the file is removed. The file is
// replaced as a whole, so that a full disk does not lose the one before.
func writeResume(name string, failures []failure) error {
	if len(failures) == 0 {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	var text []byte
	for _, f := range failures {
		line, err := json.Marshal(resumeLine{f.profile, f.region, f.identifier, f.from, f.err.Error()})
		if err != nil {
			return err
		}
		text = append(append(text, line...), '\n')
	}
	if err := os.WriteFile(name+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}
