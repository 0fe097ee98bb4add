"""Account kinds, as data: on which side each grows, and the rule that its balance may not break.

A new kind is a line here, and a migration of the rule's constraint where it has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    DEBIT = "DEBIT"
    CREDIT = "CREDIT"


class AccountRule(StrEnum):
    """What the database refuses; each is a constraint of `ledger_accounts`, by this name, over all kinds that it holds for."""

    LIMIT = "limit"  # nobody draws more than was agreed
    DEBT = "debt"  # nobody owes less than nothing
    CREDIT = "credit"  # nobody is given back more than they paid too much, or than is held for them
    COUNTER = "counter"  # nothing is taken back that was never booked


class AccountKind(StrEnum):
    PRINCIPAL = "PRINCIPAL"
    INTEREST = "INTEREST"
    FEES = "FEES"
    RENT = "RENT"
    CREDIT = "CREDIT"
    LENT = "LENT"
    INTEREST_EARNED = "INTEREST_EARNED"
    FEES_EARNED = "FEES_EARNED"
    RENT_EARNED = "RENT_EARNED"
    REPAID = "REPAID"
    COLLECTED = "COLLECTED"
    PAYABLE = "PAYABLE"
    COMMISSION = "COMMISSION"
    DRAWABLE = "DRAWABLE"
    RESERVED = "RESERVED"
    COMMITTED = "COMMITTED"
    DEPOSIT = "DEPOSIT"
    DEPOSIT_RETURNING = "DEPOSIT_RETURNING"
    UNMATCHED = "UNMATCHED"
    REMITTED = "REMITTED"
    BENEFITS = "BENEFITS"
    BENEFITS_OWED = "BENEFITS_OWED"
    PLANS_SOLD = "PLANS_SOLD"


@dataclass(frozen=True)
class Kind:
    """`rule`: the balance, counted on its side, is never below zero. Without a rule it may be anything. `journal` is its
    account in an exported journal, before the agreement's id.
    """

    side: Side
    rule: AccountRule | None
    journal: str
    holds: str


DEBIT, CREDIT = Side.DEBIT, Side.CREDIT

KINDS: Mapping[AccountKind, Kind] = {
    # What the person owes the lender, and what they paid too much.
    AccountKind.PRINCIPAL: Kind(DEBIT, AccountRule.DEBT, "Assets:Principal", "money that was lent and is not repaid"),
    AccountKind.INTEREST: Kind(DEBIT, AccountRule.DEBT, "Assets:Interest", "interest that was booked and is not paid"),
    AccountKind.FEES: Kind(DEBIT, AccountRule.DEBT, "Assets:Fees", "fees that were booked and are not paid"),
    AccountKind.RENT: Kind(DEBIT, AccountRule.DEBT, "Assets:Rent", "rent that has fallen due and is not paid"),
    AccountKind.CREDIT: Kind(CREDIT, AccountRule.CREDIT, "Liabilities:Credit", "what the person paid too much"),
    # The lender's side of it.
    AccountKind.LENT: Kind(CREDIT, AccountRule.COUNTER, "Equity:Lent", "what the lender has paid out"),
    AccountKind.INTEREST_EARNED: Kind(
        CREDIT, AccountRule.COUNTER, "Income:Interest", "interest that was booked, paid or not"
    ),
    AccountKind.FEES_EARNED: Kind(CREDIT, AccountRule.COUNTER, "Income:Fees", "fees that were booked, paid or not"),
    AccountKind.RENT_EARNED: Kind(CREDIT, AccountRule.COUNTER, "Income:Rent", "rent that has fallen due, paid or not"),
    AccountKind.REPAID: Kind(
        DEBIT, AccountRule.COUNTER, "Assets:Repaid", "what the person paid, less what was given back"
    ),
    # Longan between the two.
    AccountKind.COLLECTED: Kind(DEBIT, None, "Assets:Collected", "money at the cashier"),
    AccountKind.PAYABLE: Kind(
        CREDIT, None, "Liabilities:Payable", "owed to the partner: received less refunded less fees"
    ),
    AccountKind.COMMISSION: Kind(
        CREDIT, AccountRule.COUNTER, "Income:Commission", "Longan's fees, which the partner pays"
    ),
    # The limit: nothing of it is owed yet.
    AccountKind.DRAWABLE: Kind(DEBIT, AccountRule.LIMIT, "Assets:Drawable", "what may still be drawn"),
    AccountKind.RESERVED: Kind(
        DEBIT, AccountRule.LIMIT, "Assets:Reserved", "what was drawn and is on its way to the person"
    ),
    AccountKind.COMMITTED: Kind(
        CREDIT, AccountRule.COUNTER, "Liabilities:Committed", "what the lender stands by to pay out"
    ),
    # The deposit, which is the person's: at the cashier, and nobody's income.
    AccountKind.DEPOSIT: Kind(CREDIT, AccountRule.CREDIT, "Liabilities:Deposit", "what is held of a deposit"),
    AccountKind.DEPOSIT_RETURNING: Kind(
        CREDIT, AccountRule.CREDIT, "Liabilities:DepositReturning", "what of a deposit is on its way back"
    ),
    # Of a payment, not of an agreement.
    AccountKind.UNMATCHED: Kind(
        CREDIT, AccountRule.CREDIT, "Liabilities:Unmatched", "money at the cashier that fits nothing"
    ),
    # Of a remittance.
    AccountKind.REMITTED: Kind(DEBIT, None, "Liabilities:Remitted", "paid out to the partner, of what it is owed"),
    # Of a redemption.
    AccountKind.BENEFITS: Kind(DEBIT, None, "Expenses:Benefits", "what benefits have cost that were used"),
    AccountKind.BENEFITS_OWED: Kind(
        CREDIT, None, "Liabilities:BenefitsOwed", "owed to whoever gave what a benefit promises"
    ),
    # Of a plan subscription.
    AccountKind.PLANS_SOLD: Kind(CREDIT, None, "Income:Plans", "what people paid for plans, less what went back"),
}

OWED = (AccountKind.PRINCIPAL, AccountKind.INTEREST, AccountKind.FEES, AccountKind.RENT)
# What the person has with us, and gets back: none of it may be below zero.
THEIRS = tuple(kind for kind, each in KINDS.items() if each.rule is AccountRule.CREDIT)
STATEMENT = (*OWED, AccountKind.CREDIT)  # what a person's statement tells of: these sum to outstanding less credit


def constraint_of(rule: AccountRule) -> str:
    """The CHECK over the kinds that a rule holds for."""
    sides = {side: [kind for kind, each in KINDS.items() if (each.rule, each.side) == (rule, side)] for side in Side}
    parts = [
        f"(kind NOT IN ({', '.join(repr(kind.value) for kind in kinds)}) OR {more} >= {less})"
        for (kinds, more, less) in (
            (sides[DEBIT], "debits", "credits"),
            (sides[CREDIT], "credits", "debits"),
        )
        if kinds
    ]
    return " AND ".join(parts)
