"""`longan trigger`: events for a test client's webhooks, so that somebody sees what their server makes of them."""

import asyncio
from typing import Annotated

import typer


def trigger(
    events: Annotated[list[str], typer.Argument(help="The events, as application.submitted.")],
    partner: Annotated[
        str, typer.Option(help="The code of the partner whose test client it is for.")
    ] = "longan-demo-bank",
) -> None:
    """Tell a test client of events, by the way that every event takes. Nothing else comes of them."""
    from api.cli import nearby
    from infra.errors import Refusal

    with nearby.servers():
        try:
            told = asyncio.run(_trigger(events, partner))
        except Refusal as refusal:
            typer.echo(refusal.message, err=True)
            raise typer.Exit(1) from None
    for name, id in told:
        typer.echo(f"{name}  {id}")


async def _trigger(names: list[str], code: str) -> list[tuple[str, str]]:
    """Each with the id of its event; all of them, or none where one cannot be told."""
    from domain.people import partners, worlds
    from infra import database
    from infra.errors import invalid, not_found
    from infra.words import N_
    from integrations.webhooks import triggering
    from integrations.webhooks.event_types import EventType
    from integrations.webhooks.payloads import event_global_id

    try:
        if not set(names) <= set(EventType):
            raise invalid(N_("There is no such event; api/contract/partner.graphqls lists them."), ())
        async with database.transaction() as db:
            named = await partners.find_by_code(db, code)
            if named is None:
                raise not_found(N_("There is no partner with this code."), ())
            own = await worlds.test_partner(db, named)
            told = [await triggering.trigger(db, own.id, EventType(name)) for name in names]
        return [(name, event_global_id(event.id)) for name, event in zip(names, told, strict=True)]
    finally:
        await database.close_engine()
