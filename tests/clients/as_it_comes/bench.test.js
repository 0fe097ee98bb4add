// The bench beside its peer: that both answer the same questions, never how fast.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";

import { answerOf, leaveModels, longan } from "../shared/command.js";

const SMALL = ["--people", "40", "--readers", "3", "--turns", "1", "--seconds", "0.2", "--applications", "2"];

test("every page that the peer has is read beside it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "longan-bench-"));
  try {
    await leaveModels(folder);
    const run = await answerOf(longan(folder, {}, "bench", "serve", ...SMALL, "--json"));
    assert.deepEqual(run.notes, []);
    const beside = run.rows.filter(({ contenders }) => contenders.peer).map(({ name }) => name);
    assert.deepEqual(beside, ["home", "homeAfterChange", "homeAfterScore", "products", "feed", "queue"]);
    for (const { ofPeer, contenders } of run.rows.filter(({ contenders }) => contenders.peer)) {
      assert.ok(ofPeer.median > 0 && contenders.peer.perSecond.median > 0);
    }
    const [home] = run.rows;
    const ratio = home.contenders.longan.answerBytes / home.contenders.peer.answerBytes;
    assert.ok(ratio > 0.5 && ratio < 2, `answers of about the same length, not ${ratio}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
