"""The guide for a partner's engineers: what it sends is sent, and what it shows is what comes back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from domain.applications.applications import Application
from domain.consent import consent_tokens, consents
from domain.consent.consents import ConsentScope, Purpose
from domain.credit.grades import Grade
from infra.database import transaction
from tests.api.doors import Client
from tests.api.people import Shop, apply_at, shown_id
from tests.guides import differences, filled, shown_in
from tests.phones import new_key

GUIDE = Path(__file__).parents[3] / "api/partner/README.md"


async def token_of(applied: Application, shop: Shop) -> str:
    """Of a consent that the same person gave at the door."""
    scopes, lasts = [ConsentScope.SCORE_CHECK], timedelta(days=30)
    async with transaction() as db:
        given = await consents.give(db, applied.user_id, shop.partner.id, Purpose.SHOPPING, scopes, lasts=lasts)
        await db.flush()
        return consent_tokens.token_of(given)


async def test_what_the_guide_sends_is_answered_as_it_shows(client: Client, shop: Shop, steady_scorer: None) -> None:
    applied = await apply_at(shop, share=(ConsentScope.SCORE_CHECK,), grade=Grade.B)
    application, token = shown_id(applied), await token_of(applied, shop)
    live = {
        "applicationId": lambda: application,
        "consentToken": lambda: token,
        "ids": lambda: [application, "nonsense"],
        "idempotencyKey": new_key,
    }
    for shown in shown_in(GUIDE):
        answer: dict[str, Any] = (await client.post(shown.document, **filled(shown.variables, live))).json()
        answer.pop("extensions", None)
        assert list(differences(shown.answer, answer)) == [], (shown.document, answer)
