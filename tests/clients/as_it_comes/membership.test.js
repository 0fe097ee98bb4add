// Marketing in a real browser: a draft is tried, submitted, approved by somebody else and published; the member's app shows
// the new tier; one step back restores the old one. A wrong threshold is refused at its field. No mouse is needed for any of it.
import assert from "node:assert/strict";
import test, { after, before } from "node:test";

import { openBrowser } from "../shared/browser.js";
import { sitDownAs } from "../shared/desk.js";
import { pressKey, typeInto } from "../shared/keyboard.js";
import { HOUSE, Phone } from "../shared/people.js";
import { until } from "../shared/polling.js";

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
  await step(marketer, "submit", path);
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
