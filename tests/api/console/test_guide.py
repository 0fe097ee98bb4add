"""The guide for whoever writes against the console's door: what it sends is sent, and what it shows is what comes back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2

from domain.actors import Role
from domain.applications.applications import ApplicationStatus
from tests.api.doors import Client
from tests.api.people import apply_at, open_shop, shown_id, staff_token
from tests.guides import differences, filled, shown_in
from tests.phones import new_key

FIRST_OF_ALL = -timedelta(days=50 * 365)  # of whatever other tests left in the queue
GUIDE = Path(__file__).parents[3] / "api/console/README.md"


async def test_what_the_guide_sends_is_answered_as_it_shows(http: httpx2.AsyncClient) -> None:
    application = shown_id(
        await apply_at(await open_shop(), status=ApplicationStatus.IN_REVIEW, promised_in=FIRST_OF_ALL)
    )
    live = {"applicationId": lambda: application, "idempotencyKey": new_key}
    risk = Client(http, "console", await staff_token(Role.RISK))
    for shown in shown_in(GUIDE):
        answer: dict[str, Any] = (await risk.post(shown.document, **filled(shown.variables, live))).json()
        answer.pop("extensions", None)
        assert list(differences(shown.answer, answer)) == [], (shown.document, answer)
