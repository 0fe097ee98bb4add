"""Linking accounts and what comes of it: a score whose factors add up, and none without a source."""

import asyncio
from datetime import datetime

import pytest

from domain.credit import scores
from domain.credit.assessing import score_now
from domain.credit.scores import VECTOR
from domain.credit.scoring import Scored
from domain.facts import readings
from infra import vault
from infra.database import reading
from tests.phones import NewPhone, Phone, new_key

SCORE = """{ viewer { scoring { state message score { id } } linkedAccounts { id status provider { key } displayName }
    score { id grade points basePoints asOf modelVersion simulated factors { code label effect } } } }"""


class TestNothingLinked:
    async def test_is_no_score_but_a_sentence_that_helps(self, member: Phone) -> None:
        viewer = (await member.ask(SCORE))["viewer"]
        assert viewer["score"] is None
        assert viewer["linkedAccounts"] == []
        assert viewer["scoring"] == {
            "state": "NOTHING_LINKED",
            "message": "You have no score yet. Link an account to get one in seconds.",
            "score": None,
        }

    async def test_a_profile_alone_is_no_source(self, member: Phone) -> None:
        await member.tell(birthDate="1990-01-01", region="CN-SH")
        done = await member.settle()
        first = ["hand_out_to_newcomer", "join_at_registration", "tell_of_new_device", "look_for_signals"]
        assert done == [*first, "score_after_change", "evaluate_after_score"]
        assert (await member.ask(SCORE))["viewer"]["scoring"]["state"] == "NOTHING_LINKED"


class TestAScore:
    async def test_is_worked_out_after_linking(self, member: Phone) -> None:
        await member.link("wechat")
        assert (await member.ask(SCORE))["viewer"]["scoring"]["state"] == "WORKING"
        await member.settle()
        viewer = (await member.ask(SCORE))["viewer"]
        assert viewer["scoring"]["state"] == "READY"
        assert viewer["scoring"]["score"]["id"] == viewer["score"]["id"]

    async def test_has_factors_that_add_up_to_its_points(self, regular: Phone) -> None:
        score = (await regular.ask(SCORE))["viewer"]["score"]
        assert score["basePoints"] + sum(factor["effect"] for factor in score["factors"]) == score["points"]
        assert 350 <= score["points"] <= 950
        assert score["grade"] in "ABCD"
        assert score["simulated"] is True
        assert {factor["code"] for factor in score["factors"]} <= {
            "identity",
            "repayment",
            "ability",
            "behaviour",
            "relationships",
        }

    async def test_replays_to_the_same_number(self, regular: Phone) -> None:
        async with reading() as db:
            score = await scores.current(db, regular.user_id)
            assert score is not None
            again = score_now(await readings.sheet(db, regular.user_id, score.as_of))
            vector = (await vault.seal_of(db, regular.user_id)).open(score.vector_sealed, VECTOR)
        assert isinstance(again, Scored)
        assert (again.points, again.grade, again.probability) == (score.points, score.grade, score.probability)
        assert dict(again.vector) == vector
        assert (again.base_points, list(again.factors)) == (score.base_points, score.factors)

    async def test_is_told_apart_by_what_people_do(self, member: Phone, new_phone: NewPhone) -> None:
        other = await new_phone()
        await other.sign_in()
        for provider in ("wechat", "taobao", "oidc"):
            await member.link(provider, "steady-shopper")
            await other.link(provider, "over-borrowed")
        await asyncio.gather(member.settle(), other.settle())
        steady = (await member.ask(SCORE))["viewer"]["score"]
        borrowed = (await other.ask(SCORE))["viewer"]["score"]
        assert steady["points"] > borrowed["points"]
        assert steady["grade"] < borrowed["grade"]

    async def test_goes_with_the_last_account(self, shopper: Phone) -> None:
        accounts = (await shopper.ask(SCORE))["viewer"]["linkedAccounts"]
        assert [account["provider"]["key"] for account in accounts] == ["wechat", "taobao", "oidc"]
        for account in accounts:
            ended = await shopper.do("UnlinkAccount", linkedAccountId=account["id"])
            assert (ended["id"], ended["status"]) == (account["id"], "UNLINKED")
        await shopper.settle()
        viewer = (await shopper.ask(SCORE))["viewer"]
        assert (viewer["scoring"]["state"], viewer["score"], viewer["linkedAccounts"]) == ("NOTHING_LINKED", None, [])

    async def test_stays_while_a_newer_one_is_made(self, shopper: Phone) -> None:
        before = (await shopper.ask(SCORE))["viewer"]["score"]["id"]
        await shopper.tell(occupation="student")
        viewer = (await shopper.ask(SCORE))["viewer"]
        assert (viewer["scoring"]["state"], viewer["score"]["id"]) == ("WORKING", before)
        await shopper.settle()
        assert (await shopper.ask(SCORE))["viewer"]["score"]["id"] != before


class TestUnlinking:
    async def test_twice_is_once(self, member: Phone) -> None:
        linked = await member.link("taobao")
        first = await member.do("UnlinkAccount", linkedAccountId=linked["id"])
        assert await member.do("UnlinkAccount", linkedAccountId=linked["id"]) == first
        assert datetime.fromisoformat(first["unlinkedAt"]) > datetime.fromisoformat(linked["linkedAt"])

    async def test_somebody_elses_account_is_not_found(self, member: Phone, new_phone: NewPhone) -> None:
        linked = await member.link("taobao")
        other = await new_phone()
        await other.sign_in()
        assert (await other.do("UnlinkAccount", linkedAccountId=linked["id"]))["code"] == "NOT_FOUND"
        assert (await member.ask(SCORE))["viewer"]["linkedAccounts"][0]["status"] == "ACTIVE"

    async def test_frees_the_account_for_somebody_else(self, member: Phone, new_phone: NewPhone) -> None:
        other, subject = await new_phone(), new_key()
        await other.sign_in()
        linked = await member.link("taobao", subject=subject)
        callback = await other.callback_from("taobao", subject=subject)
        refused = await other.do("CompleteAccountLink", callbackUrl=callback)
        assert (refused["code"], refused["field"]) == ("ACCOUNT_LINKED_ELSEWHERE", ["input", "callbackUrl"])
        assert (await other.ask(SCORE))["viewer"]["linkedAccounts"] == []
        await member.do("UnlinkAccount", linkedAccountId=linked["id"])
        assert (await other.link("taobao", subject=subject))["status"] == "ACTIVE"


async def test_a_link_tells_whose_account_it_is(member: Phone) -> None:
    linked = await member.link("wechat")
    assert linked["provider"] == {"key": "wechat", "name": "WeChat"}
    assert linked["displayName"]
    by_node = await member.ask("query ($id: ID!) { node(id: $id) { id __typename } }", id=linked["id"])
    assert by_node == {"node": {"id": linked["id"], "__typename": "LinkedAccount"}}


async def test_the_same_address_answers_the_same_account(member: Phone) -> None:
    callback = await member.callback_from("wechat")
    answers = await asyncio.gather(*(member.do("CompleteAccountLink", callbackUrl=callback) for _ in range(5)))
    assert len({answer["id"] for answer in answers}) == 1


@pytest.mark.parametrize("provider", ["nobody", "", "WECHAT"])
async def test_an_unknown_provider_is_not_found(member: Phone, provider: str) -> None:
    refused = await member.do("StartAccountLink", provider=provider, redirectUri="longan://linked")
    assert (refused["code"], refused["field"]) == ("NOT_FOUND", ["input", "provider"])


async def test_another_session_of_the_same_person_cannot_complete_a_link(member: Phone, new_phone: NewPhone) -> None:
    tablet = await new_phone()
    tablet.number = member.number
    await tablet.sign_in()
    callback = await member.callback_from("wechat")
    assert (await tablet.do("CompleteAccountLink", callbackUrl=callback))["code"] == "NOT_FOUND"
    assert (await member.do("CompleteAccountLink", callbackUrl=callback))["__typename"] == "LinkedAccount"


async def test_the_app_hears_which_accounts_may_be_linked(phone: Phone) -> None:
    providers = await phone.send("AccountProviders")
    assert {"wechat": "SOCIAL", "taobao": "SHOPPING"}.items() <= {p["key"]: p["category"] for p in providers}.items()
    assert all(provider["name"] and provider["reads"] for provider in providers)
