package appintegrationstest

import appintegrations "github.com/seed-10600c52/appintegrations"

// Client returns a client of the server, made of [Server.Config]; optFns change
// its options. It retries as every client does: set RetryMaxAttempts to 1 to see
// each fault.
func (s *Server) Client(optFns ...func(*appintegrations.Options)) *appintegrations.Client {
	return appintegrations.NewFromConfig(s.Config(), optFns...)
}
