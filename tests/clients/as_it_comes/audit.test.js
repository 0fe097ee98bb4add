// GraphQL over HTTP, as the authors of its specification check it.
import assert from "node:assert/strict";
import test from "node:test";
import { auditServer } from "graphql-http";

import { GRAPHQL } from "../shared/people.js";

test("the graphql-http audit has nothing to say: 61 of 61", async () => {
  const results = await auditServer({ url: GRAPHQL });
  const complaints = results.filter(({ status }) => status !== "ok");
  assert.deepEqual(complaints.map(({ id, status, name, reason }) => ({ id, status, name, reason })), []);
  assert.equal(results.length, 61);
});
