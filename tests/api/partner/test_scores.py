"""A partner asks about a person: by their token alone, and each look is theirs to see."""

import asyncio
import time
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select, text

from api.partner import by_token
from domain.actors import PartnerActor, UserActor
from domain.consent import asking, consent_tokens, consenting, contributing, lookups, opening
from domain.consent.consents import Consent, Purpose
from domain.consent.lookups import Looker, Lookup, LookupAnswer, LookupKind
from domain.credit import scores
from domain.credit.grades import Grade
from domain.evidence.leaves import Evidence, EvidenceKind
from domain.facts.contributed import ToldFact
from domain.people import partner_tokens
from domain.people.partners import PartnerClient
from infra import clock, vault
from infra.database import Db, reading, transact, transaction
from infra.errors import Refusal
from infra.ids import new_id
from infra.receipts import Receipt
from infra.setting_parts import Rate
from infra.settings import settings
from tests.api.app.test_consents import grant
from tests.api.doors import Client
from tests.api.offering import close
from tests.api.people import Shop, open_shop
from tests.clocks import Clock
from tests.patience import until
from tests.phones import Answer, Phone, new_key, uuid_of
from tests.statements import statements

BOTH = ["SCORE_CHECK", "SCORE_REPORT"]


async def check(client: Client, token: str, at_least: str = "B", **more: Any) -> Answer:
    said = {"consentToken": token, "purpose": "LENDING", "atLeast": at_least, "idempotencyKey": new_key(), **more}
    answer: Answer = (await client.send("CheckScore", input=said))["checkScore"]
    return answer


async def report(client: Client, token: str, **more: Any) -> Answer:
    said = {"consentToken": token, "purpose": "LENDING", "idempotencyKey": new_key(), **more}
    answer: Answer = (await client.send("ReadScoreReport", input=said))["readScoreReport"]
    return answer


async def token_of(phone: Phone, shop: Shop, *scopes: str, **more: Any) -> str:
    return str((await grant(phone, shop, scopes=scopes or ["SCORE_CHECK"], **more))["token"])


async def kept(phone: Phone) -> list[Lookup]:
    async with reading() as db:
        theirs = select(Lookup).where(Lookup.user_id == phone.user_id).order_by(Lookup.id)
        return [*(await db.execute(theirs)).scalars()]


async def who_looked(phone: Phone) -> list[Answer]:
    edges = (await phone.send("WhoLooked"))["lookups"]["edges"]
    return [edge["node"] for edge in edges]


async def test_a_grade_is_held_against_another_and_told_to_its_person(
    shopper: Phone, shop: Shop, client: Client
) -> None:
    async with reading() as db:
        score = await scores.current(db, shopper.user_id)
    assert score is not None and score.grade in ("A", "B")
    token = await token_of(shopper, shop)
    yes = await check(client, token, "D")
    assert (yes["answer"], yes["charged"]) == ("YES", True)
    better = await check(client, token, "A")
    assert better["answer"] == ("YES" if score.grade == "A" else "NO")
    newest, first = await who_looked(shopper)
    assert newest["question"]["atLeast"] == "A"
    assert (first["id"], first["answer"], first["purpose"]) == (yes["lookupId"], "YES", "LENDING")
    assert first["question"]["scope"] == "SCORE_CHECK"
    assert first["by"] == first["partner"]["name"] == "Shop"
    async with reading() as db:
        leaves = select(func.count()).where(Evidence.user_id == shopper.user_id, Evidence.kind == EvidenceKind.LOOKUP)
        assert (await db.execute(leaves)).scalar_one() == 2


async def test_the_same_question_is_charged_once_a_day(
    shopper: Phone, shop: Shop, client: Client, clock: Clock
) -> None:
    token = await token_of(shopper, shop)
    assert [(await check(client, token, grade))["charged"] for grade in "BBCB"] == [True, False, True, False]
    await clock.forward(hours=24, seconds=1)
    later = Client(client.http, "partner", (await open_again(shop)))
    assert (await check(later, token, "B"))["charged"] is True


async def test_what_is_free_is_not_charged_and_owed_by_nobody_once_it_costs_something(
    shopper: Phone, shop: Shop, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await token_of(shopper, shop)
    with monkeypatch.context() as before:
        before.setattr(settings(), "lookup_prices", {"REPORT": 200})
        assert (await check(client, token))["charged"] is False
    assert [(await check(client, token))["charged"] for _ in range(2)] == [True, False]


async def test_the_same_question_by_another_token_of_the_same_person_is_free(
    shopper: Phone, shop: Shop, client: Client
) -> None:
    first, second = await token_of(shopper, shop), await token_of(shopper, shop)
    renting = await token_of(shopper, shop, purpose="RENTING")
    assert [(await check(client, token))["charged"] for token in (first, second)] == [True, False]
    assert (await check(client, renting, purpose="RENTING"))["charged"] is True


async def test_of_two_tokens_that_ask_the_same_at_once_one_is_charged(
    shopper: Phone, shop: Shop, client: Client
) -> None:
    first, second = await token_of(shopper, shop), await token_of(shopper, shop)
    partner = PartnerActor(shop.partner.id, "client")
    async with transaction() as db:
        told = await asking.check_score(db, partner, first, Purpose.LENDING, Grade.B, key=new_key())
        await db.flush()
        asked = asyncio.create_task(check(client, second, "B"))
        await until(somebody_waits_for_a_consent)
    assert isinstance(told, Lookup) and [told.charged, (await asked)["charged"]] == [True, False]


async def open_again(shop: Shop) -> str:
    """A token for the same partner's client, since those of before are over."""
    async with transaction() as db:
        its = select(PartnerClient).where(PartnerClient.partner_id == shop.partner.id)
        return await partner_tokens.issue(db, (await db.execute(its)).scalar_one())


async def test_the_same_key_gets_the_same_answer_and_is_one_look(shopper: Phone, shop: Shop, client: Client) -> None:
    token, key = await token_of(shopper, shop), new_key()
    answers = await asyncio.gather(*(check(client, token, idempotencyKey=key) for _ in range(10)))
    assert len({str(answer) for answer in answers}) == 1
    assert answers[0]["charged"] is True
    assert len(await kept(shopper)) == 1
    mismatch = await check(client, token, "C", idempotencyKey=key)
    assert mismatch["code"] == "IDEMPOTENCY_MISMATCH"
    assert len(await kept(shopper)) == 1


async def test_who_has_no_score_is_unknown_and_free(member: Phone, shop: Shop, client: Client) -> None:
    token = await token_of(member, shop, *BOTH)
    unknown = await check(client, token)
    assert (unknown["answer"], unknown["charged"], unknown["asOf"]) == ("UNKNOWN", False, None)
    nothing = await report(client, token)
    assert (nothing["grade"], nothing["points"], nothing["factors"]) == (None, None, [])
    assert [look.answer for look in await kept(member)] == [LookupAnswer.UNKNOWN, LookupAnswer.UNKNOWN]


async def test_a_report_tells_the_score_and_stays_what_it_was(shopper: Phone, shop: Shop, client: Client) -> None:
    async with reading() as db:
        score = await scores.current(db, shopper.user_id)
    assert score is not None
    key, token = new_key(), await token_of(shopper, shop, *BOTH)
    told = await report(client, token, idempotencyKey=key)
    assert (told["grade"], told["points"], told["modelVersion"]) == (score.grade, score.points, score.model_version)
    assert [factor["code"] for factor in told["factors"]] == [factor.code for factor in score.factors]
    assert await report(client, token, idempotencyKey=key) == told
    (look,) = await kept(shopper)
    assert (look.kind, look.answer, look.score_id) == (LookupKind.REPORT, LookupAnswer.REPORT, score.id)


async def test_a_token_that_opens_nothing_is_refused_alike_and_told_where_there_is_a_person(
    shopper: Phone, shop: Shop, client: Client, http: httpx2.AsyncClient, clock: Clock
) -> None:
    stranger = await open_shop()
    foreign = await token_of(shopper, stranger)
    narrow = await token_of(shopper, shop)
    reports_alone = await token_of(shopper, shop, "SCORE_REPORT")
    over = await token_of(shopper, shop, days=1)
    back = await grant(shopper, shop)
    await shopper.do("RevokeConsent", consentId=back["id"])
    refusals = [
        await check(client, foreign),
        await report(client, narrow),
        await check(client, reports_alone),
        await check(client, narrow, purpose="RENTING"),
        await check(client, back["token"]),
        await check(client, "lct_" + "A" * 64),
        await check(client, ""),
        await check(client, narrow[:-2] + "xx"),
    ]
    await clock.forward(days=1, seconds=1)
    refusals.append(await check(Client(http, "partner", await open_again(shop)), over))
    assert {str(refusal) for refusal in refusals} == {str(refusals[0])}
    assert refusals[0]["code"] == "CONSENT_NOT_LIVE"
    looks = await kept(shopper)
    assert [(look.answer, look.charged, look.score_id, look.grade) for look in looks] == [
        (LookupAnswer.REFUSED, False, None, None)
    ] * 6
    assert {look.partner_id for look in looks} == {shop.partner.id}
    async with reading() as db:
        receipts = select(func.count()).where(Receipt.actor == f"partner:{shop.partner.id}")
        assert (await db.execute(receipts)).scalar_one() == 0
    await close(stranger)


async def test_dead_foreign_and_invented_tokens_ask_the_same_of_the_database(
    shopper: Phone, shop: Shop, client: Client
) -> None:
    """Which is what their time is made of; `longan bench door` compares the times themselves."""
    stranger = await open_shop()
    back = await grant(shopper, shop)
    await shopper.do("RevokeConsent", consentId=back["id"])
    foreign = await token_of(shopper, stranger)
    asked: list[list[str]] = []
    for token in (back["token"], back["token"], foreign, "lct_" + "A" * 64, ""):  # the first warms what is read once
        began = time.monotonic()
        with statements() as sent:
            assert (await check(client, token))["code"] == "CONSENT_NOT_LIVE"
        asked.append([*sent])
        assert time.monotonic() - began >= by_token.REFUSED_AFTER_SECONDS, "whatever it was, it comes no sooner"
    assert asked[1] == asked[2] == asked[3] == asked[4]
    assert len(asked[1]) == 4
    await close(stranger)


async def test_an_answer_asks_few_things_of_the_database(shopper: Phone, shop: Shop, client: Client) -> None:
    """Four: who asks, leave and time, the use and the receipt with score, key and what was paid, the look with its evidence."""
    token = await token_of(shopper, shop, *BOTH)
    for ask in (check, report):
        await ask(client, token)
        with statements() as sent:
            assert "code" not in await ask(client, token)
        assert len(sent) == 4, sent


async def test_looks_at_many_people_are_written_at_once(house: None) -> None:
    keys = [vault.new_person_key(new_id()) for _ in range(5)]
    async with transaction() as db:
        db.add_all(keys)
    theirs = {(key.user_id, new_id()) for key in keys}

    async def read(_: None, user_ids: set[UUID]) -> dict[UUID, Grade]:
        return dict.fromkeys(user_ids, Grade.B)

    with statements() as sent:
        await lookups.look_up(None, Looker(LookupKind.ANSWER, partner_id=new_id()), theirs, read, lambda grade: grade)
    assert [sum(f"INTO {table} " in each for each in sent) for table in ("lookups", "evidence_leaves")] == [1, 1]
    async with reading() as db:
        written = select(Lookup.user_id, Lookup.subject_id).where(Lookup.user_id.in_([key.user_id for key in keys]))
        assert {tuple(row) for row in await db.execute(written)} == theirs


async def test_what_was_taken_back_between_two_questions_opens_nothing(
    shopper: Phone, shop: Shop, client: Client
) -> None:
    consent, key = await grant(shopper, shop), new_key()
    first = await check(client, consent["token"], idempotencyKey=key)
    assert first["__typename"] == "ScoreCheck"
    await shopper.do("RevokeConsent", consentId=consent["id"])
    assert (await check(client, consent["token"], idempotencyKey=key))["code"] == "CONSENT_NOT_LIVE"


async def test_a_question_that_has_begun_waits_for_whoever_takes_it_back(
    shopper: Phone, shop: Shop, client: Client
) -> None:
    consent = await grant(shopper, shop)
    async with transaction() as db:
        await consenting.revoke(db, UserActor(shopper.user_id, shopper.user_id), uuid_of(consent["id"]))
        await db.flush()
        asked = asyncio.create_task(check(client, consent["token"]))
        await until(somebody_waits_for_a_consent)
    assert (await asked)["code"] == "CONSENT_NOT_LIVE"
    assert [look.answer for look in await kept(shopper)] == [LookupAnswer.REFUSED]


async def test_whoever_takes_it_back_waits_for_a_question_that_is_answered(
    shopper: Phone, shop: Shop, client: Client
) -> None:
    consent = await grant(shopper, shop)
    partner = PartnerActor(shop.partner.id, "client")
    async with transaction() as db:
        opened = await opening.open_with(db, partner, consent["token"], LookupKind.CHECK)
        taking_back = asyncio.create_task(shopper.do("RevokeConsent", consentId=consent["id"]))
        await until(somebody_waits_for_a_consent)
        assert isinstance(opened, Consent) and opened.revoked_at is None
    await taking_back
    assert (await check(client, consent["token"]))["code"] == "CONSENT_NOT_LIVE"


async def test_whoever_waits_too_long_for_another_question_is_told_that_it_is_in_progress(
    shopper: Phone, shop: Shop
) -> None:
    token = await token_of(shopper, shop, "SCORE_CHECK", "CONTRIBUTE_FACTS")
    partner = PartnerActor(shop.partner.id, "client")

    async def ask(db: Db) -> object:
        await db.execute(text("SET LOCAL lock_timeout = '50ms'"))
        return await asking.check_score(db, partner, token, Purpose.LENDING, Grade.B, key=new_key())

    async def tell(db: Db) -> object:
        await db.execute(text("SET LOCAL lock_timeout = '50ms'"))
        fact = ToldFact("repayment.on_time_24m", Decimal(14), await clock.now(db))
        return await contributing.contribute(db, partner, token, [fact], key=new_key())

    async with transaction() as first:
        await opening.open_with(first, partner, token, LookupKind.CHECK)
        for comes in (ask, tell):
            with pytest.raises(Refusal, match=r"^IN_PROGRESS$"):
                await transact(comes)
    assert await kept(shopper) == []


async def somebody_waits_for_a_consent() -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FROM consents%'"
    async with reading() as db:
        return bool((await db.execute(text(waiting))).scalar_one())


async def test_a_token_is_tried_only_so_often(
    shopper: Phone, shop: Shop, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "PER_TOKEN", Rate(times=2, seconds=3600))
    token = await token_of(shopper, shop)
    answers = [await check(client, token, grade) for grade in "ABC"]
    assert [answer["__typename"] for answer in answers] == ["ScoreCheck", "ScoreCheck", "Refused"]
    assert answers[2]["code"] == "RATE_LIMITED"
    assert len(await kept(shopper)) == 2


def test_tokens_tell_nothing_and_open_nothing_else() -> None:
    assert consent_tokens.opened("lct_") is None
    assert consent_tokens.opened("lct_" + "é" * 40) is None


async def test_a_token_has_one_spelling(shopper: Phone, shop: Shop, client: Client) -> None:
    """Another would be counted apart, and thresholds could be tried without end."""
    token = await token_of(shopper, shop)
    bare = token.removeprefix("lct_")
    others = [bare, f"{token[:9]}!{token[9:]}", f"{token}=", f"{token}\n", f"lct_{token}", f"{token}===="]
    assert [consent_tokens.opened(other) for other in others] == [None] * len(others)
    assert (await check(client, token))["__typename"] == "ScoreCheck"
