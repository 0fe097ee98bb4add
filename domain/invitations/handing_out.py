"""Handing out: whoever has an invited number sees the invitation; its partner never learns who that is."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, text

from domain.invitations import invitations
from domain.invitations.invitations import LIFE, InvitationStatus
from domain.people import worlds
from infra import outbox
from infra.database import Db

APART = timedelta(milliseconds=20)  # between two who are told, so that a batch holds nobody else's notices up

NUMBERS = """
           FROM invited_phones AS invited
           JOIN invitation_batches AS batch ON batch.id = invited.batch_id
           JOIN phones AS phone ON phone.index = invited.phone_index
"""
# Whoever hands out the same product at the same time is waited for, and whoever answers; the last statement sees what came of it.
ONE_AT_A_TIME = """
    SELECT pg_advisory_xact_lock(hashtextextended(product_id::text, 0))
      FROM (SELECT DISTINCT batch.product_id {numbers} WHERE {which} ORDER BY batch.product_id) AS products
"""
AFTER_ANSWERS = """
    SELECT known.id {numbers} JOIN invitations AS known ON known.product_id = batch.product_id
     WHERE {which} AND known.user_id = phone.user_id AND known.status IN ({sources})
     ORDER BY known.user_id, known.id FOR UPDATE OF known
"""
# Of a person and a product the newest counts. Who answered one that still lasts is not asked again, and who has one open is not
# told again when a newer one takes its place.
STATEMENT = """
    WITH meant AS (
         SELECT DISTINCT ON (phone.user_id, batch.product_id)
                phone.user_id, invited.id, batch.partner_id, batch.product_id, batch.max_amount, batch.currency,
                batch.invited_at, batch.expires_at
         {numbers}
           JOIN partners AS partner ON partner.id = batch.partner_id
           JOIN users AS person ON person.id = phone.user_id
          WHERE {which} AND {meet} AND batch.expires_at > longan_now() AND phone.reassigned_at IS NULL
            AND person.status = 'ACTIVE' AND person.put_away_at IS NULL
            AND NOT EXISTS (
                SELECT FROM invitations AS known
                 WHERE known.user_id = phone.user_id AND known.product_id = batch.product_id
                   AND (known.invited_at >= batch.invited_at
                        OR known.status IN ('ACCEPTED', 'DECLINED') AND known.expires_at > longan_now()))
          ORDER BY phone.user_id, batch.product_id, batch.invited_at DESC, batch.id DESC),
    replaced AS (
         UPDATE invitations AS earlier SET status = '{replaced}'
           FROM meant
          WHERE earlier.user_id = meant.user_id AND earlier.product_id = meant.product_id
            AND earlier.status IN ({sources})
         RETURNING earlier.user_id, earlier.product_id, earlier.expires_at > longan_now() AS lasts)
    INSERT INTO invitations AS made (user_id, id, partner_id, product_id, max_amount, currency, invited_at, expires_at, status)
    SELECT user_id, id, partner_id, product_id, max_amount, currency, invited_at, expires_at, '{begins}' FROM meant
        ON CONFLICT (user_id, id) DO NOTHING
    RETURNING made.user_id, made.id,
              EXISTS (SELECT FROM replaced WHERE replaced.user_id = made.user_id
                         AND replaced.product_id = made.product_id AND replaced.lasts) AS is_known
"""
_STATES = {
    "replaced": InvitationStatus.REPLACED.name,
    "sources": ", ".join(f"'{state.name}'" for state in LIFE.sources(InvitationStatus.REPLACED)),
    "begins": LIFE.begins.name,
    "meet": worlds.MEET_SQL,
    "numbers": NUMBERS.strip(),
}


def _of(which: str) -> list[TextClause]:
    return [text(each.format(which=which, **_STATES)) for each in (ONE_AT_A_TIME, AFTER_ANSWERS, STATEMENT)]


OF_BATCH = _of("invited.batch_id = :id")
OF_PERSON = _of("phone.user_id = :id")


async def hand_out(db: Db, batch_id: UUID) -> None:
    """Let everybody whose number is in the batch see it. Done twice it does nothing the second time."""
    made = await _make(db, OF_BATCH, batch_id)
    new = [(row.user_id, row.id) for row in made if not row.is_known]
    await outbox.announce_all(db, invitations.RECEIVED, new, apart=APART)


async def hand_out_to(db: Db, user_id: UUID) -> None:
    """Let somebody who has their number since just now see what still lasts for it."""
    made = await _make(db, OF_PERSON, user_id)
    await outbox.announce_all(db, invitations.RECEIVED, [(row.user_id, row.id) for row in made if not row.is_known])


async def _make(db: Db, statements: Sequence[TextClause], id: UUID) -> Sequence[Row[Any]]:
    *waiting, making = statements
    for each in waiting:
        await db.execute(each, {"id": id})
    return (await db.execute(making, {"id": id})).all()
