// Apollo Client 4: persisted queries by GET and POST, a normalised cache, unions, fragments, aliases and variables.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test, { before } from "node:test";
import { CombinedGraphQLErrors, gql } from "@apollo/client";

import { apolloFor, possibleTypesOf } from "../shared/apollo.js";
import { app } from "../shared/documents.js";
import { ADULT, GRAPHQL, Phone, newKey, somebodyScored } from "../shared/people.js";

const documents = Object.fromEntries(Object.entries(app).map(([name, text]) => [name, gql(text)]));
let possibleTypes;
let wang;

before(async () => {
  possibleTypes = await possibleTypesOf(new Phone());
  wang = await somebodyScored("steady-shopper");
});

/** A document that no server has seen. */
const fresh = (text) => gql(text.replace("NAME", `Q${randomUUID().replaceAll("-", "")}`));
const NETWORK = { fetchPolicy: "network-only" };

test("the schema's possible types say who can be a Refusal", () => {
  assert.deepEqual(possibleTypes.Refusal, ["Refused"]);
  assert.deepEqual([...possibleTypes.SignInResult].sort(), ["Refused", "SecondFactorRequired", "Session"]);
  assert.ok(possibleTypes.Node.includes("Application"));
});

test("a query's hash is unknown, then sent with its text, then enough by GET", async () => {
  const query = fresh("query NAME($first: Int) { products(first: $first) { edges { node { id title } } } }");
  const client = apolloFor(new Phone(), { possibleTypes });
  const { data } = await client.query({ query, variables: { first: 3 }, ...NETWORK });
  assert.equal(data.products.edges.length, 3);
  const [miss, registered] = client.sent;
  assert.deepEqual(brief(miss), ["GET", false, 200]);
  assert.equal(miss.answer.errors[0].message, "PersistedQueryNotFound");
  assert.equal(miss.answer.errors[0].extensions.code, "PERSISTED_QUERY_NOT_FOUND");
  assert.equal(miss.headers.get("cache-control"), "no-store");
  assert.deepEqual(brief(registered), ["POST", true, 200]);

  const another = apolloFor(new Phone(), { possibleTypes });
  const more = await another.query({ query, variables: { first: 5 }, ...NETWORK });
  assert.equal(more.data.products.edges.length, 5);
  const [hit, ...nothing] = another.sent;
  assert.deepEqual([brief(hit), nothing], [["GET", false, 200], []]);

  const tag = hit.headers.get("etag");
  assert.equal(hit.headers.get("cache-control"), "private, no-cache");
  const unchanged = await fetch(hit.url, { headers: { "accept-language": "en", "if-none-match": tag } });
  assert.deepEqual([unchanged.status, await unchanged.text()], [304, ""]);
});

test("a signed-in person's hashed GET answers about that person alone", async () => {
  const query = fresh("query NAME { viewer { id } }");
  const [first, second] = [await new Phone().signIn(), await new Phone().signIn()];
  for (const phone of [first, second, new Phone()]) {
    const { data } = await apolloFor(phone).query({ query, ...NETWORK });
    assert.equal(data.viewer?.id, phone.session?.viewer.id);
  }
});

test("a mutation leaves by POST, also by its hash, and never by GET", async () => {
  const phone = await new Phone().signIn();
  const client = apolloFor(phone, { possibleTypes });
  const mutation = fresh("mutation NAME($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename } }");
  for (const region of ["CN-SH", "CN-BJ"]) await client.mutate({ mutation, variables: { input: { region } } });
  assert.deepEqual(client.sent.map(brief), [
    ["POST", false, 200],
    ["POST", true, 200],
    ["POST", false, 200],
  ]);

  const byGet = new URL(GRAPHQL);
  byGet.searchParams.set("query", "mutation { signOut { __typename } }");
  const response = await fetch(byGet, { headers: phone.headers });
  assert.equal(response.status, 405);
  assert.equal(response.headers.get("allow"), "POST");
  assert.equal((await phone.send("Home")).id, phone.session.viewer.id);
});

test("a phone signs in, and reads a refusal through its interface", async () => {
  const phone = new Phone();
  const client = apolloFor(phone, { possibleTypes });
  const variables = { input: { phone: phone.number } };
  const asked = await client.mutate({ mutation: documents.RequestPhoneCode, variables });
  const { id: challengeId } = asked.data.requestPhoneCode;
  const code = await phone.readCode();
  const input = { challengeId, code, deviceName: "an Apollo", idempotencyKey: newKey() };

  const wrong = { ...input, code: code === "000000" ? "000001" : "000000", idempotencyKey: newKey() };
  const refused = await client.mutate({ mutation: documents.SignIn, variables: { input: wrong } });
  // The document names the interface only, so Apollo needs the possible types to keep these fields.
  assert.equal(refused.data.signIn.__typename, "Refused");
  assert.equal(refused.data.signIn.code, "CODE_WRONG");

  const { data } = await client.mutate({ mutation: documents.SignIn, variables: { input } });
  assert.equal(data.signIn.__typename, "Session");
  phone.token = data.signIn.accessToken;
  const home = await client.query({ query: documents.Home });
  assert.equal(home.data.viewer.id, data.signIn.viewer.id);
});

test("what a mutation answers changes what is watched, without asking again", async () => {
  const phone = await new Phone().signIn();
  const client = apolloFor(phone, { possibleTypes });
  const query = gql`
    {
      viewer {
        id
        profile { region }
      }
    }
  `;
  assert.equal((await client.query({ query })).data.viewer.profile.region, null);
  await client.mutate({ mutation: documents.UpdateProfile, variables: { input: { ...ADULT, region: "CN-GD" } } });
  assert.equal(client.readQuery({ query }).viewer.profile.region, "CN-GD");
});

test("fragments, aliases, directives and default values mean what they say", async () => {
  const client = apolloFor(wang, { possibleTypes });
  const query = gql`
    fragment Price on Money { amount currency }
    fragment Shown on Product { id name: title kind from: amountMin { ...Price } partner { ... on Node { id } name } }
    query Shapes($kind: ProductKind = RENTAL, $few: Int! = 2, $deep: Boolean!, $id: ID!) {
      homes: products(kind: $kind, first: $few) { edges { node { ...Shown } } }
      loans: products(kind: LOAN, first: 1) {
        edges { node { ...Shown to: amountMax @include(if: $deep) { ...Price } } }
      }
      me: viewer {
        best: matches(first: 1) { edges { node { product { ...Shown } why: reasons @skip(if: $deep) { code } } } }
        score { ... @include(if: $deep) { worth: points effects: factors { effect } start: basePoints } }
      }
      mine: node(id: $id) { __typename ...Owner }
    }
    fragment Owner on Node { id ... on User { maskedPhone } ... on Product { title } }
  `;
  const { data } = await client.query({ query, variables: { deep: true, id: wang.home.id } });
  assert.deepEqual(data.homes.edges.map(({ node }) => node.kind), ["RENTAL", "RENTAL"]);
  const [{ node: loan }] = data.loans.edges;
  assert.equal(loan.kind, "LOAN");
  assert.ok(Number(loan.to.amount) > Number(loan.from.amount) && loan.from.currency === "CNY");
  const [{ node: best }] = data.me.best.edges;
  assert.equal(best.product.name, wang.home.matches.edges[0].node.product.title);
  assert.equal("why" in best, false);
  const { worth, start, effects } = data.me.score;
  assert.equal(start + effects.reduce((sum, { effect }) => sum + effect, 0), worth);
  assert.deepEqual([data.mine.__typename, data.mine.id], ["User", wang.home.id]);
  assert.equal(data.mine.maskedPhone, wang.home.maskedPhone);
});

test("the matches grow page by page in Apollo's cache", async () => {
  const client = apolloFor(wang, { possibleTypes });
  const asked = { query: documents.Home, variables: { first: 4 } };
  const watched = client.watchQuery(asked);
  const subscription = watched.subscribe(() => {});
  const { data } = await watched.refetch();
  await watched.fetchMore({ variables: { after: data.viewer.matches.pageInfo.endCursor } });
  const { edges } = client.readQuery(asked).viewer.matches;
  assert.deepEqual(edges.map(({ node }) => node.id), wang.home.matches.edges.slice(0, 8).map(({ node }) => node.id));
  subscription.unsubscribe();
});

test("an application is made, found again in the cache, and withdrawn", async () => {
  const phone = await somebodyScored("steady-shopper");
  const client = apolloFor(phone, { possibleTypes });
  const { product } = phone.home.matches.edges[0].node;
  const input = {
    productId: product.id,
    amount: product.amountMin,
    termMonths: product.termMonths[0],
    share: ["SCORE_CHECK", "SCORE_REPORT"],
    idempotencyKey: newKey(),
  };
  const { data } = await client.mutate({ mutation: documents.Apply, variables: { input } });
  assert.equal(data.apply.__typename, "Application");
  const { id } = data.apply;
  const mine = await client.query({ query: documents.MyApplications });
  assert.equal(mine.data.viewer.applications.edges[0].node.product.title, product.title);

  const variables = { input: { applicationId: id } };
  await client.mutate({ mutation: documents.WithdrawApplication, variables });
  const { node } = client.readQuery({ query: documents.MyApplications }).viewer.applications.edges[0];
  assert.deepEqual([node.id, node.status], [id, "WITHDRAWN"]);
});

test("errors reach Apollo with their codes: a wrong document, no sign-in, a session that is over", async () => {
  const codeOf = async (phone, operation) => {
    const error = await operation(apolloFor(phone, { possibleTypes })).then(assert.fail, (thrown) => thrown);
    assert.ok(CombinedGraphQLErrors.is(error), String(error));
    const [{ extensions }] = error.errors;
    assert.ok(extensions.requestId);
    return extensions.code;
  };
  const wrong = gql("{ nothingOfTheKind }");
  assert.equal(await codeOf(new Phone(), (client) => client.query({ query: wrong })), "BAD_REQUEST");

  const mutation = documents.UpdateProfile;
  const update = (client) => client.mutate({ mutation, variables: { input: { region: "CN-SH" } } });
  assert.equal(await codeOf(new Phone(), update), "UNAUTHENTICATED");

  const phone = await new Phone().signIn();
  await phone.send("SignOut");
  assert.equal(await codeOf(phone, update), "SESSION_ENDED");
});

test("guesses hidden behind aliases are refused before any is compared", async () => {
  const phone = new Phone();
  const challenge = await phone.requestCode();
  const guess = (code) => {
    const input = `challengeId: "${challenge.id}", code: "${code}", deviceName: "x", idempotencyKey: "${newKey()}"`;
    return `g${code}: signIn(input: { ${input} }) { __typename }`;
  };
  const client = apolloFor(phone, { persisted: false });
  const mutation = gql(`mutation { ${["100001", "100002"].map(guess).join(" ")} }`);
  const error = await client.mutate({ mutation }).then(assert.fail, (thrown) => thrown);
  assert.equal(error.errors[0].extensions.code, "COST_EXCEEDED");
});

function brief({ method, hasQuery, status }) {
  return [method, hasQuery, status];
}
