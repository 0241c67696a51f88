package world

import (
	"encoding/json"
	"regexp"
	"slices"
	"time"
)

// A Plan is a world before it runs: nothing in it changes while it does. Times
// count from the start of the world.
type Plan struct {
	Seed     uint64
	Network  Network
	Length   time.Duration // callers begin, and spells are cast, within it
	Accounts []Account
	Remotes  []Remote
	Callers  []Caller
	Slog     bool // the clients log to a slog.Logger
}

// Network says what is between the client and the services.
type Network string

const (
	Direct Network = "direct" // the fake's RoundTrip, without a transport
	HTTP1  Network = "http1"  // Go's transport and server over connections in memory
	HTTP2  Network = "http2"  // the same, with HTTP/2
)

// An Account is a set of keys and the provider that gives them.
type Account struct {
	Life   time.Duration // of a key; 0: for ever
	Lies   bool          // the provider gives a time of expiry that is too late
	Named  bool          // the keys contain the account id
	Spells []Spell       // of the provider
}

// A Remote is an endpoint as one account sees it.
type Remote struct {
	Endpoint, Account int
	Lists             []List
	Latency           time.Duration // of a response, at most
	Rate              float64       // requests a second; 0: no quota
	Burst             int
	Spells            []Spell
}

// A List is what a service has to list.
type List struct {
	Items     int
	PageSizes []int         // one of them is the size of a page if the caller asks for no less
	Completed time.Duration // when the executions of all items are completed
}

// A Spell is a stretch of time in which a kind of fault happens, to a share of
// what it could happen to.
type Spell struct {
	Kind     string
	From, To time.Duration
	Share    float64
	Amount   time.Duration // what the kind makes of it
}

func (s *Spell) covers(at time.Duration) bool { return s.From <= at && at < s.To }

// A Caller does something with the client, several times in a row.
type Caller struct {
	Kind         CallerKind
	Remote, List int
	Start, Pause time.Duration
	Repeat       int

	Limit, Prefetch  int
	Break            int // leave a range after so many items; 0: never
	Again            int // how often an error is followed by another try, from where it stopped
	Deadline, Cancel time.Duration
	Think            time.Duration // after each item or page of a range
	MaxWait          time.Duration // of a waiter
	Concurrency      int           // of a sweep
	EachPage         bool

	Retryer          string // "": the default one
	RetryMaxAttempts int
	Standard         bool // RetryMode
	AttemptTimeout   time.Duration
	Hooked           bool   // through a stack of the SDK
	PerCall          bool   // the credentials are given to each call
	LogMode          uint64 // aws.ClientLogMode
	Watched          bool   // through Options.OnAttempt
	Decorated        bool   // the client is inside a decorator of the user's
}

// CallerKind says what a caller does.
type CallerKind string

const (
	Calls    CallerKind = "call"     // one page
	NextPage CallerKind = "nextpage" // a paginator by hand, an error is followed by the same page
	Iterate  CallerKind = "iterate"  // Client.Associations
	Ranges   CallerKind = "ranges"   // Associations of one paginator, range after range
	Pages    CallerKind = "pages"    // Pages of one paginator, range after range
	Resumes  CallerKind = "resumes"  // a checkpoint, taken to text, for each range
	Waits    CallerKind = "waits"    // the waiter
	Sweeps   CallerKind = "sweeps"   // all lists of an endpoint, of all accounts
)

// String is the plan as JSON, to read what a shrunk world is made of, and to keep
// in testdata/plans.
func (p Plan) String() string {
	text, err := json.Marshal(p)
	if err != nil {
		return err.Error()
	}
	// What is zero is left out.
	text = zeros.ReplaceAll(text, nil)
	return string(lastZeros.ReplaceAll(text, []byte("$1")))
}

var (
	zeros     = regexp.MustCompile(`"\w+":(?:0|false|""|null),`)
	lastZeros = regexp.MustCompile(`,?"\w+":(?:0|false|""|null)(\})`)
)

// attempts is how many attempts a call of the caller may make, and whether that
// is to the letter: where the user says nothing, a throttle that lost a race
// does not count.
func (c *Caller) attempts() (n int, exact bool) {
	n, exact = 3, c.Standard
	switch c.Retryer {
	case "nop":
		n, exact = 1, true
	case "standard":
		n, exact = 3, true
	case "max2":
		n, exact = 2, true
	}
	if c.RetryMaxAttempts > 0 {
		n, exact = c.RetryMaxAttempts, true
	}
	return n, exact
}

// plain reports whether nothing that the caller brings can end a call early.
func (c *Caller) plain() bool {
	n, _ := c.attempts()
	return c.Deadline == 0 && c.Cancel == 0 && n >= 3 && c.Retryer != "nop" && c.Kind != Waits
}

func (c *Caller) attemptTimeout() time.Duration {
	if c.AttemptTimeout == 0 {
		return 30 * time.Second
	}
	return c.AttemptTimeout
}

// thinks is what the caller takes itself for so many items.
func (c *Caller) thinks(items int) time.Duration { return c.Think * time.Duration(items+1) }

// calm reports whether nothing goes wrong at a remote, nor with its keys.
func (p *Plan) calm(r int) bool {
	remote := &p.Remotes[r]
	account := &p.Accounts[remote.Account]
	return !p.connectionsAreHurt(r) && len(remote.Spells) == 0 && remote.Rate == 0 && len(account.Spells) == 0 && account.Life == 0
}

// healthy reports whether nothing goes wrong anywhere.
func (p *Plan) healthy() bool {
	for r := range p.Remotes {
		if !p.calm(r) {
			return false
		}
	}
	return true
}

// connectionsAreHurt reports whether a spell is on the connections to the
// endpoint of a remote: its accounts share them.
func (p *Plan) connectionsAreHurt(r int) bool {
	return slices.ContainsFunc(p.Remotes, func(other Remote) bool {
		return other.Endpoint == p.Remotes[r].Endpoint && hasConnectionSpell(&other)
	})
}

// sendsTwice reports whether the endpoint of a remote sends responses twice.
func (p *Plan) sendsTwice(r int) bool {
	return slices.ContainsFunc(p.Remotes, func(other Remote) bool {
		return other.Endpoint == p.Remotes[r].Endpoint && slices.ContainsFunc(other.Spells, func(s Spell) bool { return s.Kind == twice })
	})
}

func hasConnectionSpell(r *Remote) bool {
	return slices.ContainsFunc(r.Spells, func(s Spell) bool { return slices.Contains(connectionSpells, s.Kind) })
}
