// How a Node.js project tests its code with the fake: the AWS SDK for JavaScript
// in $JS against the program in $FAKESERVER, which each test starts with the
// faults that it needs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";

const sdk = createRequire(join(process.env.JS, "package.json"))("@aws-sdk/client-appintegrations");

// fake starts the program for the length of a test.
async function fake(t, ...flags) {
  const child = spawn(process.env.FAKESERVER, flags, { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "close");
  t.after(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  let log = "";
  child.stderr.on("data", (text) => (log += text));
  const env = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name, value] = /^export (\w+)='?([^']*)'?$/.exec(line);
    env[name] = value;
    if (name === "AWS_SESSION_TOKEN") break;
  }
  const client = new sdk.AppIntegrationsClient({
    endpoint: env.AWS_ENDPOINT_URL_APPINTEGRATIONS,
    region: env.AWS_REGION,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
  });
  t.after(() => client.destroy());
  const stop = async () => {
    child.kill("SIGTERM");
    assert.deepEqual(await exited, [0, null]);
    return log;
  };
  return { client, stop };
}

async function associations(client, identifier) {
  const found = [];
  const pages = sdk.paginateListDataIntegrationAssociations({ client }, { DataIntegrationIdentifier: identifier });
  for await (const page of pages) found.push(...page.DataIntegrationAssociations);
  return found;
}

const count = (text, part) => text.split(part).length - 1;

test("all pages", async (t) => {
  const { client, stop } = await fake(t, "-associations", "60");
  const ids = (await associations(client, "example")).map((a) => a.ClientId);
  assert.deepEqual(ids, Array.from({ length: 60 }, (_, i) => `connect-instance-${String(i + 1).padStart(3, "0")}`));
  assert.equal(count(await stop(), " GET "), 3);
});

for (const fault of ["throttle", "gateway-throttle", "gateway-timeout", "reset"]) {
  test(`survives ${fault}`, async (t) => {
    const { client, stop } = await fake(t, "-associations", "60", "-fault", fault + ",page=2");
    assert.equal((await associations(client, "example")).length, 60);
    assert.equal(count(await stop(), "fault: "), 1);
  });
}

for (const [fault, name] of [
  ["denied", "AccessDeniedException"],
  ["gateway-waf", "ForbiddenException"],
  ["expired-token", "ExpiredTokenException"],
  ["error=ResourceNotFoundException,message=gone", "ResourceNotFoundException"],
]) {
  test(`fails with ${name}`, async (t) => {
    const { client } = await fake(t, "-fault", fault + ",times=always");
    await assert.rejects(associations(client, "example"), { name });
  });
}

test("name, id and ARN list the same", async (t) => {
  const { client } = await fake(t, "-data-integration", "crm", "-data-integration", "orders");
  const { DataIntegrations } = await client.send(new sdk.ListDataIntegrationsCommand({}));
  assert.deepEqual(DataIntegrations.map((d) => d.Name), ["crm", "orders"]);
  for (const { Name, Arn } of DataIntegrations) {
    const byName = await associations(client, Name);
    assert.equal(byName.length, 7);
    assert.deepEqual(await associations(client, Arn), byName);
    assert.deepEqual(await associations(client, Arn.split("/")[1]), byName);
  }
});
