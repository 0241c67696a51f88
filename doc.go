// Package appintegrations is a client for one operation of Amazon
// AppIntegrations, ListDataIntegrationAssociations. The operation lists the
// associations of a data integration: which clients use its data, how the data
// is pulled from the source, and how the last job ended.
//
// # A call
//
// [NewFromConfig] makes a [Client] from the configuration of aws-sdk-go-v2.
// [Client.ListDataIntegrationAssociations] returns one page:
//
//	cfg, err := config.LoadDefaultConfig(ctx)
//	...
//	client := appintegrations.NewFromConfig(cfg)
//	page, err := client.ListDataIntegrationAssociations(ctx, &appintegrations.ListDataIntegrationAssociationsInput{
//		DataIntegrationIdentifier: aws.String("my-data-integration"),
//	})
//
// # A list
//
// A [ListDataIntegrationAssociationsPaginator] requests one page after another:
//
//	pages := appintegrations.NewListDataIntegrationAssociationsPaginator(client, input)
//	for pages.HasMorePages() {
//		page, err := pages.NextPage(ctx)
//		if err != nil {
//			return err
//		}
//		...
//	}
//
// [Client.Associations] returns the associations one by one:
//
//	for association, err := range client.Associations(ctx, input) {
//		if err != nil {
//			return err
//		}
//		...
//	}
//
// A paginator has the same iterators. A second range over them continues where
// the first one stopped. The paginator's Checkpoint is exact after each
// association, and another process can resume from it. The Prefetch option
// fetches pages while the consumer works.
//
// A list ends with its last page or with an error. A response is a page only if
// its status is 200 and its body, read to the end, is one complete JSON object.
//
// [Sweep] lists many data integrations, of many accounts and Regions, as fast as
// their quotas allow. A [DataIntegrationAssociationsCompletedWaiter] waits
// until the jobs of a data integration have completed.
//
// The service does not let a data integration be associated a second time: an
// association cannot be created for a data integration that was associated
// before. Use another data integration, or recreate it with the operation
// CreateDataIntegration.
//
// # Errors
//
// The error of a call is one line of at most 1 KiB. It contains the operation and
// the data integration and, when available, the host, the status, the code, the
// request id and the number of attempts. [Classify] returns the kind of a failure,
// for reports and alerts. Only [smithy.InvalidParamsError] keeps its own form, of
// several lines. The five exceptions of the service are types of this package,
// with aliases in package types; [Client.ListDataIntegrationAssociations] lists
// all other errors. A 404 or 403 without an error code comes from a proxy: it is
// not a [ResourceNotFoundException] or an [AccessDeniedException], because it says
// nothing about the data integration.
//
// # Retries
//
// A call makes up to three attempts. Failed connections, attempts that time out,
// incomplete or malformed responses, and the statuses 408, 425, 429, 500, 502,
// 503, 504 and 529 are retried. The first retry waits up to 50 milliseconds, the
// second up to 4 seconds, each further one up to twice as long, at most 20
// seconds. After a throttle the limits are 1 second, 2 seconds, 4 seconds and so
// on, at most 20. A Retry-After of up to 20 seconds is honoured; a longer one ends
// the call. Each endpoint has a retry quota: after three faults in a row, calls
// make one attempt each until attempts succeed again. A fault that meets many
// calls at once counts as one, and throttles do not count. After the first
// throttle the client limits its request rate to what the service lets through,
// unless Options.RetryMode is standard. This is the default Retryer. Set
// Options.Retryer to replace it.
//
// # Timeouts
//
// Options.AttemptTimeout, 30 seconds by default, ends one attempt. The deadline
// of the context ends the call, and the list. No other timeout is needed; the
// README has a table of what ends what.
//
// # Logs
//
// [NewSlogLogger] makes a Logger for Options that writes calls and retries to
// log/slog. Options.OnAttempt is called after each attempt.
//
// # Testing
//
// Package appintegrationstest is a fake of the service: it verifies signatures,
// has quotas and can send the faults of services, gateways, proxies and networks.
// A mock implements [ListDataIntegrationAssociationsAPIClient].
//
// # Compatibility
//
// For this operation the package is source-compatible with
// github.com/aws/aws-sdk-go-v2/service/appintegrations v1.37.11: replace the
// import paths of the package and of its types. CHANGELOG.md lists where the
// behaviour differs, and why.
//
// To use what is left out is a compile error: AuthSchemeResolver, AuthSchemes,
// AuthSchemePreference, IdempotencyTokenProvider, Options.GetIdentityResolver,
// ResolveEndpoint, and the deprecated EndpointResolver with its helpers. Later
// versions of the official client have Options.Protocol, schemas, and Serialize
// methods of the shapes; these are left out too.
//
// The environment variables AWS_NEW_RETRIES_2026 and
// AWS_ENABLE_DEFAULT_SOCKET_TIMEOUT_2026 change nothing. An error code in the
// member code of a body goes before one in __type. All of this is as with the
// official v1.37.11 by default; later versions differ. A ConflictException (409),
// which the operation does not have, is a *[smithy.GenericAPIError] with a client
// fault.
//
// [Sweep], the waiter and the Prefetch option are experimental: they may change
// before 1.0.
package appintegrations
