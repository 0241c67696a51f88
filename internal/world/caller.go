package world

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"

	appintegrations "github.com/seed-10600c52/appintegrations"
)

// A caller is one that runs.
type caller struct {
	*world
	Caller
	number int
	units  []*Unit
	doing  atomic.Pointer[string]
	odd    bool // the last range was the first, the third and so on
}

// A Unit is one thing that a caller did.
type Unit struct {
	Caller     int
	Remote     int
	List       int
	Begin, End time.Duration
	Items      []string        // ARNs, in the order in which they came
	Ended      bool            // the list came to its end without an error
	Page       bool            // one page was asked for, not a list
	Err        error           // the last; nil: none
	Errs       []error         // all, the last included
	FailedAt   []time.Duration // of Errs; of a waiter only the last
	CtxErr     error           // of the context of the caller, when it ended
	Panic      any
	Wrong      []string // what the caller saw that must not be
}

var errCause = errors.New("the caller lost patience")

func (c *caller) run(ctx context.Context) {
	time.Sleep(c.Start)
	for i := range c.Repeat {
		if ctx.Err() != nil {
			break
		}
		text := fmt.Sprintf("caller %d: %s %d, since %v", c.number, c.Kind, i, c.now())
		c.doing.Store(&text)
		c.unit(ctx)
		c.doing.Store(nil)
		time.Sleep(c.Pause)
	}
}

func (c *caller) unit(ctx context.Context) {
	u := &Unit{Caller: c.number, Remote: c.Remote, List: c.List, Begin: c.now()}
	c.units = append(c.units, u)
	if c.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Deadline)
		defer cancel()
	}
	if c.Cancel > 0 {
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		defer cancel(nil)
		timer := time.AfterFunc(c.Cancel, func() { cancel(errCause) })
		defer timer.Stop()
	}
	defer func() {
		u.End = c.now()
		u.CtxErr = ctx.Err()
		if len(u.Errs) > 0 && u.Err == nil && !u.Ended && !u.Page {
			u.Err = u.Errs[len(u.Errs)-1]
		}
	}()
	defer func() { u.Panic = recover() }()
	switch c.Kind {
	case Calls:
		c.call(ctx, u)
	case NextPage:
		c.nextPage(ctx, u)
	case Iterate:
		c.iterate(ctx, u)
	case Ranges, Pages:
		c.ranges(ctx, u)
	case Resumes:
		c.resumes(ctx, u)
	case Waits:
		c.wait(ctx, u)
	case Sweeps:
		c.sweep(ctx, u)
	}
}

func (u *Unit) failed(at time.Duration, err error) {
	u.Err = err
	u.Errs, u.FailedAt = append(u.Errs, err), append(u.FailedAt, at)
}

func (u *Unit) take(items ...appintegrations.DataIntegrationAssociationSummary) {
	for i := range items {
		arn := "(nil)"
		if items[i].DataIntegrationAssociationArn != nil {
			arn = *items[i].DataIntegrationAssociationArn
		}
		u.Items = append(u.Items, arn)
	}
}

func (c *caller) client() *appintegrations.Client {
	return c.clients[c.Plan.client(&c.Caller, c.Remote)]
}

// identifier names a list, and for the service's log who asks for it.
func (c *caller) identifier(list int) string { return fmt.Sprintf("l%d.c%d", list, c.number) }

func (c *caller) input() *appintegrations.ListDataIntegrationAssociationsInput {
	in := &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String(c.identifier(c.List))}
	if c.Limit > 0 {
		in.MaxResults = aws.Int32(int32(c.Limit))
	}
	return in
}

// options are those of a call: where it goes, and as whom.
func (c *caller) options(o *appintegrations.Options) {
	s := c.services[c.Remote]
	o.BaseEndpoint = aws.String(c.scheme() + s.host())
	if c.PerCall {
		o.Credentials = c.accounts[s.Account]
	}
	o.AttemptTimeout = c.AttemptTimeout
	if c.Standard {
		o.RetryMode = aws.RetryModeStandard
	}
	switch c.Retryer {
	case "nop":
		o.Retryer = aws.NopRetryer{}
	case "standard":
		o.Retryer = retry.NewStandard()
	case "max2":
		o.Retryer = retry.AddWithMaxAttempts(o.Retryer, 2)
	}
	if c.RetryMaxAttempts > 0 {
		o.RetryMaxAttempts = c.RetryMaxAttempts
	}
	if c.Hooked {
		o.APIOptions = append(o.APIOptions, func(*middleware.Stack) error { return nil })
	}
	o.ClientLogMode = aws.ClientLogMode(c.LogMode)
	if c.Watched {
		o.OnAttempt = c.attempted
	}
}

func (c *caller) call(ctx context.Context, u *Unit) {
	u.Page = true
	out, err := c.client().ListDataIntegrationAssociations(ctx, c.input(), c.options)
	if err != nil {
		u.failed(c.now(), err)
		return
	}
	u.take(out.DataIntegrationAssociations...)
}

func (c *caller) paginator(prefetch int, at appintegrations.Checkpoint) *appintegrations.ListDataIntegrationAssociationsPaginator {
	return appintegrations.NewListDataIntegrationAssociationsPaginator(c.api(), c.input(), func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) {
		o.Prefetch, o.Resume = prefetch, at
	})
}

// api is the client, or a decorator of it as a user may have one.
func (c *caller) api() appintegrations.ListDataIntegrationAssociationsAPIClient {
	if c.Decorated {
		return decorator{c.client()}
	}
	return c.client()
}

type decorator struct {
	appintegrations.ListDataIntegrationAssociationsAPIClient
}

func (c *caller) nextPage(ctx context.Context, u *Unit) {
	p := c.paginator(0, appintegrations.Checkpoint{})
	for again := 0; p.HasMorePages(); {
		out, err := p.NextPage(ctx, c.options)
		if err == nil {
			u.take(out.DataIntegrationAssociations...)
			continue
		}
		u.failed(c.now(), err)
		if again++; again > c.Again {
			return
		}
	}
	u.Ended, u.Err = true, nil
}

func (c *caller) iterate(ctx context.Context, u *Unit) {
	for item, err := range c.client().Associations(ctx, c.input(), c.options) {
		if err != nil {
			u.failed(c.now(), err)
			return
		}
		u.take(item)
		if c.Break > 0 && len(u.Items) >= c.Break {
			return
		}
	}
	u.Ended = true
}

// ranges takes the items of one paginator in several ranges.
func (c *caller) ranges(ctx context.Context, u *Unit) {
	p := c.paginator(c.Prefetch, appintegrations.Checkpoint{})
	for again := 0; ; {
		err := c.oneRange(ctx, u, p)
		if err != nil {
			u.failed(c.now(), err)
			if again++; again > c.Again {
				return
			}
			continue
		}
		if !p.HasMorePages() {
			u.Ended, u.Err = true, nil
			return
		}
	}
}

// oneRange takes items until the range ends, or as many as the caller takes in
// one range.
func (c *caller) oneRange(ctx context.Context, u *Unit, p *appintegrations.ListDataIntegrationAssociationsPaginator) error {
	before := len(u.Items)
	if c.odd = !c.odd; c.Kind == Pages && c.odd { // the other ranges are over associations, and end inside a page
		for page, err := range p.Pages(ctx, c.options) {
			if err != nil {
				return err
			}
			u.take(page.DataIntegrationAssociations...)
			time.Sleep(c.Think)
			if c.Break > 0 && len(u.Items)-before >= c.Break {
				break
			}
		}
		return nil
	}
	for item, err := range p.Associations(ctx, c.options) {
		if err != nil {
			return err
		}
		u.take(item)
		time.Sleep(c.Think)
		if c.Break > 0 && len(u.Items)-before >= c.Break {
			break
		}
	}
	return nil
}

// resumes makes a paginator for each range, from the text of the checkpoint of
// the one before.
func (c *caller) resumes(ctx context.Context, u *Unit) {
	var at appintegrations.Checkpoint
	for again := 0; ; {
		p := c.paginator(c.Prefetch, at)
		err := c.oneRange(ctx, u, p)
		text, textErr := p.Checkpoint().MarshalText()
		c.look(p.Checkpoint())
		at = appintegrations.Checkpoint{}
		if textErr == nil {
			textErr = at.UnmarshalText(text)
		}
		if textErr != nil || at != p.Checkpoint() {
			u.Wrong = append(u.Wrong, fmt.Sprintf("a checkpoint is not the same after it was text: %v, %v", at, textErr))
			return
		}
		if err != nil {
			u.failed(c.now(), err)
			if again++; again > c.Again {
				return
			}
			continue
		}
		if at.Done {
			u.Ended, u.Err = true, nil
			return
		}
	}
}

func (c *caller) wait(ctx context.Context, u *Unit) {
	w := appintegrations.NewDataIntegrationAssociationsCompletedWaiter(c.api(), func(o *appintegrations.DataIntegrationAssociationsCompletedWaiterOptions) {
		o.ClientOptions = append(o.ClientOptions, c.options)
		o.MinDelay, o.MaxDelay = time.Second, 10*time.Second
		o.OnProgress = func(p appintegrations.WaitProgress) {
			c.look(p)
			if p.Err != nil {
				u.Errs = append(u.Errs, p.Err)
			}
		}
	})
	out, err := w.WaitForOutput(ctx, c.input(), c.MaxWait)
	if err != nil {
		u.failed(c.now(), err)
		return
	}
	u.take(out.DataIntegrationAssociations...)
	u.Ended = true
}
