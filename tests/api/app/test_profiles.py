"""What a person says of themselves: absent keeps, null clears, and nonsense is refused by name."""

import pytest

from domain.facts import readings
from infra.clock import local_day
from infra.database import reading
from tests.clocks import Clock
from tests.phones import Answer, Phone

FULL: Answer = {
    "birthDate": "2000-02-03",
    "region": "CN-SH",
    "occupation": "employee",
    "monthlyIncome": {"amount": "9000.00", "currency": "CNY"},
}
EMPTY: Answer = {"birthDate": None, "region": None, "occupation": None, "monthlyIncome": None}
UNCHECKED = {"identity": "UNCHECKED"}


async def version(person: Phone) -> int:
    async with reading() as db:
        return await readings.version_of(db, person.user_id)


async def test_everything_is_kept_as_it_was_said(member: Phone) -> None:
    assert (await member.tell(**FULL))["profile"] == FULL | UNCHECKED
    assert (await member.ask("{ viewer { profile { birthDate region } } }"))["viewer"]["profile"] == {
        "birthDate": "2000-02-03",
        "region": "CN-SH",
    }


async def test_a_newcomer_has_said_nothing(member: Phone) -> None:
    assert (await member.tell())["profile"] == EMPTY | UNCHECKED
    assert await version(member) == 0


async def test_what_is_absent_stays(member: Phone) -> None:
    await member.tell(**FULL)
    changed = await member.tell(occupation="student")
    assert changed["profile"] == FULL | {"occupation": "student"} | UNCHECKED


@pytest.mark.parametrize("name", list(FULL))
async def test_null_clears(member: Phone, name: str) -> None:
    await member.tell(**FULL)
    assert (await member.tell(**{name: None}))["profile"] == FULL | {name: None} | UNCHECKED


async def test_what_was_cleared_may_be_said_again(member: Phone) -> None:
    await member.tell(**FULL)
    await member.tell(**EMPTY)
    assert (await member.tell(**FULL))["profile"] == FULL | UNCHECKED


async def test_saying_the_same_again_changes_nothing(member: Phone) -> None:
    await member.tell(**FULL)
    before = await version(member)
    await member.tell(**FULL)
    await member.tell(region=" cn-sh ")
    assert await version(member) == before


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"region": "Shanghai"}, "region"),
        ({"region": "CN-XX"}, "region"),
        ({"region": "ZZ-1"}, "region"),
        ({"region": ""}, "region"),
        ({"occupation": " "}, "occupation"),
        ({"occupation": "x" * 61}, "occupation"),
        ({"occupation": "\u202eeeyolpme"}, "occupation"),
        ({"occupation": "student\u200b"}, "occupation"),
        ({"occupation": "a\r\nb"}, "occupation"),
        ({"occupation": "\u3164"}, "occupation"),
        ({"birthDate": "1899-01-01"}, "birthDate"),
        ({"birthDate": "2999-01-01"}, "birthDate"),
        ({"monthlyIncome": {"amount": "100", "currency": "USD"}}, "monthlyIncome"),
        ({"monthlyIncome": {"amount": "-0.01", "currency": "CNY"}}, "monthlyIncome"),
        ({"monthlyIncome": {"amount": "10000000.01", "currency": "CNY"}}, "monthlyIncome"),
        ({"monthlyIncome": {"amount": "1.001", "currency": "CNY"}}, "monthlyIncome"),
        ({"monthlyIncome": {"amount": "1e400", "currency": "CNY"}}, "monthlyIncome"),
        ({"monthlyIncome": {"amount": "NaN", "currency": "CNY"}}, "monthlyIncome"),
    ],
)
async def test_nonsense_is_refused_and_changes_nothing(member: Phone, said: Answer, field: str) -> None:
    refused = await member.tell(**FULL | said)
    assert (refused["code"], refused["field"]) == ("INVALID", ["input", field])
    assert await version(member) == 0


@pytest.mark.parametrize("region", ["GB-LND", "US-CA", "HK-1", "CN-TW"])
async def test_a_region_may_lie_anywhere(member: Phone, region: str) -> None:
    assert (await member.tell(region=region))["profile"]["region"] == region


async def test_today_is_the_last_possible_birthday(member: Phone, clock: Clock) -> None:
    today = local_day(await clock.now())
    assert (await member.tell(birthDate=today.isoformat()))["__typename"] == "User"


async def test_an_income_is_forgotten_after_a_year(member: Phone, clock: Clock) -> None:
    await member.tell(**FULL)
    await clock.forward(days=365)
    await member.sign_in()
    profile = (await member.ask("{ viewer { profile { region monthlyIncome { amount } } } }"))["viewer"]["profile"]
    assert profile == {"region": "CN-SH", "monthlyIncome": None}
