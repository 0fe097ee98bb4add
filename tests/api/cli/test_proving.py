"""A command that two people must give asks each who they are, and an address is no proof."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from api.cli import app, lab, proving
from api.cli.models import _promote
from domain.actors import Role, StaffActor
from domain.people import authenticators, staffing
from infra.database import Db, reading, transaction
from ml.live import registry
from ml.live.store import ModelKind
from ml.promotion import promoting
from ml.promotion.promoting import NotPromoted
from ml.promotion.releasing import Gate
from tests.commands import longan
from tests.nothing import NOBODYS

PASSWORD = "correct horse battery"


@pytest.mark.parametrize(
    ("proofs", "ends"),
    [
        ("{wrong}\n{code}\n", typer.Exit),
        ("{right}\n000000\n", typer.Exit),
        ("\n\n", typer.Abort),
        ("", typer.Abort),
    ],
)
async def test_an_address_alone_vouches_for_nothing(proofs: str, ends: type[RuntimeError]) -> None:
    email, secret = f"{os.urandom(4).hex()}@longan.test", pyotp.random_base32()
    async with transaction() as db:
        await staffing.appoint(db, email=email, name="R", role=Role.RISK, password=PASSWORD, totp_secret=secret)
    said = proofs.format(wrong="guess", right=PASSWORD, code=pyotp.TOTP(secret).now())
    with CliRunner().isolation(input=said), pytest.raises(ends):
        await proving.prove(email)


async def test_the_right_proofs_go_on_to_the_model() -> None:
    email, secret = "vouching@longan.test", pyotp.random_base32()
    async with transaction() as db:
        await staffing.appoint(db, email=email, name="R", role=Role.RISK, password=PASSWORD, totp_secret=secret)
    async with reading() as db:
        # The next one, which lasts longer than the command takes to start on a busy machine.
        later = await authenticators.authenticator_time(db) + timedelta(seconds=authenticators.STEP_SECONDS)
    totp = pyotp.TOTP(secret).at(later)
    code, told = await longan("models", "propose", "0123456789abcdef", "--by", email, said=f"{PASSWORD}\n{totp}\n")
    assert (code, "0123456789abcdef" in told) == (1, True), told
    assert PASSWORD not in told


async def test_no_transaction_stands_idle_while_a_model_is_measured(
    models: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It may take minutes; Postgres ends a transaction that says nothing for half of one."""
    in_use: list[int] = []
    stories: list[str] = []

    async def proven(email: str) -> StaffActor:
        return StaffActor(NOBODYS, Role.RISK)

    async with reading() as db:
        champion = str((await registry.standing(db, ModelKind.SCORE)).champion)
    opened: list[Db] = []

    def measured(rivals: object, book: Path, describe: Path, progress: Callable[[str, float], None]) -> Gate:
        progress("Judging", 0.5)
        in_use.append(len(opened[0].sync_session.get_transaction()._connections))  # type: ignore[union-attr]
        return Gate(("It is worse.",), {})

    @contextmanager
    def shown() -> Iterator[Callable[[str, float], None]]:
        yield lambda label, share: stories.append(label)

    async def in_a_transaction() -> None:
        async with transaction() as db:
            opened.append(db)
            await _promote(champion, "r@longan.test", (tmp_path, tmp_path), db)

    monkeypatch.setattr(proving, "prove", proven)
    monkeypatch.setattr(promoting, "measure", measured)
    monkeypatch.setattr(lab, "progress", shown)
    with pytest.raises(NotPromoted):
        await in_a_transaction()
    assert (in_use, stories) == ([0], ["Judging"])


MOVES = (("promote", "0123456789abcdef"), ("challenge", "0123456789abcdef"), ("challenge",), ("rollback",))


@pytest.mark.parametrize("move", MOVES, ids=" ".join)
def test_no_model_moves_without_somebody_who_proves_who_they_are(
    move: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def refused(email: str) -> None:
        asked.append(email)
        raise typer.Exit(1)

    monkeypatch.setattr(proving, "prove", refused)
    assert CliRunner().invoke(app, ["models", *move]).exit_code == 2, "nobody is named"
    assert CliRunner().invoke(app, ["models", *move, "--by", "risk@longan.test"]).exit_code == 1
    assert asked == ["risk@longan.test"]


def options_of(command: Any, path: str = "longan") -> Iterator[tuple[str, Any]]:
    for parameter in command.params:
        yield path, parameter
    for name, inner in getattr(command, "commands", {}).items():
        yield from options_of(inner, f"{path} {name}")


def test_every_command_that_takes_somebodys_name_is_known() -> None:
    """One that acts for a person asks for their proofs; `staff` speaks about others and lets nobody act as them."""
    naming = {
        path
        for path, parameter in options_of(get_command(app))
        if {*parameter.opts} & {"--by", "--as", "--email", "--staff", "email"}
    }
    acting = {f"longan models {name}" for name in ("propose", "approve", "promote", "challenge", "rollback", "reseal")}
    assert naming == acting | {"longan staff appoint", "longan staff dismiss"}
