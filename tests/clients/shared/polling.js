// Waiting for what happens elsewhere: never longer than said, never longer than needed.
import { setTimeout as pause } from "node:timers/promises";

import { SECONDS_MAX } from "./patience.js";

const LOOK_AGAIN_MS = 50;

/** The first answer of `look` that isn't null, undefined or false. Throws with `what` when none came in time. */
export async function until(what, look, { withinSeconds = SECONDS_MAX } = {}) {
  const deadline = Date.now() + withinSeconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > deadline) throw new Error(`Waited ${withinSeconds} s in vain: ${what}`);
    await pause(LOOK_AGAIN_MS);
  }
}
