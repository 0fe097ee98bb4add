"""The matcher in a browser: its weights, and whether its odds keep their word."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete

from api.console.pages.matching import standing_of
from domain.actors import Role
from domain.matching.matcher import OddsBand, matcher
from domain.matching.odds.bands import BandBasis, BandEvidence, BandRecord
from domain.matching.odds.reliability import BandStanding
from infra.database import transaction
from tests.api.console.pages.conftest import Browser, NewBrowser

NOON = datetime(2026, 11, 22, 4, 5, 6, tzinfo=UTC)


@pytest.fixture
async def browser(browser_of: NewBrowser, models: None) -> Browser:
    return await browser_of(Role.RISK)


async def test_it_says_which_matcher_is_live_and_by_what_it_orders(browser: Browser) -> None:
    told = await browser.text("/console/matching")
    assert matcher().model_version in told
    assert "simulated" in told
    assert "What a partner pays for being shown moves nothing." in told


async def test_a_band_that_was_withdrawn_says_for_what(browser: Browser) -> None:
    async with transaction() as db:
        record = BandRecord(
            model_version=matcher().model_version,
            odds_band=OddsBand.HIGH,
            approved=80,
            decided=200,
            since=NOON,
            until=NOON,
            standing=BandStanding.WITHDRAWN,
            changed_at=NOON,
        )
        db.add(record)
    try:
        told = await browser.text("/console/matching")
    finally:
        async with transaction() as db:
            await db.execute(delete(BandRecord))
    assert "Withdrawn" in told
    assert "of 200 applications with these odds, 40 % were approved" in told


@pytest.mark.parametrize(
    ("basis", "standing", "said"),
    [
        (BandBasis.NONE, BandStanding.GATHERING, "No evidence yet"),
        (BandBasis.TESTED, BandStanding.GATHERING, "Tested, not yet observed"),
        (BandBasis.OBSERVED, BandStanding.KEPT, "Keeps its word"),
        (BandBasis.OBSERVED, BandStanding.WITHDRAWN, "Withdrawn"),
    ],
)
def test_a_test_of_many_is_not_called_few(basis: BandBasis, standing: BandStanding, said: str) -> None:
    assert standing_of(BandEvidence(basis, standing, is_kept=True, message="")) == said
