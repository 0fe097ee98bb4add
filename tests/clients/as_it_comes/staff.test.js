// The console's documents, word for word, by a client of another make: what each answers, and what it refuses.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import test, { before } from "node:test";

import { staff as documents } from "../shared/documents.js";
import { ADULT, newKey, Phone, referred, somebodyScored } from "../shared/people.js";
import { until } from "../shared/polling.js";
import { beginDay, credentials, oneTimeCode, Staff } from "../shared/staff.js";

const cny = (amount) => ({ amount, currency: "CNY" });
const TIERS = ["LITE", "SILVER", "GOLD", "PLATINUM", "BLACK"];
const nodesOf = ({ edges }) => edges.map(({ node }) => node);

let marketing;
let approver;
let risk;
before(async () => {
  [marketing, approver, risk] = await Promise.all(["marketing", "approver", "risk"].map(Staff.atDeskOf));
});

test("every document of the console is sent by one of these files", async () => {
  const folder = new URL("./", import.meta.url);
  const files = (await readdir(folder)).map((name) => readFile(new URL(name, folder), "utf8"));
  const sent = (await Promise.all(files)).join("");
  const missing = Object.keys(documents).filter((name) => !new RegExp(`\\b(?:ask|send|read)\\("${name}"`).test(sent));
  assert.deepEqual(missing, []);
});

test("a day begins with password and one-time code, and no code passes twice", async () => {
  const { email, password, totpSecret } = (await credentials()).viewer;
  const proofs = { email, password, totp: oneTimeCode(totpSecret) };
  const wrong = await beginDay({ ...proofs, password: `${password}.` });
  assert.deepEqual([wrong.status, (await wrong.json()).error.code], [401, "UNAUTHENTICATED"]);
  const begun = await beginDay(proofs);
  assert.deepEqual([begun.status, begun.headers.get("cache-control")], [200, "no-store"]);
  const { token } = await begun.json();
  assert.equal((await beginDay(proofs)).status, 401);
  const viewer = new Staff(token);
  const { headers, data } = await viewer.ask("Tiers");
  assert.equal(headers.get("cache-control"), "no-store");
  assert.deepEqual(data.tiers.map(({ code, rank }) => [code, rank]), TIERS.map((code, place) => [code, place + 1]));
  const { status, errors } = await viewer.ask("SaveBenefit", { input: lounge() });
  assert.deepEqual([status, errors[0].extensions.code], [200, "FORBIDDEN"]);
  const nobody = await new Staff("nobody").ask("Tiers");
  assert.deepEqual([nobody.status, nobody.errors[0].extensions.code], [401, "UNAUTHENTICATED"]);
});

test("Overview adds up, by tier and from step to step", async () => {
  const { overview } = await marketing.read("Overview", { days: 7 });
  assert.deepEqual(overview.tiers.map(({ tier }) => tier.code), TIERS);
  assert.equal(overview.tiers.reduce((sum, { members }) => sum + members, 0), overview.members);
  assert.deepEqual(overview.funnel.map(({ name }) => name), ["registered", "linked", "scored", "applied", "approved", "accepted"]);
  const people = overview.funnel.map((step) => step.people);
  assert.deepEqual(people, [...people].sort((one, other) => other - one));
  const { status, errors } = await marketing.ask("Overview", { days: 0 });
  assert.deepEqual([status, errors[0].extensions.code], [200, "BAD_REQUEST"]);
});

const lounge = (changes) => ({
  code: `lounge-${newKey()}`,
  name: "A lounge of its own",
  segment: "HOSPITALITY",
  tierCodes: ["BLACK"],
  planCodes: [],
  quota: 2,
  reset: "YEARLY",
  unitCost: cny("80"),
  memberValue: cny("120.50"),
  idempotencyKey: newKey(),
  ...changes,
});

test("SaveBenefit keeps one version after another, and RetireBenefit ends it", async () => {
  const wish = lounge();
  const { id, ...saved } = await marketing.send("SaveBenefit", wish);
  const { code: benefitCode, name, segment } = wish;
  assert.deepEqual(saved, { __typename: "Benefit", benefitCode, name, segment, quota: 2, version: 1, status: "LIVE" });
  assert.equal((await marketing.send("SaveBenefit", wish)).id, id);
  const more = { ...wish, quota: 4, expectedVersion: 1, idempotencyKey: newKey() };
  assert.equal((await marketing.send("SaveBenefit", more)).version, 2);
  const late = await marketing.send("SaveBenefit", { ...more, quota: 5, idempotencyKey: newKey() });
  assert.deepEqual([late.code, late.field], ["STALE", ["input", "expectedVersion"]]);
  const strange = await marketing.send("SaveBenefit", lounge({ tierCodes: ["TIN"] }));
  assert.deepEqual(strange, {
    __typename: "Refused",
    code: "INVALID",
    message: "There is no TIN. Choose among: LITE, SILVER, GOLD, PLATINUM, BLACK.",
    field: ["input", "tierCodes"],
  });
  assert.equal((await marketing.send("RetireBenefit", { benefitId: id, expectedVersion: 1 })).code, "STALE");
  const retiring = await marketing.send("RetireBenefit", { benefitId: id, expectedVersion: 2 });
  assert.deepEqual([retiring.id, retiring.status], [id, "RETIRING"]);
  assert.ok(new Date(retiring.retiresAt) > new Date());
});

test("SavePlan waits for a second person, who names what they saw", async () => {
  const code = `club-${newKey()}`;
  const wish = { code, name: "The club", price: cny("30"), period: "QUARTER", trialDays: 7, benefitCodes: ["lounge"], status: "LIVE", idempotencyKey: newKey() };
  const free = await marketing.send("SavePlan", { ...wish, price: cny("0") });
  assert.deepEqual([free.refusalCode, free.field], ["INVALID", ["input", "price"]]);
  const saved = await marketing.send("SavePlan", wish);
  assert.deepEqual(saved, { __typename: "Plan", code, price: cny("30.00"), planStatus: "SUBMITTED", version: 1 });
  const planned = async () => (await approver.read("ConsolePlans")).plans.filter((plan) => plan.code === code);
  const [{ hash }] = await planned();
  const waits = async (who) => (await who.read("Approvals")).approvals.filter((each) => each.hash === hash);
  assert.deepEqual((await waits(approver)).map(({ kind, title }) => [kind, title]), [["plan", "The club: 30.00 CNY"]]);
  assert.deepEqual(await waits(marketing), []);
  assert.equal((await marketing.send("ApprovePlan", { code, hash })).refusalCode, "SECOND_PERSON_REQUIRED");
  assert.equal((await approver.send("ApprovePlan", { code, hash: "0".repeat(64) })).refusalCode, "STALE");
  assert.deepEqual(await approver.send("ApprovePlan", { code, hash }), { __typename: "Plan", code, planStatus: "LIVE" });
  assert.deepEqual(await waits(approver), []);
  const dearer = { ...wish, price: cny("35"), expectedVersion: 1, idempotencyKey: newKey() };
  assert.equal((await marketing.send("SavePlan", dearer)).planStatus, "SUBMITTED");
  assert.deepEqual((await planned()).map(({ status, price, benefits }) => [status, price, benefits]), [
    ["LIVE", cny("30.00"), [{ code: "lounge" }]],
    ["SUBMITTED", cny("35.00"), [{ code: "lounge" }]],
  ]);
  const ended = await marketing.send("SavePlan", { ...wish, status: "RETIRED", expectedVersion: 2, idempotencyKey: newKey() });
  assert.deepEqual([ended.planStatus, ended.version], ["RETIRED", 1]);
});

test("Member tells one story for a reason, and nothing that names them", async () => {
  const phone = await new Phone().signIn();
  await until("a newcomer is a member", async () => (await phone.send("Home")).membership);
  const { member } = await marketing.read("Member", { phone: phone.number, purpose: "They asked which tier they are at." });
  const { number } = phone;
  assert.equal(member.maskedPhone, `${number.slice(0, 3)} ${number.slice(3, 6)}****${number.slice(-4)}`);
  assert.deepEqual([member.tier, member.history.map(({ from, to }) => [from, to])], [{ code: "LITE" }, [[null, { code: "LITE" }]]]);
  assert.equal((await marketing.read("Member", { phone: "+8613000000001", purpose: "Who?" })).member, null);
  const { errors } = await marketing.ask("Member", { phone: number, purpose: " " });
  assert.equal(errors[0].extensions.code, "BAD_REQUEST");
  assert.equal((await approver.ask("Member", { phone: number, purpose: "Why not?" })).errors[0].extensions.code, "FORBIDDEN");
});

test("ReviewQueue leads to a case without its person, which is taken, and answered once", async () => {
  const { phone, application } = await referred();
  const { id } = application;
  const seen = nodesOf((await risk.read("ReviewQueue", { first: 100 })).reviewQueue).find((each) => each.id === id);
  assert.deepEqual([seen.status, seen.decision.outcome], ["IN_REVIEW", "REFER"]);
  const { takenBy, ...taken } = await risk.send("TakeApplication", { applicationId: id });
  assert.deepEqual(taken, { __typename: "Application", id });
  const told = nodesOf((await risk.read("ReviewCase", { first: 100 })).reviewQueue).find((each) => each.id === id);
  assert.deepEqual([told.income, told.takenBy], [null, takenBy]);
  assert.doesNotMatch(JSON.stringify(told), new RegExp(phone.number.slice(-8)));
  const no = { applicationId: id, outcome: "DECLINE", reasons: ["Too little is known."], idempotencyKey: newKey() };
  assert.equal((await risk.send("ReviewApplication", { ...no, reasons: [] })).code, "INVALID");
  assert.equal((await risk.send("ReviewApplication", { ...no, outcome: "REFER" })).code, "INVALID");
  assert.equal((await marketing.ask("ReviewApplication", { input: no })).errors[0].extensions.code, "FORBIDDEN");
  for (let times = 0; times < 2; times += 1) {
    assert.deepEqual(await risk.send("ReviewApplication", no), { __typename: "Application", id, status: "DECLINED" });
  }
  const again = await risk.send("ReviewApplication", { ...no, outcome: "APPROVE", idempotencyKey: newKey() });
  assert.equal(again.code, "NOT_OPEN");
  const { decision } = await phone.send("ApplicationById", { id });
  assert.deepEqual(decision.reasons.map(({ message }) => message), ["Too little is known."]);
});

test("Disputes show the facts and not the person, and AnswerDispute answers once", async () => {
  const phone = await somebodyScored();
  const asked = { factorCode: phone.home.score.factors[0].code, message: `Not me: ${newKey()}`, idempotencyKey: newKey() };
  const { id } = await phone.send("DisputeFactor", { input: asked });
  const dispute = nodesOf((await risk.read("Disputes", { first: 100 })).disputes).find((each) => each.id === id);
  assert.deepEqual([dispute.factorCode, dispute.message, dispute.status], [asked.factorCode, asked.message, "OPEN"]);
  const factIds = [dispute.facts[0].id];
  const yes = { disputeId: id, upheld: true, factIds, answer: "You are right.", idempotencyKey: newKey() };
  const nothing = await risk.send("AnswerDispute", { ...yes, factIds: [] });
  assert.deepEqual([nothing.code, nothing.field], ["INVALID", ["input", "factIds"]]);
  for (let times = 0; times < 2; times += 1) {
    assert.deepEqual(await risk.send("AnswerDispute", yes), { __typename: "Dispute", id, status: "UPHELD" });
  }
  const late = await risk.send("AnswerDispute", { ...yes, upheld: false, factIds: [], idempotencyKey: newKey() });
  assert.deepEqual([late.code, late.field], ["NOT_OPEN", ["input", "disputeId"]]);
});

test("Claims are risk's, and what is none is not decided", async () => {
  assert.ok(Array.isArray((await risk.read("Claims")).claims.edges));
  assert.equal((await approver.ask("Claims")).errors[0].extensions.code, "FORBIDDEN");
  const wish = { claimId: btoa("Claim:nothing"), amount: cny("0"), answer: "Nothing is broken.", idempotencyKey: newKey() };
  const refused = await risk.send("DecideClaim", wish);
  assert.deepEqual([refused.code, refused.field], ["NOT_FOUND", ["input", "claimId"]]);
});
