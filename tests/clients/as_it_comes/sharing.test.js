// "Share my score" on a partner's own website, by an OAuth client that nobody here wrote and a browser without script.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import test, { after, before } from "node:test";
import * as oauth from "oauth4webapi";
import * as client from "openid-client";

import { openBrowser, openPage } from "../shared/browser.js";
import { answerOf, longan } from "../shared/command.js";
import { partner } from "../shared/documents.js";
import { pressKey, tabTo, typeInto } from "../shared/keyboard.js";
import { testClient } from "../shared/partner.js";
import { HOUSE, Phone, newKey, newPhone, somebodyScored } from "../shared/people.js";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const GUIDE = await readFile(new URL("../../../api/oauth/README.md", import.meta.url), "utf8");
const TESTER = "shanque-credit"; // whose test client nobody else here uses
let browser, shop, proof, config, back, guide;

before(async () => {
  browser = await openBrowser();
  shop = createServer((request, response) => response.setHeader("content-type", "text/html").end(`<p id="shop">${request.url.slice(0, 5)}</p>`));
  await once(shop.listen(0, "127.0.0.1"), "listening");
  back = `http://127.0.0.1:${shop.address().port}/back`;
  const { clientId, clientSecret } = (await answerOf(longan(process.env.LONGAN_VAR, {}, "dev", "credentials"))).partner;
  proof = { clientId, clientSecret };
  config = await registered(proof);
  guide = await guided({ ISSUER: HOUSE, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, BACK: back, LOCAL: "yes" });
});
after(async () => {
  await browser?.close();
  shop?.closeAllConnections();
  shop?.close();
});

/** What the library knows of us and of a client, to whose website people may be sent back. */
async function registered({ clientId, clientSecret }) {
  const said = longan(process.env.LONGAN_VAR, {}, "clients", "redirects", clientId, back);
  assert.equal((await once(said, "close"))[0], 0);
  const how = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };
  return client.discovery(new URL(HOUSE), clientId, clientSecret, client.ClientSecretBasic(), how);
}

/** What the guide's page says, as it stands there. */
async function guided(env) {
  const [, lines] = GUIDE.match(/```js\n(.*?)```/s);
  const body = lines.replace(/^import .*$/m, "").replaceAll("export async", "async");
  const AsyncFunction = guided.constructor;
  return new AsyncFunction("client", "process", `${body}; return { ask, take, renew };`)(client, { env });
}

/** What the website remembers of one visitor, and where it sends them. */
async function asked(more = {}, of = config) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const url = client.buildAuthorizationUrl(of, {
    redirect_uri: back,
    scope: "scores score_reports offline_access",
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    ...more,
  });
  return { url, checks: { pkceCodeVerifier, expectedState } };
}

async function opened(url, { language = "en", hasScript = false } = {}) {
  const page = await openPage(await browser.createBrowserContext(), { width: 390, height: 844, language });
  await page.setJavaScriptEnabled(hasScript);
  await page.goto(url.href, { waitUntil: "load" });
  return page;
}

async function press(page, selector) {
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.click(selector)]);
}

async function signIn(page, phone) {
  await page.$eval("input[name=phone]", (field) => (field.value = ""));
  await page.type("input[name=phone]", phone.number);
  phone.codesSeen = (await (await fetch(`${HOUSE}/dev/messages?to=${encodeURIComponent(phone.number)}`)).json()).length;
  await press(page, "input[name=phone] ~ button, form:has(input[name=phone]) button");
  await page.type("input[name=code]", await phone.readCode());
  await press(page, "form:has(input[name=code]) button");
}

const text = (page) => page.$eval("main", (main) => main.innerText);

async function check(tokens, atLeast) {
  const input = { consentToken: tokens.consent_token, purpose: "LENDING", atLeast, idempotencyKey: newKey() };
  const response = await client.fetchProtectedResource(config, tokens.access_token, new URL(`${HOUSE}/partner/graphql`), "POST", JSON.stringify({ query: partner.CheckScore, variables: { input } }), new Headers({ "content-type": "application/json" }));
  return (await response.json()).data.checkScore;
}

test("the guide's lines of openid-client and a phone's browser without script share a score, exactly as it was shown", async () => {
  const person = await somebodyScored();
  const { url, kept } = await guide.ask();
  const page = await opened(url);
  assert.match(await text(page), /asks about your score/);
  await signIn(page, person);
  const shown = await text(page);
  const { grade, points } = (await person.send("Home")).score;
  assert.ok(shown.includes(`your grade ${grade}, your ${points} points`), shown);
  await press(page, "button[value=yes]");
  const landed = new URL(page.url());
  assert.equal(landed.searchParams.get("iss"), HOUSE);
  const tokens = await guide.take(landed, kept);
  assert.match(tokens.consent_token, /^lct_/);
  for (const each of ["A", "B", "C", "D"]) assert.equal((await check(tokens, each)).answer, grade <= each ? "YES" : "NO");

  const renewed = await guide.renew(tokens.refresh_token);
  assert.notEqual(renewed.refresh_token, tokens.refresh_token);
  assert.equal((await check(renewed, grade)).answer, "YES");
  const looked = await client.tokenIntrospection(config, renewed.refresh_token);
  assert.deepEqual([looked.active, looked.token_use, looked.client_id, looked.scope], [true, "refresh_token", proof.clientId, "scores score_reports offline_access"]);
  assert.deepEqual(await client.tokenIntrospection(config, tokens.refresh_token), { active: false });
  const next = await guide.renew(renewed.refresh_token);
  await assert.rejects(guide.renew(tokens.refresh_token), { error: "invalid_grant" });
  await assert.rejects(guide.renew(next.refresh_token), { error: "invalid_grant" });
  assert.deepEqual([page.elsewhere, page.complaints], [[], []]);
});

test("a code that comes twice ends what came of it, and a no is access_denied", async () => {
  const person = new Phone();
  const { url, checks } = await asked({ scope: "scores" });
  const page = await opened(url);
  await signIn(page, person);
  assert.match(await text(page), /not enough is known about you yet/);
  await press(page, "button[value=yes]");
  const landed = new URL(page.url());
  const tokens = await client.authorizationCodeGrant(config, landed, checks);
  assert.equal(tokens.refresh_token, undefined);
  assert.equal((await check(tokens, "D")).answer, "UNKNOWN");
  await assert.rejects(client.authorizationCodeGrant(config, landed, checks), { error: "invalid_grant" });
  await assert.rejects(check(tokens, "D"));

  const again = await asked();
  const pushed = await client.buildAuthorizationUrlWithPAR(config, again.url.searchParams);
  assert.deepEqual([...pushed.searchParams.keys()].sort(), ["client_id", "request_uri"]);
  const other = await opened(pushed);
  await press(other, "button[value=no]");
  await assert.rejects(client.authorizationCodeGrant(config, new URL(other.url()), again.checks), { error: "access_denied" });
});

test("oauth4webapi finds it all by itself, and takes no other server's answer for ours", async () => {
  const issuer = new URL(HOUSE);
  const allowed = { [oauth.allowInsecureRequests]: true };
  const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...allowed }));
  const { url, checks } = await asked({ scope: "scores" });
  const page = await opened(url);
  await signIn(page, new Phone({ number: newPhone() }));
  await press(page, "button[value=yes]");
  const us = { client_id: proof.clientId };
  const landed = new URL(page.url());
  const mixed = new URL(landed);
  mixed.searchParams.set("iss", "https://elsewhere.example");
  assert.throws(() => oauth.validateAuthResponse(server, us, mixed, checks.expectedState));
  assert.throws(() => oauth.validateAuthResponse(server, us, landed, "another"));
  const parameters = oauth.validateAuthResponse(server, us, landed, checks.expectedState);
  const exchange = (verifier) => oauth.authorizationCodeGrantRequest(server, us, oauth.ClientSecretBasic(proof.clientSecret), parameters, back, verifier, allowed);
  const injected = await exchange(oauth.generateRandomCodeVerifier());
  assert.deepEqual([injected.status, (await injected.json()).error], [400, "invalid_grant"]);
  const tokens = await oauth.processAuthorizationCodeResponse(server, us, await exchange(checks.pkceCodeVerifier));
  assert.match(tokens.consent_token, /^lct_/);
});

test("whoever set up a passkey signs in with it", async () => {
  const person = await new Phone().signIn();
  const { url } = await asked({ scope: "scores" });
  url.hostname = "localhost"; // a relying party has a name, and this house's is that
  const page = await openPage(await browser.createBrowserContext(), { width: 390, height: 844, language: "en" });
  await page.goto(new URL("/healthz", url).href);
  const devtools = await page.createCDPSession();
  await devtools.send("WebAuthn.enable");
  const held = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true };
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: { ...held, isUserVerified: true, automaticPresenceSimulation: true },
  });
  const enrolment = await person.send("EnrolSecondFactor", { input: { kind: "PASSKEY", idempotencyKey: newKey() } });
  const response = await page.evaluate(async (json) => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(json));
    return JSON.stringify(await navigator.credentials.create({ publicKey }));
  }, enrolment.options);
  await person.send("ConfirmSecondFactor", { input: { enrolmentId: enrolment.id, response } });

  await page.goto(url.href, { waitUntil: "load" });
  await signIn(page, person);
  await isFit(page, "factor", "en");
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await tabTo(page, "#passkey button");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#passkey [role=alert]:not([hidden])");
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
  await pressKey(page, "#passkey button");
  assert.match(await text(page), /What they would be told now/);
  await press(page, "button[value=yes]");
  assert.ok(new URL(page.url()).searchParams.get("code"));
});

for (const language of ["en", "zh-CN"]) {
  test(`each step is fit for a phone, a tablet and a desk, light and dark, and for the keyboard alone, in ${language}`, async () => {
    const { url } = await asked();
    const page = await opened(url, { language, hasScript: true }); // which axe needs
    await isFit(page, "phone", language);
    const person = new Phone();
    await typeInto(page, "input[name=phone]", person.number.slice(3));
    await pressKey(page, "form:has(input[name=phone]) button");
    await isFit(page, "code", language);
    await typeInto(page, "input[name=code]", await person.readCode());
    await pressKey(page, "form:has(input[name=code]) button");
    await isFit(page, "answer", language);
    assert.equal(await page.$eval("html", (html) => html.lang), language);
    await page.deleteCookie(...(await page.cookies()));
    await page.reload({ waitUntil: "load" });
    await isFit(page, "over", language);
    assert.deepEqual(page.elsewhere, []);

    const tester = await testClient(TESTER);
    const own = await registered(tester);
    const test = await asked({ scope: "scores" }, own);
    await page.goto(test.url.href, { waitUntil: "load" });
    await isFit(page, "persona", language);
    await tabTo(page, "select[name=persona]");
    await page.keyboard.press("ArrowDown");
    await pressKey(page, "form:has(select) button");
    await typeInto(page, "input[name=days]", "7");
    await pressKey(page, "button[value=yes]");
    assert.equal(await page.$eval("#shop", (shop) => shop.textContent), "/back");
    const tokens = await client.authorizationCodeGrant(own, new URL(page.url()), test.checks);
    assert.match((await check(tokens, "D")).answer, /^(YES|NO)$/);
  });
}

async function isFit(page, step, language) {
  for (const scheme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    for (const width of [390, 820, 1440]) {
      await page.setViewport({ width, height: 844 });
      const at = `${step} at ${width} px, ${scheme}, ${language}`;
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${at} scrolls sideways`);
      if (process.env.LONGAN_PICTURES) await page.screenshot({ path: `${process.env.LONGAN_PICTURES}/${step}-${width}-${scheme}-${language}.png` });
      await page.evaluate(`${AXE}; undefined`);
      const { violations } = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].target}`), [], at);
    }
  }
}
