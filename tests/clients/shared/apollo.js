// An Apollo Client as an app would set it up: persisted queries, hashed GET, the schema's possible types.
import { createHash } from "node:crypto";
import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { relayStylePagination } from "@apollo/client/utilities";

import { GRAPHQL } from "./people.js";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** A client of this phone's session. `client.sent` tells every request and its answer. */
export function apolloFor(phone, { possibleTypes, persisted = true } = {}) {
  const sent = [];
  const http = new HttpLink({ uri: GRAPHQL, fetch: (...request) => recorded(sent, phone, ...request) });
  const link = persisted ? new PersistedQueryLink({ sha256, useGETForHashedQueries: true }).concat(http) : http;
  const typePolicies = { User: { fields: { matches: relayStylePagination(["kind"]) } } };
  const client = new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes, typePolicies }) });
  return Object.assign(client, { sent });
}

async function recorded(sent, phone, address, options) {
  const response = await fetch(address, { ...options, headers: { ...options.headers, ...phone.headers } });
  const url = new URL(address);
  const asked = options.method === "GET" ? Object.fromEntries(url.searchParams) : JSON.parse(options.body);
  sent.push({
    method: options.method,
    hasQuery: "query" in asked,
    status: response.status,
    headers: response.headers,
    answer: await response.clone().json(),
    url: url.href,
  });
  return response;
}

/** Which types an interface or union may be, asked of the server in the way that Apollo's documentation says. */
export async function possibleTypesOf(phone) {
  const query = "{ __schema { types { kind name possibleTypes { name } } } }";
  const headers = { "content-type": "application/json", ...phone.headers };
  const response = await fetch(GRAPHQL, { method: "POST", headers, body: JSON.stringify({ query }) });
  const { types } = (await response.json()).data.__schema;
  const open = types.filter(({ possibleTypes }) => possibleTypes?.length);
  return Object.fromEntries(open.map(({ name, possibleTypes }) => [name, possibleTypes.map((type) => type.name)]));
}
