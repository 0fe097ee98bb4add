"""A few people who are everybody, and plain models to match them by, for the tests of sweeps and of what they count."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import delete

from domain.applications.applications import Application, ApplicationStatus
from domain.applications.offers import Offer
from domain.credit.grades import Grade
from domain.credit.scoring import NotEnoughKnown, Scored
from domain.facts import readings
from domain.facts.accounts import LinkedAccount, LinkStatus
from domain.facts.open_readings import Observed
from domain.facts.readings import FactsVersion
from domain.facts.sheets import FactSheet
from domain.matching.matcher import Candidates, OddsBand, Ranking, Tested
from domain.matching.sweeps import sweeping
from domain.matching.sweeps.sweeps import Sweep, SweepRange
from domain.people import profiles
from infra import clock
from infra.database import Db
from infra.ids import new_id
from tests.api.people import somebody
from tests.domain.matching import goods

GRADES = {1000: Grade.D, 3000: Grade.C, 6000: Grade.B}


class GradesByIncome:
    model_version = "by-income"

    async def catch_up(self, db: Db) -> None: ...

    def score_many(self, sheets: Sequence[FactSheet]) -> list[Scored | NotEnoughKnown]:
        return [self.score(sheet) for sheet in sheets]

    def points(self, sheet: FactSheet) -> int | None:
        return None

    def score(self, sheet: FactSheet) -> Scored | NotEnoughKnown:
        income = sheet.values.get("profile.monthly_income")
        if not isinstance(income, Decimal):
            return NotEnoughKnown("THIN", "", "")
        return goods.scored(grade=next((grade for most, grade in GRADES.items() if income <= most), Grade.A))


class DearestFirst:
    model_version = "dearest-first"
    is_simulated = True
    tested: Mapping[OddsBand, Tested] = {
        OddsBand.HIGH: Tested(70, 100, True, None, None),
        OddsBand.LOW: Tested(40, 100, False, None, None),
    }

    async def catch_up(self, db: Db) -> None: ...

    def rank(self, sheet: FactSheet, scored: Scored | None, candidates: Candidates) -> Ranking:
        cost = candidates.shelf.columns.annual_cost[candidates.rows]
        order = np.lexsort((candidates.rows, -cost))
        odds = np.full(len(candidates), np.nan if scored is None else 0.8)
        return Ranking(order, cost, odds, odds)

    def band(self, odds: float) -> OddsBand:
        return OddsBand.HIGH


async def tell(db: Db, user_id: UUID, **values: Any) -> None:
    now = await clock.now(db)
    told = [Observed(f"profile.{name}", value, now) for name, value in values.items()]
    await readings.record(db, user_id, profiles.SOURCE, told)


async def person(db: Db, *, is_linked: bool = True, **told: Any) -> UUID:
    user = await somebody(db)
    await tell(db, user.id, **told)
    if is_linked:
        now = await clock.now(db)
        account = LinkedAccount(
            user_id=user.id,
            provider="oidc",
            subject_index=new_id().bytes,
            status=LinkStatus.ACTIVE,
            scopes=[],
            linked_at=now,
            display_name_sealed=None,
            tokens_sealed=None,
        )
        db.add(account)
        await db.flush()
    return user.id


async def owe(db: Db, user_id: UUID, monthly: int) -> None:
    now = await clock.now(db)
    application = Application(
        user_id=user_id,
        product_id=new_id(),
        partner_id=new_id(),
        amount=100_000,
        currency="CNY",
        term_months=12,
        status=ApplicationStatus.APPROVED,
        promised_by=now,
        created_at=now,
        updated_at=now,
    )
    db.add(application)
    await db.flush()
    db.add(
        Offer(
            user_id=user_id,
            application_id=application.id,
            currency="CNY",
            term_months=12,
            annual_rate=None,
            annual_cost=Decimal(0),
            monthly_payment=monthly,
            schedule=[],
            documents=[],
            made_at=now,
            expires_at=now,
            amount=0,
            deposit=0,
            deposit_waived=0,
        )
    )
    await db.flush()


async def sweep(db: Db, ranges: int = 2) -> Sweep:
    begun = await sweeping.begin(db, ranges)
    for number in range(ranges):
        await finish(db, begun, number)
    return begun


async def finish(db: Db, begun: Sweep, number: int) -> None:
    part = await db.get_one(SweepRange, (begun.id, number))
    while part.ended_at is None:
        await sweeping.do_next_batch(db, begun.id, number)


async def settle(db: Db) -> list[UUID]:
    """For this transaction, these eight are everybody: six have linked an account, and five of those told an income."""
    await db.execute(delete(FactsVersion))
    young, grown, old = date(2004, 5, 1), date(1990, 5, 1), date(1961, 5, 1)
    return [
        await person(db, birth_date=young, region="CN-SH", occupation="student", monthly_income=Decimal(900)),
        await person(db, birth_date=young, region="CN-GD", occupation="gig-worker", monthly_income=Decimal(2500)),
        await person(db, birth_date=grown, region="CN-SH", occupation="employee", monthly_income=Decimal(9000)),
        await person(db, birth_date=grown, region="CN-SC", monthly_income=Decimal(5000)),
        await person(db, birth_date=old, region="CN-BJ", occupation="retired teacher", monthly_income=Decimal(4000)),
        await person(db, birth_date=date(2010, 1, 1), region="CN-SH"),
        await person(db, region="CN-XZ", is_linked=False),
        await person(db, is_linked=False, monthly_income=Decimal(20_000)),
    ]
