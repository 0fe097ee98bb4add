// Relay's compiler, which refuses schemas whose connections, nodes and ids are not what Relay expects.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildClientSchema, getIntrospectionQuery, printSchema } from "graphql";

import { GRAPHQL } from "../shared/people.js";

const COMPILER = fileURLToPath(new URL("../node_modules/relay-compiler/cli.js", import.meta.url));
const DOCUMENTS = `
  graphql\`
    fragment app_matches on User
    @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" })
    @refetchable(queryName: "appMatchesPaginationQuery") {
      matches(first: $first, after: $after) @connection(key: "app_matches") {
        edges { node { id oddsBand product { id title } } }
      }
    }\`;
  graphql\`
    fragment app_application on Application @refetchable(queryName: "appApplicationRefetchQuery") {
      status
      decision { outcome }
    }\`;
  graphql\`
    query appHomeQuery {
      viewer { id ...app_matches applications(first: 5) @connection(key: "app_applications") {
        edges { node { ...app_application } }
      } }
    }\`;
  graphql\`
    mutation appApplyMutation($input: ApplyInput!, $lists: [ID!]!) {
      apply(input: $input) {
        ... on Application {
          application @prependNode(connections: $lists, edgeTypeName: "ApplicationEdge") { ...app_application }
          viewer { applications(first: 1) { totalCount } }
        }
        ... on Refusal { code message }
      }
    }\`;
  graphql\`
    mutation appPreferMutation($input: SetMatchPreferenceInput!) {
      setMatchPreference(input: $input) { ... on Matching { viewer { ...app_matches } } ... on Refusal { code message } }
    }\`;
  graphql\`subscription appApplicationSubscription($id: ID!) {
    applicationChanged(id: $id) { ...app_application }
  }\`;
`;
const ARTIFACTS = [
  "appApplicationRefetchQuery",
  "appApplicationSubscription",
  "appApplyMutation",
  "appHomeQuery",
  "appMatchesPaginationQuery",
  "appPreferMutation",
  "app_application",
  "app_matches",
];

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "longan-relay-"));
});
after(() => rm(folder, { recursive: true, force: true }));

test("relay-compiler compiles connections, refetchable fragments, mutations and a subscription", async () => {
  await mkdir(join(folder, "src"));
  await writeFile(join(folder, "schema.graphql"), await servedSchema());
  await writeFile(join(folder, "src", "app.js"), DOCUMENTS);
  const configuration = { src: "src", schema: "schema.graphql", language: "typescript" };
  await writeFile(join(folder, "relay.config.json"), JSON.stringify(configuration));

  await promisify(execFile)(process.execPath, [COMPILER], { cwd: folder });
  const written = await readdir(join(folder, "src", "__generated__"));
  assert.deepEqual(written.map((file) => file.replace(".graphql.ts", "")).sort(), ARTIFACTS);
});

/** The schema as a client reads it from the server. */
async function servedSchema() {
  const body = JSON.stringify({ query: getIntrospectionQuery({ oneOf: true }) });
  const response = await fetch(GRAPHQL, { method: "POST", headers: { "content-type": "application/json" }, body });
  return printSchema(buildClientSchema((await response.json()).data));
}
