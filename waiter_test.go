package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/seed-10600c52/appintegrations/types"
)

type waitOption = func(*appintegrations.DataIntegrationAssociationsCompletedWaiterOptions)

func delays(least, most time.Duration) waitOption {
	return func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) {
		o.MinDelay, o.MaxDelay = least, most
	}
}

func naming(arns, clients []string) waitOption {
	return func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) {
		o.AssociationArns, o.ClientIds = arns, clients
	}
}

func onProgress(fn func(appintegrations.WaitProgress)) waitOption {
	return func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) { o.OnProgress = fn }
}

// execution is an association whose last execution has a status; "": it has none.
func execution(arn, client string, status types.ExecutionStatus) types.DataIntegrationAssociationSummary {
	a := types.DataIntegrationAssociationSummary{DataIntegrationAssociationArn: &arn, ClientId: &client}
	if status != "" {
		a.LastExecutionStatus = &types.LastExecutionStatus{ExecutionStatus: status}
		if status == types.ExecutionStatusFailed {
			a.LastExecutionStatus.StatusMessage = aws.String("message of " + arn)
		}
	}
	return a
}

// pagedRounds is a service whose list is another one in each round; the last one
// stays. It checks that each round begins without a token and goes on with the
// token of the page before.
type pagedRounds struct {
	t      *testing.T
	rounds [][]types.DataIntegrationAssociationSummary
	size   int            // of a page
	faults map[string]int // the page that fails, by round
	calls  int
	round  int
	next   string // the token that must come; "": none
}

var errFault = errors.New("fault of the mock")

const plantedToken = "planted+secret/token="

func (s *pagedRounds) list() []types.DataIntegrationAssociationSummary {
	return s.rounds[min(s.round, len(s.rounds))-1]
}

func (s *pagedRounds) ListDataIntegrationAssociations(_ context.Context, in *appintegrations.ListDataIntegrationAssociationsInput, _ ...func(*appintegrations.Options)) (*appintegrations.ListDataIntegrationAssociationsOutput, error) {
	s.calls++
	if in.NextToken == nil {
		s.round++
		s.next = ""
	}
	require.Equal(s.t, s.next, aws.ToString(in.NextToken))
	require.Equal(s.t, "example", *in.DataIntegrationIdentifier)
	require.EqualValues(s.t, s.size, *in.MaxResults)
	*in.DataIntegrationIdentifier, *in.MaxResults = "changed", 1 // what a mock does to its input moves nothing
	page := 0
	if s.next != "" {
		page, _ = strconv.Atoi(s.next[len(plantedToken):])
	}
	if s.faults[fmt.Sprint(s.round)] == page+1 {
		return nil, errFault
	}
	out := &appintegrations.ListDataIntegrationAssociationsOutput{}
	list := s.list()
	end := min((page+1)*s.size, len(list))
	out.DataIntegrationAssociations = list[min(page*s.size, len(list)):end]
	if s.next = ""; end < len(list) {
		s.next = plantedToken + strconv.Itoa(page+1)
		out.NextToken = aws.String(s.next)
	}
	return out, nil
}

// generated makes a world of 1 to 300 associations on 1 to 7 pages: each begins
// and ends its execution in some round, some fail, some are not in the list for
// some rounds, and some rounds meet a fault.
func generated(t *testing.T, random *rand.Rand) (s *pagedRounds, arns, clients []string) {
	n, rounds := 1+random.Intn(300), 1+random.Intn(12)
	pages := 1 + random.Intn(min(7, n))
	s = &pagedRounds{t: t, size: (n + pages - 1) / pages, faults: map[string]int{}, rounds: make([][]types.DataIntegrationAssociationSummary, rounds+1)}
	failing := random.Intn(3) == 0
	for i := range n {
		arn, client := fmt.Sprint("arn-", i), fmt.Sprint("client-", i/2) // a client id may have two associations
		begin, end := random.Intn(rounds), random.Intn(rounds)
		gone, back := random.Intn(rounds), random.Intn(rounds)
		during := []types.ExecutionStatus{types.ExecutionStatusInProgress, "PAUSED", ""}[random.Intn(9)/4]
		after := types.ExecutionStatusCompleted
		if failing && random.Intn(n) < 2 {
			after = types.ExecutionStatusFailed
		}
		for r := range s.rounds {
			status := types.ExecutionStatus("")
			if r >= begin {
				status = during
			}
			if r >= end {
				status = after
			}
			if r < rounds && gone <= r && r < back && i%4 == 0 {
				continue
			}
			s.rounds[r] = append(s.rounds[r], execution(arn, client, status))
		}
		if random.Intn(20) == 0 {
			arns = append(arns, arn)
		}
		if random.Intn(20) == 0 {
			clients = append(clients, client)
		}
	}
	if random.Intn(2) == 0 {
		arns, clients = nil, nil
	}
	for r := range rounds {
		if random.Intn(4) == 0 {
			s.faults[fmt.Sprint(r+1)] = 1 + random.Intn(pages)
		}
	}
	return s, arns, clients
}

// wantWait is what a wait must find, and how many requests it must take.
func wantWait(s *pagedRounds, arns, clients []string) (requests, rounds int, list []types.DataIntegrationAssociationSummary, failed []string) {
	for r := 1; ; r++ {
		list = s.rounds[min(r, len(s.rounds))-1]
		pages := max(1, (len(list)+s.size-1)/s.size)
		if fault := s.faults[fmt.Sprint(r)]; fault > 0 && fault <= pages {
			requests += fault
			continue
		}
		requests += pages
		wanted, finished := 0, 0
		for _, a := range list {
			named := slices.Contains(arns, *a.DataIntegrationAssociationArn) || slices.Contains(clients, *a.ClientId)
			if !named && len(arns)+len(clients) > 0 {
				continue
			}
			wanted++
			if a.LastExecutionStatus == nil {
				continue
			}
			switch a.LastExecutionStatus.ExecutionStatus {
			case types.ExecutionStatusCompleted:
				finished++
			case types.ExecutionStatusFailed:
				failed = append(failed, *a.DataIntegrationAssociationArn)
			}
		}
		listed := func(has func(types.DataIntegrationAssociationSummary) bool) bool {
			return slices.ContainsFunc(list, has)
		}
		missing := false
		for _, arn := range arns {
			missing = missing || !listed(func(a types.DataIntegrationAssociationSummary) bool { return *a.DataIntegrationAssociationArn == arn })
		}
		for _, id := range clients {
			missing = missing || !listed(func(a types.DataIntegrationAssociationSummary) bool { return *a.ClientId == id })
		}
		if len(failed) > 0 || !missing && wanted > 0 && finished == wanted {
			return requests, r, list, failed
		}
	}
}

// TestWaiterOnGeneratedLists holds result and number of requests of waits for
// lists of any length whose executions finish in any order.
func TestWaiterOnGeneratedLists(t *testing.T) {
	t.Parallel()
	seeds := few(400, 100)
	var completed, failures, faults, named, longest, requests int
	for seed := range int64(seeds) {
		synctest.Test(t, func(t *testing.T) {
			s, arns, clients := generated(t, rand.New(rand.NewSource(seed)))
			wantRequests, wantRounds, wantList, wantFailed := wantWait(s, arns, clients)
			var rounds []appintegrations.WaitProgress
			in := input("example")
			in.MaxResults = aws.Int32(int32(s.size))
			out, err := appintegrations.NewDataIntegrationAssociationsCompletedWaiter(s).WaitForOutput(t.Context(), in, 24*time.Hour, naming(arns, clients),
				onProgress(func(p appintegrations.WaitProgress) { rounds = append(rounds, p) }), goOnAfter(errFault))

			require.Equal(t, wantRequests, s.calls, "seed %d", seed)
			require.Len(t, rounds, wantRounds, "seed %d", seed)
			if len(wantFailed) > 0 {
				var failed *appintegrations.ExecutionFailedError
				require.ErrorAs(t, err, &failed, "seed %d", seed)
				require.Nil(t, out)
				require.Len(t, failed.Executions, len(wantFailed))
				for i, f := range failed.Executions {
					require.Equal(t, wantFailed[i], f.DataIntegrationAssociationArn)
					require.Equal(t, "message of "+wantFailed[i], f.StatusMessage)
				}
				failures++
			} else {
				require.NoError(t, err, "seed %d", seed)
				require.Equal(t, wantList, out.DataIntegrationAssociations)
				require.Nil(t, out.NextToken)
				completed++
			}
			faults, longest, requests = faults+len(s.faults), max(longest, len(wantList)), requests+s.calls
			if len(arns)+len(clients) > 0 {
				named++
			}
		})
	}
	t.Logf("%d completed, %d failed, %d of them named, %d faults, at most %d associations, %d requests", completed, failures, named, faults, longest, requests)
	assert.Equal(t, seeds, completed+failures)
	assert.Greater(t, completed, seeds/3)
	assert.Greater(t, failures, seeds/10)
	assert.Greater(t, named, seeds/4)
	assert.Greater(t, longest, 290)
}

// goOnAfter is a custom Retryable that goes on after one error.
func goOnAfter(passing error) waitOption {
	return func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) {
		before := o.Retryable
		o.Retryable = func(ctx context.Context, in *appintegrations.ListDataIntegrationAssociationsInput, out *appintegrations.ListDataIntegrationAssociationsOutput, err error) (bool, error) {
			if errors.Is(err, passing) {
				return true, nil
			}
			return before(ctx, in, out, err)
		}
	}
}

// finishing makes a fake whose n associations finish by its clock: number i
// after i minutes, or after those that are given.
func finishing(n, pageSize int, minutes ...int) *appintegrationstest.Server {
	start := time.Now()
	srv := appintegrationstest.New(func(o *appintegrationstest.Options) {
		o.PageSize = pageSize
		o.Advance = func(_ string, a types.DataIntegrationAssociationSummary, now time.Time) types.DataIntegrationAssociationSummary {
			if i, _ := strconv.Atoi(*a.ClientId); now.Sub(start) >= time.Duration(i)*time.Minute {
				a.LastExecutionStatus = &types.LastExecutionStatus{ExecutionStatus: types.ExecutionStatusCompleted}
			}
			return a
		}
	})
	srv.Put("example")
	for i := range n {
		after := i + 1
		if len(minutes) > 0 {
			after = minutes[i]
		}
		srv.Put("example", execution(fmt.Sprint("arn-", i+1), strconv.Itoa(after), types.ExecutionStatusInProgress))
	}
	return srv
}

// TestWaiterOnTheFake waits with the client itself: throttles and faults in
// between are its business, and each costs one request.
func TestWaiterOnTheFake(t *testing.T) {
	t.Parallel()
	write := func(status int, body string) appintegrationstest.Fault {
		return appintegrationstest.Fault{Do: func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(status)
			_, err := w.Write([]byte(body))
			return err == nil
		}}
	}
	faults := []appintegrationstest.Fault{
		appintegrationstest.Throttle(2 * time.Second), appintegrationstest.Throttle(0), appintegrationstest.ProxyPage(503),
		write(500, `{"code":"InternalServiceError"}`), write(200, `{"DataIntegrationAssociations":[`), write(200, ""),
	}
	for seed := range int64(few(20, 5)) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewSource(seed))
			n, pages := 1+random.Intn(90), 1+random.Intn(7)
			srv := finishing(n, (n+pages-1)/pages)
			defer srv.Close()
			pages = (n + (n+pages-1)/pages - 1) / ((n + pages - 1) / pages)
			start, met := time.Now(), 0
			var last appintegrations.WaitProgress
			out, err := appintegrations.NewDataIntegrationAssociationsCompletedWaiter(srv.Client(), delays(time.Minute, time.Minute)).
				WaitForOutput(t.Context(), input("example"), 24*time.Hour, onProgress(func(p appintegrations.WaitProgress) {
					if last = p; !p.Last && random.Intn(2) == 0 {
						srv.Fail(faults[random.Intn(len(faults))].OnPage(1 + random.Intn(pages)))
						met++
					}
				}))
			require.NoError(t, err, "seed %d", seed)
			require.Len(t, out.DataIntegrationAssociations, n)
			require.Equal(t, n, last.Statuses[types.ExecutionStatusCompleted])

			// In the last round, and in no other, the last association is seen
			// after it has finished. It is on the last page.
			rounds, faulty, seen := 0, 0, []bool{}
			for _, r := range srv.Requests() {
				switch {
				case r.Fault != "":
					faulty++
				case r.Page == pages:
					rounds++
					seen = append(seen, r.Time.Sub(start) >= time.Duration(n)*time.Minute)
				}
			}
			require.EqualValues(t, last.Attempt, rounds)
			require.Equal(t, met, faulty)
			require.Len(t, srv.Requests(), rounds*pages+met)
			require.Equal(t, rounds-1, slices.Index(seen, true), "seed %d", seed)
		})
	}
}

// TestManyWaiters: 64 waits at once, of one waiter on one client, each for an
// association of its own.
func TestManyWaiters(t *testing.T) {
	t.Parallel()
	const waits, pages = 64, 7
	synctest.Test(t, func(t *testing.T) {
		minutes, want := make([]int, waits), 0
		for i := range minutes {
			minutes[i] = i % 9
			want += pages * (1 + minutes[i])
		}
		srv := finishing(waits, 10, minutes...)
		defer srv.Close()
		w := appintegrations.NewDataIntegrationAssociationsCompletedWaiter(srv.Client(), delays(time.Minute, time.Minute), func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) {
			o.AssociationArns = make([]string, 0, 8)
			o.ClientOptions = make([]func(*appintegrations.Options), 0, 8)
		})
		start := time.Now()
		var group sync.WaitGroup
		for i, after := range minutes {
			group.Go(func() {
				rounds := 0
				out, err := w.WaitForOutput(t.Context(), input("example"), 24*time.Hour, func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) {
					o.AssociationArns = append(o.AssociationArns, fmt.Sprint("arn-", i+1))
					o.ClientOptions = append(o.ClientOptions, func(*appintegrations.Options) {})
					o.OnProgress = func(p appintegrations.WaitProgress) {
						rounds++
						assert.Len(t, p.Associations, 1)
					}
				})
				assert.NoError(t, err)
				assert.Len(t, out.DataIntegrationAssociations, waits)
				assert.Equal(t, after+1, rounds, "wait %d", i)
				assert.Equal(t, time.Duration(after)*time.Minute, time.Since(start), "wait %d", i)
			})
		}
		group.Wait()
		assert.Len(t, srv.Requests(), want)
	})
}
