// What a partner's server receives, checked by the specification's own verifier in another language.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import test, { after, before } from "node:test";
import { Webhook } from "standardwebhooks";

import { longan, printedBy } from "../shared/command.js";
import { partner as documents } from "../shared/documents.js";
import { Lender, testClient } from "../shared/partner.js";
import { somebodyScored } from "../shared/people.js";
import { until } from "../shared/polling.js";
import { productsByTitle } from "../shared/reading.js";

const [AUTHORITY] = JSON.parse(process.env.LONGAN_WEBHOOK_ALLOW);
const EVERYDAY = "日常消费借款"; // of the demo bank, which decides by itself
const TYPES = ["APPLICATION_SUBMITTED", "APPLICATION_DECIDED", "APPLICATION_WITHDRAWN"];
const CONTRACT = await readFile(new URL("../../contract/partner.graphqls", import.meta.url), "utf8");
const PROMISED = CONTRACT.match(/enum EventType \{([^}]*)\}/)[1].replace(/#.*$/gm, "").trim().split(/\s+/);
const TESTER = "yanxia-homes"; // whose test client nobody else here uses

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
  hook = await listen(lender, TYPES);
});

after(async () => {
  await leave(lender, hook);
  server.close();
});

async function listen(whose, eventTypes) {
  const input = { url: `http://${AUTHORITY}/longan`, eventTypes, idempotencyKey: randomUUID() };
  const made = (await whose.post({ query: documents.CreateWebhookEndpoint, variables: { input } })).createWebhookEndpoint;
  assert.equal(made.__typename, "WebhookEndpointCreated");
  return made;
}

async function leave(whose, { endpoint }) {
  const input = { webhookEndpointId: endpoint.id };
  await whose.post({ query: documents.DeleteWebhookEndpoint, variables: { input } });
}

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

test("every event of the contract arrives, verifies, and brings the request that fetches what it is about", async () => {
  const tester = await new Lender().signIn(await testClient(TESTER));
  const money = (amount) => ({ amount, currency: "CNY" });
  const terms = { kind: "LOAN", title: "A loan", amountMin: money("1000"), amountMax: money("8000"), termMonths: [6], annualRate: "0.12" };
  const productId = await tester.offer({ sku: "events", ...terms, decision: "PARTNER", status: "PUBLISHED" });
  const applicationId = await tester.simulate("APPLICATION", { productId });
  await tester.simulate("DECISION", { applicationId });
  await tester.simulate("ACCEPTANCE", { applicationId });

  const all = await listen(tester, PROMISED);
  const before = received.length;
  const names = PROMISED.map((name) => name.toLowerCase().replace("_", "."));
  const said = await printedBy(longan(process.env.LONGAN_VAR, {}, "trigger", ...names, "--partner", TESTER));
  const ids = said.trim().split("\n").map((line) => line.split(/\s+/)[1]);
  const mine = () => received.slice(before).filter(({ headers }) => ids.includes(headers["webhook-id"]));
  await until("all of them are told", () => mine().length >= names.length);
  await leave(tester, all);

  const verified = mine().map(({ headers, body }) => new Webhook(all.secret).verify(body, headers));
  assert.deepEqual(verified.map(({ type }) => type).sort(), [...names].sort());
  for (const { type, data } of verified) {
    const { node } = await tester.post(data.fetch);
    // Of a voucher that nobody has; all else is there, by the id that the payload names.
    if (type === "benefit.redeemed") assert.deepEqual([node, typeof data.redemptionId], [null, "string"]);
    else assert.equal(node.id, data.drawDownId ?? data.agreementId ?? data.applicationId, type);
  }
});
