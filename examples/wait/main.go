// Command wait waits until the executions of a data integration are finished,
// then prints where each association put its data.
//
// Without flags it starts the fake service, where the executions of four
// associations finish one after another. With -data-integration it waits for
// AWS, with the credentials and the Region of the environment or the shared
// config files. Progress goes to stderr.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

type waiterOptions = appintegrations.DataIntegrationAssociationsCompletedWaiterOptions

func main() {
	id := flag.String("data-integration", "", "name, id or ARN of a data integration in AWS; empty: wait for a fake service")
	maxWait := flag.Duration("max-wait", time.Hour, "the longest time to wait")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *id, *maxWait); err != nil {
		fmt.Fprintln(os.Stderr, "wait:", err) // what failed, or what was still waited for
		os.Exit(1)
	}
}

func run(ctx context.Context, id string, maxWait time.Duration) error {
	if id == "" {
		server, err := appintegrationstest.Start(oneAfterAnother)
		if err != nil {
			return err
		}
		defer server.Close()
		putExecutions(server)
		return wait(ctx, os.Stdout, os.Stderr, server.Client(), fakeIdentifier, maxWait, everySecond)
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	return wait(ctx, os.Stdout, os.Stderr, appintegrations.NewFromConfig(cfg), id, maxWait)
}

func wait(ctx context.Context, out, progress io.Writer, client *appintegrations.Client, id string, maxWait time.Duration, optFns ...func(*waiterOptions)) error {
	waiter := appintegrations.NewDataIntegrationAssociationsCompletedWaiter(client, func(o *waiterOptions) {
		o.OnProgress = func(p appintegrations.WaitProgress) { fmt.Fprintln(progress, p) }
	})
	list, err := waiter.WaitForOutput(ctx, &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: &id}, maxWait, optFns...)
	if err != nil {
		return err
	}
	for _, a := range list.DataIntegrationAssociations {
		fmt.Fprintf(out, "%q %q\n", aws.ToString(a.ClientId), aws.ToString(a.DestinationURI))
	}
	return nil
}
