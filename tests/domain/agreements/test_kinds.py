"""What tells kinds of agreements apart is complete: graphs, accounts and papers in every language."""

from decimal import Decimal

import pytest

from domain.agreements.agreements import AgreementStatus
from domain.agreements.kind import AgreementKind
from domain.agreements.kinds import KINDS
from domain.applications.papers.writing import PAPERS, PaperTerms, write
from domain.ledger.kinds import OWED
from domain.market.goods import TIMES
from domain.market.kinds import ProductKind
from domain.money.instalments import plan
from infra.words import SPOKEN


def terms(kind: ProductKind, late_fee_rate: str = "0") -> PaperTerms:
    lends = kind.terms.lends
    return PaperTerms(
        partner="The partner",
        title="The thing",
        kind=kind,
        currency="CNY",
        amount=1_200_00,
        months=3,
        annual_rate=Decimal("0.12") if lends else None,
        annual_cost=Decimal("0.1534"),
        cap=Decimal("0.24"),
        monthly=408_03,
        total=1_236_09,
        received=1_188_00 if lends else 1_200_00,
        deposit=0,
        waived=0,
        principal_first=False,
        instalments=plan(1_200_00, Decimal("0.12"), 3),
        times=TIMES[kind.terms.goods] if kind.terms.goods else None,
        late_fee_rate=Decimal(late_fee_rate),
    )


def test_a_late_fee_is_read_before_anybody_signs_and_none_where_there_is_none() -> None:
    for paper, without in zip(write(terms(ProductKind.LOAN, "0.05")), write(terms(ProductKind.LOAN)), strict=True):
        says = {
            "en": "within 3 days after it was due costs a late fee of 5.00% of it",
            "zh": "3 天内没有付清的，就当期未付部分收取一次 5.00% 的滞纳金",
        }
        is_about_it = "Schedule" not in paper.title and "计划" not in paper.title
        assert (says[paper.locale] in paper.body) is is_about_it, paper.title
        assert says[paper.locale] not in without.body


@pytest.mark.parametrize("kind", ProductKind)
def test_each_kind_has_all_papers_in_every_language(kind: ProductKind) -> None:
    papers = write(terms(kind))
    assert [paper.locale for paper in papers] == [locale for locale in SPOKEN for _ in PAPERS]
    assert len({paper.sha256 for paper in papers}) == len(papers)
    for paper in papers:
        assert ("CN¥12.00" in paper.body or "¥12.00" in paper.body) is kind.terms.lends, "the fee, where one is lent"
        assert "<li></li>" not in paper.body and "<p></p>" not in paper.body
        assert paper.body.count("<li>") == paper.body.count("</li>")


def test_what_is_drawn_is_said_of_loans_alone() -> None:
    for kind in ProductKind:
        words = [paper.body for paper in write(terms(kind)) if paper.locale == "en"]
        assert any(" draw " in body or " drawn" in body for body in words) is (kind is ProductKind.LOAN)


@pytest.mark.parametrize("kind", KINDS.values(), ids=[kind.value for kind in KINDS])
def test_each_kind_walks_from_an_acceptance_to_an_end(kind: AgreementKind) -> None:
    life = kind.life
    assert life.begins is AgreementStatus.PENDING
    assert life.ends == (AgreementStatus.SETTLED, AgreementStatus.UNWOUND)


def test_what_a_kind_makes_owed_is_owed() -> None:
    assert {kind.books.owed for kind in KINDS.values()} <= {*OWED}
