// A campaign in a browser, from a draft to its results, by two of the staff; and its message in a member's app.
import assert from "node:assert/strict";
import test, { after, before } from "node:test";

import { openBrowser } from "../shared/browser.js";
import { sitDownAs } from "../shared/desk.js";
import { Phone } from "../shared/people.js";
import { until } from "../shared/polling.js";
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
