package appintegrations

import (
	"context"
	"iter"
	"time"
)

const (
	defaultConcurrency  = 32
	defaultMaxInFlight  = 2048
	defaultStallTimeout = 5 * time.Minute
)

// A SweepTarget is one data integration to list, and the client of its account
// and Region.
//
// Experimental: may change before 1.0.
type SweepTarget struct {
	// The client of the account and Region. Targets with the same Client, or with
	// copies of it, share the rate that its quota allows. nil is a *ConfigError.
	Client ListDataIntegrationAssociationsAPIClient

	// The name, id or ARN of the data integration.
	DataIntegrationIdentifier string

	// Where to start. Zero: at the first association. A checkpoint of another data
	// integration is a *CheckpointError.
	Resume Checkpoint
}

// SweepOptions are the options of a [Sweep].
//
// Experimental: may change before 1.0.
type SweepOptions struct {
	// The maximum number of calls in flight for each Client. Sweep begins with 4, and
	// doubles that as the service responds. It is also the maximum number of targets
	// of a Client whose pages wait for the consumer. 0 or negative: 32.
	Concurrency int

	// The maximum number of calls in flight for all Clients together. Clients get
	// calls in turn. Up to half of the calls are reserved for Clients that have none
	// in flight. 0 or negative: 2048.
	MaxInFlight int

	// How many associations a page may have. 0 or negative: as many as the
	// service likes.
	Limit int32

	// How many requests a second each Client sends at most, to leave quota to
	// others. 0, negative or NaN: as many as the service lets through.
	MaxRate float64

	// How long a Client may get nothing but throttles. Then its targets fail with
	// the last throttle as their error. 0: 5 minutes. Negative: for ever. A
	// Retry-After is waited out first, however long it is.
	StallTimeout time.Duration

	// Yield each page as a result of its own, as soon as it is there. The last
	// result of a target has Checkpoint.Done or an Err. false: one result for each
	// target, with all of its associations.
	EachPage bool

	// Passed to every call.
	ClientOptions []func(*Options)

	// Called with the progress at the start, after changes, and at the end before
	// the range returns. The calls come one after another from a goroutine of
	// their own. They do not slow down the sweep: changes during a call are
	// reported together by the next one. The range waits for the last call to
	// return. If OnProgress panics, the range does.
	OnProgress func(SweepProgress)
}

// SweepProgress is the state of a sweep.
//
// Experimental: may change before 1.0.
type SweepProgress struct {
	Targets int // all
	Done    int // listed to the end
	Failed  int // ended with an error
	Paused  int // Clients that wait because of a Retry-After

	Associations int64 // listed so far
	Requests     int64 // sent so far; a mock's call counts as one
	Throttled    int64 // requests that the service throttled

	Rate float64 // pages a second, over the last 7 seconds
}

// A SweepResult is a target that is listed or failed; with
// SweepOptions.EachPage also a page of a target.
//
// Experimental: may change before 1.0.
type SweepResult struct {
	Target SweepTarget

	// The associations before Checkpoint that no result before contained. They are
	// there with an Err too.
	Associations []DataIntegrationAssociationSummary

	// Where to continue: with Target.Resume = Checkpoint another Sweep lists what is
	// missing, and nothing twice. Done: the list is complete.
	Checkpoint Checkpoint

	// Why the list is not complete. nil: it is, or with EachPage more pages follow.
	Err error
}

// Sweep lists many data integrations at once, of many accounts and Regions, as
// fast as their quotas allow. It adapts to the quota of each Client. Each target
// comes exactly once, in the order of completion; with SweepOptions.EachPage,
// exactly one result of each target has Checkpoint.Done or an Err.
//
// A throttled page is asked for again until it comes: see
// SweepOptions.StallTimeout. A page that fails otherwise, with an error that can
// be retried, is asked for in up to three calls, each with the attempts of its
// Client. A Retry-After of any length holds back the calls of its Client until it
// is over. Clients do not slow each other down, as long as fewer calls are in
// flight than SweepOptions.MaxInFlight. Other calls of the same Client have
// priority over those of the sweep.
//
// An error is one of [ListDataIntegrationAssociationsPaginator.NextPage]. A target
// that fails does not affect the others. [Classify] tells which failures another
// sweep can mend:
//
//	var again []SweepTarget
//	for r := range Sweep(ctx, targets) {
//		switch Classify(r.Err) {
//		case "":
//			... // r.Associations is the complete list
//		case ClassGone, ClassDenied, ClassInvalid, ClassConfig:
//			... // another sweep would fail too
//		default:
//			r.Target.Resume = r.Checkpoint
//			again = append(again, r.Target)
//		}
//	}
//
// When ctx is done, the targets that are not complete fail with its error and
// their checkpoints. If the consumer leaves the range, by break for example, Sweep
// waits for the calls in flight to end, and leaves no goroutine and no request
// behind. If a client panics, the range does.
//
// Each range lists all targets anew. Do not change targets during a range. A
// slow consumer slows down a Client only when as many of its targets as
// SweepOptions.Concurrency wait for the consumer, and all Clients when as many
// results as SweepOptions.MaxInFlight do.
//
// Experimental: may change before 1.0.
func Sweep(ctx context.Context, targets []SweepTarget, optFns ...func(*SweepOptions)) iter.Seq[SweepResult] {
	var o SweepOptions
	for _, fn := range optFns {
		if fn != nil {
			fn(&o)
		}
	}
	o.setDefaults()
	return func(yield func(SweepResult) bool) {
		newSweep(targets, &o).run(ctx, yield)
	}
}

func (o *SweepOptions) setDefaults() {
	if o.Concurrency <= 0 {
		o.Concurrency = defaultConcurrency
	}
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = defaultMaxInFlight
	}
	if o.StallTimeout == 0 {
		o.StallTimeout = defaultStallTimeout
	}
	if !(o.MaxRate > 0) {
		o.MaxRate = 0
	}
}

// run gives the results to the consumer. However the consumer leaves, by a panic
// or by the end of its goroutine too, the deferred functions end the sweep.
func (s *sweep) run(ctx context.Context, yield func(SweepResult) bool) {
	parent := ctx
	if ctx == nil {
		parent = context.Background()
	}
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithCancel(parent)
	stopTelling := s.tell()
	returned := false
	defer func() {
		s.end(cancel)
		stopTelling()
		if returned && s.panicked != nil {
			panic(s.panicked)
		}
	}()
	if ctx == nil {
		s.failAll(func(*lane) error { return operationError(errNilContext) })
	}
	s.goroutines.Go(s.keepTime)
	for {
		r, ok := s.take()
		if !ok || !yield(r) {
			returned = true
			return
		}
	}
}

// end waits until nothing of the sweep is under way.
func (s *sweep) end(cancel context.CancelFunc) {
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	cancel()
	s.goroutines.Wait()
}

// take returns the next result; false: there is none left.
func (s *sweep) take() (SweepResult, bool) {
	for {
		r, ok, finished := s.poll()
		if ok || finished {
			return r, ok
		}
		<-s.arrived
	}
}

// poll returns the next result, if there is one.
func (s *sweep) poll() (r SweepResult, ok, finished bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.panicked != nil:
		panic(s.panicked)
	case s.results.Len() > 0:
		d := s.results.Remove(s.results.Front()).(delivery)
		s.taken(d)
		return d.result, true, false
	}
	for len(s.failed) > 0 {
		if l := s.failed[0]; l.next >= 0 {
			return s.failNext(l), true, false
		}
		s.failed = s.failed[1:]
	}
	return r, false, s.now.Done+s.now.Failed == len(s.targets)
}

// taken goes on with what had to wait for the consumer to take a result.
func (s *sweep) taken(d delivery) {
	l := d.listing.lane
	if d.final {
		l.open--
	} else {
		s.await(d.listing)
	}
	s.enqueue(l)
	s.dispatch()
}
