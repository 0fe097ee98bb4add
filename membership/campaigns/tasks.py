"""When campaigns react: to their times, and to the next people who are to be told."""

from uuid import UUID

from infra.database import Db
from infra.outbox import Event
from infra.reactions import reaction
from membership.campaigns import campaigns, revoking, scheduling, telling, trying


@reaction(campaigns.START_DUE, stored_as="start_campaign")
async def start_campaign(db: Db, event: Event) -> None:
    await scheduling.start(db, _campaign(event))


@reaction(campaigns.END_DUE, stored_as="end_campaign")
async def end_campaign(db: Db, event: Event) -> None:
    await scheduling.end_in_time(db, _campaign(event))


@reaction(telling.BATCH_DUE, stored_as="tell_of_campaign")
async def tell_of_campaign(db: Db, event: Event) -> None:
    assert event.subject_id is not None
    await telling.do_next_batch(db, event.subject_id, int(event.data["range"]))


@reaction(trying.TRIED, stored_as="tell_of_campaign_trial")
async def tell_of_campaign_trial(db: Db, event: Event) -> None:
    assert event.user_id is not None, "somebody tried it on themselves"
    await trying.tell(db, event.user_id, _campaign(event))


@reaction(revoking.GRANTS_DUE, stored_as="revoke_campaign_grants")
async def revoke_campaign_grants(db: Db, event: Event) -> None:
    await revoking.revoke_next(db, _campaign(event), UUID(event.data["after"]))


def _campaign(event: Event) -> UUID:
    assert event.subject_id is not None, f"{event.name} is about a campaign"
    return event.subject_id
