package official

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/appintegrations"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ours "github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// put gives the server 60 data integrations; the n-th has n associations in
// progress.
func put(srv *appintegrationstest.Server) map[string]int {
	want := map[string]int{}
	for n := range 60 {
		associations := make([]ours.DataIntegrationAssociationSummary, n)
		for i := range associations {
			associations[i].LastExecutionStatus = &ours.LastExecutionStatus{ExecutionStatus: ours.ExecutionStatusInProgress}
		}
		d := srv.PutIntegration(appintegrationstest.DataIntegration{Name: fmt.Sprintf("crm-%02d", n), SourceURI: "Salesforce://AppFlow/example"}, associations...)
		want[d.Name] = n
	}
	return want
}

func TestRunning(t *testing.T) {
	srv := appintegrationstest.NewServer(t)
	want := put(srv)
	got, err := Running(t.Context(), appintegrations.NewFromConfig(srv.Config()))
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

// In virtual time the client's back-off costs nothing.
func TestRunningIsThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := appintegrationstest.New(func(o *appintegrationstest.Options) {
			o.DataIntegrationsQuota = appintegrationstest.Quota{PerSecond: 1, Burst: 1}
		})
		defer srv.Close()
		want := put(srv)
		began := time.Now()
		got, err := Running(t.Context(), appintegrations.NewFromConfig(srv.Config(), func(o *appintegrations.Options) { o.RetryMaxAttempts = 10 }))
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.GreaterOrEqual(t, time.Since(began), 2*time.Second, "three pages of data integrations at one a second")
	})
}

func TestRunningFails(t *testing.T) {
	srv := appintegrationstest.NewServer(t)
	srv.Put("crm")
	srv.Fail(appintegrationstest.ServiceError(&ours.AccessDeniedException{}).OnDataIntegrations())
	_, err := Running(t.Context(), appintegrations.NewFromConfig(srv.Config()))
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, "AccessDeniedException", api.ErrorCode())
	assert.ErrorContains(t, err, "list data integrations: ")
}
