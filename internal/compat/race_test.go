//go:build race

package compat

// The comparison is the same with the race detector, only slower by ten times.
const scenarios = 300

const raceDetector = true

const hookedScenarios = 200 // in batches of batch
