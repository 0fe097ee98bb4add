"""Reviewing: what waits for a person's eye, because it was referred or because a promise was missed."""

from sqlalchemy import Select

from domain.actors import StaffActor
from domain.applications.applications import AWAITING_REVIEW, Application, visible_to


def queue_of(actor: StaffActor) -> Select[Application]:
    """All that awaits a review, for those who may review it; nothing for others."""
    return visible_to(actor).where(Application.status.in_(AWAITING_REVIEW))
