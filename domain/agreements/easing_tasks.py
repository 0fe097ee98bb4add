"""Reactions of hardships: what ends by itself, and who is told."""

from collections.abc import Mapping

from sqlalchemy import select

from domain.agreements import agreements, easing, easing_words, hardships
from domain.agreements.agreements import Agreement
from domain.agreements.hardships import Hardship
from domain.notices.kinds import NoticeKind
from domain.notices.telling import notify
from infra.database import Db
from infra.outbox import Event
from infra.reactions import reaction

TOLD: Mapping[str, NoticeKind] = {
    hardships.REQUESTED: easing_words.HARDSHIP_ASKED,
    hardships.REFUSED: easing_words.HARDSHIP_REFUSED,
    hardships.ENDED: easing_words.HARDSHIP_ENDED,
}


@reaction(*TOLD, stored_as="tell_of_hardship")
async def tell_of_hardship(db: Db, event: Event) -> None:
    """Nobody is told of a hardship whose agreement is over: nothing goes on, and nobody has to answer."""
    hardship = await db.get_one(Hardship, (event.user_id, event.subject_id))
    its = select(Agreement).where(Agreement.user_id == hardship.user_id, Agreement.id == hardship.agreement_id)
    agreement = (await db.execute(its)).scalar_one()
    if agreement.status in agreements.OPEN:
        await notify(db, agreement.user_id, TOLD[event.name], agreement.id, product=agreement.title)


@reaction(hardships.END_DUE, stored_as="end_hardship")
async def end_hardship(db: Db, event: Event) -> None:
    assert event.user_id and event.subject_id, "a hardship is somebody's"
    await easing.end(db, event.user_id, event.subject_id)


@reaction(agreements.SETTLED, agreements.UNWOUND, stored_as="end_hardship_with_agreement")
async def end_hardship_with_agreement(db: Db, event: Event) -> None:
    assert event.user_id and event.subject_id, "an agreement is somebody's"
    key = (event.user_id, event.subject_id)
    if hardship := (await hardships.open_of_agreements(db, {key})).get(key):
        await easing.end(db, hardship.user_id, hardship.id)
