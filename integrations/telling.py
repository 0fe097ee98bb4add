"""Sending what people are told, by push or text: when the gate lets it, and once."""

from datetime import datetime, timedelta

import structlog

from domain.notices import devices, outcomes, sending
from domain.notices.classes import NoticeChannel, NoticeClass
from domain.notices.deliveries import DELIVERY_DUE, Delivery, Dropped, SendStatus
from domain.notices.devices import DevicePlatform
from domain.notices.sending import Leaving
from infra.database import transaction
from infra.outbox import Event
from infra.reactions import reaction
from integrations.push import ports
from integrations.push.messages import (
    ConsentSpent,
    PushFailure,
    PushMessage,
    PushNotSent,
    PushRejected,
    PushUnsure,
    TokenGone,
)
from integrations.sms.gateways import gateway
from integrations.sms.messages import NotSent, Rejected, SmsFailure, TextMessage

log = structlog.get_logger()
SIGNED = "Longan: {body}"


@reaction(DELIVERY_DUE, stored_as="send_notice", calls_out=True)
async def send_notice(event: Event) -> None:
    """Send one notice to one device or phone.

    Whoever shows a repeat as one message is asked again until it is known that they have it. The others are asked once: a
    crash in between loses the message, the lesser evil, since the notice stands in the app's list all the same.
    """
    assert event.user_id and event.subject_id, "a delivery's event names it"
    async with transaction() as db:
        leaving = await sending.take(db, event.user_id, event.subject_id, _knows_repeats)
    if leaving is None:
        return
    try:
        await (_text(leaving) if leaving.platform is None else _push(leaving, leaving.platform))
    except (SmsFailure, PushFailure) as failure:
        log.warning("notice.not_sent", reason=failure.reason, kind=leaving.delivery.channel)
        await _answer(leaving.delivery, failure, leaving.at)
        return
    async with transaction() as db:
        await outcomes.was_sent(db, leaving.delivery.user_id, leaving.delivery.id)


def _knows_repeats(channel: NoticeChannel, platform: DevicePlatform | None) -> bool:
    if platform is None:
        return gateway().drops_repeats
    port = ports.port(platform)
    return port is not None and port.drops_repeats


async def _text(leaving: Leaving) -> None:
    body = SIGNED.format(body=leaving.body)
    await gateway().send(TextMessage(leaving.delivery.id, leaving.phone, body))


async def _push(leaving: Leaving, platform: DevicePlatform) -> None:
    port = ports.port(platform)
    if port is None:
        raise PushRejected(f"{platform.lower()}:not_configured")
    delivery = leaving.delivery
    message = PushMessage(
        id=delivery.id,
        token=leaving.token,
        title=leaving.title,
        body=leaving.body,
        link=leaving.link,
        collapse_key=delivery.collapse_key,
        expires_at=delivery.expires_at,
        is_urgent=leaving.notice_class is NoticeClass.SECURITY,
        locale=leaving.locale,
    )
    await port.send(message)


async def _answer(delivery: Delivery, failure: SmsFailure | PushFailure, at: datetime) -> None:
    """Write down what became of it. It left at this moment."""
    match failure:
        case PushNotSent(after_seconds=float() as seconds):
            await _put_off(delivery, failure.reason, by=timedelta(seconds=seconds))
        case PushNotSent() | NotSent():
            await _put_off(delivery, failure.reason)
        case PushUnsure() if _shows_once(delivery):
            await _put_off(delivery, failure.reason, is_unsure=True)
        case TokenGone(since=since):
            async with transaction() as db:
                # Who registered after it was gone, or after we asked, has the app again.
                is_forgotten = await devices.forget(db, delivery.user_id, delivery.device_id, since or at)
                if is_forgotten:
                    await outcomes.was_dropped(db, delivery.user_id, delivery.id, Dropped.NO_DEVICE, failure.reason)
            if not is_forgotten:
                await _put_off(delivery, failure.reason)
        case ConsentSpent():
            async with transaction() as db:
                await devices.spend(db, delivery.user_id, delivery.device_id)
                await outcomes.was_dropped(db, delivery.user_id, delivery.id, Dropped.NO_DEVICE, failure.reason)
        case PushRejected() | Rejected():
            await _drop(delivery, Dropped.REFUSED, failure.reason)
        case _:
            await _drop(delivery, Dropped.UNSURE, failure.reason)


def _shows_once(delivery: Delivery) -> bool:
    """Whoever took it shows a repeat as one message, and so it waits still."""
    return delivery.status is SendStatus.WAITING


async def _put_off(delivery: Delivery, word: str, *, by: timedelta = outcomes.NO_TIME, is_unsure: bool = False) -> None:
    async with transaction() as db:
        await outcomes.was_put_off(db, delivery.user_id, delivery.id, word, by=by, is_unsure=is_unsure)


async def _drop(delivery: Delivery, reason: Dropped, word: str) -> None:
    async with transaction() as db:
        await outcomes.was_dropped(db, delivery.user_id, delivery.id, reason, word)
