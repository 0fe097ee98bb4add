"""Papers: what was signed, each year that is over, and that nothing is owed; the same for ever, and nobody else's."""

import asyncio
import re
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from domain.agreements import booking
from domain.agreements.agreements import Agreement
from domain.agreements.papers import issuing, papers
from domain.agreements.papers.booked import Booked
from domain.agreements.papers.papers import BODY, IssuedPaper, PaperKind, PaperName
from domain.agreements.standings import standing_of
from domain.evidence.leaves import CONTENT, Evidence
from domain.market.kinds import ProductKind
from domain.people.partners import Partner
from infra import clock as house_clock
from infra import vault
from infra.database import Db, reading, transaction
from infra.ids import new_id
from infra.settings import settings
from infra.words import SPOKEN
from tests.api.app.test_identity import new_id_number, verify
from tests.clocks import Clock
from tests.days import pass_days, pass_days_until
from tests.domain.agreements.leases import open_lease
from tests.domain.agreements.loans import open_loan, owner, pay_out, repay
from tests.domain.agreements.test_accepting import accept, offered
from tests.domain.agreements.test_drawing import cny
from tests.phones import Answer, NewPhone, Phone, new_key, uuid_of

PAPERS = "query($id: ID!) { node(id: $id) { ... on Agreement { papers { kind year title url issuedAt sha256 } } } }"
TAGS = re.compile(r"<style>.*?</style>|<[^>]+>", re.DOTALL)


async def papers_of(person: Phone, agreement: Answer) -> list[Answer]:
    found: list[Answer] = (await person.ask(PAPERS, id=agreement["id"]))["node"]["papers"]
    return found


async def fetch(person: Phone, url: str) -> httpx2.Response:
    path = url.removeprefix(settings().public_url)
    return await person.http.get(path, headers={"Authorization": f"Bearer {person.token}"} if person.token else {})


def words_of(page: str) -> str:
    return " ".join(TAGS.sub(" ", page).split())


async def agreed(person: Phone) -> Answer:
    await verify(person, new_id_number("20000203"))
    return await accept(person, await offered(person))


async def paid_off(person: Phone, agreement: Answer) -> None:
    """A draw-down that arrived, and all of it paid back on the same day."""
    async with transaction() as db:
        drawn_of = await db.get_one(Agreement, (person.user_id, uuid_of(agreement["id"])))
        await pay_out(db, drawn_of, 500_00)
    said = {"agreementId": agreement["id"], "amount": cny("500.00"), "idempotencyKey": new_key()}
    paid = await person.do("Repay", **said)
    assert (paid["status"], paid["agreement"]["status"]) == ("SETTLED", "SETTLED"), paid


async def test_papers_are_issued_once_and_stay(shopper: Phone, clock: Clock) -> None:
    agreement = await agreed(shopper)
    (contract,) = await papers_of(shopper, agreement)
    assert (contract["kind"], contract["title"]) == ("SIGNED_CONTRACT", "Signed contract")
    assert (contract["year"], contract["issuedAt"], contract["sha256"]) == (None, None, None)
    answers = await asyncio.gather(*(fetch(shopper, contract["url"]) for _ in range(10)))
    assert {(each.status_code, each.content) for each in answers} == {(200, answers[0].content)}
    page = answers[0]
    headers = page.headers
    assert (headers["cache-control"], headers["vary"]) == ("no-store", "Authorization")
    assert headers["content-disposition"] == 'inline; filename="longan-signed-contract.html"'
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    (now,) = await papers_of(shopper, agreement)
    assert now["sha256"] == sha256(page.content).hexdigest() and headers["etag"] == f'"{now["sha256"]}"'
    assert now["issuedAt"] is not None

    await paid_off(shopper, agreement)
    await clock.forward(days=1)
    await shopper.renew()
    assert (await fetch(shopper, contract["url"])).content == page.content
    kept = await fetch(shopper, contract["url"] + "?download")
    assert kept.headers["content-disposition"] == 'attachment; filename="longan-signed-contract.html"'
    first, second = await papers_of(shopper, agreement)
    assert (first, second["kind"]) == (now, "PROOF_OF_SETTLEMENT")
    proof = words_of((await fetch(shopper, second["url"])).text)
    assert "nothing is owed to 青桐渡消费金融 or to Longan. Person 李雷" in proof, proof
    assert "What you got CN¥500.00 Your payments -CN¥500.00 Owed CN¥0.00" in proof, proof
    assert await proved(shopper) == {now["sha256"], (await papers_of(shopper, agreement))[1]["sha256"]}


async def proved(person: Phone) -> set[str]:
    """The hashes of papers that the person's evidence commits to; what is kept of a paper is sealed, and is its page."""
    async with reading() as db:
        seal = await vault.seal_of(db, person.user_id)
        kept = (await db.execute(select(IssuedPaper).where(IssuedPaper.user_id == person.user_id))).scalars().all()
        leaves = (await db.execute(select(Evidence).where(Evidence.user_id == person.user_id))).scalars().all()
    for row in kept:
        assert sha256(seal.open(row.body_sealed, BODY).encode()).hexdigest() == row.sha256
    contents = [seal.open(each.content_sealed, CONTENT)["content"] for each in leaves]
    return {row.sha256 for row in kept if sum(row.sha256 in content for content in contents) == 1}


async def test_a_contract_says_who_signed_what_as_it_was_read(shopper: Phone) -> None:
    agreement = await agreed(shopper)
    (told,) = await papers_of(shopper, agreement)
    page = (await fetch(shopper, told["url"])).text
    documents = (
        await shopper.ask(
            "query($id: ID!) { node(id: $id) { ... on Agreement { documents { url sha256 } } } }", id=agreement["id"]
        )
    )["node"]["documents"]
    assert len(documents) == 3
    for document in documents:
        read = (await shopper.http.get(document["url"].removeprefix(settings().public_url))).text
        text = read.partition("</header>\n")[2].partition("</main>")[0]
        assert text in page and document["sha256"] in page
    assert shopper.number not in page and shopper.number[-4:] in page and "20000203" not in page
    chinese = (await fetch(shopper, told["url"].removesuffix("en") + "zh")).text
    assert 'lang="zh-CN"' in chinese and "签署的文件" in chinese


async def test_nobody_else_gets_them(shopper: Phone, new_phone: NewPhone) -> None:
    agreement = await agreed(shopper)
    (told,) = await papers_of(shopper, agreement)
    other = await new_phone()
    assert (await fetch(other, told["url"])).status_code == 401
    await other.sign_in()
    url: str = told["url"]
    wrong = (
        url.replace("signed-contract", "proof-of-settlement"),
        url.replace("signed-contract", "signed-contract-2026"),
        url.replace("signed-contract", "yearly-statement"),
        url.replace("signed-contract", "yearly-statement-1999"),
        url.removesuffix("en") + "de",
        url.replace(agreement["id"], (await shopper.ask("{ viewer { id } }"))["viewer"]["id"]),
        url.replace(agreement["id"], "none"),
    )
    assert (await fetch(other, url)).status_code == 404
    assert [(await fetch(shopper, each)).status_code for each in wrong] == [404] * len(wrong)
    async with reading() as db:
        mine = select(IssuedPaper.id).where(IssuedPaper.user_id.in_([shopper.user_id, other.user_id]))
        assert (await db.execute(mine)).all() == []


@pytest.mark.parametrize("kind", ProductKind)
async def test_of_each_kind_the_years_follow_each_other(db: Db, kind: ProductKind) -> None:
    partner = Partner(id=new_id(), code=f"p-{new_id()}", name="Somebody & Sons", purpose="LENDING")
    db.add(partner)
    await db.flush()
    agreement = await begun(db, kind, partner.id)
    signed = await house_clock.today(db)
    await repay(db, agreement, 123_45)
    for year in (1, 2):
        await pass_days_until(db, signed.replace(year=signed.year + year, month=1, day=2), agreement.user_id)
        await repay(db, agreement, 200_00)
    standing = await standing_of(db, agreement)
    names = [*papers.available(standing)]
    years = [name.year for name in names if name.kind is PaperKind.YEARLY_STATEMENT and name.year]
    assert years == [signed.year, signed.year + 1]
    first, second, all_of_it = (*(Booked.in_year(standing, year) for year in years), Booked.in_all(standing))
    assert (first.before, second.before, all_of_it.before) == (0, first.after, 0)
    assert first.lines and second.lines and second.after == second.before + sum(second.totals.values())
    assert all_of_it.after == sum(each.amount for each in standing.movements)
    texts = [await page(db, agreement, name) for name in papers.available(standing)]
    await pass_days(db, 1, agreement.user_id)
    await repay(db, agreement, 77)
    assert [await page(db, agreement, name) for name in papers.available(standing)] == texts
    assert all("Somebody &amp; Sons" in each for both in texts for each in both)


async def begun(db: Db, kind: ProductKind, partner_id: UUID) -> Agreement:
    """Two years of it, all of it owed from today."""
    if kind is ProductKind.RENTAL:
        return await open_lease(db, months=24, held=0, partner_id=partner_id)
    agreement = await open_loan(db, months=24, kind=kind, partner_id=partner_id)
    if kind is ProductKind.LOAN:
        await pay_out(db, agreement, agreement.amount)
    else:
        await booking.book_got(db, agreement, new_id(), agreement.amount, 0)
    return agreement


async def page(db: Db, agreement: Agreement, name: PaperName) -> Sequence[str]:
    """The paper in each language."""
    pages = [await issuing.issue(db, owner(agreement), agreement.id, name, locale) for locale in SPOKEN]
    assert all(each is not None and "<li></li>" not in each.body for each in pages)
    return [each.body for each in pages if each]
