// Starts a house for each profile, runs its tests against it, and says how many passed.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { fileURLToPath } from "node:url";

import { leaveModels } from "./shared/command.js";
import { House, freePort } from "./shared/house.js";
import { report } from "./shared/reporter.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const openIdPort = await freePort();
const webhookPort = await freePort();

const PROFILES = [
  { name: "as_it_comes", title: "As it comes: GET and introspection on, sandbox providers", environment: { LONGAN_INVENTED_PEOPLE: "60", LONGAN_WEBHOOK_ALLOW: `["127.0.0.1:${webhookPort}"]` } },
  {
    name: "hardened",
    title: "Hardened, in yen: no plain GET, no introspection, a real OpenID provider",
    environment: {
      LONGAN_CURRENCY: "JPY",
      LONGAN_INTROSPECTION: "false",
      LONGAN_PLAIN_GET: "false",
      LONGAN_INVENTED_PEOPLE: "0",
      LONGAN_LINK_REDIRECTS: '["https://app.longan.example/linked"]',
      LONGAN_PROVIDERS__OIDC__ISSUER: `http://127.0.0.1:${openIdPort}`,
      LONGAN_PROVIDERS__OIDC__CLIENT_ID: "longan",
      LONGAN_PROVIDERS__OIDC__CLIENT_SECRET: "a-secret-between-longan-and-the-bank",
      LONGAN_PROVIDERS__OIDC__NAME: "Hillside Bank",
    },
  },
];
const FILE_SECONDS_MAX = 1_800;
// Two files run beside each other: most of their time is waiting. The longest begins.
const AT_ONCE = 2;
const FIRST = "console.test.js";
// The tour moves the house's clock, and the tokens of whoever is signed in are over.
const ALONE = "tour.test.js";

// One folder for all profiles: they follow each other.
const folder = await mkdtemp(join(tmpdir(), "longan-clients-"));
const counts = { passed: 0, failed: [] };
let house;
let isLeaving = false;

async function leave() {
  await house?.stop();
  await rm(folder, { recursive: true, force: true });
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    isLeaving = true;
    await leave();
    process.exit(130);
  });
}

async function visit(profile) {
  house = new House(folder, profile.environment);
  const began = performance.now();
  await house.start();
  console.log(`\n${profile.title} (ready in ${((performance.now() - began) / 1000).toFixed(1)} s)`);
  const before = counts.failed.length;
  // The test files run in processes of their own, which inherit these.
  Object.assign(process.env, { LONGAN_URL: house.url, LONGAN_VAR: folder, ...house.environment });
  const files = await filesOf(profile);
  await runTests(files.filter((file) => !file.endsWith(ALONE)));
  await runTests(files.filter((file) => file.endsWith(ALONE)));
  if (counts.failed.length > before) console.log(await house.lastWords());
  await house.stop();
}

async function filesOf({ name }) {
  const found = (await readdir(join(HERE, name))).filter((file) => file.endsWith(".test.js")).sort();
  found.sort((one, other) => (other === FIRST) - (one === FIRST));
  const wanted = process.argv.slice(2);
  const chosen = found.filter((file) => !wanted.length || wanted.some((word) => join(name, file).includes(word)));
  return chosen.map((file) => join(HERE, name, file));
}

async function runTests(files) {
  if (!files.length) return;
  const { passed, failed } = await report(run({ files, concurrency: AT_ONCE, timeout: FILE_SECONDS_MAX * 1000 }));
  counts.passed += passed;
  counts.failed.push(...failed);
}

try {
  await leaveModels(folder);
  for (const profile of PROFILES) if ((await filesOf(profile)).length) await visit(profile);
} catch (error) {
  if (!isLeaving) counts.failed.push(`  ${error.message}`);
} finally {
  await leave();
}
if (counts.failed.length) console.log(`\nFailed:\n${counts.failed.join("\n")}`);
console.log(`\n${counts.passed} passed, ${counts.failed.length} failed`);
process.exitCode = counts.failed.length || !counts.passed ? 1 : 0;
