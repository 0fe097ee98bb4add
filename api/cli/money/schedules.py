"""A record of a schedule, answered: its convention and its events become ours, and the plan after them is written down."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from api.cli.money.fields import Fields, Unsupported
from domain.money.conventions import (
    CHARGES_FIRST,
    Convention,
    DayCount,
    LoanPart,
    MonthEnd,
    Order,
    Recalculation,
    Rounding,
    Unit,
)
from domain.money.due_dates import due_dates
from domain.money.loans import Act, Amortisation, LoanEvent, LoanTerms, PlannedRow
from domain.money.replaying import LoanReplay

E = TypeVar("E", bound=StrEnum)

INSTALMENTS_MAX = 1200
EVERY_MAX = 366
RATE_MAX = Decimal(10_000)
METHODS = {
    "equal_instalment_declining_balance": Amortisation.EQUAL,
    "interest_only": Amortisation.INTEREST_ONLY,
    "flat": Amortisation.FLAT,
}
RULES = {Amortisation.EQUAL: "level", Amortisation.FLAT: "equal_total"}
ACTS = {
    "repayment": Act.PAYMENT,
    "payoff": Act.PAYMENT,
    "charge_fee": Act.FEE,
    "charge_penalty": Act.PENALTY,
}


def answer(record: Fields) -> dict[str, Any]:
    if record.text("kind", "schedule") == "due_dates":
        return _dates(record)
    loan = read(record)
    return {"instalments": [row_of(row, loan.decimals) for row in loan.replayed(loan.on).planned(loan.on)]}


@dataclass(frozen=True)
class RecordedLoan:
    """`on` is the day on which the last of its events was booked."""

    terms: LoanTerms
    events: list[LoanEvent]
    on: date
    decimals: int

    def replayed(self, on: date) -> LoanReplay:
        replay = LoanReplay(self.terms)
        replay.run(self.events, on)
        return replay


def read(record: Fields) -> RecordedLoan:
    decimals = _decimals(record)
    terms = _terms(record, decimals)
    return RecordedLoan(terms, *_events(record, decimals), decimals)


def _dates(record: Fields) -> dict[str, Any]:
    loan = record.inner("loan")
    dates = _due_dates(record, loan.whole("instalments", 1, INSTALMENTS_MAX), _convention(record, Convention()))
    return {"instalments": [{"no": number, "due_date": day.isoformat()} for number, day in enumerate(dates, 1)]}


def _due_dates(record: Fields, number: int, convention: Convention) -> tuple[date, ...]:
    loan = record.inner("loan")
    try:
        return due_dates(loan.day("start_date"), number, convention)
    except OverflowError as error:
        raise loan.wrong("instalments", "Its last day lies outside the calendar.") from error


def row_of(row: PlannedRow, decimals: int) -> dict[str, Any]:
    due = row.due
    amounts = {
        "principal": due.principal,
        "interest": due.interest,
        "fees": due.fees,
        "penalties": due.penalties,
        "total": due.total,
    }
    written = {name: f"{Decimal(minor).scaleb(-decimals):.{decimals}f}" for name, minor in amounts.items()}
    return {"no": row.number, "due_date": row.due_on.isoformat(), **written}


def _decimals(record: Fields) -> int:
    convention = record.inner("convention")
    if "decimals" in convention:
        return convention.whole("decimals", 0, 6)
    from infra.money import decimals

    loan = record.inner("loan")
    try:
        return decimals(loan.text("currency"))
    except ValueError as error:
        raise loan.wrong("currency", "There is no such currency.") from error


def _terms(record: Fields, decimals: int) -> LoanTerms:
    loan, fields = record.inner("loan"), record.inner("convention")
    amortisation = _of(METHODS, fields, "method")
    usual = RULES.get(amortisation, "")
    if fields.text("instalment_rule", usual) != usual:
        raise Unsupported(f"{fields.text('method')} with instalments by {fields.text('instalment_rule')}")
    if fields.text("last_instalment", "absorbs_difference") != "absorbs_difference":
        raise Unsupported("the last instalment always absorbs the difference")
    terms = LoanTerms(
        annual_rate=loan.number("annual_rate_percent", Decimal(0), RATE_MAX) / 100,
        instalments=loan.whole("instalments", 1, INSTALMENTS_MAX),
        amortisation=amortisation,
        convention=_money_convention(record, decimals),
        down_payment=loan.minor("down_payment", decimals, least=0) if "down_payment" in loan else 0,
    )
    _due_dates(record, terms.instalments, terms.convention)
    if terms.down_payment >= loan.minor("principal", decimals):
        raise loan.wrong("down_payment", "This is to be less than the principal.")
    return terms


def _money_convention(record: Fields, decimals: int) -> Convention:
    fields = record.inner("convention")
    dated = Convention(
        day_count=_enum(DayCount, fields, "day_count"),
        rounding=_enum(Rounding, fields, "rounding"),
        recalculation=_enum(Recalculation, fields, "interest_recalculation", Recalculation.NONE),
        past_due=_order(fields, "PAST_DUE_"),
        due=_order(fields, "DUE_"),
        ahead=_order(fields, "IN_ADVANCE_"),
        multiple=fields.minor("instalment_multiple_of", decimals) if "instalment_multiple_of" in fields else 1,
        smooths=fields.flag("smoothing_applied"),
        after_term=False,
    )
    return _convention(record, dated)


def _convention(record: Fields, usual: Convention) -> Convention:
    """With the rules for its dates."""
    fields, loan = record.inner("convention"), record.inner("loan")
    return replace(
        usual,
        month_end=_enum(MonthEnd, fields, "due_dates", MonthEnd.LAST_DAY),
        every=loan.whole("every", 1, EVERY_MAX) if "every" in loan else 1,
        unit=_enum(Unit, loan, "unit", Unit.MONTHS),
    )


def _order(fields: Fields, prefix: str) -> Order:
    """What is paid first within a row of this sort; rows come oldest first, part by part."""
    if fields.text("processing", "horizontal") != "horizontal":
        raise Unsupported("a payment goes row by row, never part by part over all rows")
    if fields.text("surplus_goes_to", "NEXT_INSTALLMENT") != "NEXT_INSTALLMENT":
        raise Unsupported("what is paid too early goes to the next instalments")
    if "allocation_order" not in fields:
        return CHARGES_FIRST
    names = [name.removeprefix(prefix) for name in fields.texts("allocation_order") if name.startswith(prefix)]
    if sorted(names) != sorted(LoanPart):
        raise fields.wrong("allocation_order", "Each of the four parts is to be named once for each sort of row.")
    return tuple(LoanPart(name) for name in names)


def _events(record: Fields, decimals: int) -> tuple[list[LoanEvent], date]:
    """What happened, with the advance first, and the day on which the last of it was booked."""
    loan = record.inner("loan")
    on = start = loan.day("start_date")
    events = [LoanEvent(Act.ADVANCE, start, loan.minor("principal", decimals))]
    for fields in record.each("events") if "events" in record else []:
        day = fields.day("date_from" if fields.text("type") == "interest_pause" else "date")
        if day < start:
            raise fields.wrong("date", "Nothing happens to a loan before its first day.")
        on = max(on, fields.day("booked_on") if "booked_on" in fields else day)
        _happen(events, fields, day, decimals)
    return events, on


def _happen(events: list[LoanEvent], fields: Fields, day: date, decimals: int) -> None:
    match fields.text("type"):
        case "day_end":
            pass
        case "interest_pause":
            until = fields.day("date_to")
            if until < day:
                raise fields.wrong("date_to", "A pause ends no sooner than it begins.")
            if not fields.values.get("both_days_included", True):
                raise Unsupported("both days of a pause are free of interest")
            events.append(LoanEvent(Act.PAUSE, day, until=until))
        case "undo_repayment":
            undone = LoanEvent(Act.PAYMENT, day, fields.minor("amount", decimals))
            if undone not in events:
                raise fields.wrong("amount", "There is no such payment to undo.")
            events.reverse()
            events.remove(undone)
            events.reverse()
        case _:
            events.append(LoanEvent(_of(ACTS, fields, "type"), day, fields.minor("amount", decimals)))


def _of(known: dict[str, Any], fields: Fields, name: str) -> Any:
    value = fields.text(name)
    if value not in known:
        raise Unsupported(f"{name} {value}")
    return known[value]


def _enum(kind: type[E], fields: Fields, name: str, usual: E | None = None) -> E:
    value = fields.text(name, usual)
    try:
        return kind(value)
    except ValueError as error:
        raise Unsupported(f"{name} {value}") from error
