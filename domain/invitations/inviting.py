"""Inviting: a partner names numbers, and is answered how many it named. Nothing here asks whose they are."""

import re
from asyncio import to_thread
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from domain.actors import PartnerActor
from domain.invitations.batches import InvitationBatch, InvitedPhone
from domain.market import products
from domain.market.products import Product, ProductStatus
from domain.people import phones
from infra import clock, counters, outbox, receipts
from infra.copying import copy_in
from infra.counters import Use
from infra.database import Db
from infra.errors import Faults, Refusal, RefusalCode, invalid, not_found
from infra.events import declare
from infra.ids import new_id
from infra.money import Money
from infra.setting_parts import Rate
from infra.words import N_

MOST = 10_000
LASTS_MOST = timedelta(days=90)
PER_PARTNER = Rate(times=200_000, seconds=86_400)  # numbers, each as often as it is invited
FAULTS_TOLD = 20
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
PHONES, PRODUCT, EXPIRES = ("input", "phones"), ("input", "productId"), ("input", "expiresAt")
MAX_AMOUNT = ("input", "maxAmount")
HAND_OUT = declare("invitations.hand_out")


async def read_phones(said: Sequence[str]) -> list[bytes]:
    """The blind index of each different number, in a thread: ten thousand take a while.

    Refuses INVALID what is no number in E.164, by its place.
    """
    if not 1 <= len(said) <= MOST:
        raise invalid(N_("Invite 1 to {most} numbers at a time."), PHONES, most=MOST)
    return await to_thread(_indexes_of, said)


def _indexes_of(said: Sequence[str]) -> list[bytes]:
    faults, found, wrong = Faults(), set[bytes](), 0
    for place, phone in enumerate(said):
        if (index := faults.of(partial(_index_of, phone, (*PHONES, str(place))))) is not None:
            found.add(index)
        elif (wrong := wrong + 1) == FAULTS_TOLD:
            break
    faults.refuse()
    return sorted(found)


def _index_of(phone: str, field: tuple[str, ...]) -> bytes:
    if not E164.fullmatch(phone):
        raise invalid(N_("Write the number in E.164, as +8613800138000."), field)
    return phones.index(phones.parse(phone, field))


async def invite(
    db: Db,
    actor: PartnerActor,
    *,
    product_id: UUID,
    numbers: Sequence[bytes],
    most: Money,
    expires_at: datetime,
    key: str,
) -> InvitationBatch:
    """Invite whoever has these numbers, now or while the invitation lasts, to apply for a product up to an amount.

    Refuses NOT_FOUND, NOT_OPEN, INVALID and RATE_LIMITED, and then leaves nothing behind.
    """
    told = {
        "productId": product_id,
        "phones": [number.hex() for number in numbers],
        "maxAmount": [most.minor, most.currency],
        "expiresAt": expires_at,
    }
    receipt = await receipts.claim(db, actor=actor.name, operation="inviteUsers", key=key, input=told)
    if receipt.result_id is not None:
        return await db.get_one(InvitationBatch, receipt.result_id)
    now = await clock.now(db)
    product = await _product(db, actor, product_id)
    _refuse_amount(product, most)
    if not now < expires_at <= now + LASTS_MOST:
        raise invalid(N_("An invitation lasts up to {days} days from now."), EXPIRES, days=LASTS_MOST.days)
    if retry_at := await counters.take(
        db, [Use(PER_PARTNER, "invitations", str(actor.partner_id), count=len(numbers))]
    ):
        raise Refusal(
            RefusalCode.RATE_LIMITED, N_("Too many invitations. Go on later."), field=PHONES, retry_at=retry_at
        )
    batch = InvitationBatch(
        partner_id=actor.partner_id,
        product_id=product.id,
        max_amount=most.minor,
        currency=most.currency,
        invited_at=now,
        expires_at=expires_at,
        received=len(numbers),
    )
    await _write(db, batch, numbers)
    receipt.result_id = batch.id
    return batch


async def _product(db: Db, actor: PartnerActor, product_id: UUID) -> Product:
    own = products.offered_by(actor).where(Product.id == product_id)
    product = (await db.execute(own)).scalar_one_or_none()
    if product is None:
        raise not_found(N_("We could not find this product."), PRODUCT)
    if product.status is not ProductStatus.PUBLISHED:
        raise Refusal(RefusalCode.NOT_OPEN, N_("Publish this product first."), field=PRODUCT)
    return product


def _refuse_amount(product: Product, most: Money) -> None:
    least, limit = Money(product.amount_min, product.currency), Money(product.amount_max, product.currency)
    if most.currency != product.currency or not least.minor <= most.minor <= limit.minor:
        sentence = N_("This product goes from {least} to {most} {currency}.")
        raise invalid(sentence, MAX_AMOUNT, least=str(least), most=str(limit), currency=product.currency)


async def _write(db: Db, batch: InvitationBatch, numbers: Sequence[bytes]) -> None:
    db.add(batch)
    await db.flush()
    rows = [
        {"batch_id": batch.id, "phone_index": number, "id": new_id(), "expires_at": batch.expires_at}
        for number in numbers
    ]
    await copy_in(db, InvitedPhone, rows)
    await outbox.announce(db, HAND_OUT, subject_id=batch.id)
