"""Feed: a partner's applications in the order in which they changed. Who goes on after the last change misses none."""

from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import BindParameter, Select, bindparam

from domain.actors import PartnerActor
from domain.applications.applications import Application, ApplicationStatus, made_to
from domain.permissions import Permission
from infra import feeds
from infra.paging import Page, PageQuestion
from infra.questions import ask_together

ORDER = (Application.feed_position, Application.id)
_UNSETTLED = feeds.unsettled(Application, Application.partner_id)


async def page(
    actor: PartnerActor,
    status: ApplicationStatus | None,
    since: datetime | None,
    *,
    first: int | None,
    after: str | None,
) -> Page[Application]:
    """The changes after a cursor, the oldest first; nothing for who may not answer applications."""
    asked = _asked(status is not None, since is not None)
    given = asked.given(first, after) | {"partner_id": actor.partner_id, "status": status, "since": since}
    if not actor.may(Permission.ANSWER_APPLICATIONS):
        return asked.page([], first, after)
    question = asked.question(after)
    unsettled, rows = await ask_together([(_UNSETTLED, {"reader_id": actor.partner_id}), (question, given)])
    if unsettled:
        await settle(actor)
        rows = await question.ask(**given)
    return asked.page(rows, first, after)


async def settle(actor: PartnerActor) -> None:
    """Give what was changed since its place in the partner's feed."""
    changed_first = (Application.updated_at, Application.id)
    await feeds.settle(Application, Application.partner_id, actor.partner_id, order=changed_first)


def changes(
    partner_id: UUID | BindParameter[UUID],
    status: ApplicationStatus | BindParameter[ApplicationStatus] | None = None,
    since: datetime | BindParameter[datetime] | None = None,
) -> Select[Application]:
    """All that have their place, so nothing that could be overtaken."""
    placed = made_to(partner_id).where(Application.feed_position.is_not(None))
    if status is not None:
        placed = placed.where(Application.status == status)
    return placed.where(Application.updated_at >= since) if since is not None else placed


@lru_cache
def _asked(has_status: bool, has_since: bool) -> PageQuestion[Application]:
    def build() -> Select[Application]:
        return changes(
            bindparam("partner_id", type_=Application.partner_id.type),
            bindparam("status", type_=Application.status.type) if has_status else None,
            bindparam("since", type_=Application.updated_at.type) if has_since else None,
        )

    return PageQuestion(build, ORDER)
