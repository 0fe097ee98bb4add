"""What must come of an application, written apart from the house: plain Python, exact fractions, and no word of its code."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

UNDECIDED, IN_REVIEW = ("SUBMITTED", "DELAYED", "IN_REVIEW"), ("DELAYED", "IN_REVIEW")
OWNER, STRANGER, SHOPKEEPER = "the partner", "another partner", "the partner's client for products"
REVIEWER, SECOND_REVIEWER, MARKETER, APPROVER = "a reviewer", "another reviewer", "a marketer", "an approver"
PARTNERS, STAFF = (OWNER, STRANGER, SHOPKEEPER), (REVIEWER, SECOND_REVIEWER, MARKETER, APPROVER)
PAGE, API = "page", "api"
LOOKED_AT_ABOVE = {"A": 50_000_00, "B": 30_000_00, "C": 10_000_00, "D": 1_000_00}
FREE_OF_INCOME = 2_000_00


@dataclass(frozen=True)
class Product:
    """Rates as fractions of a year, money in fen."""

    mode: str = "PARTNER"
    rate: Fraction = Fraction(12, 100)
    fee: Fraction = Fraction(0)
    months: tuple[int, ...] = (6, 12)


@dataclass
class Person:
    """As they are now; `income_then`: when they applied. `owed` a month, and whether they owe yen besides."""

    grade: str = "B"
    income: int | None = 9_000_00
    income_then: int | None = None
    owed: int = 0
    owes_yen: bool = False
    is_behind: bool = False
    is_adult: bool = True
    is_active: bool = True

    def carries(self, monthly: int) -> bool:
        income = self.income_then if self.income is None else self.income
        return income is None or 2 * (monthly + self.owed) <= income


@dataclass(frozen=True)
class Terms:
    amount: int
    months: int
    rate: Fraction
    currency: str = "CNY"


@dataclass(frozen=True)
class Answer:
    """`terms`: how a partner's, or a reviewer's who approves less, differ from what was applied for."""

    who: str
    outcome: str
    door: str = API
    terms: str = "the same"


@dataclass
class Case:
    """An application on its way. `offered` and `decided_by` are what must stand in the tables."""

    product: Product
    person: Person
    asked: Terms
    cap: Fraction = Fraction(24, 100)  # of today
    is_published: bool = True
    status: str = "SUBMITTED"
    offered: Terms | None = None
    offer_status: str | None = None
    decided_by: str | None = None
    decisions: int = 0
    cap_then: Fraction = field(init=False)

    def __post_init__(self) -> None:
        self.cap_then = self.cap
        self.person.income_then = self.person.income

    def apply(self) -> None:
        """Rules decide at once what their partner leaves to them."""
        if self.product.mode == "PARTNER":
            return
        self.decisions += 1
        person, monthly = self.person, dues(self.asked)[0]
        if person.is_behind or not person.carries(monthly):
            self._end("DECLINED", "rules")
        elif (
            self.asked.amount > LOOKED_AT_ABOVE[person.grade]
            or (person.income is None and (self.asked.amount > FREE_OF_INCOME or person.owed > 0))
            or person.owes_yen
        ):
            self.status = "IN_REVIEW"
        else:
            self._approve(self.asked, "rules")

    def answer(self, answer: Answer) -> set[str]:
        """What could be said against it; where nothing is, it is done."""
        terms = self.terms_of(answer)
        faults = set(self._against(answer, terms))
        if faults:
            return faults
        self.decisions += 1
        match answer.outcome:
            case "APPROVE":
                self._approve(terms, answer.who)
            case "DECLINE":
                self._end("DECLINED", answer.who)
            case "REFER":
                self.status = "IN_REVIEW"
        return faults

    def withdraw(self) -> set[str]:
        if self.status not in (*UNDECIDED, "APPROVED", "WITHDRAWN"):
            return {"NOT_OPEN"}
        self.status = "WITHDRAWN"
        self.offer_status = self.offer_status and "WITHDRAWN"
        return set()

    def expire(self) -> None:
        if self.status == "APPROVED":
            self.status = self.offer_status = "EXPIRED"

    def be_late(self) -> None:
        if self.status in ("SUBMITTED", "IN_REVIEW"):
            self.status = "DELAYED"

    def terms_of(self, answer: Answer) -> Terms:
        asked, rate = self.asked, self.product.rate
        return {
            "the same": asked,
            "cheaper": Terms(asked.amount, asked.months, rate / 2),
            "dearer": Terms(asked.amount, asked.months, rate + Fraction(1, 100)),
            "more": Terms(asked.amount + 1, asked.months, rate),
            "half": Terms(asked.amount // 2, asked.months, rate),
            "the other term": Terms(asked.amount, sum(self.product.months) - asked.months, rate),
            "a strange term": Terms(asked.amount, 7, rate),
            "yen": Terms(asked.amount // 100, asked.months, rate, "JPY"),
        }[answer.terms]

    def _against(self, answer: Answer, terms: Terms) -> Iterator[str]:
        yield from self._who_may_not(answer)
        states = UNDECIDED if answer.who in PARTNERS else IN_REVIEW
        if self.status not in states or (answer.outcome == "REFER" and self.status == "IN_REVIEW"):
            yield "NOT_OPEN"
        if answer.who in STAFF and answer.outcome == "REFER":
            yield "INVALID"
        if answer.outcome == "APPROVE":
            yield from self._against_approving(answer, terms)

    def _who_may_not(self, answer: Answer) -> Iterator[str]:
        if answer.who == STRANGER:
            yield "NOT_FOUND"
        if answer.who in (SHOPKEEPER, MARKETER, APPROVER):
            yield "FORBIDDEN"
        if answer.who in PARTNERS and self.product.mode != "PARTNER":
            yield "NOT_ALLOWED"

    def _against_approving(self, answer: Answer, terms: Terms) -> Iterator[str]:
        person, by_partner = self.person, answer.who in PARTNERS
        if not person.is_adult:
            yield "NOT_ELIGIBLE"
        if not person.is_active or (by_partner and person.owes_yen) or (not by_partner and not self.is_published):
            yield "NOT_ALLOWED"
        if answer.terms in ("dearer", "more", "a strange term", "yen"):
            yield "INVALID"
        if costs_more(terms, self.product.fee, min(self.cap, self.cap_then)):
            yield "COST_ABOVE_CAP"
        if not person.carries(dues(self._weighed(terms))[0]):
            yield "LIMIT_EXCEEDED"

    def _weighed(self, terms: Terms) -> Terms:
        """Whoever decides learns in tenths of what was asked, at the rate that was shown, what somebody can carry."""
        tenths = -(-terms.amount * 10 // self.asked.amount)
        return Terms(-(-self.asked.amount * tenths // 10), terms.months, self.product.rate)

    def _approve(self, terms: Terms, by: str) -> None:
        self.status, self.offered, self.offer_status, self.decided_by = "APPROVED", terms, "OPEN", by

    def _end(self, status: str, by: str) -> None:
        self.status, self.decided_by = status, by


def either_way(case: Case, one: Answer, other: Answer) -> list[tuple[Case, set[str], set[str]]]:
    """Of two who answer at once one is first; nobody knows which."""
    ways = []
    for first, second in ((one, other), (other, one)):
        then = deepcopy(case)
        said = {id(first): then.answer(first), id(second): then.answer(second)}
        ways.append((then, said[id(one)], said[id(other)]))
    return ways


def dues(terms: Terms) -> list[int]:
    """Equal instalments to the fen; the last takes what is left."""
    rate = terms.rate / 12
    growth = (1 + rate) ** terms.months
    payment = half_up(terms.amount * rate * growth / (growth - 1) if rate else Fraction(terms.amount, terms.months))
    left, paid = terms.amount, []
    for number in range(1, terms.months + 1):
        interest = half_up(left * rate)
        principal = left if number == terms.months else payment - interest
        paid.append(principal + interest)
        left -= principal
    return paid


def costs_more(terms: Terms, fee: Fraction, cap: Fraction) -> bool:
    """Whether a person who lent at the cap what is in hand would get less than this."""
    in_hand = terms.amount - half_up(terms.amount * fee)
    return sum(due / (1 + cap / 12) ** month for month, due in enumerate(dues(terms), 1)) > in_hand


def half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))
