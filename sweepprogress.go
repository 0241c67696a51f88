package appintegrations

import (
	"sync"
	"time"
)

// progress is what a sweep tells of itself. The mutex of the sweep guards it.
type progress struct {
	now     SweepProgress
	changed chan struct{}
	paused  map[*lane]struct{} // lanes that a Retry-After held when last seen

	// To find the rate: pages that came, in each of the last seconds.
	perSecond [rateSeconds + 1]int
	begun     time.Time
	second    int // since begun, that perSecond has come to
}

const rateSeconds = 7

// count counts a call that ended.
func (s *sweep) count(call *sweptCall, page *ListDataIntegrationAssociationsOutput, throttled bool) {
	requests := call.requests.Load()
	if call.remote.Load() == nil {
		requests = 1
	}
	s.now.Requests += requests
	if throttled {
		s.now.Throttled++
	}
	if page != nil {
		s.now.Associations += int64(len(page.DataIntegrationAssociations))
		*s.advance()++
	}
	signal(s.changed)
}

// hold counts a lane as paused until its pause is over.
func (s *sweep) hold(l *lane) {
	if s.paused == nil {
		s.paused = map[*lane]struct{}{}
	}
	s.paused[l] = struct{}{}
	signal(s.changed)
}

// advance empties the seconds that have begun, and returns the count of this one.
func (p *progress) advance() *int {
	second := int(time.Since(p.begun) / time.Second)
	for i := max(p.second+1, second-rateSeconds); i <= second; i++ {
		p.perSecond[i%len(p.perSecond)] = 0
	}
	p.second = max(p.second, second)
	return &p.perSecond[p.second%len(p.perSecond)]
}

// snapshot returns the progress now.
func (s *sweep) snapshot() SweepProgress {
	s.mu.Lock()
	defer s.mu.Unlock()
	pages := -*s.advance() // that second is not over
	for _, n := range s.perSecond {
		pages += n
	}
	now := time.Now()
	for l := range s.paused {
		if l.left == 0 || !l.pause.After(now) || l.failed != nil {
			delete(s.paused, l)
		}
	}
	p := s.now
	p.Paused = len(s.paused)
	if seconds := min(rateSeconds, s.second); seconds > 0 {
		p.Rate = float64(pages) / float64(seconds)
	}
	return p
}

// tell begins to call OnProgress. The function that it returns makes the last
// call, and waits for it.
func (s *sweep) tell() (stop func()) {
	if s.options.OnProgress == nil {
		return func() {}
	}
	quit := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() { s.tellUntil(quit) })
	return func() {
		close(quit)
		done.Wait()
	}
}

func (s *sweep) tellUntil(quit <-chan struct{}) {
	defer func() {
		if v := recover(); v != nil {
			s.panicWith(v)
		}
	}()
	signal(s.changed)
	for {
		select {
		case <-s.changed:
			s.options.OnProgress(s.snapshot())
		case <-quit:
			s.options.OnProgress(s.snapshot())
			return
		}
	}
}
