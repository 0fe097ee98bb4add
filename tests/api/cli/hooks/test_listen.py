"""`longan listen` and `longan trigger`: a test client's events on a developer's own machine, signed, each once, and from where
one was.
"""

import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from typer.testing import CliRunner

from api.cli import app
from api.cli.hooks import listening
from api.cli.hooks.listening import AtHouse, CannotListen
from domain.actors import PartnerActor
from domain.people import partners
from domain.people.partners import Partner
from infra import reacting
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from infra.ids import new_id
from infra.settings import settings
from integrations.webhooks import backlog, endpoints, registering, triggering
from integrations.webhooks.deliveries import WebhookDelivery
from integrations.webhooks.endpoints import WebhookEndpoint, WebhookStatus
from integrations.webhooks.event_types import EventType
from integrations.webhooks.telling import TELL_PARTNER
from tests.api.offering import close
from tests.api.people import Shop, apply_at, open_shop, shown_id
from tests.commands import longan
from tests.integrations.webhooks.hooks import Hook, answering, hook, send_all
from tests.integrations.webhooks.test_telling import is_signed
from tests.phones import new_key


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """A test partner's."""
    shop = await open_shop()
    async with transaction() as db:
        await db.execute(update(Partner).where(Partner.id == shop.partner.id).values(is_test=True))
    yield shop
    await close(shop)


@pytest.fixture
async def lender(longan: None, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AtHouse:
    monkeypatch.setattr(settings(), "var", tmp_path)
    async with transaction() as db:
        partner = await db.get_one(Partner, shop.partner.id)
        secret = await partners.issue_client(db, partner, f"listens-at-{partner.code}")
    return AtHouse(settings().public_url, f"listens-at-{shop.partner.code}", secret)


@pytest.fixture
async def machine() -> AsyncIterator[Hook]:
    async with hook() as machine:
        yield machine


async def trigger(shop: Shop, event_type: EventType) -> None:
    async with transaction() as db:
        event = await triggering.trigger(db, shop.partner.id, event_type)
    await reacting.react(event.id, TELL_PARTNER)


async def test_what_happens_is_brought_signed_and_once_and_nothing_is_missed_in_between(
    lender: AtHouse, shop: Shop, machine: Hook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    application = await apply_at(shop)
    await listening.listen_on(lender, machine.url, once=True)
    secret = capsys.readouterr().out.split()[1]
    assert machine.posted == []
    async with reading() as db:
        before = await backlog.look(db)
    await trigger(shop, EventType.APPLICATION_SUBMITTED)
    await trigger(shop, EventType.BENEFIT_REDEEMED)
    async with reading() as db:
        assert (await backlog.look(db)).waiting == before.waiting, "nobody waits for whoever listens"
    assert await send_all() == [], "nothing is posted to whoever listens"
    for _ in range(2):
        await listening.listen_on(lender, machine.url, once=True)
    assert [each.told["type"] for each in machine.posted] == ["application.submitted", "benefit.redeemed"]
    assert machine.posted[0].told["data"]["applicationId"] == shown_id(application)
    assert [(is_signed(each, secret), each.id == each.told["id"]) for each in machine.posted] == [(True, True)] * 2
    machine.behave = answering(b"HTTP/1.1 500 no\r\n\r\n")
    await trigger(shop, EventType.APPLICATION_WITHDRAWN)
    await listening.listen_on(lender, machine.url, once=True)
    assert capsys.readouterr().out.splitlines()[-1].endswith("  500")
    (kept,) = (tmp_path / "listening").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


async def test_one_that_was_begun_first_and_written_last_is_brought_too(
    lender: AtHouse, shop: Shop, machine: Hook
) -> None:
    await apply_at(shop)
    await listening.listen_on(lender, machine.url, once=True)
    before = new_id()
    await trigger(shop, EventType.APPLICATION_SUBMITTED)
    await listening.listen_on(lender, machine.url, once=True)
    await trigger(shop, EventType.APPLICATION_WITHDRAWN)
    async with transaction() as db:
        its = (WebhookDelivery.partner_id == shop.partner.id, WebhookDelivery.event_type == "application.withdrawn")
        earlier = WebhookDelivery.created_at - timedelta(minutes=9)
        await db.execute(update(WebhookDelivery).where(*its).values(id=before, created_at=earlier))
    for _ in range(2):
        await listening.listen_on(lender, machine.url, once=True)
    assert [each.told["type"] for each in machine.posted] == ["application.submitted", "application.withdrawn"]
    async with reading() as db:
        waits = await backlog.look(db)
        own = endpoints.visible_to(PartnerActor(shop.partner.id, "client"))
        assert (await db.execute(own)).scalar_one().status is WebhookStatus.PAUSED
        paused = select(func.count()).where(WebhookEndpoint.status == WebhookStatus.PAUSED)
        counted = paused.where(WebhookEndpoint.deleted_at.is_(None), WebhookEndpoint.url.not_like("listen:%"))
        assert waits.paused == (await db.execute(counted)).scalar_one()  # whoever listens hears


async def test_one_that_was_deleted_meanwhile_is_made_anew(lender: AtHouse, shop: Shop, machine: Hook) -> None:
    await listening.listen_on(lender, machine.url, once=True)
    actor = PartnerActor(shop.partner.id, "client")
    async with transaction() as db:
        (first,) = await own(shop)
        await registering.delete(db, actor, first.id)
    await listening.listen_on(lender, machine.url, once=True)
    assert [each.deleted_at is None for each in await own(shop)] == [False, True]


async def test_two_clients_at_one_house_keep_a_place_each(
    lender: AtHouse, shop: Shop, machine: Hook, tmp_path: Path
) -> None:
    async with transaction() as db:
        partner = await db.get_one(Partner, shop.partner.id)
        secret = await partners.issue_client(db, partner, f"x{lender.client_id[1:]}")
    other = AtHouse(lender.address, f"x{lender.client_id[1:]}", secret)
    for house in (lender, other, lender):
        await listening.listen_on(house, machine.url, once=True)
    assert len(await own(shop)) == len([*(tmp_path / "listening").iterdir()]) == 2


async def own(shop: Shop) -> list[WebhookEndpoint]:
    its = select(WebhookEndpoint).where(WebhookEndpoint.partner_id == shop.partner.id)
    async with reading() as db:
        return list((await db.execute(its.order_by(WebhookEndpoint.id))).scalars())


async def test_a_wrong_secret_is_told(lender: AtHouse, machine: Hook) -> None:
    lender.client_secret = "wrong"
    with pytest.raises(CannotListen, match="does not know this client, or its secret is wrong"):
        await listening.listen_on(lender, machine.url, once=True)


@pytest.mark.parametrize("body", [b"<html>502</html>", b"[]"])
async def test_what_is_no_longan_is_told(lender: AtHouse, machine: Hook, body: bytes) -> None:
    machine.behave = answering(b"HTTP/1.1 502 no\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
    lender.address = machine.url.rpartition("/")[0]
    with pytest.raises(CannotListen, match=f"What answers at {lender.address} is no Longan, or none that works: 502"):
        await listening.listen_on(lender, machine.url, once=True)


@pytest.mark.parametrize(
    ("words", "right"),
    [
        (("trigger", "application.submited"), "application.submitted"),
        (("listen", "--to", "127.0.0.1:3000"), "begins with http:// or https://"),
    ],
)
def test_what_is_mistyped_is_told_with_what_would_be_right(words: tuple[str, ...], right: str) -> None:
    told = CliRunner().invoke(app, list(words))
    assert (told.exit_code, right in told.stderr) == (2, True)


async def test_whoever_triggers_is_told_that_nobody_hears(shop: Shop) -> None:
    live = await open_shop()
    code, told = await longan("trigger", "benefit.redeemed", "--partner", live.partner.code)
    assert (code, f"as longan clients test {live.partner.code} prints them" in told) == (0, True)
    await close(live)


@pytest.mark.usefixtures("longan")
async def test_whoever_names_no_client_hears_what_is_triggered(machine: Hook) -> None:
    listens = ("listen", "--to", machine.url, "--address", settings().public_url, "--once")
    for _ in range(2):
        code, told = await longan(*listens)
        assert (code, told.startswith("listening  whsec_")) == (0, True), told
    code, told = await longan("trigger", "benefit.redeemed")
    assert (code, len(told.splitlines())) == (0, 1), told


async def test_whoever_listens_is_never_posted_to(shop: Shop) -> None:
    actor = PartnerActor(shop.partner.id, "client")
    async with transaction() as db:
        issued = await registering.create(
            db, actor, url="listen:desk-7", unsafe=None, event_types=[EventType.OFFER_ACCEPTED], key=new_key()
        )
    assert issued.endpoint.status == WebhookStatus.PAUSED
    with pytest.raises(Refusal) as refused:
        async with transaction() as db:
            await registering.update(
                db, actor, issued.endpoint.id, url=None, unsafe=None, event_types=None, status=WebhookStatus.LIVE
            )
    assert (refused.value.code, refused.value.field) == (RefusalCode.INVALID, ("input", "status"))


@pytest.mark.parametrize("event_type", EventType)
async def test_each_event_is_about_the_newest_that_there_is_or_refused(shop: Shop, event_type: EventType) -> None:
    await apply_at(shop)
    needs_more = event_type.value.startswith(("agreement.", "payout.", "consent.", "notice.", "claim."))
    async with transaction() as db:
        if needs_more:
            with pytest.raises(Refusal) as refused:
                await triggering.trigger(db, shop.partner.id, event_type)
            assert refused.value.code is RefusalCode.NOT_FOUND
        else:
            event = await triggering.trigger(db, shop.partner.id, event_type)
            assert (await db.get_one(type(event), event.id)).subject_id is not None


async def test_nobody_real_is_told_of_what_was_made_up() -> None:
    live = await open_shop()
    await apply_at(live)
    with pytest.raises(Refusal) as refused:
        await trigger(live, EventType.APPLICATION_SUBMITTED)
    assert refused.value.code is RefusalCode.NOT_ALLOWED
    await close(live)
