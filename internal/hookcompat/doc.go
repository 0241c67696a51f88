// Package hookcompat puts the tracers that teams attach to AWS clients on the
// client and on the official one,
// github.com/aws/aws-sdk-go-v2/service/appintegrations v1.37.11 on core v1.47.7:
// otelaws, the X-Ray SDK, Datadog's contrib package and smithyoteltracing. What
// they record and send is compared. It has nothing but tests and benchmarks, and
// a go.mod of its own for what these tracers depend on.
//
//	go test -v -run TestTracers ./...
//
// prints the table of the results.
package hookcompat
