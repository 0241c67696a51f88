//go:build unix

package main

import (
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

const sliceTime = 500 * time.Microsecond // short enough to lie between two switches of a busy CPU

// A figure is what one call of a client costs.
type figure struct {
	cpu           time.Duration
	allocs, bytes float64
}

// A row is a size of page, with the figure of each client in the order of
// clients.
type row struct {
	items   int
	figures [len(clients)]figure
}

// measureInMemory measures calls of a stub.
func measureInMemory(n int) ([]row, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var rows []row
	for _, items := range sizes {
		cfg := config()
		cfg.HTTPClient = stub(pageOf(items))
		r, err := measure(items, n, sliceTime, threadTime, func(i int) call { return clients[i].new(cfg) })
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// measure measures the clients in n slices each, by a clock of CPU time.
func measure(items, n int, slice time.Duration, clock func() time.Duration, newCall func(i int) call) (row, error) {
	r := row{items: items}
	var lists [len(clients)]call
	var calls [len(clients)]int // in a slice
	for i := range clients {
		lists[i] = newCall(i)
		if err := count(lists[i], items, &r.figures[i]); err != nil {
			return r, err
		}
		const trial = 50
		took, err := timed(lists[i], items, trial, clock)
		if err != nil {
			return r, err
		}
		calls[i] = max(1, int(trial*slice/max(took, 1)))
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var times [len(clients)][]time.Duration
	for range n {
		for _, i := range rand.Perm(len(clients)) {
			runtime.GC()
			if err := mustList(lists[i], items); err != nil { // what the collector emptied is filled again
				return r, err
			}
			took, err := timed(lists[i], items, calls[i], clock)
			if err != nil {
				return r, err
			}
			times[i] = append(times[i], took/time.Duration(calls[i]))
		}
	}
	for i := range clients {
		slices.Sort(times[i])
		r.figures[i].cpu = times[i][len(times[i])/10]
	}
	return r, nil
}

// timed returns what n calls take.
func timed(list call, items, n int, clock func() time.Duration) (time.Duration, error) {
	begin := clock()
	for range n {
		if err := mustList(list, items); err != nil {
			return 0, err
		}
	}
	return clock() - begin, nil
}

// count counts what a call allocates.
func count(list call, items int, f *figure) error {
	const n = 200
	var before, after runtime.MemStats
	for range 10 { // fill pools and caches
		if err := mustList(list, items); err != nil {
			return err
		}
	}
	runtime.ReadMemStats(&before)
	for range n {
		if err := mustList(list, items); err != nil {
			return err
		}
	}
	runtime.ReadMemStats(&after)
	f.allocs, f.bytes = float64((after.Mallocs-before.Mallocs)/n), float64((after.TotalAlloc-before.TotalAlloc)/n)
	return nil
}

// threadTime is the CPU time of the thread.
func threadTime() time.Duration { return clockTime(unix.CLOCK_THREAD_CPUTIME_ID) }

// processTime is the CPU time of the process, all threads together.
func processTime() time.Duration { return clockTime(unix.CLOCK_PROCESS_CPUTIME_ID) }

func clockTime(id int32) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}
