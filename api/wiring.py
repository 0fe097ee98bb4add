"""The composition root: every room imported, every port filled, every reaction registered, in one visible place."""

import asyncio
from typing import TYPE_CHECKING

import domain.applications.applying
import domain.matching.tasks
import domain.people.signing_in
import domain.people.staff_signing_in
import domain.tasks
import integrations.linking
import integrations.sms.kept
import integrations.tasks
import membership.tasks
import ml.live.approvals
import ml.tasks
import ml.watching.tasks
from domain.credit import scoring
from domain.market import seeding as catalogue
from domain.matching import matcher, shelf
from infra import database, migrations, schedules
from infra.settings import settings
from membership import seeding as tiers
from ml.matchers.live import LiveMatcher
from ml.score.scoring import LiveScorer

if TYPE_CHECKING:
    from api.story import Story

# Imported for what they declare: tables, which the migrations compare, and reactions, which the outbox owes.
ROOMS = (
    domain.applications.applying,
    domain.matching.tasks,
    domain.people.signing_in,
    domain.people.staff_signing_in,
    domain.tasks,
    integrations.linking,
    integrations.sms.kept,
    integrations.tasks,
    membership.tasks,
    ml.live.approvals,
    ml.tasks,
    ml.watching.tasks,
)

scoring.provide(LiveScorer())
matcher.provide(LiveMatcher())


def warm() -> None:
    """Load the models; slow, so it runs in a thread while the first requests may already be answered."""
    scoring.scorer().warm()
    matcher.matcher().warm()


async def stock() -> None:
    """Fill this process's shelf of products, so that no request waits for all of them."""
    async with database.reading() as db:
        await shelf.current(db)


def prepare(story: "Story") -> None:
    """Migrate, seed, and train the models if there are none. Does nothing twice."""
    with story.step("Migrations"):
        migrations.upgrade(settings().database_url)
    with story.step("Seeds"):
        asyncio.run(_seed_and_close())
    _train(story)


async def _seed_and_close() -> None:
    await seed()
    await database.close_engine()


async def seed() -> None:
    """What the house begins with; rows that are there stay as they are."""
    async with database.transaction() as db:
        if settings().is_embedded:
            # Invented partners, for a house that has none of its own yet.
            await catalogue.seed(db)
        await tiers.seed(db)
        await schedules.write(db)


def _train(story: "Story") -> None:
    from ml.population import first_models

    if not settings().is_embedded or first_models.are_there():
        return
    with story.step("Models") as step:
        first_models.train_first_models(lambda label, done: step.at(done, 1.0, label))
        step.note = "trained on a simulated population"
