// The console at the widths of a phone, a tablet and a desk, light and dark: nothing scrolls sideways, axe has nothing
// serious to say, and the keyboard alone is enough.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test, { after, before } from "node:test";

import { accept } from "../shared/borrowing.js";
import { openBrowser, openPage } from "../shared/browser.js";
import { sitDown, sitDownAs } from "../shared/desk.js";
import { Lender } from "../shared/partner.js";
import { HOUSE, newKey, referred, somebodyScored } from "../shared/people.js";
import { productsByTitle } from "../shared/reading.js";
import { Staff } from "../shared/staff.js";
import { isFitAtEveryWidth, open, serious, WIDTHS } from "../shared/widths.js";

// Whatever the console answers with a page, by what the house's own tests found every door to be; not files, nor parts of pages.
const DOORS = await readFile(new URL("../../house/permissions.txt", import.meta.url), "utf8");
const PAGES = [...DOORS.matchAll(/^GET (\/console\S*)(.*)$/gm)]
  .map(([, path, roles]) => ({ path, desk: roles.trim().split(/\s+/)[4] === "yes" ? "risk" : "marketing" }))
  .filter(({ path }) => !/\.csv$|\/clocks$|\/sign-in$/.test(path));
let browser;

before(async () => (browser = await openBrowser()));
after(() => browser?.close());

async function aProduct(page) {
  await open(page, "/console/products");
  return page.$eval("table.products tbody a, table.products tr th[scope=row] a", (link) => new URL(link.href).pathname);
}

const linkOn = (list, link) => async (page) => {
  await open(page, list);
  return page.$eval(link, ({ href }) => new URL(href).pathname);
};

async function aCampaign() {
  const marketing = await Staff.atDeskOf("marketing");
  const messages = [{ locale: "en", title: "T".repeat(60), body: "W".repeat(500), link: `https://longan.example/${"l".repeat(100)}` }];
  const wish = { name: "N".repeat(100), audience: {}, messages, holdoutPercent: 10, budget: { amount: "0", currency: "CNY" } };
  const made = await marketing.send("DraftCampaign", { ...wish, idempotencyKey: newKey() });
  assert.equal(made.__typename, "Campaign", made.message);
}

async function anAgreement() {
  const phone = await somebodyScored();
  const application = await phone.apply((await productsByTitle(phone))["灵活周转借款"]);
  return `/console/agreements/${(await accept(phone, application)).id}`;
}

// Of pages of one thing, where one is found. A page that has no line here is visited by nobody, and fails.
const campaign = linkOn("/console/campaigns", "table.products th[scope=row] a");
const ONE_OF = {
  "/console/agreements/{id}": anAgreement,
  "/console/benefits/{id}": linkOn("/console/benefits", "table.products th[scope=row] a"),
  "/console/campaigns/{id}": campaign,
  "/console/campaigns/{id}/certificate": async (page) => `${await campaign(page)}/certificate`,
  "/console/campaigns/{id}/trial": async (page) => `${await campaign(page)}/trial`,
  "/console/products/{id}": aProduct,
  "/console/reviews/{id}": async () => `/console/reviews/${(await referred()).application.id}`,
  "/console/tiers/rules/{id}": linkOn("/console/tiers/rules", "table th[scope=row] a"),
};
// Money that fits nothing or cannot go back comes of a cashier's mistake, which other tests of this house would meet.
const ELSEWHERE = ["/console/takings/{id}", "/console/refunds/{id}"];

test("every page at 390, 820 and 1440 px, light and dark", async (t) => {
  await aCampaign();
  const desks = { risk: await sitDownAs("risk", browser), marketing: await sitDownAs("marketing", browser) };
  for (const { path, desk } of [{ path: "/", desk: "risk" }, { path: "/graphql", desk: "risk" }, ...PAGES]) {
    if (ELSEWHERE.includes(path)) continue;
    await t.test(path, async () => {
      const page = desks[desk];
      await isFitAtEveryWidth(page, path.includes("{") ? await ONE_OF[path](page) : path);
    });
  }
  for (const page of Object.values(desks)) {
    assert.deepEqual([page.elsewhere, page.complaints], [[], []]);
    await page.close();
  }
});

test("what a partner wrote without a space fits every width", async () => {
  const [page, lender] = [await openPage(browser), await new Lender().signIn()];
  const money = (amount) => ({ amount, currency: "CNY" });
  const terms = { kind: "LOAN", amountMin: money("500"), amountMax: money("9000"), termMonths: [6], annualRate: "0.1" };
  const id = await lender.offer({ sku: "W".repeat(64), title: "W".repeat(80), ...terms });
  await sitDown(page, "risk");
  await isFitAtEveryWidth(page, `/console/products/${id}`);
  await page.close();
});

test("the sign-in page has nothing serious either", async () => {
  const page = await openPage(await browser.createBrowserContext(), { width: 390 });
  await open(page, "/console/sign-in");
  assert.deepEqual(await serious(page), []);
});

const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.tagName);

test("the first tab leads to the content, past everything above", async () => {
  const page = await openPage(browser);
  await sitDown(page, "risk");
  await open(page, "/console/watch");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.id === "main");
});

test("after an answer of htmx the focus stays where it was", async () => {
  const page = await openPage(browser);
  await sitDown(page, "risk");
  await open(page, "/console/watch");
  await page.focus("#days-7");
  await Promise.all([page.waitForResponse((answer) => answer.url().includes("days=7")), page.keyboard.press("Enter")]);
  await page.waitForFunction(() => document.querySelector("#days-7")?.getAttribute("aria-current") === "true");
  assert.equal(await focused(page), "days-7");
});

test("a rehearsal is told in a live region, and the focus stays on its button", async () => {
  const page = await openPage(browser);
  await sitDown(page, "risk");
  await open(page, await aProduct(page));
  await page.focus("form.rehearse button");
  await Promise.all([page.waitForResponse((answer) => answer.url().endsWith("/rehearse")), page.keyboard.press("Enter")]);
  await page.waitForFunction(() => document.querySelector("#rehearsed").innerText.trim() !== "");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Rehearse");
});

test("products are searched, sorted by what came of them, and taken away as CSV", async () => {
  const page = await openPage(browser);
  await sitDown(page, "risk");
  await open(page, "/console/products");
  await page.type("form.search [name=q]", "longan-no-such");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  assert.match(await page.$eval("main", (each) => each.innerText), /0 products · “longan-no-such”/);
  await open(page, "/console/products?sort=shown");
  const shown = await page.$$eval("table.products tr td:nth-last-child(4)", (cells) => cells.map((each) => Number(each.textContent.replaceAll(",", ""))));
  const rows = shown.slice(0, -1);
  assert.deepEqual(rows, [...rows].sort((a, b) => b - a));
  const told = await page.evaluate(async () => (await fetch("/console/products.csv?sort=shown")).text());
  assert.match(told, /^\uFEFF?sku,product,partner,kind,status,days,people,eligible,shown,opened,applied,approved,declined,accepted\r\n/);
});

test("a case is read and answered by the keyboard alone, asks again, and fits every width", async () => {
  const { id } = (await referred()).application;
  const page = await openPage(browser);
  await sitDown(page, "risk");
  for (const width of WIDTHS) {
    await page.setViewport({ width, height: 900 });
    await open(page, `/console/reviews/${id}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} px scroll sideways`);
    assert.deepEqual(await serious(page), []);
  }
  await page.focus('form[aria-labelledby="to-decline"] textarea');
  await page.keyboard.type("Too little is known.");
  await page.keyboard.press("Tab");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  // A page is focused where it says so once it is drawn, which may be after it was loaded.
  await page.waitForFunction(() => document.activeElement.textContent === "Decline?");
  assert.deepEqual(await serious(page), []);
  await page.keyboard.press("Tab");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  assert.match(await page.$eval("main", (each) => each.innerText), /It is answered, and the person was told\./);
  assert.deepEqual([page.elsewhere, page.complaints], [[], []]);
});
