"""A text message instead of a push that no device got."""

from collections.abc import Sequence

from sqlalchemy import select

from domain.notices import contacting, gate
from domain.notices.classes import NoticeChannel
from domain.notices.deliveries import Delivery, SendStatus, schedule
from domain.notices.kinds import Texted
from domain.notices.notices import Notice
from infra import clock
from infra.database import Db


async def text_instead(db: Db, push: Delivery) -> bool:
    """Send by text what no device got, where its kind asks for that and the gate lets it. Answers whether a text tells it.
    Lock the person's preferences.
    """
    notice = await db.get_one(Notice, (push.user_id, push.notice_id))
    kind = notice.kind
    if push.channel is not NoticeChannel.PUSH or kind is None or kind.texted is not Texted.INSTEAD:
        return False
    others = await _others(db, push)
    if any(each.channel is NoticeChannel.SMS for each in others):
        return True
    if any(_reaches(each) for each in others):
        return False
    to, now = await contacting.addressee(db, push.user_id), await clock.now(db)
    due_at = gate.next_allowed(to.facts if to else None, kind.notice_class, NoticeChannel.SMS, now)
    if due_at is None or due_at >= push.expires_at:
        return False
    way = (NoticeChannel.SMS, None, push.collapse_key)
    await schedule(db, notice, way, due_at=due_at, expires_at=push.expires_at)
    return True


async def _others(db: Db, push: Delivery) -> Sequence[Delivery]:
    """Of the same notice, by whatever way."""
    its = (Delivery.user_id == push.user_id, Delivery.notice_id == push.notice_id, Delivery.id != push.id)
    return (await db.execute(select(Delivery).where(*its))).scalars().all()


def _reaches(push: Delivery) -> bool:
    """Another device has it, or is not known to be out of reach."""
    is_tried = push.status is SendStatus.WAITING and push.tries > 0
    return push.status is not SendStatus.DROPPED and not is_tried
