package compat

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/stretchr/testify/require"
)

// dialTimeout is how long a client with these options lets a connection take to
// be made. Nothing is dialed: the dialer is stopped before it does.
func dialTimeout(t *testing.T, p peer, change ...option) (timeout time.Duration) {
	buildable := awshttp.NewBuildableClient().WithDialerOptions(func(d *net.Dialer) {
		d.ControlContext = func(ctx context.Context, _, _ string, _ syscall.RawConn) error {
			if deadline, ok := ctx.Deadline(); ok {
				timeout = time.Until(deadline)
			}
			return net.ErrClosed
		}
	})
	given := append(basics(nil), base("http://127.0.0.1:1"), set("HTTPClient", buildable), set("Retryer", aws.NopRetryer{}))
	_, err := p.given(append(given, change...)...).list(t.Context(), anInput)
	require.ErrorIs(t, err, net.ErrClosed)
	return timeout
}
