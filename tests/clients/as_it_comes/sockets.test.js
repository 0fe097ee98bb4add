// Subscriptions, as the graphql-ws client holds them over graphql-transport-ws.
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { app } from "../shared/documents.js";
import { Lender } from "../shared/partner.js";
import { ADULT, GRAPHQL, Phone, somebodyScored } from "../shared/people.js";
import { productsByTitle } from "../shared/reading.js";

const SOCKET = GRAPHQL.replace("http", "ws");
const EVERYDAY = "日常消费借款"; // of the demo bank, which decides by itself
const clients = [];

function clientFor(phone, { locale = "en", ...more } = {}) {
  const connectionParams = { locale, ...(phone.token && { authorization: `Bearer ${phone.token}` }) };
  const client = createClient({ url: SOCKET, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams, ...more });
  clients.push(client);
  return client;
}

after(() => Promise.all(clients.map((client) => client.dispose())));

/** The events of a contract's subscription; each as its one root field. */
async function* listen(client, name, variables) {
  for await (const { data, errors } of client.iterate({ query: app[name], operationName: name, variables })) {
    if (errors) throw Object.assign(new Error("told of errors"), { errors });
    yield Object.values(data)[0];
  }
}

const next = async (events) => (await events.next()).value;

/** The first event from here on that is what one waits for. */
async function nextWhere(events, isIt) {
  for (;;) {
    const event = await next(events);
    assert.ok(event, "the subscription goes on");
    if (isIt(event)) return event;
  }
}

test("scoreChanged tells the state of now, and a score once something is linked", async () => {
  const phone = await new Phone().signIn();
  await phone.send("UpdateProfile", { input: ADULT });
  const events = listen(clientFor(phone), "ScoreChanged");

  const { viewer } = await next(events);
  assert.equal(viewer.id, phone.session.viewer.id);
  assert.deepEqual([viewer.scoring.state, viewer.score], ["NOTHING_LINKED", null]);

  const { linkedAt } = await phone.link("wechat", "steady-shopper");
  const ready = await nextWhere(events, ({ viewer: { scoring } }) => scoring.state === "READY");
  assert.ok(new Date(ready.viewer.score.asOf) >= new Date(linkedAt));
  const { score } = await phone.send("Home");
  const { id, grade, points, asOf } = score;
  assert.deepEqual(ready.viewer.score, { id, grade, points, asOf });
  await events.return();
});

test("scoreChanged speaks the language of connection_init", async () => {
  const phone = await new Phone().signIn();
  const sentence = async (locale) => {
    const events = listen(clientFor(phone, { locale }), "ScoreChanged");
    const { viewer } = await next(events);
    await events.return();
    return viewer.scoring.message;
  };
  assert.match(await sentence("en"), /^[\x20-\x7e]+$/);
  assert.match(await sentence("zh-CN"), /\p{Script=Han}/u);
});

test("two subscriptions of one person on one socket both hear, and a reconnect loses nothing", async () => {
  const phone = await new Phone().signIn();
  const client = clientFor(phone);
  const pair = [listen(client, "ScoreChanged"), listen(client, "ScoreChanged")];
  for (const events of pair) assert.equal((await next(events)).viewer.scoring.state, "NOTHING_LINKED");
  await phone.link("wechat", "gig-driver");
  for (const events of pair) await nextWhere(events, ({ viewer }) => viewer.score);
  client.terminate();

  const again = listen(clientFor(phone), "ScoreChanged");
  assert.equal((await next(again)).viewer.scoring.state, "READY");
  await again.return();
});

test("queries on a long-lived socket never answer what was true before", async () => {
  const phone = await new Phone().signIn();
  const client = clientFor(phone);
  const regionNow = async () => {
    const query = "{ viewer { profile { region } } }";
    for await (const { data } of client.iterate({ query })) return data.viewer.profile.region;
  };
  // A lasting subscription keeps the lazy socket open between the queries.
  const events = listen(client, "ScoreChanged");
  await next(events);
  assert.equal(await regionNow(), null);
  await phone.send("UpdateProfile", { input: { region: "CN-BJ" } });
  assert.equal(await regionNow(), "CN-BJ");
  await events.return();
});

test("a subscription and its socket end with their session", async () => {
  const phone = await new Phone().signIn();
  const events = listen(clientFor(phone), "ScoreChanged");
  await next(events);
  await phone.send("SignOut");
  await assert.rejects(next(events), { code: 4401, reason: "SESSION_ENDED" });
});

test("without a token a subscription is refused, while the socket stays open for what is public", async () => {
  const client = clientFor(new Phone());
  await assert.rejects(
    next(listen(client, "ScoreChanged")),
    ({ errors }) => errors[0].extensions.code === "UNAUTHENTICATED" && errors[0].extensions.requestId.length > 8,
  );
  for await (const { data } of client.iterate({ query: "{ products(first: 1) { edges { node { id } } } }" })) {
    assert.equal(data.products.edges.length, 1);
  }
});

test("a token that is nobody's closes the socket with 4401", async () => {
  const events = listen(clientFor({ token: "nobody.knows.this" }), "ScoreChanged");
  await assert.rejects(next(events), { code: 4401 });
});

test("the token of a session that is over closes the socket with 4401", async () => {
  const phone = await new Phone().signIn();
  await phone.send("SignOut");
  await assert.rejects(next(listen(clientFor(phone), "ScoreChanged")), { code: 4401 });
});

test("a page of another origin gets no socket", async () => {
  class Elsewhere extends WebSocket {
    constructor(address, protocols) {
      super(address, protocols, { origin: "https://elsewhere.example" });
    }
  }
  const client = clientFor(new Phone(), { webSocketImpl: Elsewhere });
  await assert.rejects(next(client.iterate({ query: "{ __typename }" })), ({ message }) => /403/.test(message));
});

test("the legacy protocol and no protocol get no socket", async () => {
  for (const protocols of [["graphql-ws"], []]) {
    const socket = new WebSocket(SOCKET, protocols);
    const code = await new Promise((ended) => {
      socket.on("close", ended);
      socket.on("error", () => {}); // whatever it says, it is closed afterwards
    });
    assert.ok(code === 4406 || code === 1006, `closed with ${code}`);
  }
});

test("a document that is wrong is told to its operation, and the socket lives on", async () => {
  const client = clientFor(new Phone());
  await assert.rejects(next(client.iterate({ query: "subscription { noSuchThing }" })), ([error]) => {
    return error.extensions.code === "BAD_REQUEST" && /noSuchThing/.test(error.message);
  });
});

test("applicationChanged tells of the partner's answer and of a withdrawal, to its owner alone", async () => {
  const phone = await somebodyScored("steady-shopper");
  const other = await new Phone().signIn();
  const lender = await new Lender().signIn();
  const product = (await productsByTitle(phone))[EVERYDAY];
  assert.equal(product.partner.id, lender.id);
  const { id, status, promisedBy } = await phone.apply(product);
  assert.equal(status, "SUBMITTED");
  assert.ok(Math.abs(new Date(promisedBy) - Date.now() - 15 * 60_000) < 60_000);

  const events = listen(clientFor(phone), "ApplicationChanged", { id });
  assert.deepEqual(await next(events), { id, status: "SUBMITTED", decision: null, offer: null });
  await assert.rejects(
    next(listen(clientFor(other), "ApplicationChanged", { id })),
    ({ errors }) => errors[0].extensions.code === "BAD_REQUEST",
  );

  const terms = { amount: product.amountMin, termMonths: 3, annualRate: "0.12" };
  const decided = await lender.decide(id, { terms });
  assert.equal(decided.status, "APPROVED");
  const approved = await next(events);
  assert.deepEqual([approved.status, approved.decision.outcome], ["APPROVED", "APPROVE"]);
  assert.ok(approved.offer.id);

  await phone.send("WithdrawApplication", { input: { applicationId: id } });
  assert.equal((await next(events)).status, "WITHDRAWN");
  await events.return();
});
