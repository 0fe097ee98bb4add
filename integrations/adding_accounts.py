"""Adding a payment account, as a story: count the try, ask a register whose it is, record. No transaction waits for it."""

import structlog

from domain.actors import UserActor
from domain.people import payment_accounts
from domain.people.payment_accounts import FIELD, PaymentAccount, SaidAccount
from infra.database import transact
from infra.errors import Refusal, RefusalCode
from infra.words import N_
from integrations.register.answers import Attestation, RegisterAway, Resident
from integrations.register.chosen import register
from integrations.verifying import unavailable

log = structlog.get_logger()


async def add(actor: UserActor, said: SaidAccount, key: str) -> PaymentAccount:
    """The account. Refuses what `payment_accounts.begin` does, NOT_ALLOWED another's, PROVIDER_UNAVAILABLE, PROVIDER_REFUSED."""
    asked = await transact(lambda db: payment_accounts.begin(db, actor, said, key))
    if isinstance(asked, PaymentAccount):
        return asked
    try:
        told = await register().is_holder(Resident(asked.name, asked.id_number), said.kind, said.number)
    except RegisterAway as away:
        log.warning("register.away", reason=away.reason)
        await transact(lambda db: payment_accounts.give_up(db, asked))
        raise unavailable() from None
    if told is Attestation.NO:
        raise Refusal(
            RefusalCode.NOT_ALLOWED, N_("This account is held by somebody else. Use one in your name."), field=FIELD
        )
    if told is Attestation.UNKNOWN:
        sentence = N_("We could not confirm whose account this is. Please use a bank card in your name.")
        raise Refusal(RefusalCode.PROVIDER_REFUSED, sentence, field=FIELD)
    return await transact(lambda db: payment_accounts.add(db, actor, asked, key))
