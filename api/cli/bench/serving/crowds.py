"""Who asks: people whose Home is whole, people who apply, a partner's server, and a member of staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import select

from api.cli.bench import crowd
from api.story import Step
from domain.actors import UserActor
from domain.applications import applying, feed
from domain.applications.applications import ApplicationStatus
from domain.credit import assessing
from domain.credit.scores import ScoringState
from domain.facts import readings
from domain.facts.open_readings import Observed
from domain.facts.sheets import FactValue
from domain.market import catalogue
from domain.people import partner_tokens, sessions, staff_sessions
from domain.people.partners import PartnerClient
from domain.people.staff import Staff
from domain.permissions import Permission, roles_that_may
from infra import clock, reacting
from infra.database import Db, reading, transaction
from infra.money import Money
from infra.outbox import Event, EventReaction

PARTNER, SKU = "qingtongdu-finance", "qtd-starter"  # a loan for everybody, decided at once
SLOW_PARTNER, SLOW_SKU = "longan-demo-bank", "ldb-everyday"  # and one that its partner decides
WAITING = 60
AMOUNT = Money(100_000, "CNY")
ROUNDS_MAX = 20
BORN, INCOME = date(1990, 1, 1), Decimal(9_000)


@dataclass(frozen=True)
class CrowdPerson:
    id: UUID
    token: str


@dataclass(frozen=True)
class Crowd:
    readers: list[CrowdPerson]
    applicants: list[CrowdPerson]
    partner_token: str
    staff_token: str


async def gather(people: int, readers: int, applicants: int, step: Step) -> Crowd:
    """A crowd of so many people, and among them those who ask, all with a score; the readers with tiers and benefits too."""
    chosen = await _scored(await crowd.settle(people), readers + applicants, step)
    await work_off(chosen[:readers], step)
    async with transaction() as db:
        await _keep_waiting(db, chosen[: min(readers, WAITING)])
        signed_in = [CrowdPerson(each, (await sessions.begin(db, each, "bench")).access_token) for each in chosen]
        partner_token, staff_token = await _partner(db), await _staff(db)
    # Their partner has read of them: where people are multiplied, nobody's application waits for its place in the feed.
    await feed.PAGES.settle(catalogue.partner_id(SLOW_PARTNER))
    return Crowd(signed_in[:readers], signed_in[readers:], partner_token, staff_token)


async def _scored(people: Sequence[UUID], count: int, step: Step) -> list[UUID]:
    """The first so many who are known well enough for a score."""
    chosen: list[UUID] = []
    for each in people:
        async with transaction() as db:
            await tell(db, each, INCOME)
            await assessing.assess(db, each)
            standing = (await assessing.standings(db, {each}))[each]
        if standing.state == ScoringState.READY:
            chosen.append(each)
            step.at(len(chosen), count, "scored")
        if len(chosen) == count:
            return chosen
    raise AssertionError(f"only {len(chosen)} of {len(people)} people can be scored")


async def _keep_waiting(db: Db, people: Sequence[UUID]) -> None:
    """Applications whose partner did not answer in time, so that reviewers have something to do."""
    product = catalogue.product_id(SLOW_PARTNER, SLOW_SKU)
    for each in people:
        actor = UserActor(user_id=each, session_id=each)
        application = await applying.apply(
            db, actor, product_id=product, amount=AMOUNT, term_months=6, share=[], key=uuid4().hex
        )
        application.status = ApplicationStatus.DELAYED


async def tell(db: Db, user_id: UUID, income: Decimal) -> None:
    """What a grown-up says in the profile."""
    moment = await readings.take_turn(db, user_id)
    told: dict[str, FactValue] = {"birth_date": BORN, "monthly_income": income}
    await readings.record(
        db, user_id, "profile", [Observed(f"profile.{name}", value, moment) for name, value in told.items()]
    )


async def work_off(people: Sequence[UUID], step: Step | None = None) -> None:
    """Carry out what is owed about these, whenever it is due, and what comes of it."""
    for _ in range(ROUNDS_MAX):
        owed = await _owed(people)
        for number, (event_id, reaction) in enumerate(owed):
            await reacting.react(event_id, reaction)
            if step is not None:
                step.at(number, len(owed), "what follows from a score")
        if not owed:
            return
    raise AssertionError(f"what is owed never ends: {sorted({reaction for _, reaction in owed})}")


async def _owed(people: Sequence[UUID]) -> list[tuple[UUID, str]]:
    unhandled = (
        select(EventReaction.event_id, EventReaction.reaction)
        .join(Event, Event.id == EventReaction.event_id)
        .where(Event.user_id.in_(people), EventReaction.handled_at.is_(None), EventReaction.parked_at.is_(None))
        .order_by(Event.id, EventReaction.reaction)
    )
    async with reading() as db:
        return [(row.event_id, row.reaction) for row in await db.execute(unhandled)]


async def _partner(db: Db) -> str:
    client = PartnerClient(
        client_id=f"bench-{uuid4()}",
        partner_id=catalogue.partner_id(PARTNER),
        secret_hash="nobody knows it",  # noqa: S106 - no secret
        created_at=await clock.now(db),
    )
    db.add(client)
    await db.flush()
    return await partner_tokens.issue(db, client)


async def _staff(db: Db) -> str:
    member = Staff(
        email_index=uuid4().bytes,
        email_sealed=b"",
        name_sealed=b"",
        role=roles_that_may(Permission.REVIEW_APPLICATIONS)[0],
        password_hash="nobody knows it",  # noqa: S106 - no secret
        totp_sealed=b"",
        created_at=await clock.now(db),
    )
    db.add(member)
    await db.flush()
    token, _ = await staff_sessions.begin(db, member)
    return token
