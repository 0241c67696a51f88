// Package appintegrationstest is a fake of Amazon AppIntegrations for tests:
// what net/http/httptest is for handlers, for the one operation
// ListDataIntegrationAssociations.
//
// A [Server] keeps associations, lists them by pages and checks what the
// service checks: the signature of every request (Signature Version 4), the
// page size, and that a token belongs to the data integration that it was given
// for. It fails on demand, in the ways that services, proxies and networks are
// known to fail.
//
//	func TestReport(t *testing.T) {
//		srv := appintegrationstest.NewServer(t)
//		srv.Put("crm-accounts", associations...)
//		srv.Fail(appintegrationstest.Throttle(0))
//
//		got, err := Report(t.Context(), srv.Client(), "crm-accounts")
//		...
//	}
//
// Any AWS client works with it, in Go by [Server.Config], in other languages by
// the environment variables AWS_ENDPOINT_URL_APPINTEGRATIONS,
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION.
//
// # Virtual time
//
// In a bubble of testing/synctest a goroutine that waits for a socket stops the
// clock. There [New] serves without one: the Server is an [http.RoundTripper],
// and a stall of an hour costs no time. Make it inside of the bubble.
//
// # What is checked, in this order
//
// The signature; the method and the path (404 UnknownOperationException for
// both, as the service's own router has it); [Quota] (ThrottlingException); then
// a [Fault] that matches may answer; then the query (InvalidRequestException)
// and the identifier (ResourceNotFoundException). What is refused before the
// faults uses none of them up.
//
// A query parameter that is unknown or repeated is refused. The service ignores
// the unknown ones, but a misspelt page size is what a test should find.
//
// The package shares no code with the client or with the signer of the SDK: the
// verifier is written from the specification and is tested against the vectors
// that AWS publishes, so that an error in one does not hide the same error in
// the other.
package appintegrationstest
