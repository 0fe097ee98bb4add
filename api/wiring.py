"""The composition root: every room imported, every port filled, every reaction registered, in one visible place."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import domain.agreements.accepting
import domain.agreements.deposit_payments
import domain.agreements.drawing
import domain.agreements.easing_tasks
import domain.agreements.ending_breathing
import domain.agreements.foretelling
import domain.agreements.maturing
import domain.agreements.repaying
import domain.agreements.returning
import domain.agreements.tasks
import domain.agreements.telling
import domain.agreements.treating
import domain.applications.applying
import domain.consent.consent_requests
import domain.days.tasks
import domain.disputes.tasks
import domain.evidence.keeping
import domain.invitations.tasks
import domain.ledger.posting
import domain.market.staging
import domain.matching.reach.questions
import domain.matching.tasks
import domain.payments.held
import domain.payments.paying
import domain.payments.refunding
import domain.payments.sending_back
import domain.people.expiring
import domain.people.signing_in
import domain.people.staff_signing_in
import domain.privacy.exporting
import domain.privacy.forgetting
import domain.privacy.leaving
import domain.reconciling.charges
import domain.reconciling.reconciling
import domain.reconciling.remittances
import domain.risk.looking
import domain.sharing.exchanging
import domain.tasks
import domain.telling
import integrations.cashier.chosen
import integrations.cashier.sandbox.telling
import integrations.linking
import integrations.reassigned
import integrations.sms.kept
import integrations.tasks
import integrations.telling
import integrations.verifying
import integrations.webhooks.tasks
import membership.campaigns.tasks
import membership.tasks
import ml.live.approvals
import ml.tasks
import ml.watching.tasks
from domain.credit import scoring
from domain.market import seeding as market_seeding
from domain.matching import basis, matcher, shelf
from domain.notices import devices
from domain.people import invented, signing_keys
from infra import database, migrations, schedules
from infra.database import Db
from infra.setting_refusals import does_not_start
from infra.settings import settings
from integrations import registrations
from integrations.push import ports
from membership import seeding as membership_seeding
from ml.matchers.live import LiveMatcher
from ml.promotion import challenging
from ml.score.scoring import LiveScorer

if TYPE_CHECKING:
    from api.story import Story

T = TypeVar("T")

# Imported for what they declare: tables, which the migrations compare, and reactions, which the outbox owes.
ROOMS = (
    domain.agreements.accepting,
    domain.agreements.deposit_payments,
    domain.agreements.drawing,
    domain.agreements.easing_tasks,
    domain.agreements.ending_breathing,
    domain.agreements.foretelling,
    domain.agreements.maturing,
    domain.agreements.telling,
    domain.agreements.treating,
    domain.agreements.repaying,
    domain.agreements.returning,
    domain.agreements.tasks,
    domain.applications.applying,
    domain.consent.consent_requests,
    domain.days.tasks,
    domain.disputes.tasks,
    domain.invitations.tasks,
    domain.risk.looking,
    domain.sharing.exchanging,
    domain.ledger.posting,
    domain.matching.reach.questions,
    domain.matching.tasks,
    domain.payments.held,
    domain.payments.paying,
    domain.payments.refunding,
    domain.payments.sending_back,
    domain.people.expiring,
    domain.people.signing_in,
    domain.people.staff_signing_in,
    domain.reconciling.reconciling,
    domain.reconciling.remittances,
    domain.privacy.exporting,
    domain.privacy.forgetting,
    domain.privacy.leaving,
    domain.tasks,
    domain.telling,
    integrations.cashier.chosen,
    integrations.cashier.sandbox.telling,
    integrations.linking,
    integrations.sms.kept,
    integrations.reassigned,
    integrations.tasks,
    integrations.verifying,
    integrations.webhooks.tasks,
    integrations.telling,
    membership.campaigns.tasks,
    membership.tasks,
    ml.live.approvals,
    ml.tasks,
    ml.watching.tasks,
)

if wrong := registrations.faults(settings()):
    raise does_not_start(wrong)

scoring.provide(LiveScorer())
matcher.provide(LiveMatcher())
devices.provide(ports.is_there_for)


async def warm() -> None:
    """Load the models, and fill this process's shelf of products, so that no request waits for either. Raises
    ArtefactError where no score model is live.
    """
    async with database.reading() as db:
        await basis.catch_up(db)
        await challenging.catch_up(db)
        await asyncio.to_thread(scoring.scorer().warm)
        await asyncio.to_thread(matcher.matcher().warm)
        await shelf.current(db)


async def keep_up() -> None:
    """Look which models are live, unless this process has looked within the last heartbeat."""
    async with database.reading() as db:
        await basis.keep_up(db)
        await challenging.keep_up(db)


def prepare(story: "Story") -> None:
    """Migrate, seed, and train the models if there are none. Does nothing twice."""
    with story.step("Migrations"):
        migrations.upgrade(settings().migrations_url)
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
            await market_seeding.seed(db)
        else:
            # A house that began as the embedded default may have brought some along.
            await invented.count(db, is_counted=False)
        await signing_keys.begin(db)
        await membership_seeding.seed(db)
        await schedules.write(db)


def _train(story: "Story") -> None:
    from ml.live import store
    from ml.population import first_models

    if not settings().is_embedded or asyncio.run(_alone(first_models.exist)):
        return
    with story.step("Models") as step:
        models = first_models.remembered(store.folder())
        if models is None:
            models = first_models.train_first_models(lambda label, done: step.at(done, 1.0, label))
            first_models.remember(models, store.folder())
        asyncio.run(_alone(partial(first_models.promote, models=models)))
        step.note = "trained on a simulated population"


async def _alone(work: Callable[[Db], Awaitable[T]]) -> T:
    """Do this in a transaction of its own, with an engine that ends with it."""
    try:
        async with database.transaction() as db:
            return await work(db)
    finally:
        await database.close_engine()
