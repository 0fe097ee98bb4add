"""What came of each impression, as far as it is known."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.applications.applications import Application, ApplicationStatus
from domain.applications.decisions import Decision, DecisionOutcome
from domain.credit.grades import Grade
from domain.credit.outcomes import LoanOutcome
from domain.credit.scores import Score
from domain.matching.impressions import Impression
from domain.matching.learning import histories
from infra import clock
from infra.database import Db
from infra.ids import new_id

ABOUT = ("is_opened", "has_applied", "outcome", "is_accepted", "is_repaid")
NOTHING_CAME = (False, False, None, False, None)


class Person:
    def __init__(self, db: Db, now: datetime) -> None:
        self.db, self.now, self.user_id, self.product_id = db, now, new_id(), uuid4()

    async def sees(self, application_id: UUID | None = None, *, opened: bool = False) -> None:
        await self._add(
            Impression(
                user_id=self.user_id,
                list_id=new_id(),
                product_id=self.product_id,
                position=0,
                propensity=1.0,
                is_explored=False,
                is_personal=True,
                model_version="m1",
                odds=None,
                odds_band=None,
                wish=None,
                value=1.0,
                row_sealed=None,
                shown_at=self.now,
                opened_at=self.now if opened else None,
                application_id=application_id,
            )
        )

    async def applies(self, status: ApplicationStatus) -> UUID:
        application = Application(
            user_id=self.user_id,
            product_id=self.product_id,
            partner_id=uuid4(),
            amount=1,
            currency="CNY",
            term_months=6,
            status=status,
            promised_by=self.now,
            created_at=self.now,
            updated_at=self.now,
        )
        await self._add(application)
        await self.sees(application.id, opened=True)
        return application.id

    async def hears(self, application_id: UUID, outcome: DecisionOutcome) -> None:
        await self._add(
            Decision(
                user_id=self.user_id,
                application_id=application_id,
                outcome=outcome,
                decided_at=self.now,
                decided_by="rules",
                reasons_told=[],
                rule_version="1",
                model_version=None,
                vector_sealed=None,
            )
        )

    async def is_scored(self, *, days_ago: float, bad: bool | None) -> None:
        score = Score(
            user_id=self.user_id,
            grade=Grade.A,
            points=800,
            base_points=600,
            probability=0.01,
            factors_told=[],
            reasons_told=[],
            vector_sealed=b"",
            model_version="s1",
            simulated=False,
            as_of=self.now - timedelta(days=days_ago),
            facts_version=1,
        )
        await self._add(score)
        if bad is not None:
            await self._add(LoanOutcome(user_id=self.user_id, score_id=score.id, bad=bad, observed_at=self.now))

    async def _add(self, row: object) -> None:
        self.db.add(row)
        await self.db.flush()

    async def history(self) -> tuple[object, ...]:
        (row,) = await self.histories()
        return tuple(getattr(row, name) for name in ABOUT)

    async def histories(self) -> list[object]:
        mine = histories.between(self.now, self.now + timedelta(seconds=1)).where(Impression.user_id == self.user_id)
        return list((await self.db.execute(mine)).all())


@pytest.fixture
async def person(db: Db) -> Person:
    return Person(db, await clock.now(db))


async def test_an_impression_that_nothing_came_of(person: Person) -> None:
    await person.sees()
    assert await person.history() == NOTHING_CAME


async def test_a_look(person: Person) -> None:
    await person.sees(opened=True)
    assert await person.history() == (True, False, None, False, None)


async def test_an_application_that_waits(person: Person) -> None:
    application = await person.applies(ApplicationStatus.IN_REVIEW)
    await person.hears(application, DecisionOutcome.REFER)
    assert await person.history() == (True, True, None, False, None)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (ApplicationStatus.DECLINED, DecisionOutcome.DECLINE),
        (ApplicationStatus.APPROVED, DecisionOutcome.APPROVE),
        (ApplicationStatus.EXPIRED, DecisionOutcome.APPROVE),
    ],
)
async def test_a_decision(person: Person, status: ApplicationStatus, outcome: DecisionOutcome) -> None:
    application = await person.applies(status)
    await person.hears(application, DecisionOutcome.REFER)
    await person.hears(application, outcome)
    await person.is_scored(days_ago=1, bad=True)
    assert await person.history() == (True, True, outcome, False, None)


@pytest.mark.parametrize(("bad", "is_repaid"), [(True, False), (False, True), (None, None)])
async def test_a_loan_turned_out_as_the_score_of_its_time(
    person: Person, bad: bool | None, is_repaid: bool | None
) -> None:
    application = await person.applies(ApplicationStatus.ACCEPTED)
    await person.hears(application, DecisionOutcome.APPROVE)
    await person.is_scored(days_ago=40, bad=True)
    await person.is_scored(days_ago=1, bad=bad)
    await person.is_scored(days_ago=-1, bad=False)
    assert await person.history() == (True, True, DecisionOutcome.APPROVE, True, is_repaid)


async def test_a_period_ends_before_its_end(person: Person) -> None:
    await person.sees()
    person.now -= timedelta(seconds=1)
    assert await person.histories() == []
