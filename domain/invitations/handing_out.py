"""Handing out: whoever has an invited number sees the invitation; its partner never learns who that is."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from domain.invitations import invitations
from domain.invitations.invitations import LIFE, InvitationStatus
from domain.people import worlds
from infra import outbox
from infra.database import Db

APART = timedelta(milliseconds=20)  # between two who are told, so that a batch holds nobody else's notices up

# Of a person and a product the newest counts. Who answered one that still lasts is not asked again, and who has one open is not
# told again when a newer one takes its place.
STATEMENT = """
    WITH meant AS (
         SELECT DISTINCT ON (phone.user_id, batch.product_id)
                phone.user_id, invited.id, batch.partner_id, batch.product_id, batch.max_amount, batch.currency,
                batch.invited_at, batch.expires_at
           FROM invited_phones AS invited
           JOIN invitation_batches AS batch ON batch.id = invited.batch_id
           JOIN partners AS partner ON partner.id = batch.partner_id
           JOIN phones AS phone ON phone.index = invited.phone_index
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
}
OF_BATCH = text(STATEMENT.format(which="invited.batch_id = :id", **_STATES))
OF_PERSON = text(STATEMENT.format(which="phone.user_id = :id", **_STATES))


async def hand_out(db: Db, batch_id: UUID) -> None:
    """Let everybody whose number is in the batch see it. Done twice it does nothing the second time."""
    made = (await db.execute(OF_BATCH, {"id": batch_id})).all()
    new = [(row.user_id, row.id) for row in made if not row.is_known]
    await outbox.announce_all(db, invitations.RECEIVED, new, apart=APART)


async def hand_out_to(db: Db, user_id: UUID) -> None:
    """Let somebody who has their number since just now see what still lasts for it."""
    made = (await db.execute(OF_PERSON, {"id": user_id})).all()
    await outbox.announce_all(db, invitations.RECEIVED, [(row.user_id, row.id) for row in made if not row.is_known])
