package appintegrations_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

func ExampleNewSlogLogger() {
	// The example prints a few attributes alone. A program would leave
	// ReplaceAttr out.
	shown := map[string]bool{slog.LevelKey: true, slog.MessageKey: true, "data_integration": true, "http.response.status_code": true, "class": true}
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if !shown[a.Key] {
			return slog.Attr{}
		}
		return a
	}})
	client := exampleService().Client(func(o *appintegrations.Options) {
		o.Logger = appintegrations.NewSlogLogger(slog.New(handler))
	})
	_, _ = client.ListDataIntegrationAssociations(context.Background(),
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("unknown")})
	// Output:
	// level=ERROR msg="call failed" data_integration=unknown http.response.status_code=404 class=gone
}

func ExampleClassify() {
	client := exampleService().Client()
	for _, id := range []string{"example", "unknown", " "} {
		_, err := client.ListDataIntegrationAssociations(context.Background(),
			&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: &id})
		switch class := appintegrations.Classify(err); class {
		case "": // no error
		case appintegrations.ClassGone:
			fmt.Printf("%q: take it off the list\n", id)
		case appintegrations.ClassThrottled, appintegrations.ClassUnavailable, appintegrations.ClassTimeout:
			fmt.Printf("%q: call again later\n", id)
		default:
			fmt.Printf("%q: %v\n", id, class)
		}
	}
	// Output:
	// "unknown": take it off the list
	// " ": invalid
}

func ExampleOptions_onAttempt() {
	service := exampleService()
	service.Fail(appintegrationstest.BareStatus(503, "no healthy upstream"))
	client := service.Client(func(o *appintegrations.Options) {
		o.OnAttempt = func(_ context.Context, info appintegrations.AttemptInfo) {
			fmt.Println(info.Attempt, info.StatusCode, info.ErrorCode, info.Retried)
		}
	})
	_, err := client.ListDataIntegrationAssociations(context.Background(),
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")})
	fmt.Println(err)
	// Output:
	// 1 503 ServiceUnavailable true
	// 2 200  false
	// <nil>
}
