package pace_test

import (
	"math/rand/v2"
	"time"

	"github.com/seed-10600c52/appintegrations/internal/pace"
)

// An algorithm paces one process.
type algorithm interface {
	Wait(now time.Time) time.Duration
	Passed(now time.Time)
	Throttled(sent, now time.Time)
	Rate() float64
}

// A limiter decides at the service, of all processes.
type limiter interface{ take(now time.Time) bool }

type bucket struct {
	rate          func(since float64) float64 // requests a second, at a time in seconds
	burst, tokens float64
	at            time.Time
}

func newBucket(rate func(float64) float64, burst float64) *bucket {
	return &bucket{rate: rate, burst: burst, tokens: burst, at: start}
}

func (b *bucket) take(now time.Time) bool {
	b.tokens = min(b.burst, b.tokens+now.Sub(b.at).Seconds()*b.rate(now.Sub(start).Seconds()))
	b.at = now
	if b.tokens < 1-1e-9 {
		return false
	}
	b.tokens--
	return true
}

// A fixedWindow lets n requests through in each window.
type fixedWindow struct {
	n      int
	window time.Duration
	index  int64
	used   int
}

func (f *fixedWindow) take(now time.Time) bool {
	if i := int64(now.Sub(start) / f.window); i != f.index {
		f.index, f.used = i, 0
	}
	f.used++
	return f.used <= f.n
}

// A slidingWindow lets n requests through in any window.
type slidingWindow struct {
	n      int
	window time.Duration
	passed []time.Time
}

func (s *slidingWindow) take(now time.Time) bool {
	for len(s.passed) > 0 && now.Sub(s.passed[0]) >= s.window {
		s.passed = s.passed[1:]
	}
	if len(s.passed) == s.n {
		return false
	}
	s.passed = append(s.passed, now)
	return true
}

// A scenario is what a simulation runs.
type scenario struct {
	limiter   limiter
	algorithm func() algorithm // of a process
	processes int
	apart     time.Duration // the starts of two processes
	workers   int           // of a process
	once      bool          // a worker ends with its first page
	wanted    int           // pages of all processes; 0: as many as there is time for
	horizon   time.Duration
	latency   func(underWay int, r *rand.Rand) time.Duration
	late      time.Duration               // by which timers are late, at most
	foreign   func(since float64) float64 // requests a second of others
	bare      bool                        // rejections are bare 503s
	broken    float64                     // the share of 503s whatever the rate
	seed      uint64
}

type outcome struct {
	took                             time.Duration
	sent, throttled, passed, foreign int
	lost                             int     // calls: see maxFailures
	taken                            int     // bare 503s that were taken for throttles
	jain                             float64 // of the processes' pages of the second half
	rate                             float64 // the first process's estimate at the end
}

func (o outcome) throttledShare() float64 { return float64(o.throttled) / float64(o.sent) }

// A plain call is lost by its third failed attempt. A throttled one counts if no
// page passed since the call's attempt before was sent.
const maxFailures = 3

// A job is a call of a worker.
type job struct {
	sent, before time.Time // the last attempt, and the one before
	failures     int       // that count
}

type kind int8

const (
	ready   kind = iota // a worker wants to send
	timer               // the gate of a process may let one through
	back                // a response
	foreign             // a request of others
)

type event struct {
	at    time.Time
	order int
	kind  kind
	ok    bool
	of    *process
	job   job
}

func (e event) before(f event) bool {
	return e.at.Before(f.at) || e.at.Equal(f.at) && e.order < f.order
}

type process struct {
	algorithm  algorithm
	waiting    []job // first come, first served
	timer      time.Time
	lastPassed time.Time
	detector   pace.Detector
	late       int // pages of the second half
}

// run simulates s. A throttled worker asks for another turn, behind all others:
// at once if the throttle does not count, else after a back-off.
func (s scenario) run() (o outcome) {
	sim := &simulation{scenario: s, r: rand.New(rand.NewPCG(s.seed, 7)), queue: queue[event]{before: event.before}}
	for p := range max(1, s.processes) {
		of := &process{algorithm: s.algorithm()}
		sim.processes = append(sim.processes, of)
		at := start.Add(time.Duration(p)*s.apart + time.Duration(sim.r.Int64N(int64(10*time.Millisecond))))
		for range s.workers {
			sim.push(event{at: at, kind: ready, of: of})
		}
	}
	if s.foreign != nil {
		sim.push(event{at: start, kind: foreign})
	}
	for sim.queue.len() > 0 && (s.wanted == 0 || sim.passed+sim.lost < s.wanted) {
		e := sim.queue.pop()
		if e.at.Sub(start) > s.horizon {
			break
		}
		sim.took = e.at.Sub(start)
		sim.handle(e)
	}
	sim.jain, sim.rate = jain(sim.processes), sim.processes[0].algorithm.Rate()
	return sim.outcome
}

type simulation struct {
	scenario
	outcome
	r         *rand.Rand
	queue     queue[event]
	order     int
	underWay  int
	processes []*process
}

func (s *simulation) push(e event) {
	s.order++
	e.order = s.order
	s.queue.push(e)
}

func (s *simulation) handle(e event) {
	switch e.kind {
	case foreign:
		rate := s.scenario.foreign(e.at.Sub(start).Seconds())
		if rate > 0 && s.limiter.take(e.at) {
			s.outcome.foreign++
		}
		s.push(event{at: e.at.Add(seconds(min(1, s.r.ExpFloat64()/max(rate, 0.01)))), kind: foreign})
		return
	case back:
		s.underWay--
		if e.ok {
			s.pass(e)
		} else {
			s.throttle(e)
		}
	case ready:
		e.of.waiting = append(e.of.waiting, e.job)
	case timer:
		if !e.at.Equal(e.of.timer) {
			return // another was set instead
		}
		e.of.timer = time.Time{}
	}
	s.send(e.of, e.at)
}

func (s *simulation) pass(e event) {
	e.of.algorithm.Passed(e.at)
	e.of.detector.Responded(e.job.sent, e.at, true)
	e.of.lastPassed = e.at
	s.passed++
	if s.took > s.horizon/2 {
		e.of.late++
	}
	if !s.once {
		s.push(event{at: e.at, kind: ready, of: e.of})
	}
}

func (s *simulation) throttle(e event) {
	s.throttled++
	next := e.at
	switch {
	case s.bare && !e.of.detector.Bare503(e.job.sent, e.at):
		e.job.failures++
		next = next.Add(time.Duration(s.r.Int64N(int64(50 * time.Millisecond))))
	default:
		s.taken++
		e.of.algorithm.Throttled(e.job.sent, e.at)
		if e.job.before.IsZero() {
			e.job.before = e.job.sent
		}
		if !e.of.lastPassed.After(e.job.before) {
			e.job.failures++
			next = next.Add(seconds(s.r.Float64() * float64(int(1)<<(e.job.failures-1))))
		}
	}
	e.job.before = e.job.sent
	if e.job.failures == maxFailures {
		s.lost++
		if s.once {
			return
		}
		e.job = job{}
	}
	s.push(event{at: next, kind: ready, of: e.of, job: e.job})
}

// send lets as many waiting workers send as the algorithm lets through.
func (s *simulation) send(p *process, now time.Time) {
	for len(p.waiting) > 0 {
		if wait := p.algorithm.Wait(now); wait > 0 {
			if at := now.Add(wait); p.timer.IsZero() || at.Before(p.timer) {
				if s.late > 0 {
					at = at.Add(time.Duration(s.r.Int64N(int64(s.late))))
				}
				p.timer = at
				s.push(event{at: at, kind: timer, of: p})
			}
			return
		}
		j := p.waiting[0]
		p.waiting = p.waiting[1:]
		j.sent = now
		s.underWay++
		s.sent++
		s.push(event{at: now.Add(s.latency(s.underWay, s.r)), kind: back, of: p, ok: s.limiter.take(now) && s.r.Float64() >= s.broken, job: j})
	}
}

func jain(processes []*process) float64 {
	var sum, squares float64
	for _, p := range processes {
		sum += float64(p.late)
		squares += float64(p.late) * float64(p.late)
	}
	return sum * sum / (float64(len(processes)) * max(squares, 1))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// around returns a latency of d, give or take a tenth.
func around(d time.Duration) func(int, *rand.Rand) time.Duration {
	return func(_ int, r *rand.Rand) time.Duration { return d*9/10 + time.Duration(r.Int64N(int64(d/5)+1)) }
}

func steady(rate float64) func(float64) float64 { return func(float64) float64 { return rate } }

// turns returns a rate that changes at a time in seconds.
func turns(from, to, at float64) func(float64) float64 {
	return func(since float64) float64 {
		if since < at {
			return from
		}
		return to
	}
}

// A queue gives back what was pushed to it in order: a binary heap.
type queue[T any] struct {
	before func(a, b T) bool
	heap   []T
}

func (q *queue[T]) len() int { return len(q.heap) }

func (q *queue[T]) push(v T) {
	q.heap = append(q.heap, v)
	for i := len(q.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !q.before(q.heap[i], q.heap[parent]) {
			return
		}
		q.heap[i], q.heap[parent] = q.heap[parent], q.heap[i]
		i = parent
	}
}

func (q *queue[T]) pop() T {
	first, last := q.heap[0], len(q.heap)-1
	q.heap[0] = q.heap[last]
	q.heap = q.heap[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if q.before(q.heap[child], q.heap[least]) {
				least = child
			}
		}
		if least == i {
			return first
		}
		q.heap[i], q.heap[least] = q.heap[least], q.heap[i]
		i = least
	}
}
