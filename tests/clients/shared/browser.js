// A headless Chromium that reaches this machine and nothing else.
import puppeteer from "puppeteer-core";

import { MS_MAX } from "./patience.js";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", process.env.CHROMIUM];

export async function browserPath() {
  const { existsSync } = await import("node:fs");
  return PLACES.filter(Boolean).find((place) => existsSync(place));
}

export async function openBrowser({ language = "en-US" } = {}) {
  return puppeteer.launch({
    executablePath: await browserPath(),
    timeout: MS_MAX,
    protocolTimeout: MS_MAX,
    args: [
      "--no-sandbox",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
      `--lang=${language}`,
      "--disable-background-networking",
    ],
  });
}

// A page that notes whatever it asked of another host, and whatever went wrong in it.
export async function openPage(browser, { width = 1440, height = 900, scheme = "light", language = "en-US" } = {}) {
  const page = await browser.newPage();
  page.setDefaultTimeout(MS_MAX);
  page.elsewhere = [];
  page.complaints = [];
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol !== "data:" && hostname !== "127.0.0.1") page.elsewhere.push(request.url());
  });
  page.on("console", (message) => {
    if (message.type() === "error") page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(error.message));
  await page.setViewport({ width, height });
  await page.setExtraHTTPHeaders({ "Accept-Language": language });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  return page;
}
