"""Feed: the consents that a partner was given, in the order in which they changed."""

from datetime import datetime

from domain.actors import PartnerActor
from domain.consent.consents import Consent
from domain.permissions import Permission
from infra.feed_pages import FeedPages
from infra.paging import Page

PAGES = FeedPages(Consent, Consent.partner_id)


async def page(actor: PartnerActor, since: datetime | None, *, first: int | None, after: str | None) -> Page[Consent]:
    """The changes after a cursor, the oldest first; nothing for who may not follow consents."""
    if not actor.may(Permission.FOLLOW_CONSENTS):
        return PAGES.nothing(since, first, after)
    return await PAGES.page(actor.partner_id, since, first, after)
