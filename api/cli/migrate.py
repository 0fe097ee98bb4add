"""`longan migrate`: the newest tables."""


def migrate() -> None:
    """Bring the database's tables up to date."""
    from api.cli import nearby
    from api.story import Told
    from infra import migrations
    from infra.settings import settings

    with nearby.servers(), Told().step("Migrations"):
        migrations.upgrade(settings().database_url)
