// A loan from an offer to the last cent, as an app of another make sees it.
import assert from "node:assert/strict";
import test, { before } from "node:test";

import { accept, drawn, look, repay, somebodyChecked } from "../shared/borrowing.js";
import { newKey } from "../shared/people.js";
import { productsByTitle } from "../shared/reading.js";

const LOAN = "灵活周转借款"; // of the demo bank: instant, 500.00 to 10,000.00, 16.2 % a year
const cny = (amount) => ({ amount, currency: "CNY" });

let borrower;
let loan; // of 1,000.00 over the product's first term
before(async () => {
  borrower = await somebodyChecked();
  const product = (await productsByTitle(borrower))[LOAN];
  const application = await borrower.apply(product, { amount: cny("1000.00") });
  assert.equal(application.status, "APPROVED");
  loan = await accept(borrower, application);
});

test("an accepted offer owes nothing, and its limit can be drawn", async () => {
  assert.deepEqual([loan.status, loan.outstanding], ["PENDING", cny("0.00")]);
  const seen = await look(borrower, loan);
  assert.deepEqual([seen.drawable, seen.drawDowns, seen.payoffQuote], [cny("1000.00"), [], null]);
});

test("what is drawn is owed once it is paid out, and no more can be drawn than the limit", async () => {
  const seen = await drawn(borrower, loan, cny("600.00"));
  assert.deepEqual([seen.status, seen.outstanding, seen.drawable], ["ACTIVE", cny("600.00"), cny("400.00")]);
  assert.equal(seen.payoffQuote.amount.amount, "600.00");
  const input = { agreementId: loan.id, amount: cny("400.01"), idempotencyKey: newKey() };
  const { code, field } = await borrower.send("DrawDown", { input });
  assert.deepEqual([code, field], ["LIMIT_EXCEEDED", ["input", "amount"]]);
});

test("a repayment lowers the debt once", async () => {
  const paid = await repay(borrower, loan, cny("100.00"));
  assert.deepEqual([paid.status, paid.nextAction, paid.agreement.outstanding], ["SETTLED", null, cny("500.00")]);
  const { movements, repayments } = await look(borrower, loan);
  assert.deepEqual(repayments.map(({ status, amount }) => [status, amount]), [["SETTLED", cny("100.00")]]);
  assert.deepEqual(movements.edges.map(({ node }) => [node.kind, node.amount.amount]), [["REPAYMENT", "-100.00"], ["PRINCIPAL", "600.00"]]);
});

test("a quote pays off to the cent, and what is paid too much goes back", async () => {
  const { payoffQuote } = await look(borrower, loan);
  const stale = { agreementId: loan.id, amount: cny("499.99"), payoffQuoteId: payoffQuote.id, idempotencyKey: newKey() };
  assert.equal((await borrower.send("Repay", { input: stale })).code, "STALE");
  const paid = await repay(borrower, loan, payoffQuote.amount, { payoffQuoteId: payoffQuote.id });
  assert.deepEqual([paid.agreement.status, paid.agreement.outstanding], ["SETTLED", cny("0.00")]);
  const edges = (await borrower.send("MyAgreements")).agreements.edges;
  assert.deepEqual(edges.map(({ node }) => [node.id, node.status]), [[loan.id, "SETTLED"]]);
  const input = { agreementId: loan.id, idempotencyKey: newKey() };
  assert.equal((await borrower.send("RefundCredit", { input })).code, "NOT_OPEN");
});

test("what is paid too much is credit until it is given back", async () => {
  const product = (await productsByTitle(borrower))[LOAN];
  const other = await accept(borrower, await borrower.apply(product, { amount: cny("700.00") }));
  await drawn(borrower, other, cny("700.00"));
  await repay(borrower, other, cny("750.00"));
  assert.deepEqual((await look(borrower, other)).credit, cny("50.00"));
  const input = { agreementId: other.id, idempotencyKey: newKey() };
  for (let times = 0; times < 2; times += 1) {
    const { credit } = await borrower.send("RefundCredit", { input });
    assert.deepEqual(credit, cny("0.00"));
  }
});
