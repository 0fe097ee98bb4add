"""Whoever the command line appoints can sign in."""

import pyotp
import pytest
from typer.testing import CliRunner

from api.cli import app
from domain.people import staff_signing_in
from infra.errors import Refusal
from tests.commands import longan


def told(output: str, what: str) -> str:
    return next(line.removeprefix(what).strip() for line in output.splitlines() if line.startswith(what))


async def test_an_appointed_member_can_sign_in() -> None:
    email = "night.shift@longan.test"
    code, output = await longan("staff", "appoint", email, "--name", "Night Shift", "--role", "risk")
    assert code == 0, output
    totp = pyotp.TOTP(told(output, "TOTP secret")).now()
    signed_in = await staff_signing_in.sign_in(
        email=email, password=told(output, "password"), code=totp, ip="192.0.2.7"
    )
    assert len(signed_in.token) > 20


async def test_whoever_is_dismissed_cannot_sign_in() -> None:
    email = "day.shift@longan.test"
    _, output = await longan("staff", "appoint", email, "--name", "Day Shift", "--role", "viewer")
    assert await longan("staff", "dismiss", email) == (0, f"{email} is dismissed\n")
    totp = pyotp.TOTP(told(output, "TOTP secret")).now()
    with pytest.raises(Refusal, match="NOT_ALLOWED"):
        await staff_signing_in.sign_in(email=email, password=told(output, "password"), code=totp, ip="192.0.2.7")
    assert await longan("staff", "dismiss", email) == (1, "Nobody with this address works here.\n")


@pytest.mark.parametrize(
    ("email", "role", "why"),
    [("a@longan.test", "king", "marketing"), ("night.shift", "risk", "an @"), ("a b@longan.test", "risk", "an @")],
)
def test_what_is_no_role_or_no_address_is_refused(email: str, role: str, why: str) -> None:
    refused = CliRunner().invoke(app, ["staff", "appoint", email, "--name", "A", "--role", role])
    assert refused.exit_code == 2
    assert why in refused.output
