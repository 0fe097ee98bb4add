// A partner's server by a library for OAuth that nobody here wrote: found by itself, proven by secret and by key, looked at, ended.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import * as oauth from "oauth4webapi";

import { answerOf, longan } from "../shared/command.js";
import { HOUSE } from "../shared/people.js";

const INSECURE = { [oauth.allowInsecureRequests]: true }; // the house of this machine speaks http
const AUDIENCE = "longan:partner";

let server;
let client;
let secret;
let pair;
let folder;

before(async () => {
  const issuer = new URL((await (await fetch(`${HOUSE}/.well-known/oauth-authorization-server`)).json()).issuer);
  const found = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...INSECURE });
  server = await oauth.processDiscoveryResponse(issuer, found);
  const { partner } = await answerOf(longan(process.env.LONGAN_VAR, {}, "dev", "credentials"));
  client = { client_id: partner.clientId };
  secret = partner.clientSecret;
  pair = await oauth.generateKeyPair("ES256");
  const jwk = { ...(await crypto.subtle.exportKey("jwk", pair.publicKey)), kid: `key-${Date.now()}` };
  folder = await mkdtemp(join(tmpdir(), "longan-oauth-"));
  await writeFile(join(folder, "key.json"), JSON.stringify(jwk));
  const trusted = longan(process.env.LONGAN_VAR, {}, "clients", "trust", client.client_id, join(folder, "key.json"));
  await new Promise((resolve, reject) => trusted.on("exit", (code) => (code ? reject(new Error(`${code}`)) : resolve())));
  pair.kid = jwk.kid;
});

after(() => rm(folder, { recursive: true, force: true }));

const proofs = () => ({
  client_secret_basic: oauth.ClientSecretBasic(secret),
  client_secret_post: oauth.ClientSecretPost(secret),
  private_key_jwt: oauth.PrivateKeyJwt({ key: pair.privateKey, kid: pair.kid }),
});

async function tokenBy(proof, parameters = {}) {
  const response = await oauth.clientCredentialsGrantRequest(server, client, proof, parameters, INSECURE);
  return oauth.processClientCredentialsResponse(server, client, response);
}

async function ask(token) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const body = JSON.stringify({ query: "{ me { scopes } }" });
  return fetch(`${HOUSE}/partner/graphql`, { method: "POST", headers, body });
}

async function introspected(token, proof) {
  const response = await oauth.introspectionRequest(server, client, proof, token, INSECURE);
  return oauth.processIntrospectionResponse(server, client, response);
}

for (const method of ["client_secret_basic", "client_secret_post", "private_key_jwt"]) {
  test(`${method}: a token for some scopes that works, verifies, is looked at and is ended`, async () => {
    assert.ok(server.token_endpoint_auth_methods_supported.includes(method));
    const proof = proofs()[method];
    const { access_token: token, scope } = await tokenBy(proof, { scope: "products scores" });
    assert.equal(scope, "products scores");
    assert.deepEqual((await (await ask(token)).json()).data.me.scopes, ["products", "scores"]);

    const shown = new Request(`${HOUSE}/partner/graphql`, { headers: { authorization: `Bearer ${token}` } });
    const claims = await oauth.validateJwtAccessToken(server, shown, AUDIENCE, INSECURE);
    assert.equal(claims.client_id, client.client_id);
    const told = await introspected(token, proof);
    assert.deepEqual([told.active, told.scope, told.jti], [true, "products scores", claims.jti]);

    const ended = await oauth.revocationRequest(server, client, proof, token, INSECURE);
    await oauth.processRevocationResponse(ended);
    assert.equal((await introspected(token, proof)).active, false);
    assert.equal((await ask(token)).status, 401);
  });
}

test("a wrong secret and a scope that the client has not are refused in the library's own words", async () => {
  const wrong = tokenBy(oauth.ClientSecretBasic("wrong"));
  await assert.rejects(wrong, (error) => error.status === 401);
  await assert.rejects(tokenBy(proofs().client_secret_post, { scope: "everything" }), { error: "invalid_scope" });
});
