"""Borrower: the person behind an application, as they are when somebody approves it, and no two approve at the same time."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.applications import burdens, turns
from domain.applications.applications import Application
from domain.applications.burdens import Burden
from domain.credit import policy
from domain.credit.assessing import score_now
from domain.credit.grades import Grade
from domain.credit.scoring import NotEnoughKnown
from domain.facts import readings
from domain.facts.sheets import FactSheet
from domain.people.profiles import ADULT_YEARS, age_on
from infra import clock
from infra.clock import local_day
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.words import N_

APPLICATION = ("input", "applicationId")


@dataclass(frozen=True)
class Borrower:
    """`then`: what was known of them when they applied. It fills in for what they took back since: hiding it gains nothing."""

    sheet: FactSheet
    then: FactSheet
    grade: Grade | None
    burden: Burden

    def can_carry(self, monthly: int, currency: str) -> bool:
        """Together with what they owe already; where no income was ever known, whoever decides has to judge."""
        income = self.income_in(currency)
        return income is None or monthly + self.burden.monthly <= policy.burden_max(income)

    def income_in(self, currency: str) -> int | None:
        """A month's, in minor units."""
        now, then = policy.income_in(currency, self.sheet), policy.income_in(currency, self.then)
        # What they say instead of what an unlinked account showed is no better.
        return then if now is None or (self.sheet.hides_income and then is not None) else now

    @property
    def is_adult(self) -> bool:
        birth = self.sheet.values.get("profile.birth_date", self.then.values.get("profile.birth_date"))
        return isinstance(birth, date) and age_on(birth, local_day(self.sheet.as_of)) >= ADULT_YEARS


async def take_turn(db: Db, application: Application) -> Borrower:
    """Wait for whoever applies for this person or approves one of their applications; what they owe is then counted whole.

    Refuses NOT_ALLOWED while their account is being closed, and NOT_ELIGIBLE who is not known to be of age.
    """
    turn = await turns.take(db, application.user_id)
    if not turn.is_active:
        raise Refusal(
            RefusalCode.NOT_ALLOWED, N_("Their account is being closed; nothing new can be begun."), field=APPLICATION
        )
    sheet = turn.sheet()
    scored = score_now(sheet)
    borrower = Borrower(
        sheet=sheet,
        then=turn.sheet(application.created_at),
        grade=None if isinstance(scored, NotEnoughKnown) else scored.grade,
        burden=turn.burden,
    )
    if not borrower.is_adult:
        raise Refusal(
            RefusalCode.NOT_ELIGIBLE,
            N_("Nobody can be approved who is not known to be {age} or older."),
            field=APPLICATION,
            age=ADULT_YEARS,
        )
    return borrower


async def of_applications(db: Db, found: list[Application]) -> dict[UUID, Borrower]:
    """Borrowers for whoever only reads, by application and without grades; nobody waits for anybody."""
    now = await clock.now(db)
    moments = {(each.user_id, moment) for each in found for moment in (now, each.created_at)}
    sheets = await readings.sheets_at(db, moments)
    owed = await burdens.of_people(db, {each.user_id for each in found})
    return {
        each.id: Borrower(
            sheet=sheets[each.user_id, now],
            then=sheets[each.user_id, each.created_at],
            grade=None,
            burden=owed.get(each.user_id, burdens.NOTHING),
        )
        for each in found
    }
