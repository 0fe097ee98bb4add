"""Signing in further, as a story: a factor is proven here, an identity by a register. No transaction waits for a register."""

from typing import Any
from uuid import UUID

import structlog

from domain.people import second_signing, signing_in
from domain.people.second_factors import FactorKind
from domain.people.second_signing import Recovery
from domain.people.sessions import Session
from infra.database import transact
from infra.errors import Refusal, RefusalCode
from infra.receipts import check_key
from infra.words import N_
from integrations.register.answers import Attestation, RegisterAway, Resident
from integrations.register.chosen import register
from integrations.verifying import unavailable

log = structlog.get_logger()


async def answer(
    *, challenge_id: UUID, kind: FactorKind, response: str, device_name: str, key: str, ip: str
) -> Session | Refusal:
    """Answer as `second_signing.answer` does; and for an identity PROVIDER_UNAVAILABLE, PROVIDER_REFUSED where the phone is not theirs."""
    signing_in.check_device_name(device_name)
    check_key(key)
    said: dict[str, Any] = {"challenge_id": challenge_id, "response": response, "device_name": device_name}
    if kind is not FactorKind.IDENTITY:
        return await transact(lambda db: second_signing.answer(db, kind=kind, key=key, ip=ip, **said))
    recovery = await transact(lambda db: second_signing.begin_recovery(db, key=key, **said))
    if not isinstance(recovery, Recovery):
        return recovery
    try:
        told = await register().is_owner(Resident(recovery.name, recovery.number), recovery.phone)
    except RegisterAway as away:
        log.warning("register.away", reason=away.reason)
        await transact(lambda db: second_signing.give_up_recovery(db, recovery))
        raise unavailable() from None
    if told is not Attestation.YES:
        sentence = N_("The carrier does not confirm that this number is registered in your name.")
        raise Refusal(RefusalCode.PROVIDER_REFUSED, sentence, field=("input", "response"))
    return await transact(lambda db: second_signing.recover(db, recovery, key=key, ip=ip, **said))
