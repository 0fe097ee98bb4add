// What the audit doesn't ask: odd requests are the client's fault, and every error has a code and an id to report.
import assert from "node:assert/strict";
import test from "node:test";

import { GRAPHQL } from "../shared/people.js";

async function send(body, headers = {}) {
  const options = { method: "POST", headers: { "content-type": "application/json", ...headers }, body };
  const response = await fetch(GRAPHQL, options);
  return { status: response.status, id: response.headers.get("x-request-id"), ...(await response.json()) };
}

const ask = (query, more = {}) =>
  send(JSON.stringify({ query, ...more }), { accept: "application/graphql-response+json" });

function assertBadRequest({ status, id, errors, data }, because) {
  assert.deepEqual([status, data], [400, undefined], because);
  for (const { extensions } of errors) assert.deepEqual(extensions, { code: "BAD_REQUEST", requestId: id }, because);
}

test("bodies that are no request are refused", async () => {
  const deep = "[".repeat(50_000);
  const notText = Buffer.from([0xff, 0x7b]);
  for (const body of ['"x"', "null", "[]", "{", "1e999", deep, '[{"query":"{__typename}"}]', notText]) {
    assertBadRequest(await send(body), String(body).slice(0, 20));
  }
});

test("documents that cannot be read or don't fit the schema are refused", async () => {
  const deep = "{ a ".repeat(500) + "}".repeat(500);
  for (const query of ["{", "#", "{ viewer { id }", "{ nothing }", "{ viewer }", deep]) {
    assertBadRequest(await ask(query), query.slice(0, 20));
  }
  assertBadRequest(await ask("query ($first: Int!) { products(first: $first) { edges { cursor } } }"));
});

test("of several operations one must be named", async () => {
  const query = "query A { __typename } query B { b: __typename }";
  assertBadRequest(await ask(query));
  assertBadRequest(await ask(query, { operationName: "C" }));
  assert.deepEqual((await ask(query, { operationName: "B" })).data, { b: "Query" });
});

test("what asks for too much is refused before it runs", async () => {
  const page = (size) => `products(first: ${size}) { edges { node { id title kind partner { id name } termMonths } } }`;
  const aliases = Array.from({ length: 31 }, (_, n) => `a${n}: __typename`).join(" ");
  const costly = Array.from({ length: 30 }, (_, n) => `a${n}: ${page(100)}`).join(" ");
  const long = "__typename ".repeat(2_001);
  for (const query of [`{ ${aliases} }`, `{ ${costly} }`, `{ ${long} }`]) {
    const { status, errors, data } = await ask(query);
    assert.deepEqual([status, data], [400, undefined]);
    assert.ok(["COST_EXCEEDED", "BAD_REQUEST"].includes(errors[0].extensions.code));
  }
});

test("a body that is too large is not read", async () => {
  const response = await fetch(GRAPHQL, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: " ".repeat(300_000),
  });
  assert.equal(response.status, 413);
});

test("a form that a foreign page could send is refused", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
    const { status } = await send('{"query":"{__typename}"}', { "content-type": type });
    assert.equal(status, 415, type);
  }
});
