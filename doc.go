// Package appintegrations is a client for one operation of Amazon
// AppIntegrations, ListDataIntegrationAssociations: it lists the clients that
// a data integration is associated with.
//
// # A call
//
// [NewFromConfig] makes a [Client] from the configuration of aws-sdk-go-v2, and
// [Client.ListDataIntegrationAssociations] returns one page:
//
//	cfg, err := config.LoadDefaultConfig(ctx)
//	...
//	client := appintegrations.NewFromConfig(cfg)
//	page, err := client.ListDataIntegrationAssociations(ctx, &appintegrations.ListDataIntegrationAssociationsInput{
//		DataIntegrationIdentifier: aws.String("my-data-integration"),
//	})
//
// # A loop
//
// A [ListDataIntegrationAssociationsPaginator] asks for page after page:
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
// or, association by association,
//
//	for association, err := range client.Associations(ctx, input) {
//		if err != nil {
//			return err
//		}
//		...
//	}
//
// The paginator has iterators too, which go on where the last range stopped; its
// Checkpoint is exact after each association and can be resumed from by another
// process; its Prefetch option fetches pages while the consumer works.
//
// A list ends with its last page or with an error. An answer that is not
// provably whole, one JSON object in a 200 that was read to its end, is never
// taken for a page.
//
// # Errors
//
// Every error of a call that a [Client] makes is one line of at most 1 KiB with operation, status,
// code, request id and the number of attempts, where there are such; only
// [smithy.InvalidParamsError] keeps its own form. The five exceptions of the
// service are types of this package; [Client.ListDataIntegrationAssociations]
// lists the rest. A proxy's bare 404 or 403 is no [ResourceNotFoundException]
// or [AccessDeniedException]: it says nothing of the data integration.
//
// # Retries
//
// A call makes up to three attempts. Faults of the connection, answers that are
// cut or mangled, and transient statuses are retried, the first time within 50
// milliseconds; a throttle after up to a second. What Retry-After asks for is
// waited for, up to 20 seconds. Each endpoint has a budget of retries, so that
// an outage is not met with more load. Once the service has throttled, a client
// paces its attempts by what passes, unless Options.RetryMode is standard. All
// of this is the default Retryer's; one of your own in Options.Retryer decides
// instead.
//
// # Testing
//
// Package appintegrationstest is a fake of the service that verifies
// signatures, keeps quotas and fails on demand. [ListDataIntegrationAssociationsAPIClient]
// is the interface for mocks.
//
// # Compatibility
//
// The package is source-compatible with
// github.com/aws/aws-sdk-go-v2/service/appintegrations v1.37.11 for this
// operation: swap the import path of the package and of its types. Left out, so
// that using them is a compile error, are AuthSchemeResolver, AuthSchemes,
// AuthSchemePreference, IdempotencyTokenProvider, Options.GetIdentityResolver,
// ResolveEndpoint, and the deprecated EndpointResolver with what belongs to it.
// CHANGELOG.md lists where the behaviour differs and why.
package appintegrations
