// Package world simulates the client among services, networks, accounts and
// callers, all drawn from a seed, and checks what must hold in each such world.
//
// A world runs in virtual time, in a bubble of testing/synctest, without a
// socket: [Draw] makes a [Plan] of a seed, [Run] lets it happen and returns its
// [History], [Check] asks each invariant about that history, and [Shrink] looks
// for a smaller plan that breaks the same invariant.
//
// The choices of the service depend on the seed and on the request, never on the
// order in which goroutines run. What is left to chance is that order, and the
// jitter of the client's back-off: most seeds repeat, some do not.
package world
