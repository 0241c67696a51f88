package appintegrations

import (
	"context"
	"slices"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// chain links the steps of a stack, and puts send behind the last one.
//
// middleware.DecorateHandler would do the same, but the phases of smithy-go
// v1.28.8 write to themselves each time that they are entered: a hook that calls
// its next handler twice at once would be a data race.
func chain(s *middleware.Stack, send middleware.HandlerFunc) middleware.InitializeHandler {
	var deserialize middleware.DeserializeHandler = middleware.DeserializeHandlerFunc(func(ctx context.Context, in middleware.DeserializeInput) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
		out.RawResponse, metadata, err = send(ctx, in.Request)
		return out, metadata, err
	})
	deserializeLinks := take(s.Deserialize, func(m middleware.DeserializeMiddleware) deserializeLink { return deserializeLink{step: m} })
	for i := len(deserializeLinks) - 1; i >= 0; i-- {
		deserializeLinks[i].next, deserialize = deserialize, &deserializeLinks[i]
	}
	var finalize middleware.FinalizeHandler = middleware.FinalizeHandlerFunc(func(ctx context.Context, in middleware.FinalizeInput) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
		inner, metadata, err := deserialize.HandleDeserialize(ctx, middleware.DeserializeInput(in))
		out.Result = inner.Result
		return out, metadata, err
	})
	finalizeLinks := take(s.Finalize, func(m middleware.FinalizeMiddleware) finalizeLink { return finalizeLink{step: m} })
	for i := len(finalizeLinks) - 1; i >= 0; i-- {
		finalizeLinks[i].next, finalize = finalize, &finalizeLinks[i]
	}
	var build middleware.BuildHandler = middleware.BuildHandlerFunc(func(ctx context.Context, in middleware.BuildInput) (out middleware.BuildOutput, metadata middleware.Metadata, err error) {
		inner, metadata, err := finalize.HandleFinalize(ctx, middleware.FinalizeInput(in))
		out.Result = inner.Result
		return out, metadata, err
	})
	buildLinks := take(s.Build, func(m middleware.BuildMiddleware) buildLink { return buildLink{step: m} })
	for i := len(buildLinks) - 1; i >= 0; i-- {
		buildLinks[i].next, build = build, &buildLinks[i]
	}
	var serialize middleware.SerializeHandler = middleware.SerializeHandlerFunc(func(ctx context.Context, in middleware.SerializeInput) (out middleware.SerializeOutput, metadata middleware.Metadata, err error) {
		inner, metadata, err := build.HandleBuild(ctx, middleware.BuildInput{Request: in.Request})
		out.Result = inner.Result
		return out, metadata, err
	})
	serializeLinks := take(s.Serialize, func(m middleware.SerializeMiddleware) serializeLink { return serializeLink{step: m} })
	for i := len(serializeLinks) - 1; i >= 0; i-- {
		serializeLinks[i].next, serialize = serialize, &serializeLinks[i]
	}
	var initialize middleware.InitializeHandler = middleware.InitializeHandlerFunc(func(ctx context.Context, in middleware.InitializeInput) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
		inner, metadata, err := serialize.HandleSerialize(ctx, middleware.SerializeInput{Parameters: in.Parameters, Request: smithyhttp.NewStackRequest()})
		out.Result = inner.Result
		return out, metadata, err
	})
	initializeLinks := take(s.Initialize, func(m middleware.InitializeMiddleware) initializeLink { return initializeLink{step: m} })
	for i := len(initializeLinks) - 1; i >= 0; i-- {
		initializeLinks[i].next, initialize = initialize, &initializeLinks[i]
	}
	return initialize
}

// A phaseOf is a phase of a stack.
type phaseOf[M any] interface {
	List() []string
	Get(id string) (M, bool)
	Remove(id string) (M, error)
	Add(m M, at middleware.RelativePosition) error
}

// take makes links of the steps of a phase, in order.
func take[M, L any](phase phaseOf[M], link func(M) L) []L {
	ids := phase.List()
	links := make([]L, 0, len(ids))
	for i, id := range ids {
		m, _ := phase.Get(id)
		if slices.Contains(ids[:i], id) || slices.Contains(ids[i+1:], id) {
			// Steps with one id: the first goes, and comes last. All steps are
			// moved once, so that the phase is in order again.
			return takeMoving(phase, ids, link)
		}
		links = append(links, link(m))
	}
	return links
}

func takeMoving[M, L any](phase phaseOf[M], ids []string, link func(M) L) []L {
	links := make([]L, 0, len(ids))
	for _, id := range ids {
		if m, err := phase.Remove(id); err == nil {
			links = append(links, link(m))
			phase.Add(m, middleware.After)
		}
	}
	return links
}

// A link is a step and the handler behind it.
type (
	initializeLink struct {
		step middleware.InitializeMiddleware
		next middleware.InitializeHandler
	}
	serializeLink struct {
		step middleware.SerializeMiddleware
		next middleware.SerializeHandler
	}
	buildLink struct {
		step middleware.BuildMiddleware
		next middleware.BuildHandler
	}
	finalizeLink struct {
		step middleware.FinalizeMiddleware
		next middleware.FinalizeHandler
	}
	deserializeLink struct {
		step middleware.DeserializeMiddleware
		next middleware.DeserializeHandler
	}
)

func (l *initializeLink) HandleInitialize(ctx context.Context, in middleware.InitializeInput) (middleware.InitializeOutput, middleware.Metadata, error) {
	return l.step.HandleInitialize(ctx, in, l.next)
}

func (l *serializeLink) HandleSerialize(ctx context.Context, in middleware.SerializeInput) (middleware.SerializeOutput, middleware.Metadata, error) {
	return l.step.HandleSerialize(ctx, in, l.next)
}

func (l *buildLink) HandleBuild(ctx context.Context, in middleware.BuildInput) (middleware.BuildOutput, middleware.Metadata, error) {
	return l.step.HandleBuild(ctx, in, l.next)
}

func (l *finalizeLink) HandleFinalize(ctx context.Context, in middleware.FinalizeInput) (middleware.FinalizeOutput, middleware.Metadata, error) {
	return l.step.HandleFinalize(ctx, in, l.next)
}

func (l *deserializeLink) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
	return l.step.HandleDeserialize(ctx, in, l.next)
}
