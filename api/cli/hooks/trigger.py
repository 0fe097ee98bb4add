"""`longan trigger`: events for a test client's webhooks, so that somebody sees what their server makes of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from infra.database import Db
    from integrations.webhooks.event_types import EventType

USUAL_PARTNER = "longan-demo-bank"


def trigger(
    events: Annotated[list[str], typer.Argument(help="The events, as application.submitted.")],
    partner: Annotated[str, typer.Option(help="The code of the partner whose test client it is for.")] = USUAL_PARTNER,
) -> None:
    """Tell a test client of events, by the way that every event takes. Nothing else comes of them."""
    from api.cli.proofs import NoClient
    from api.cli.transacting import transact

    event_types = [_event_type(each) for each in events]
    told, unheard = transact(lambda db: _trigger(db, event_types, partner), NoClient)
    for name, id in told:
        typer.echo(f"{name}  {id}")
    if unheard:
        needed = f", with CLIENT_ID and CLIENT_SECRET as longan clients test {partner} prints them"
        client = "" if partner == USUAL_PARTNER else needed
        typer.echo(f"No webhook hears of {', '.join(unheard)}. To hear: longan listen{client}.", err=True)


def _event_type(said: str) -> "EventType":
    from difflib import get_close_matches

    from integrations.webhooks.event_types import EventType

    names = [each.value for each in EventType]
    if said not in names:
        raise typer.BadParameter(
            f"there is no event {said}; there is {', '.join(get_close_matches(said, names) or names)}"
        )
    return EventType(said)


async def _trigger(
    db: "Db", event_types: "Sequence[EventType]", code: str
) -> "tuple[list[tuple[EventType, str]], list[EventType]]":
    """Each with the id of its event, and those that no webhook wants to hear of; all are told, or none where one cannot be."""
    from api.cli.proofs import find_partner
    from domain.actors import PartnerActor
    from domain.people import worlds
    from integrations.webhooks import endpoints, triggering
    from integrations.webhooks.payloads import event_global_id

    own = await worlds.test_partner(db, await find_partner(db, code))
    told = [(each, event_global_id((await triggering.trigger(db, own.id, each)).id)) for each in event_types]
    theirs = (await db.execute(endpoints.visible_to(PartnerActor(own.id, "trigger")))).scalars()
    heard = {event_type for each in theirs for event_type in each.event_types}
    return told, [each for each in event_types if each not in heard]
