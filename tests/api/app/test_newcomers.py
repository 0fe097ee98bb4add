"""Whoever has a number now that was somebody else's gets in, to an account of their own; and nobody else by that door."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select, text

from domain.applications import applications
from domain.applications.applications import Application, ApplicationStatus
from domain.people import newcomers, payment_accounts, putting_away
from domain.people.challenges import Challenge
from domain.people.payment_accounts import PaymentAccount, PaymentAccountKind
from domain.people.second_factors import SecondFactor
from domain.people.users import Phone as KnownPhone
from domain.people.users import User
from infra.database import Db, reading, transaction
from infra.ids import new_id
from integrations.register.answers import Attestation, RegisterAway
from tests.api.app.test_changing_phone import change, code_to
from tests.api.app.test_identity import new_id_number, verify
from tests.api.app.test_second_factors import (
    answer,
    half_signed_in,
    owner_of,
    reassigned,
    step_up,
    with_app,
    with_passkey,
)
from tests.applying import AT_ONCE, wish
from tests.clocks import Clock
from tests.patience import until
from tests.phones import Answer, NewPhone, Phone, code_for, new_key, new_number, uuid_of

REPORT = """mutation ($input: ReportRecycledNumberInput) { reportRecycledNumber(input: $input) { __typename
    ... on Session { id accessToken viewer { id } } ... on SignedOut { sessionId } ... on Refusal { code field } } }"""
HALF = """mutation ($input: SignInInput!) { signIn(input: $input) { __typename
    ... on SecondFactorRequired { challengeId methods mayStartAfresh } ... on Refusal { code } } }"""
MINE = "{ viewer { id linkedAccounts { id } paymentAccounts { id } applications { totalCount } score { grade } } }"


async def half(phone: Phone) -> Answer:
    id = await phone.ask_for_code()
    input = {"challengeId": id, "code": await code_for(id), "deviceName": "another", "idempotencyKey": new_key()}
    phone.session = {}
    return dict((await phone.ask(HALF, input=input))["signIn"])


async def report(phone: Phone, half: Answer, key: str | None = None) -> Answer:
    said = {"challengeId": half["challengeId"], "deviceName": "mine", "idempotencyKey": key or new_key()}
    return dict((await phone.ask(REPORT, input=said))["reportRecycledNumber"])


async def is_put_away(user_id: Any) -> bool:
    async with reading() as db:
        user = await db.get_one(User, user_id)
        return (user.status, user.put_away_at is not None) == ("RESTRICTED", True)


@pytest.mark.parametrize("why", ["slept", "flagged"])
async def test_whoever_is_new_gets_in_and_to_nothing_of_the_former_owner(
    shopper: Phone, web: httpx2.AsyncClient, clock: Clock, new_phone: NewPhone, why: str
) -> None:
    await verify(shopper, number := new_id_number())
    app, former = await with_app(shopper), shopper.user_id
    if why == "slept":
        await clock.forward(days=90, seconds=1)
    else:
        await reassigned(shopper, await clock.now())
    new = Phone(web, shopper.number)
    required = await half(new)
    assert (required["methods"], required["mayStartAfresh"]) == (["TOTP", "IDENTITY"], True)
    other = await half(Phone(web, shopper.number))  # of the former owner, say, who is just signing in
    key = new_key()
    taps = await asyncio.gather(*(report(new, required, key) for _ in range(2)))
    assert len({told["id"] for told in taps}) == 1
    new.session = taps[0]
    assert (new.user_id != former, await owner_of(shopper.number), await is_put_away(former)) == (
        True,
        new.user_id,
        True,
    )
    mine = (await new.ask(MINE))["viewer"]
    assert mine == {
        "id": new.session["viewer"]["id"],
        "linkedAccounts": [],
        "paymentAccounts": [],
        "applications": {"totalCount": 0},
        "score": None,
    }
    # What stood half open opens nothing any more, whatever is proven; nor is it a door to the new account.
    assert (await answer(new, other, "TOTP", await app.code()))["code"] == "CODE_WRONG"
    assert (await answer(new, other, "IDENTITY", f"李雷 {number}"))["code"] == "NOT_ALLOWED"
    assert (await report(new, other))["code"] == "NOT_ALLOWED"
    assert (await report(new, required))["code"] == "CODE_EXPIRED"
    assert await owner_of(shopper.number) == new.user_id
    # The former owner comes back with whatever number they have now, and proves what they proved before.
    back = await new_phone()
    await back.sign_in()
    assert (await verify(back, number))["code"] == "SESSION_ENDED"
    required = await half(back)
    assert (required["methods"], required["mayStartAfresh"]) == (["TOTP", "IDENTITY"], False)
    back.session = await answer(back, required, "TOTP", await app.code())
    assert len((await back.ask(MINE))["viewer"]["linkedAccounts"]) == 3
    assert uuid_of((await back.ask(MINE))["viewer"]["id"]) == former


async def test_whoever_took_a_phone_that_is_in_use_shuts_nobody_out(
    member: Phone, web: httpx2.AsyncClient, clock: Clock
) -> None:
    await with_app(member)
    await clock.forward(days=89, hours=23)
    thief = Phone(web, member.number)
    required = await half(thief)
    assert (required["methods"], required["mayStartAfresh"]) == (["TOTP"], False)
    refused = await report(thief, required)
    assert (refused["code"], refused["field"]) == ("NOT_ALLOWED", ["input", "challengeId"])
    assert (await owner_of(member.number), await is_put_away(member.user_id)) == (member.user_id, False)
    async with reading() as db:
        assert (await db.get_one(Challenge, uuid_of(required["challengeId"]))).answered_at is None
    assert await thief.error(REPORT) == (200, "UNAUTHENTICATED")


async def test_a_code_that_is_not_answered_opens_no_door(member: Phone, web: httpx2.AsyncClient, clock: Clock) -> None:
    await with_app(member)
    await reassigned(member, await clock.now())
    thief = Phone(web, member.number)
    asked = {"challengeId": await thief.ask_for_code()}
    assert (await report(thief, asked))["code"] == "CODE_EXPIRED"
    required = await half(thief)
    await clock.forward(minutes=10)
    assert (await report(thief, required))["code"] == "CODE_EXPIRED"
    assert await owner_of(member.number) == member.user_id


class Carrier:
    """Says what it is told to, and counts how often it was asked."""

    def __init__(self, answer: Attestation | RegisterAway) -> None:
        self.answer, self.questions = answer, 0

    async def has_new_owner(self, phone: str, since: datetime) -> Attestation:
        self.questions += 1
        if isinstance(self.answer, RegisterAway):
            raise self.answer
        return self.answer


async def test_where_the_former_owner_goes_on_with_another_number_the_carrier_is_asked(
    member: Phone, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_app(member)
    carrier = Carrier(RegisterAway("no_answer"))
    monkeypatch.setattr("integrations.taking_over.register", lambda: carrier)
    new = Phone(web, member.number)
    required = await half(new)
    for said in (RegisterAway("no_answer"), Attestation.NO):
        carrier.answer = said
        assert (await report(new, required))["code"] == "NOT_ALLOWED"
        assert (await owner_of(member.number), await flagged_at(member.number)) == (member.user_id, None)
    carrier.answer = Attestation.YES
    began = [await report(new, required, "the-same-key") for _ in range(2)]
    assert (began[0]["__typename"], began[0]["id"], carrier.questions) == ("Session", began[1]["id"], 3)
    new.session = began[0]
    assert (await owner_of(member.number), await is_put_away(member.user_id)) == (new.user_id, True)
    assert await flagged_at(member.number) is None
    await with_app(new)
    required = await half(Phone(web, member.number))
    assert ((await report(new, required))["code"], carrier.questions) == ("RATE_LIMITED", 3)


async def flag(phone: Phone, challenge_id: str) -> None:
    """What a carrier's yes brings, as of when the code was asked for."""
    async with transaction() as db:
        number = (await db.execute(select(KnownPhone).where(KnownPhone.user_id == phone.user_id))).scalar_one()
        asked = await db.get_one(Challenge, uuid_of(challenge_id))
        await newcomers.flag(db, asked, phone.user_id, number.bound_at)


async def flagged_at(number: str) -> Any:
    from domain.people import phones

    async with reading() as db:
        return (await db.get_one(KnownPhone, phones.index(number))).reassigned_at


async def test_a_flag_that_comes_late_signs_out_whoever_came_by_the_code_alone(
    member: Phone, web: httpx2.AsyncClient, clock: Clock
) -> None:
    stranger = Phone(web, member.number)
    id = await stranger.ask_for_code()
    stranger.session = await stranger.answer(id)
    await with_passkey(stranger)
    await flag(member, id)
    assert await stranger.error("{ viewer { id } }") == (401, "SESSION_ENDED")
    assert (await member.ask("{ viewer { id } }"))["viewer"]["id"] == member.session["viewer"]["id"]
    async with reading() as db:
        held = select(func.count()).where(SecondFactor.user_id == member.user_id)
        assert (await db.execute(held)).scalar_one() == 0
    former = member.user_id
    await stranger.sign_in()
    assert (stranger.user_id != former, await is_put_away(former)) == (True, True)


async def test_a_flag_that_comes_late_puts_away_where_a_stranger_was_checked(
    shopper: Phone, web: httpx2.AsyncClient
) -> None:
    former, stranger = shopper.user_id, Phone(web, shopper.number)
    id = await stranger.ask_for_code()
    stranger.session = await stranger.answer(id)
    assert (await verify(stranger, number := new_id_number()))["__typename"] == "User"
    await flag(shopper, id)
    assert (await is_put_away(former), await owner_of(shopper.number)) == (True, None)
    await stranger.sign_in()
    assert stranger.user_id != former
    # Whose identity it is has it with the account of their own, and it leads to no other.
    assert (await verify(stranger, number))["__typename"] == "User"
    assert (await stranger.ask(MINE))["viewer"]["linkedAccounts"] == []


async def test_a_flag_that_comes_late_follows_a_number_that_was_changed_meanwhile(
    member: Phone, web: httpx2.AsyncClient
) -> None:
    old, former = member.number, member.user_id
    stranger, new = Phone(web, old), new_number()
    id = await stranger.ask_for_code()
    stranger.session = await stranger.answer(id)
    asked = await stranger.do("RequestPhoneCode", phone=old, purpose="STEP_UP")
    assert (await step_up(stranger, "CODE", await code_for(asked["id"])))["__typename"] == "SteppedUp"
    async with reading() as db:
        challenge = await db.get_one(Challenge, uuid_of(id))
        bound_at = (await db.execute(select(KnownPhone.bound_at).where(KnownPhone.user_id == former))).scalar_one()
    assert (await change(stranger, await code_to(stranger, new)))["__typename"] == "User"
    async with transaction() as db:
        await newcomers.flag(db, challenge, former, bound_at)
    assert (await owner_of(old), await owner_of(new)) == (former, None)
    assert await flagged_at(old) is not None
    assert await stranger.error("{ viewer { id } }") == (401, "SESSION_ENDED")


async def test_whoever_proved_it_meanwhile_keeps_the_number(member: Phone, web: httpx2.AsyncClient) -> None:
    app, other = await with_app(member), Phone(web, member.number)
    async with reading() as db:
        bound = select(KnownPhone.bound_at).where(KnownPhone.user_id == member.user_id)
        before = (await db.execute(bound)).scalar_one()
    required = await half_signed_in(other)
    other.session = await answer(other, required, "TOTP", await app.code())
    async with transaction() as db:
        asked = await db.get_one(Challenge, uuid_of(required["challengeId"]))
        await newcomers.flag(db, asked, member.user_id, before)
    assert await flagged_at(member.number) is None
    assert (await other.ask("{ viewer { id } }"))["viewer"]["id"] == member.session["viewer"]["id"]


async def begun_afresh(member: Phone, new_phone: NewPhone) -> tuple[str, Phone]:
    """The number of a member's identity, whose account was put away since, and the phone on which they began another one."""
    await verify(member, number := new_id_number())
    async with transaction() as db:
        await putting_away.put_away(db, await db.get_one(User, member.user_id))
    back = await new_phone()
    await back.sign_in()
    return number, back


async def test_an_account_is_given_back_once_nothing_is_open_in_the_one_that_was_begun_since(
    member: Phone, new_phone: NewPhone, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, back = await begun_afresh(member, new_phone)
    former = member.user_id
    account = PaymentAccount(
        user_id=back.user_id,
        kind=PaymentAccountKind.BANK,
        number_sealed=b"",
        number_index=b"",
        added_at=await clock.now(),
    )
    async with transaction() as db:
        db.add(account)

    async def is_used(db: Db, user_id: Any, account_id: Any) -> bool:
        return bool((user_id, account_id) == (back.user_id, account.id))

    monkeypatch.setattr(payment_accounts, "in_use", [is_used])
    for _ in range(2):
        assert (await verify(back, number))["code"] == "NOT_OPEN"
        assert (await is_put_away(former), await owner_of(back.number)) == (True, back.user_id)
    monkeypatch.setattr(payment_accounts, "in_use", [])
    async with transaction() as db:
        db.add(application := open_application(back.user_id, account.added_at))
    assert (await verify(back, number))["code"] == "NOT_OPEN"
    async with transaction() as db:
        await applications.move(db, await db.merge(application), ApplicationStatus.WITHDRAWN)
    assert (await verify(back, number))["code"] == "SESSION_ENDED"
    assert (await owner_of(back.number), await is_put_away(back.user_id)) == (former, True)


async def test_nothing_is_applied_for_in_an_account_that_is_just_put_away(shopper: Phone) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype IN ('transactionid', 'tuple') AND NOT granted")

    async def somebody_waits() -> bool:
        async with reading() as db:
            return bool((await db.execute(waiting)).scalar_one())

    async with transaction() as db:
        user = await db.get_one(User, shopper.user_id, with_for_update=True)
        applying = asyncio.create_task(shopper.do("Apply", **wish(AT_ONCE)))
        await until(somebody_waits)
        await putting_away.put_away(db, user)
    theirs = select(func.count()).where(Application.user_id == shopper.user_id)
    async with reading() as db:
        assert ((await applying)["code"], (await db.execute(theirs)).scalar_one()) == ("NOT_ALLOWED", 0)


def open_application(user_id: UUID, at: datetime) -> Application:
    return Application(
        user_id=user_id,
        product_id=new_id(),
        partner_id=new_id(),
        amount=100_000,
        currency="CNY",
        term_months=6,
        status=ApplicationStatus.SUBMITTED,
        promised_by=at,
        created_at=at,
        updated_at=at,
    )
