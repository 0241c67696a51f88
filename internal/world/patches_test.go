package world_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPatchesFit holds that each patch of testdata still fits the code that it
// changes, so that .ci/world defects tries all of them.
func TestPatchesFit(t *testing.T) {
	patches, err := filepath.Glob("testdata/*.patch")
	if err != nil || len(patches) < 20 {
		t.Fatalf("%d patches, %v; want at least 20", len(patches), err)
	}
	for _, patch := range patches {
		text, err := os.ReadFile(patch)
		if err != nil {
			t.Fatal(err)
		}
		code, before := "", ""
		for line := range strings.Lines(string(text) + "@@\n") {
			switch {
			case strings.HasPrefix(line, "@@"), strings.HasPrefix(line, "--- "):
				if before != "" && !strings.Contains(code, before) {
					t.Errorf("%s does not fit: nowhere stands\n%s", patch, before)
				}
				before = ""
				if name, ok := strings.CutPrefix(line, "--- "); ok {
					source, err := os.ReadFile(filepath.Join("../..", strings.TrimSpace(name)))
					if err != nil {
						t.Fatal(err)
					}
					code = string(source)
				}
			case code != "" && (line[0] == ' ' || line[0] == '-'):
				before += line[1:]
			}
		}
	}
}
