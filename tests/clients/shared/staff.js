// Somebody of the staff at the console's door, as a script of marketing's or risk's own would be.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

import { answerOf, longan } from "./command.js";
import { staff as documents } from "./documents.js";
import { HOUSE } from "./people.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The six digits of an authenticator (RFC 6238) for a secret in base 32. */
export function oneTimeCode(secret, at = Date.now()) {
  const bits = [...secret].map((sign) => ALPHABET.indexOf(sign).toString(2).padStart(5, "0")).join("");
  const bytes = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac("sha1", bytes).update(step).digest();
  const number = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

export const credentials = () => answerOf(longan(process.env.LONGAN_VAR, {}, "dev", "credentials"));

export const beginDay = (proofs) =>
  fetch(`${HOUSE}/console/session`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(proofs) });

export class Staff {
  constructor(token) {
    this.token = token;
  }

  /** Without typing proofs, of which each passes once: at a desk of the house's own page. */
  static async atDeskOf(role) {
    const answer = await fetch(`${HOUSE}/dev/console/${role}`, { method: "POST", redirect: "manual" });
    assert.equal(answer.status, 303);
    return new Staff(answer.headers.get("set-cookie").match(/^longan_console=([^;]+)/)[1]);
  }

  /** What the contract's document of this name answers, whatever it answers. */
  async ask(name, variables = {}) {
    const response = await fetch(`${HOUSE}/console/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", "accept-language": "en", authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ query: documents[name], operationName: name, variables }),
    });
    return { status: response.status, headers: response.headers, ...(await response.json()) };
  }

  /** Its data, where nothing may go wrong at the top. */
  async read(name, variables) {
    const { status, errors, data } = await this.ask(name, variables);
    assert.deepEqual([status, errors], [200, undefined]);
    return data;
  }

  /** The one answer of a mutation of this name. */
  async send(name, input) {
    const [answer] = Object.values(await this.read(name, { input }));
    return answer;
  }
}
