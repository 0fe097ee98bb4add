"""Feed: a partner's agreements in the order in which they changed. Who goes on after the last change misses none."""

from datetime import datetime
from functools import lru_cache

from sqlalchemy import Select, bindparam, select

from domain.actors import PartnerActor
from domain.agreements.agreements import Agreement
from domain.permissions import Permission
from infra import feeds
from infra.paging import Page, PageQuestion
from infra.questions import ask_together

ORDER = (Agreement.feed_position, Agreement.id)
_UNSETTLED = feeds.unsettled(Agreement, Agreement.partner_id)


async def page(actor: PartnerActor, since: datetime | None, *, first: int | None, after: str | None) -> Page[Agreement]:
    """The changes after a cursor, the oldest first; nothing for who may not answer applications."""
    asked = _asked(since is not None)
    given = asked.given(first, after) | {"partner_id": actor.partner_id, "since": since}
    if not actor.may(Permission.ANSWER_APPLICATIONS):
        return asked.page([], first, after)
    question = asked.question(after)
    unsettled, rows = await ask_together([(_UNSETTLED, {"reader_id": actor.partner_id}), (question, given)])
    if unsettled:
        changed_first = (Agreement.updated_at, Agreement.id)
        await feeds.settle(Agreement, Agreement.partner_id, actor.partner_id, order=changed_first)
        rows = await question.ask(**given)
    return asked.page(rows, first, after)


@lru_cache
def _asked(has_since: bool) -> PageQuestion[Agreement]:
    def build() -> Select[Agreement]:
        partner = bindparam("partner_id", type_=Agreement.partner_id.type)
        placed = select(Agreement).where(Agreement.partner_id == partner, Agreement.feed_position.is_not(None))
        since = bindparam("since", type_=Agreement.updated_at.type)
        return placed.where(Agreement.updated_at >= since) if has_since else placed

    return PageQuestion(build, ORDER)
