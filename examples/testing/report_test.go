package testing

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	appintegrations "github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const crm = "arn:aws:app-integrations:us-east-1:111122223333:data-integration/3f2b7c9e-5d41-4a86-9c07-6be1f0a4d2e8"

// pulls returns n associations, of which every tenth has failed.
func pulls(n int) []appintegrations.DataIntegrationAssociationSummary {
	out := make([]appintegrations.DataIntegrationAssociationSummary, n)
	for i := range out {
		out[i].ClientId = aws.String(fmt.Sprintf("connect-%02d", i+1))
		out[i].LastExecutionStatus = &appintegrations.LastExecutionStatus{ExecutionStatus: appintegrations.ExecutionStatusCompleted}
		if i%10 == 9 {
			out[i].LastExecutionStatus = &appintegrations.LastExecutionStatus{
				ExecutionStatus: appintegrations.ExecutionStatusFailed,
				StatusMessage:   aws.String("INVALID_SESSION_ID"),
			}
		}
	}
	return out
}

func TestFailed(t *testing.T) {
	srv := appintegrationstest.NewServer(t)
	srv.Put(crm, pulls(60)...)

	got, err := Failed(t.Context(), srv.Client(), crm)
	require.NoError(t, err)
	assert.Len(t, got, 6)
	assert.Equal(t, "INVALID_SESSION_ID", got["connect-60"])
	assert.Len(t, srv.Requests(), 3, "pages of 25")
}

// In virtual time a throttle and its back-off cost nothing.
func TestFailedIsThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := appintegrationstest.New()
		defer srv.Close()
		srv.Put(crm, pulls(60)...)
		srv.Fail(appintegrationstest.Throttle(15 * time.Second).OnPage(2))

		began := time.Now()
		got, err := Failed(t.Context(), srv.Client(), crm)
		require.NoError(t, err)
		assert.Len(t, got, 6)
		assert.GreaterOrEqual(t, time.Since(began), 15*time.Second)

		requests := srv.Requests()
		require.Len(t, requests, 4)
		assert.Equal(t, "throttle with Retry-After 15s", requests[1].Fault)
	})
}

func TestFailedHasTypedErrors(t *testing.T) {
	srv := appintegrationstest.NewServer(t)
	_, err := Failed(t.Context(), srv.Client(), crm)
	assert.ErrorIs(t, err, ErrNoIntegration)

	srv.Put(crm, pulls(1)...)
	srv.Fail(appintegrationstest.Error(&appintegrations.AccessDeniedException{Message: aws.String("not yours")}))
	_, err = Failed(t.Context(), srv.Client(), crm)
	var denied *appintegrations.AccessDeniedException
	require.ErrorAs(t, err, &denied)
	assert.Equal(t, "not yours", denied.ErrorMessage())
}
