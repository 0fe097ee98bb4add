// A page at the widths of a phone, a tablet and a desk, light and dark: nothing scrolls sideways, axe has nothing serious to say, and
// whatever can be pressed is reached by the keyboard and shows it.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { HOUSE } from "./people.js";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const WIDTHS = [390, 820, 1440];
const SCHEMES = ["light", "dark"];

// Of ours none asks for more by itself once it is loaded; GraphiQL does.
export async function open(page, path) {
  await page.goto(`${HOUSE}${path}`, { waitUntil: path === "/graphql" ? "networkidle0" : "load" });
}

// What a scheme can break; all the rest is the same in both.
const COLOURS = ["color-contrast", "link-in-text-block"];
// What a width between the narrowest and the widest can break, which shows nothing that neither of them does.
const LAYOUT = [...COLOURS, "scrollable-region-focusable"];
const [LIGHT] = SCHEMES;
const rulesFor = (width, scheme) => (scheme !== LIGHT ? COLOURS : width === WIDTHS[1] ? LAYOUT : undefined);

export async function serious(page, { rules } = {}) {
  // By the protocol, not as a script of the page: its policy lets none in. Once it is there it stays.
  if (!(await page.evaluate("typeof axe !== 'undefined'"))) await page.evaluate(`${AXE}; undefined`);
  const options = { resultTypes: ["violations"], ...(rules && { runOnly: { type: "rule", values: rules } }) };
  const { violations } = await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target, any }) => `${target} ${any[0]?.message ?? ""}`).join(" | ")}`);
}

const PRESSED = "a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex='0']";

/** What somebody without a mouse would not reach, or would not see that they have reached. */
async function unreachable(page) {
  // After a key was pressed, whatever takes the focus shows it as it would for whoever tabs there.
  await page.keyboard.press("Tab");
  return page.evaluate((selector) => {
    const shown = [...document.querySelectorAll(selector)].filter((each) => each.checkVisibility() && !each.disabled);
    const isLost = (each) => {
      each.focus();
      const { outlineStyle } = getComputedStyle(each);
      return each.tabIndex !== 0 || document.activeElement !== each || outlineStyle === "none";
    };
    return shown.filter(isLost).map((each) => each.outerHTML.slice(0, 120));
  }, PRESSED);
}

// Loaded once: what a width and a scheme change is style, and no script of ours looks at either.
async function seenAs(page, width, scheme) {
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  assert.equal(await page.evaluate((wanted) => matchMedia(`(prefers-color-scheme: ${wanted})`).matches, scheme), true);
  return page.evaluate(() => ({ wide: document.documentElement.scrollWidth, inner: innerWidth }));
}

export async function isFitAtEveryWidth(page, path) {
  await open(page, path);
  // GraphiQL is its authors' page; of ours there is the bar above it.
  const isOurs = path !== "/graphql";
  if (isOurs) assert.deepEqual(await unreachable(page), [], `${path} by the keyboard alone`);
  for (const scheme of SCHEMES) {
    for (const width of WIDTHS) {
      const at = `${path} at ${width} px, ${scheme}`;
      const { wide, inner } = await seenAs(page, width, scheme);
      assert.equal(inner, width, at);
      assert.ok(wide <= inner, `${at} scrolls sideways: ${wide} > ${inner}`);
      if (isOurs) assert.deepEqual(await serious(page, { rules: rulesFor(width, scheme) }), [], at);
    }
  }
}
