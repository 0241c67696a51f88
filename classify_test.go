package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/types"
)

// TestClassify holds the class of each error type, as a mock may give it or as
// somebody wraps it. TestFailureTexts holds those of real calls.
func TestClassify(t *testing.T) {
	answeredWith := func(status int, err error) error {
		return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err}}
	}
	generic := func(status int, code string) error { return answeredWith(status, &smithy.GenericAPIError{Code: code}) }
	for _, row := range []struct {
		want appintegrations.Class
		errs []error
	}{
		{"", []error{nil}},
		{appintegrations.ClassDenied, []error{
			&types.AccessDeniedException{}, generic(403, "Anything"), generic(401, "Anything"), generic(400, "IncompleteSignature"), generic(400, "ExpiredTokenException"), generic(400, "RequestExpired"),
		}},
		{appintegrations.ClassGone, []error{&types.ResourceNotFoundException{}, answeredWith(404, &types.ResourceNotFoundException{})}},
		{appintegrations.ClassInvalid, []error{
			&types.InvalidRequestException{}, generic(400, "ValidationException"), smithy.InvalidParamsError{}, &appintegrations.CheckpointError{}, appintegrations.ErrPaginatorInUse,
		}},
		{appintegrations.ClassThrottled, []error{&types.ThrottlingException{}, generic(400, "TooManyRequestsException"), generic(429, "Anything")}},
		{appintegrations.ClassUnavailable, []error{&types.InternalServiceError{}, generic(500, "Anything"), generic(529, "HTTP529")}},
		{appintegrations.ClassUnreachable, []error{&appintegrations.RedirectError{StatusCode: 307}, &smithyhttp.RequestSendError{Err: errShutdown}}},
		{appintegrations.ClassTimeout, []error{
			&appintegrations.AttemptTimeoutError{}, context.DeadlineExceeded, generic(408, "RequestTimeout"),
			&aws.RequestCanceledError{Err: &smithy.CanceledError{Err: context.DeadlineExceeded}},
			&appintegrations.NotCompletedError{Err: context.DeadlineExceeded},
			&smithyhttp.RequestSendError{Err: context.DeadlineExceeded},
		}},
		{appintegrations.ClassMalformed, []error{
			&appintegrations.MalformedResponseError{}, &appintegrations.PaginationLoopError{},
			answeredWith(200, &smithy.DeserializationError{Err: &appintegrations.MalformedResponseError{}}),
		}},
		{appintegrations.ClassConfig, []error{&appintegrations.ConfigError{}}},
		{appintegrations.ClassCanceled, []error{
			context.Canceled, &aws.RequestCanceledError{Err: &smithy.CanceledError{Err: context.Canceled}}, &appintegrations.NotCompletedError{Err: context.Canceled},
			&aws.RequestCanceledError{Err: errors.Join(&smithy.CanceledError{Err: context.Canceled}, context.DeadlineExceeded)},
		}},
		{appintegrations.ClassUnknown, []error{errShutdown, generic(404, "UnknownOperationException"), &appintegrations.ExecutionFailedError{}}},
	} {
		for _, err := range row.errs {
			assert.Equal(t, row.want, appintegrations.Classify(err), "%T %v", err, err)
			if err != nil {
				wrapped := fmt.Errorf("my program: %w", &smithy.OperationError{Err: err})
				assert.Equal(t, row.want, appintegrations.Classify(wrapped), "wrapped: %T %v", err, err)
				assert.Equal(t, string(row.want), row.want.String())
			}
		}
	}
	assert.Equal(t, "none", appintegrations.Class("").String())
}

// TestClassifyHooked: the classes of calls through a stack are the same.
func TestClassifyHooked(t *testing.T) {
	for _, row := range []struct {
		answer doFunc
		want   appintegrations.Class
	}{
		{typed(404, "ResourceNotFoundException", "no"), appintegrations.ClassGone},
		{page(404, "text/html", "<p>"), appintegrations.ClassUnreachable},
		{breaks(errShutdown), appintegrations.ClassUnreachable},
		{page(200, "text/html", "<p>"), appintegrations.ClassMalformed},
		{stalls, appintegrations.ClassTimeout},
	} {
		err := answered(row.answer, appintegrations.WithAPIOptions(noHook))(t)
		assert.Equal(t, row.want, appintegrations.Classify(err), "%v", err)
		assert.Contains(t, err.Error(), at)
	}
}

// TestPaginatorInUse is matched by errors.Is, and the page under way arrives.
func TestPaginatorInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return reply(200, "{}")(r)
		}
		pages := appintegrations.NewListDataIntegrationAssociationsPaginator(scripted(slow).client(), input("example"))
		first := make(chan error)
		go func() {
			_, err := pages.NextPage(t.Context())
			first <- err
		}()
		synctest.Wait()
		_, err := pages.NextPage(t.Context())
		assert.ErrorIs(t, err, appintegrations.ErrPaginatorInUse)
		for _, err := range pages.Pages(t.Context()) {
			assert.ErrorIs(t, err, appintegrations.ErrPaginatorInUse)
		}
		require.NoError(t, <-first)
	})
}

// TestNegativeOptions holds the rule in the doc comment of Options.
func TestNegativeOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := scripted(func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Hour)
			return reply(200, typicalPage(1))(r)
		})
		client := s.client(func(o *appintegrations.Options) { o.AttemptTimeout, o.MaxPageBytes = -1, -1 })
		pages := appintegrations.NewListDataIntegrationAssociationsPaginator(client, input("example"), func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) {
			o.Limit, o.Prefetch = -1, -1
		})
		for page, err := range pages.Pages(t.Context()) {
			require.NoError(t, err)
			assert.Len(t, page.DataIntegrationAssociations, 1)
			break
		}
		assert.Equal(t, 1, s.count(), "nothing is fetched ahead")
		assert.Empty(t, s.requests[0].URL.RawQuery)
		_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"), func(o *appintegrations.Options) { o.RetryMaxAttempts = -1 })
		assert.Equal(t, appintegrations.ClassConfig, appintegrations.Classify(err))
	})
}
