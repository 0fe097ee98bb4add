"""Question: what a partner asked of people on a day. So many different ones a day are answered; the same again is free."""

from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.people.partners import Partner
from infra import clock
from infra.clock import begins
from infra.database import Db
from infra.entity import Entity
from infra.errors import Refusal, RefusalCode
from infra.settings import settings
from infra.words import N_


class PartnerQuestion(Entity):
    """`question` is a hash of what was asked; older days are deleted when the next is asked."""

    __tablename__ = "partner_questions"

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    question: Mapped[bytes] = mapped_column(primary_key=True)


async def count(db: Db, partner_id: UUID, asked: Sequence[Any]) -> None:
    """Refuses LIMIT_EXCEEDED one that is different from all of today's, once they are as many as may be."""
    # Two that are asked at once take turns.
    await db.execute(select(Partner.id).where(Partner.id == partner_id).with_for_update(key_share=True))
    today = await clock.today(db)
    mine = PartnerQuestion.partner_id == partner_id
    await db.execute(delete(PartnerQuestion).where(mine, PartnerQuestion.day < today))
    question = sha256(orjson.dumps(asked, default=str, option=orjson.OPT_SORT_KEYS)).digest()
    new = insert(PartnerQuestion).values(partner_id=partner_id, day=today, question=question)
    await db.execute(new.on_conflict_do_nothing())
    so_far = (await db.execute(select(func.count()).where(mine, PartnerQuestion.day == today))).scalar_one()
    if so_far > settings().partner_questions_a_day:
        raise Refusal(
            RefusalCode.LIMIT_EXCEEDED,
            N_("You can rehearse {most} different changes a day, and repeat them at any time."),
            retry_at=begins(today + timedelta(days=1)),
            most=settings().partner_questions_a_day,
        )
