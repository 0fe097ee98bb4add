// A campaign in a browser, from a draft to its results, by two of the staff, and its message in a member's app; and by documents.
import assert from "node:assert/strict";
import test, { after, before } from "node:test";

import { openBrowser } from "../shared/browser.js";
import { sitDownAs } from "../shared/desk.js";
import { newKey, Phone } from "../shared/people.js";
import { until } from "../shared/polling.js";
import { Staff } from "../shared/staff.js";
import { open } from "../shared/widths.js";

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser?.close());

const words = (page) => page.$eval("main", (each) => each.innerText);
const press = (page, said) => Promise.all([page.waitForNavigation(), page.click(`button[value="${said}"]`)]);

test("a marketer drafts, another approves, members read it, and the results say what is proven", async () => {
  const member = await new Phone({ locale: "en" }).signIn();
  const [marketer, approver] = [await sitDownAs("marketing", browser), await sitDownAs("approver", browser)];
  await open(marketer, "/console/campaigns/new");
  await marketer.type("[name=name]", "A weekend at the cinema");
  await marketer.type("[name=title_en]", "A film for 9.9");
  await marketer.type("[name=body_en]", "Members see a film for 9.9 yuan.");
  await marketer.select("[name=benefit]", "cinema-ticket");
  await marketer.type("[name=budget]", "27");
  await Promise.all([marketer.waitForNavigation(), marketer.click("form button.good")]);
  assert.match(await marketer.$eval("#wrong-budget", (each) => each.innerText), /Enter 28\.00 CNY or more\./);
  await marketer.$eval("[name=budget]", (field) => (field.value = "500"));
  await marketer.$eval("[name=holdout]", (field) => (field.value = "0"));
  // The audience is counted in its place, and the form stays as it is.
  await Promise.all([marketer.waitForResponse((answer) => answer.url().endsWith("/audience")), marketer.click("button[hx-post]")]);
  await marketer.waitForFunction(() => /Can be told/.test(document.querySelector("#audience").innerText));
  await Promise.all([marketer.waitForNavigation(), marketer.click("form button.good")]);
  const path = new URL(marketer.url()).pathname;
  assert.match(path, /^\/console\/campaigns\/[0-9a-f-]{36}$/);
  assert.match(await words(marketer), /A film for 9\.9/);
  await press(marketer, "submit");
  assert.equal(await marketer.$('button[value="approve"]'), null);
  await open(approver, path);
  await press(approver, "approve");
  await open(marketer, path);
  const inAWeek = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 16);
  await marketer.$eval("[name=ends]", (field, value) => (field.value = value), inAWeek);
  await press(marketer, "schedule");
  await until("the campaign has told the member", async () => {
    const { notices } = await member.send("MyNotices");
    return notices.edges.some(({ node }) => node.title === "A film for 9.9" && node.link === "longan://membership");
  });
  await open(marketer, path);
  assert.match(await words(marketer), /Running/);
  assert.match(await words(marketer), /Nothing is told before 200 people were told/);
  await press(marketer, "pause");
  assert.match(await words(marketer), /Paused/);
  await press(marketer, "resume");
  await marketer.click("summary");
  await press(marketer, "end");
  assert.match(await words(marketer), /Ended/);
  // The browser notes the form that was refused.
  assert.deepEqual(marketer.complaints.map((each) => /400/.test(each)), [true]);
  assert.deepEqual([marketer.elsewhere, approver.elsewhere, approver.complaints], [[], [], []]);
});

const cny = (amount) => ({ amount, currency: "CNY" });
const wish = (changes) => ({
  name: "A film for whoever was away",
  audience: { tierCodes: ["LITE", "SILVER"], inactiveDaysAtLeast: 730 },
  messages: [{ locale: "en", title: "A film for 9.9", body: "Members see a film for 9.9 yuan." }],
  benefitCode: "cinema-ticket",
  holdoutPercent: 10,
  budget: cny("500"),
  idempotencyKey: newKey(),
  ...changes,
});

test("the same by the contract's documents, each step by whoever may take it", async () => {
  const [marketer, approver] = await Promise.all(["marketing", "approver"].map(Staff.atDeskOf));
  const { audience } = await marketer.read("Audience", { input: wish().audience });
  assert.deepEqual(audience, { size: 0, reachable: 0, overlaps: [] });
  const poor = await marketer.send("DraftCampaign", wish({ budget: cny("27") }));
  assert.deepEqual([poor.code, poor.message, poor.field], ["INVALID", "Enter 28.00 CNY or more.", ["input", "budget", "amount"]]);
  const { id: campaignId, hash, ...drafted } = await marketer.send("DraftCampaign", wish());
  assert.deepEqual(drafted, { __typename: "Campaign", status: "DRAFT", audienceSize: 0, holdoutSize: 0, budget: cny("500.00") });
  const its = { campaignId };
  const is = (status) => ({ __typename: "Campaign", id: campaignId, status });
  assert.deepEqual(await marketer.send("SubmitCampaign", its), is("SUBMITTED"));
  assert.deepEqual(await approver.send("RejectCampaign", { ...its, comment: "Later." }), is("DRAFT"));
  await marketer.send("SubmitCampaign", its);
  assert.equal((await marketer.send("ApproveCampaign", { ...its, hash })).code, "SECOND_PERSON_REQUIRED");
  assert.equal((await approver.send("ApproveCampaign", { ...its, hash: "0".repeat(64) })).code, "STALE");
  assert.deepEqual(await approver.send("ApproveCampaign", { ...its, hash }), is("APPROVED"));
  const days = (count) => new Date(Date.now() + count * 86_400_000).toISOString();
  const times = { ...its, startsAt: days(1), endsAt: days(8), idempotencyKey: newKey() };
  const never = await marketer.send("ScheduleCampaign", { ...times, endsAt: times.startsAt });
  assert.deepEqual([never.code, never.field], ["INVALID", ["input", "endsAt"]]);
  assert.deepEqual(await marketer.send("ScheduleCampaign", times), is("SCHEDULED"));
  assert.deepEqual(await approver.send("PauseCampaign", its), is("PAUSED"));
  assert.deepEqual(await marketer.send("ResumeCampaign", its), is("SCHEDULED"));
  const why = { reason: "A wrong price.", idempotencyKey: newKey() };
  assert.deepEqual(await approver.send("PauseAllCampaigns", why), { __typename: "PausedAll", campaigns: 1 });
  assert.deepEqual(await approver.send("PauseAllCampaigns", why), { __typename: "PausedAll", campaigns: 1 });
  assert.deepEqual(await marketer.send("EndCampaign", its), is("ENDED"));
  assert.equal((await marketer.send("ResumeCampaign", its)).code, "NOT_OPEN");
  const nodes = (await marketer.read("Campaigns")).campaigns.edges.map(({ node }) => node);
  const { name } = wish();
  const nothing = { sent: 0, redeemed: 0, spent: cny("0.00"), uplift: null };
  assert.deepEqual(nodes.find(({ id }) => id === campaignId), { id: campaignId, name, status: "ENDED", ...nothing });
});
