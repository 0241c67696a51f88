package compat

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	official "github.com/aws/aws-sdk-go-v2/service/appintegrations"
	"github.com/stretchr/testify/assert"

	ours "github.com/seed-10600c52/appintegrations"
)

// A limitedService has lists of some pages, an item each, behind a token bucket.
type limitedService struct {
	pages       int
	rate, burst float64
	latency     time.Duration
	reject      func() (status int, contentType, body string)
	chaos       *rand.Rand // spoils 4 % of the responses; nil: none

	mu                  sync.Mutex
	at                  time.Time
	tokens              float64
	requests, throttled int
}

func (s *limitedService) Do(r *http.Request) (*http.Response, error) {
	time.Sleep(s.latency)
	die, admitted := s.admit()
	switch {
	case die < 0.010:
		return response(r, 503, "application/json", `{"Message":"no"}`), nil
	case die < 0.020:
		return nil, syscall.ECONNRESET
	case die < 0.025:
		return response(r, 200, "application/json", ""), nil
	case die < 0.030:
		return response(r, 200, "text/html", "<html></html>"), nil
	case !admitted:
		status, contentType, body := s.reject()
		return response(r, status, contentType, body), nil
	}
	page, _ := strconv.Atoi(r.URL.Query().Get("nextToken"))
	next := ""
	if page+1 < s.pages {
		next = fmt.Sprintf(`,"NextToken":"%d"`, page+1)
	}
	body := `{"DataIntegrationAssociations":[{"ClientId":"c"}]` + next + `}`
	if die < 0.040 {
		body = body[:len(body)/2]
	}
	return response(r, 200, "application/json", body), nil
}

// admit throws the die of the chaos, and takes a token.
func (s *limitedService) admit() (die float64, admitted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if die = 1; s.chaos != nil {
		die = s.chaos.Float64()
	}
	now := time.Now()
	if s.at.IsZero() {
		s.at, s.tokens = now, s.burst
	}
	s.tokens = min(s.burst, s.tokens+now.Sub(s.at).Seconds()*s.rate)
	s.at = now
	if s.tokens < 1-1e-9 {
		s.throttled++
		return die, false
	}
	s.tokens--
	return die, true
}

func response(r *http.Request, status int, contentType, body string) *http.Response {
	header := http.Header{"Content-Type": {contentType}, "X-Amzn-Requestid": {"r"}}
	if strings.HasPrefix(body, `{"Message":"Rate`) {
		header.Set("X-Amzn-ErrorType", "ThrottlingException")
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
}

func throttles() (int, string, string) {
	return 429, "application/json", `{"Message":"Rate exceeded"}`
}

func proxyThrottles() (int, string, string) { return 429, "text/html", "<html>429</html>" }
func bare503s() (int, string, string)       { return 503, "text/html", "<html>503</html>" }

// A swept is what became of many lists.
type swept struct {
	failed, silent int // lists that failed, and that lack items without an error
	took           time.Duration
}

// sweepOurs lists all with Sweep.
func sweepOurs(s *limitedService, lists int) (got swept) {
	client := ours.New(ours.Options{Region: "us-east-1", Credentials: aws.AnonymousCredentials{}, HTTPClient: s})
	var targets []ours.SweepTarget
	for i := range lists {
		targets = append(targets, ours.SweepTarget{Client: client, DataIntegrationIdentifier: fmt.Sprint("i", i)})
	}
	start := time.Now()
	for r := range ours.Sweep(context.Background(), targets) {
		switch {
		case r.Err != nil:
			got.failed++
		case len(r.Associations) != s.pages:
			got.silent++
		}
	}
	got.took = time.Since(start)
	return got
}

// sweepOfficial lists all with 32 goroutines of the official client.
func sweepOfficial(s *limitedService, lists int, retryer aws.Retryer) (got swept) {
	client := official.New(official.Options{Region: "us-east-1", Credentials: aws.AnonymousCredentials{}, HTTPClient: s, Retryer: retryer})
	var next, failed, silent atomic.Int64
	start := time.Now()
	var workers sync.WaitGroup
	for range 32 {
		workers.Go(func() {
			for i := next.Add(1); i <= int64(lists); i = next.Add(1) {
				switch n, err := listOfficial(client, fmt.Sprint("i", i)); {
				case err != nil:
					failed.Add(1)
				case n != s.pages:
					silent.Add(1)
				}
			}
		})
	}
	workers.Wait()
	return swept{int(failed.Load()), int(silent.Load()), time.Since(start)}
}

func listOfficial(client *official.Client, id string) (n int, err error) {
	pages := official.NewListDataIntegrationAssociationsPaginator(client, &official.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: &id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			return n, err
		}
		n += len(page.DataIntegrationAssociations)
	}
	return n, nil
}

// TestSweepBesideOfficial lists the same with Sweep and with 32 goroutines of the
// official client in standard mode, in virtual time: Sweep loses nothing, the official
// client at least as many lists as the row says. Its adaptive mode never ends in
// virtual time: it sleeps for 0 ns in a loop.
func TestSweepBesideOfficial(t *testing.T) {
	for i, row := range []struct {
		name    string
		service *limitedService
		lists   int
		ratio   float64 // of ours to the bound, at most
		loses   int     // lists that the official client loses, at least
	}{
		{"20/s, burst 40", &limitedService{pages: 4, rate: 20, burst: 40, reject: throttles}, 500, 1.02, 300},
		{"100/s, burst 200, 80 ms", &limitedService{pages: 4, rate: 100, burst: 200, latency: 80 * time.Millisecond, reject: throttles}, 500, 1.05, 1},
		{"20/s, a proxy's 429", &limitedService{pages: 4, rate: 20, burst: 40, reject: proxyThrottles}, 500, 1.05, 450},
		{"20/s, bare 503s", &limitedService{pages: 4, rate: 20, burst: 40, reject: bare503s}, 500, 1.05, 300},
		{"2/s, burst 5, one page", &limitedService{pages: 1, rate: 2, burst: 5, reject: throttles}, 20, 1.35, 1},
	} {
		if i > 1 && (testing.Short() || raceDetector) {
			continue
		}
		t.Run(row.name, func(t *testing.T) {
			bound := (float64(row.lists*row.service.pages) - row.service.burst) / row.service.rate
			for _, peer := range []struct {
				name  string
				loses int
				sweep func(*limitedService) swept
			}{
				{"Sweep", 0, func(s *limitedService) swept { return sweepOurs(s, row.lists) }},
				{"official, standard", row.loses, func(s *limitedService) swept { return sweepOfficial(s, row.lists, retry.NewStandard()) }},
			} {
				synctest.Test(t, func(t *testing.T) {
					s := &limitedService{pages: row.service.pages, rate: row.service.rate, burst: row.service.burst, latency: row.service.latency, reject: row.service.reject}
					got := peer.sweep(s)
					ratio := got.took.Seconds() / bound
					t.Logf("%-18s %3d of %d fail, %d incomplete in silence, %.3f of the bound, %.1f %% throttled",
						peer.name, got.failed, row.lists, got.silent, ratio, 100*float64(s.throttled)/float64(s.requests))
					if peer.name == "Sweep" {
						assert.Equal(t, swept{took: got.took}, got)
						assert.LessOrEqual(t, ratio, row.ratio)
					}
					assert.GreaterOrEqual(t, got.failed, peer.loses)
				})
			}
		})
	}
}

// TestChaosBesideOfficial spoils 4 % of the responses: 1 % each are a 503, a reset
// and a body that is cut off, 0.5 % each an empty 200 and one with HTML.
func TestChaosBesideOfficial(t *testing.T) {
	seeds := uint64(5)
	if testing.Short() || raceDetector {
		seeds = 1
	}
	total := map[string]swept{}
	for seed := range seeds {
		for name, sweep := range map[string]func(*limitedService) swept{
			"Sweep":    func(s *limitedService) swept { return sweepOurs(s, 500) },
			"standard": func(s *limitedService) swept { return sweepOfficial(s, 500, retry.NewStandard()) },
		} {
			synctest.Test(t, func(t *testing.T) {
				got := sweep(&limitedService{pages: 4, rate: 1000, burst: 2000, latency: 20 * time.Millisecond, reject: throttles, chaos: rand.New(rand.NewPCG(seed, 2))})
				sum := total[name]
				total[name] = swept{failed: sum.failed + got.failed, silent: sum.silent + got.silent}
			})
		}
	}
	for name, sum := range total {
		t.Logf("%-8s %d of %d lists fail, %d are incomplete in silence", name, sum.failed, 500*seeds, sum.silent)
	}
	assert.Equal(t, swept{}, total["Sweep"])
	assert.Positive(t, total["standard"].silent)
}
