// A lender's server: signs in with client credentials, and decides what people applied for.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { answerOf, longan, printedBy } from "./command.js";
import { partner } from "./documents.js";
import { HOUSE } from "./people.js";

/** Client and secret of a partner's test client; those who had its secret before have it no more. */
export async function testClient(code) {
  const issued = await printedBy(longan(process.env.LONGAN_VAR, {}, "clients", "test", code));
  const [clientId, clientSecret] = ["client", "secret"].map((name) => issued.match(new RegExp(`^${name} +(\\S+)$`, "m"))[1]);
  return { clientId, clientSecret };
}

export class Lender {
  /** As the demo bank's server, or as whoever these credentials are of. */
  async signIn(credentials) {
    const known = credentials ?? (await answerOf(longan(process.env.LONGAN_VAR, {}, "dev", "credentials"))).partner;
    const { clientId, clientSecret, partnerId } = known;
    const answer = await fetch(`${HOUSE}/oauth/token`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
      body: new URLSearchParams({ grant_type: "client_credentials" }),
    });
    assert.equal(answer.status, 200);
    this.id = partnerId;
    this.token = (await answer.json()).access_token;
    return this;
  }

  /** Approves with these terms, or declines where there are none. */
  async decide(applicationId, { terms, reasons } = {}) {
    const outcome = terms ? "APPROVE" : "DECLINE";
    const { decideApplication } = await this.#send(partner.DecideApplication, { applicationId, outcome, terms, reasons });
    return decideApplication;
  }

  /** Puts a product up, that nobody is shown yet; its id. */
  async offer(product) {
    const document = "mutation ($input: UpsertProductInput!) { upsertProduct(input: $input) { ... on Product { id } } }";
    return (await this.#send(document, product)).upsertProduct.id;
  }

  /** Lets this happen in a test client's world; the id of what it happened to. */
  async simulate(event, ids) {
    const { simulate } = await this.#send(partner.Simulate, { event, ...ids });
    assert.equal(simulate.__typename, "Simulated", JSON.stringify(simulate));
    return simulate.id;
  }

  async #send(query, told) {
    return this.post({ query, variables: { input: { ...told, idempotencyKey: randomUUID() } } });
  }

  /** The data that a request brings, where nothing may go wrong at the top. */
  async post(request) {
    const response = await fetch(`${HOUSE}/partner/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.token}` },
      body: JSON.stringify(request),
    });
    const { data, errors } = await response.json();
    assert.equal(errors, undefined);
    return data;
  }
}
