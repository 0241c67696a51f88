package main

import (
	"io"
	"strings"
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

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := appintegrationstest.New(oneAfterAnother)
		defer server.Close()
		putExecutions(server)
		var out, progress strings.Builder
		require.NoError(t, wait(t.Context(), &out, &progress, server.Client(), fakeIdentifier, time.Minute, everySecond))
		assert.Equal(t, `attempt 1: 3 without a status, 1 IN_PROGRESS, next in 1s
attempt 2: 2 without a status, 2 IN_PROGRESS, next in 1s
attempt 3: 1 without a status, 1 COMPLETED, 2 IN_PROGRESS, next in 1s
attempt 4: 2 COMPLETED, 2 IN_PROGRESS, next in 1s
attempt 5: 3 COMPLETED, 1 IN_PROGRESS, next in 1s
attempt 6: 4 COMPLETED
`, progress.String())
		assert.Equal(t, `"connect-instance-1" "s3://example-bucket/1"
"connect-instance-2" "s3://example-bucket/2"
"connect-instance-3" "s3://example-bucket/3"
"connect-instance-4" "s3://example-bucket/4"
`, out.String())
		assert.Len(t, server.Requests(), 6*2, "two pages a round")
	})
}

func TestWaitIsTooShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := appintegrationstest.New(oneAfterAnother)
		defer server.Close()
		putExecutions(server)
		err := wait(t.Context(), io.Discard, io.Discard, server.Client(), fakeIdentifier, 3*time.Second, everySecond)
		assert.EqualError(t, err, "executions not completed: data integration example, 3 attempts: 1 without a status, 1 COMPLETED, 2 IN_PROGRESS: "+
			"exceeded max wait time for DataIntegrationAssociationsCompleted waiter: no more than the MinDelay of 1s is left for another round")
	})
}

func TestAnExecutionFails(t *testing.T) {
	server := appintegrationstest.NewServer(t)
	server.Put(fakeIdentifier, types.DataIntegrationAssociationSummary{
		DataIntegrationAssociationArn: aws.String("arn:aws:app-integrations:us-east-1:111122223333:data-integration-association/a1"),
		LastExecutionStatus:           &types.LastExecutionStatus{ExecutionStatus: types.ExecutionStatusFailed, StatusMessage: aws.String("INVALID_SESSION_ID")},
	})
	var out strings.Builder
	err := wait(t.Context(), &out, io.Discard, server.Client(), fakeIdentifier, time.Minute)
	var failed *appintegrations.ExecutionFailedError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "INVALID_SESSION_ID", failed.Executions[0].StatusMessage)
	assert.Empty(t, out.String())
}
