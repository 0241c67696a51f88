package compat

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	official "github.com/aws/aws-sdk-go-v2/service/appintegrations"
	officialtypes "github.com/aws/aws-sdk-go-v2/service/appintegrations/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ours "github.com/seed-10600c52/appintegrations"
)

// mockPage is a page of the client's own type, which a user's mock makes.
func mockPage(p peer) any {
	if p.name == "official" {
		return &official.ListDataIntegrationAssociationsOutput{
			DataIntegrationAssociations: []officialtypes.DataIntegrationAssociationSummary{{ClientId: aws.String("mocked")}}, NextToken: aws.String("next"),
		}
	}
	return &ours.ListDataIntegrationAssociationsOutput{
		DataIntegrationAssociations: []ours.DataIntegrationAssociationSummary{{ClientId: aws.String("mocked")}}, NextToken: aws.String("next"),
	}
}

func inputOf(p peer, in input) any {
	if p.name == "official" {
		return officialInput(in)
	}
	return ourInput(in)
}

// mockPages answers with a page in Finalize.
func mockPages(p peer, at middleware.RelativePosition) option {
	return finalize(at, func(ctx context.Context, _ middleware.FinalizeInput, _ middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
		if awsmiddleware.GetOperationName(ctx) != operation {
			return out, metadata, fmt.Errorf("unexpected operation %q", awsmiddleware.GetOperationName(ctx))
		}
		out.Result = mockPage(p)
		return out, metadata, nil
	})
}

// mockCases answer in the place of the service.
func mockCases() []hookCase {
	bare := func(t *testing.T, p peer, opts ...option) []string { // neither Region nor credentials
		r := &recorder{}
		out, err := p.new(append([]option{set("HTTPClient", r)}, opts...)...).list(t.Context(), anInput)
		return tell(outcome{sent: r.sent(), page: out, err: err})
	}
	deserialized := func(p peer) deserializeFunc {
		return func(context.Context, middleware.DeserializeInput, middleware.DeserializeHandler) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
			out.Result = mockPage(p)
			return out, metadata, nil
		}
	}
	raw := func(status int, body string) deserializeFunc {
		return func(context.Context, middleware.DeserializeInput, middleware.DeserializeHandler) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
			out.RawResponse = &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewBufferString(body))}}
			return out, metadata, nil
		}
	}
	result := func(result any) finalizeFunc {
		return func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
			out.Result = result
			return out, metadata, nil
		}
	}
	const panics = "a library does not end a process"
	return []hookCase{
		{group: "mocks", name: "Finalize Before, neither credentials nor Region", shows: `page: [{"ClientId":"mocked"}] next "next"`, do: func(t *testing.T, p peer) []string {
			return bare(t, p, mockPages(p, middleware.Before))
		}},
		{group: "mocks", name: "Finalize Before, an error", shows: "> errOwn", do: func(t *testing.T, p peer) []string {
			return bare(t, p, finalize(middleware.Before, func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
				return out, metadata, errOwn
			}))
		}},
		{group: "mocks", name: "Initialize Before", shows: "mocked", do: func(t *testing.T, p peer) []string {
			return bare(t, p, apiOption(func(stack *middleware.Stack) error {
				return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("mock", func(context.Context, middleware.InitializeInput, middleware.InitializeHandler) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
					out.Result = mockPage(p)
					return out, metadata, nil
				}), middleware.Before)
			}))
		}},
		{group: "mocks", name: "Serialize After", shows: "mocked", do: func(t *testing.T, p peer) []string {
			return bare(t, p, apiOption(func(stack *middleware.Stack) error {
				return stack.Serialize.Add(middleware.SerializeMiddlewareFunc("mock", func(context.Context, middleware.SerializeInput, middleware.SerializeHandler) (out middleware.SerializeOutput, metadata middleware.Metadata, err error) {
					out.Result = mockPage(p)
					return out, metadata, nil
				}), middleware.After)
			}))
		}},
		{group: "mocks", name: "Finalize After", shows: "mocked", do: func(t *testing.T, p peer) []string { return seenIn(t, p, nil, mockPages(p, middleware.After)) }},
		{group: "mocks", name: "Finalize After, anonymous", shows: "mocked", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, mockPages(p, middleware.After), set("Credentials", aws.AnonymousCredentials{}))
		}},
		{group: "mocks", name: "Finalize After, no credentials", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, mockPages(p, middleware.After), set("Credentials", nil))
		}, official: []string{`page: [{"ClientId":"mocked"}] next "next"`}, ours: []string{"error: *smithy.OperationError > *appintegrations.ConfigError"},
			reason: "no request leaves unsigned unless that is asked for"},
		{group: "mocks", name: "Deserialize Before", shows: "mocked", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, deserialize(middleware.Before, deserialized(p)))
		}},
		{group: "mocks", name: "Deserialize After, a raw response", shows: `"ClientId":"c"`, do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, deserialize(middleware.After, raw(200, onePage)))
		}},
		{group: "mocks", name: "Deserialize After, a raw response of an error", shows: "AccessDeniedException", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, deserialize(middleware.After, raw(403, `{"__type":"AccessDeniedException","message":"no"}`)))
		}},
		{group: "mocks", name: "Deserialize After, a raw response and interceptors", shows: `"ClientId":"c"`, do: func(t *testing.T, p peer) []string {
			w := &watcher{}
			return append(seenIn(t, p, nil, deserialize(middleware.After, raw(200, onePage)), w.everywhere()), w.seen...)
		}},
		{group: "mocks", name: "Deserialize After, nothing", do: func(t *testing.T, p peer) []string {
			return seenIn(t, p, nil, deserialize(middleware.After, func(context.Context, middleware.DeserializeInput, middleware.DeserializeHandler) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
				return out, metadata, nil
			}))
		}, shows: "error: "},
		{group: "mocks", name: "another type", do: func(t *testing.T, p peer) []string { return bare(t, p, finalize(middleware.Before, result("text"))) },
			official: []string{"panics"}, ours: []string{"error: *smithy.OperationError"}, reason: panics},
		{group: "mocks", name: "nothing", do: func(t *testing.T, p peer) []string { return bare(t, p, finalize(middleware.Before, result(nil))) },
			official: []string{"panics"}, ours: []string{"error: *smithy.OperationError"}, reason: panics},
		{group: "mocks", name: "nil of the right type", do: func(t *testing.T, p peer) []string {
			var nothing any = (*official.ListDataIntegrationAssociationsOutput)(nil)
			if p.name == "ours" {
				nothing = (*ours.ListDataIntegrationAssociationsOutput)(nil)
			}
			return bare(t, p, finalize(middleware.Before, result(nothing)))
		}, official: []string{"panics"}, ours: []string{"error: *smithy.OperationError"}, reason: panics},
		{group: "mocks", name: "a paginator over a mock", shows: "2 pages", do: func(t *testing.T, p peer) []string {
			n := 0
			mock := finalize(middleware.Before, func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
				out.Result = mockPage(p)
				if n++; n == 2 {
					out.Result = lastPage(p)
				}
				return out, metadata, nil
			})
			pages := p.new(mock).paginator(anInput)
			for pages.HasMorePages() {
				_, err := pages.next(t.Context())
				require.NoError(t, err)
			}
			return []string{fmt.Sprint(n, " pages")}
		}},
	}
}

func lastPage(p peer) any {
	if p.name == "official" {
		return &official.ListDataIntegrationAssociationsOutput{}
	}
	return &ours.ListDataIntegrationAssociationsOutput{}
}

// The error of a mock that answers with something else names its type.
func TestMockOfAnotherType(t *testing.T) {
	for want, result := range map[string]any{"int": 7, "<nil>": nil, "*appintegrations.ListDataIntegrationAssociationsOutput": (*ours.ListDataIntegrationAssociationsOutput)(nil)} {
		o := run(t, ourPeer, nil, nil, []option{finalize(middleware.Before, func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
			out.Result = result
			return out, metadata, nil
		})})
		assert.ErrorContains(t, o.err, want)
		assert.Nil(t, o.page)
	}
}
