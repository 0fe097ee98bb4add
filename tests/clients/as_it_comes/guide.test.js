// The recipes of the guide for the app's engineers, run as they stand there.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { app } from "../shared/documents.js";
import { GRAPHQL, Phone } from "../shared/people.js";

const GUIDE = await readFile(new URL("../../../api/app/README.md", import.meta.url), "utf8");
const blocks = [...GUIDE.matchAll(/^```js\n(.*?)^```$/gms)].map(([, text]) => text);
const recipe = (word) => blocks.find((each) => each.includes(word));

test("every recipe is JavaScript", () => {
  assert.equal(blocks.length, 3);
  for (const block of blocks) new Function(`return async () => {${block}}`);
});

test("all requests wait for one refresh, and the next refresh is another", async () => {
  let renewals = 0;
  const renewOnce = async () => (renewals += 1);
  const refresh = new Function("renewOnce", `${recipe("renewOnce")}; return refresh;`)(renewOnce);
  assert.deepEqual(await Promise.all([refresh(), refresh(), refresh()]), [1, 1, 1]);
  assert.equal(await refresh(), 2);
});

test("a lasting subscription takes new tokens when its own are over, and ends with the session", async () => {
  const phone = await new Phone().signIn();
  const tokens = { access: "over" };
  const told = { refreshed: 0, signedOut: 0 };
  const refresh = async () => {
    told.refreshed += 1;
    tokens.access = phone.token;
  };
  const signedOut = () => void (told.signedOut += 1);
  const withSocket = (options) => createClient({ ...options, webSocketImpl: WebSocket });
  const names = ["createClient", "url", "tokens", "refresh", "signedOut"];
  const made = new Function(...names, `${recipe("lasting")}; return { client, lasting };`);
  const { client, lasting } = made(withSocket, GRAPHQL.replace("http", "ws"), tokens, refresh, signedOut);
  const changes = lasting({ query: app.ScoreChanged, operationName: "ScoreChanged" });
  const { value } = await changes.next();
  assert.match(value.data.scoreChanged.viewer.scoring.state, /^[A-Z_]+$/);
  assert.deepEqual(told, { refreshed: 1, signedOut: 0 });
  const end = changes.next();
  await phone.send("SignOut");
  assert.equal((await end).done, true);
  assert.deepEqual(told, { refreshed: 1, signedOut: 1 });
  await client.dispose();
});
