package appintegrations

import (
	"context"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// ListDataIntegrationAssociationsInput is the input of
// [Client.ListDataIntegrationAssociations].
type ListDataIntegrationAssociationsInput struct {

	// The identifier of the data integration: its name, id or ARN. Required. It
	// is sent unchanged. A value that is blank, ".", ".." or invalid UTF-8, or
	// contains a control character, is rejected: it cannot be an identifier.
	DataIntegrationIdentifier *string

	// The maximum number of associations on a page. nil: the service decides. A
	// value below 1 is rejected; the service rejects a value above 50.
	MaxResults *int32

	// The NextToken of the previous page. nil or "": the first page. It is sent
	// unchanged; a token of more than 8 KiB is rejected.
	NextToken *string
}

// ListDataIntegrationAssociationsOutput is one page of the list.
type ListDataIntegrationAssociationsOutput struct {

	// The associations of the page. A page can be empty even if more pages follow.
	DataIntegrationAssociations []DataIntegrationAssociationSummary

	// The token of the next page. nil or "": this is the last page.
	NextToken *string

	// The metadata of the response. awsmiddleware.GetRequestIDMetadata returns the
	// request id.
	ResultMetadata middleware.Metadata
}

// ListDataIntegrationAssociationsAPIClient is the interface that a paginator, a
// waiter and [Sweep] call. *[Client] implements it, and a mock can.
type ListDataIntegrationAssociationsAPIClient interface {
	ListDataIntegrationAssociations(context.Context, *ListDataIntegrationAssociationsInput, ...func(*Options)) (*ListDataIntegrationAssociationsOutput, error)
}

var _ ListDataIntegrationAssociationsAPIClient = (*Client)(nil)

// ListDataIntegrationAssociations returns one page of the associations of a
// data integration. For all pages, use [Client.Associations] or
// [NewListDataIntegrationAssociationsPaginator].
//
// The service does not let a data integration be associated a second time: an
// association cannot be created for a data integration that was associated
// before. Use another data integration, or recreate it with the operation
// CreateDataIntegration.
//
// optFns change the options for this call alone. A nil params is rejected, like
// one without an identifier.
//
// The error is a *[smithy.OperationError]. Inside it, [errors.As] finds:
//   - [smithy.InvalidParamsError] (a value) or *[ConfigError]: nothing was sent;
//   - *[ThrottlingException], *[InternalServiceError], *[ResourceNotFoundException],
//     *[InvalidRequestException], *[AccessDeniedException], and for any other
//     response that is no success [smithy.APIError], each inside a
//     *[github.com/aws/aws-sdk-go-v2/aws/transport/http.ResponseError] with
//     status and request id;
//   - *[MalformedResponseError]: a success whose body is not a complete page;
//   - *[RedirectError]: a redirect, which is never followed;
//   - *[github.com/aws/smithy-go/transport/http.RequestSendError]: no response;
//   - *[AttemptTimeoutError]: the last attempt took too long;
//   - *[aws.RequestCanceledError]: the context is done, or its deadline would pass
//     before the next attempt; [errors.Is] finds the context's error and cause.
//     Return this error and not ctx.Err(), which may still be nil;
//   - *[github.com/aws/aws-sdk-go-v2/aws/retry.MaxAttemptsError]: no attempt
//     is left.
func (c *Client) ListDataIntegrationAssociations(ctx context.Context, params *ListDataIntegrationAssociationsInput, optFns ...func(*Options)) (*ListDataIntegrationAssociationsOutput, error) {
	return c.invoke(ctx, params, plainCaller, optFns)
}

const maxTokenBytes = 8 << 10 // the model says 1,000 characters

// validate rejects an input that can never be right.
func (c *call) validate() error { return c.input.validate() }

// serialize makes the path and the query of the request. The input ends here.
func (c *call) serialize() error {
	const before, after = "/dataIntegrations/", "/associations"
	id := valueOr(c.input.DataIntegrationIdentifier, "")
	escaped := escape(id)
	c.rawPath = before + escaped + after
	if c.path = c.rawPath; escaped != id {
		c.path = before + id + after
	}
	c.rawQuery = ""
	if c.input.MaxResults != nil {
		c.rawQuery = "maxResults=" + strconv.Itoa(int(*c.input.MaxResults))
	}
	if c.token = valueOr(c.input.NextToken, ""); c.token != "" {
		if c.rawQuery != "" {
			c.rawQuery += "&"
		}
		c.rawQuery += "nextToken=" + escape(c.token)
	}
	return nil
}

// validate rejects what can never be right. The service judges the rest.
func (in *ListDataIntegrationAssociationsInput) validate() error {
	invalid := smithy.InvalidParamsError{Context: "ListDataIntegrationAssociationsInput"}
	if in.DataIntegrationIdentifier == nil {
		invalid.Add(smithy.NewErrParamRequired("DataIntegrationIdentifier"))
	} else if reason := badIdentifier(*in.DataIntegrationIdentifier); reason != "" {
		invalid.Add(&paramError{field: "DataIntegrationIdentifier", reason: reason})
	}
	if in.MaxResults != nil && *in.MaxResults < 1 {
		invalid.Add(&paramError{field: "MaxResults", reason: "minimum field value of 1"})
	}
	if len(valueOr(in.NextToken, "")) > maxTokenBytes {
		invalid.Add(&paramError{field: "NextToken", reason: "maximum field size of " + strconv.Itoa(maxTokenBytes) + " bytes"})
	}
	if invalid.Len() > 0 {
		return invalid
	}
	return nil
}

func badIdentifier(id string) string {
	switch {
	case strings.TrimSpace(id) == "":
		return "field must not be blank"
	case id == "." || id == "..":
		return "field must not be a relative path segment"
	case !utf8.ValidString(id):
		return "field must be valid UTF-8"
	case strings.ContainsFunc(id, unicode.IsControl):
		return "field must not hold control characters"
	}
	return ""
}

// paramError is a [smithy.InvalidParamError] with a reason of our own.
type paramError struct{ context, nested, field, reason string }

func (e *paramError) Error() string { return e.reason + ", " + e.Field() + "." }
func (e *paramError) Field() string {
	return strings.TrimPrefix(strings.Join([]string{e.context, e.nested + e.field}, "."), ".")
}
func (e *paramError) SetContext(context string)       { e.context = context }
func (e *paramError) AddNestedContext(context string) { e.nested = context + "." + e.nested }

// escape escapes all but the unreserved characters of RFC 3986, as Signature
// Version 4 asks for, in a path segment and in a query.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	n := 0
	for i := range len(s) {
		if !unreserved(s[i]) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	b := make([]byte, 0, len(s)+2*n)
	for i := range len(s) {
		if c := s[i]; unreserved(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}
