package appintegrations

import (
	"context"
	"errors"
)

var errGoexit = errors.New("it ended the goroutine that it was called in")

// An outcome is what a function of the user's came to.
type outcome[T any] struct {
	value    T
	err      error
	panicked any // nil: it did not panic
}

// result returns the value and the error. A panic goes on here, where the caller
// can recover from it.
func (o outcome[T]) result() (T, error) {
	if o.panicked != nil {
		panic(o.panicked)
	}
	return o.value, o.err
}

// start calls f, which is code of the user's, in a goroutine of its own. Nobody
// has to receive the outcome.
func start[T any](f func() (T, error)) <-chan outcome[T] {
	done := make(chan outcome[T], 1)
	go func() {
		o := outcome[T]{err: errGoexit}
		defer func() {
			o.panicked = recover()
			done <- o
		}()
		o.value, o.err = f()
	}()
	return done
}

// await calls f, which is code of the user's, and waits for it no longer than
// ctx lasts. What f does after that is ignored.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	done := start(f)
	select {
	case o := <-done:
		return o.result()
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
