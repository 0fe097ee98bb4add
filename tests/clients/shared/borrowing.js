// Borrowing, from the proof of who somebody is to the last cent paid, by the contract's documents.
import assert from "node:assert/strict";
import { createHash, randomInt } from "node:crypto";

import { HOUSE, newKey, somebodyScored } from "./people.js";
import { until } from "./polling.js";

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** A Chinese identity number that the sandbox's register knows, of somebody born as `ADULT` was. */
function newIdNumber() {
  const digits = `${randomInt(110_000, 111_000)}19940203123`;
  const sum = [...digits].reduce((total, digit, place) => total + Number(digit) * WEIGHTS[place], 0);
  return digits + "10X98765432"[sum % 11];
}

/** Somebody whom a register knows, with an account of their own to pay out to. */
export async function somebodyChecked() {
  const phone = await somebodyScored("steady-shopper", ["wechat", "taobao"]);
  const checked = await phone.send("VerifyIdentity", { input: { name: "李雷", idNumber: newIdNumber(), idempotencyKey: newKey() } });
  assert.equal(checked.profile?.identity, "CHECKED", JSON.stringify(checked));
  await phone.stepUp();
  const account = { kind: "BANK", number: "4111111111111111", isDefault: true, idempotencyKey: newKey() };
  assert.equal((await phone.send("AddPaymentAccount", { input: account })).__typename, "PaymentAccount");
  return phone;
}

/** The agreement that comes of an approved application, whose documents are what their hashes say. */
export async function accept(phone, application) {
  const { id: offerId, documents } = application.offer;
  for (const { url, sha256 } of documents) {
    const page = await fetch(new URL(url, HOUSE), { headers: phone.headers });
    assert.equal(createHash("sha256").update(Buffer.from(await page.arrayBuffer())).digest("hex"), sha256);
  }
  const input = { offerId, documents: documents.map(({ sha256 }) => sha256), idempotencyKey: newKey() };
  const agreement = await phone.send("AcceptOffer", { input });
  assert.equal(agreement.__typename, "Agreement", agreement.message);
  assert.deepEqual(await phone.send("AcceptOffer", { input }), agreement);
  return agreement;
}

export const look = (phone, { id }) => phone.send("AgreementById", { id });

/** The agreement, once all that was drawn is paid out and owed. */
export async function drawn(phone, agreement, amount) {
  const input = { agreementId: agreement.id, amount, idempotencyKey: newKey() };
  const draw = await phone.send("DrawDown", { input });
  assert.deepEqual([draw.status, draw.amount], ["SENT", amount]);
  assert.deepEqual(await phone.send("DrawDown", { input }), draw);
  return until("the partner pays out", async () => {
    const seen = await look(phone, agreement);
    return seen.drawDowns.every(({ status }) => status === "SETTLED") && seen;
  });
}

export async function repay(phone, agreement, amount, more = {}) {
  const input = { agreementId: agreement.id, amount, idempotencyKey: newKey(), ...more };
  const paid = await phone.send("Repay", { input });
  assert.equal(paid.__typename, "Repayment", paid.message);
  assert.equal((await phone.send("Repay", { input })).id, paid.id);
  return paid;
}
