"""One invented life, lived through in one transaction by the domain's own functions: nothing in it could not have happened."""

import heapq
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from uuid import UUID

from api.dev.past import answers
from api.dev.past.people import Invented
from domain.actors import StaffActor, UserActor
from domain.applications import applications, applying
from domain.applications.applications import OPEN, UNDECIDED, Application
from domain.consent.consents import ConsentScope
from domain.credit.assessing import points_gained
from domain.facts import link_requests, putting_in_force
from domain.facts.open_readings import Observed
from domain.market import quoting
from domain.market.products import DecisionMode, Product
from domain.matching import impressions, matches
from domain.matching.matches import Match
from domain.people import invented, profiles, sessions
from infra import hindsight
from infra.database import Db
from infra.errors import Refusal
from infra.money import Money
from infra.settings import settings

DEVICE = "A phone that never was"
REDIRECT = "longan://linked"
VISITS = 2.2  # on average, besides the first
VISITS_APART_DAYS = 16.0
PAGE = 8
WITHDRAWN_SHARE = 0.12
WAITED_MINUTES = (20, 100)
Step = Callable[[], Awaitable[None]]


@dataclass
class InventedIdentity:
    """Somebody at a provider that only exists here."""

    subject: str
    union_id: str | None = None
    family: str = "invented"
    display_name: str | None = None
    tokens: dict[str, object] = field(default_factory=dict)
    scopes: list[str] = field(default_factory=list)
    renew_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass
class Life:
    """What is still to come of it lies in `agenda`, by time."""

    db: Db
    who: Invented
    reviewer: StaffActor
    now: datetime
    agenda: list[tuple[datetime, int, Step]] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)

    def then(self, at: datetime, step: Step) -> None:
        heapq.heappush(self.agenda, (at, next(self.numbers), step))

    async def live(self) -> None:
        """Up to now, unless somebody else has their number. What comes due later stays owed, as everybody's does."""
        await hindsight.stand_at(self.db, self.who.came_at)
        if not await invented.invent(self.db, self.who.id, self.who.phone):
            return
        session = await sessions.begin(self.db, self.who.id, DEVICE)
        self.actor = UserActor(self.who.id, session.id)
        self._plan()
        while self.agenda and self.agenda[0][0] < self.now:
            at, _, step = heapq.heappop(self.agenda)
            await hindsight.catch_up(self.db, self.who.id, at)
            await step()
        await hindsight.catch_up(self.db, self.who.id, self.now)

    def _plan(self) -> None:
        rng, at = self.who.rng, self.who.came_at
        self.then(at + timedelta(seconds=40), self.introduce)
        for place, source in enumerate(self.who.told):
            self.then(at + timedelta(minutes=2 + place), partial(self.link, source))
        at += timedelta(minutes=8)
        for _ in range(1 + rng.poisson(VISITS)):
            self.then(at, self.visit)
            at += timedelta(days=rng.exponential(VISITS_APART_DAYS), minutes=rng.uniform(30, 600))
        if self.who.awaits_answer:
            self.then(self.now - timedelta(minutes=rng.uniform(*WAITED_MINUTES)), self.ask_a_partner)

    async def introduce(self) -> None:
        income = Money.of(self.who.monthly_income, settings().currency)
        said: dict[str, date | str | Money | None] = {
            "birth_date": self.who.birth_date,
            "occupation": self.who.occupation,
            "monthly_income": income,
            **({"region": self.who.region} if self.who.region else {}),
        }
        await profiles.update(self.db, self.actor, said)

    async def link(self, source: str) -> None:
        subject = f"{self.who.id}/{source}"
        await link_requests.open(
            self.db, self.actor, provider=source, redirect_uri=REDIRECT, state=subject, nonce=None, verifier=None
        )
        request, _ = await link_requests.consume(self.db, self.actor, subject)
        seen = [Observed(name, value, request.created_at) for name, value in self.who.told[source].items()]
        await putting_in_force.record_link(
            self.db, self.actor, request, InventedIdentity(subject), seen, simulated=True, weigh=points_gained
        )

    async def visit(self) -> None:
        """Look at the matches, open some, and perhaps apply for one."""
        page = await matches.page(self.db, self.who.id, kind=None, first=PAGE, after=None)
        await impressions.record(self.db, self.who.id, page.news)
        opened = [match for place, match in enumerate(page.items) if self._is_drawn(place)]
        if not opened:
            return
        await impressions.open_latest(self.db, self.who.id, {match.id for match in opened})
        if self.who.rng.random() < 0.45:
            await self.apply(opened[0])

    def _is_drawn(self, place: int) -> bool:
        return bool(self.who.rng.random() < 0.45 * (1 + place) ** -0.6)

    async def apply(self, match: Match) -> None:
        """What one may not have after all is not had."""
        product, rng = match.product, self.who.rng
        step = quoting.step(product.currency)
        wanted = round(match.illustration.amount * rng.uniform(0.5, 1.2) / step) * step
        amount = min(max(wanted, product.amount_min), product.amount_max)
        with suppress(Refusal):
            async with self.db.begin_nested():
                application = await self._submit(product, amount, int(rng.choice(product.term_months)))
            self._await_answer(application, product.decision, match)

    async def ask_a_partner(self) -> None:
        """Apply for the first of what a partner decides, who hands it to a reviewer, or has missed the promise by now."""
        page = await matches.page(self.db, self.who.id, kind=None, first=PAGE, after=None)
        for product in (match.product for match in page.items if match.product.decision is DecisionMode.PARTNER):
            with suppress(Refusal):
                async with self.db.begin_nested():
                    application = await self._submit(product, product.amount_max, product.term_months[-1])
                if application.promised_by > self.now:
                    await answers.refer(self.db, application)
                return

    async def _submit(self, product: Product, amount: int, months: int) -> Application:
        return await applying.apply(
            self.db,
            self.actor,
            product_id=product.id,
            amount=Money(amount, product.currency),
            term_months=months,
            share=[ConsentScope.SCORE_CHECK],
            key=f"invented-{self.who.id}-{next(self.numbers)}",
        )

    def _await_answer(self, application: Application, decision: DecisionMode, match: Match) -> None:
        rng, id = self.who.rng, application.id
        odds = 0.5 if match.shown.odds is None else match.shown.odds
        minutes = float(rng.lognormal(math.log(9), 0.8))
        is_yes, is_withdrawn = bool(rng.random() < odds), bool(rng.random() < WITHDRAWN_SHARE)
        if application.status in UNDECIDED:
            by_partner = decision is DecisionMode.PARTNER
            self.then(application.created_at + timedelta(minutes=minutes), partial(self.answer, id, by_partner, is_yes))
        if is_withdrawn:
            hours = float(rng.uniform(1, 60))
            self.then(application.created_at + timedelta(hours=hours), partial(self.withdraw, id))

    async def answer(self, id: UUID, by_partner: bool, is_yes: bool) -> None:
        application = await self.db.get_one(Application, (self.who.id, id), populate_existing=True)
        if application.status in UNDECIDED:
            said = answers.by_partner if by_partner else answers.by_reviewer
            await said(self.db, application, self.reviewer, is_yes)

    async def withdraw(self, id: UUID) -> None:
        application = await self.db.get_one(Application, (self.who.id, id), populate_existing=True)
        if application.status in OPEN and application.status not in applications.AWAITING_REVIEW:
            await applying.withdraw(self.db, self.actor, id)
