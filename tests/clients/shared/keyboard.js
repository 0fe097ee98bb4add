// A page without a mouse: what is wanted is tabbed to, and must show that it has the focus.
import assert from "node:assert/strict";

const TABS_MAX = 250;

/** Tab on to what matches, from wherever the focus is. Throws where it is never reached, or where nobody would see it. */
export async function tabTo(page, selector) {
  for (let tabs = 0; tabs < TABS_MAX; tabs++) {
    await page.keyboard.press("Tab");
    const outline = await page.evaluate((wanted) => {
      const here = document.activeElement;
      return here?.matches(wanted) ? getComputedStyle(here).outlineStyle : null;
    }, selector);
    if (outline) return assert.notEqual(outline, "none", `${selector} shows that it has the focus`);
  }
  throw new Error(`${selector} is not reached by ${TABS_MAX} tabs on ${page.url()}`);
}

/** Press what matches, and wait for the page that it leads to. */
export async function pressKey(page, selector) {
  await tabTo(page, selector);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

/** Write into what matches, in the place of what stands there. */
export async function typeInto(page, selector, text) {
  await tabTo(page, selector);
  await page.keyboard.down("Control");
  await page.keyboard.press("KeyA");
  await page.keyboard.up("Control");
  await page.keyboard.type(text);
}
