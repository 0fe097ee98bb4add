// Who is signed in, in this tab: the two tokens, renewed before they end.
const KEY = "longan:session";
const EARLY_MS = 30_000;
let renewing = null;

export const newKey = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;

export function session() {
  return JSON.parse(sessionStorage.getItem(KEY) ?? "null");
}

export function begin(who, { accessToken, refreshToken, accessExpiresAt }) {
  sessionStorage.setItem(KEY, JSON.stringify({ who, accessToken, refreshToken, accessExpiresAt }));
}

export function end() {
  sessionStorage.removeItem(KEY);
}

// The access token to send now, or null where nobody is signed in any more.
export async function token() {
  const now = session();
  if (!now) return null;
  if (Date.parse(now.accessExpiresAt) - Date.now() > EARLY_MS) return now.accessToken;
  return renewed();
}

// A new access token; null where nobody is signed in any more. Whoever asks meanwhile waits for the same one.
export async function renewed() {
  const now = session();
  if (!now) return null;
  renewing ??= renew(now).finally(() => (renewing = null));
  await renewing;
  return session()?.accessToken ?? null;
}

async function renew({ who, refreshToken }) {
  const { refreshSession } = await ask(RENEW, { input: { refreshToken, idempotencyKey: newKey() } });
  if (refreshSession.accessToken) begin(who, refreshSession);
  else end();
}

// What Longan answers to one document; a refusal or an error is thrown as its sentence.
export async function ask(query, variables, bearer) {
  const answer = await fetch("/graphql", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(bearer && { Authorization: `Bearer ${bearer}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  if (errors?.length) throw new Error(errors[0].message);
  return data;
}

const RENEW = `mutation RefreshSession($input: RefreshSessionInput!) { refreshSession(input: $input) {
  ... on Session { accessToken refreshToken accessExpiresAt } ... on Refusal { code message } } }`;
