"""`longan open`: a page of the running Longan in the browser."""

from enum import StrEnum
from typing import Annotated

import typer


class OpenPage(StrEnum):
    HOME = "home"
    GRAPHIQL = "graphiql"
    CONSOLE = "console"


PATHS = {OpenPage.HOME: "/", OpenPage.GRAPHIQL: "/graphql", OpenPage.CONSOLE: "/console"}


def open_page(
    page: Annotated[OpenPage, typer.Argument(help="Which page.")] = OpenPage.HOME,
    show: Annotated[bool, typer.Option("--print", help="Only print the address.")] = False,
) -> None:
    """Open a page of the Longan that runs here; where there is no browser, its address is printed."""
    import webbrowser

    from api.cli.address import address_of
    from infra.settings import settings

    if not settings().is_embedded and page is not OpenPage.CONSOLE:
        typer.echo("In production there is only this to open: longan open console", err=True)
        raise typer.Exit(1)
    address = address_of(settings().var.resolve()) if settings().is_embedded else settings().public_url
    if address is None:
        typer.echo("Nothing runs here. Start it: make run", err=True)
        raise typer.Exit(1)
    typer.echo(f"{address}{PATHS[page]}")
    if not show:
        webbrowser.open(f"{address}{PATHS[page]}")
