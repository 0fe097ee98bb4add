// A house in yen, which have no decimals, from a product of its lender's to the last one paid at the cashier's page.
import assert from "node:assert/strict";
import test, { before } from "node:test";

import { accept, drawn, look, repay, somebodyChecked } from "../shared/borrowing.js";
import { HOUSE, newKey } from "../shared/people.js";
import { Lender } from "../shared/partner.js";

const jpy = (amount) => ({ amount, currency: "JPY" });

let borrower;
let loan; // 30,000 over three months
before(async () => {
  const lender = await new Lender().signIn();
  const terms = { kind: "LOAN", amountMin: jpy("10000"), amountMax: jpy("40000"), termMonths: [3], annualRate: "0.12" };
  const id = await lender.offer({ sku: newKey(), title: "円のローン", decision: "INSTANT", status: "PUBLISHED", ...terms });
  borrower = await somebodyChecked();
  const application = await borrower.apply({ id, amountMin: jpy("30000"), termMonths: [3] });
  assert.equal(application.status, "APPROVED", JSON.stringify(application));
  assert.deepEqual(application.offer.monthlyPayment, jpy("10201"));
  loan = await accept(borrower, application);
});

test("instalments are whole yen, and the last takes what is left", async () => {
  assert.deepEqual(loan.schedule.map(({ due }) => due), [jpy("10201"), jpy("10201"), jpy("10200")]);
});

test("parts of a yen are refused", async () => {
  const input = { agreementId: loan.id, amount: jpy("1000.50"), idempotencyKey: newKey() };
  const { errors, data } = await borrower.ask("DrawDown", { input });
  assert.ok(errors?.length || data.drawDown.code === "INVALID");
});

test("what waits for the person is found again, and counts once they have paid on the cashier's page", async () => {
  assert.deepEqual((await drawn(borrower, loan, jpy("30000"))).outstanding, jpy("30000"));
  await fetch(`${HOUSE}/dev/cashier`, { method: "POST", body: JSON.stringify({ mode: "ACTION" }) });
  const paid = await repay(borrower, loan, jpy("30001"));
  assert.deepEqual([paid.status, paid.agreement.outstanding], ["NEEDS_ACTION", jpy("30000")]);
  const { nextAction } = await look(borrower, loan);
  assert.deepEqual(nextAction, paid.nextAction);
  await fetch(nextAction.url, { method: "POST", body: new URLSearchParams({ press: "pay" }) });
  const seen = await look(borrower, loan);
  assert.deepEqual([seen.status, seen.outstanding, seen.credit, seen.nextAction], ["SETTLED", jpy("0"), jpy("1"), null]);
  const input = { agreementId: loan.id, idempotencyKey: newKey() };
  assert.deepEqual((await borrower.send("RefundCredit", { input })).credit, jpy("0"));
});
