import * as client from "openid-client";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BACK, LOCAL } = process.env;
const how = { algorithm: "oauth2", execute: LOCAL ? [client.allowInsecureRequests] : [] };
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, client.ClientSecretBasic(), how);

// Where to send somebody, and what to keep in their session at your site until they are back.
export async function ask() {
  const kept = { pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: client.randomState() };
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: BACK,
    scope: "scores score_reports offline_access",
    purpose: "LENDING",
    days: "30",
    state: kept.expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(kept.pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  return { url, kept };
}

// What they come back with; throws with `error: "access_denied"` where they said no.
export async function take(currentUrl, kept) {
  return client.authorizationCodeGrant(config, currentUrl, kept);
}

export async function renew(refreshToken) {
  return client.refreshTokenGrant(config, refreshToken);
}
