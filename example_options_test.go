package appintegrations_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/seed-10600c52/appintegrations"
	"github.com/seed-10600c52/appintegrations/appintegrationstest"
	"github.com/seed-10600c52/appintegrations/types"
)

// cfg is what config.LoadDefaultConfig of the SDK returns.
func ExampleNewFromConfig() {
	cfg := aws.Config{Region: "eu-central-1"}
	client := appintegrations.NewFromConfig(cfg, func(o *appintegrations.Options) {
		o.AttemptTimeout = 10 * time.Second
		o.RetryMaxAttempts = 5
	})
	fmt.Println(client.Options().Region, client.Options().AttemptTimeout)
	// Output: eu-central-1 10s
}

// Without package config: for a local endpoint, or for keys that come from elsewhere.
func ExampleNew() {
	client := appintegrations.New(appintegrations.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String("http://localhost:4566"),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	fmt.Println(aws.ToString(client.Options().BaseEndpoint))
	// Output: http://localhost:4566
}

// A hook of the SDK adds a header to the requests of one call.
func ExampleWithAPIOptions() {
	service := exampleService()
	_, err := service.Client().ListDataIntegrationAssociations(context.Background(),
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")},
		appintegrations.WithAPIOptions(smithyhttp.AddHeaderValue("X-Trace-Id", "1234")))
	fmt.Println(service.Requests()[0].Header.Get("X-Trace-Id"), err)
	// Output: 1234 <nil>
}

// In standard mode a throttled client does not slow down, like the official client.
func ExampleOptions_retryMode() {
	client := exampleService().Client(func(o *appintegrations.Options) { o.RetryMode = aws.RetryModeStandard })
	fmt.Println(client.Options().RetryMode)
	// Output: standard
}

func ExampleThrottlingException() {
	service := exampleService()
	service.Fail(appintegrationstest.Throttle(time.Minute)) // Retry-After: 60, which is too long to wait
	_, err := service.Client().ListDataIntegrationAssociations(context.Background(),
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")})
	var throttled *types.ThrottlingException
	fmt.Println(errors.As(err, &throttled), len(service.Requests()))
	// Output: true 1
}

// A 200 without a complete page is retried, and then an error.
func ExampleMalformedResponseError() {
	service := exampleService()
	service.Fail(appintegrationstest.EmptyBody().Always())
	client := service.Client(func(o *appintegrations.Options) { o.RetryMaxAttempts = 2 })
	_, err := client.ListDataIntegrationAssociations(context.Background(),
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")})
	var malformed *appintegrations.MalformedResponseError
	if errors.As(err, &malformed) {
		fmt.Println(malformed.StatusCode, malformed.Reason, len(service.Requests()))
	}
	// Output: 200 the body is empty 2
}

// Redirects are not followed.
func ExampleRedirectError() {
	service := exampleService()
	service.Fail(appintegrationstest.Redirect(307, "https://elsewhere.example/"))
	_, err := service.Client().ListDataIntegrationAssociations(context.Background(),
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")})
	var redirect *appintegrations.RedirectError
	if errors.As(err, &redirect) {
		fmt.Println(redirect.StatusCode, redirect.Origin)
	}
	// Output: 307 https://elsewhere.example
}

// An attempt that takes too long is retried.
func ExampleAttemptTimeoutError() {
	service := exampleService()
	service.Fail(appintegrationstest.Stall(0)) // until the client gives up
	client := service.Client(func(o *appintegrations.Options) { o.AttemptTimeout = time.Second / 4 })
	in := &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")}
	_, err := client.ListDataIntegrationAssociations(context.Background(), in)
	fmt.Println(err)

	service.Fail(appintegrationstest.Stall(0))
	_, err = client.ListDataIntegrationAssociations(context.Background(), in,
		func(o *appintegrations.Options) { o.RetryMaxAttempts = 1 })
	var timeout *appintegrations.AttemptTimeoutError
	fmt.Println(errors.As(err, &timeout))
	// Output:
	// <nil>
	// true
}

// New does not validate: the call fails, before anything is sent.
func ExampleConfigError() {
	client := appintegrations.New(appintegrations.Options{Region: "us-east-1"})
	_, err := client.ListDataIntegrationAssociations(context.Background(),
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")})
	var wrong *appintegrations.ConfigError
	if errors.As(err, &wrong) {
		fmt.Println(wrong.Field)
	}
	// Output: Credentials
}

// A list that never ends is an error.
func ExamplePaginationLoopError() {
	service := exampleService()
	service.Fail(appintegrationstest.RepeatToken().Always())
	var last error
	for _, err := range service.Client().Associations(context.Background(),
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("example")}) {
		last = err
	}
	var loop *appintegrations.PaginationLoopError
	if errors.As(last, &loop) {
		fmt.Println("the same page", loop.Pages, "times")
	}
	// Output: the same page 3 times
}

// A job that failed ends the wait, with its message.
func ExampleExecutionFailedError() {
	service := appintegrationstest.New()
	service.Put("export", types.DataIntegrationAssociationSummary{
		ClientId:            aws.String("connect"),
		LastExecutionStatus: &types.LastExecutionStatus{ExecutionStatus: types.ExecutionStatusFailed, StatusMessage: aws.String("no access to the bucket")},
	})
	waiter := appintegrations.NewDataIntegrationAssociationsCompletedWaiter(service.Client())
	err := waiter.Wait(context.Background(), &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String("export")}, time.Hour)
	var failed *appintegrations.ExecutionFailedError
	if errors.As(err, &failed) {
		fmt.Println(failed.Executions[0].ClientId, failed.Executions[0].StatusMessage)
	}
	// Output: connect no access to the bucket
}
