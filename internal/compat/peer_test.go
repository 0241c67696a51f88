package compat

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	official "github.com/aws/aws-sdk-go-v2/service/appintegrations"
	"github.com/aws/smithy-go/middleware"

	ours "github.com/seed-10600c52/appintegrations"
)

// A peer is one of the two clients, behind what they have in common, so that
// one test runs on both.
type peer struct {
	name       string
	new        func(...option) client // by functions, after the defaults
	given      func(...option) client // by the Options that New is given
	fromConfig func(aws.Config, ...option) client
}

// A client is a Client of a peer.
type client interface {
	list(context.Context, input, ...option) (*page, error)
	options() any // a pointer to what Options returns
	paginator(input, ...func(*paging)) paginator
}

// A paginator is a paginator of a peer.
type paginator interface {
	HasMorePages() bool
	next(context.Context, ...option) (*page, error)
}

// paging is what can be set of a paginator.
type paging struct {
	Limit                int32
	StopOnDuplicateToken bool
}

// An input is the input of the operation. nil fields are nil there too.
type input struct {
	id, token *string
	max       *int32
}

// A page is an output: the items as JSON, whose types differ between peers.
type page struct {
	Items     string
	NextToken *string
	metadata  middleware.Metadata
}

// An option changes an Options of either peer.
type option struct {
	text  string // for the report of a failure
	apply func(options any)
}

// set sets a field of the Options, "EndpointOptions.UseFIPSEndpoint" for
// example. nil is the field's zero value.
func set(path string, value any) option {
	return option{text: path, apply: func(options any) {
		target := field(options, path)
		if value == nil {
			target.SetZero()
			return
		}
		target.Set(reflect.ValueOf(value))
	}}
}

// field returns a field of the Options that options points to.
func field(options any, path string) reflect.Value {
	v := reflect.ValueOf(options).Elem()
	for name := range strings.SplitSeq(path, ".") {
		v = v.FieldByName(name)
	}
	return v
}

// get returns the value of a field.
func get[T any](options any, path string) T {
	v, _ := field(options, path).Interface().(T)
	return v
}

// either applies the function of the peer that the Options belong to.
func either(text string, forOfficial func(*official.Options), forOurs func(*ours.Options)) option {
	return option{text: text, apply: func(options any) {
		switch o := options.(type) {
		case *official.Options:
			forOfficial(o)
		case *ours.Options:
			forOurs(o)
		}
	}}
}

func signingName(name string) option {
	return either("WithSigV4SigningName", official.WithSigV4SigningName(name), ours.WithSigV4SigningName(name))
}

func signingRegion(region string) option {
	return either("WithSigV4SigningRegion", official.WithSigV4SigningRegion(region), ours.WithSigV4SigningRegion(region))
}

// functions makes functional options of a peer.
func functions[O any](opts []option) []func(*O) {
	var fns []func(*O)
	for _, opt := range opts {
		fns = append(fns, func(o *O) { opt.apply(o) })
	}
	return fns
}

// filled returns an Options with options set and nothing else.
func filled[O any](opts []option) (o O) {
	for _, opt := range opts {
		opt.apply(&o)
	}
	return o
}

var (
	officialPeer = peer{
		name: "official",
		new: func(opts ...option) client {
			return officialClient{official.New(official.Options{}, functions[official.Options](opts)...)}
		},
		given: func(opts ...option) client {
			return officialClient{official.New(filled[official.Options](opts))}
		},
		fromConfig: func(cfg aws.Config, opts ...option) client {
			return officialClient{official.NewFromConfig(cfg, functions[official.Options](opts)...)}
		},
	}
	ourPeer = peer{
		name: "ours",
		new: func(opts ...option) client {
			return ourClient{ours.New(ours.Options{}, functions[ours.Options](opts)...)}
		},
		given: func(opts ...option) client {
			return ourClient{ours.New(filled[ours.Options](opts))}
		},
		fromConfig: func(cfg aws.Config, opts ...option) client {
			return ourClient{ours.NewFromConfig(cfg, functions[ours.Options](opts)...)}
		},
	}
	peers = []peer{officialPeer, ourPeer}
)

// eachPeer runs a subtest for each client.
func eachPeer(t *testing.T, test func(*testing.T, peer)) {
	t.Helper()
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) { test(t, p) })
	}
}

type officialClient struct{ *official.Client }

func (c officialClient) list(ctx context.Context, in input, opts ...option) (*page, error) {
	out, err := c.ListDataIntegrationAssociations(ctx, officialInput(in), functions[official.Options](opts)...)
	return officialPage(out), err
}

func (c officialClient) options() any {
	o := c.Options()
	return &o
}

func (c officialClient) paginator(in input, fns ...func(*paging)) paginator {
	return officialPaginator{official.NewListDataIntegrationAssociationsPaginator(c, officialInput(in), func(o *official.ListDataIntegrationAssociationsPaginatorOptions) {
		o.Limit, o.StopOnDuplicateToken = changed(o.Limit, o.StopOnDuplicateToken, fns)
	})}
}

type officialPaginator struct {
	*official.ListDataIntegrationAssociationsPaginator
}

func (p officialPaginator) next(ctx context.Context, opts ...option) (*page, error) {
	out, err := p.NextPage(ctx, functions[official.Options](opts)...)
	return officialPage(out), err
}

func officialInput(in input) *official.ListDataIntegrationAssociationsInput {
	return &official.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: in.id, MaxResults: in.max, NextToken: in.token}
}

func officialPage(out *official.ListDataIntegrationAssociationsOutput) *page {
	if out == nil {
		return nil
	}
	return &page{Items: asJSON(out.DataIntegrationAssociations), NextToken: out.NextToken, metadata: out.ResultMetadata}
}

type ourClient struct{ *ours.Client }

func (c ourClient) list(ctx context.Context, in input, opts ...option) (*page, error) {
	out, err := c.ListDataIntegrationAssociations(ctx, ourInput(in), functions[ours.Options](opts)...)
	return ourPage(out), err
}

func (c ourClient) options() any {
	o := c.Options()
	return &o
}

func (c ourClient) paginator(in input, fns ...func(*paging)) paginator {
	return ourPaginator{ours.NewListDataIntegrationAssociationsPaginator(c, ourInput(in), func(o *ours.ListDataIntegrationAssociationsPaginatorOptions) {
		o.Limit, o.StopOnDuplicateToken = changed(o.Limit, o.StopOnDuplicateToken, fns)
	})}
}

type ourPaginator struct {
	*ours.ListDataIntegrationAssociationsPaginator
}

func (p ourPaginator) next(ctx context.Context, opts ...option) (*page, error) {
	out, err := p.NextPage(ctx, functions[ours.Options](opts)...)
	return ourPage(out), err
}

func ourInput(in input) *ours.ListDataIntegrationAssociationsInput {
	return &ours.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: in.id, MaxResults: in.max, NextToken: in.token}
}

func ourPage(out *ours.ListDataIntegrationAssociationsOutput) *page {
	if out == nil {
		return nil
	}
	return &page{Items: asJSON(out.DataIntegrationAssociations), NextToken: out.NextToken, metadata: out.ResultMetadata}
}

func changed(limit int32, stop bool, fns []func(*paging)) (int32, bool) {
	o := paging{Limit: limit, StopOnDuplicateToken: stop}
	for _, fn := range fns {
		fn(&o)
	}
	return o.Limit, o.StopOnDuplicateToken
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // these types are strings all through
	}
	return string(b)
}
