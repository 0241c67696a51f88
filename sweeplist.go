package appintegrations

import (
	"container/list"
	"errors"
	"slices"
	"time"
)

// pageRounds is how many calls, each with its own attempts, a page gets that
// fails otherwise than by a throttle. With one, of 500 lists a few per thousand
// fail where 4 % of the responses are faulty.
const pageRounds = 3

// A listing is a target that is begun.
type listing struct {
	lane         *lane
	target       *SweepTarget
	pages        *ListDataIntegrationAssociationsPaginator
	associations []DataIntegrationAssociationSummary // that no result contains yet
	rounds       int                                 // of the next page, that failed
	notBefore    time.Time                           // the next page
	last         error                               // of the next page; nil: none
}

// begin begins the next target of a lane. One that needs no request, or can never
// be listed, ends at once: then the element is nil.
func (s *sweep) begin(l *lane) *list.Element {
	j := &listing{lane: l, target: &s.targets[l.next]}
	l.next = s.after[l.next]
	l.open++
	j.pages = j.target.paginator(s.options.Limit)
	err := j.target.reject(j.pages)
	if err != nil || !j.pages.HasMorePages() {
		s.finish(j, err)
		return nil
	}
	return l.waiting.PushBack(j)
}

func (t *SweepTarget) paginator(limit int32) *ListDataIntegrationAssociationsPaginator {
	return NewListDataIntegrationAssociationsPaginator(t.Client, t.input(),
		func(o *ListDataIntegrationAssociationsPaginatorOptions) { o.Limit, o.Resume = limit, t.Resume })
}

func (t *SweepTarget) input() *ListDataIntegrationAssociationsInput {
	return &ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: &t.DataIntegrationIdentifier}
}

// reject returns the error of a target that can never be listed, before it takes
// a turn. What a mock accepts is its own.
func (t *SweepTarget) reject(pages *ListDataIntegrationAssociationsPaginator) error {
	if pages.fault != nil {
		return pages.fault
	}
	if _, ok := t.Client.(*Client); ok {
		if err := pages.params.validate(); err != nil {
			return operationError(err)
		}
	}
	return nil
}

// checkpoint is where a target starts.
func (t *SweepTarget) checkpoint() Checkpoint {
	if t.Resume != (Checkpoint{}) {
		return t.Resume
	}
	return Checkpoint{DataIntegrationIdentifier: t.DataIntegrationIdentifier}
}

// await puts a listing into the line of those with a page to ask for.
func (s *sweep) await(j *listing) {
	if failed := j.lane.failed; failed != nil {
		s.finish(j, failed)
		return
	}
	j.lane.waiting.PushBack(j)
}

// work asks for pages as long as there are pages to ask for.
func (s *sweep) work(j *listing) {
	for j != nil {
		j = s.step(j)
	}
}

var errClientGoexit = errors.New("the client ended the goroutine that it was called in")

// step asks for the next page of a listing, and returns a listing to go on with.
// A panic of the client goes on in the consumer's goroutine. A client may also
// end this goroutine.
func (s *sweep) step(j *listing) (next *listing) {
	call := &sweptCall{Context: s.ctx, sent: time.Now()}
	returned := false
	defer func() {
		if v := recover(); v != nil {
			s.panicWith(v)
		} else if !returned {
			s.settle(j, call, nil, operationError(errClientGoexit))
			s.mu.Lock()
			defer s.mu.Unlock()
			s.dispatch()
		}
	}()
	page, err := j.pages.NextPage(call, s.options.ClientOptions...)
	returned = true
	s.settle(j, call, page, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	next = s.pick()
	s.dispatch()
	return next
}

func (s *sweep) panicWith(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over, s.panicked = true, v
	signal(s.arrived)
}

// settle deals with a call that ended.
func (s *sweep) settle(j *listing, call *sweptCall, page *ListDataIntegrationAssociationsOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, now := j.lane, time.Now()
	s.inFlight--
	if l.inFlight--; l.inFlight == 0 {
		s.unserved++
	}
	failed := l.failed
	throttled := l.settle(call, now, err, s.options)
	if failed == nil && l.failed != nil {
		s.fail(l)
	}
	s.count(call, page, throttled)
	switch {
	case err == nil:
		s.got(j, page)
	case s.ctx.Err() != nil:
		if !isCanceled(err) {
			err = operationError(canceled(s.ctx, wait{}, err))
		}
		s.finish(j, err)
	case throttled && l.failed != nil:
		s.finish(j, err)
	case throttled:
		j.last = err
		l.waiting.PushFront(j)
	case l.failed == nil && s.again(j, err, now):
		l.waiting.PushBack(j)
	default:
		s.finish(j, err)
	}
	s.enqueue(l)
}

// again reports whether a page that failed is to be asked for again, and when.
func (s *sweep) again(j *listing, err error, now time.Time) bool {
	if j.rounds++; j.rounds >= pageRounds || isFinal(err) || isCanceled(err) || !retryables.IsErrorRetryable(err).Bool() {
		return false
	}
	j.last, j.notBefore = err, now.Add(backoff(j.rounds, true))
	return true
}

// got takes in a page.
func (s *sweep) got(j *listing, page *ListDataIntegrationAssociationsOutput) {
	j.rounds, j.last = 0, nil
	if j.associations == nil {
		j.associations = slices.Clip(page.DataIntegrationAssociations) // which may be a mock's own
	} else {
		j.associations = append(j.associations, page.DataIntegrationAssociations...)
	}
	switch {
	case !j.pages.HasMorePages():
		s.finish(j, nil)
	case j.lane.failed != nil:
		s.finish(j, j.lane.failed)
	case s.options.EachPage:
		s.deliver(j, nil, false)
	default:
		j.lane.waiting.PushBack(j)
	}
}

// finish ends a listing: nil, it is complete.
func (s *sweep) finish(j *listing, err error) {
	s.ended(j.lane, err)
	s.deliver(j, err, true)
}

func (s *sweep) deliver(j *listing, err error, final bool) {
	r := SweepResult{Target: *j.target, Associations: j.associations, Checkpoint: j.pages.Checkpoint(), Err: err}
	if j.pages.fault != nil {
		r.Checkpoint = j.target.checkpoint()
	}
	j.associations = nil
	s.results.PushBack(delivery{r, j, final})
	signal(s.arrived)
}

// ended counts a target that is complete or failed.
func (s *sweep) ended(l *lane, err error) {
	if l.left--; l.left == 0 && l.inFlight == 0 {
		s.unserved--
	}
	if err != nil {
		s.now.Failed++
	} else {
		s.now.Done++
	}
	signal(s.changed)
}

// fail fails the targets of a lane: those that wait now, those in flight when
// they are back, and those that are not begun when the consumer takes them.
func (s *sweep) fail(l *lane) {
	for e := l.waiting.Front(); e != nil; e = l.waiting.Front() {
		j := l.waiting.Remove(e).(*listing)
		err := l.failed
		if j.last != nil && s.ctx.Err() != nil {
			err = operationError(canceled(s.ctx, wait{}, j.last))
		}
		s.finish(j, err)
	}
	s.failed = append(s.failed, l)
	signal(s.arrived)
}

// failAll fails all targets that are left.
func (s *sweep) failAll(why func(*lane) error) {
	s.over = true
	for _, l := range s.lanes {
		if l.failed == nil {
			l.failed = why(l)
			s.fail(l)
		}
	}
}

// failNext fails the next target of a lane. One that needs no request is
// complete.
func (s *sweep) failNext(l *lane) SweepResult {
	t := &s.targets[l.next]
	l.next = s.after[l.next]
	r := SweepResult{Target: *t, Checkpoint: t.checkpoint(), Err: l.failed}
	if t.Resume != (Checkpoint{}) && t.Client != nil {
		pages := t.paginator(0)
		if err := t.reject(pages); err != nil {
			r.Err = err
		} else if !pages.HasMorePages() {
			r.Err = nil
		}
	}
	s.ended(l, r.Err)
	return r
}
