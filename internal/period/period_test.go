package period

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// bruteForce returns the shortest period that the last (repeats+1)*p values have, or 0 for none. limit bounds the period.
func bruteForce(values []uint64, repeats, limit int) int {
	for p := 1; p <= limit && (repeats+1)*p <= len(values); p++ {
		if has(values, repeats, p) {
			return p
		}
	}
	return 0
}

// has reports whether the last (repeats+1)*p values have the period p.
func has(values []uint64, repeats, p int) bool {
	if n := (repeats + 1) * p; n <= len(values) {
		last := values[len(values)-n:]
		return slices.Equal(last[p:], last[:n-p])
	}
	return false
}

// check adds the values, and holds what the documentation promises of any sequence. It returns how many values came until the
// first period was reported, and that period; 0 if none was.
func check(t *testing.T, values []uint64, repeats, exact int) (count, period int) {
	t.Helper()
	f := New(repeats, exact)
	for i, v := range values {
		got := f.Add(v)
		so := values[:i+1]
		if want := bruteForce(so, repeats, exact); want > 0 || 0 < got && got <= exact {
			if got != want {
				t.Fatalf("New(%d, %d), after %v: Add = %d; want %d", repeats, exact, so, got, want)
			}
		} else if got > 0 && !has(so, repeats, got) {
			t.Fatalf("New(%d, %d), after %v: Add = %d; the last %d values do not have that period", repeats, exact, so, got, (repeats+1)*got)
		}
		if got > 0 && count == 0 {
			count, period = i+1, got
		}
	}
	return count, period
}

// cycle returns m values, then n values of period p, all of them different but for the period.
func cycle(m, p, n int) []uint64 {
	values := make([]uint64, m+n)
	for i := range values {
		if values[i] = uint64(i); i >= m {
			values[i] = uint64(m + (i-m)%p)
		}
	}
	return values
}

// checkCycle holds what the documentation promises of a periodic part of different values.
func checkCycle(t *testing.T, m, p, repeats, exact int) {
	t.Helper()
	due := m + (repeats+1)*p
	count, period := check(t, cycle(m, p, (repeats+1)*p+m+1), repeats, exact)
	if latest := due + m; period != p || count < due || count > latest || p <= exact && count != due {
		t.Errorf("New(%d, %d), period %d after %d values: period %d after %d; want it after %d to %d", repeats, exact, p, m, period, count, due, latest)
	}
}

func TestCycles(t *testing.T) {
	for _, row := range []struct{ m, p, repeats, exact int }{
		{0, 1, 2, 1000}, {0, 2, 2, 1000}, {0, 999, 2, 1000}, {0, 1000, 2, 1000}, {0, 1001, 2, 1000}, {0, 1500, 2, 1000}, {0, 3000, 2, 1000},
		{1, 1, 2, 1000}, {5, 3, 2, 1000}, {1500, 2, 2, 1000}, {1500, 1000, 2, 1000}, {1, 1001, 2, 1000}, {5, 1500, 2, 1000},
		{0, 1, 1000, 1000}, {7, 3, 1000, 1000}, {0, 3, 4, 1}, {0, 1, 1, 1}, {3, 2, 1, 1},
	} {
		t.Run(fmt.Sprintf("%d after %d", row.p, row.m), func(t *testing.T) { checkCycle(t, row.m, row.p, row.repeats, row.exact) })
	}
	for m := range 40 {
		for p := 1; p < 40; p++ {
			checkCycle(t, m, p, 1+(m+p)%3, 1+p%7)
		}
	}
}

// In a period over the exact limit, one value may come twice. Here every anchor begins at the value that does: the numbers 4, 8,
// 16 and so on of a period of 6 are its second and fourth. The block from one to the other differs from the next, and the anchor
// begins again at a value that comes once.
func TestOneValueTwiceInAPeriod(t *testing.T) {
	const twice = 100
	values := []uint64{1, 2, 3}
	for number := 4; number < 64; number++ {
		v := uint64(10 + number%6)
		if number%6 == 2 || number%6 == 4 {
			v = twice
		}
		values = append(values, v)
	}
	if count, period := check(t, values, 2, 1); period != 6 || count < 3+3*6 {
		t.Errorf("period %d after %d values; want 6, after 21 or more", period, count)
	}
}

// Values that come again without a period are not a loop.
func TestNoPeriod(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, next := range map[string]func(i int) uint64{
		"all different":                    func(i int) uint64 { return uint64(i) },
		"one value at a constant distance": func(i int) uint64 { return uint64(min(i%1500, 1) * i) },
		"two of three periods":             func(i int) uint64 { return uint64(i%1200 + i/2400*1_000_000) },
		"a period but for one value":       func(i int) uint64 { return uint64(i%1200 + max(0, i%1200-1198)*(i/1200)*1_000_000) },
		"pairs":                            func(i int) uint64 { return uint64(i / 2) },
		"random":                           func(int) uint64 { return random.Uint64() },
	} {
		t.Run(name, func(t *testing.T) {
			f := New(2, 1000)
			for i := range 20_000 {
				if got := f.Add(next(i)); got != 0 {
					t.Fatalf("Add = %d, for value %d; want 0", got, i+1)
				}
			}
		})
	}
}

// A sequence has an end to its memory, and after a report the Finder goes on.
func TestMemory(t *testing.T) {
	const exact = 100
	f := New(2, exact)
	for i := range 1 << 20 {
		f.Add(uint64(i))
	}
	if got := [...]int{len(f.recent), len(f.runs), len(f.anchors)}; got != [...]int{exact, exact, 21} {
		t.Errorf("recent, runs, anchors = %v; want 100, 100 and 21 = 1 + log2(2^20)", got)
	}
	for i := range 300 {
		want := 0
		if i == 299 { // the end of the third period
			want = 100
		}
		if got := f.Add(uint64(i % 100)); got != want {
			t.Errorf("Add = %d, for value %d of a period of 100; want %d", got, i+1, want)
		}
	}
}

// FuzzFinder compares a Finder with brute force, for small values, limits and periods.
func FuzzFinder(f *testing.F) {
	f.Add([]byte("abababab"), uint8(2), uint8(3), uint8(5), uint8(3))
	f.Add([]byte("aabaabaabaab"), uint8(2), uint8(1), uint8(0), uint8(9))
	f.Add([]byte("abcdeabcdeabcdeabcdfabcdeabcdeabcde"), uint8(1), uint8(2), uint8(20), uint8(1))
	f.Add([]byte("aaaaaaaaaaabaaaaaaaaaaabaaaaaaaaaaab"), uint8(3), uint8(4), uint8(31), uint8(64))
	f.Fuzz(func(t *testing.T, sequence []byte, repeats, exact, m, p uint8) {
		r, e := 1+int(repeats%4), 1+int(exact%16)
		values := make([]uint64, min(len(sequence), 300))
		for i := range values {
			values[i] = uint64(sequence[i] % 8)
		}
		check(t, values, r, e)
		checkCycle(t, int(m%64), 1+int(p%64), r, e)
	})
}

func BenchmarkAdd(b *testing.B) {
	for _, before := range []int{0, 200, 2000, 200_000} {
		b.Run(fmt.Sprint(before), func(b *testing.B) {
			f := New(2, 1000)
			v := uint64(0)
			for ; v < uint64(before); v++ {
				f.Add(v)
			}
			for b.Loop() {
				if v++; before == 0 && v%200 == 0 {
					f = New(2, 1000)
				}
				f.Add(v)
			}
		})
	}
}
