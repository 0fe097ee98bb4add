"""When membership reacts: to a registration, a new score, an activity, and the end of a grace."""

from uuid import UUID

from domain.credit import scores
from domain.people import users
from infra.database import Db
from infra.outbox import Event
from infra.reactions import reaction
from membership import activity, evaluating, joining, members


@reaction(users.REGISTERED, stored_as="join_at_registration")
async def join_at_registration(db: Db, event: Event) -> None:
    await joining.join(db, _member(event))


@reaction(scores.CHANGED, stored_as="evaluate_after_score")
async def evaluate_after_score(db: Db, event: Event) -> None:
    await evaluating.evaluate(db, _member(event))


@reaction(*activity.COUNTED, stored_as="evaluate_after_activity")
async def evaluate_after_activity(db: Db, event: Event) -> None:
    await activity.count(db, event)
    await evaluating.evaluate(db, _member(event))


@reaction(members.REVIEW_PLANNED, stored_as="review_member")
async def review_member(db: Db, event: Event) -> None:
    await evaluating.review(db, _member(event))


def _member(event: Event) -> UUID:
    assert event.user_id is not None, f"{event.name} is about a person"
    return event.user_id
