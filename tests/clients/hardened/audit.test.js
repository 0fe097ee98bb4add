// The same checks where plain GET and introspection are off: exactly those that need them complain.
import assert from "node:assert/strict";
import test from "node:test";
import { auditServer } from "graphql-http";

import { GRAPHQL } from "../shared/people.js";

// 28B9 (MUST) and 2EA1 (SHOULD) send `__type` to see whether variables arrive, so they need introspection; 5A70, D6D5
// and 6A70 (MAY) send whole documents by GET, and here a GET may only name a document by its hash.
const EXPECTED = { "28B9": "error", "2EA1": "warn", "5A70": "notice", "6A70": "notice", D6D5: "notice" };

test("the graphql-http audit misses what was switched off, and nothing else", async () => {
  const results = await auditServer({ url: GRAPHQL });
  const complaints = results.filter(({ status }) => status !== "ok");
  assert.deepEqual(Object.fromEntries(complaints.map(({ id, status }) => [id, status])), EXPECTED);
  assert.equal(results.length, 61);
});
