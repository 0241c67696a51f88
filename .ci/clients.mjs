// Lists the data integration "example" with the AWS SDK for JavaScript v3, which
// is loaded from the folder that is the first argument.
//
// Prints "listed N", where N counts different associations, or "refused CODE".
// Endpoint, key and Region come from the environment.
import { createRequire } from "node:module";
import { join } from "node:path";

const sdk = createRequire(join(process.argv[2], "package.json"))("@aws-sdk/client-appintegrations");
const client = new sdk.AppIntegrationsClient({ endpoint: process.env.AWS_ENDPOINT_URL_APPINTEGRATIONS });
const arns = new Set();
try {
  const pages = sdk.paginateListDataIntegrationAssociations({ client }, { DataIntegrationIdentifier: "example" });
  for await (const page of pages) {
    for (const a of page.DataIntegrationAssociations) arns.add(a.DataIntegrationAssociationArn);
  }
  console.log("listed", arns.size);
} catch (e) {
  console.log("refused", e.name);
}
