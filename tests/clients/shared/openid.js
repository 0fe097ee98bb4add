// The npm package oidc-provider as a bank's sign-in: a standard OpenID provider that nobody here wrote.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import Provider from "oidc-provider";

export const CALLBACKS = ["https://app.longan.example/linked", "longan://linked"];

const CONFIGURATION = {
  clients: [
    {
      client_id: process.env.LONGAN_PROVIDERS__OIDC__CLIENT_ID,
      client_secret: process.env.LONGAN_PROVIDERS__OIDC__CLIENT_SECRET,
      application_type: "native", // a custom scheme is for native clients only
      redirect_uris: CALLBACKS,
      response_types: ["code"],
      grant_types: ["authorization_code", "refresh_token"],
    },
  ],
  claims: { openid: ["sub"], profile: ["name"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: `${id} of the hillside` }) }),
  pkce: { required: () => true },
  cookies: { keys: ["for the tests only"] },
};

/** Starts it at its issuer's address. `used` counts the requests to each of its paths. */
export async function openBank(issuer) {
  const provider = new Provider(issuer, CONFIGURATION);
  const used = new Map();
  const answer = provider.callback();
  const server = createServer((request, response) => {
    const path = request.url.split("?")[0];
    used.set(path, (used.get(path) ?? 0) + 1);
    answer(request, response);
  });
  server.listen(Number(new URL(issuer).port), "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { used, close };
}

/** A person's browser at the bank, without a screen: it keeps cookies, follows redirects and fills in forms. */
export class Browser {
  cookies = new Map();

  /** Signs in as `login`, agrees, and answers the address that the bank sends back to. */
  async agree(authorizationUrl, login) {
    const signInForm = await this.open(authorizationUrl);
    const consentForm = await this.submit(signInForm, { prompt: "login", login, password: "any will do here" });
    return this.submit(consentForm, { prompt: "consent" });
  }

  /** Opens the address, and answers the one that comes back when the person turns away. */
  async refuse(authorizationUrl) {
    const form = await this.open(authorizationUrl);
    return this.follow(await this.visit(`${form}/abort`));
  }

  async open(address) {
    return this.follow(await this.visit(address), address);
  }

  async submit(address, fields) {
    const sent = await this.visit(address, { method: "POST", body: new URLSearchParams(fields) });
    return this.follow(sent, address);
  }

  /** Where the redirects end: at a page that waits for the person, or outside of the bank. */
  async follow(response, from) {
    let address = from;
    while (response.status >= 300 && response.status < 400) {
      address = new URL(response.headers.get("location"), response.url).href;
      if (CALLBACKS.some((callback) => address.startsWith(callback))) return address;
      response = await this.visit(address);
    }
    assert.equal(response.status, 200, await response.text());
    return address;
  }

  async visit(address, options = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(address, { ...options, redirect: "manual", headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      if (value) this.cookies.set(name, value);
      else this.cookies.delete(name);
    }
    return response;
  }
}
