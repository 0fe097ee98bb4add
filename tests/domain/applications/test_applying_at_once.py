"""Applying asks little of the database: what is written goes at once, and nothing is read twice."""

import re

from domain.actors import UserActor
from domain.applications import applying
from domain.applications.applications import ApplicationStatus
from domain.consent.consents import ConsentScope
from infra.database import transaction
from infra.money import Money
from tests.applying import AT_ONCE
from tests.phones import Phone, new_key, uuid_of
from tests.statements import statements

TABLE = re.compile(r"^(?:(?:WITH .*?)?INSERT INTO|UPDATE|SELECT .*?\sFROM) (\w+)", re.DOTALL)


def tables(sent: list[str], *, written: bool) -> list[str]:
    found = [match[1] for each in sent if each.startswith("SELECT") is not written and (match := TABLE.match(each))]
    return sorted(found)


async def test_what_the_rules_decide_is_written_once_and_nothing_is_read_twice(regular: Phone) -> None:
    actor = UserActor(regular.user_id, uuid_of(regular.session["id"]))
    with statements() as sent:
        async with transaction() as db:
            application = await applying.apply(
                db,
                actor,
                product_id=uuid_of(AT_ONCE),
                amount=Money(100_000, "CNY"),
                term_months=6,
                share=[ConsentScope.SCORE_CHECK],
                key=new_key(),
            )
    assert application.status is ApplicationStatus.APPROVED
    assert tables(sent, written=True) == [
        *("applications", "applied_terms", "consents", "decisions", "documents", "event_reactions", "events"),
        *("evidence_leaves", "offers", "receipts", "receipts"),  # claimed before anything, and given what came of it
        "sightings",
    ]
    # What is known of the person and owed by them is one statement, which begins with the readings.
    assert tables(sent, written=False) == [
        "applications",
        "partners",
        "products",
        "readings",
        "sightings",
        "signals",
        "users",
    ]
