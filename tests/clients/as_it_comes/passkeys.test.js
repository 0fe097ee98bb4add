// Passkeys in a real browser: a virtual authenticator makes one and signs with it, as WebAuthn's JSON goes to and fro.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import puppeteer from "puppeteer-core";

import { browserPath } from "../shared/browser.js";
import { MS_MAX } from "../shared/patience.js";
import { HOUSE, newKey, Phone } from "../shared/people.js";

const STEP_UP_OPTIONS = "{ viewer { stepUpOptions } }";
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) {
  __typename ... on SecondFactorRequired { challengeId methods options } } }`;

let browser, page, devtools, authenticatorId;

before(async () => {
  browser = await puppeteer.launch({
    executablePath: await browserPath(),
    timeout: MS_MAX,
    protocolTimeout: MS_MAX,
    args: ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost", "--disable-background-networking"],
  });
  page = await browser.newPage();
  // A relying party has a name, and this house's is localhost.
  await page.goto(`${HOUSE.replace("127.0.0.1", "localhost")}/healthz`);
  devtools = await page.createCDPSession();
  await devtools.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true };
  ({ authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: { ...options, isUserVerified: true, automaticPresenceSimulation: true },
  }));
});

after(() => browser?.close());

/** What the browser answers to these options, as JSON. */
const created = (options) =>
  page.evaluate(async (json) => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(json));
    return JSON.stringify(await navigator.credentials.create({ publicKey }));
  }, options);
const signed = (options) =>
  page.evaluate(async (json) => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(json));
    return JSON.stringify(await navigator.credentials.get({ publicKey }));
  }, options);

async function post(phone, query, variables) {
  const response = await fetch(`${HOUSE}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...phone.headers },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()).data;
}

test("a passkey is made, signs in further, and steps up once a signature", async () => {
  const phone = await new Phone().signIn();
  const enrolment = await phone.send("EnrolSecondFactor", { input: { kind: "PASSKEY", idempotencyKey: newKey() } });
  const response = await created(enrolment.options);
  const confirmed = await phone.send("ConfirmSecondFactor", { input: { enrolmentId: enrolment.id, response } });
  assert.equal(confirmed.__typename, "User");
  const { credentials } = await devtools.send("WebAuthn.getCredentials", { authenticatorId });
  assert.deepEqual(credentials.map((each) => each.rpId), ["localhost"]);

  const asked = (await post(phone, STEP_UP_OPTIONS)).viewer.stepUpOptions;
  const proof = await signed(asked);
  const stepped = await phone.send("StepUp", { input: { kind: "PASSKEY", response: proof } });
  assert.equal(stepped.__typename, "SteppedUp");
  const again = await phone.send("StepUp", { input: { kind: "PASSKEY", response: proof } });
  assert.equal(again.code, "CODE_WRONG");

  const other = new Phone({ number: phone.number });
  const challenge = await other.requestCode();
  const input = { challengeId: challenge.id, code: await other.readCode(), deviceName: "another", idempotencyKey: newKey() };
  const half = (await post(other, SIGN_IN, { input })).signIn;
  assert.deepEqual([half.__typename, half.methods], ["SecondFactorRequired", ["PASSKEY"]]);
  const session = await other.send("AnswerSecondFactor", {
    input: {
      challengeId: half.challengeId,
      kind: "PASSKEY",
      response: await signed(half.options),
      deviceName: "another",
      idempotencyKey: newKey(),
    },
  });
  assert.equal(session.__typename, "Session");
});
