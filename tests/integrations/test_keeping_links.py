"""The life of a link after it was made: renewed, warned of its end, broken, mended, and given back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain.actors import UserActor
from domain.credit.assessing import points_gained
from domain.facts import accounts, link_lives, readings
from domain.facts.accounts import LinkedAccount, LinkStatus
from domain.facts.orphaned_tokens import OrphanedTokens
from domain.notices.notices import Notice
from domain.privacy import erasing
from infra import reacting, vault
from infra.database import reading, transaction
from integrations import keeping_links, linking
from integrations.kept_tokens import kept_tokens
from integrations.providers import flow
from integrations.providers.descriptions import Tokens
from integrations.providers.failures import ProviderRefused, ProviderUnavailable
from tests.clocks import Clock
from tests.integrations.conftest import Desk
from tests.integrations.test_linking import actor, callback_of, configuration, somebody
from tests.working import due_for

__all__ = ["actor", "configuration"]
DAY = 86400


async def link(desk: Desk, actor: UserActor, key: str, **more: str) -> LinkedAccount:
    return await linking.complete(actor, await callback_of(desk, actor, key, **more))


def key_of(account: LinkedAccount) -> link_lives.Key:
    return account.user_id, account.id


async def now_of(account: LinkedAccount) -> LinkedAccount:
    async with reading() as db:
        return await db.get_one(LinkedAccount, key_of(account), populate_existing=True)


async def tokens_of(account: LinkedAccount) -> dict[str, Any]:
    async with reading() as db:
        seal = await vault.seal_of(db, account.user_id)
    sealed = (await now_of(account)).tokens_sealed
    return dict(seal.open(sealed, accounts.TOKENS)) if sealed else {}


async def told(actor: UserActor) -> list[str]:
    async with reading() as db:
        mine = select(Notice.code).where(Notice.user_id == actor.user_id).order_by(Notice.at, Notice.id)
        return [*(await db.execute(mine)).scalars()]


async def follow(actor: UserActor) -> None:
    """What follows here, without a score: no model is loaded."""
    for event_id, name in await due_for(actor.user_id):
        if name in ("tell_of_account", "revoke_at_provider"):
            await reacting.react(event_id, name)


async def age(account: LinkedAccount) -> LinkedAccount:
    async with transaction() as db:
        await link_lives.age(db, key_of(account))
    return await now_of(account)


async def unlink(actor: UserActor, account: LinkedAccount) -> None:
    async with transaction() as db:
        await accounts.unlink(db, actor, account.id, weigh=points_gained)


class TestRenewing:
    async def test_comes_before_the_tokens_end_and_not_sooner(self, desk: Desk, actor: UserActor, clock: Clock) -> None:
        account = await link(desk, actor, "taobao")
        before, begun = await tokens_of(account), await clock.now()
        await keeping_links.renew(key_of(account))
        assert await tokens_of(account) == before
        assert account.renew_at is not None
        assert abs(account.renew_at - begun - timedelta(seconds=0.9 * DAY)) < timedelta(minutes=1)
        await clock.stand_at(account.renew_at)
        async with reading() as db:
            assert key_of(account) in await link_lives.to_renew(db, 10_000)
        await keeping_links.renew(key_of(account))
        after = await tokens_of(account)
        assert after.keys() == before.keys()
        assert all(after[name] > before[name] for name in ("expires_at", "refresh_expires_at"))
        assert after["refresh_token"] != before["refresh_token"]
        renewed = await now_of(account)
        assert (renewed.status, renewed.linked_at) == (LinkStatus.ACTIVE, account.linked_at)

    async def test_happens_once_however_many_are_at_it(
        self, desk: Desk, actor: UserActor, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Mercado Livre's refresh tokens serve once: a second use is refused, and would break the link."""
        account = await link(desk, actor, "mercado_livre")
        asked: list[str] = []

        async def refresh(*args: Any) -> Any:
            asked.append("refresh")
            return await really(*args)

        really = flow.refresh
        monkeypatch.setattr(flow, "refresh", refresh)
        await clock.forward(hours=6)
        await asyncio.gather(*(keeping_links.renew(key_of(account)) for _ in range(5)))
        assert asked == ["refresh"]
        await clock.forward(hours=6)
        await keeping_links.renew(key_of(account))
        assert (len(asked), (await now_of(account)).status) == (2, LinkStatus.ACTIVE)

    @pytest.mark.parametrize("answer", ["renew_500", "renew_garbage", "renew_redirect", "renew_other"])
    async def test_without_a_clear_answer_changes_nothing_and_is_tried_again(
        self, desk: Desk, actor: UserActor, clock: Clock, answer: str
    ) -> None:
        account = await link(desk, actor, "wechat", misbehave=answer)
        before = await tokens_of(account)
        await clock.forward(hours=2)
        await keeping_links.renew(key_of(account))
        assert await tokens_of(account) == before
        after = await now_of(account)
        assert (after.status, after.ends_at) == (LinkStatus.ACTIVE, account.ends_at)
        assert after.renew_at is not None
        assert after.renew_at - await clock.now() <= link_lives.TRIED_AGAIN_AFTER

    async def test_whose_answer_was_lost_is_not_taken_for_the_persons_no(
        self, desk: Desk, actor: UserActor, clock: Clock
    ) -> None:
        """Mercado Livre spends a refresh token and then breaks down: we sent it, so its second refusal says nothing of them."""
        account = await link(desk, actor, "mercado_livre", misbehave="renew_500")
        await clock.forward(hours=6)
        await keeping_links.renew(key_of(account))
        assert (await now_of(account)).status is LinkStatus.ACTIVE
        await clock.forward(minutes=15)
        await keeping_links.renew(key_of(account))
        assert (await now_of(account)).status is LinkStatus.BROKEN
        async with reading() as db:
            assert "mercado_livre" in (await readings.sheet(db, actor.user_id)).linked_sources
        await follow(actor)
        assert await told(actor) == ["account_linked", "account_ended"]

    async def test_whose_answer_was_lost_stays_in_doubt_whatever_else_is_refused_then(
        self, desk: Desk, actor: UserActor, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def refuse(*_: object) -> Tokens:
            raise ProviderRefused("invalid_client")

        account = await link(desk, actor, "mercado_livre", misbehave="renew_500")
        await clock.forward(hours=6)
        await keeping_links.renew(key_of(account))
        await clock.forward(minutes=15)
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(flow, "refresh", refuse)
            await keeping_links.renew(key_of(account))
        await clock.forward(minutes=15)
        await keeping_links.renew(key_of(account))
        await follow(actor)
        assert await told(actor) == ["account_linked", "account_ended"]
        async with reading() as db:
            assert "mercado_livre" in (await readings.sheet(db, actor.user_id)).linked_sources

    async def test_that_a_new_link_overtook_changes_nothing(self, desk: Desk, actor: UserActor, clock: Clock) -> None:
        account = await link(desk, actor, "taobao", subject="overtaken")
        await clock.forward(days=1)
        async with transaction() as db:
            held = await link_lives.take_to_renew(db, key_of(account))
        assert held is not None
        await link(desk, actor, "taobao", subject="overtaken")
        mended = await tokens_of(account)
        async with transaction() as db:
            await link_lives.record_revoked(db, held, points_gained)
        assert ((await now_of(account)).status, await tokens_of(account)) == (LinkStatus.ACTIVE, mended)


class TestTheEnd:
    async def test_is_foretold_by_the_name_of_the_source_and_then_comes(
        self, desk: Desk, actor: UserActor, clock: Clock
    ) -> None:
        """WeChat's thirty days are over whatever was renewed within them; what it told counts on until it is old."""
        account = await link(desk, actor, "wechat")
        await clock.forward(days=22, hours=22)
        await keeping_links.renew(key_of(account))
        assert (await age(account)).status is LinkStatus.ACTIVE
        await clock.forward(hours=3)
        async with reading() as db:
            assert key_of(account) in await link_lives.to_age(db, 10_000)
        assert (await age(account)).status is LinkStatus.EXPIRING
        assert (await age(account)).status is LinkStatus.EXPIRING
        await follow(actor)
        await clock.forward(days=7)
        assert (await age(account)).status is LinkStatus.BROKEN
        await follow(actor)
        assert await told(actor) == ["account_linked", "account_expiring", "account_ended"]
        assert await tokens_of(account) == {}
        async with reading() as db:
            assert "wechat" in (await readings.sheet(db, actor.user_id)).linked_sources

    async def test_is_nothing_that_a_renewal_puts_off(self, desk: Desk, actor: UserActor, clock: Clock) -> None:
        account = await link(desk, actor, "taobao")
        await clock.forward(days=25)
        assert (await age(account)).status is LinkStatus.EXPIRING
        await keeping_links.renew(key_of(account))
        assert (await now_of(account)).status is LinkStatus.ACTIVE

    async def test_by_the_person_at_the_provider_ends_its_facts_too(
        self, desk: Desk, actor: UserActor, clock: Clock
    ) -> None:
        account = await link(desk, actor, "wechat", misbehave="withdrawn", subject="mended")
        await clock.forward(hours=2)
        await keeping_links.renew(key_of(account))
        broken = await now_of(account)
        assert (broken.status, broken.renew_at, broken.ends_at) == (LinkStatus.BROKEN, None, None)
        async with reading() as db:
            assert "wechat" not in (await readings.sheet(db, actor.user_id)).linked_sources
        await follow(actor)
        assert await told(actor) == ["account_linked", "account_revoked"]
        mended = await link(desk, actor, "wechat", subject="mended")
        assert (mended.id, mended.status, mended.linked_at) == (account.id, LinkStatus.ACTIVE, account.linked_at)
        async with reading() as db:
            assert "wechat" in (await readings.sheet(db, actor.user_id)).linked_sources


async def orphans_of(account: LinkedAccount) -> list[OrphanedTokens]:
    async with reading() as db:
        its = select(OrphanedTokens).where(OrphanedTokens.account_id == account.id)
        return list((await db.execute(its)).scalars())


async def left_behind(
    desk: Desk, actor: UserActor, clock: Clock, monkeypatch: pytest.MonkeyPatch, subject: str = "again"
) -> tuple[LinkedAccount, dict[str, Any]]:
    """An account that was unlinked while its provider was away for more than an hour, and the tokens that it had."""

    async def away(*_: object) -> bool:
        raise ProviderUnavailable("timeout")

    account = await link(desk, actor, "tiktok", subject=subject)
    kept, since = await tokens_of(account), await clock.now()
    await unlink(actor, account)
    await clock.forward(hours=1)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(flow, "revoke", away)
        await keeping_links.take_leave(key_of(account), since)
    return account, kept


class TestUnlinking:
    async def test_gives_the_tokens_back_and_forgets_them(self, desk: Desk, actor: UserActor) -> None:
        account = await link(desk, actor, "tiktok")
        at, kept = desk.at("tiktok"), await tokens_of(account)
        await unlink(actor, account)
        await follow(actor)
        assert await tokens_of(account) == {}
        with pytest.raises(ProviderRefused, match="invalid_grant"):
            await flow.refresh(at, Tokens(kept["access_token"], kept["refresh_token"]))

    async def test_forgets_the_tokens_too_where_nobody_takes_them_back(self, desk: Desk, actor: UserActor) -> None:
        account = await link(desk, actor, "wechat")
        await unlink(actor, account)
        await follow(actor)
        assert await tokens_of(account) == {}

    async def test_asks_a_provider_that_is_away_again_and_gives_up_in_time(
        self, desk: Desk, actor: UserActor, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def away(*_: object) -> bool:
            raise ProviderUnavailable("timeout")

        account = await link(desk, actor, "line")
        await unlink(actor, account)
        monkeypatch.setattr(flow, "revoke", away)
        since = await clock.now()
        with pytest.raises(ProviderUnavailable):
            await keeping_links.take_leave(key_of(account), since)
        assert await tokens_of(account)
        await clock.forward(hours=1)
        await keeping_links.take_leave(key_of(account), since)
        assert await tokens_of(account) == {}
        (left,) = await orphans_of(account)
        await keeping_links.give_back(left.id)
        assert await orphans_of(account) == [left]
        await clock.forward(days=7)
        await keeping_links.give_back(left.id)
        assert await orphans_of(account) == []

    async def test_gives_back_what_was_left_behind_though_its_person_is_gone(
        self, desk: Desk, actor: UserActor, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        account, kept = await left_behind(desk, actor, clock, monkeypatch)
        async with transaction() as db:
            await erasing.erase(db, actor.user_id)
        (left,) = await orphans_of(account)
        assert actor.user_id.bytes not in left.tokens_sealed and left.tokens == kept
        await keeping_links.give_back(left.id)
        assert await orphans_of(account) == []
        with pytest.raises(ProviderRefused, match="invalid_grant"):
            await flow.refresh(desk.at("tiktok"), Tokens(kept["access_token"], kept["refresh_token"]))

    async def test_gives_nothing_back_that_was_left_behind_once_it_is_linked_again(
        self, desk: Desk, actor: UserActor, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        account, _ = await left_behind(desk, actor, clock, monkeypatch)
        assert (await link(desk, actor, "tiktok", subject="again")).id == account.id
        assert await orphans_of(account) == []

    async def test_gives_nothing_back_that_somebody_linked_after_its_person_was_gone(
        self, desk: Desk, actor: UserActor, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        account, kept = await left_behind(desk, actor, clock, monkeypatch, subject="theirs")
        async with transaction() as db:
            await erasing.erase(db, actor.user_id)
        newcomer = await link(desk, await somebody(), "tiktok", subject="theirs")
        (left,) = await orphans_of(account)
        await keeping_links.give_back(left.id)
        assert await orphans_of(account) == []
        assert await flow.refresh(desk.at("tiktok"), Tokens(kept["access_token"], kept["refresh_token"]))
        assert (await now_of(newcomer)).status == "ACTIVE"

    async def test_gives_back_too_what_a_renewal_brings_meanwhile(
        self, desk: Desk, actor: UserActor, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def revoke(_: object, tokens: Tokens) -> bool:
            given_back.append(tokens.access_token)
            if held and len(given_back) == 1:
                async with transaction() as db:
                    await link_lives.record_renewal(db, held, fresh)
            return True

        given_back: list[str] = []
        account = await link(desk, actor, "tiktok")
        await clock.stand_at(account.renew_at or await clock.now())
        async with transaction() as db:
            held = await link_lives.take_to_renew(db, key_of(account))
        assert held is not None
        fresh = kept_tokens(desk.at("tiktok"), Tokens("new", "newer", 3600), held.at)
        await unlink(actor, account)
        monkeypatch.setattr(flow, "revoke", revoke)
        await follow(actor)
        assert (given_back, await tokens_of(account)) == ([held.tokens["access_token"], "new"], {})

    async def test_in_the_middle_of_a_renewal_stops_no_other_where_the_provider_is_away(
        self, desk: Desk, actor: UserActor, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def overtaken(*args: Any) -> Tokens:
            await unlink(actor, account)
            return await refresh(*args)

        async def away(*_: object) -> bool:
            raise ProviderUnavailable("timeout")

        refresh = flow.refresh
        account = await link(desk, actor, "tiktok")
        await clock.stand_at(account.renew_at or await clock.now())
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(flow, "refresh", overtaken)
            meanwhile.setattr(flow, "revoke", away)
            await keeping_links.renew(key_of(account))
        assert await tokens_of(account)
        await follow(actor)
        assert await tokens_of(account) == {}

    async def test_takes_nothing_back_once_it_is_linked_again(self, desk: Desk, actor: UserActor, clock: Clock) -> None:
        account = await link(desk, actor, "line", subject="again")
        await unlink(actor, account)
        await link(desk, actor, "line", subject="again")
        kept = await tokens_of(account)
        await follow(actor)
        assert await tokens_of(account) == kept
        await clock.forward(days=28)
        await keeping_links.renew(key_of(account))
        assert (await now_of(account)).status is LinkStatus.ACTIVE
