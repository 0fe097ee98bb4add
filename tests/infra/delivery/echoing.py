"""What a worker of these tests has registered: one reaction that does nothing but be handled."""

from infra.database import Db
from infra.events import declare
from infra.outbox import Event
from infra.reactions import reaction
from infra.worker import make_celery

CALLED = declare("test.echo_called")


@reaction(CALLED, stored_as="echo")
async def echo(db: Db, event: Event) -> None: ...


celery = make_celery()
