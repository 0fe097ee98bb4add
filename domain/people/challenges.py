"""Challenge: a code sent to a phone, waiting to be answered."""

import base64
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import pyotp
from sqlalchemy import Index, update
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock, vault
from infra.database import Db
from infra.entity import Entity, Id
from infra.events import declare
from infra.privacy import Erasure, Export, Privacy
from infra.words import DEFAULT_LOCALE, Locale

CODE_LENGTH = 6
LASTS = timedelta(minutes=5)
COMPARED_MAX = 5
PHONE = "challenges.phone"
CREATED = declare("challenge.created")


class CodePurpose(StrEnum):
    """A code answers for its own purpose alone."""

    SIGN_IN = "SIGN_IN"
    CHANGE_PHONE = "CHANGE_PHONE"
    STEP_UP = "STEP_UP"
    STOP_CHANGE = "STOP_CHANGE"
    CAMPAIGN_TRIAL = "CAMPAIGN_TRIAL"  # asked for at the console: whose phone it is opens nobody's account


class AskedPurpose(StrEnum):
    """What the app asks for codes for."""

    SIGN_IN = CodePurpose.SIGN_IN.value
    CHANGE_PHONE = CodePurpose.CHANGE_PHONE.value
    STEP_UP = CodePurpose.STEP_UP.value
    STOP_CHANGE = CodePurpose.STOP_CHANGE.value


class Challenge(Entity):
    """`place` is where it was asked for; it may be answered from anywhere. `phone_sealed` is under the house's seal: there may
    be no user yet, and an answer must not tell whether there is.
    """

    __tablename__ = "challenges"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    id: Mapped[Id] = mapped_column(init=False)
    phone_index: Mapped[bytes]
    phone_sealed: Mapped[bytes]
    locale: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    resend_at: Mapped[datetime]
    compared: Mapped[int] = mapped_column(default=0)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    place: Mapped[bytes] = mapped_column(default=b"")
    is_known_place: Mapped[bool] = mapped_column(default=False)
    is_known_device: Mapped[bool] = mapped_column(default=False)
    purpose: Mapped[CodePurpose] = mapped_column(default=CodePurpose.SIGN_IN, server_default="SIGN_IN")
    session_id: Mapped[UUID | None] = mapped_column(default=None)  # that it is bound to, unless it is for signing in
    half_at: Mapped[datetime | None] = mapped_column(
        default=None
    )  # the code was right, and a second factor is asked for
    second_tries: Mapped[int] = mapped_column(default=0, server_default="0")
    # The session that this device had last, whoever's; None where it handed nothing in.
    device_id: Mapped[UUID | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "phone_index", "created_at"), Index(None, "created_at"))

    code_length = CODE_LENGTH


def phone_of(challenge: Challenge) -> str:
    phone: str = vault.system_seal().open(challenge.phone_sealed, PHONE)
    return phone


def language_of(challenge: Challenge) -> Locale:
    return "en" if challenge.locale == "en" else DEFAULT_LOCALE


def code_of(challenge: Challenge) -> str:
    """The code is derived, HOTP (RFC 4226) over the challenge's id: nothing secret is stored or queued."""
    secret = base64.b32encode(vault.mac("challenge", challenge.id.bytes)).decode()
    return pyotp.HOTP(secret, digits=CODE_LENGTH).at(0)


def minutes_of(challenge: Challenge) -> int:
    """How long it is good for, from when it was asked for."""
    return int((challenge.expires_at - challenge.created_at).total_seconds() // 60)


async def take_try(db: Db, challenge_id: UUID) -> Challenge | None:
    """Count one comparison, and answer the challenge if it may still be compared.

    The row lock puts parallel tries in line, so that no more than COMPARED_MAX ever reach the comparison.
    """
    now = await clock.now(db)
    return (
        await db.execute(
            update(Challenge)
            .where(
                Challenge.id == challenge_id,
                Challenge.answered_at.is_(None),
                Challenge.expires_at > now,
                Challenge.compared < COMPARED_MAX,
            )
            .values(compared=Challenge.compared + 1)
            .returning(Challenge)
            .execution_options(populate_existing=True)
        )
    ).scalar_one_or_none()
