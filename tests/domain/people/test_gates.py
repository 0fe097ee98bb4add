"""Gates at their bounds: unchecked, checked and a mismatch; stepped up and not; a currency that nobody named."""

from datetime import UTC, datetime

import pytest

from domain.actors import UserActor
from domain.facts import readings
from domain.facts.readings import Observed
from domain.people import gates, sessions, stepping_up
from infra.database import Db
from infra.errors import Refusal
from infra.money import Money
from tests.api.people import somebody

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
