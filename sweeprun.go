package appintegrations

import (
	"container/heap"
	"container/list"
	"context"
	"sync"
	"time"
)

// A sweep is one range over a [Sweep]. What happens, happens under its mutex:
// a call ends, the consumer takes a result, a time comes. Each of these starts
// the calls that it makes room for. No code of the user's runs under the mutex.
type sweep struct {
	options    *SweepOptions
	targets    []SweepTarget
	ctx        context.Context
	goroutines sync.WaitGroup
	arrived    chan struct{} // there is something for the consumer
	earlier    chan struct{} // a lane waits for a time before all others

	mu       sync.Mutex
	lanes    []*lane
	after    []int     // by target: the next of its lane; -1: none
	idle     list.List // of *lane: in turn to send, with no call in flight
	busy     list.List // the same, with calls in flight
	asleep   sleepers  // lanes that wait for a time
	failed   []*lane   // whose targets that are not begun fail
	results  list.List // of delivery: what the consumer has not taken
	inFlight int
	unserved int // lanes with targets left and no call in flight
	over     bool
	panicked any // what code of the user's panicked with
	progress
}

// A delivery is a result for the consumer.
type delivery struct {
	result  SweepResult
	listing *listing
	final   bool // the last of its target
}

func newSweep(targets []SweepTarget, o *SweepOptions) *sweep {
	s := &sweep{options: o, targets: targets, arrived: make(chan struct{}, 1), earlier: make(chan struct{}, 1)}
	s.now.Targets, s.changed, s.begun = len(targets), make(chan struct{}, 1), time.Now()
	s.after = make([]int, len(targets))
	byKey := map[any]*lane{}
	for i := range targets {
		s.after[i] = -1
		key := laneKey(targets[i].Client)
		if key == nil {
			key = i
		}
		l := byKey[key]
		if l == nil {
			l = newLane(targets[i].Client, o)
			byKey[key] = l
			s.lanes = append(s.lanes, l)
		}
		s.add(l, i)
	}
	s.unserved = len(s.lanes)
	for _, l := range s.lanes {
		if l.failed != nil {
			s.failed = append(s.failed, l)
		}
		s.enqueue(l)
	}
	return s
}

func (s *sweep) add(l *lane, i int) {
	if l.next < 0 {
		l.next = i
	} else {
		s.after[l.last] = i
	}
	l.last = i
	l.left++
}

// enqueue puts a lane into the line of those that may have something to send.
func (s *sweep) enqueue(l *lane) {
	q := &s.busy
	if l.inFlight == 0 {
		q = &s.idle
	}
	if l.heap >= 0 {
		heap.Remove(&s.asleep, l.heap)
	}
	switch l.queue {
	case q:
		return
	case nil:
	default:
		l.queue.Remove(l.place)
	}
	l.queue, l.place = q, q.PushBack(l)
}

// dispatch starts calls as long as there is room for them.
func (s *sweep) dispatch() {
	for j := s.pick(); j != nil; j = s.pick() {
		s.goroutines.Go(func() { s.work(j) })
	}
}

// pick returns a listing whose next page is to be asked for now; nil: none. The
// caller makes the call.
func (s *sweep) pick() *listing {
	for !s.over && s.ctx.Err() == nil && s.results.Len() < s.options.MaxInFlight {
		l := s.nextLane()
		if l == nil {
			return nil
		}
		if j := s.pickOf(l, time.Now()); j != nil {
			if l.inFlight == 0 {
				s.unserved--
			}
			l.inFlight++
			s.inFlight++
			s.enqueue(l)
			return j
		}
	}
	return nil
}

// nextLane takes a lane from the line. Those with no call in flight go first, and
// some calls are kept for them.
func (s *sweep) nextLane() *lane {
	free := s.options.MaxInFlight - s.inFlight
	q := &s.idle
	if q.Len() == 0 {
		free -= min(s.unserved, s.options.MaxInFlight/2)
		q = &s.busy
	}
	if free <= 0 || q.Len() == 0 {
		return nil
	}
	l := q.Remove(q.Front()).(*lane)
	l.queue = nil
	return l
}

// pickOf returns a listing of a lane that may ask for its next page now. nil:
// none; the lane is back when that changes.
func (s *sweep) pickOf(l *lane, now time.Time) *listing {
	if l.inFlight >= l.limit {
		return nil
	}
	e, wait := s.due(l, now)
	if e == nil {
		if wait > 0 {
			s.sleep(l, now.Add(wait))
		}
		return nil
	}
	if wait := l.wait(now, s.options.MaxRate); wait > 0 {
		s.sleep(l, now.Add(wait))
		return nil
	}
	return l.waiting.Remove(e).(*listing)
}

// due returns a listing that is begun, or begins one. nil: none, or after a wait.
func (s *sweep) due(l *lane, now time.Time) (*list.Element, time.Duration) {
	soonest := time.Duration(0)
	for e := l.waiting.Front(); e != nil; e = e.Next() {
		wait := e.Value.(*listing).notBefore.Sub(now)
		if wait <= 0 {
			return e, 0
		}
		if soonest == 0 || wait < soonest {
			soonest = wait
		}
	}
	for l.failed == nil && l.next >= 0 && l.open < s.options.Concurrency && s.results.Len() < s.options.MaxInFlight {
		if e := s.begin(l); e != nil {
			return e, 0
		}
	}
	return nil, soonest
}

// sleep wakes a lane at a time.
func (s *sweep) sleep(l *lane, at time.Time) {
	l.wake = at
	heap.Push(&s.asleep, l)
	if l.heap == 0 {
		signal(s.earlier)
	}
	if l.pause.Equal(at) {
		s.hold(l)
	}
}

// keepTime wakes lanes when their time has come, until the context is done.
func (s *sweep) keepTime() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(s.wakeLanes())
		select {
		case <-timer.C:
		case <-s.earlier:
		case <-s.ctx.Done():
			s.mu.Lock()
			defer s.mu.Unlock()
			s.failAll(func(l *lane) error { return operationError(canceled(s.ctx, wait{}, l.throttle)) })
			return
		}
	}
}

// wakeLanes returns when to come again.
func (s *sweep) wakeLanes() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for len(s.asleep) > 0 && !s.asleep[0].wake.After(now) {
		s.enqueue(s.asleep[0])
	}
	s.dispatch()
	if len(s.asleep) == 0 {
		return time.Hour
	}
	return time.Until(s.asleep[0].wake)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// sleepers are a heap of lanes by the time to wake them.
type sleepers []*lane

func (h sleepers) Len() int           { return len(h) }
func (h sleepers) Less(i, j int) bool { return h[i].wake.Before(h[j].wake) }
func (h sleepers) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].heap, h[j].heap = i, j
}

func (h *sleepers) Push(l any) {
	l.(*lane).heap = len(*h)
	*h = append(*h, l.(*lane))
}

func (h *sleepers) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	(*h)[last], *h = nil, (*h)[:last]
	l.heap = -1
	return l
}
