"""`longan trigger`: an event for a test client's webhooks, so that somebody sees what their server makes of it."""

import asyncio
from typing import Annotated

import typer


def trigger(
    event: Annotated[str, typer.Argument(help="The event, as application.submitted.")],
    partner: Annotated[
        str, typer.Option(help="The code of the partner whose test client it is for.")
    ] = "longan-demo-bank",
) -> None:
    """Tell a test client of an event, by the way that every event takes. Nothing else comes of it."""
    from api.cli import nearby
    from infra.errors import Refusal

    with nearby.servers():
        try:
            told = asyncio.run(_trigger(event, partner))
        except Refusal as refusal:
            told = refusal.message
            typer.echo(told, err=True)
            raise typer.Exit(1) from None
    typer.echo(told)


async def _trigger(name: str, code: str) -> str:
    from domain.people import partners, worlds
    from infra import database
    from infra.errors import invalid, not_found
    from infra.words import N_
    from integrations.webhooks import triggering
    from integrations.webhooks.event_types import EventType
    from integrations.webhooks.payloads import event_global_id

    try:
        if name not in set(EventType):
            raise invalid(N_("There is no such event; api/contract/partner.graphqls lists them."), ())
        async with database.transaction() as db:
            named = await partners.find_by_code(db, code)
            if named is None:
                raise not_found(N_("There is no partner with this code."), ())
            own = await worlds.test_partner(db, named)
            told = await triggering.trigger(db, own.id, EventType(name))
        return f"{name}  {event_global_id(told.id)}"
    finally:
        await database.close_engine()
