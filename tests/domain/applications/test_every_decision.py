"""Every way to a decision, walked in every order, against an oracle that was written apart."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.main import app
from domain.credit import scoring
from domain.credit.grades import Grade
from infra.settings import settings as of_the_house
from tests.api.conftest import SteadyScorer
from tests.api.people import scored
from tests.domain.applications import oracle
from tests.domain.applications.oracle import (
    API,
    OWNER,
    PAGE,
    PARTNERS,
    REVIEWER,
    STAFF,
    Answer,
    Case,
    Person,
    Product,
    Terms,
)
from tests.domain.applications.walking import House, Rows, Walk, open_house

WALKS = 25
told: list[str | None] = []  # what was answered, in order


class Grader(SteadyScorer):
    """Everybody has this grade, until it changes."""

    grade = Grade.B

    def score(self, sheet: Any) -> Any:
        return scored(self.grade)


GRADER = Grader()


@dataclass(frozen=True)
class Change:
    """What happens between an application and its decision: in the house, and in the oracle."""

    name: str
    happen: Callable[[Walk], Awaitable[Any]]
    mean: Callable[[Case], Any]


def person(**now: Any) -> Callable[[Case], None]:
    return lambda case: case.person.__dict__.update(now)


def case(**now: Any) -> Callable[[Case], None]:
    return lambda case: case.__dict__.update(now)


def nothing(case: Case) -> None:
    """Of the product, what it became since does not count."""


async def lower_the_cap(walk: Walk) -> None:
    of_the_house().cost_cap = Decimal("0.1")


async def grade(walk: Walk, grade: Grade) -> None:
    GRADER.grade = grade


def owe(case: Case) -> None:
    case.person.owed += 2_000_00


CHANGES = [
    Change("dearer", lambda walk: walk.change_product(annualRate="0.2"), nothing),
    Change("a term is dropped", lambda walk: walk.change_product(termMonths=[6]), nothing),
    Change("for small amounts only", lambda walk: walk.change_product(amountMax=money("1000.00")), nothing),
    Change("for others only", lambda walk: walk.change_product(rules={"regions": ["CN-BJ"], "ageMax": 20}), nothing),
    Change("renamed", lambda walk: walk.change_product(title="Something else"), nothing),
    Change("another decides", lambda walk: walk.change_product(decision="INSTANT"), nothing),
    Change("retired", lambda walk: walk.change_product(status="RETIRED"), case(is_published=False)),
    Change("the cap falls", lower_the_cap, case(cap=Fraction(1, 10))),
    Change("income untold", lambda walk: walk.tell(monthly_income=None), person(income=None)),
    Change("a minor after all", lambda walk: walk.tell(birth_date=date(2015, 1, 1)), person(is_adult=False)),
    Change("birthday untold", lambda walk: walk.tell(birth_date=None), nothing),
    Change("unlinked", lambda walk: walk.unlink(), nothing),
    Change("a worse grade", lambda walk: grade(walk, Grade.D), person(grade="D")),
    Change("a better grade", lambda walk: grade(walk, Grade.A), person(grade="A")),
    Change("more is owed", lambda walk: walk.owe(2_000_00), owe),
    Change("yen are owed", lambda walk: walk.owe(30_000, "JPY"), person(owes_yen=True)),
    Change("closing the account", lambda walk: walk.close_account(), person(is_active=False)),
    Change("late", lambda walk: walk.be_late(), Case.be_late),
    Change("expired", lambda walk: walk.expire(), Case.expire),
]


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


EXPIRED, LATE = [[change for change in CHANGES if change.name == name] for name in ("expired", "late")]
MEANWHILE = [change for change in CHANGES if change not in (*EXPIRED, *LATE)]
SOUND = Person(income=20_000_00)
people = st.just(SOUND) | st.builds(
    Person,
    grade=st.sampled_from("BAD"),
    income=st.sampled_from([9_000_00, 2_000_00, None]),
    owed=st.sampled_from([0, 1_000_00]),
    owes_yen=st.sampled_from([False, False, False, True]),
    is_behind=st.sampled_from([False, False, True]),
)
AMOUNTS = [5_000_00, 1_500_00, 12_345_67, 35_000_00]
TERMS = ["the same", "the same", "cheaper", "half", "the other term", "dearer", "more", "a strange term", "yen"]
LESS = ["the same", "the same", "half", "the other term", "more", "a strange term"]
WHAT = ["APPROVE", "APPROVE", "APPROVE", "DECLINE"]


@st.composite
def walks(draw: st.DrawFn) -> tuple[Case, list[Any]]:
    """A case, what changes, and who answers; mostly those whose turn it is."""
    mode, is_late = draw(st.sampled_from(["PARTNER", "PARTNER", "INSTANT"])), draw(st.booleans())
    rate = draw(st.sampled_from([Fraction(12, 100), Fraction(5, 100), Fraction(18, 100)]))
    product = Product(mode, rate, fee=draw(st.sampled_from([Fraction(0), Fraction(5, 1000)])))
    asked = Terms(draw(st.sampled_from(AMOUNTS)), draw(st.sampled_from([12, 6])), rate)
    case = Case(product, draw(people), asked)
    by_partner = st.builds(Answer, st.sampled_from([OWNER] * 5 + [*PARTNERS]), outcomes("REFER"), terms=terms)
    by_staff = st.builds(
        Answer, st.sampled_from([REVIEWER] * 3 + [*STAFF]), outcomes(), st.sampled_from([PAGE, API]), terms=less
    )
    theirs, others = (by_staff, by_partner) if is_late or mode == "INSTANT" else (by_partner, by_staff)
    first = draw(theirs | st.tuples(theirs, others) | st.tuples(theirs, theirs) | theirs)
    then = draw(st.lists(theirs | others | st.sampled_from(["withdrawn", *EXPIRED]), max_size=2))
    changes = draw(st.lists(st.sampled_from(MEANWHILE), max_size=2))
    return case, [*changes, *(LATE if is_late else []), first, *then]


terms = st.sampled_from(TERMS)
less = st.sampled_from(LESS)  # a reviewer leaves the rate as it was


def outcomes(*more: str) -> st.SearchStrategy[str]:
    return st.sampled_from([*WHAT, *more])


@pytest.fixture(scope="module")
async def doors() -> AsyncIterator[House]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://house") as http:
        yield await open_house(http)


@settings(
    max_examples=WALKS,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(walks())
async def test_what_comes_of_an_application_is_what_the_oracle_says(
    doors: House, walked: tuple[Case, list[Any]]
) -> None:
    case, steps = walked
    async with walking(doors, deepcopy(case)) as walk:
        rows = await walk.rows()
        assert walk.stands(rows) == walk.expected(walk.case)
        for step in steps:
            rows = await take(walk, step, rows)


@asynccontextmanager
async def walking(doors: House, case: Case) -> AsyncIterator[Walk]:
    walk = Walk(doors, case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "_scorers", [GRADER])
        patch.setattr(of_the_house(), "cost_cap", of_the_house().cost_cap)
        GRADER.grade = Grade(case.person.grade)
        await walk.begin()
        yield walk


async def take(walk: Walk, step: Any, before: Rows) -> Rows:
    if isinstance(step, tuple):
        return await both(walk, *step)
    said = await done(walk, step)
    after = await walk.rows()
    if said is not None:
        assert after == before, "what is refused leaves nothing behind"
    assert walk.stands(after) == walk.expected(walk.case)
    return after


async def done(walk: Walk, step: Any) -> str | None:
    match step:
        case Change():
            await step.happen(walk)
            step.mean(walk.case)
            return None
        case Answer():
            said, faults = await walk.answer(step), walk.case.answer(step)
            told.append(said)
        case _:
            said, faults = await walk.withdraw(), walk.case.withdraw()
    assert fits(said, faults), (step, said, faults)
    return said


async def both(walk: Walk, one: Answer, other: Answer) -> Rows:
    """At the same time: it is as if one had been first, whichever."""
    said = await asyncio.gather(walk.answer(one), walk.answer(other))
    after = await walk.rows()
    ways = oracle.either_way(walk.case, one, other)
    possible = [then for then, *faults in ways if all(fits(code, why) for code, why in zip(said, faults, strict=True))]
    walk.case = next(then for then in possible if walk.expected(then) == walk.stands(after))
    return after


def fits(said: str | None, faults: set[str]) -> bool:
    return said is None if not faults else said in faults or said == "REFUSED"


REFUSED = {
    "the cap falls": ("COST_ABOVE_CAP", "COST_ABOVE_CAP"),
    "a minor after all": ("NOT_ELIGIBLE", "NOT_ELIGIBLE"),
    "more is owed": ("LIMIT_EXCEEDED", "LIMIT_EXCEEDED"),
    "yen are owed": ("NOT_ALLOWED", None),
    "closing the account": ("NOT_ALLOWED", "NOT_ALLOWED"),
    "retired": (None, "NOT_ALLOWED"),
}


@pytest.mark.parametrize("change", MEANWHILE, ids=lambda change: change.name)
async def test_each_change_before_a_partner_and_before_a_reviewer_approves(doors: House, change: Change) -> None:
    """One after the other, so that none depends on what was drawn. What is not refused is approved as it was applied for."""
    asked = Terms(5_000_00, 12, Fraction(12, 100))
    for steps, code in zip(([], LATE), REFUSED.get(change.name, (None, None)), strict=True):
        answer = Answer(REVIEWER if steps else OWNER, "APPROVE")
        async with walking(doors, Case(Product(), Person(income=4_800_00), asked)) as walk:
            rows = await walk.rows()
            for step in (change, *steps, answer):
                rows = await take(walk, step, rows)
            assert told[-1] == code
            assert (walk.case.offered == asked) == (code is None)
