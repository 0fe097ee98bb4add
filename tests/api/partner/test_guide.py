"""The guide for a partner's engineers: what it sends is sent, and what it shows is what comes back."""

from pathlib import Path
from typing import Any

from domain.consent.consents import ConsentScope
from domain.credit.grades import Grade
from tests.api.doors import Client
from tests.api.people import Shop, apply_at, shown_id
from tests.guides import differences, filled, shown_in
from tests.phones import new_key

GUIDE = Path(__file__).parents[3] / "api/partner/README.md"


async def test_what_the_guide_sends_is_answered_as_it_shows(client: Client, shop: Shop, steady_scorer: None) -> None:
    application = shown_id(await apply_at(shop, share=(ConsentScope.SCORE_CHECK,), grade=Grade.B))
    live = {
        "applicationId": lambda: application,
        "ids": lambda: [application, "nonsense"],
        "idempotencyKey": new_key,
    }
    for shown in shown_in(GUIDE):
        answer: dict[str, Any] = (await client.post(shown.document, **filled(shown.variables, live))).json()
        answer.pop("extensions", None)
        assert list(differences(shown.answer, answer)) == [], (shown.document, answer)
