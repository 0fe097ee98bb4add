"""What a batch writes about people of all kinds is what scoring each of them alone writes, column by column."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import func, select, update

from domain.credit import assessing, batches, scores
from domain.credit.scores import Score, Scoring, ScoringState
from domain.facts import readings
from domain.facts.accounts import LinkedAccount, LinkStatus
from domain.facts.counting_on import CountingOn, source_of
from domain.facts.open_readings import Observed, Opened
from infra import clock, vault
from infra.database import Db, transaction
from infra.ids import new_id
from infra.revisions import Revision
from infra.settings import settings
from ml.score.together import TOGETHER_MIN
from tests.ml.promotion.crowds import rescore, settle
from tests.statements import statements
from tests.trying import rolled_back

APART = {"id", "as_of", "vector_sealed", "score_id"}


async def told(db: Db, user_id: UUID, source: str, **facts: Any) -> None:
    at = await clock.now(db) - timedelta(days=1)
    rows = [[name.replace("__", "."), value, at.isoformat()] for name, value in facts.items()]
    await readings.write(db, user_id, Opened(source, rows, simulated=False))


async def tell_nothing(db: Db, user_id: UUID) -> None:
    await readings.withdraw(db, user_id, "wechat", "taobao", "oidc")


async def unlink(db: Db, user_id: UUID) -> None:
    mine = update(LinkedAccount).where(LinkedAccount.user_id == user_id)
    await db.execute(mine.values(status=LinkStatus.UNLINKED))


async def carry(db: Db, user_id: UUID) -> None:
    until, account = await clock.now(db) + timedelta(days=9), new_id()
    mark = CountingOn(account, "jd", until, 14, (), ("income.monthly_inflow",)).mark
    await readings.write(db, user_id, Opened(source_of(account), [mark], simulated=True), until=until)


async def say(db: Db, user_id: UUID) -> None:
    await told(db, user_id, "profile", profile__region="CN-SH", profile__occupation="student")


async def tell_a_word(db: Db, user_id: UUID) -> None:
    await told(db, user_id, "wechat", income__stability="0.5")


async def exaggerate(db: Db, user_id: UUID) -> None:
    await told(db, user_id, "wechat", credit__outstanding=10_000_001)


async def owe_on_no_limit(db: Db, user_id: UUID) -> None:
    await told(db, user_id, "wechat", credit__outstanding="12.34", credit__limit="0", repayment__delay_months=3)


async def take_back(db: Db, user_id: UUID) -> None:
    await told(db, user_id, "wechat", income__stability=None, account__age_months=None, account__real_name=False)


async def look_ahead(db: Db, user_id: UUID) -> None:
    at = await clock.now(db) + timedelta(days=1)
    await readings.record(db, user_id, "wechat", [Observed("credit.limit", Decimal(7), at)])


KINDS: tuple[Callable[[Db, UUID], Awaitable[None]], ...] = (
    tell_nothing,
    unlink,
    carry,
    say,
    tell_a_word,
    exaggerate,
    owe_on_no_limit,
    take_back,
    look_ahead,
)


@pytest.fixture
async def people(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """Each fourth of them is of an odd kind."""
    monkeypatch.setattr(settings(), "rescore_batch", 1_000)
    people = await settle(3 * TOGETHER_MIN, seed=31)
    async with transaction() as db:
        for place, user_id in enumerate(people[::4]):
            await KINDS[place % len(KINDS)](db, user_id)
    return people


async def written(db: Db, people: list[UUID]) -> dict[UUID, tuple[dict[str, Any], dict[str, Any] | None, bytes]]:
    """What stands of each, and their newest score, with its vector opened."""
    found = {}
    seals = await vault.seals_of(db, set(people))
    for user_id in people:
        scoring = (await db.execute(select(Scoring.__table__).where(Scoring.user_id == user_id))).mappings().one()
        mine = select(Score.__table__).where(Score.user_id == user_id, Score.id == scoring["score_id"])
        score = (await db.execute(mine)).mappings().one_or_none()
        vector = orjson.dumps(seals[user_id].open(score["vector_sealed"], scores.VECTOR)) if score else b""
        found[user_id] = (plain(scoring), plain(score) if score else None, vector)
    return found


def plain(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in APART}


async def test_a_batch_writes_what_each_alone_writes(people: list[UUID]) -> None:
    await rescore()
    async with rolled_back() as db:
        together = await written(db, people)
        await db.execute(update(Scoring).where(Scoring.user_id.in_(people)).values(facts_version=0))
        for user_id in people:
            await assessing.assess(db, user_id)
        alone = await written(db, people)
    assert together == alone
    states = {scoring["state"] for scoring, _, _ in together.values()}
    assert states == {ScoringState.READY, ScoringState.NOT_ENOUGH_KNOWN, ScoringState.NOTHING_LINKED}
    assert {code for scoring, _, _ in together.values() if (code := scoring["code"])} == {
        "NOTHING_LINKED",
        "THIN",
        "OUT_OF_RANGE",
    }


async def test_a_batch_is_a_handful_of_statements_however_many_it_scores(people: list[UUID]) -> None:
    before, last = UUID(int=min(people).int - 1), max(people)
    async with rolled_back() as db:
        already = await raised(db, people)
        with statements() as sent:
            batch = await batches.rescore(db, after=before, last=last, most=1_000)
        assert batch.scored == len(people)
        assert len(sent) <= 6, sent
        assert len([sql for sql in sent if "INSERT INTO scorings" in sql]) == 1
        now = await raised(db, people)
    assert {user_id: now[user_id] - already.get(user_id, 0) for user_id in people} == dict.fromkeys(people, 1)


async def raised(db: Db, people: list[UUID]) -> dict[UUID, int]:
    mine = select(Revision.user_id, func.count().label("times")).where(Revision.user_id.in_(people))
    return {row.user_id: row.times for row in await db.execute(mine.group_by(Revision.user_id))}
