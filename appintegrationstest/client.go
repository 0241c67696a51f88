package appintegrationstest

import appintegrations "github.com/seed-10600c52/appintegrations"

// Client returns a client of the server, made of [Server.Config]; optFns change
// its options. The client retries as usual: set RetryMaxAttempts to 1 for calls
// that return the error of the first fault.
func (s *Server) Client(optFns ...func(*appintegrations.Options)) *appintegrations.Client {
	return appintegrations.NewFromConfig(s.Config(), optFns...)
}
