"""Whatever happens in a test partner's world, no figure of the house is another one; the same of a live one moves all of them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from domain.actors import PartnerActor, Role, StaffActor
from domain.agreements import agreements
from domain.agreements.agreements import AgreementStatus
from domain.applications import applications, reviewing
from domain.applications.applications import Application, ApplicationStatus
from domain.credit import scores
from domain.credit.grades import Grade
from domain.credit.outcomes import LoanOutcome
from domain.credit.scores import Scoring
from domain.days import buckets
from domain.deadlines import deadlines
from domain.deadlines.deadlines import Deadline
from domain.ledger.kinds import AccountKind
from domain.ledger.posting import post
from domain.ledger.transfers import Cause, CauseKind, transfer
from domain.matching import browsing
from domain.matching.browsing import Wanted
from domain.matching.reach import funnels
from domain.people import invented
from domain.people.users import User
from domain.reconciling import remittances
from domain.reconciling.remittances import Remittance
from domain.risk import signals
from domain.risk.rules import RuleAction, RuleMode
from domain.risk.signals import Signal
from infra import clock
from infra.database import Db
from infra.ids import new_id
from integrations.simulated.simulating import SimulatedEvent, SimulationWish, simulate
from membership import figures, joining, overview
from membership.members import Member
from ml.promotion import challenging
from ml.promotion.challenging import ChallengerScore
from tests.api.people import Shop, apply_at, open_shop, scored
from tests.domain.agreements import loans

pytestmark = pytest.mark.usefixtures("steady_scorer")
STAFF = StaffActor(new_id(), Role.RISK)
AGO = timedelta(days=200)
Figure = Callable[[Db, datetime], Awaitable[Any]]


async def _queue(db: Db, now: datetime) -> Any:
    return await reviewing.totals(db, reviewing.queue_of(STAFF), now)


async def _seen_by_staff(db: Db, now: datetime) -> Any:
    seen = (applications.visible_to(STAFF), agreements.visible_to(STAFF), funnels.seen_by(STAFF))
    return [await db.scalar(select(func.count()).select_from(each.subquery())) for each in seen]


async def _on_the_shelf(db: Db, now: datetime) -> Any:
    return (await browsing.page(db, Wanted(), first=None, after=None)).count


async def _people(db: Db, now: datetime) -> Any:
    """Of all tables that the models learn from and are watched by, whom counts and training take in."""
    of = (User.id, Member.user_id, Scoring.user_id, LoanOutcome.user_id)
    counted = [select(func.count()).where(rule(each)) for each in of for rule in (invented.counts, invented.is_real)]
    return [await db.scalar(each) for each in counted]


async def _remittances(db: Db, now: datetime) -> Any:
    await remittances.reckon(db, clock.local_day(now) + timedelta(days=1))
    return await db.scalar(select(func.count()).select_from(Remittance))


async def _membership(db: Db, now: datetime) -> Any:
    told = await figures.figures_of(db, await figures.span_of(db))
    return replace(told, counted_at=clock.begins(told.span.first)), await overview.tiers_with_counts(db)


FIGURES: dict[str, Figure] = {
    "the queue of reviews": _queue,
    "what staff can see": _seen_by_staff,
    "what is on the shelf": _on_the_shelf,
    "people who count": _people,
    "late loans": lambda db, now: buckets.buckets(db),
    "missed deadlines": lambda db, now: deadlines.count_missed(db),
    "signals": lambda db, now: signals.counts(db, now - AGO),
    "what is owed to partners": _remittances,
    "a challenger's scores": lambda db, now: challenging.side_by_side(db, "challenger"),
    "membership": _membership,
}


async def figures_now(db: Db) -> dict[str, Any]:
    now = await clock.now(db)
    return {name: await figure(db, now) for name, figure in FIGURES.items()}


async def leave_marks(db: Db, shop: Shop, user_id: UUID) -> None:
    """What staff, counts, models and partners' payments are made of, as time and other rooms would leave it of somebody."""
    now, id = await clock.now(db), new_id()
    await joining.join(db, user_id)
    score = await scores.record(db, user_id, scored(Grade.B), now, 1)
    await scores.conclude(db, user_id, score, 1)
    db.add_all(
        [
            LoanOutcome(user_id=user_id, score_id=score.id, bad=True, observed_at=now),
            ChallengerScore(
                user_id=user_id,
                score_id=score.id,
                challenger="challenger",
                champion="test",
                champion_points=700,
                champion_grade=Grade.B,
                points=600,
                grade=Grade.C,
                scored_at=now,
            ),
            Deadline(
                user_id=user_id, kind="payout", subject_id=id, about_id=id, begun_at=now, due_at=now, missed_at=now
            ),
            Signal(
                user_id=user_id,
                id=new_id(),
                rule="NEW_DEVICE",
                rule_version=1,
                mode=RuleMode.SHADOW,
                action=RuleAction.REFER,
                at=now,
                sighting_id=id,
                session_id=id,
                application_id=None,
                evidence={},
            ),
        ]
    )
    await db.flush()
    cause, sides = Cause(CauseKind.REPAYMENT, id), (AccountKind.COLLECTED, AccountKind.PAYABLE)
    whose = {"currency": "CNY", "user_id": user_id, "subject_id": id, "partner_id": shop.partner.id}
    await post(db, [transfer(cause, *sides, 100, value_on=await clock.today(db), **whose)])  # type: ignore[arg-type]


async def test_nothing_of_a_test_clients_world_moves_a_figure(db: Db) -> None:
    shop = await open_shop(is_test=True)
    actor = PartnerActor(shop.partner.id, "client")

    async def happens(event: SimulatedEvent, **ids: Any) -> UUID:
        return (await simulate(db, actor, SimulationWish(event, **ids), str(uuid4()))).id

    before = await figures_now(db)
    applied = await happens(SimulatedEvent.APPLICATION, product_id=shop.product.id)
    await happens(SimulatedEvent.DECISION, application_id=applied)
    had = await happens(SimulatedEvent.ACCEPTANCE, application_id=applied)
    await happens(SimulatedEvent.PAYMENT, agreement_id=had)
    await happens(SimulatedEvent.LATE_PAYMENT, product_id=shop.product.id)
    await happens(SimulatedEvent.DEFAULT, product_id=shop.product.id)
    waits = await happens(SimulatedEvent.APPLICATION, product_id=shop.product.id)
    application = (await db.execute(select(Application).where(Application.id == waits))).scalar_one()
    await applications.move(db, application, ApplicationStatus.DELAYED)
    await leave_marks(db, shop, application.user_id)
    assert await figures_now(db) == before


async def test_the_same_of_live_people_moves_all_of_them(db: Db) -> None:
    """Else the test above would hold whatever the figures were made of."""
    before = await figures_now(db)
    shop = await open_shop()
    application = await apply_at(shop, status=ApplicationStatus.DELAYED)
    agreement = await loans.open_loan(db, of=application.user_id, partner_id=shop.partner.id)
    await loans.pay_out(db, agreement, agreement.amount)
    agreement.status, agreement.bucket = AgreementStatus.OVERDUE, 1
    await leave_marks(db, shop, application.user_id)
    after = await figures_now(db)
    assert [name for name in FIGURES if after[name] == before[name]] == []
