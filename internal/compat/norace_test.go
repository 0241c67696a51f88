//go:build !race

package compat

const scenarios = 6000

const raceDetector = false

const hookedScenarios = 3000 // in batches of batch
