// GraphiQL in a browser that reaches nothing but this machine: signed in with one click, and every ready query answers.
import assert from "node:assert/strict";
import test, { after, before } from "node:test";

import { openBrowser, openPage } from "../shared/browser.js";
import { GRAPHQL } from "../shared/people.js";
import { until } from "../shared/polling.js";

const PAGE = GRAPHQL;
let browser;

before(async () => (browser = await openBrowser()));
after(() => browser?.close());

async function open(options) {
  const page = await openPage(browser, options);
  await page.goto(PAGE, { waitUntil: "networkidle0" });
  return page;
}

// The page comes anew with each sign-in; whoever looks at it in between looks again.
async function comesAnew(page, act, selector) {
  await page.evaluate(() => (window.isOld = true));
  await act();
  const isThere = (at) => !window.isOld && document.readyState === "complete" && document.querySelector(at)?.hidden === false;
  await until(`${selector} comes`, () => page.evaluate(isThere, selector).catch(() => false));
  return page.waitForNetworkIdle();
}

async function signIn(page, name) {
  await page.waitForSelector("#people button");
  const choose = (wanted) => [...document.querySelectorAll("#people button")].find((each) => each.textContent === wanted).click();
  await comesAnew(page, () => page.evaluate(choose, name), "#who");
  assert.equal(await page.$eval("#who", (each) => each.textContent), name);
}

const answered = (page) => page.$eval(".result-window .CodeMirror", (each) => each.CodeMirror.getValue());

async function run(page, tab) {
  await (await page.$$(".graphiql-tab-button"))[tab].click();
  await page.waitForFunction((at) => document.querySelectorAll(".graphiql-tab")[at].classList.contains("graphiql-tab-active"), {}, tab);
  // What the tab before was answered may still be drawn.
  await page.evaluate(() => document.querySelector(".result-window .CodeMirror").CodeMirror.setValue(""));
  await page.click(".graphiql-execute-button");
  await page.waitForFunction(() => document.querySelector(".result-window .CodeMirror")?.CodeMirror.getValue().includes('"data"')).catch(async (error) => {
    throw new Error(`tab ${tab}: ${await answered(page)}`, { cause: error });
  });
  const { data, errors } = JSON.parse(await answered(page));
  await page.evaluate(() => document.querySelector('.graphiql-execute-button[aria-label*="Stop"]')?.click());
  return { data, errors };
}

test("every ready query answers, and nothing is asked of another host", async () => {
  const page = await open();
  await signIn(page, "Wang, an office worker");
  const tabs = await page.$$eval(".graphiql-tab-button", (all) => all.map((each) => each.textContent));
  assert.deepEqual(tabs, [
    "Home",
    "Score",
    "Matches",
    "Apply",
    "Applications",
    "WhyNot",
    "UpdateProfile",
    "LinkAccount",
    "ScoreChanged",
    "ApplicationChanged",
  ]);
  const told = {};
  for (const [at, name] of tabs.entries()) {
    const { data, errors } = await run(page, at);
    assert.equal(errors, undefined, name);
    told[name] = Object.values(data)[0];
  }
  assert.match(told.Home.score.grade, /^[ABCD]$/);
  assert.equal(told.Apply.__typename, "Application", JSON.stringify(told.Apply));
  assert.equal(told.ApplicationChanged.id, told.Apply.id);
  assert.equal(typeof told.WhyNot.whyNot.isOffered, "boolean");
  assert.deepEqual([page.elsewhere, page.complaints], [[], []]);
});

test("on a phone the editor and the answer stand below each other, as wide as the screen", async () => {
  const page = await open({ width: 390, height: 844 });
  await signIn(page, "Wang, an office worker");
  const { data } = await run(page, 0);
  assert.match(data.viewer.score.grade, /^[ABCD]$/);
  const boxes = await page.evaluate(() =>
    [".graphiql-query-editor", ".graphiql-response", ".graphiql-execute-button"].map((each) => {
      const { x, width, top, bottom } = document.querySelector(each).getBoundingClientRect();
      return { x, width, right: x + width, top, bottom };
    }),
  );
  const [asked, answer, button] = boxes;
  assert.ok(asked.width >= 350 && answer.width >= 350, JSON.stringify(boxes));
  assert.ok(answer.top >= asked.bottom && button.right <= 390, JSON.stringify(boxes));
  assert.ok(answer.top < 844, "the answer came into view");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  assert.deepEqual([page.elsewhere, page.complaints], [[], []]);
});

test("somebody signs in with a number and the code that was kept, and out again", async () => {
  const page = await open({ scheme: "dark" });
  await page.type("[name=phone]", "+86 138 0013 9" + String(Date.now()).slice(-3));
  await page.click("#ask button");
  await page.waitForFunction(() => document.querySelector("[name=code]").value.length === 6);
  await comesAnew(page, () => page.click("#answer button"), "#who");
  assert.match(await page.$eval("#who", (each) => each.textContent), /^\+86 138\*{4}9\d{3}$/);
  await comesAnew(page, () => page.click("#sign-out"), "#signed-out");
  assert.equal(await page.$eval("#signed-out", (each) => each.hidden), false);
  const { data } = await run(page, 0);
  assert.deepEqual([data, page.elsewhere, page.complaints], [{ viewer: null }, [], []]);
});

test("a wrong number is told in a sentence", async () => {
  const page = await open();
  await page.type("[name=phone]", "12");
  await page.click("#ask button");
  await page.waitForFunction(() => document.querySelector("#told").textContent !== "");
  assert.match(await page.$eval("#told", (each) => each.textContent), /number/);
});
