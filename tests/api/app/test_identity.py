"""Verifying an identity: checked, a mismatch, nobody's to say; once only, by one account only, and not too often."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete, func, select, text

from domain.people.identities import KnownIdNumber, PersonIdentity
from infra import vault
from infra.database import reading, transaction
from infra.ids import global_id
from infra.outbox import Event
from integrations.register.answers import Attestation, RegisterAway, Resident
from tests.clocks import Clock
from tests.domain.people.test_id_numbers import by_the_book
from tests.logs import Lines
from tests.phones import Answer, NewPhone, Phone, new_key, uuid_of

_places = iter(range(1_000))


def new_id_number(birth: str = "19900307", place: str | None = None) -> str:
    """A number that no other test has; `place`, its 15th to 17th characters, decides at the sandbox."""
    region = 110_000 + next(_places)
    digits = f"{region}{birth}{place or '123'}"
    return digits + by_the_book(digits)


async def verify(phone: Phone, number: str, *, name: str = "李雷", key: str | None = None) -> Answer:
    return await phone.do("VerifyIdentity", name=name, idNumber=number, idempotencyKey=key or new_key())


async def profile(phone: Phone) -> Answer:
    told: Answer = (await phone.ask("{ viewer { profile { identity birthDate } } }"))["viewer"]["profile"]
    return told


class Asked:
    """A register that answers as it is told to, and counts."""

    def __init__(self, answer: Attestation | RegisterAway) -> None:
        self.answer, self.questions, self.go = answer, 0, asyncio.Event()
        self.go.set()
        self.came = asyncio.Event()

    async def is_owner(self, person: Resident, phone: str) -> Attestation:
        self.questions += 1
        self.came.set()
        await self.go.wait()
        if isinstance(self.answer, RegisterAway):
            raise self.answer
        return self.answer


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked = Asked(Attestation.YES)
    monkeypatch.setattr("integrations.verifying.register", lambda: asked)
    return asked


async def rows(phone: Phone) -> list[Any]:
    mine = (select(PersonIdentity).where(PersonIdentity.user_id == phone.user_id),)
    async with reading() as db:
        return [row for query in mine for row in (await db.execute(query)).scalars()]


async def events(phone: Phone) -> list[str]:
    mine = select(Event.name).where(Event.user_id == phone.user_id, Event.name.startswith("identity."))
    async with reading() as db:
        return list((await db.execute(mine.order_by(Event.id))).scalars())


async def test_who_is_checked_has_their_birth_date_from_the_number_for_good(member: Phone) -> None:
    await member.tell(birthDate="1991-01-01", region="CN-SH")
    number = new_id_number("19900307")
    answer = await verify(member, number)
    assert (answer["__typename"], answer["profile"]["identity"]) == ("User", "CHECKED")
    assert await profile(member) == {"identity": "CHECKED", "birthDate": "1990-03-07"}
    assert await events(member) == ["identity.checked"]
    for said in ("1991-01-01", None):
        refused = await member.tell(birthDate=said)
        assert (refused["code"], refused["field"]) == ("NOT_ALLOWED", ["input", "birthDate"])
    assert (await member.tell(birthDate="1990-03-07", occupation="student"))["__typename"] == "User"
    assert await profile(member) == {"identity": "CHECKED", "birthDate": "1990-03-07"}
    # Again, it is the same; as somebody else, it is refused.
    assert (await verify(member, number))["profile"]["identity"] == "CHECKED"
    for name, other in (("韩梅梅", number), ("李雷", new_id_number())):
        refused = await verify(member, other, name=name)
        assert (refused["code"], refused["field"]) == ("NOT_ALLOWED", ["input", "idNumber"])
    assert await events(member) == ["identity.checked"]


async def test_a_mismatch_keeps_the_account_and_can_be_mended(shopper: Phone) -> None:
    answer = await verify(shopper, new_id_number(place="999"))
    assert answer["profile"]["identity"] == "MISMATCH"
    assert await profile(shopper) == {"identity": "MISMATCH", "birthDate": "2000-02-03"}
    (row,) = await rows(shopper)
    assert (row.name_sealed, row.number_sealed) == (None, None)
    product = (
        await shopper.ask("{ products(kind: LOAN, first: 1) { nodes { id termMonths amountMin { amount } } } }")
    )["products"]["nodes"][0]
    apply = {
        "productId": product["id"],
        "amount": {"amount": product["amountMin"]["amount"], "currency": "CNY"},
        "termMonths": product["termMonths"][0],
        "share": [],
    }
    refused = await shopper.do("Apply", **apply, idempotencyKey=new_key())
    assert (refused["__typename"], refused["code"]) == ("Refused", "NOT_ALLOWED")
    assert "name and id number did not belong together" in refused["message"]
    assert (await verify(shopper, new_id_number()))["profile"]["identity"] == "CHECKED"
    assert await events(shopper) == ["identity.mismatched", "identity.checked"]
    assert (await shopper.do("Apply", **apply, idempotencyKey=new_key()))["__typename"] == "Application"


async def test_where_nobody_could_say_nothing_changes(member: Phone, asked: Asked) -> None:
    asked.answer = RegisterAway("no_answer")
    for _ in range(7):  # more than the tries of a day: none of them counts
        refused = await verify(member, number := new_id_number())
        assert (refused["code"], refused["field"]) == ("PROVIDER_UNAVAILABLE", None)
    asked.answer = Attestation.UNKNOWN
    assert (await verify(member, number))["code"] == "PROVIDER_REFUSED"
    assert await profile(member) == {"identity": "UNCHECKED", "birthDate": None}
    assert await events(member) == []
    asked.answer = Attestation.YES
    assert (await verify(member, number))["profile"]["identity"] == "CHECKED"


async def test_tries_are_counted_and_the_time_is_told(member: Phone, asked: Asked, clock: Clock) -> None:
    asked.answer = Attestation.NO
    number = new_id_number()
    key = new_key()
    for turn in range(5):
        assert (await verify(member, number, key=f"{key}{turn}"))["profile"]["identity"] == "MISMATCH"
    asked.answer = Attestation.YES
    refused = (await member.post(VERIFY, {"input": said(number)})).json()["data"]["verifyIdentity"]
    assert (refused["code"], asked.questions) == ("RATE_LIMITED", 5)
    assert refused["retryAt"].startswith((await clock.now() + timedelta(days=1)).isoformat()[:14])
    # What was answered is answered again, and is no try.
    assert (await verify(member, number, key=f"{key}0"))["profile"]["identity"] == "MISMATCH"
    await clock.forward(days=1, seconds=1)
    await member.renew()
    assert (await verify(member, number))["profile"]["identity"] == "CHECKED"


VERIFY = """mutation ($input: VerifyIdentityInput!) { verifyIdentity(input: $input) {
    __typename ... on Refusal { code retryAt faults { field } } } }"""


def said(number: str, name: str = "李雷") -> dict[str, str]:
    return {"name": name, "idNumber": number, "idempotencyKey": new_key()}


async def test_everything_that_is_wrong_is_told_at_once_and_nobody_is_asked(member: Phone, asked: Asked) -> None:
    told = (await member.post(VERIFY, {"input": said("11010519491231002", "李")})).json()["data"]["verifyIdentity"]
    assert [fault["field"] for fault in told["faults"]] == [["input", "name"], ["input", "idNumber"]]
    for birth, code in (("20150101", "NOT_ELIGIBLE"), ("20990101", "INVALID"), ("19010101", "INVALID")):
        assert (await verify(member, new_id_number(birth)))["code"] == code
    assert (asked.questions, await rows(member)) == (0, [])


async def test_whose_18th_birthday_is_today_is_of_age(member: Phone, clock: Clock) -> None:
    await clock.stand_at((await clock.now()).replace(month=11, day=30, hour=16, minute=0, second=1))
    await member.renew()
    year = (await clock.now()).year - 18
    assert (await verify(member, new_id_number(f"{year}1202")))["code"] == "NOT_ELIGIBLE"
    assert (await verify(member, new_id_number(f"{year}1201")))["profile"]["identity"] == "CHECKED"


async def test_one_number_is_one_accounts_and_only_its_owner_hears_of_it(
    member: Phone, new_phone: NewPhone, asked: Asked
) -> None:
    number = new_id_number()
    assert (await verify(member, number))["profile"]["identity"] == "CHECKED"
    other = await new_phone()
    await other.sign_in()
    asked.answer = Attestation.NO  # whoever has only heard of name and number learns nothing of an account
    assert (await verify(other, number))["profile"]["identity"] == "MISMATCH"
    asked.answer = Attestation.YES
    refused = await verify(other, number)
    assert (refused["code"], refused["field"]) == ("ACCOUNT_LINKED_ELSEWHERE", ["input", "idNumber"])
    assert member.number[-4:] not in refused["message"]
    assert (await profile(other))["identity"] == "MISMATCH"
    (row,) = await rows(other)
    assert (row.name_sealed, row.number_sealed, row.asking_until) == (None, None, None)


async def test_one_number_from_many_accounts_is_asked_for_ten_times_a_day(new_phone: NewPhone, asked: Asked) -> None:
    asked.answer, number, codes = Attestation.NO, new_id_number(), list[str]()
    for _ in range(3):
        phone = await new_phone()
        await phone.sign_in()
        for _ in range(4):
            answer = await verify(phone, number)
            codes.append(answer.get("code", "ANSWERED"))
    assert codes == ["ANSWERED"] * 10 + ["RATE_LIMITED"] * 2


async def test_the_same_tap_twice_is_one_question(member: Phone, asked: Asked) -> None:
    asked.go.clear()
    number, key = new_id_number(), new_key()
    first = asyncio.create_task(verify(member, number, key=key))
    await asked.came.wait()
    second = asyncio.create_task(verify(member, number, key=key))
    asked.go.set()
    assert [(await each)["profile"]["identity"] for each in (first, second)] == ["CHECKED", "CHECKED"]
    assert (asked.questions, await events(member)) == (1, ["identity.checked"])
    assert (await verify(member, new_id_number(), key=key))["code"] == "IDEMPOTENCY_MISMATCH"


async def test_two_with_one_number_at_once_are_one_account(new_phone: NewPhone, asked: Asked) -> None:
    phones = [await new_phone() for _ in range(4)]
    for phone in phones:
        await phone.sign_in()
    number = new_id_number()
    answers = await asyncio.gather(*(verify(phone, number) for phone in phones))
    assert sorted(answer.get("code", "CHECKED") for answer in answers) == ["ACCOUNT_LINKED_ELSEWHERE"] * 3 + ["CHECKED"]


async def test_nothing_of_it_can_be_read_anywhere(member: Phone, lines: Lines) -> None:
    number, name = new_id_number(), "欧阳娜娜"
    assert (await verify(member, number, name=name))["__typename"] == "User"
    await member.settle()
    async with reading() as db:
        tables = (
            await db.execute(text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"))
        ).scalars()
        for table in [*tables]:
            dumped = (await db.execute(text(f'SELECT string_agg(t::text, chr(10)) FROM "{table}" AS t'))).scalar_one()
            for secret in (number, name, number.encode().hex(), name.encode().hex()):
                assert secret not in (dumped or ""), table
    assert number not in str(lines) and name not in str(lines)


async def test_erasing_a_person_leaves_neither_name_nor_number(member: Phone) -> None:
    await verify(member, new_id_number())
    (row,) = await rows(member)
    async with transaction() as db:
        seal = await vault.seal_of(db, member.user_id)
        assert seal.open(row.name_sealed, "identities.name") == "李雷"
        for table in (KnownIdNumber, PersonIdentity):
            await db.execute(delete(table).where(table.user_id == member.user_id))
        known = select(func.count()).select_from(KnownIdNumber).where(KnownIdNumber.user_id == member.user_id)
        assert (await db.execute(known)).scalar_one() == 0


async def test_what_a_register_answers_to_whoever_was_signed_out_meanwhile_is_not_written_down(
    member: Phone, web: httpx2.AsyncClient, asked: Asked
) -> None:
    other = Phone(web, member.number)
    await other.sign_in()
    asked.go.clear()
    verifying = asyncio.create_task(verify(other, new_id_number()))
    await asked.came.wait()
    ended = await member.do("EndDevice", deviceId=global_id("Device", uuid_of(other.session["id"])))
    assert ended["__typename"] == "Device"
    asked.go.set()
    assert (await verifying)["code"] == "SESSION_ENDED"
    assert ((await profile(member))["identity"], await events(member)) == ("UNCHECKED", [])
