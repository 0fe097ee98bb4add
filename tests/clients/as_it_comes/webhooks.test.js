// What a partner's server receives, checked by the specification's own verifier in another language.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import test, { after, before } from "node:test";
import { Webhook } from "standardwebhooks";

import { partner as documents } from "../shared/documents.js";
import { Lender } from "../shared/partner.js";
import { somebodyScored } from "../shared/people.js";
import { until } from "../shared/polling.js";
import { productsByTitle } from "../shared/reading.js";

const [AUTHORITY] = JSON.parse(process.env.LONGAN_WEBHOOK_ALLOW);
const EVERYDAY = "日常消费借款"; // of the demo bank, which decides by itself
const TYPES = ["APPLICATION_SUBMITTED", "APPLICATION_DECIDED", "APPLICATION_WITHDRAWN"];

let server; // of the lender
let lender;
let hook; // what createWebhookEndpoint answered
let id; // of the application
const received = []; // of others' applications too

const told = () => received.map(({ body }) => JSON.parse(body)).filter(({ data }) => data.applicationId === id);

before(async () => {
  server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    received.push({ headers: request.headers, body });
    response.end();
  }).listen(Number(AUTHORITY.split(":")[1]), "127.0.0.1");
  await once(server, "listening");
  lender = await new Lender().signIn();
  const input = { url: `http://${AUTHORITY}/longan`, eventTypes: TYPES, idempotencyKey: randomUUID() };
  hook = (await lender.post({ query: documents.CreateWebhookEndpoint, variables: { input } })).createWebhookEndpoint;
  assert.equal(hook.__typename, "WebhookEndpointCreated");
});

after(async () => {
  const input = { webhookEndpointId: hook.endpoint.id };
  await lender.post({ query: documents.DeleteWebhookEndpoint, variables: { input } });
  server.close();
});

test("what happens to an application arrives in order, verifies, and brings the request that fetches it", async () => {
  const person = await somebodyScored("steady-shopper");
  ({ id } = await person.apply((await productsByTitle(person))[EVERYDAY]));
  await until("the application is told", () => told().length > 0);

  const rotated = await lender.post({
    query: documents.RotateWebhookSecret,
    variables: { input: { webhookEndpointId: hook.endpoint.id, idempotencyKey: randomUUID() } },
  });
  await person.send("WithdrawApplication", { input: { applicationId: id } });
  await until("its end is told", () => told().some(({ type }) => type === "application.withdrawn"));

  const types = told().map(({ type }) => type);
  assert.deepEqual([types[0], types.at(-1)], ["application.submitted", "application.withdrawn"]);
  for (const { headers, body } of received) {
    const verified = new Webhook(hook.secret).verify(body, headers);
    assert.equal(verified.id, headers["webhook-id"]);
    assert.throws(() => new Webhook(hook.secret).verify(body.replace("application", "applicatiom"), headers));
    assert.throws(() => new Webhook(`whsec_${btoa("x".repeat(32))}`).verify(body, headers));
  }
  const last = received.find(({ headers }) => headers["webhook-id"] === told().at(-1).id);
  assert.ok(new Webhook(rotated.rotateWebhookSecret.secret).verify(last.body, last.headers), "the new secret signs too");

  const { node } = await lender.post(told().at(-1).data.fetch);
  assert.deepEqual([node.id, node.status], [id, "WITHDRAWN"]);
});

test("each delivery is seen with what became of it", async () => {
  const ids = new Set(told().map((each) => each.id));
  const statuses = await until("they are settled", async () => {
    const { webhookDeliveries } = await lender.post({ query: documents.WebhookDeliveries, variables: { first: 100 } });
    const own = webhookDeliveries.edges.map(({ node }) => node).filter(({ eventId }) => ids.has(eventId));
    return own.every(({ status }) => status !== "PENDING") && own.map(({ status, attempts }) => [status, attempts]);
  });
  assert.deepEqual(statuses, Array(ids.size).fill(["DELIVERED", 1]));
});
