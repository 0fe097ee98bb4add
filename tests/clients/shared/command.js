// The `longan` command, as an operator runs it in a folder.
import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PYTHON = join(ROOT, ".venv", "bin", "python");

/** Starts it. Of the caller's settings for houses of their own, none reaches it. */
export function longan(folder, environment, ...command) {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith("LONGAN_"));
  const env = { ...Object.fromEntries(others), ...environment, LONGAN_VAR: folder };
  return spawn(PYTHON, ["-m", "api.cli", ...command], { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
}

/** Leaves the first models in the folder, as a house would train them; those of other tests where they are the same. */
export async function leaveModels(folder) {
  await promisify(execFile)(PYTHON, ["-m", "tests.trained", folder], { cwd: ROOT });
}

/** What it prints. Throws with what it complained of, where it failed. */
export async function printedBy(process) {
  const [said, complained, code] = await Promise.all([
    textOf(process.stdout),
    textOf(process.stderr),
    new Promise((ended) => process.once("close", ended)),
  ]);
  if (code !== 0) throw new Error(complained);
  return said;
}

/** What it prints as JSON. */
export async function answerOf(process) {
  return JSON.parse(await printedBy(process));
}

async function textOf(stream) {
  return Buffer.concat(await stream.toArray()).toString();
}
