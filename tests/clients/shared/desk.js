// The console's desks: somebody of the staff, in a window of their own that shares no cookie.
import { openPage } from "./browser.js";
import { HOUSE } from "./people.js";

export async function sitDownAs(role, browser) {
  const page = await openPage(await browser.createBrowserContext());
  await sitDown(page, role);
  return page;
}

/** Sign `page` in from the page of the house. Throws with what the page says where it offers no such desk. */
export async function sitDown(page, role) {
  const answer = await page.goto(`${HOUSE}/`, { waitUntil: "load" });
  const button = await page.$(`form[action="/dev/console/${role}"] button`);
  if (!button) throw new Error(`No desk for ${role}; ${answer.status()}: ${await page.$eval("body", (each) => each.innerText)}`);
  // Not by the pointer: what runs and what was sent is looked at again every few seconds, and moves what is below.
  await Promise.all([page.waitForNavigation(), button.evaluate((each) => each.click())]);
}
