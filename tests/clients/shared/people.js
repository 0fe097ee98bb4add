// People with a phone, as the app sees them: each signs up anew, so that no test meets another's leftovers.
import assert from "node:assert/strict";
import { randomInt, randomUUID } from "node:crypto";

import { app } from "./documents.js";
import { until } from "./polling.js";

export const HOUSE = process.env.LONGAN_URL;
export const GRAPHQL = `${HOUSE}/graphql`;
export const [APP_REDIRECT] = JSON.parse(process.env.LONGAN_LINK_REDIRECTS ?? '["longan://linked"]');
export const newKey = () => randomUUID();
export const newPhone = () => `+86138${String(randomInt(10 ** 8)).padStart(8, "0")}`;

/** What was sent to this number, newest first. */
async function messagesTo(number) {
  return (await fetch(`${HOUSE}/dev/messages?to=${encodeURIComponent(number)}`)).json();
}

export class Phone {
  constructor({ number = newPhone(), locale = "en" } = {}) {
    this.number = number;
    this.locale = locale;
  }

  get headers() {
    const proof = this.token ? { authorization: `Bearer ${this.token}` } : {};
    return { "accept-language": this.locale, ...proof };
  }

  /** What the contract's document of this name answers, whatever it answers. */
  async ask(name, variables = {}) {
    const response = await fetch(GRAPHQL, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json", ...this.headers },
      body: JSON.stringify({ query: app[name], operationName: name, variables }),
    });
    return { status: response.status, headers: response.headers, ...(await response.json()) };
  }

  /** The one root field of that document, where nothing may go wrong at the top. */
  async send(name, variables) {
    const { status, errors, data } = await this.ask(name, variables);
    assert.equal(errors, undefined);
    assert.equal(status, 200);
    const [answer] = Object.values(data);
    return answer;
  }

  async requestCode() {
    this.codesSeen = (await messagesTo(this.number)).length;
    return this.send("RequestPhoneCode", { input: { phone: this.number } });
  }

  /** The code that arrives after the last request. */
  async readCode() {
    return until("a code arrives", async () => {
      const messages = await messagesTo(this.number);
      return messages.length > (this.codesSeen ?? 0) && messages[0].code;
    });
  }

  async signIn() {
    const challenge = await this.requestCode();
    const code = await this.readCode();
    const input = { challengeId: challenge.id, code, deviceName: "a test's phone", idempotencyKey: newKey() };
    const session = await this.send("SignIn", { input });
    assert.equal(session.__typename, "Session");
    this.token = session.accessToken;
    this.session = session;
    return this;
  }

  /** Proves by a code that this is still them. */
  async stepUp() {
    this.codesSeen = (await messagesTo(this.number)).length;
    await this.send("RequestPhoneCode", { input: { phone: this.number, purpose: "STEP_UP" } });
    const input = { kind: "CODE", response: await this.readCode() };
    const { __typename } = await this.send("StepUp", { input });
    assert.equal(__typename, "SteppedUp");
  }

  async link(provider, persona) {
    const callbackUrl = await this.callbackFrom(provider, persona);
    return this.send("CompleteAccountLink", { input: { callbackUrl } });
  }

  /** Where a sandbox provider sends this persona back to. */
  async callbackFrom(provider, persona) {
    const request = await this.send("StartAccountLink", { input: { provider, redirectUri: APP_REDIRECT } });
    assert.equal(request.__typename, "AccountLinkRequest");
    const sent = await fetch(`${request.authorizationUrl}&persona=${persona}`, { redirect: "manual" });
    assert.equal(sent.status, 302);
    return sent.headers.get("location");
  }

  /** Home, when the score and the membership know everything that was linked until then. */
  async scored({ since }) {
    return until("a score is made", async () => {
      const viewer = await this.send("Home");
      const isReady = viewer.scoring.state === "READY" && new Date(viewer.score.asOf) >= new Date(since);
      return isReady && viewer.membership && viewer;
    });
  }

  async apply(product, changes = {}) {
    const wish = { productId: product.id, amount: product.amountMin, termMonths: product.termMonths[0] };
    return this.send("Apply", { input: { ...wish, share: ["SCORE_CHECK"], idempotencyKey: newKey(), ...changes } });
  }
}

const CURRENCY = process.env.LONGAN_CURRENCY ?? "CNY";
export const ADULT = {
  birthDate: "1994-02-03",
  region: "CN-SH",
  occupation: "employee",
  monthlyIncome: { amount: { CNY: "9000.00", JPY: "300000" }[CURRENCY], currency: CURRENCY },
};

/** Somebody signed in, who said who she is and linked what the persona has; her score is made. */
export async function somebodyScored(persona = "steady-shopper", providers = ["wechat", "taobao", "oidc"]) {
  const phone = await new Phone().signIn();
  await phone.send("UpdateProfile", { input: ADULT });
  let account;
  for (const provider of providers) account = await phone.link(provider, persona);
  phone.home = await phone.scored({ since: account.linkedAt });
  return phone;
}

/** Somebody whose income nobody knows, so that the rules refer them to a reviewer; and what they applied for. */
export async function referred() {
  const phone = await new Phone().signIn();
  const { monthlyIncome, ...told } = ADULT;
  await phone.send("UpdateProfile", { input: told });
  const account = await phone.link("wechat", "steady-shopper");
  await phone.scored({ since: account.linkedAt });
  const products = await phone.send("Products", { kind: "LOAN", first: 100 });
  const product = products.edges.map(({ node }) => node).find(({ title }) => title === "启程小额借款");
  const application = await phone.apply(product, { amount: product.amountMax });
  assert.equal(application.status, "IN_REVIEW");
  return { phone, application };
}
