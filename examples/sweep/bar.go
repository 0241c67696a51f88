package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/seed-10600c52/appintegrations"
)

// A bar shows progress on a terminal. nil shows nothing.
type bar struct{ *progressbar.ProgressBar }

// newBar returns nil if w is no terminal.
func newBar(w io.Writer, targets int) *bar {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) || targets == 0 {
		return nil
	}
	return &bar{progressbar.NewOptions(targets,
		progressbar.OptionSetWriter(w),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionFullWidth(),
	)}
}

// show is called from one goroutine at a time. A terminal that cannot be written to
// is no reason to end the sweep.
func (b *bar) show(p appintegrations.SweepProgress) {
	if b == nil {
		return
	}
	text := fmt.Sprintf("%.1f pages/s", p.Rate)
	if p.Failed > 0 {
		text += fmt.Sprintf(", %d failed", p.Failed)
	}
	if p.Paused > 0 {
		text += fmt.Sprintf(", %d paused", p.Paused)
	}
	b.Describe(text)
	_ = b.Set(p.Done + p.Failed)
}

func (b *bar) clear() {
	if b != nil {
		_ = b.Clear()
	}
}
