"""A command that two people must give asks each who they are, and an address is no proof."""

import asyncio
import os
import sys

import pyotp
import pytest

from domain.actors import Role
from domain.people import staff, staffing
from infra.database import reading, transaction

PASSWORD = "correct horse battery"


async def longan(*words: str, said: str = "") -> tuple[int, str]:
    command = (sys.executable, "-m", "api.cli", *words)
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        start_new_session=True,
    )
    told, _ = await asyncio.wait_for(process.communicate(said.encode()), 60)
    return process.returncode or 0, told.decode()


@pytest.mark.parametrize("proofs", ["{wrong}\n{code}\n", "{right}\n000000\n", "\n\n", ""])
async def test_an_address_alone_vouches_for_nothing(proofs: str) -> None:
    email, secret = f"{os.urandom(4).hex()}@longan.test", pyotp.random_base32()
    async with transaction() as db:
        await staffing.appoint(db, email=email, name="R", role=Role.RISK, password=PASSWORD, totp_secret=secret)
    said = proofs.format(wrong="guess", right=PASSWORD, code=pyotp.TOTP(secret).now())
    code, told = await longan("models", "propose", "0123456789abcdef", "--by", email, said=said)
    assert code == 1
    assert "There is no model" not in told


async def test_the_right_proofs_go_on_to_the_model() -> None:
    email, secret = "vouching@longan.test", pyotp.random_base32()
    async with transaction() as db:
        await staffing.appoint(db, email=email, name="R", role=Role.RISK, password=PASSWORD, totp_secret=secret)
    async with reading() as db:
        now = pyotp.TOTP(secret).at(await staff.authenticator_time(db))
    code, told = await longan("models", "propose", "0123456789abcdef", "--by", email, said=f"{PASSWORD}\n{now}\n")
    assert (code, "0123456789abcdef" in told) == (1, True)
    assert PASSWORD not in told
