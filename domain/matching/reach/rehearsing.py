"""Rehearsing: what a change of a product would do to its reach, on the snapshot of the last sweep. Nothing is written."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import numpy as np

from domain.actors import Actor, PartnerActor, StaffActor
from domain.market import eligibility, offering, standards
from domain.market.applicants import PeopleColumns
from domain.market.arrays import Whole
from domain.market.columns import columns_of
from domain.market.offering import Told
from domain.market.pairing import Pairing
from domain.market.products import Product
from domain.market.rules import CODES, ELIGIBLE
from domain.matching.reach import funnels
from domain.matching.sweeps import snapshots, sweeps
from domain.matching.sweeps.sweeps import Done
from infra import clock, limiter
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.settings import Rate
from infra.words import N_

PER_ACTOR = Rate(times=60, seconds=60)


@dataclass(frozen=True)
class Rehearsal:
    """Of all `people` of one frozen snapshot: for how many the product is eligible, as it is and as it would be.

    `eligible_before` is None for a product that is not there yet. To a partner, fewer than 20 are None.
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


async def of_sku(db: Db, actor: PartnerActor, sku: str, told: Told) -> Rehearsal:
    """A partner's own product, or a new one. Refuses what `upsert` refuses."""
    standards.keep_sku(sku)
    known = funnels.seen_by(actor).where(Product.sku == sku)
    product = (await db.execute(known)).scalar_one_or_none()
    if product is None:
        return await _rehearsed(db, actor, None, offering.drawn_up(actor.partner_id, sku, told))
    return await _of(db, actor, product, told)


async def of_id(db: Db, actor: StaffActor, product_id: UUID, told: Told) -> Rehearsal | None:
    """Any product, by staff; None where there is none of this id."""
    known = funnels.seen_by(actor).where(Product.id == product_id)
    product = (await db.execute(known)).scalar_one_or_none()
    return await _of(db, actor, product, told) if product else None


async def _of(db: Db, actor: Actor, product: Product, told: Told) -> Rehearsal:
    changed = _copy(product)
    offering.alter(changed, told)
    return await _rehearsed(db, actor, product, changed)


def _copy(product: Product) -> Product:
    """Known to no session, so that nothing of it is ever written."""
    columns = (column.key for column in Product.__mapper__.column_attrs)
    return Product(**{name: getattr(product, name) for name in columns if name != "shelved_in"})


async def _rehearsed(db: Db, actor: Actor, before: Product | None, after: Product) -> Rehearsal:
    if retry_at := await limiter.wait_after(PER_ACTOR, "rehearsal", actor.name, now=await clock.now(db)):
        raise Refusal(
            RefusalCode.RATE_LIMITED,
            N_("So many rehearsals at once are too many. Please wait a moment."),
            retry_at=retry_at,
        )
    done = await sweeps.last_done(db)
    if done is None:
        raise Refusal(
            RefusalCode.NOT_OPEN, N_("Nobody was matched yet. After the next night, changes can be rehearsed.")
        )
    people = await snapshots.of_sweep(db, done.id)
    rehearsal = await asyncio.to_thread(compared, done, people, before, after)
    return _coarse(rehearsal) if isinstance(actor, PartnerActor) else rehearsal


def compared(done: Done, people: PeopleColumns, before: Product | None, after: Product) -> Rehearsal:
    """As if it were on the shelf, whatever its status."""
    then = _first_against(people, after)
    is_eligible = then == ELIGIBLE
    was_eligible = np.zeros(len(people), bool) if before is None else _first_against(people, before) == ELIGIBLE
    counts = zip(CODES[1:], np.bincount(then, minlength=len(CODES))[1:].tolist(), strict=True)
    return Rehearsal(
        snapshot=done.id,
        as_of=done.ended_at,
        simulated=done.simulated,
        people=len(people),
        eligible_before=None if before is None else int(was_eligible.sum()),
        eligible_after=int(is_eligible.sum()),
        gained=int((is_eligible & ~was_eligible).sum()),
        lost=int((was_eligible & ~is_eligible).sum()),
        against=funnels.most_frequent({code: count for code, count in counts if count}),
    )


def _first_against(people: PeopleColumns, product: Product) -> Whole:
    return eligibility.applying(Pairing(people, columns_of([product])))[:, 0]


def _coarse(rehearsal: Rehearsal) -> Rehearsal:
    """As a partner is told of a funnel, and for the same reasons."""
    return replace(
        rehearsal,
        people=funnels.to_the_ten(rehearsal.people),
        eligible_before=funnels.to_the_ten(rehearsal.eligible_before),
        eligible_after=funnels.to_the_ten(rehearsal.eligible_after),
        gained=funnels.to_the_ten(rehearsal.gained),
        lost=funnels.to_the_ten(rehearsal.lost),
        against=funnels.coarse_reasons(rehearsal.against),
    )
