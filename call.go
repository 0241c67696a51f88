package appintegrations

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	"github.com/seed-10600c52/appintegrations/internal/redact"
)

// A core is what all copies of a [Client] share. It lives as long as they do.
type core struct {
	settings settings // of the client
	perCall  perCallPools
	buffers  bufferPool
	remotes  remotes
	checked  atomic.Pointer[aws.Credentials] // those that passed the last check; nil: none
	tickets  atomic.Uint64                   // of calls that wait for a turn
}

// A call is one invocation of the operation. The steps before the retry loop
// prepare it; after that only the counters of the loop change.
type call struct {
	*core
	*settings     // of the client, or of this call where it changes options
	input         ListDataIntegrationAssociationsInput
	path, rawPath string // of the request: as it is, and escaped
	rawQuery      string
	token         string // NextToken; a secret: redacted in every error and log
	invocationID  string
	who           callerKind
	ended         summary    // of the loop in a stack
	swept         *sweptCall // of a sweep, which waits for turns and deals with throttles; nil: none
	counters
}

// counters are what the retry loop of a call counts.
type counters struct {
	maxAttempts   int       // as the retryer says; 0: no limit
	attempts      int       // made so far
	counted       int       // of those, how many count towards maxAttempts
	backoffs      int       // of those, how many were followed by a back-off, or were the last
	ticket        uint64    // the place in a line; 0: none yet
	begun         time.Time // when the first attempt that failed was sent
	last          *attempt  // the attempt before; nil: none
	release       release   // the retry token of the next attempt; nil: none
	failures      []failure
	waited        time.Duration // for turns and back-offs
	clockSet      bool          // the clock was corrected
	keysRefreshed bool
}

// An attempt is one try of a call. Each step finds here what the steps before
// it left.
type attempt struct {
	*call
	number  int // 1 for the first; 0: outside of the retry loop
	caller  context.Context
	ctx     context.Context // within caller, with the time limit of the attempt
	gate    gateContext
	stacked bool // the steps run in a stack of the SDK

	hidden     *redact.Secrets // of the call, and the keys; nil: not needed yet
	keys       aws.Credentials
	identified bool // keys were found, or the user asked for none
	to         *target
	offset     time.Duration // of the clock that signed the request
	remote     *remote       // where it is expected to go, and then where it went; nil: not known
	sentAt     time.Time     // zero: it was not sent
	paced      bool          // the rate limit applies to it
	throttled  bool          // the response was a throttle
	retryable  bool          // the retry quota allows another attempt
	passed     time.Time     // when something last passed at the remote before it was throttled
	mayPass    bool          // the throttles began lately, and something that was sent before them was still under way
	early      *remote       // the one that counts it as early; nil: none
	req        *http.Request
	resp       *http.Response
	body       guardedBody
	waiting    wait // where there is no stack
	took       time.Duration
	page       *ListDataIntegrationAssociationsOutput
	err        error
	metadata   middleware.Metadata // of the response; without a stack only if there is more than one attempt

	// Room for what a request points to, so that it needs no memory of its own.
	url      url.URL
	headers  [6]string
	received http.Response

	root *attemptRoot // in a stack: what the copies of the attempt share; else nil
}

// settings are options and what follows from them. They are not written to once
// they are complete.
type settings struct {
	options    Options
	fault      error // why no call can work; nil: none
	timeout    error // why an attempt ends that takes too long
	hooked     bool  // something of the SDK is to run with each call
	retryer    aws.RetryerV2
	ownRetryer bool // it is not the user's code
	identity   any  // of the account, as long as its id is not known
	provider   aws.CredentialsProvider
	anonymous  bool // the provider says to send unsigned requests
	client     HTTPClient
	lease      lease // of client, where it was given to this call
	agents     *agents
	target     *target                // nil: the resolver is asked for each attempt
	noTarget   error                  // why the default resolver has none; nil: it has, or is not asked
	expected   atomic.Pointer[remote] // where the last attempt went; nil: not known
}

// release returns a token to a retryer. The error is that of the attempt, nil
// if it succeeded.
type release = func(error) error

// A failure is an attempt that failed, and what followed.
type failure struct {
	attempt   *attempt
	retryable bool
	retried   bool
}

// attemptRoot is what the copies of an attempt in a stack share. Its methods are
// safe for concurrent use: a hook may send an attempt twice at once.
type attemptRoot struct {
	instruments *instruments
	sent        atomic.Pointer[attempt] // the copy that was sent last

	mu     sync.Mutex
	bodies []*guardedBody
	copies []*attempt // that were sent
	over   bool       // the attempt has ended
	cancel []context.CancelFunc

	waiting wait
}

// noteSent notes that the attempt is sent, and which copy of it.
func (a *attempt) noteSent() {
	a.locate()
	a.sentAt = time.Now()
	a.waitsSince(a.sentAt, "the response", a.req.URL.Host)
	if !a.remote.line.dry.Load() {
		a.early = a.remote
		a.early.early.Add(1)
	}
	if a.root != nil {
		a.root.sent.Store(a)
		a.root.mu.Lock()
		defer a.root.mu.Unlock()
		if a.root.over { // a hook sends one that nobody waits for
			a.noteBack()
			return
		}
		a.root.copies = append(a.root.copies, a)
	}
}

// noteBack notes that the attempt is no longer under way.
func (a *attempt) noteBack() {
	if a.early != nil {
		a.early.early.Add(-1)
		a.early = nil
	}
}

// signed returns the copy of the attempt that was sent last, or the attempt
// itself.
func (a *attempt) signed() *attempt {
	if a.root != nil {
		if sent := a.root.sent.Load(); sent != nil {
			return sent
		}
	}
	return a
}

// hold keeps a body to be closed when the attempt ends, whatever hooks put in
// its place.
func (a *attempt) hold(b *guardedBody) {
	if a.root != nil {
		a.root.mu.Lock()
		defer a.root.mu.Unlock()
		a.root.bodies = append(a.root.bodies, b)
	}
}

// letGo closes what the attempt opened.
func (a *attempt) letGo() {
	if a.root == nil {
		if a.body.body != nil {
			a.body.Close()
		}
		a.noteBack()
		return
	}
	a.root.mu.Lock()
	bodies, copies, cancel := a.root.bodies, a.root.copies, a.root.cancel
	a.root.bodies, a.root.copies, a.root.cancel, a.root.over = nil, nil, nil, true
	a.root.mu.Unlock()
	for _, b := range bodies {
		b.Close()
	}
	for _, sent := range copies {
		sent.noteBack()
	}
	for _, f := range cancel {
		f()
	}
}

// A gateContext carries an attempt to the default retryer, whatever is wrapped
// around it: the interface of the SDK has no other way.
type gateContext struct {
	context.Context
	attempt *attempt
}

type gateKey struct{}

func (g *gateContext) Value(key any) any {
	if key == (gateKey{}) {
		return g.attempt
	}
	return g.Context.Value(key)
}

func attemptAtGate(ctx context.Context) *attempt {
	a, _ := ctx.Value(gateKey{}).(*attempt)
	return a
}
