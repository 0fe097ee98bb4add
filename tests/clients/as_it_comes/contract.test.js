// The contract's documents, word for word, from the first code to a withdrawn application.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test, { before } from "node:test";

import { ADULT, Phone, newKey, somebodyScored } from "../shared/people.js";
import { pages, productsByTitle } from "../shared/reading.js";

const LOAN = "灵活周转借款"; // of the demo bank: instant, 500.00 to 10,000.00, 16.2 % a year
const RENTAL = "青年公寓单间（多城可选）"; // instant, 1,680.00 a month and as much as a deposit

const secondsUntil = (at) => (new Date(at) - Date.now()) / 1000;
const cny = (amount) => ({ amount, currency: "CNY" });

let wang; // scored once; her score, matches and applications are looked at by many tests
let offered; // all products by title
before(async () => {
  wang = await somebodyScored("steady-shopper");
  offered = await productsByTitle(wang);
});

test("RequestPhoneCode answers a challenge of six digits and five minutes", async () => {
  const challenge = await new Phone().requestCode();
  assert.equal(challenge.__typename, "Challenge");
  assert.equal(challenge.codeLength, 6);
  assert.ok(secondsUntil(challenge.expiresAt) > 240 && secondsUntil(challenge.expiresAt) <= 301);
  assert.ok(secondsUntil(challenge.resendAt) <= 60);
});

test("RequestPhoneCode refuses what is no phone number, in the person's language", async () => {
  const input = { phone: "12345" };
  const english = await new Phone({ locale: "en" }).send("RequestPhoneCode", { input });
  const chinese = await new Phone({ locale: "zh-CN" }).send("RequestPhoneCode", { input });
  assert.deepEqual([english.__typename, english.code, english.field], ["Refused", "INVALID", ["input", "phone"]]);
  assert.equal(english.retryAt, null);
  assert.match(english.message, /^[\x20-\x7e’]+$/);
  assert.match(chinese.message, /\p{Script=Han}/u);
});

test("SignIn refuses a wrong code, takes the right one, and answers a retry alike", async () => {
  const phone = new Phone();
  const challenge = await phone.requestCode();
  const code = await phone.readCode();
  const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, "0");
  const input = { challengeId: challenge.id, code, deviceName: "Pixel", idempotencyKey: newKey() };

  const refused = await phone.send("SignIn", { input: { ...input, code: wrong, idempotencyKey: newKey() } });
  assert.deepEqual([refused.__typename, refused.code], ["Refused", "CODE_WRONG"]);

  const session = await phone.send("SignIn", { input });
  assert.equal(session.__typename, "Session");
  const { number } = phone;
  assert.equal(session.viewer.maskedPhone, `${number.slice(0, 3)} ${number.slice(3, 6)}****${number.slice(-4)}`);
  assert.ok(secondsUntil(session.accessExpiresAt) > 800 && secondsUntil(session.accessExpiresAt) <= 901);
  assert.deepEqual(await phone.send("SignIn", { input }), session);

  const again = await phone.send("SignIn", { input: { ...input, idempotencyKey: newKey() } });
  assert.equal(again.__typename, "Refused");
});

test("RefreshSession answers a lost reply again, and ends the session when an old token comes later", async () => {
  const phone = await new Phone().signIn();
  const input = { refreshToken: phone.session.refreshToken, idempotencyKey: newKey() };
  const fresh = await phone.send("RefreshSession", { input });
  assert.equal(fresh.__typename, "Session");
  assert.equal(fresh.id, phone.session.id);
  assert.notEqual(fresh.refreshToken, phone.session.refreshToken);
  assert.deepEqual(await phone.send("RefreshSession", { input }), fresh);

  phone.token = fresh.accessToken;
  assert.equal((await phone.send("Home")).id, phone.session.viewer.id);
  const late = await phone.send("RefreshSession", { input });
  assert.deepEqual([late.__typename, late.code], ["Refused", "SESSION_ENDED"]);
  const { status, errors, data } = await phone.ask("Home");
  assert.deepEqual([status, errors[0].extensions.code, data], [401, "SESSION_ENDED", undefined]);
});

test("SignOut ends the session", async () => {
  const phone = await new Phone().signIn();
  assert.deepEqual(await phone.send("SignOut"), { __typename: "SignedOut", sessionId: phone.session.id });
  const { status, errors } = await phone.ask("Home");
  assert.deepEqual([status, errors[0].extensions.code], [401, "SESSION_ENDED"]);
});

test("UpdateProfile keeps what is absent and clears what is null", async () => {
  const phone = await new Phone().signIn();
  const { profile } = await phone.send("UpdateProfile", { input: ADULT });
  assert.deepEqual(profile, { ...ADULT, identity: "UNCHECKED" });
  const changed = await phone.send("UpdateProfile", { input: { region: "CN-ZJ", occupation: null } });
  assert.deepEqual(changed, {
    __typename: "User",
    id: phone.session.viewer.id,
    profile: { ...ADULT, region: "CN-ZJ", occupation: null, identity: "UNCHECKED" },
  });
});

test("UpdateProfile refuses a region that is none, and keeps nothing of that request", async () => {
  const phone = await new Phone().signIn();
  const refused = await phone.send("UpdateProfile", { input: { ...ADULT, region: "Atlantis" } });
  assert.deepEqual([refused.code, refused.field], ["INVALID", ["input", "region"]]);
  const { profile } = await phone.send("UpdateProfile", { input: {} });
  assert.deepEqual(Object.values(profile), [null, null, null, null, "UNCHECKED"]);
});

test("AccountProviders needs no sign-in", async () => {
  const providers = await new Phone().send("AccountProviders");
  const byKey = Object.fromEntries(providers.map((provider) => [provider.key, provider]));
  assert.deepEqual([byKey.wechat.name, byKey.wechat.category], ["WeChat", "SOCIAL"]);
  assert.deepEqual([byKey.taobao.name, byKey.taobao.category], ["Taobao", "SHOPPING"]);
  assert.equal(byKey.oidc.category, "PAYMENT");
  assert.ok(providers.every(({ reads }) => reads.length > 0));
});

test("Home says what to do before anything is linked", async () => {
  const phone = await new Phone().signIn();
  const home = await phone.send("Home");
  assert.equal(home.scoring.state, "NOTHING_LINKED");
  assert.notEqual(home.scoring.message, "");
  assert.equal(home.score, null);
  assert.deepEqual(home.linkedAccounts, []);
  assert.ok(home.matches.edges.every(({ node }) => node.oddsBand === null));
});

test("Home answers null to nobody", async () => {
  assert.equal(await new Phone().send("Home"), null);
});

test("StartAccountLink and CompleteAccountLink link once, however often the address comes", async () => {
  const phone = await new Phone().signIn();
  const callbackUrl = await phone.callbackFrom("wechat", "gig-driver");
  const account = await phone.send("CompleteAccountLink", { input: { callbackUrl } });
  assert.equal(account.__typename, "LinkedAccount");
  assert.deepEqual(account.provider, { key: "wechat", name: "WeChat" });
  assert.equal(account.status, "ACTIVE");
  assert.deepEqual(await phone.send("CompleteAccountLink", { input: { callbackUrl } }), account);
  const { linkedAccounts } = await phone.send("Home");
  assert.deepEqual(linkedAccounts, [{ id: account.id, provider: { key: "wechat" }, status: "ACTIVE" }]);
});

test("UnlinkAccount ends a link, and somebody else's isn't there", async () => {
  const phone = await new Phone().signIn();
  const { id: linkedAccountId } = await phone.link("taobao", "gig-driver");
  const other = await new Phone().signIn();
  const refused = await other.send("UnlinkAccount", { input: { linkedAccountId } });
  assert.deepEqual([refused.__typename, refused.code], ["Refused", "NOT_FOUND"]);
  const unlinked = await phone.send("UnlinkAccount", { input: { linkedAccountId } });
  assert.deepEqual([unlinked.id, unlinked.status], [linkedAccountId, "UNLINKED"]);
  assert.ok(Math.abs(secondsUntil(unlinked.unlinkedAt)) < 60);
});

test("Home shows a score whose effects add up, a membership and matches", () => {
  const { scoring, score, linkedAccounts, membership, matches } = wang.home;
  assert.equal(scoring.state, "READY");
  assert.ok("ABCD".includes(score.grade) && score.points >= 350 && score.points <= 950);
  assert.equal(score.basePoints + score.factors.reduce((sum, { effect }) => sum + effect, 0), score.points);
  assert.equal(score.simulated, true);
  assert.deepEqual(linkedAccounts.map(({ provider, status }) => `${provider.key} ${status}`).sort(), [
    "oidc ACTIVE",
    "taobao ACTIVE",
    "wechat ACTIVE",
  ]);
  const segments = new Set(membership.benefits.map(({ segment }) => segment));
  assert.ok(segments.size > 1 && membership.tier.rank >= 1);
  assert.equal(matches.edges.length, 20);
  for (const { node } of matches.edges) {
    assert.ok(node.reasons.length > 0);
    assert.match(node.monthlyCost.amount, /^\d+\.\d\d$/);
    assert.ok(node.product.termMonths.includes(node.basis.termMonths));
  }
});

test("Home's matches are read page by page, each once", async () => {
  const seen = await pages(wang, "Home", {}, (home) => home.matches);
  assert.equal(new Set(seen.map(({ id }) => id)).size, seen.length);
  assert.deepEqual(seen.slice(0, 20).map(({ id }) => id), wang.home.matches.edges.map(({ node }) => node.id));
});

test("Products needs no sign-in, filters by kind, and is read page by page", async () => {
  const phone = new Phone();
  const all = await pages(phone, "Products", { first: 25 });
  assert.ok(all.length >= 60);
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  assert.ok(new Set(all.map(({ partner }) => partner.id)).size >= 8);
  for (const kind of ["LOAN", "RENTAL", "ELECTRONICS"]) {
    const some = await pages(phone, "Products", { kind, first: 50 });
    assert.deepEqual(some.map(({ id }) => id).sort(), all.filter((one) => one.kind === kind).map(({ id }) => id).sort());
  }
  const rental = all.find(({ title }) => title === RENTAL);
  assert.deepEqual([rental.amountMin, rental.amountMax, rental.annualRate], [cny("1680.00"), cny("1680.00"), null]);
});

test("Products refuses a page that is too long, and a cursor of another list", async () => {
  const phone = new Phone();
  const { edges } = await phone.send("Products", { kind: "LOAN", first: 1 });
  for (const variables of [{ first: 101 }, { first: -1 }, { after: "nonsense" }, { after: `${edges[0].cursor}x` }]) {
    const { errors } = await phone.ask("Products", variables);
    assert.equal(errors?.[0].extensions.code, "BAD_REQUEST", JSON.stringify(variables));
  }
});

test("Apply decides an instant loan at once, with terms to the cent", async () => {
  const product = offered[LOAN];
  const application = await wang.apply(product);
  assert.equal(application.__typename, "Application");
  assert.equal(application.status, "APPROVED");
  assert.equal(application.decision.outcome, "APPROVE");
  assert.ok(application.decision.reasons.length > 0);
  const { offer } = application;
  assert.deepEqual([offer.amount, offer.termMonths], [cny("500.00"), 3]);
  assert.deepEqual([offer.annualRate, offer.annualCost], ["0.162", "0.1620"]);
  // 500 * 0.0135 / (1 - 1.0135 ** -3) = 171.1868
  assert.deepEqual(offer.monthlyPayment, cny("171.19"));
  assert.deepEqual([offer.deposit, offer.depositWaived], [cny("0.00"), cny("0.00")]);
  assert.ok(Math.abs(secondsUntil(offer.expiresAt) - 7 * 86_400) < 120);
  assert.ok(offer.documents.length > 0);
  for (const { url, sha256 } of offer.documents) {
    const body = Buffer.from(await (await fetch(url)).arrayBuffer());
    assert.equal(createHash("sha256").update(body).digest("hex"), sha256);
  }
});

test("Apply answers a retry with the same application, and the key with another wish not at all", async () => {
  const phone = await somebodyScored("steady-shopper");
  const product = offered[RENTAL];
  const idempotencyKey = newKey();
  const first = await phone.apply(product, { idempotencyKey });
  assert.equal(first.status, "APPROVED");
  assert.deepEqual([first.offer.monthlyPayment, first.offer.termMonths], [cny("1680.00"), 6]);
  assert.deepEqual(await phone.apply(product, { idempotencyKey }), first);
  const other = await phone.apply(product, { idempotencyKey, termMonths: 12 });
  assert.deepEqual([other.__typename, other.code], ["Refused", "IDEMPOTENCY_MISMATCH"]);
  const { applications } = await phone.send("MyApplications");
  assert.deepEqual(applications.edges.map(({ node }) => node.id), [first.id]);
});

test("Apply refuses what the product doesn't offer, and says where", async () => {
  const product = offered[LOAN];
  const tooMuch = await wang.apply(product, { amount: cny("10000.01") });
  assert.deepEqual([tooMuch.code, tooMuch.field], ["INVALID", ["input", "amount"]]);
  const oddTerm = await wang.apply(product, { termMonths: 5 });
  assert.deepEqual([oddTerm.code, oddTerm.field], ["INVALID", ["input", "termMonths"]]);
  const nothing = await wang.apply({ ...product, id: wang.home.id });
  assert.deepEqual([nothing.code, nothing.field], ["NOT_FOUND", ["input", "productId"]]);
});

test("Apply refuses somebody under 18", async () => {
  const phone = await new Phone().signIn();
  const birthDate = `${new Date().getUTCFullYear() - 16}-01-01`;
  await phone.send("UpdateProfile", { input: { ...ADULT, birthDate } });
  await phone.link("wechat", "steady-shopper");
  const refused = await phone.apply(offered[LOAN]);
  assert.deepEqual([refused.__typename, refused.code], ["Refused", "NOT_ELIGIBLE"]);
  assert.deepEqual((await phone.send("MyApplications")).applications.edges, []);
});

test("ApplicationById, MyApplications and WithdrawApplication tell one story, to its owner alone", async () => {
  const phone = await somebodyScored("steady-shopper");
  const { id } = await phone.apply(offered[LOAN]);
  const shown = await phone.send("ApplicationById", { id });
  assert.equal(shown.__typename, "Application");
  assert.deepEqual(shown.timeline.map(({ event }) => event), ["application.submitted", "application.approved"]);

  const other = await new Phone().signIn();
  assert.equal(await other.send("ApplicationById", { id }), null);
  const refused = await other.send("WithdrawApplication", { input: { applicationId: id } });
  assert.deepEqual([refused.__typename, refused.code], ["Refused", "NOT_FOUND"]);

  const withdrawn = { __typename: "Application", id, status: "WITHDRAWN" };
  assert.deepEqual(await phone.send("WithdrawApplication", { input: { applicationId: id } }), withdrawn);
  assert.deepEqual(await phone.send("WithdrawApplication", { input: { applicationId: id } }), withdrawn);
  const { applications } = await phone.send("MyApplications");
  const product = { title: LOAN, kind: "LOAN" };
  assert.deepEqual(applications.edges.map(({ node: { createdAt, ...node } }) => node), [
    { id, status: "WITHDRAWN", product },
  ]);
  const { timeline } = await phone.send("ApplicationById", { id });
  assert.equal(timeline.at(-1).event, "application.withdrawn");
});
