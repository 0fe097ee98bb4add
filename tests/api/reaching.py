"""A sweep that only these tests see, and what it counted of a product."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain.credit.grades import Grade
from domain.market.applicants import applicant_of
from domain.matching.product_days import ProductDay
from domain.matching.sweeps import snapshots, sweeps
from domain.matching.sweeps.reaches import ProductReach
from domain.matching.sweeps.sweeps import Done, Sweep, SweepRange
from domain.runs import runs
from domain.runs.runs import RunState
from infra import clock
from infra.database import Db, transaction
from tests.domain.matching import goods

NOBODYS = UUID(int=1)
AS_OF = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
PEOPLE = [applicant_of(sheet, goods.scored(grade=Grade.B)) for sheet in goods.sheets(150)]


async def swept(monkeypatch: pytest.MonkeyPatch) -> Done:
    """To all others it is one that never came to its end."""
    async with transaction() as db:
        sweep = Sweep(state=RunState.SUPERSEDED, ended_at=AS_OF)
        await runs.lay_out(db, sweep, SweepRange, 1)
        await snapshots.add(db, sweep.id, 0, PEOPLE)
    done = Done(sweep.id, AS_OF, simulated=True)

    async def mine(db: Db) -> Done:
        return done

    monkeypatch.setattr(sweeps, "last_done", mine)
    return done


async def reached(done: Done, product_id: UUID, *, eligible: int, against: Mapping[str, int]) -> None:
    async with transaction() as db:
        people = eligible + sum(against.values())
        row = ProductReach(
            sweep_id=done.id, product_id=product_id, range=0, people=people, eligible=eligible, against=dict(against)
        )
        db.add(row)


async def happened(product_id: UUID, **what: int) -> None:
    """Today."""
    async with transaction() as db:
        db.add(ProductDay(product_id=product_id, day=await clock.today(db), **what))
