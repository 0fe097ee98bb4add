"""The sender: posts what is due, many at once and few to each webhook, and lives through whatever their servers do."""

import asyncio
from collections import Counter
from contextlib import suppress
from uuid import UUID

import structlog

from infra import doorbell
from infra.settings import settings
from integrations.webhooks import posting, settling, taking
from integrations.webhooks.deliveries import AttemptOutcome
from integrations.webhooks.posting import WebhookAnswer
from integrations.webhooks.settling import Attempted
from integrations.webhooks.taking import Taken

LAST_SECONDS_MAX = 3.0  # for what is under way when it is told to end
log = structlog.get_logger()


class Sender:
    """Any number may run beside each other. What one that was killed had taken, another takes when the lease is over."""

    def __init__(self) -> None:
        self.busy: Counter[UUID] = Counter()
        self.under_way: set[asyncio.Task[None]] = set()
        self.results: asyncio.Queue[Attempted] = asyncio.Queue()
        self.bell = asyncio.Event()

    async def run(self) -> None:
        """Send until cancelled; then what is under way has a moment to end."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hear())
            group.create_task(self._settle_on_and_on())
            try:
                while True:
                    self.bell.clear()
                    await self._begin_what_is_due()
                    await self._wait()
            except asyncio.CancelledError:
                await self._end_what_is_under_way()
                raise

    async def _hear(self) -> None:
        async for _ in doorbell.rings():
            self.bell.set()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(settings().relay_sweep_seconds):
                await self.bell.wait()
        except TimeoutError:
            return

    async def _begin_what_is_due(self) -> None:
        limits = settings().webhook_limits
        room = limits.at_once - self.busy.total()
        if room <= 0:
            return
        try:
            for taken in await taking.take(room, limits.at_once_per_endpoint, self.busy):
                self.busy[taken.endpoint_id] += 1
                task = asyncio.create_task(self._send(taken))
                self.under_way.add(task)
                task.add_done_callback(self.under_way.discard)
        except Exception:
            # The database may be restarting; the rows are still there when it is back.
            log.exception("webhooks.wait")

    async def _send(self, taken: Taken) -> None:
        answer = await _post(taken)
        if answer.outcome != AttemptOutcome.DELIVERED:
            log.info(
                "webhook.failed",
                endpoint_id=str(taken.endpoint_id),
                reason=answer.outcome.value,
                status=answer.status,
                attempt=taken.number,
            )
        self.results.put_nowait(Attempted(taken, answer))

    async def _settle_on_and_on(self) -> None:
        """All that has come meanwhile in one transaction. What cannot be written is sent again when its lease is over."""
        while True:
            results = [await self.results.get()]
            results += [self.results.get_nowait() for _ in range(self.results.qsize())]
            await self._settle(results)
            for _ in results:
                self.results.task_done()

    async def _settle(self, results: list[Attempted]) -> None:
        try:
            await settling.settle(results)
        except Exception:
            log.exception("webhooks.not_settled", count=len(results))
        self.busy -= Counter(result.taken.endpoint_id for result in results)
        self.bell.set()

    async def _end_what_is_under_way(self) -> None:
        if self.under_way:
            await asyncio.wait(self.under_way, timeout=LAST_SECONDS_MAX)
        for task in self.under_way:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS_MAX):
                await self.results.join()


async def _post(taken: Taken) -> WebhookAnswer:
    """However it ends, it has an answer: a place that is never given back would be missing until the program ends."""
    try:
        return await posting.post(taken.url, taken.headers, taken.body)
    except Exception:
        log.exception("webhooks.not_posted", endpoint_id=str(taken.endpoint_id))
        return WebhookAnswer(AttemptOutcome.BROKEN_OFF)
