"""Feed: a partner's applications in the order in which they changed. Who goes on after the last change misses none."""

from datetime import datetime

from domain.actors import PartnerActor
from domain.applications.applications import Application, ApplicationStatus
from domain.permissions import Permission
from infra.feed_pages import FeedPages
from infra.paging import Page

PAGES = FeedPages(Application, Application.partner_id)


async def page(
    actor: PartnerActor,
    status: ApplicationStatus | None,
    since: datetime | None,
    *,
    first: int | None,
    after: str | None,
) -> Page[Application]:
    """The changes after a cursor, the oldest first; nothing for who may not answer applications."""
    if not actor.may(Permission.ANSWER_APPLICATIONS):
        return PAGES.nothing(since, first, after)
    return await PAGES.page(actor.partner_id, since, first, after, status)
