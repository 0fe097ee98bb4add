// What an outsider can learn of the schema, and what still works, where the house tells less of itself.
import assert from "node:assert/strict";
import test from "node:test";
import { gql } from "@apollo/client";

import { apolloFor } from "../shared/apollo.js";
import { GRAPHQL, Phone } from "../shared/people.js";

async function post(query) {
  const body = JSON.stringify({ query });
  return (await fetch(GRAPHQL, { method: "POST", headers: { "content-type": "application/json" }, body })).json();
}

test("introspection is off, also through fragments and aliases", async () => {
  for (const query of [
    "{ __schema { types { name } } }",
    '{ type: __type(name: "User") { name } }',
    "query { ...Hidden } fragment Hidden on Query { __schema { queryType { name } } }",
  ]) {
    const { data, errors } = await post(query);
    assert.deepEqual([data, errors[0].extensions.code], [undefined, "BAD_REQUEST"], query);
  }
});

test("clients may still ask for the type of what they got", async () => {
  const { data } = await post("{ __typename products(first: 1) { edges { node { __typename } } } }");
  assert.deepEqual(data, { __typename: "Query", products: { edges: [{ node: { __typename: "Product" } }] } });
});

test("a slip of the pen is told without the names that would have been right", async () => {
  for (const query of [
    "{ viewr { id } }",
    "{ viewer { maskedPhon } }",
    "{ products(kin: LOAN) { edges { cursor } } }",
    "{ products(kind: LOANN) { edges { cursor } } }",
    "{ node(id: 1) { ... on Use { id } } }",
    'mutation { requestPhoneCode(input: { phon: "1" }) { __typename } }',
    "query ($input: RequestPhoneCodeInpu!) { __typename }",
    'query ($when: ProductKind = "LOA") { products(kind: $when) { edges { cursor } } }',
  ]) {
    const { errors } = await post(query);
    assert.ok(errors.length > 0, query);
    for (const { message } of errors) assert.doesNotMatch(message, /did you mean/i, query);
  }
});

test("a whole document by GET is refused, its hash is enough", async () => {
  const url = new URL(GRAPHQL);
  url.searchParams.set("query", "{ products(first: 1) { edges { cursor } } }");
  const refused = await fetch(url);
  assert.equal(refused.status, 400);
  assert.equal((await refused.json()).errors[0].extensions.code, "BAD_REQUEST");

  const query = gql("query First { products(first: 1) { edges { cursor } } }");
  for (let visit = 1; visit <= 2; visit += 1) {
    const client = apolloFor(new Phone());
    const { data } = await client.query({ query });
    assert.equal(data.products.edges.length, 1);
    if (visit === 2) assert.deepEqual(client.sent.map(({ method }) => method), ["GET"]);
  }
});
