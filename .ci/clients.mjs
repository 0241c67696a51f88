// Lists a data integration with the AWS SDK for JavaScript v3, which is loaded
// from the folder in $JS. With HTTP2 set it uses the handler for HTTP/2.
//
// Prints "listed N DIGEST", where N counts different associations, or "refused
// CODE". The identifier is the first argument; endpoint, key and Region come from
// the environment.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.JS, "package.json"));
const sdk = require("@aws-sdk/client-appintegrations");
const { NodeHttp2Handler } = require("@smithy/node-http-handler");
const client = new sdk.AppIntegrationsClient({
  endpoint: process.env.AWS_ENDPOINT_URL_APPINTEGRATIONS,
  ...(process.env.HTTP2 ? { requestHandler: new NodeHttp2Handler() } : {}),
});
// The handler lets go of its session between two pages, and Node.js would end.
const alive = setInterval(() => {}, 1000);
const arns = new Set();
try {
  const pages = sdk.paginateListDataIntegrationAssociations({ client }, { DataIntegrationIdentifier: process.argv[2] });
  for await (const page of pages) {
    for (const a of page.DataIntegrationAssociations) arns.add(a.DataIntegrationAssociationArn);
  }
  const text = [...arns].sort().map((arn) => arn + "\n").join("");
  console.log("listed", arns.size, createHash("sha256").update(text).digest("hex").slice(0, 8));
} catch (e) {
  console.log("refused", e.name);
} finally {
  clearInterval(alive);
  client.destroy();
}
