//go:build unix

package main

import (
	"fmt"
	"strings"
)

// bars are what the chart shows for each size of page.
var bars = []struct {
	name, class string
	of          func(figure) float64
}{
	{"CPU time", "cpu", cpu}, {"allocations", "allocs", allocs}, {"bytes", "bytes", size},
}

// Sizes in the chart, in pixels.
const (
	chartWidth, left, right  = 720, 90, 60
	top, barHeight, groupGap = 54, 16, 18
)

// chart draws a bar for each ratio of the last run. The colours are read on
// white and on black.
func (r *report) chart() string {
	rows := r.inMemory[len(r.inMemory)-1]
	most := 0.0
	for _, row := range rows {
		for _, bar := range bars {
			most = max(most, row.ratio(bar.of))
		}
	}
	height := top + len(rows)*(len(bars)*barHeight+groupGap)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="How many times as much the official client takes">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.end { text-anchor: end }
.cpu { fill: #2f6fb5 } .allocs { fill: #b8631b } .bytes { fill: #4d8b3b }
.one { stroke: #7d8590; stroke-dasharray: 3 3 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.cpu { fill: #6cb0f2 } .allocs { fill: #f0a35e } .bytes { fill: #86c96f }
}
</style>
`, chartWidth, height, chartWidth, height)
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"18\">How many times as much the official client v1.37.11 takes for a call</text>\n", left)
	x := left
	for _, bar := range bars {
		fmt.Fprintf(&b, "<rect class=\"%s\" x=\"%d\" y=\"30\" width=\"10\" height=\"10\"/><text x=\"%d\" y=\"40\">%s</text>\n", bar.class, x, x+15, bar.name)
		x += 110
	}
	scale := float64(chartWidth-left-right) / most
	y := top
	for _, row := range rows {
		fmt.Fprintf(&b, "<text class=\"end\" x=\"%d\" y=\"%d\">%s</text>\n", left-10, y+len(bars)*barHeight/2+4, items(row.items))
		for _, bar := range bars {
			ratio := row.ratio(bar.of)
			fmt.Fprintf(&b, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/><text x=\"%.1f\" y=\"%d\">%.1fx</text>\n",
				bar.class, left, y, ratio*scale, barHeight-2, left+ratio*scale+6, y+barHeight-4, ratio)
			y += barHeight
		}
		y += groupGap
	}
	fmt.Fprintf(&b, "<line class=\"one\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n</svg>\n", left+scale, top-6, left+scale, height-groupGap+6)
	return b.String()
}

func items(n int) string {
	if n == 1 {
		return "1 item"
	}
	return fmt.Sprintf("%d items", n)
}
