// The tour and the pages that go on with it, pasted into a shell block by block against the running house: every request answers.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import test from "node:test";
import { promisify } from "node:util";

import { MS_MAX } from "../shared/patience.js";
import { HOUSE } from "../shared/people.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PAGES = ["README.md", "domain/agreements/README.md", "domain/matching/README.md", "api/partner/README.md", "api/console/README.md"];
const README = (await Promise.all(PAGES.map((page) => readFile(`${ROOT}${page}`, "utf8")))).join("\n");

// Those that ask the house something; the others train models and move them about.
const blocks = [...README.matchAll(/^```sh\n(.*?)^```$/gms)]
  .map(([, text]) => text)
  .filter((text) => /\bask |\bask\(\)|curl/.test(text) && !text.includes("uvicorn"));

test("every block of the tour runs, one after the other, and leaves no file", async () => {
  assert.ok(blocks.length >= 8, `${blocks.length} blocks`);
  const script = blocks.join("\n").replace(/^LONGAN=.*$/m, `LONGAN=${HOUSE}`);
  const before = await listed();
  const { stdout } = await promisify(execFile)("bash", ["-c", script], { cwd: ROOT, timeout: MS_MAX, maxBuffer: 1e7 });
  for (const sentence of ['"errors"', "Please sign in", "BAD_REQUEST", "UNAUTHENTICATED"]) {
    assert.ok(!stdout.includes(sentence), `${sentence} in:\n${stdout}`);
  }
  for (const told of ["is your Longan code", '"grade":"A"', '"status":"APPROVED"', "IDEMPOTENCY_MISMATCH", '"now":"', '"reviewQueue"', '"isPersonal":true']) {
    assert.ok(stdout.includes(told), `no ${told} in:\n${stdout}`);
  }
  assert.equal(await listed(), before);
});

async function listed() {
  return (await promisify(execFile)("git", ["status", "--porcelain"], { cwd: ROOT })).stdout;
}
