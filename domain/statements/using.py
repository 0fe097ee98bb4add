"""Using a statement: the person has seen what it tells, and lets it count."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from domain.actors import UserActor
from domain.credit.assessing import points_gained
from domain.facts import putting_in_force
from domain.facts.accounts import LinkedAccount
from domain.statements import statements
from domain.statements.months import facts_of
from domain.statements.statements import OtherPerson, Statement, StatementTold
from infra import clock, receipts
from infra.database import Db
from infra.entity import Json
from infra.errors import Refusal, RefusalCode, not_found
from infra.words import N_

FIELD = ("input", "statementId")
SUFFIX = "-statement"


@dataclass(frozen=True)
class StatementIdentity:
    """Whose account at the company a bill is of. No token lets anybody read there."""

    subject: str = field(repr=False)
    family: str
    display_name: str | None = field(repr=False)
    union_id: str | None = None
    tokens: Json = field(default_factory=dict)
    scopes: list[str] = field(default_factory=list)
    renew_at: datetime | None = None
    ends_at: datetime | None = None


async def use(db: Db, actor: UserActor, statement_id: UUID, *, key: str) -> LinkedAccount:
    """Let a statement count, in the place of one of the same company before it. Refuses NOT_FOUND; NOT_OPEN what is over;
    NOT_ALLOWED another person's; ACCOUNT_LINKED_ELSEWHERE.
    """
    told = {"statementId": str(statement_id)}
    receipt = await receipts.claim(db, actor=actor.name, operation="useStatement", key=key, input=told)
    if receipt.result_id is None:
        receipt.result_id = await _use(db, actor, statement_id)
    return await db.get_one(LinkedAccount, (actor.user_id, receipt.result_id))


async def _use(db: Db, actor: UserActor, statement_id: UUID) -> UUID:
    its = select(Statement).where(Statement.user_id == actor.user_id, Statement.id == statement_id)
    statement = (await db.execute(its.with_for_update())).scalar_one_or_none()
    if statement is None:
        raise not_found(N_("We could not find this bill. Please send it again."), FIELD)
    if statement.account_id is not None:
        return statement.account_id
    told, now = await statements.opened(db, statement), await clock.now(db)
    if told is None or statement.expires_at <= now:
        sentence = N_("What this bill told is not kept any more. Please send it again.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=FIELD)
    account = await _count(db, actor, told, now)
    statement.account_id, statement.told_sealed = account.id, None
    return account.id


async def _count(db: Db, actor: UserActor, told: StatementTold, now: datetime) -> LinkedAccount:
    try:
        await statements.refuse_others(db, actor.user_id, told.holder)
    except OtherPerson:
        sentence = N_("This bill is made out to another name than yours.")
        raise Refusal(RefusalCode.NOT_ALLOWED, sentence, field=FIELD) from None
    # Without a holder there is only a nickname, which anybody may take and change: then it is the person's one account there.
    subject = told.account if told.holder else str(actor.user_id)
    provider = f"{told.provider}{SUFFIX}"
    identity = StatementIdentity(subject, provider, told.account or None)
    facts = facts_of(told.months, told.begins, told.ends, now)
    return await putting_in_force.put_in_force(
        db, actor, provider, identity, facts, simulated=False, weigh=points_gained, field=FIELD
    )
