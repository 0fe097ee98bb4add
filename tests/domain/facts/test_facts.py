"""Facts: dated, from a source, live until they expire or are taken back; and the sheet that is drawn up from them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from domain.facts import readings
from domain.facts.open_readings import Observed
from domain.facts.readings import Reading
from domain.facts.sheets import FactValue, Observation, sheet_of
from domain.facts.vocabulary import VOCABULARY
from infra import vault
from infra.database import reading, transaction
from infra.ids import new_id
from infra.vault import PersonKey

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def seen(source: str, name: str, value: FactValue, days_ago: float = 1, lasts: float | None = None) -> Observation:
    at = NOW - days_ago * DAY
    return Observation(source, name, value, at, at + lasts * DAY if lasts is not None else None)


def values(*observations: Observation) -> dict[str, FactValue]:
    return dict(sheet_of(observations, as_of=NOW, simulated=False).values)


class TestASheet:
    def test_has_each_sources_latest(self) -> None:
        assert values(seen("wechat", "income.stability", 0.1, 2), seen("wechat", "income.stability", 0.2, 1)) == {
            "income.stability": 0.2
        }

    def test_has_the_newest_of_two_sources(self) -> None:
        told = [seen("taobao", "income.stability", 0.1, 1), seen("wechat", "income.stability", 0.2, 2)]
        assert values(*told) == values(*reversed(told)) == {"income.stability": 0.1}

    @pytest.mark.parametrize(
        "name", ["account.age_months", "repayment.delay_months", "social.address_stability_months"]
    )
    def test_has_the_larger_where_both_can_be_right(self, name: str) -> None:
        assert values(seen("taobao", name, 40, 1), seen("wechat", name, 90, 2)) == {name: 90}
        assert values(seen("taobao", name, 90, 2), seen("wechat", name, 40, 1)) == {name: 90}

    def test_knows_nothing_of_the_future(self) -> None:
        assert values(seen("wechat", "income.stability", 0.1, -1)) == {}

    def test_forgets_what_has_expired(self) -> None:
        assert values(seen("wechat", "income.stability", 0.1, 2, lasts=2)) == {}
        assert values(seen("wechat", "income.stability", 0.1, 2, lasts=2.001)) == {"income.stability": 0.1}

    def test_tells_where_it_knows_from(self) -> None:
        sheet = sheet_of(
            [seen("wechat", "income.stability", 0.1, 3), seen("profile", "profile.region", "CN-SH", 1)],
            as_of=NOW,
            simulated=True,
        )
        assert sheet.sources == {"wechat", "profile"}
        assert sheet.linked_sources == {"wechat"}
        assert sheet.sources_of == {"income.stability": "wechat", "profile.region": "profile"}
        assert sheet.observed_at["income.stability"] == NOW - 3 * DAY
        assert sheet.simulated


async def somebody() -> UUID:
    async with transaction() as db:
        key = vault.new_person_key(new_id())
        db.add(key)
        return key.user_id


async def record(user_id: UUID, source: str, **facts: FactValue | None) -> None:
    async with transaction() as db:
        observed = [Observed(name.replace("__", "."), value, NOW - DAY) for name, value in facts.items()]
        # What a provider's sandbox tells is simulated, what a person says is not.
        await readings.record(db, user_id, source, observed, simulated=source != "profile")


class TestReadings:
    async def test_keep_every_type(self) -> None:
        user_id = await somebody()
        told: dict[str, FactValue] = {
            "profile__birth_date": date(2000, 2, 3),
            "profile__region": "CN-SH",
            "profile__monthly_income": Decimal("9000.00"),
            "account__real_name": True,
            "income__stability": 0.5,
        }
        await record(user_id, "wechat", **told)
        async with reading() as db:
            sheet = await readings.sheet(db, user_id)
        assert sheet.values == {name.replace("__", "."): value for name, value in told.items()}
        assert isinstance(sheet.values["profile.monthly_income"], Decimal)

    async def test_take_back_what_is_none(self) -> None:
        user_id = await somebody()
        await record(user_id, "profile", profile__region="CN-SH")
        await record(user_id, "profile", profile__region=None)
        async with reading() as db:
            assert (await readings.sheet(db, user_id)).values == {}

    async def test_refuse_a_word_that_nobody_knows(self) -> None:
        with pytest.raises(AssertionError, match="not in the vocabulary"):
            await record(await somebody(), "wechat", nothing__known=1)

    async def test_count_no_more_when_they_are_withdrawn_but_did_before(self) -> None:
        user_id = await somebody()
        await record(user_id, "wechat", income__stability=0.5)
        await record(user_id, "taobao", income__buffer_days=30)
        async with reading() as db:
            read_at = select(Reading.read_at).where(Reading.user_id == user_id).order_by(Reading.read_at)
            before = (await db.execute(read_at)).scalars().all()[-1]
        async with transaction() as db:
            await readings.withdraw(db, user_id, "wechat")
        async with reading() as db:
            assert (await readings.sheet(db, user_id)).values == {"income.buffer_days": 30}
            assert (await readings.sheet(db, user_id, before)).values.keys() == {
                "income.stability",
                "income.buffer_days",
            }

    async def test_count_every_change(self) -> None:
        user_id = await somebody()
        async with reading() as db:
            assert await readings.version_of(db, user_id) == 0
        await record(user_id, "wechat", income__stability=0.5)
        async with transaction() as db:
            await readings.withdraw(db, user_id, "wechat")
        async with reading() as db:
            assert await readings.version_of(db, user_id) == 2

    async def test_mark_the_sheet_when_one_was_simulated(self) -> None:
        user_id = await somebody()
        await record(user_id, "profile", profile__region="CN-SH")
        async with reading() as db:
            assert not (await readings.sheet(db, user_id)).simulated
        await record(user_id, "wechat", income__stability=0.5)
        async with reading() as db:
            assert (await readings.sheet(db, user_id)).simulated

    async def test_are_sealed(self) -> None:
        user_id = await somebody()
        await record(user_id, "profile", profile__region="CN-SH")
        async with reading() as db:
            row = (await db.execute(select(Reading).where(Reading.user_id == user_id))).scalar_one()
        assert b"CN-SH" not in row.facts_sealed
        assert b"region" not in row.facts_sealed

    async def test_are_noise_once_the_person_is_erased(self) -> None:
        erased, other = await somebody(), await somebody()
        await record(erased, "profile", profile__region="CN-SH")
        async with transaction() as db:
            await db.execute(delete(PersonKey).where(PersonKey.user_id == erased))
        async with reading() as db:
            assert set(await readings.sheets(db, {erased, other})) == {other}


def test_every_word_has_bounds_that_make_sense() -> None:
    for name, kind in VOCABULARY.items():
        assert name == kind.name
        assert kind.low is None or kind.high is None or kind.low < kind.high
