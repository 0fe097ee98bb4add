"""Authenticators: one-time codes by time (RFC 6238), as every authenticator app has them, for staff and for people."""

import hmac
from datetime import datetime

import pyotp
from sqlalchemy import func, select

from infra.database import Db

STEP_SECONDS = 30
STEPS_ASIDE = 1  # a watch may be half a minute off
ISSUER = "Longan"


def new_secret() -> str:
    return pyotp.random_base32()


def address_of(secret: str, name: str) -> str:
    """The otpauth address that an app reads from a picture."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=name, issuer_name=ISSUER)


def step_of(code: str, secret: str, at: datetime) -> int | None:
    """The step whose code this is. Every step is compared, so that the time tells nothing."""
    codes, now = pyotp.HOTP(secret), int(at.timestamp()) // STEP_SECONDS
    found = None
    for step in range(now - STEPS_ASIDE, now + STEPS_ASIDE + 1):
        if hmac.compare_digest(codes.at(step).encode(), code.encode()):
            found = step
    return found


async def authenticator_time(db: Db) -> datetime:
    """The database's real time. An authenticator app shows this one, however far our own clock was moved ahead."""
    moment: datetime = (await db.execute(select(func.clock_timestamp()))).scalar_one()
    return moment
