"""Rehearsing: what a change of a product would do to its reach, on the snapshot of the last sweep. Nothing is written."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import numpy as np

from domain.actors import Actor, PartnerActor, StaffActor
from domain.market import altering, eligibility, standards
from domain.market.altering import Changes
from domain.market.applicants import PeopleColumns
from domain.market.arrays import Flags, Whole
from domain.market.columns import columns_of
from domain.market.pairing import Pairing
from domain.market.products import Product
from domain.market.rules import CODES, ELIGIBLE
from domain.matching import disclosure
from domain.matching.reach import funnels, questions
from domain.matching.sweeps import snapshots, sweeps
from domain.matching.sweeps.sweeps import Done
from domain.people import worlds
from domain.permissions import Permission
from infra import counters
from infra.counters import Use
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.setting_parts import Rate
from infra.settings import settings
from infra.words import N_

NOBODYS = -1  # a product that cannot be read is offered to nobody
PER_ACTOR = Rate(times=60, seconds=60)
A_DAY = 86_400  # seconds


@dataclass(frozen=True)
class Rehearsal:
    """How many of all `people` of one frozen snapshot a product is eligible, as it is and as it would be.

    `eligible_before` is None for a product that is not there yet. What is told to whoever sees no applications: see `disclosure`.
    """

    snapshot: UUID  # the sweep that took it
    as_of: datetime
    simulated: bool
    people: int | None
    eligible_before: int | None
    eligible_after: int | None
    gained: int | None
    lost: int | None
    against: Mapping[str, int]  # of the changed product, by the first reason, the most frequent first


async def of_sku(db: Db, actor: PartnerActor, sku: str, told: Changes) -> Rehearsal:
    """A partner's own product, or a new one. Refuses what `upsert` refuses."""
    standards.check_sku(sku)
    known = funnels.seen_by(actor).where(Product.sku == sku)
    product = (await db.execute(known)).scalar_one_or_none()
    if product is None:
        return await _rehearsed(db, actor, None, altering.drawn_up(actor.partner_id, sku, told))
    return await _of(db, actor, product, told)


async def of_id(db: Db, actor: StaffActor, product_id: UUID, told: Changes) -> Rehearsal | None:
    """Any product, by staff; None where there is none of this id."""
    known = funnels.seen_by(actor).where(Product.id == product_id)
    product = (await db.execute(known)).scalar_one_or_none()
    return await _of(db, actor, product, told) if product else None


async def _of(db: Db, actor: Actor, product: Product, told: Changes) -> Rehearsal:
    changed = altering.copy_of(product)
    altering.alter(changed, told)
    return await _rehearsed(db, actor, product, changed)


async def _rehearsed(db: Db, actor: Actor, before: Product | None, after: Product) -> Rehearsal:
    if retry_at := await counters.take(db, [Use(PER_ACTOR, "rehearsal", actor.name)]):
        raise Refusal(
            RefusalCode.RATE_LIMITED,
            N_("Too many rehearsals at once. Please wait a moment."),
            retry_at=retry_at,
        )
    if isinstance(actor, PartnerActor) and await worlds.is_test(db, actor.partner_id):
        raise Refusal(
            RefusalCode.NOT_ALLOWED, N_("A test client's products reach nobody, so there is nothing to rehearse.")
        )
    done = await sweeps.last_done(db)
    if done is None:
        raise Refusal(RefusalCode.NOT_OPEN, N_("Available after the first nightly matching."))
    if isinstance(actor, PartnerActor):
        await questions.count(db, actor.partner_id, [done.id, _terms(before), _terms(after)])
    elif not sees_people(actor):
        await _count_of_day(db, actor)
    people = await snapshots.of_sweep(db, done.id)
    answer = compared if sees_people(actor) else disclosed
    return await asyncio.to_thread(answer, done, people, before, after)


def sees_people(actor: Actor) -> bool:
    """Whether they are told exactly. By rules of one's own anybody could be told from all others, with what they earn and how they
    are graded: so only whoever reviews applications is, who sees people one by one.
    """
    return isinstance(actor, StaffActor) and actor.may(Permission.REVIEW_APPLICATIONS)


async def _count_of_day(db: Db, actor: Actor) -> None:
    most = settings().partner_questions_a_day
    if retry_at := await counters.take(db, [Use(Rate(times=most, seconds=A_DAY), "rehearsals", actor.name)]):
        sentence = N_("You can rehearse {most} changes a day.")
        raise Refusal(RefusalCode.LIMIT_EXCEEDED, sentence, retry_at=retry_at, most=most)


def _terms(product: Product | None) -> object:
    """What decides who may have it: what it is called makes no other question."""
    if product is None:
        return None
    names = ("kind", "amount_min", "amount_max", "currency", "term_months", "annual_rate", "fee_rate", "decision")
    return [[getattr(product, name) for name in (*names, "grade_at_least")], product.rules]


def compared(done: Done, people: PeopleColumns, before: Product | None, after: Product) -> Rehearsal:
    """Compare a product with what it would become, as if it were on the shelf, whatever its status; exactly."""
    return _compare(done, people, before, after, lambda counted: int(counted.sum()))


def disclosed(done: Done, people: PeopleColumns, before: Product | None, after: Product) -> Rehearsal:
    """Compare a product with what it would become, as whoever sees no applications is told."""
    everybody = disclosure.in_tens(len(people), len(people))  # no question changes it
    return replace(_compare(done, disclosure.coarse(people), before, after, disclosure.disclose), people=everybody)


def _compare(
    done: Done,
    people: PeopleColumns,
    before: Product | None,
    after: Product,
    count: Callable[[Flags], int | None],
) -> Rehearsal:
    then = _first_against(people, after)
    is_eligible = then == ELIGIBLE
    was_eligible = np.zeros(len(people), bool) if before is None else _first_against(people, before) == ELIGIBLE
    against = {code: count(then == place) for place, code in enumerate(CODES) if place != ELIGIBLE}
    return Rehearsal(
        snapshot=done.id,
        as_of=done.ended_at,
        simulated=done.simulated,
        people=len(people),
        eligible_before=None if before is None else count(was_eligible),
        eligible_after=count(is_eligible),
        gained=count(is_eligible & ~was_eligible),
        lost=count(was_eligible & ~is_eligible),
        against=funnels.most_frequent({code: counted for code, counted in against.items() if counted}),
    )


def _first_against(people: PeopleColumns, product: Product) -> Whole:
    columns = columns_of([product])
    if not len(columns):
        return np.full(len(people), NOBODYS)
    return eligibility.applying(Pairing(people, columns))[:, 0]
