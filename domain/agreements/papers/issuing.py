"""Issuing: a paper is written when it is first asked for, sealed for its person, and stays as it was then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from markupsafe import Markup
from sqlalchemy import select

from domain.actors import UserActor
from domain.agreements import agreements, deposits
from domain.agreements.agreements import Agreement
from domain.agreements.papers import papers
from domain.agreements.papers.booked import Booked
from domain.agreements.papers.papers import BODY, TITLES, IssuedPaper, PaperKind, PaperName
from domain.agreements.standings import AgreementStanding, standing_of
from domain.applications.offers import Document
from domain.evidence import leaves
from domain.evidence.leaves import EvidenceKind
from domain.papers import writing
from domain.papers.writing import WrittenPaper
from domain.people import identities, phones
from domain.people.partners import Partner
from domain.people.users import PHONE, User
from infra import clock, vault
from infra.database import Db
from infra.words import Locale, say

PAGES = Path(__file__).parent / "pages"
SHOWN_DIGITS = 4
TEMPLATES = {
    PaperKind.SIGNED_CONTRACT: "signed",
    PaperKind.YEARLY_STATEMENT: "year",
    PaperKind.PROOF_OF_SETTLEMENT: "settled",
}


@dataclass(frozen=True)
class Holder:
    """Who signed: name and the end of the id number of whoever is known by them, and their number as they know it."""

    name: str | None
    id_number: str | None
    phone: str


@dataclass(frozen=True)
class SignedDocument:
    """What was read before it was signed: its text, as it stands in the page that hashes to `sha256`."""

    title: str
    sha256: str
    text: Markup


@dataclass(frozen=True)
class KeptPaper:
    """A paper as it was issued."""

    name: PaperName
    body: str
    sha256: str
    issued_at: datetime


async def issue(db: Db, actor: UserActor, agreement_id: UUID, name: PaperName, locale: Locale) -> KeptPaper | None:
    """The paper as it was issued; issued now where it never was. None where there is no such paper of theirs, or not yet."""
    if (issued := await _issued(db, actor.user_id, agreement_id, name, locale)) is not None:
        return issued
    # Nothing more is booked while it is written, so that two that ask get the same, and a year is whole.
    agreement = await agreements.lock(db, actor.user_id, agreement_id)
    if agreement is None or (issued := await _issued(db, actor.user_id, agreement_id, name, locale)) is not None:
        return issued
    standing = await standing_of(db, agreement)
    if name not in papers.available(standing):
        return None
    return await _keep(db, agreement, name, await _write(db, standing, name, locale))


async def _issued(db: Db, user_id: UUID, agreement_id: UUID, name: PaperName, locale: Locale) -> KeptPaper | None:
    its = select(IssuedPaper).where(IssuedPaper.user_id == user_id, IssuedPaper.agreement_id == agreement_id)
    named = its.where(IssuedPaper.kind == name.kind, IssuedPaper.year.is_not_distinct_from(name.year))
    row = (await db.execute(named.where(IssuedPaper.locale == locale))).scalar_one_or_none()
    if row is None:
        return None
    body = (await vault.seal_of(db, user_id)).open(row.body_sealed, BODY)
    return KeptPaper(name, body, row.sha256, row.issued_at)


async def _keep(db: Db, agreement: Agreement, name: PaperName, written: WrittenPaper) -> KeptPaper:
    """Sealed, and its hash in the log: whoever is handed the page can be shown that it is ours."""
    now, seal = await clock.now(db), await vault.seal_of(db, agreement.user_id)
    db.add(
        IssuedPaper(
            user_id=agreement.user_id,
            agreement_id=agreement.id,
            kind=name.kind,
            year=name.year,
            locale=written.locale,
            sha256=written.sha256,
            body_sealed=seal.close(written.body, BODY),
            issued_at=now,
        )
    )
    told = {"agreement": str(agreement.id), "paper": name.text, "language": written.locale, "sha256": written.sha256}
    await leaves.add(db, agreement.user_id, EvidenceKind.AGREEMENT, agreement.id, told)
    return KeptPaper(name, written.body, written.sha256, now)


async def _write(db: Db, standing: AgreementStanding, name: PaperName, locale: Locale) -> WrittenPaper:
    agreement = standing.agreement
    booked = Booked.in_year(standing, name.year) if name.year else Booked.in_all(standing)
    is_signed = name.kind is PaperKind.SIGNED_CONTRACT
    return writing.write(
        PAGES,
        TEMPLATES[name.kind],
        locale,
        name=say(TITLES[name.kind], locale, year=name.year),
        title=agreement.title,
        partner=(await db.get_one(Partner, agreement.partner_id)).name,
        currency=agreement.currency,
        agreement=agreement,
        holder=await _holder(db, agreement.user_id),
        issued_on=await clock.today(db),
        year=name.year,
        booked=booked,
        deposit=await deposits.find(db, agreement.user_id, agreement.id),
        documents=await _documents(db, agreement) if is_signed else [],
    )


async def _holder(db: Db, user_id: UUID) -> Holder:
    seal, user = await vault.seal_of(db, user_id), await db.get_one(User, user_id)
    identity = await identities.identity_of(db, user_id)
    known = await identities.opened(db, identity) if identity else None
    name, number = (known[0], f"**** {known[1].text[-SHOWN_DIGITS:]}") if known else (None, None)
    return Holder(name, number, phones.masked(seal.open(user.phone_sealed, PHONE)))


async def _documents(db: Db, agreement: Agreement) -> Sequence[SignedDocument]:
    """In the order in which they were shown."""
    rows = await db.execute(select(Document).where(Document.sha256.in_(agreement.documents)))
    found = {each.sha256: each for each in rows.scalars()}
    return [
        SignedDocument(each.title, each.sha256, _text_of(each)) for each in map(found.__getitem__, agreement.documents)
    ]


def _text_of(document: Document) -> Markup:
    """What stands between the page's head and its end; of a plain text, all of it."""
    _, found, rest = document.body.partition("</header>\n")
    if not found:
        return Markup("<pre>{}</pre>").format(document.body)
    return Markup(rest.partition("</main>")[0])  # noqa: S704 - our own page, with all values escaped
