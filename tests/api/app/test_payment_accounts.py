"""Payment accounts: the person's own, by a register's word; masked everywhere, one default, and removed unless in use."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select, text

from domain.actors import UserActor
from domain.people import payment_accounts
from domain.people.payment_accounts import HolderInquiry, PaymentAccount, PaymentAccountKind, SaidAccount
from infra.database import Db, reading, transaction
from infra.errors import Refusal
from integrations.register.answers import Attestation, RegisterAway
from tests.api.app.test_changing_phone import stepped_up
from tests.api.app.test_identity import new_id_number, verify
from tests.clocks import Clock
from tests.phones import Answer, NewPhone, Phone, new_key, uuid_of

REMOVE = """mutation ($input: RemovePaymentAccountInput!) { removePaymentAccount(input: $input) { __typename
    ... on PaymentAccount { id } ... on Refusal { code } } }"""
OWN, OTHER = "4111111111111111", "5555555555554444"


def checked(digits: str) -> str:
    return next(f"{digits}{last}" for last in range(10) if is_right(f"{digits}{last}"))


def is_right(number: str) -> bool:
    """Luhn as its patent tells it, digit by digit from the right."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


async def add(
    phone: Phone, number: str, *, default: bool = False, kind: str = "BANK", key: str | None = None
) -> Answer:
    said = {"kind": kind, "number": number, "isDefault": default, "idempotencyKey": key or new_key()}
    return await phone.do("AddPaymentAccount", **said)


async def shown(phone: Phone) -> list[Answer]:
    return list((await phone.send("MyDevices"))["paymentAccounts"])


@pytest.fixture
async def checked_member(member: Phone, clock: Clock) -> Phone:
    """Known by a register, in a session older than a day."""
    await verify(member, new_id_number())
    await clock.forward(days=1, seconds=1)
    await member.renew()
    return member


async def test_a_young_session_steps_up_and_whoever_is_not_known_adds_none(member: Phone) -> None:
    assert (await add(member, OWN))["code"] == "NOT_ALLOWED"
    await verify(member, new_id_number())
    assert (await add(member, OWN))["code"] == "STEP_UP_REQUIRED"
    assert await shown(member) == []
    await stepped_up(member)
    assert (await add(member, OWN))["maskedNumber"] == "****1111"


async def test_the_first_is_the_default_and_there_is_one(checked_member: Phone) -> None:
    key = new_key()
    first = await add(checked_member, f"{OWN[:4]} {OWN[4:8]}-{OWN[8:]}", key=key)
    assert (await add(checked_member, OWN, key=key))["id"] == first["id"] == (await add(checked_member, OWN))["id"]
    assert first == {
        "__typename": "PaymentAccount",
        "id": first["id"],
        "kind": "BANK",
        "maskedNumber": "****1111",
        "isDefault": True,
    }
    second = await add(checked_member, OTHER, default=True)
    assert [(each["id"], each["isDefault"]) for each in await shown(checked_member)] == [
        (second["id"], True),
        (first["id"], False),
    ]
    taps = await asyncio.gather(
        *(add(checked_member, checked(f"62220000000{turn}"), default=True) for turn in range(3))
    )
    assert {tap["__typename"] for tap in taps} == {"PaymentAccount"}
    assert [each["isDefault"] for each in await shown(checked_member)] == [True] + [False] * 4


async def test_anothers_is_refused_and_nothing_is_kept(checked_member: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    anothers = next(number for tail in range(1000) if is_right(number := f"622202{tail:08}00"))
    assert (await add(checked_member, anothers))["code"] == "NOT_ALLOWED"

    class Told:
        answer: Attestation | None = None

        async def is_holder(self, *_: object) -> Attestation:
            if self.answer is None:
                raise RegisterAway("no_answer")
            return self.answer

    told = Told()
    monkeypatch.setattr("integrations.adding_accounts.register", lambda: told)
    assert [(await add(checked_member, OWN))["code"] for _ in range(12)] == ["PROVIDER_UNAVAILABLE"] * 12
    told.answer = Attestation.UNKNOWN
    codes = [(await add(checked_member, OWN))["code"] for _ in range(10)]
    assert codes == ["PROVIDER_REFUSED"] * 9 + ["RATE_LIMITED"]
    assert await shown(checked_member) == []


@pytest.mark.parametrize("number", ["", "4111111111111112", "41111111111", "4" * 20, "411111111111111x"])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(Refusal) as refused:
        payment_accounts.number_of(number)
    assert (refused.value.code, refused.value.field) == ("INVALID", ("input", "number"))


async def test_it_is_removed_unless_money_is_on_its_way_and_only_by_its_owner(
    checked_member: Phone, new_phone: NewPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = await add(checked_member, OWN)
    gone = {"input": {"paymentAccountId": added["id"]}}
    other = await new_phone()
    await other.sign_in()
    assert (await other.ask(REMOVE, **gone))["removePaymentAccount"]["code"] == "NOT_FOUND"
    assert await other.ask("query ($id: ID!) { node(id: $id) { id } }", id=added["id"]) == {"node": None}

    async def is_used(db: Db, user_id: UUID, account_id: UUID) -> bool:
        return user_id == checked_member.user_id

    monkeypatch.setattr(payment_accounts, "in_use", [is_used])
    assert (await checked_member.ask(REMOVE, **gone))["removePaymentAccount"]["code"] == "NOT_OPEN"
    assert len(await shown(checked_member)) == 1
    monkeypatch.setattr(payment_accounts, "in_use", [])
    for _ in range(2):
        told = (await checked_member.ask(REMOVE, **gone))["removePaymentAccount"]
        assert told == {"__typename": "PaymentAccount", "id": added["id"]}
    assert await shown(checked_member) == []
    assert (await add(checked_member, OWN))["id"] != added["id"]


async def test_no_number_can_be_read_in_its_row(checked_member: Phone) -> None:
    await add(checked_member, OWN)
    async with reading() as db:
        mine = select(text("payment_accounts::text")).select_from(PaymentAccount)
        row = (await db.execute(mine.where(PaymentAccount.user_id == checked_member.user_id))).scalar_one()
    assert OWN not in row and OWN.encode().hex() not in row


async def test_what_was_asked_for_at_once_is_counted_again_when_it_is_added(
    checked_member: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payment_accounts, "MOST", 1)
    actor = UserActor(checked_member.user_id, uuid_of(checked_member.session["id"]))
    asked = []
    for number in (OWN, OTHER):
        said = SaidAccount(PaymentAccountKind.BANK, number, is_default=False)
        async with transaction() as db:
            asked.append(await payment_accounts.begin(db, actor, said, new_key()))
    added: list[object] = []
    for inquiry in asked:
        assert isinstance(inquiry, HolderInquiry)
        try:
            async with transaction() as db:
                added.append((await payment_accounts.add(db, actor, inquiry, new_key())).number_index)
        except Refusal as refusal:
            added.append(refusal.code)
    assert added == [asked[0].said.index, "LIMIT_EXCEEDED"]  # type: ignore[union-attr]
    assert len(await shown(checked_member)) == 1
