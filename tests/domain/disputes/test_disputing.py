"""Disputes: a no to a factor, answered by staff who see facts and no person; what was wrong counts no more, however it is told."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from domain.actors import Role
from domain.consent.lookups import Lookup
from domain.deadlines import deadlines
from domain.disputes.disputes import Dispute
from domain.evidence.leaves import Evidence
from domain.facts import readings
from domain.facts.counting_on import CountingOn, source_of
from domain.facts.open_readings import CORRECTED, Opened, drawn_from, lasting, observations
from domain.facts.vocabulary import ADVERSE_LASTS
from domain.notices.notices import Notice
from domain.privacy import erasing
from infra.database import reading, transaction
from infra.ids import global_id, new_id
from tests.api.doors import Client
from tests.api.people import staff_token
from tests.clocks import Clock
from tests.phones import Answer, Phone, new_key, uuid_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LATE = "repayment.late_24m"
SCORE = "{ viewer { score { id points factors { code effect } } } }"


async def borrower_of(phone: Phone) -> Phone:
    for provider in ("wechat", "taobao", "oidc"):
        await phone.link(provider, "over-borrowed")
    await phone.settle()
    return phone


@pytest.fixture
async def member(member: Phone) -> Phone:
    return await borrower_of(member)


@pytest.fixture
async def desk(web: httpx2.AsyncClient) -> Client:
    return Client(web, "console", await staff_token(Role.RISK))


async def say_no(member: Phone, code: str = "repayment", key: str | None = None) -> Answer:
    return await member.do(
        "DisputeFactor", factorCode=code, message="I was never late.", idempotencyKey=key or new_key()
    )


async def seen_by(desk: Client, dispute_id: str) -> Answer:
    edges = (await desk.send("Disputes", first=100))["disputes"]["edges"]
    found: Answer = next(edge["node"] for edge in edges if edge["node"]["id"] == dispute_id)
    return found


async def answer(desk: Client, dispute_id: str, facts: list[str], **more: Any) -> Answer:
    input = {"disputeId": dispute_id, "upheld": bool(facts), "factIds": facts, "answer": "We asked, and it was wrong."}
    sent: Answer = await desk.send("AnswerDispute", input=input | {"idempotencyKey": new_key()} | more)
    return sent["answerDispute"]  # type: ignore[no-any-return]


async def values_of(member: Phone) -> dict[str, Any]:
    async with reading() as db:
        return dict((await readings.sheet(db, member.user_id)).values)


async def points_of(member: Phone) -> int:
    await member.settle()
    return int((await member.ask(SCORE))["viewer"]["score"]["points"])


class TestADispute:
    async def test_is_one_however_often_it_is_sent(self, member: Phone) -> None:
        keys = [new_key() for _ in range(4)]
        sent = await asyncio.gather(*(say_no(member, key=key) for key in keys for _ in range(3)))
        made = [each for each in sent if each["__typename"] == "Dispute"]
        assert len(made) == 3 and len({each["id"] for each in made}) == 1
        assert Counter(each.get("code") for each in sent) == {None: 3, "NOT_OPEN": 9}
        assert made[0]["status"] == "OPEN"
        async with reading() as db:
            its = (await db.execute(select(Dispute).where(Dispute.user_id == member.user_id))).scalar_one()
        assert its.answer_by - its.asked_at == timedelta(days=20)
        listed = (await member.send("MyDisputes"))["disputes"]["edges"]
        assert [(edge["node"]["factorCode"], edge["node"]["answer"]) for edge in listed] == [("repayment", None)]

    @pytest.mark.parametrize(("code", "why"), [("limit", "NOT_FOUND"), ("relationships", "NOT_FOUND")])
    async def test_is_about_a_factor_with_facts_behind_it(self, member: Phone, code: str, why: str) -> None:
        refused = await say_no(member, code)
        assert (refused["code"], refused["field"]) == (why, ["input", "factorCode"])
        assert (await member.send("MyDisputes"))["disputes"]["edges"] == []

    async def test_of_somebody_who_was_erased_waits_no_more(self, member: Phone, desk: Client) -> None:
        made = await say_no(member)
        facts = [fact["id"] for fact in (await seen_by(desk, made["id"]))["facts"]]
        async with transaction() as db:
            await erasing.erase(db, member.user_id)
        edges = (await desk.send("Disputes", first=100))["disputes"]["edges"]
        assert made["id"] not in {edge["node"]["id"] for edge in edges}
        for named in (facts, []):
            assert (await answer(desk, made["id"], named))["code"] == "NOT_FOUND"

    async def test_shows_staff_the_facts_and_not_the_person(self, member: Phone, desk: Client) -> None:
        made = await say_no(member)
        before = await count_looks(member)
        seen = await seen_by(desk, made["id"])
        assert (seen["message"], seen["factorCode"]) == ("I was never late.", "repayment")
        assert {fact["name"].partition(".")[0] for fact in seen["facts"]} == {"repayment"}
        assert {fact["source"] for fact in seen["facts"]} <= {"wechat", "taobao", "oidc"}
        await seen_by(desk, made["id"])
        assert await count_looks(member) == before + 1
        asked = await member.ask("{ viewer { lookups(first: 1) { nodes { by answer question { message } } } } }")
        assert asked["viewer"]["lookups"]["nodes"] == [
            {
                "by": "A reviewer at Longan",
                "answer": "REPORT",
                "question": {"message": "What you disputed, and the facts behind it"},
            }
        ]

    async def test_is_answered_by_risk_alone(self, member: Phone, web: httpx2.AsyncClient) -> None:
        made = await say_no(member)
        for role in (Role.MARKETING, Role.APPROVER, Role.VIEWER):
            other = Client(web, "console", await staff_token(role))
            status, code = await other.error_code("{ disputes { nodes { id } } }")
            assert (status, code) == (200, "FORBIDDEN")
            found = await other.ask("query($id: ID!) { node(id: $id) { id } }", id=made["id"])
            assert found["node"] is None

    async def test_is_told_where_it_is_late(self, member: Phone, clock: Clock) -> None:
        await say_no(member)
        await clock.forward(days=20, seconds=1)
        await member.settle()
        async with reading() as db:
            assert [each.kind for each in await deadlines.missed(db, 100) if each.user_id == member.user_id] == [
                "dispute"
            ]
        assert "dispute_delayed" in await notices_of(member)


class TestAnAnswer:
    async def test_withdraws_the_named_facts_and_scores_anew(self, member: Phone, desk: Client) -> None:
        before, known = await points_of(member), await values_of(member)
        made = await say_no(member)
        facts = (await seen_by(desk, made["id"]))["facts"]
        wrong = [fact["id"] for fact in facts if fact["name"] == LATE]
        assert known[LATE] > 0 and wrong
        assert (await answer(desk, made["id"], wrong))["status"] == "UPHELD"
        assert await points_of(member) > before
        assert await values_of(member) == {name: value for name, value in known.items() if name != LATE}
        assert "dispute_upheld" in await notices_of(member)
        (edge,) = (await member.send("MyDisputes"))["disputes"]["edges"]
        assert (edge["node"]["status"], edge["node"]["answer"]) == ("UPHELD", "We asked, and it was wrong.")
        async with reading() as db:
            its = select(func.count()).where(Evidence.subject_id == uuid_of(made["id"]), Evidence.kind == "DECISION")
            assert (await db.execute(its)).scalar_one() == 1

    async def test_holds_where_the_source_tells_the_same_again(self, member: Phone, desk: Client) -> None:
        made = await say_no(member)
        facts = (await seen_by(desk, made["id"]))["facts"]
        await answer(desk, made["id"], [fact["id"] for fact in facts if fact["name"] == LATE])
        await borrower_of(member)
        assert LATE not in await values_of(member)

    async def test_that_finds_nothing_changes_nothing(self, member: Phone, desk: Client) -> None:
        before, known = await points_of(member), await values_of(member)
        made = await say_no(member)
        assert (await answer(desk, made["id"], []))["status"] == "REJECTED"
        assert (await points_of(member), await values_of(member)) == (before, known)
        assert "dispute_rejected" in await notices_of(member)
        assert (await say_no(member))["status"] == "OPEN"

    async def test_is_given_once(self, member: Phone, desk: Client) -> None:
        made = await say_no(member)
        facts = [fact["id"] for fact in (await seen_by(desk, made["id"]))["facts"]]
        sent = await asyncio.gather(*(answer(desk, made["id"], facts[:1]) for _ in range(5)))
        assert Counter(each["__typename"] for each in sent) == {"Dispute": 1, "Refused": 4}
        assert {each["code"] for each in sent if "code" in each} == {"NOT_OPEN"}

    async def test_names_facts_of_this_dispute_exactly_where_it_is_upheld(self, member: Phone, desk: Client) -> None:
        made = await say_no(member)
        facts = [fact["id"] for fact in (await seen_by(desk, made["id"]))["facts"]]
        stranger = [global_id("DisputedFact", new_id())]
        for named, upheld, why in (
            ([], True, "INVALID"),
            (facts[:1], False, "INVALID"),
            (facts + stranger, True, "NOT_FOUND"),
        ):
            refused = await answer(desk, made["id"], named, upheld=upheld)
            assert (refused["code"], refused["field"]) == (why, ["input", "factIds"])
        assert (await seen_by(desk, made["id"]))["status"] == "OPEN"

    async def test_lets_go_what_an_unlinked_account_left_behind(self, member: Phone, desk: Client) -> None:
        accounts = (await member.ask("{ viewer { linkedAccounts { id provider { key } } } }"))["viewer"][
            "linkedAccounts"
        ]
        for account in accounts:
            if account["provider"]["key"] != "wechat":
                await member.do("UnlinkAccount", linkedAccountId=account["id"])
        await member.settle()
        factors = (await member.ask(SCORE))["viewer"]["score"]["factors"]
        carried = sum(factor["effect"] for factor in factors if factor["code"] == "unlinked")
        assert carried < 0
        made = await say_no(member, "unlinked")
        facts = (await seen_by(desk, made["id"]))["facts"]
        assert {fact["source"] for fact in facts} == {"unlinked"}
        await answer(desk, made["id"], [fact["id"] for fact in facts])
        await member.settle()
        factors = (await member.ask(SCORE))["viewer"]["score"]
        assert factors is None or "unlinked" not in {factor["code"] for factor in factors["factors"]}


async def count_looks(member: Phone) -> int:
    async with reading() as db:
        its = select(func.count()).where(Lookup.user_id == member.user_id, Lookup.kind == "DISPUTE")
        return (await db.execute(its)).scalar_one()


async def notices_of(member: Phone) -> set[str]:
    await member.settle()
    async with reading() as db:
        return set((await db.execute(select(Notice.code).where(Notice.user_id == member.user_id))).scalars())


def told(source: str, *rows: tuple[str, Any, float]) -> Opened:
    return Opened(source, [[name, value, (NOW - days * DAY).isoformat()] for name, value, days in rows], False)


class TestWhatWasWrong:
    def test_counts_in_no_reading_of_its_source_before_or_since(self) -> None:
        wrong = told(f"{CORRECTED}oidc", (LATE, 3, 9))
        before, since = told("oidc", (LATE, 3, 9), ("income.stability", 0.5, 9)), told("oidc", (LATE, 3, 1))
        assert drawn_from([before, wrong, since], NOW).values == {"income.stability": 0.5}
        assert drawn_from([before, wrong, since], NOW).sources == {"oidc"}

    def test_is_that_value_of_that_source(self) -> None:
        wrong = told(f"{CORRECTED}oidc", (LATE, 3, 9))
        seen = observations([told("oidc", (LATE, 2, 1)), told("taobao", (LATE, 3, 1)), wrong], NOW)
        assert [(each.source, each.value) for each in seen] == [("oidc", 2), ("taobao", 3)]

    @pytest.mark.parametrize(("days", "is_known"), [(-1, True), (0, False)])
    def test_is_forgotten_after_five_years_however_often_it_is_told_on(self, days: int, is_known: bool) -> None:
        account, at = new_id(), NOW + ADVERSE_LASTS + days * DAY
        mark = CountingOn(account, "oidc", at + DAY, 0, (LATE,), ())
        left = Opened(source_of(account), [mark.mark, [LATE, 3, NOW.isoformat()]], False)
        assert (LATE in drawn_from([left], at).values) is is_known
        assert (LATE in lasting([left], at)) is is_known
