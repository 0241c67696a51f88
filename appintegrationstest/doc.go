// Package appintegrationstest is a fake of Amazon AppIntegrations for tests. It
// has the operations ListDataIntegrationAssociations and ListDataIntegrations.
//
// A [Server] keeps data integrations with their associations, lists them in
// pages, and checks what the service checks: the signature of every request
// (Signature Version 4), the page size, and that a token belongs to the list that
// it is sent for. It fails on demand, in the ways that services, gateways,
// proxies and networks are known to fail.
//
//	func TestReport(t *testing.T) {
//		srv := appintegrationstest.NewServer(t)
//		srv.Put("crm-accounts", associations...)
//		srv.Fail(appintegrationstest.Throttle(0).OnPage(2))
//
//		got, err := Report(t.Context(), srv.Client(), "crm-accounts")
//		...
//	}
//
// Any AWS client works with it: in Go with [Server.Config], in other languages
// with the environment variables AWS_ENDPOINT_URL_APPINTEGRATIONS,
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION. The program in
// examples/fakeserver sets these variables.
//
// # Protocols
//
// The listener speaks HTTP/1.1 without TLS, so that a test needs no certificate.
// The service itself is behind Amazon API Gateway and speaks HTTP/2 with TLS:
// Options.TLS and Options.HTTP2 do the same, and [Server.Config] contains the
// HTTP client for it.
//
// # Virtual time
//
// Inside testing/synctest use [New]: a goroutine that waits for a socket stops the
// virtual clock, and a Server of New needs no socket. It is an
// [http.RoundTripper], and a stall of an hour takes no time. Create the Server
// inside the bubble.
//
// # The order of the checks
//
// First the signature (403). Then the method and the path (404
// UnknownOperationException for both, as the service's own router sends it). Then
// the quota of the operation (ThrottlingException). Then a [Fault] that matches
// may send the response. Last the query (InvalidRequestException) and the
// identifier (ResourceNotFoundException). A request that is rejected before the
// faults does not use up a fault.
//
// A query parameter that is unknown or repeated is rejected. The service ignores
// unknown parameters, but a test should find a misspelt page size.
//
// # Independence
//
// The package shares no code with the client or with the signer of the SDK. The
// signature check is written from the specification and tested against the
// vectors that AWS publishes, so that an error in one does not hide the same
// error in the other.
package appintegrationstest
