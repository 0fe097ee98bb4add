"""Ready credentials of two partners, of somebody at one of them, and of our staff in each role: embedded default only."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

import orjson
import pyotp
from sqlalchemy import func, select

from domain.market import catalogue
from domain.people import authenticators, partners, staff, staffing
from domain.people.partners import Partner, PartnerClient
from domain.people.staff import Staff, Workplace
from domain.permissions import Role, Scope
from infra import clock
from infra.database import Db, reading, transaction
from infra.ids import global_id
from infra.private_files import write, write_once
from infra.settings import settings

# Of the catalogue: one decides most of its applications itself, one lets homes.
PARTNER, LANDLORD = "longan-demo-bank", "yanxia-homes"
MEMBER = "member"  # somebody of the first one's own staff
ONE_AT_A_TIME = 0x6C6F6E67616E  # an advisory lock: two commands at once write once


class PartnerCredentials(TypedDict):
    clientId: str
    clientSecret: str
    partnerId: str


class StaffCredentials(TypedDict):
    email: str
    password: str
    totpSecret: str


@dataclass(frozen=True)
class DevCredentials:
    partner: PartnerCredentials
    landlord: PartnerCredentials
    member: StaffCredentials
    staff: dict[Role, StaffCredentials]

    def as_json(self) -> dict[str, Any]:
        return {
            "partner": self.partner,
            "landlord": self.landlord,
            MEMBER: self.member,
            **{role.value: proofs for role, proofs in self.staff.items()},
        }


class NotSeeded(Exception):
    """The catalogue is not in the database yet."""


def read_credentials(file: Path) -> DevCredentials:
    """The credentials of `file`, which is made once; whoever came later gets a file beside it."""
    write_once(file, orjson.dumps(_fresh().as_json()))
    kept: dict[str, Any] = orjson.loads(file.read_bytes())
    staff = {role: kept.get(role.value) or _beside(file, role.value, _somebody(role.value)) for role in Role}
    landlord = kept.get("landlord") or _beside(file, "landlord", _client_of(LANDLORD))
    member = kept.get(MEMBER) or _beside(file, MEMBER, _somebody(MEMBER))
    return DevCredentials(kept["partner"], landlord, member, staff)


def _beside(file: Path, name: str, fresh: Any) -> Any:
    beside = file.with_stem(f"{file.stem}-{name}")
    write_once(beside, orjson.dumps(fresh))
    return orjson.loads(beside.read_bytes())


async def ready() -> DevCredentials:
    """Credentials of this house, which are let in from now on. Raises NotSeeded."""
    kept = await asyncio.to_thread(read_credentials, settings().var.resolve() / "dev-credentials.json")
    await let_in(kept)
    return kept


async def let_in(kept: DevCredentials) -> None:
    """Let the database know them, by their hashes; what it has is left alone, what it lost is written again.

    Hashes are slow to compare, so what was let in is remembered, and not compared again while nothing of it changes.
    """
    async with reading() as db:
        if await _mark(db, kept) == await asyncio.to_thread(_remembered):
            return
    async with transaction() as db:
        await _wait_for_others(db)
        await _let_partner_in(db, PARTNER, kept.partner)
        await _let_partner_in(db, LANDLORD, kept.landlord)
        now = await authenticators.authenticator_time(db)
        for role, proofs in kept.staff.items():
            if not await _are_right(db, proofs, Workplace.HERE, now):
                await staffing.appoint(db, **_who(role.value, proofs), role=role)
        if not await _are_right(db, kept.member, Workplace.PARTNER, now):
            partner = await db.get_one(Partner, catalogue.partner_id(PARTNER))
            await staffing.appoint_at(db, partner, **_who(MEMBER, kept.member))
        await db.flush()
        await asyncio.to_thread(write, memory(), await _mark(db, kept))


def memory() -> Path:
    return settings().var.resolve() / "dev-credentials.known"


def _remembered() -> bytes:
    return memory().read_bytes() if memory().exists() else b""


async def _mark(db: Db, kept: DevCredentials) -> bytes:
    """Changes with these credentials, and with whatever lets them in now."""
    now = await clock.now(db)
    ids = [kept.partner["clientId"], kept.landlord["clientId"]]
    indexes = [staff.index(proofs["email"]) for proofs in (kept.member, *kept.staff.values())]
    clients = select(PartnerClient).where(PartnerClient.client_id.in_(ids)).order_by(PartnerClient.client_id)
    members = select(Staff).where(Staff.email_index.in_(indexes)).order_by(Staff.email_index)
    known = [
        *(
            (each.client_id, each.scopes, partners.hashes_at(each, now))
            for each in (await db.execute(clients)).scalars()
        ),
        *(_proofs_of(each) for each in (await db.execute(members)).scalars()),
    ]
    return hashlib.sha256(repr((kept.as_json(), [*Scope], known)).encode()).hexdigest().encode()


def _proofs_of(member: Staff) -> tuple[object, ...]:
    place = member.email_index, member.role, member.partner_id, member.dismissed_at
    return *place, member.password_hash, member.totp_sealed


async def _wait_for_others(db: Db) -> None:
    """However long they take: all these proofs are slow to look at, and Postgres ends a wait for a lock sooner than that."""
    while not (await db.scalar(select(func.pg_try_advisory_xact_lock(ONE_AT_A_TIME)))):  # noqa: ASYNC110  they are no task of ours
        await asyncio.sleep(0.1)


def _fresh() -> DevCredentials:
    staff = {role: _somebody(role.value) for role in Role}
    return DevCredentials(_client_of(PARTNER), _client_of(LANDLORD), _somebody(MEMBER), staff)


def _client_of(code: str) -> PartnerCredentials:
    partner_id = global_id("Partner", catalogue.partner_id(code))
    return {"clientId": f"{code}-server", "clientSecret": secrets.token_urlsafe(32), "partnerId": partner_id}


def _somebody(name: str) -> StaffCredentials:
    password, totp_secret = secrets.token_urlsafe(12), pyotp.random_base32()
    return {"email": f"{name}@longan.example", "password": password, "totpSecret": totp_secret}


async def _let_partner_in(db: Db, code: str, kept: PartnerCredentials) -> None:
    partner = await db.get(Partner, catalogue.partner_id(code))
    if partner is None:
        raise NotSeeded
    client = await db.get(PartnerClient, kept["clientId"])
    now = await clock.now(db)
    if not client or not await asyncio.to_thread(partners.secret_is_right, client, kept["clientSecret"], now):
        await partners.issue_client(db, partner, kept["clientId"], kept["clientSecret"])
    client = await db.get_one(PartnerClient, kept["clientId"])
    client.scopes = [scope.value for scope in Scope]  # those too that came later


async def _are_right(db: Db, kept: StaffCredentials, at: Workplace, now: datetime) -> bool:
    """Whether these proofs sign somebody in there."""
    member, code = await staff.find(db, kept["email"], at), pyotp.TOTP(kept["totpSecret"]).at(now)
    return bool(member) and await asyncio.to_thread(staff.proven_step, member, kept["password"], code, now) is not None


def _who(name: str, kept: StaffCredentials) -> dict[str, str]:
    return {
        "email": kept["email"],
        "name": f"{name.capitalize()} (ready credentials)",
        "password": kept["password"],
        "totp_secret": kept["totpSecret"],
    }
