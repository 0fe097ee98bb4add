// The pages of a partner's own staff, as wide as a phone, a tablet and a desk; and its guide in TypeScript, run as it stands there.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { Webhook } from "standardwebhooks";

import { openBrowser, openPage } from "../shared/browser.js";
import { testClient } from "../shared/partner.js";
import { MS_MAX } from "../shared/patience.js";
import { HOUSE } from "../shared/people.js";
import { isFitAtEveryWidth, open } from "../shared/widths.js";

const PAGES = ["", "/agreements", "/applications", "/changelog", "/codes", "/deliveries", "/guide", "/guide?in=typescript", "/keys", "/products", "/statements", "/vocabulary"];
const TSX = createRequire(import.meta.url).resolve("tsx");
let browser;
let folder;

before(async () => {
  browser = await openBrowser();
  folder = await mkdtemp(join(tmpdir(), "longan-guide-"));
});
after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

test("every page of a partner's staff at every width, light and dark", async (t) => {
  const page = await openPage(browser);
  await page.goto(`${HOUSE}/`, { waitUntil: "load" });
  await Promise.all([page.waitForNavigation(), page.$eval('form[action="/dev/partner"] button', (button) => button.click())]);
  assert.equal(new URL(page.url()).pathname, "/partner");
  for (const path of PAGES) await t.test(`/partner${path}`, () => isFitAtEveryWidth(page, `/partner${path}`));
  await t.test("the keyboard alone leads to the content, to a page and to its code", () => byKeyboard(page));
  assert.deepEqual([page.elsewhere, page.complaints], [[], []]);
  await page.close();
});

async function byKeyboard(page) {
  await open(page, "/partner");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.id === "main");
  await page.keyboard.press("Tab");
  assert.ok(await page.evaluate(() => document.querySelector("main").contains(document.activeElement)), "past everything above");
  await page.focus('nav a[href="/partner/guide"]');
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  assert.equal(new URL(page.url()).pathname, "/partner/guide");
  const scrolls = "[...document.querySelectorAll('pre')].every((each) => each.scrollWidth <= each.clientWidth || each.closest('[tabindex=\"0\"]'))";
  assert.equal(await page.evaluate(scrolls), true, "what scrolls sideways is scrolled by the keyboard too");
}

async function shown(language) {
  const page = await openPage(await browser.createBrowserContext());
  await open(page, `/partner/guide?in=${language}`);
  const texts = await page.$$eval("pre code:not(.website)", (blocks) => blocks.map((block) => block.textContent));
  await page.close();
  return texts;
}

test("the guide in TypeScript is followed from nothing to a decision with a test client", async () => {
  const { clientId, clientSecret } = await testClient("longan-demo-bank");
  const file = join(folder, "guide.mts");
  await writeFile(file, (await shown("typescript")).slice(0, -1).join("\n"));
  const env = { PATH: process.env.PATH, LONGAN: HOUSE, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret };
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", pathToFileURL(TSX).href, file], { env, timeout: MS_MAX, maxBuffer: 1e7 });
  const told = Object.assign({}, ...stdout.trim().split("\n").map((line) => JSON.parse(line).data));
  assert.ok(told.me.isTest && told.me.scopes.includes("applications"));
  assert.deepEqual([told.upsertProduct.status, told.product.sku], ["PUBLISHED", "GUIDE-PHONE"]);
  assert.deepEqual([told.decideApplication.id, told.decideApplication.status], [told.simulate.id, "DECLINED"]);
  assert.deepEqual([told.checkScore.__typename, told.checkScore.charged], ["ScoreCheck", true]);
  assert.match(told.createWebhookEndpoint.secret, /^whsec_/);
  assert.equal(told.deleteWebhookEndpoint.id, told.createWebhookEndpoint.endpoint.id);
});

test("its verifier takes what the specification's own library signs, and nothing else", async () => {
  const file = join(folder, "verify.mts");
  await writeFile(file, (await shown("typescript")).at(-1));
  const { tsImport } = await import("tsx/esm/api");
  const { verify } = await tsImport(file, import.meta.url);
  const [secret, other] = [0, 1].map(() => `whsec_${randomBytes(32).toString("base64")}`);
  const [id, body, now] = ["event", '{"type":"事件"}', new Date()];
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": `${Math.floor(now / 1000)}`,
    "webhook-signature": `v1,${createHmac("sha256", "x").digest("base64")} ${new Webhook(secret).sign(id, now, body)}`,
  };
  assert.equal(verify(secret, headers, body), true);
  assert.equal(verify(other, headers, body), false);
  assert.equal(verify(secret, headers, body.replace("事", "物")), false);
  assert.equal(verify(secret, { ...headers, "webhook-timestamp": `${Math.floor(now / 1000) - 301}` }, body), false);
});
