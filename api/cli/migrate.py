"""`longan migrate`: the newest tables."""

import typer


def migrate() -> None:
    """Bring the database's tables up to date."""
    from api.cli import nearby
    from api.story import ConsoleStory
    from infra import migrations
    from infra.settings import settings

    try:
        with nearby.servers(), ConsoleStory().step("Migrations"):
            migrations.upgrade(settings().migrations_url)
    except migrations.Locked as locked:
        typer.echo(str(locked), err=True)
        raise typer.Exit(1) from None
