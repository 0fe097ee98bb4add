"""The log of what was shown: a file for other policies, and nobody in it."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pandas as pd
import pytest
import typer
from sqlalchemy import delete, insert
from typer.testing import CliRunner

from api.cli import match_log
from api.cli.match import match
from domain.applications.decisions import Decision, DecisionOutcome
from domain.matching.impressions import Impression
from domain.matching.learning.exploring import SLOT
from infra.database import transaction
from infra.ids import new_id
from tests.tampering import tamper

SINCE = datetime(2001, 1, 1, tzinfo=UTC)  # long before anybody else was shown anything
UNTIL = SINCE + timedelta(days=1)
LISTS, EXPLORED, APPLIED, APPROVED = 100, 5, 19, 7
PEOPLE = [new_id() for _ in range(10)]


async def test_a_place_that_there_is_not_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match=r"log\.csv can't be written: No such file or directory"):
        await match_log.write(tmp_path / "away" / "log.csv", SINCE, UNTIL, "applied", False)
    assert list(tmp_path.iterdir()) == []


def test_a_time_before_all_is_a_sentence(tmp_path: Path) -> None:
    done = CliRunner().invoke(match, ["log", str(tmp_path / "log.csv"), "--until", "0001-01-01"])
    assert (done.exit_code, "before 2000" in done.output) == (2, True)
    assert list(tmp_path.iterdir()) == []


def listed(number: int) -> list[dict[str, object]]:
    """Two positions of one list: one that is certain, and the slot. In the first few the slot is explored."""
    common = {
        "user_id": PEOPLE[number % len(PEOPLE)],
        "list_id": new_id(),
        "is_personal": True,
        "model_version": "m1",
        "value": 1.0,
        "shown_at": SINCE + timedelta(minutes=number),
    }
    is_explored = number < EXPLORED
    applied = EXPLORED <= number < EXPLORED + APPLIED
    certain = {
        "position": 0,
        "propensity": 1.0,
        "is_explored": False,
        "product_id": UUID(int=1),
        "application_id": None,
    }
    slot = {
        "position": SLOT,
        "propensity": 0.0125 if is_explored else 0.95,
        "is_explored": is_explored,
        "product_id": UUID(int=3 if is_explored else 2),
        "application_id": new_id() if applied else None,
    }
    return [{"id": new_id()} | common | place for place in (certain, slot)]


def approved(impression: dict[str, object]) -> dict[str, object]:
    return {
        "user_id": impression["user_id"],
        "id": new_id(),
        "application_id": impression["application_id"],
        "outcome": DecisionOutcome.APPROVE,
        "decided_at": SINCE,
        "decided_by": "rules",
        "reasons_told": [],
        "rule_version": "1",
    }


@pytest.fixture
async def shown(house: None) -> AsyncIterator[None]:
    rows = [row for number in range(LISTS) for row in listed(number)]
    applied = [row for row in rows if row["application_id"]]
    not_personal = listed(LISTS)[0] | {"is_personal": False}
    too_late = listed(LISTS)[0] | {"shown_at": UNTIL}
    async with transaction() as db:
        await db.execute(insert(Impression), [*rows, not_personal, too_late])
        await db.execute(insert(Decision), [approved(row) for row in applied[:APPROVED]])
    yield
    async with transaction() as db:
        await db.execute(delete(Impression).where(Impression.shown_at <= UNTIL))
        await tamper(db)
        await db.execute(delete(Decision).where(Decision.decided_at == SINCE))


async def written(file: Path, reward: str = "applied", slot_only: bool = False) -> int:
    return await match_log.write(file, SINCE.replace(tzinfo=None), UNTIL.replace(tzinfo=None), reward, slot_only)


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz", "log.parquet"])
async def test_all_personal_impressions_of_the_period_are_written(shown: None, tmp_path: Path, name: str) -> None:
    assert await written(tmp_path / name) == 2 * LISTS
    frame = pd.read_parquet(tmp_path / name) if name.endswith("parquet") else pd.read_csv(tmp_path / name)
    assert list(frame.columns) == ["user_id", "item_id", "position", "click", "propensity", "unexplored"]
    assert (len(frame), frame["click"].sum(), frame["user_id"].nunique()) == (2 * LISTS, APPLIED, len(PEOPLE))
    assert set(frame["item_id"]) == {str(UUID(int=number)) for number in (1, 2, 3)}


async def test_what_is_approved_may_count_instead(shown: None, tmp_path: Path) -> None:
    await written(tmp_path / "log.parquet", reward="approved")
    assert pd.read_parquet(tmp_path / "log.parquet")["click"].sum() == APPROVED


async def test_nobody_can_be_followed_from_one_log_to_another(shown: None, tmp_path: Path) -> None:
    names = []
    for file in (tmp_path / "one.parquet", tmp_path / "two.parquet"):
        await written(file)
        names.append(set(pd.read_parquet(file)["user_id"]))
    assert names[0] & names[1] == set()
    assert not {str(user_id) for user_id in PEOPLE} & (names[0] | names[1])


async def test_another_policy_is_valued_from_it(shown: None, tmp_path: Path) -> None:
    """Without exploring, each of the 95 shown unexplored stands for a ninety-fifth more than itself."""
    assert await written(tmp_path / "log.csv", slot_only=True) == LISTS
    done = CliRunner().invoke(match, ["offpolicy", str(tmp_path / "log.csv"), "--policy", "unexplored", "--json"])
    told = json.loads(done.stdout)
    values = {each["name"]: each["value"] for each in told["estimates"]}
    assert done.exit_code == 0
    assert values == pytest.approx({"IPS": APPLIED / 95, "SNIPS": APPLIED / 95})
    assert told["mean_weight"] == pytest.approx(1.0)
    assert told["logged"]["value"] == APPLIED / LISTS


async def test_it_is_read_by_a_uniform_policy_too(shown: None, tmp_path: Path) -> None:
    await written(tmp_path / "log.csv")
    done = CliRunner().invoke(match, ["offpolicy", str(tmp_path / "log.csv"), "--policy", "uniform", "--json"])
    assert (done.exit_code, json.loads(done.stdout)["rows"]) == (0, 2 * LISTS)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(match, ["log", str(tmp_path / "log.xlsx")])
    assert done.exit_code == 2
    assert list(tmp_path.iterdir()) == []
