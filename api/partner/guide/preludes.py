"""What a script of the guide begins with, and how it checks a webhook: in each language with its own means alone."""

from pathlib import Path

from infra.words import Locale

# A partner's website by the library that most use; `api/oauth/README.md` shows it too.
WEBSITE = (Path(__file__).parent / "website.js").read_text("utf-8")
SHELL = """\
LONGAN=${LONGAN:-__ADDRESS__}
pick() { echo "$ANSWER" | grep -o "\\"$1\\":[^,}]*" | head -1 | cut -d : -f 2- | tr -d '"'; }  # the first value of this name
ANSWER=$(curl -s "$LONGAN/oauth/token" -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials)
TOKEN=$(pick access_token)
[ -n "$TOKEN" ] || echo "no token from $LONGAN: $ANSWER" >&2
ask() {  # the answer stays in $ANSWER
  ANSWER=$(curl -s "$LONGAN/partner/graphql" -H "Authorization: Bearer $TOKEN" \\
    -H 'Content-Type: application/json' -H 'Accept-Language: __LOCALE__' -d "$1")
  echo "$ANSWER"
}
"""
TYPESCRIPT = """\
const LONGAN = process.env.LONGAN ?? "__ADDRESS__";
const { CLIENT_ID, CLIENT_SECRET } = process.env;
type Json = Record<string, any>;

async function post(path: string, body: string, headers: Record<string, string>): Promise<Json> {
  const answer = await fetch(LONGAN + path, { method: "POST", body, headers });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Json;
}

const { access_token } = await post("/oauth/token", "grant_type=client_credentials", {
  authorization: `Basic ${btoa(`${CLIENT_ID}:${CLIENT_SECRET}`)}`,
  "content-type": "application/x-www-form-urlencoded",
});

async function ask(query: string, variables: Json = {}): Promise<Json> {
  const headers = { authorization: `Bearer ${access_token}`, "content-type": "application/json", "accept-language": "__LOCALE__" };
  const answer = await post("/partner/graphql", JSON.stringify({ query, variables }), headers);
  console.log(JSON.stringify(answer));
  if (answer.errors) throw new Error(answer.errors[0].message);
  return answer.data;
}
"""
PYTHON = """\
import base64, json, os, urllib.error, urllib.request

LONGAN = os.environ.get("LONGAN", "__ADDRESS__")


def post(path, body, headers):
    request = urllib.request.Request(LONGAN + path, body.encode(), headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{error.code} {error.read().decode()}") from None


def pick(told, *path):  # what lies there, or None
    for part in path:
        told = told.get(part) if isinstance(told, dict) else told[part] if told and part < len(told) else None
    return told


client = f"{os.environ['CLIENT_ID']}:{os.environ['CLIENT_SECRET']}"
basic = {"Authorization": "Basic " + base64.b64encode(client.encode()).decode()}
token = post("/oauth/token", "grant_type=client_credentials", basic)["access_token"]


def ask(query, variables=None):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Accept-Language": "__LOCALE__"}
    answer = post("/partner/graphql", json.dumps({"query": query, "variables": variables}), headers)
    print(json.dumps(answer, ensure_ascii=False))
    if "errors" in answer:
        raise SystemExit(answer["errors"][0]["message"])
    return answer["data"]
"""
TYPESCRIPT_VERIFIES = """\
import { createHmac, timingSafeEqual } from "node:crypto";

// Over the bytes that came, before they are parsed; `standardwebhooks` from npm does the same.
export function verify(secret: string, headers: Record<string, string>, body: string): boolean {
  const [id, sent] = [headers["webhook-id"], headers["webhook-timestamp"]];
  if (Math.abs(Date.now() / 1000 - Number(sent)) > 300) return false;
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const right = Buffer.from(`v1,${createHmac("sha256", key).update(`${id}.${sent}.${body}`).digest("base64")}`);
  const said = headers["webhook-signature"].split(" ").map((each) => Buffer.from(each));
  return said.some((each) => each.length === right.length && timingSafeEqual(each, right));
}
"""
PYTHON_VERIFIES = '''\
import base64, hashlib, hmac, time


def verify(secret, headers, body):
    """Over the bytes that came, before they are parsed; `standardwebhooks` from PyPI does the same."""
    id, sent = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(sent)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{id}.{sent}.".encode() + body, hashlib.sha256).digest()
    right = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(each, right) for each in headers["webhook-signature"].split(" "))
'''


def shell(address: str, locale: Locale) -> str:
    return _filled(SHELL, address, locale)


def typescript(address: str, locale: Locale) -> str:
    return _filled(TYPESCRIPT, address, locale)


def python(address: str, locale: Locale) -> str:
    return _filled(PYTHON, address, locale)


def _filled(prelude: str, address: str, locale: Locale) -> str:
    """What is answered in words is answered in the reader's language."""
    return prelude.replace("__ADDRESS__", address).replace("__LOCALE__", locale)
