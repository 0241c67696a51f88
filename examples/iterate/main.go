// Command iterate looks for associations whose last job failed. It stops at the
// second, writes where it stopped to a file, and goes on from there, as another
// process would.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/seed-10600c52/appintegrations/types"
)

func main() {
	server, err := appintegrationstest.Start(func(o *appintegrationstest.Options) { o.PageSize = 4 })
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	for i := range 20 {
		status := types.ExecutionStatusCompleted
		if i%5 == 2 {
			status = types.ExecutionStatusFailed
		}
		server.Put("example", types.DataIntegrationAssociationSummary{
			ClientId:            aws.String(fmt.Sprint("connect-instance-", i)),
			LastExecutionStatus: &types.LastExecutionStatus{ExecutionStatus: status},
		})
	}
	if err := run(context.Background(), os.Stdout, server.Client()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, client *appintegrations.Client) error {
	dir, err := os.MkdirTemp("", "iterate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "checkpoint")
	if err := findFailed(ctx, w, client, file, 2); err != nil {
		return err
	}
	fmt.Fprintln(w, "stopped; going on from the checkpoint")
	return findFailed(ctx, w, client, file, 100)
}

// findFailed prints failed associations from the checkpoint in file on, or from
// the start, and writes the checkpoint after at most limit of them.
func findFailed(ctx context.Context, w io.Writer, client *appintegrations.Client, file string, limit int) error {
	var at appintegrations.Checkpoint
	if text, err := os.ReadFile(file); err == nil {
		if err := at.UnmarshalText(text); err != nil {
			return err
		}
	}
	id := "example"
	pages := appintegrations.NewListDataIntegrationAssociationsPaginator(client,
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: &id},
		func(o *appintegrations.ListDataIntegrationAssociationsPaginatorOptions) { o.Resume, o.Prefetch = at, 1 })
	for a, err := range pages.Associations(ctx) {
		if err != nil {
			return err // not ctx.Err(), which may still be nil
		}
		if a.LastExecutionStatus == nil || a.LastExecutionStatus.ExecutionStatus != types.ExecutionStatusFailed {
			continue
		}
		fmt.Fprintln(w, aws.ToString(a.ClientId))
		if limit--; limit == 0 {
			break
		}
	}
	text, err := pages.Checkpoint().MarshalText()
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}
