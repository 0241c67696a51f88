package compat

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hedges are steps that call the next one twice at once. coreRaces says that the
// core itself races there, so that the official client can not be tried with the
// race detector: DeserializeStep.HandleMiddleware of smithy-go v1.28.8 writes the
// end of its list on each pass.
var hedges = []struct {
	name      string
	step      option
	coreRaces bool
}{
	{"before Retry", finalizeAt("Retry", middleware.Before, hedgeFinalize), true},
	{"after Retry", finalizeAt("Retry", middleware.After, hedgeFinalize), true},
	{"before Signing", finalizeAt("Signing", middleware.Before, hedgeFinalize), true},
	{"at the end of Finalize", finalize(middleware.After, hedgeFinalize), true},
	{"at the start of Deserialize", deserialize(middleware.Before, hedgeDeserialize), false},
	{"at the end of Deserialize", deserialize(middleware.After, hedgeDeserialize), false},
	{"after Retry, the slower one canceled", finalizeAt("Retry", middleware.After, hedgeFirst), true},
	{"at the end of Finalize, the slower one canceled", finalize(middleware.After, hedgeFirst), true},
	{"in the HTTPClient", option{"HTTPClient", func(o any) {
		next := get[interface {
			Do(*http.Request) (*http.Response, error)
		}](o, "HTTPClient")
		set("HTTPClient", doFunc(func(req *http.Request) (*http.Response, error) { return hedge(req, next.Do) })).apply(o)
	}}, false},
}

// A step that calls the next one twice at once gets the page of the first answer,
// without a race: with spans around it, and with no answer to one of the two.
func TestHedging(t *testing.T) {
	answers := map[string]answer{"two pages": nil, "a page and a reset": then(1, resetByPeer)}
	for _, h := range hedges {
		for name, by := range answers {
			t.Run(h.name+"/"+name, func(t *testing.T) {
				eachPeer(t, func(t *testing.T, p peer) {
					if raceDetector && h.coreRaces && p.name == "official" {
						return
					}
					synctest.Test(t, func(t *testing.T) {
						r := &recorder{answer: slower(by)}
						out, err := p.new(append(basics(r), h.step, set("TracerProvider", &tracer{}), set("MeterProvider", &meter{}))...).list(t.Context(), anInput)
						require.NoError(t, err)
						assert.Contains(t, out.Items, `"ClientId":"c"`)
						assert.GreaterOrEqual(t, len(r.sent()), 2)
					})
				})
			})
		}
	}
}

// slower answers each request a second later than the one before.
func slower(by answer) answer {
	if by == nil {
		by = respond(200, onePage)
	}
	return func(n int, req *http.Request) (*http.Response, error) {
		select {
		case <-time.After(time.Duration(n) * time.Second):
			return by(n, req)
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
}

func hedgeFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
	type answered struct {
		out      middleware.FinalizeOutput
		metadata middleware.Metadata
	}
	first, err := hedge(in.Request.(*smithyhttp.Request), func(req *smithyhttp.Request) (answered, error) {
		out, metadata, err := next.HandleFinalize(ctx, middleware.FinalizeInput{Request: req})
		return answered{out, metadata}, err
	})
	return first.out, first.metadata, err
}

// hedgeFirst returns with the first page, and cancels the other way without
// waiting for it.
func hedgeFirst(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
	type answered struct {
		way      int
		out      middleware.FinalizeOutput
		metadata middleware.Metadata
		err      error
	}
	answers, cancels := make(chan answered, 2), [2]context.CancelFunc{}
	for way := range 2 {
		var wayCtx context.Context
		wayCtx, cancels[way] = context.WithCancel(ctx)
		in := middleware.FinalizeInput{Request: in.Request.(*smithyhttp.Request).Clone()}
		go func() {
			out, metadata, err := next.HandleFinalize(wayCtx, in)
			answers <- answered{way, out, metadata, err}
		}()
	}
	first := <-answers
	if first.err != nil {
		first = <-answers
	}
	cancels[1-first.way]()
	return first.out, first.metadata, first.err
}

func hedgeDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
	type answered struct {
		out      middleware.DeserializeOutput
		metadata middleware.Metadata
	}
	first, err := hedge(in.Request.(*smithyhttp.Request), func(req *smithyhttp.Request) (answered, error) {
		out, metadata, err := next.HandleDeserialize(ctx, middleware.DeserializeInput{Request: req})
		return answered{out, metadata}, err
	})
	return first.out, first.metadata, err
}

// hedge sends a request twice and takes the first answer, or the second if the
// first is an error. It waits for both, as a step does that wants to leave
// nothing behind.
func hedge[R interface {
	*http.Request | *smithyhttp.Request
}, A any](req R, send func(R) (A, error)) (A, error) {
	type result struct {
		answer A
		err    error
	}
	results := make(chan result, 2)
	var both sync.WaitGroup
	for range 2 {
		req := cloned(req)
		both.Go(func() {
			answer, err := send(req)
			results <- result{answer, err}
		})
	}
	both.Wait()
	first := <-results
	if first.err != nil {
		first = <-results
	}
	return first.answer, first.err
}

func cloned[R interface {
	*http.Request | *smithyhttp.Request
}](req R) R {
	switch req := any(req).(type) {
	case *http.Request:
		return any(req.Clone(req.Context())).(R)
	case *smithyhttp.Request:
		return any(req.Clone()).(R)
	}
	return nil
}
