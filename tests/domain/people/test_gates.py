"""Gates at their bounds: unchecked, checked and a mismatch; stepped up and not; a currency that nobody named."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.actors import UserActor
from domain.facts import readings
from domain.facts.open_readings import Observed
from domain.people import gates, putting_away, sessions, stepping_up
from domain.people.users import User
from infra.database import Db, reading, transact, transaction
from infra.errors import Refusal
from infra.money import Money
from tests.api.people import somebody
from tests.patience import until

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("checked", "stepped", "minor", "currency", "code"),
    [
        (None, False, 500_000, "CNY", None),
        (None, True, 500_001, "CNY", "NOT_ALLOWED"),
        (False, True, 1, "CNY", "NOT_ALLOWED"),
        (True, False, 2_000_000, "CNY", None),
        (True, False, 2_000_001, "CNY", "STEP_UP_REQUIRED"),
        (True, True, 2_000_001, "CNY", None),
        (None, True, 1, "EUR", "NOT_ALLOWED"),
        (True, False, 1, "EUR", "STEP_UP_REQUIRED"),
    ],
)
async def test_a_gate_at_its_bounds(
    db: Db, checked: bool | None, stepped: bool, minor: int, currency: str, code: str | None
) -> None:
    user = await somebody(db)
    session = await sessions.begin(db, user.id, "a phone")
    actor = UserActor(user.id, session.id)
    if checked is not None:
        await readings.record(db, user.id, "identity", [Observed("identity.checked", checked, AT)])
    if stepped:
        await stepping_up.grant(db, actor)
    found = None
    try:
        await gates.refuse_unproven(db, actor, Money(minor, currency))
    except Refusal as refusal:
        found = refusal.code
    assert found == code


async def test_whoever_left_something_open_borrows_nothing_anew_by_saying_that_the_number_is_new(
    db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def owes(db: Db, user_id: UUID) -> str | None:
        return "A debt." if user_id == debtor.id else None

    monkeypatch.setattr(putting_away, "unfinished", [owes])
    found = list[str | None]()
    debtor, other = await somebody(db), await somebody(db)
    for before in (debtor, other):
        user = await putting_away.start_afresh(db, before)
        actor = UserActor(user.id, (await sessions.begin(db, user.id, "a phone")).id)
        for is_checked in (False, True):
            if is_checked:
                await readings.record(db, user.id, "identity", [Observed("identity.checked", True, AT)])
            try:
                await gates.refuse_unproven(db, actor, Money(1, "CNY"))
                found.append(None)
            except Refusal as refusal:
                found.append(refusal.message)
    assert found == ["Please verify your identity first.", None, None, None]


async def test_who_is_put_away_meanwhile_begins_nothing() -> None:
    """Whoever waits for the putting away sees it, although they began before."""
    async with transaction() as db:
        user = await somebody(db)
        actor = UserActor(user.id, (await sessions.begin(db, user.id, "a phone")).id)
    asked = text("SELECT count(*) FROM pg_locks WHERE locktype IN ('transactionid', 'tuple') AND NOT granted")

    async def waits() -> bool:
        async with reading() as db:
            return bool(await db.scalar(asked))

    async with transaction() as db:
        await putting_away.put_away(db, await db.get_one(User, user.id, with_for_update=True))
        accepting = asyncio.create_task(transact(lambda db: gates.refuse_unproven(db, actor, Money(1, "CNY"))))
        await until(waits)
    with pytest.raises(Refusal) as refused:
        await accepting
    assert (refused.value.code, refused.value.message) == ("NOT_ALLOWED", gates.CLOSING)
