// Linking against a standard OpenID provider that nobody here wrote.
import assert from "node:assert/strict";
import test, { after } from "node:test";

import { Browser, CALLBACKS, openBank } from "../shared/openid.js";
import { ADULT, Phone } from "../shared/people.js";
import { until } from "../shared/polling.js";

const ISSUER = process.env.LONGAN_PROVIDERS__OIDC__ISSUER;
let bank;
after(() => bank?.close());

async function start(phone, redirectUri = CALLBACKS[1]) {
  return phone.send("StartAccountLink", { input: { provider: "oidc", redirectUri } });
}

async function callback(phone, login, redirectUri) {
  const { authorizationUrl } = await start(phone, redirectUri);
  return new Browser().agree(authorizationUrl, login);
}

const complete = (phone, callbackUrl) => phone.send("CompleteAccountLink", { input: { callbackUrl } });

/** The same address with some of its parameters changed. */
function changed(address, parameters) {
  const url = new URL(address);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

const flipped = (text) => (text[0] === "A" ? "B" : "A") + text.slice(1);

function assertRefused(answer, code) {
  assert.deepEqual([answer.__typename, answer.code], ["Refused", code]);
  assert.ok(answer.message.length > 10);
}

async function assertNothingLinked(phone) {
  assert.deepEqual((await phone.send("Home")).linkedAccounts, []);
}

test("while the provider is away a link does not start, and says so", async () => {
  const phone = await new Phone().signIn();
  assertRefused(await start(phone), "PROVIDER_UNAVAILABLE");
});

test("the provider is listed under the name that it was given, and promises nothing simulated", async () => {
  const providers = await new Phone().send("AccountProviders");
  const { name, reads } = providers.find(({ key }) => key === "oidc");
  assert.equal(name, "Hillside Bank");
  assert.ok(reads.length > 0 && reads.every((sentence) => !sentence.includes("Simulated")));
});

test("a person signs in there, agrees, and the account is linked", async () => {
  bank = await openBank(ISSUER);
  const phone = await new Phone().signIn();
  await phone.send("UpdateProfile", { input: ADULT });
  const request = await start(phone);
  assert.equal(request.__typename, "AccountLinkRequest");
  const asked = new URL(request.authorizationUrl);
  assert.equal(asked.origin, ISSUER);
  const { state, nonce, code_challenge, ...rest } = Object.fromEntries(asked.searchParams);
  assert.deepEqual(rest, {
    client_id: "longan",
    redirect_uri: "longan://linked",
    response_type: "code",
    scope: "openid profile",
    code_challenge_method: "S256",
  });
  assert.ok(state.length >= 22 && nonce.length >= 22 && code_challenge.length === 43);

  const callbackUrl = await new Browser().agree(request.authorizationUrl, "ning");
  const account = await complete(phone, callbackUrl);
  assert.deepEqual({ ...account, id: null, linkedAt: null }, {
    __typename: "LinkedAccount",
    id: null,
    provider: { key: "oidc", name: "Hillside Bank" },
    displayName: "ning of the hillside",
    status: "ACTIVE",
    linkedAt: null,
  });

  // A real provider gives no history, so the person is told where she stands, with or without a score.
  const { scoring, score } = await until("her standing is known", async () => {
    const home = await phone.send("Home");
    return home.scoring.state !== "WORKING" && home;
  });
  assert.ok(["READY", "NOT_ENOUGH_KNOWN"].includes(scoring.state), scoring.state);
  assert.equal(score !== null, scoring.state === "READY");
});

test("an https address that was registered works as well", async () => {
  const phone = await new Phone().signIn();
  const callbackUrl = await callback(phone, "on-the-web", CALLBACKS[0]);
  assert.ok(callbackUrl.startsWith("https://app.longan.example/linked?code="));
  assert.equal((await complete(phone, callbackUrl)).status, "ACTIVE");
});

test("an address that was not registered does not", async () => {
  const phone = await new Phone().signIn();
  for (const redirectUri of ["https://app.longan.example/linked/../stolen", "https://elsewhere.example/linked"]) {
    const refused = await start(phone, redirectUri);
    assertRefused(refused, "INVALID");
    assert.deepEqual(refused.field, ["input", "redirectUri"]);
  }
});

test("the same callback in the same session is the same account, and the provider isn't asked again", async () => {
  const phone = await new Phone().signIn();
  const callbackUrl = await callback(phone, "twice");
  const first = await complete(phone, callbackUrl);
  assert.equal(first.__typename, "LinkedAccount");
  const asked = bank.used.get("/token");
  const [again, ...others] = await Promise.all([1, 2, 3].map(() => complete(phone, callbackUrl)));
  assert.deepEqual([again, ...others], [first, first, first]);
  assert.equal(bank.used.get("/token"), asked);
});

test("several completions at once exchange the code once", async () => {
  const phone = await new Phone().signIn();
  const callbackUrl = await callback(phone, "at-once");
  const asked = bank.used.get("/token");
  const [first, ...others] = await Promise.all([1, 2, 3, 4, 5].map(() => complete(phone, callbackUrl)));
  assert.equal(first.__typename, "LinkedAccount");
  for (const other of others) assert.deepEqual(other, first);
  assert.equal(bank.used.get("/token"), asked + 1);
});

test("a wrong state is refused, and the right one still works", async () => {
  const phone = await new Phone().signIn();
  const callbackUrl = await callback(phone, "stately");
  const { searchParams } = new URL(callbackUrl);
  const state = flipped(searchParams.get("state"));
  assertRefused(await complete(phone, changed(callbackUrl, { state })), "NOT_FOUND");
  await assertNothingLinked(phone);
  assert.equal((await complete(phone, callbackUrl)).status, "ACTIVE");
});

test("another session's callback is refused, also in another session of the same person", async () => {
  const phone = await new Phone().signIn();
  const callbackUrl = await callback(phone, "mine");
  const [stranger, tablet] = [await new Phone().signIn(), await new Phone({ number: phone.number }).signIn()];
  assert.equal(tablet.session.viewer.id, phone.session.viewer.id);
  for (const other of [stranger, tablet]) assertRefused(await complete(other, callbackUrl), "NOT_FOUND");
  await assertNothingLinked(stranger);
  assert.equal((await complete(phone, callbackUrl)).status, "ACTIVE");
});

test("a tampered code is refused by the provider, and the link must be started again", async () => {
  const phone = await new Phone().signIn();
  const callbackUrl = await callback(phone, "tampered");
  const code = flipped(new URL(callbackUrl).searchParams.get("code"));
  assertRefused(await complete(phone, changed(callbackUrl, { code })), "PROVIDER_REFUSED");
  assertRefused(await complete(phone, callbackUrl), "NOT_OPEN");
  await assertNothingLinked(phone);
});

test("a code that was stolen into another person's link is refused", async () => {
  const [victim, thief] = [await new Phone().signIn(), await new Phone().signIn()];
  const stolen = new URL(await callback(victim, "victim")).searchParams.get("code");
  const own = await callback(thief, "thief");
  assertRefused(await complete(thief, changed(own, { code: stolen })), "PROVIDER_REFUSED");
  await assertNothingLinked(thief);
});

test("an answer of another issuer is refused", async () => {
  const phone = await new Phone().signIn();
  const callbackUrl = await callback(phone, "mixed-up");
  assert.equal(new URL(callbackUrl).searchParams.get("iss"), ISSUER);
  assertRefused(await complete(phone, changed(callbackUrl, { iss: "https://elsewhere.example" })), "PROVIDER_REFUSED");
  await assertNothingLinked(phone);
});

test("who turns away at the provider has linked nothing", async () => {
  const phone = await new Phone().signIn();
  const { authorizationUrl } = await start(phone);
  const callbackUrl = await new Browser().refuse(authorizationUrl);
  assert.equal(new URL(callbackUrl).searchParams.get("error"), "access_denied");
  const refused = await complete(phone, callbackUrl);
  assertRefused(refused, "PROVIDER_REFUSED");
  assert.match(refused.message, /did not give permission/);
  await assertNothingLinked(phone);
});

test("one account at the provider belongs to one person here, until it is unlinked", async () => {
  const [first, second] = [await new Phone().signIn(), await new Phone().signIn()];
  const { id: linkedAccountId } = await complete(first, await callback(first, "shared"));
  assertRefused(await complete(second, await callback(second, "shared")), "ACCOUNT_LINKED_ELSEWHERE");
  await first.send("UnlinkAccount", { input: { linkedAccountId } });
  assert.equal((await complete(second, await callback(second, "shared"))).status, "ACTIVE");
});
