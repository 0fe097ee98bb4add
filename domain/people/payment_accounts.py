"""PaymentAccount: where money goes to a person and comes from. Its number is sealed; its holder is the person."""

import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import UserActor
from domain.people import identities, putting_away, sessions, stepping_up
from domain.people.identities import PersonIdentity
from domain.people.profiles import IdentityStatus
from infra import clock, counters, outbox, receipts, vault
from infra.counters import Use
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.events import declare
from infra.loaders import ANY_KEY, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.receipts import Receipt
from infra.revisions import Raised, raises
from infra.setting_parts import Rate
from infra.words import N_

NUMBER = "payment_accounts.number"
FIELD = ("input", "number")
SHORTEST, LONGEST = 12, 19  # ISO/IEC 7812-1
MOST = 20
PER_PERSON = Rate(times=10, seconds=86_400)
ADDED, REMOVED = declare("payment_account.added"), declare("payment_account.removed")


class PaymentAccountKind(StrEnum):
    BANK = "BANK"
    ALIPAY = "ALIPAY"
    WECHAT_PAY = "WECHAT_PAY"


@raises(Raised.OWNERS)
class PaymentAccount(Entity):
    """Removed ones stay, for what was paid there."""

    __tablename__ = "payment_accounts"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    kind: Mapped[PaymentAccountKind]
    number_sealed: Mapped[bytes]
    number_index: Mapped[bytes]
    added_at: Mapped[datetime]
    is_default: Mapped[bool] = mapped_column(default=False)
    removed_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (
        Index(
            "ix_payment_accounts_one_default",
            "user_id",
            unique=True,
            postgresql_where=text("is_default AND removed_at IS NULL"),
        ),
        Index(
            "ix_payment_accounts_once",
            "user_id",
            "number_index",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
    )


@dataclass(frozen=True)
class SaidAccount:
    kind: PaymentAccountKind
    number: str = field(repr=False)
    is_default: bool

    @property
    def index(self) -> bytes:
        return vault.blind_index("payment-account", f"{self.kind} {self.number}")


@dataclass(frozen=True)
class HolderInquiry:
    """What a register is to be asked: is this account this person's?"""

    said: SaidAccount
    name: str = field(repr=False)
    id_number: str = field(repr=False)
    tries: tuple[Use, ...]


# Whoever has money on its way to an account, or from it, says so here: while any of them does, it stays.
InUse = Callable[[Db, UUID, UUID], Awaitable[bool]]
in_use: list[InUse] = []


def number_of(said: str) -> str:
    """The digits. Refuses INVALID what no account is numbered by, and a slip in one of them (Luhn)."""
    number = "".join(unicodedata.normalize("NFKC", said[:64]).replace("-", "").split())
    if not (number.isascii() and number.isdigit() and SHORTEST <= len(number) <= LONGEST):
        raise invalid(N_("An account number has {least} to {most} digits."), FIELD, least=SHORTEST, most=LONGEST)
    if not is_luhn(number):
        raise invalid(N_("Please check this number: its last digit does not agree with the others."), FIELD)
    return number


def is_luhn(number: str) -> bool:
    """Whether the last digit agrees with the others, by ISO/IEC 7812-1, annex B."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
    return (sum(map(int, number[-1::-2])) + sum(doubled)) % 10 == 0


async def begin(db: Db, actor: UserActor, said: SaidAccount, key: str) -> HolderInquiry | PaymentAccount:
    """What to ask of a register, with a try counted; or the account, where it is known already.

    Refuses NOT_ALLOWED whoever is not CHECKED, STEP_UP_REQUIRED of a session younger than a day, LIMIT_EXCEEDED, RATE_LIMITED.
    """
    receipt = await _receipt(db, actor, said, key)
    if receipt.result_id is not None:
        return await db.get_one(PaymentAccount, (actor.user_id, receipt.result_id))
    await db.delete(receipt)  # there is one once the account is added
    identity = await identities.identity_of(db, actor.user_id)
    name, number = await _checked(db, identity)
    if await stepping_up.is_young(db, actor):
        await stepping_up.require_step_up(db, actor)
    _refuse_more(await _held(db, actor.user_id), said)
    tries = (Use(PER_PERSON, "payment-account", str(actor.user_id)),)
    if retry_at := await counters.take(db, tries):
        sentence = N_("You have tried this too often. Please try again later.")
        raise Refusal(RefusalCode.RATE_LIMITED, sentence, field=FIELD, retry_at=retry_at)
    return HolderInquiry(said, name, number, tries)


def _refuse_more(held: list[PaymentAccount], said: SaidAccount) -> None:
    if all(each.number_index != said.index for each in held) and len(held) >= MOST:
        raise Refusal(RefusalCode.LIMIT_EXCEEDED, N_("You can have up to {most} payment accounts."), most=MOST)


async def _checked(db: Db, identity: PersonIdentity | None) -> tuple[str, str]:
    known = await identities.opened(db, identity) if identity else None
    if identity is None or known is None or identity.status is not IdentityStatus.CHECKED:
        raise Refusal(RefusalCode.NOT_ALLOWED, N_("Please verify your identity first."))
    return known[0], known[1].text


async def give_up(db: Db, asked: HolderInquiry) -> None:
    """The register was away, so the try was none."""
    await counters.give_back(db, asked.tries)


async def add(db: Db, actor: UserActor, asked: HolderInquiry, key: str) -> PaymentAccount:
    """Write it down. Adding one again is adding it once; the first is the default. Refuses LIMIT_EXCEEDED, since others may have been
    added while a register was asked, and SESSION_ENDED.
    """
    said, receipt = asked.said, await _receipt(db, actor, asked.said, key)
    if receipt.result_id is not None:
        return await db.get_one(PaymentAccount, (actor.user_id, receipt.result_id))
    await sessions.require_live(db, actor.user_id, actor.session_id)
    held = await _held(db, actor.user_id)
    _refuse_more(held, said)
    account = next((each for each in held if each.number_index == said.index), None)
    if said.is_default or not held:
        others = (PaymentAccount.user_id == actor.user_id, PaymentAccount.is_default)
        await db.execute(update(PaymentAccount).where(*others).values(is_default=False))
    if account is None:
        seal = await vault.seal_of(db, actor.user_id)
        account = PaymentAccount(
            user_id=actor.user_id,
            kind=said.kind,
            number_sealed=seal.close(said.number, NUMBER),
            number_index=said.index,
            added_at=await clock.now(db),
        )
        db.add(account)
        await outbox.announce(db, ADDED, user_id=actor.user_id, subject_id=account.id)
    account.is_default = account.is_default or said.is_default or not held
    receipt.result_id = account.id
    await db.flush()
    return account


async def remove(db: Db, actor: UserActor, account_id: UUID) -> PaymentAccount:
    """Removing it twice is removing it once. Refuses NOT_FOUND, and NOT_OPEN while money is on its way to it or from it."""
    mine = select(PaymentAccount).where(PaymentAccount.user_id == actor.user_id, PaymentAccount.id == account_id)
    account = (await db.execute(mine.with_for_update())).scalar_one_or_none()
    if account is None:
        raise not_found(N_("We could not find this payment account."), ("input", "paymentAccountId"))
    if account.removed_at is not None:
        return account
    if await _is_used(db, account):
        sentence = N_("Money is on its way to this account or from it. You can remove it once that has arrived.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=("input", "paymentAccountId"))
    account.removed_at, account.is_default = await clock.now(db), False
    await outbox.announce(db, REMOVED, user_id=actor.user_id, subject_id=account.id)
    return account


async def _is_used(db: Db, account: PaymentAccount) -> bool:
    for is_used in in_use:
        if await is_used(db, account.user_id, account.id):
            return True
    return False


async def _has_money_on_its_way(db: Db, user_id: UUID) -> str | None:
    for account in await _held(db, user_id):
        if await _is_used(db, account):
            return N_("Money is on its way to an account of yours or from it. Try again once that has arrived.")
    return None


putting_away.unfinished.append(_has_money_on_its_way)


async def _held(db: Db, user_id: UUID) -> list[PaymentAccount]:
    """Theirs, locked: two that are added at once are added one after the other."""
    await db.execute(select(PersonIdentity.user_id).where(PersonIdentity.user_id == user_id).with_for_update())
    mine = select(PaymentAccount).where(PaymentAccount.user_id == user_id, PaymentAccount.removed_at.is_(None))
    return list((await db.execute(mine.execution_options(populate_existing=True))).scalars())


async def _receipt(db: Db, actor: UserActor, said: SaidAccount, key: str) -> Receipt:
    input = {"account": said.index.hex(), "isDefault": said.is_default}
    return await receipts.claim(db, actor=actor.name, operation="addPaymentAccount", key=key, input=input)


_ACCOUNTS = Question(
    lambda: (
        select(PaymentAccount)
        .where(PaymentAccount.user_id == ANY_KEY, PaymentAccount.removed_at.is_(None))
        .order_by(PaymentAccount.is_default.desc(), PaymentAccount.id)
    )
)


@loader(_ACCOUNTS)
async def of_users(
    db: Db | None, user_ids: set[UUID], now: datetime, rows: list[tuple[PaymentAccount]]
) -> dict[UUID, list[PaymentAccount]]:
    """Each person's, the default first."""
    found: dict[UUID, list[PaymentAccount]] = {user_id: [] for user_id in user_ids}
    for (account,) in rows:
        found[account.user_id].append(account)
    return found


async def masked(db: Db, keys: set[tuple[UUID, UUID, bytes]]) -> dict[tuple[UUID, UUID, bytes], str]:
    """****1234: enough to know one's own by. For keys of (user, account, its sealed number)."""
    seals = await vault.seals_of(db, {user_id for user_id, _, _ in keys})
    return {key: f"****{seals[key[0]].open(key[2], NUMBER)[-4:]}" for key in keys if key[0] in seals}
