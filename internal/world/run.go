package world

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/logging"

	appintegrations "github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

const region = "us-east-1"

// A world is a plan that runs.
type world struct {
	Plan
	start     time.Time
	over      chan struct{} // closed when nothing is to happen any more
	accounts  []*account
	services  []*service
	clients   []*appintegrations.Client // by account
	listeners map[string]*listener
	servers   []*http.Server
	bodies    atomic.Int64 // open
	conns     atomic.Int64 // open
	log       logs

	mu    sync.Mutex
	pipes map[string][]*pipe // open, by host

	watching sync.Mutex
	reports  []*Attempt
	shown    []string
}

func (w *world) now() time.Duration { return time.Since(w.start) }

// A History is what happened in a world.
type History struct {
	Plan       Plan
	Requests   [][]*Request
	Refused    []string // tokens that the services did not give
	calls      []*invocation
	Units      []*Unit
	Retrievals [][]time.Duration // of keys, by account
	Late       []string          // callers that had not ended when the world did
	Logs       string
	Attempts   []*Attempt // of callers that watch theirs
	Shown      []string   // texts with a secret

	Goroutines string // that were left
	Bodies     int64  // that were left open
	Conns      int64
	Crash      string // why the bubble could not end
}

// Run lets a world happen. The test is only there to have a bubble: it does not
// fail.
func Run(t *testing.T, p Plan) (h *History) {
	h = &History{Plan: p}
	hang := time.AfterFunc(30*time.Second, func() {
		buf := make([]byte, 1<<20)
		panic(fmt.Sprintf("world %d burns time without end\n%s", p.Seed, buf[:runtime.Stack(buf, true)]))
	})
	defer hang.Stop()
	defer func() {
		if v := recover(); v != nil {
			h.Crash = fmt.Sprint(v)
		}
	}()
	synctest.Test(t, func(*testing.T) { newWorld(p).run(h) })
	return h
}

func newWorld(p Plan) *world {
	w := &world{Plan: p, start: time.Now(), over: make(chan struct{}), listeners: map[string]*listener{}, pipes: map[string][]*pipe{}}
	for i := range p.Accounts {
		w.accounts = append(w.accounts, &account{world: w, Account: p.Accounts[i], number: i})
	}
	for i := range p.Remotes {
		w.services = append(w.services, newService(w, i))
	}
	client, logger := w.newHTTPClient(), logging.Logger(&w.log)
	if p.Slog {
		logger = appintegrations.NewSlogLogger(slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	}
	for i, a := range w.accounts {
		if i > 0 { // made of the options of the first, as programs do
			w.clients = append(w.clients, appintegrations.New(w.clients[0].Options(), func(o *appintegrations.Options) { o.Credentials = a }))
			continue
		}
		w.clients = append(w.clients, appintegrations.New(appintegrations.Options{
			Region: region, HTTPClient: client, Credentials: a, BaseEndpoint: aws.String(w.scheme() + w.services[0].host()),
			Logger: logger,
		}))
	}
	return w
}

func newService(w *world, i int) *service {
	s := &service{world: w, Remote: w.Remotes[i], number: i, seen: map[string]int{}}
	s.fakes = map[int]*appintegrationstest.Server{}
	s.tokens = float64(s.Burst)
	return s
}

// run lets the callers run, waits for them, closes everything and looks for what
// is left.
func (w *world) run(h *History) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	callers := make([]*caller, len(w.Callers))
	var running sync.WaitGroup
	for i := range w.Callers {
		c := &caller{world: w, Caller: w.Callers[i], number: i}
		callers[i] = c
		running.Go(func() { c.run(ctx) })
	}
	done := make(chan struct{})
	go func() { running.Wait(); close(done) }()
	limit := time.NewTimer(w.limit())
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
		for _, c := range callers {
			if text := c.doing.Load(); text != nil {
				h.Late = append(h.Late, *text)
			}
		}
		cancel()
	}
	w.close()
	time.Sleep(time.Hour)
	h.Goroutines = leftovers()
	h.Bodies, h.Conns, h.Logs = w.bodies.Load(), w.conns.Load(), w.log.text()
	for _, c := range w.clients {
		w.look(c, c.Options())
	}
	w.watching.Lock()
	h.Attempts, h.Shown = w.reports, w.shown
	w.watching.Unlock()
	for _, c := range callers {
		h.Units = append(h.Units, c.units...)
	}
	for _, s := range w.services {
		s.mu.Lock()
		h.Requests = append(h.Requests, s.requests)
		h.Refused = append(h.Refused, s.refused...)
		s.mu.Unlock()
	}
	for _, a := range w.accounts {
		a.mu.Lock()
		h.Retrievals = append(h.Retrievals, a.retrievals)
		a.mu.Unlock()
	}
}

// limit is when a world ends that does not end by itself: no caller takes a day.
func (w *world) limit() time.Duration { return 10 * 24 * time.Hour }

func (w *world) close() {
	close(w.over)
	for _, c := range w.clients {
		c.CloseIdleConnections()
	}
	time.Sleep(2 * time.Second) // requests that were given up end
	for _, c := range w.clients {
		c.CloseIdleConnections()
	}
	synctest.Wait()
	for _, s := range w.services {
		s.mu.Lock()
		fakes := s.fakes
		s.mu.Unlock()
		for _, f := range fakes {
			f.Close()
		}
	}
	time.Sleep(time.Second)
	for _, s := range w.servers {
		s.Close()
	}
}

// leftovers returns the stacks of the goroutines of this bubble other than the
// one that asks.
func leftovers() string {
	synctest.Wait()
	buf := make([]byte, 1<<20)
	own := buf[:runtime.Stack(buf, false)]
	_, bubble, ok := bytes.Cut(own[:bytes.IndexByte(own, '\n')], []byte("synctest bubble "))
	if !ok {
		return "no bubble"
	}
	label := "synctest bubble " + string(bytes.TrimRight(bubble, "]:"))
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	var left []string
	for _, stack := range strings.Split(string(all), "\n\n")[1:] {
		head, _, _ := strings.Cut(stack, "\n")
		if strings.HasSuffix(strings.TrimRight(head, "]:"), label) && !strings.Contains(stack, "testingSynctestTest") && !strings.Contains(stack, "internal/synctest.Run") {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}

// logs keep what the clients log.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Logf(_ logging.Classification, format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(&l.b, format+"\n", v...)
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
