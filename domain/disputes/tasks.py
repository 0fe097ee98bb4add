"""Reactions of disputes: who is told what was answered."""

from collections.abc import Mapping

from domain.disputes import dispute_words, disputes
from domain.notices.kinds import NoticeKind
from domain.notices.telling import notify
from infra.database import Db
from infra.outbox import Event
from infra.reactions import reaction

TOLD: Mapping[str, NoticeKind] = {
    disputes.UPHELD: dispute_words.DISPUTE_UPHELD,
    disputes.REJECTED: dispute_words.DISPUTE_REJECTED,
}


@reaction(*TOLD, stored_as="tell_of_dispute")
async def tell_of_dispute(db: Db, event: Event) -> None:
    assert event.user_id, "a dispute is somebody's"
    await notify(db, event.user_id, TOLD[event.name], event.subject_id)
