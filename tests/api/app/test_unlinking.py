"""Unlinking, as a person meets it: told beforehand what counts on, never scored better for it, and free when the time is over."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain.applications.decisions import Decision
from domain.facts import readings
from domain.facts.counting_on import PREFIX
from domain.facts.open_readings import Observed
from domain.facts.readings import Reading
from infra import pruning
from infra.database import reading, transaction
from integrations import linking
from integrations.providers.history import read_facts
from ml.score.replaying import replay_decision, replay_score
from tests import applying
from tests.clocks import Clock
from tests.phones import Answer, NewPhone, Phone, new_key, uuid_of

COUNTING_ON = "{ until points facts message provider { key } }"
LINKED = (
    f"{{ viewer {{ linkedAccounts {{ id provider {{ key }} ifUnlinked {COUNTING_ON} countsOn {COUNTING_ON} }} }} }}"
)
UNLINK = f"""mutation ($id: ID!) {{ unlinkAccount(input: {{linkedAccountId: $id}}) {{
    ... on LinkedAccount {{ id status ifUnlinked {COUNTING_ON} countsOn {COUNTING_ON} }} }} }}"""
SCORE = f"""{{ viewer {{ countingOn {COUNTING_ON} scoring {{ state }}
    score {{ id points basePoints factors {{ code label effect }} reasons {{ code message }} }} }} }}"""
SHORT = "repayment.late_24m"


async def link_all(person: Phone, persona: str) -> None:
    for provider in ("wechat", "taobao", "oidc"):
        await person.link(provider, persona)
    await person.settle()


async def foreseen(person: Phone) -> dict[str, tuple[str, Answer | None]]:
    accounts = (await person.ask(LINKED))["viewer"]["linkedAccounts"]
    return {account["provider"]["key"]: (account["id"], account["ifUnlinked"]) for account in accounts}


async def unlink(person: Phone, account_id: str) -> Answer:
    ended: Answer = (await person.ask(UNLINK, id=account_id))["unlinkAccount"]
    await person.settle()
    return ended


async def score_of(person: Phone) -> Answer:
    viewer = await person.ask(SCORE)
    found: Answer = viewer["viewer"]["score"]
    return found


async def left_of(person: Phone) -> list[Reading]:
    async with reading() as db:
        mine = select(Reading).where(Reading.user_id == person.user_id, Reading.source.startswith(PREFIX))
        return [*(await db.execute(mine.order_by(Reading.read_at))).scalars()]


class TestWhatCountsOn:
    async def test_is_what_was_said_beforehand(self, member: Phone, clock: Clock) -> None:
        await link_all(member, "over-borrowed")
        account_id, told = (await foreseen(member))["oidc"]
        assert told is not None
        ended = await unlink(member, account_id)
        assert (ended["status"], ended["ifUnlinked"]) == ("UNLINKED", None)
        until = datetime.fromisoformat(ended["countsOn"].pop("until"))
        assert abs(until - await clock.now() - timedelta(days=180)) < timedelta(minutes=1)
        told.pop("until")
        assert ended["countsOn"] == told
        assert told["facts"][0] == "Loan applications in 90 days"
        assert "Months behind on repayments now" in told["message"]
        assert told["provider"]["key"] == "oidc"

    async def test_keeps_the_score_from_rising_and_says_why(self, member: Phone) -> None:
        await link_all(member, "over-borrowed")
        points = (await score_of(member))["points"]
        for provider in ("oidc", "taobao"):
            await unlink(member, (await foreseen(member))[provider][0])
            score = await score_of(member)
            assert score["points"] <= points
            assert score["basePoints"] + sum(factor["effect"] for factor in score["factors"]) == score["points"]
            points = score["points"]
        counting = (await member.ask(SCORE))["viewer"]["countingOn"]
        assert sorted(each["provider"]["key"] for each in counting) == ["oidc", "taobao"]
        carried = sum(each["points"] for each in counting)
        told = [factor for factor in score["factors"] if factor["code"] == "unlinked"]
        expected = {"code": "unlinked", "label": "Accounts that you unlinked", "effect": -carried}
        assert told == ([expected] if carried else [])
        async with reading() as db:
            assert (await replay_score(db, uuid_of(score["id"]))).is_same

    async def test_is_not_escaped_by_another_account_of_the_provider(self, member: Phone) -> None:
        """The best account in the place of the worst tells more, and the arrears of the worst stay."""
        await member.link("taobao", "over-borrowed")
        await member.settle()
        await member.link("taobao", "steady-shopper", subject=new_key())
        async with reading() as db:
            sheet = await readings.sheet(db, member.user_id)
        assert sheet.linked_sources == {"taobao"}
        assert (sheet.values[SHORT], sheet.values["repayment.delay_months"]) == (6, 1)
        assert len(sheet.counting_on) == 1

    async def test_is_not_escaped_by_linking_again_with_less_to_tell(
        self, member: Phone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        subject = new_key()
        await member.link("taobao", "over-borrowed", subject=subject)
        real = read_facts

        async def less(*asked: Any) -> list[Observed]:
            return [fact for fact in await real(*asked) if not fact.name.startswith("repayment.")]

        monkeypatch.setattr(linking, "read_facts", less)
        await member.link("taobao", "over-borrowed", subject=subject)
        async with reading() as db:
            assert (await readings.sheet(db, member.user_id)).values[SHORT] == 6
        monkeypatch.setattr(linking, "read_facts", real)
        await member.link("taobao", "over-borrowed", subject=subject)
        async with reading() as db:
            sheet = await readings.sheet(db, member.user_id)
        assert (sheet.values[SHORT], sheet.sources_of[SHORT], sheet.counting_on) == (6, "taobao", ())

    async def test_is_not_escaped_by_a_link_that_fails(self, member: Phone) -> None:
        await link_all(member, "over-borrowed")
        await unlink(member, (await foreseen(member))["oidc"][0])
        before = await left_of(member)
        failed = await member.callback_from("oidc", "over-borrowed")
        await member.send("CompleteAccountLink", input={"callbackUrl": failed + "&error=server_error"})
        assert [row.id for row in await left_of(member)] == [row.id for row in before]

    async def test_is_deleted_when_the_time_is_over(self, member: Phone, clock: Clock) -> None:
        await member.link("wechat", "over-borrowed")
        account = await member.link("taobao", "over-borrowed")
        await member.settle()
        await unlink(member, account["id"])
        [kept] = await left_of(member)
        assert kept.withdrawn_at is not None
        await clock.stand_at(kept.withdrawn_at - timedelta(seconds=60))
        async with transaction() as db:
            await pruning.one_batch(db, "prune_spent")
        assert len(await left_of(member)) == 1
        await clock.stand_at(kept.withdrawn_at)
        async with transaction() as db:
            await pruning.one_batch(db, "prune_spent")
        assert await left_of(member) == []
        async with reading() as db:
            assert SHORT not in (await readings.sheet(db, member.user_id)).values

    async def test_holds_only_debts_and_names(self, member: Phone) -> None:
        await member.link("oidc", "over-borrowed")
        await unlink(member, (await foreseen(member))["oidc"][0])
        [kept] = await left_of(member)
        async with reading() as db:
            told, _ = await readings.live(db, member.user_id)
        [rows] = [each.rows for each in told if each.source == kept.source]
        assert {row[0] for row in rows[1:]} == {
            *("credit.applications_90d", "credit.limit", "credit.open_loans", "credit.outstanding"),
            *("repayment.delay_months", "repayment.late_24m", "repayment.on_time_24m", "repayment.worst_delay_days"),
        }
        assert rows[0][1].keys() == {"account", "provider", "until", "points", "hidden"}
        assert kept.facts_sealed.find(b"repayment") == -1

    async def test_is_spoken_of_in_chinese_too(self, member: Phone) -> None:
        await member.link("oidc", "over-borrowed")
        answer = await member.post(LINKED, None, **{"Accept-Language": "zh"})
        told = answer.json()["data"]["viewer"]["linkedAccounts"][0]["ifUnlinked"]
        assert told["message"].startswith("取消关联后")
        assert "：90 天内的贷款申请、" in told["message"]


PREVIEW = """mutation ($id: ID!) { previewUnlink(input: {linkedAccountId: $id}) { __typename
    ... on LinkPreview { before { id points } after { grade points basePoints factors { effect } }
        matchesGained matchesLost message } ... on Refusal { code field } } }"""
MATCHES = "{ viewer { matches(first: 1) { totalCount } } }"


async def preview(person: Phone, account_id: str) -> Answer:
    tried: Answer = (await person.ask(PREVIEW, id=account_id))["previewUnlink"]
    return tried


async def count_matches(person: Phone) -> int:
    count: int = (await person.ask(MATCHES))["viewer"]["matches"]["totalCount"]
    return count


class TestPreviewing:
    @pytest.mark.parametrize("persona", ["over-borrowed", "gig-driver", "steady-shopper"])
    async def test_says_what_unlinking_then_does_and_keeps_nothing(self, member: Phone, persona: str) -> None:
        await member.tell(birthDate="1990-01-01", region="CN-SH", occupation="employee")
        await link_all(member, persona)
        for provider in ("oidc", "taobao", "wechat"):
            before, matches = await score_of(member), await count_matches(member)
            account_id = (await foreseen(member))[provider][0]
            tried = await preview(member, account_id)
            assert await preview(member, account_id) == tried
            assert (await score_of(member), await count_matches(member)) == (before, matches)
            async with reading() as db:
                version = await readings.version_of(db, member.user_id)
            assert (tried["before"]["id"], tried["before"]["points"]) == (before["id"], before["points"])
            await unlink(member, account_id)
            async with reading() as db:
                assert await readings.version_of(db, member.user_id) > version
            after = await score_of(member)
            assert (tried["after"] and tried["after"]["points"]) == (after and after["points"])
            if tried["after"]:
                effects = sum(factor["effect"] for factor in tried["after"]["factors"])
                assert tried["after"]["basePoints"] + effects == tried["after"]["points"]
            gained = tried["matchesGained"] - tried["matchesLost"]
            assert await count_matches(member) - matches == gained
            assert f"lose {tried['matchesLost']} matches and gain {tried['matchesGained']}" in tried["message"]

    async def test_is_of_a_persons_own_accounts_that_are_linked(self, member: Phone, new_phone: NewPhone) -> None:
        await member.link("wechat", "gig-driver")
        account_id = (await foreseen(member))["wechat"][0]
        other = await new_phone()
        await other.sign_in()
        assert (await preview(other, account_id))["code"] == "NOT_FOUND"
        await unlink(member, account_id)
        refused = await preview(member, account_id)
        assert (refused["code"], refused["field"]) == ("NOT_OPEN", ["input", "linkedAccountId"])


class TestDeciding:
    async def test_arrears_that_were_unlinked_decline(self, member: Phone) -> None:
        await member.tell(birthDate="1990-01-01", region="CN-SH", occupation="employee")
        await link_all(member, "over-borrowed")
        await unlink(member, (await foreseen(member))["oidc"][0])
        await unlink(member, (await foreseen(member))["taobao"][0])
        declined = await applying.apply(member, applying.AT_ONCE)
        assert declined["status"] == "DECLINED"
        async with reading() as db:
            of_it = select(Decision).where(Decision.application_id == uuid_of(declined["id"]))
            assert (await db.execute(of_it)).scalar_one().reasons[0].code == "RECENT_ARREARS"

    async def test_an_income_that_was_unlinked_is_not_replaced_by_words(self, shopper: Phone) -> None:
        """With the bank away the rules would read what the person says of their income: a person looks instead."""
        await shopper.tell(
            birthDate="1990-01-01",
            region="CN-SH",
            occupation="employee",
            monthlyIncome={"amount": "90000.00", "currency": "CNY"},
        )
        await shopper.settle()
        approved = await applying.apply(shopper, applying.AT_ONCE)
        await unlink(shopper, (await foreseen(shopper))["oidc"][0])
        referred = await applying.apply(shopper, applying.AT_ONCE, "1100.00")
        assert (approved["status"], referred["status"]) == ("APPROVED", "IN_REVIEW")
        async with reading() as db:
            of_it = select(Decision).where(Decision.application_id == uuid_of(referred["id"]))
            decision = (await db.execute(of_it)).scalar_one()
            assert [reason.code for reason in decision.reasons] == ["UNLINKED_LATELY"]
            assert (await replay_decision(db, decision.id)).is_same
