// The bar above GraphiQL: sign in as an invented person with one click, or with a phone number and the code sent to it.
import { ask, begin, end, newKey, session, token } from "./session.js";

const DEVICE = "GraphiQL";
const CODE_WAIT_MS = 60_000;
const LOOK_MS = 400;

export function showBar(bar) {
  const part = Object.fromEntries([...bar.querySelectorAll("[id]")].map((each) => [each.id, each]));
  const isEmbedded = bar.dataset.embedded === "yes";
  if (location.hash.startsWith("#as=")) end();
  const now = session();
  part["signed-out"].hidden = Boolean(now);
  part["signed-in"].hidden = !now;
  part.who.textContent = now?.who ?? "";
  part["sign-out"].addEventListener("click", () => leave(part));
  part.ask.addEventListener("submit", (event) => tried(event, part, () => sendCode(part, isEmbedded)));
  part.answer.addEventListener("submit", (event) => tried(event, part, () => answer(part)));
  if (isEmbedded && !now) offerPeople(part);
}

// Whatever it does, the person hears how it ended.
async function tried(event, part, what) {
  event.preventDefault();
  part.told.textContent = "";
  const buttons = [...document.querySelectorAll("#bar button")];
  for (const each of buttons) each.disabled = true;
  try {
    await what();
  } catch (error) {
    part.told.textContent = error.message;
  } finally {
    for (const each of buttons) each.disabled = false;
  }
}

async function offerPeople(part) {
  const people = await (await fetch("/dev/people")).json();
  for (const { key, name, story } of people) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.title = story;
    button.addEventListener("click", (event) => tried(event, part, () => become(key, name)));
    part.people.append(button);
  }
  // A link of the house's page names somebody to be.
  const wanted = people.find(({ key }) => location.hash === `#as=${key}`);
  if (wanted) await tried(new Event("click"), part, () => become(wanted.key, wanted.name));
}

async function become(key, name) {
  const answer = await fetch(`/dev/people/${encodeURIComponent(key)}/sign-in`, { method: "POST" });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  enter(name, told);
}

async function sendCode(part, isEmbedded) {
  const phone = new FormData(part.ask).get("phone");
  const { requestPhoneCode: told } = await ask(ASK_CODE, { input: { phone } });
  if (!told.id) throw new Error(told.message);
  Object.assign(part.answer.dataset, { challenge: told.id, key: newKey(), phone });
  part.answer.hidden = false;
  const field = part.answer.elements.code;
  field.value = isEmbedded ? await keptCode(phone, told.id) : "";
  field.focus();
}

// On the embedded default the code is kept where a developer can read it.
async function keptCode(phone, challenge) {
  const number = phone.replaceAll(/[^+\d]/g, "");
  for (const until = Date.now() + CODE_WAIT_MS; Date.now() < until; await new Promise((go) => setTimeout(go, LOOK_MS))) {
    const [newest] = await (await fetch(`/dev/messages?to=${encodeURIComponent(number)}`)).json();
    if (newest?.code && newest.challengeId === challenge) return newest.code;
  }
  return "";
}

async function answer(part) {
  const { challenge, key, phone } = part.answer.dataset;
  const code = new FormData(part.answer).get("code");
  const input = { challengeId: challenge, code, deviceName: DEVICE, idempotencyKey: key };
  const { signIn: told } = await ask(SIGN_IN, { input });
  if (!told.accessToken) {
    part.answer.dataset.key = newKey();
    throw new Error(told.message);
  }
  enter(told.viewer?.maskedPhone ?? phone, told);
}

// Everything that waits on a socket begins anew with the new person.
function enter(who, tokens) {
  begin(who, tokens);
  history.replaceState(null, "", location.pathname);
  location.reload();
}

async function leave(part) {
  const bearer = await token().catch(() => null);
  if (bearer) await ask("mutation SignOut { signOut { __typename } }", {}, bearer).catch(() => null);
  end();
  location.reload();
}

const ASK_CODE = `mutation RequestPhoneCode($input: RequestPhoneCodeInput!) { requestPhoneCode(input: $input) {
  ... on Challenge { id } ... on Refusal { message } } }`;
const SIGN_IN = `mutation SignIn($input: SignInInput!) { signIn(input: $input) {
  ... on Session { accessToken refreshToken accessExpiresAt viewer { maskedPhone } } ... on Refusal { message } } }`;
