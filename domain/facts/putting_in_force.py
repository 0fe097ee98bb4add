"""Putting an account in force: one of a person at each provider, and nobody's account for two people."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from domain.actors import UserActor
from domain.facts import accounts, leaving, link_requests, open_readings, orphaned_tokens, readings
from domain.facts.accounts import LinkedAccount, LinkStatus
from domain.facts.leaving import Weigh
from domain.facts.link_requests import AccountLinkRequest
from domain.facts.open_readings import Observed, Opened
from domain.facts.provider_identities import ProviderIdentity
from domain.facts.provider_subjects import ProviderSubject
from infra import clock, outbox, vault
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.words import N_


async def record_link(
    db: Db,
    actor: UserActor,
    request: AccountLinkRequest,
    identity: ProviderIdentity,
    observed: Iterable[Observed],
    *,
    simulated: bool,
    weigh: Weigh,
) -> LinkedAccount:
    """Write the account and its facts, and announce `account.linked`. Refuses ACCOUNT_LINKED_ELSEWHERE."""
    account = await put_in_force(
        db,
        actor,
        request.provider,
        identity,
        observed,
        simulated=simulated,
        weigh=weigh,
        field=("input", "callbackUrl"),
    )
    await link_requests.record_success(db, request, account.id)
    return account


async def put_in_force(
    db: Db,
    actor: UserActor,
    provider: str,
    identity: ProviderIdentity,
    observed: Iterable[Observed],
    *,
    simulated: bool,
    weigh: Weigh,
    field: tuple[str, ...],
) -> LinkedAccount:
    """The account in force from now on, with what it told. Refuses ACCOUNT_LINKED_ELSEWHERE, by `field`."""
    # One link of a person at a time: two at once would each see no other account of this provider.
    await readings.take_turn(db, actor.user_id)
    account = await _account_for(db, actor, provider, identity, weigh)
    await _claim(db, account, account.provider, account.subject_index, weigh, field)
    if identity.union_id:
        # Known to all apps of one owner: several doors of a provider may lead to the same account.
        family = f"{identity.family}.union"
        index = vault.blind_index(f"subject:{family}", identity.union_id)
        await _claim(db, account, family, index, weigh, field)
    told = Opened(account.source, open_readings.rows_of(observed), simulated)
    await leaving.replace_readings(db, actor.user_id, account.id, told, weigh)
    await outbox.announce(db, accounts.LINKED, user_id=actor.user_id, subject_id=account.id)
    return account


async def _account_for(
    db: Db, actor: UserActor, provider: str, identity: ProviderIdentity, weigh: Weigh
) -> LinkedAccount:
    now = await clock.now(db)
    seal = await vault.seal_of(db, actor.user_id)
    index = vault.blind_index(f"subject:{provider}", identity.subject)
    tokens = seal.close(identity.tokens, accounts.TOKENS)
    name = seal.close(identity.display_name, accounts.NAME) if identity.display_name else None
    await _make_room(db, actor.user_id, provider, index, weigh)
    known = select(LinkedAccount).where(
        LinkedAccount.user_id == actor.user_id,
        LinkedAccount.provider == provider,
        LinkedAccount.subject_index == index,
    )
    account = (await db.execute(known.with_for_update())).scalar_one_or_none()
    if account is None:
        account = LinkedAccount(
            user_id=actor.user_id,
            provider=provider,
            subject_index=index,
            display_name_sealed=name,
            tokens_sealed=tokens,
            scopes=identity.scopes,
            linked_at=now,
        )
        db.add(account)
    else:
        if account.status != LinkStatus.ACTIVE:
            accounts.LIFE.require(account.status, LinkStatus.ACTIVE)
        account.status, account.unlinked_at, account.scopes = LinkStatus.ACTIVE, None, identity.scopes
        account.display_name_sealed, account.tokens_sealed = name, tokens
        await orphaned_tokens.keep_account(db, account.id)
    account.renew_at, account.ends_at, account.renewal_unanswered = identity.renew_at, identity.ends_at, False
    await db.flush()
    return account


async def _make_room(db: Db, user_id: UUID, provider: str, subject_index: bytes, weigh: Weigh) -> None:
    """A person has one account at a provider: another one takes the place of the one before."""
    others = select(LinkedAccount).where(
        LinkedAccount.user_id == user_id,
        LinkedAccount.provider == provider,
        LinkedAccount.subject_index != subject_index,
        accounts.IS_IN_FORCE,
    )
    for account in (await db.execute(others.with_for_update())).scalars():
        await accounts.end_link(db, account, weigh)


async def _claim(
    db: Db, account: LinkedAccount, provider: str, index: bytes, weigh: Weigh, field: tuple[str, ...]
) -> None:
    """Hold this subject for the account. What the person linked by another door before is let go."""
    claimed = {"provider": provider, "subject_index": index, "user_id": account.user_id, "account_id": account.id}
    claim = insert(ProviderSubject).values(claimed).on_conflict_do_nothing()
    await db.execute(claim)
    holder = await db.get(ProviderSubject, (provider, index), populate_existing=True)
    if holder is not None and holder.user_id == account.user_id and holder.account_id != account.id:
        before = await db.get_one(LinkedAccount, (holder.user_id, holder.account_id), with_for_update=True)
        await accounts.end_link(db, before, weigh)
        await db.execute(claim)
        holder = await db.get(ProviderSubject, (provider, index), populate_existing=True)
    if holder is None or holder.user_id != account.user_id:
        raise Refusal(
            RefusalCode.ACCOUNT_LINKED_ELSEWHERE,
            N_("This account is linked to somebody else. Unlink it there first, or choose another account."),
            field=field,
        )
