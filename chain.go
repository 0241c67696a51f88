package appintegrations

import (
	"context"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// chain links the steps of a stack, and puts send behind the last one. The
// stack is empty then.
//
// middleware.DecorateHandler would do the same, but the phases of smithy-go
// v1.28.8 write to themselves each time that they are entered: a hook that calls
// its next handler twice at once would be a data race.
func chain(s *middleware.Stack, send middleware.HandlerFunc) middleware.InitializeHandler {
	var deserialize middleware.DeserializeHandler = middleware.DeserializeHandlerFunc(func(ctx context.Context, in middleware.DeserializeInput) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
		out.RawResponse, metadata, err = send(ctx, in.Request)
		return out, metadata, err
	})
	deserializeLinks := take(s.Deserialize.List(), s.Deserialize.Remove, func(m middleware.DeserializeMiddleware) deserializeLink { return deserializeLink{step: m} })
	for i := len(deserializeLinks) - 1; i >= 0; i-- {
		deserializeLinks[i].next, deserialize = deserialize, &deserializeLinks[i]
	}
	var finalize middleware.FinalizeHandler = middleware.FinalizeHandlerFunc(func(ctx context.Context, in middleware.FinalizeInput) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
		inner, metadata, err := deserialize.HandleDeserialize(ctx, middleware.DeserializeInput{Request: in.Request})
		out.Result = inner.Result
		return out, metadata, err
	})
	finalizeLinks := take(s.Finalize.List(), s.Finalize.Remove, func(m middleware.FinalizeMiddleware) finalizeLink { return finalizeLink{step: m} })
	for i := len(finalizeLinks) - 1; i >= 0; i-- {
		finalizeLinks[i].next, finalize = finalize, &finalizeLinks[i]
	}
	var build middleware.BuildHandler = middleware.BuildHandlerFunc(func(ctx context.Context, in middleware.BuildInput) (out middleware.BuildOutput, metadata middleware.Metadata, err error) {
		inner, metadata, err := finalize.HandleFinalize(ctx, middleware.FinalizeInput{Request: in.Request})
		out.Result = inner.Result
		return out, metadata, err
	})
	buildLinks := take(s.Build.List(), s.Build.Remove, func(m middleware.BuildMiddleware) buildLink { return buildLink{step: m} })
	for i := len(buildLinks) - 1; i >= 0; i-- {
		buildLinks[i].next, build = build, &buildLinks[i]
	}
	var serialize middleware.SerializeHandler = middleware.SerializeHandlerFunc(func(ctx context.Context, in middleware.SerializeInput) (out middleware.SerializeOutput, metadata middleware.Metadata, err error) {
		inner, metadata, err := build.HandleBuild(ctx, middleware.BuildInput{Request: in.Request})
		out.Result = inner.Result
		return out, metadata, err
	})
	serializeLinks := take(s.Serialize.List(), s.Serialize.Remove, func(m middleware.SerializeMiddleware) serializeLink { return serializeLink{step: m} })
	for i := len(serializeLinks) - 1; i >= 0; i-- {
		serializeLinks[i].next, serialize = serialize, &serializeLinks[i]
	}
	var initialize middleware.InitializeHandler = middleware.InitializeHandlerFunc(func(ctx context.Context, in middleware.InitializeInput) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
		inner, metadata, err := serialize.HandleSerialize(ctx, middleware.SerializeInput{Parameters: in.Parameters, Request: smithyhttp.NewStackRequest()})
		out.Result = inner.Result
		return out, metadata, err
	})
	initializeLinks := take(s.Initialize.List(), s.Initialize.Remove, func(m middleware.InitializeMiddleware) initializeLink { return initializeLink{step: m} })
	for i := len(initializeLinks) - 1; i >= 0; i-- {
		initializeLinks[i].next, initialize = initialize, &initializeLinks[i]
	}
	return initialize
}

// take removes the steps of a phase, in order, and makes links of them.
func take[M, L any](ids []string, remove func(string) (M, error), link func(M) L) []L {
	links := make([]L, 0, len(ids))
	for _, id := range ids {
		if m, err := remove(id); err == nil { // several steps may have one id: the first goes
			links = append(links, link(m))
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
