"""What an operator is told: that nobody sends, apart from that a partner's server takes nothing."""

from domain.applications.applications import APPROVED, SUBMITTED
from infra.database import reading
from integrations.webhooks import backlog
from integrations.webhooks.backlog import WebhookBacklog
from tests.api.people import Shop, apply_at
from tests.clocks import Clock
from tests.integrations.webhooks.hooks import Hook, happen, listen, send, send_all
from tests.integrations.webhooks.test_hostile import status


async def look() -> WebhookBacklog:
    async with reading() as db:
        return await backlog.look(db)


async def test_what_is_due_is_late_while_nobody_sends(shop: Shop, server: Hook, clock: Clock) -> None:
    before = await look()
    await listen(shop, server.url)
    await happen(await apply_at(shop), SUBMITTED, APPROVED)
    await clock.forward(seconds=90)
    now = await look()
    assert (now.waiting - before.waiting, now.due_seconds == clock.lasting(90), now.is_late) == (2, True, True)
    await send_all()
    assert await look() == before


async def test_what_a_server_does_not_take_is_not_late_but_its_webhook_fails(
    shop: Shop, server: Hook, clock: Clock
) -> None:
    before = await look()
    await listen(shop, server.url)
    await happen(await apply_at(shop), SUBMITTED)
    server.behave = status("503 Busy")
    await send()
    await clock.forward(seconds=90)
    now = await look()
    assert (now.waiting - before.waiting, now.due_seconds, now.failing - before.failing) == (1, 0, 1)
    server.behave = status("410 Gone")
    await send()
    now = await look()
    assert (now.due_seconds, now.failing - before.failing, now.paused - before.paused) == (0, 0, 1)
