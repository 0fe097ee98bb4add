// Marketing in a real browser: a draft is tried, submitted, approved by somebody else and published; the member's app shows
// the new tier; one step back restores the old one. A wrong threshold is refused at its field. No mouse is needed for any of it.
import assert from "node:assert/strict";
import test, { after, before } from "node:test";

import { openBrowser } from "../shared/browser.js";
import { sitDownAs } from "../shared/desk.js";
import { pressKey, typeInto } from "../shared/keyboard.js";
import { HOUSE, newKey, Phone } from "../shared/people.js";
import { until } from "../shared/polling.js";
import { Staff } from "../shared/staff.js";

const RULES = `${HOUSE}/console/tiers/rules`;
let browser;

before(async () => (browser = await openBrowser()));
after(() => browser?.close());

async function step(page, said, path) {
  await page.goto(path, { waitUntil: "load" });
  await pressKey(page, `button[value="${said}"]`);
}

async function write(page, cells) {
  await page.goto(RULES, { waitUntil: "load" });
  for (const [name, value] of Object.entries(cells)) await typeInto(page, `[name="${name}"]`, value);
  await pressKey(page, 'form[action="/console/tiers/rules"] button');
}

const badge = (page) => page.$eval(".badge", (each) => each.textContent);
const tierOf = async (phone) => (await phone.send("Home")).membership?.tier.code;

test("from a draft to the member's app, and one step back", async () => {
  const [marketer, approver] = [await sitDownAs("marketing", browser), await sitDownAs("approver", browser)];
  const phone = await new Phone().signIn();
  await until("a newcomer is a member", async () => (await tierOf(phone)) === "LITE");

  await write(marketer, { "SILVER.points_at_least": "0", note: "Silver for everybody." });
  const path = marketer.url();
  await step(marketer, "simulate", path);
  await marketer.waitForSelector("table.moves", { timeout: 60_000 });
  await pressKey(marketer, 'button[value="submit"]'); // which comes by itself, once everybody was tried
  assert.equal(await badge(marketer), "Waits for a second person");
  assert.equal(await marketer.$('button[value="approve"]'), null, "the author approves nothing");

  await approver.goto(`${HOUSE}/console/approvals`, { waitUntil: "load" });
  await pressKey(approver, `a[href="${new URL(path).pathname}"]`);
  await pressKey(approver, 'button[value="approve"]');
  await step(marketer, "publish", path);
  await until("everybody is judged by them", async () => (await tierOf(phone)) === "SILVER");

  await marketer.goto(path, { waitUntil: "load" });
  assert.equal(await badge(marketer), "Live");
  await typeInto(marketer, 'form.step input[name="comment"]', "Too many at silver.");
  await pressKey(marketer, 'button[value="roll_back"]');
  await until("everybody stands as before", async () => (await tierOf(phone)) === "LITE");
  assert.deepEqual([...marketer.complaints, ...approver.complaints, ...marketer.elsewhere], []);
});

test("a wrong threshold is refused at its field, and what was typed stays", async () => {
  const page = await sitDownAs("marketing", browser);
  await write(page, { "GOLD.points_at_least": "100", note: "Gold below silver." });
  const wrong = await page.$eval("[aria-invalid=true]", (input) => [input.name, input.value, document.getElementById(input.getAttribute("aria-describedby")).textContent]);
  assert.deepEqual(wrong, ["GOLD.points_at_least", "100", "A tier asks for at least as much as the tier below it: 600 or more."]);
  assert.equal(await page.$eval('[name="note"]', (input) => input.value), "Gold below silver.");
});

const POINTS = { LITE: 0, SILVER: 620, GOLD: 700, PLATINUM: 740, BLACK: 790 };
const ladder = (points = {}) => ({
  rules: Object.entries({ ...POINTS, ...points }).map(([tierCode, pointsAtLeast]) => ({ tierCode, pointsAtLeast, activityAtLeast: 0, graceDays: 30 })),
  note: "Fewer, better.",
  idempotencyKey: newKey(),
});

test("the same by the contract's documents, and what each of them refuses", async () => {
  const [marketer, approver] = await Promise.all(["marketing", "approver"].map(Staff.atDeskOf));
  const wrong = await marketer.send("DraftTierRules", ladder({ GOLD: 610 }));
  const { __typename, ...told } = wrong;
  const field = ["input", "rules", "2", "pointsAtLeast"];
  assert.deepEqual(told, { code: "INVALID", message: "A tier asks for at least as much as the tier below it: 620 or more.", field });
  const { id: tierRulesId, version, status } = await marketer.send("DraftTierRules", ladder());
  assert.equal(status, "DRAFT");
  const its = { tierRulesId };
  assert.equal((await marketer.send("SubmitTierRules", its)).code, "NOT_OPEN");
  const { id } = await marketer.send("SimulateTierRules", its);
  const tried = await until("everybody is tried", async () => {
    const { simulation } = await marketer.read("SimulationById", { id });
    return simulation.status === "DONE" && simulation;
  });
  const { up, down, same, moves } = tried.outcome;
  assert.deepEqual([tried.progress, up + down + same], ["1", tried.members]);
  assert.equal(moves.reduce((sum, { members }) => sum + members, 0), up + down);
  const is = (now) => ({ __typename: "TierRules", id: tierRulesId, status: now });
  assert.deepEqual(await marketer.send("SubmitTierRules", its), is("SUBMITTED"));
  const yes = { ...its, simulationHash: tried.hash };
  assert.equal((await marketer.send("ApproveTierRules", yes)).code, "SECOND_PERSON_REQUIRED");
  assert.equal((await approver.send("ApproveTierRules", { ...yes, simulationHash: "0".repeat(64) })).code, "STALE");
  assert.deepEqual(await approver.send("ApproveTierRules", yes), is("APPROVED"));
  const effectiveAt = new Date(Date.now() + 30 * 86_400_000).toISOString();
  const { effectiveAt: from, ...scheduled } = await marketer.send("PublishTierRules", { ...its, effectiveAt, idempotencyKey: newKey() });
  assert.deepEqual([scheduled, new Date(from).toISOString()], [is("SCHEDULED"), effectiveAt]);
  const { currentTierRules: live, tierRulesVersions } = await marketer.read("CurrentTierRules");
  assert.deepEqual(tierRulesVersions.edges[0].node, { id: tierRulesId, version, status: "SCHEDULED" });
  const back = { from: tierRulesId, to: live.id, reason: "Too few.", idempotencyKey: newKey() };
  assert.equal((await marketer.send("RollBackTierRules", back)).code, "STALE");
  assert.deepEqual(await approver.send("RejectTierRules", { ...its, comment: "Not now." }), is("REJECTED"));
});
