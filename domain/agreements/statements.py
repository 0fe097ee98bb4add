"""Statement: an agreement's movements as a person reads them, one line for each thing that happened, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from babel.dates import format_date
from babel.numbers import format_currency

from domain.agreements.movements import Movement, MovementKind
from domain.agreements.standings import AgreementStanding
from domain.money import late_fees
from domain.money.loans import BookingKind
from infra.money import Money
from infra.paging import Page, decode_cursor, encode_cursor, limit_of, not_ours
from infra.words import N_, Locale, say

LANGUAGES = {"zh": "zh_CN", "en": "en_GB"}
Values = Mapping[str, Money | date | int]

INTEREST_DUE = N_("Interest of instalment {number}, up to {on}.")
INTEREST_SO_FAR = N_("Interest up to {on}.")
CHARGED, TAKEN_BACK = N_("A fee."), N_("Booked again, because of what we have learned since.")
LATE_FEE = N_("Late fee: instalment {number} was not paid within {days} days after it was due.")
LATE_FEE_WAIVED = N_("The late fee of instalment {number} is waived.")
RETURNED = N_("Taken back by the partner, as if you had never had it.")
GIVEN_UP = N_("Waived, so that the total cost stays within its limit.")
PAID_BACK = N_("Paid back to you from what you had overpaid.")
ALL_OF_IT = N_("Your payment, thank you: {principal} repaid, {interest} interest.")
OF_INTEREST = N_("Your payment, thank you: {interest} interest.")
WITH_FEES = N_("Your payment, thank you: {principal} repaid, {interest} interest, {fees} fees.")
WITH_CREDIT = N_("Your payment, thank you. {credit} of it is more than was owed: it is your credit.")


@dataclass(frozen=True)
class StatementLine:
    """`amount` is what it adds to what is owed, less credit; the lines add up to what is owed now, less credit."""

    id: UUID
    at: datetime
    kind: MovementKind
    amount: int
    currency: str
    sentence: str
    values: Values = field(default_factory=dict)

    def words(self, locale: Locale) -> str:
        return in_words(self.sentence, self.values, locale)


def in_words(sentence: str, values: Values, locale: Locale) -> str:
    """The sentence with amounts and days as its language writes them."""
    return say(sentence, locale, **{name: _written(value, locale) for name, value in values.items()})


def _written(value: Money | date | int, locale: Locale) -> str:
    match value:
        case Money():
            return str(format_currency(value.amount, value.currency, locale=LANGUAGES[locale]))
        case date():
            return format_date(value, "M月d日" if locale == "zh" else "d MMMM", locale=LANGUAGES[locale])
    return str(value)


def lines_of(standing: AgreementStanding, now: datetime) -> list[StatementLine]:
    """All of them, newest first: what was posted, and what has fallen due since."""
    return describe(standing, [*standing.movements, *standing.unposted(now)])


def describe(standing: AgreementStanding, movements: Sequence[Movement]) -> list[StatementLine]:
    """The lines of these movements of an agreement, newest first."""
    lines = [_line(standing, [*each]) for _, each in groupby(movements, key=_of_one_act)]
    return [line for line in reversed(lines) if line.amount or line.kind is MovementKind.REPAYMENT]


def page_of(standing: AgreementStanding, now: datetime, first: int | None, after: str | None) -> Page[StatementLine]:
    """Refuses INVALID a wrong number, and a cursor of another list."""
    limit, lines = limit_of(first), lines_of(standing, now)
    start = 0
    if after is not None:
        place = next((i for i, line in enumerate(lines) if [str(line.id)] == decode_cursor(after, 1)), None)
        if place is None:
            raise not_ours()
        start = place + 1
    shown = lines[start : start + limit]
    cursors = [encode_cursor([line.id]) for line in shown]
    has_next = len(lines) > start + limit
    return Page(shown, cursors, has_next, after is not None, cursors[-1] if cursors else after)


def _of_one_act(movement: Movement) -> tuple[object, ...]:
    """A payment that reaches several instalments is one line."""
    together = movement.kind in (MovementKind.REPAYMENT, MovementKind.WAIVER, MovementKind.REVERSAL) and movement.ref
    return (movement.kind, movement.ref, movement.posted_at) if together else (movement.id,)


def _line(standing: AgreementStanding, movements: list[Movement]) -> StatementLine:
    first, currency = movements[0], standing.agreement.currency

    def money(minor: int) -> Money:
        return Money(minor, currency)

    principal, interest = -sum(each.principal for each in movements), -sum(each.interest for each in movements)
    fees = -sum(each.fees + each.penalties for each in movements)
    credit, values = sum(each.credit for each in movements), dict[str, Money | date | int]()
    match first.kind:
        case MovementKind.PRINCIPAL | MovementKind.RENT:
            act = standing.acts_by_ref.get(first.ref)
            withheld, sentences = act.withheld if act else 0, standing.kind.sentences
            sentence = sentences.got_less_fee if withheld else sentences.got
            paid, fee = money(first.amount - withheld), money(withheld)
            values = {"paid": paid, "fee": fee, "number": first.number or 0, "on": first.on}
        case MovementKind.INTEREST:
            sentence = INTEREST_SO_FAR if first.ref or first.number is None else INTEREST_DUE
            values = {"number": first.number or 0, "on": first.on}
        case MovementKind.REPAYMENT:
            sentence = _of_payment(principal, interest, fees, credit) or standing.kind.sentences.repaid
            values = {
                "principal": money(principal),
                "interest": money(interest),
                "fees": money(fees),
                "credit": money(credit),
            }
        case MovementKind.WAIVER:
            sentence = GIVEN_UP
        case MovementKind.REFUND:
            sentence = PAID_BACK
        case MovementKind.PAYOUT_RETURNED:
            sentence = RETURNED
        case MovementKind.REVERSAL if first.booked == BookingKind.PENALTY and first.number in standing.late_fees_waived:
            sentence, values = LATE_FEE_WAIVED, {"number": first.number or 0}
        case MovementKind.REVERSAL:
            sentence = TAKEN_BACK
        case _ if first.is_late_fee:
            sentence, values = LATE_FEE, {"number": first.number or 0, "days": late_fees.GRACE.days}
        case _:
            sentence = CHARGED
    amount = sum(each.amount for each in movements)
    return StatementLine(first.id, first.at, first.kind, amount, currency, sentence, values)


def _of_payment(principal: int, interest: int, fees: int, credit: int) -> str | None:
    """None where all of it is for what the person got."""
    if credit:
        return WITH_CREDIT
    if fees:
        return WITH_FEES
    if principal and interest:
        return ALL_OF_IT
    return None if principal else OF_INTEREST
