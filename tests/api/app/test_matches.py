"""Matches are never stale, hold what a person can have, say why, and are ordered by cost alone where they want it so."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from api.graphql.kept import answers
from domain.market import catalogue, products
from domain.market.products import Product, ProductStatus
from domain.matching import lists, matches, shelf
from domain.matching.candidates import allowed, illustrated
from domain.matching.impressions import Impression
from domain.matching.learning import exploring
from domain.matching.matcher import OddsBand, matcher
from domain.matching.matches import Match
from domain.matching.odds import bands
from infra import clock
from infra.database import reading, transaction
from infra.ids import global_id
from infra.settings import settings
from ml.live.store import ModelKind
from tests.applying import AT_ONCE, BY_PARTNER, apply
from tests.ml import standings
from tests.nothing import NOBODYS
from tests.phones import Phone, uuid_of

MATCHES = """query ($kind: ProductKind, $first: Int) { viewer { matching { isPersonal modelVersion simulated weights {
    name weight meaning } } matches(kind: $kind, first: $first) { edges { node { id oddsBand sponsored
    bandEvidence { basis decided approvalRate message simulated } reasons { code message } monthlyCost { amount }
    basis { amount { amount } annualCost } product { id title annualRate } } } } } }"""
WHY_NOT = "query ($id: ID!) { viewer { whyNot(productId: $id) { isOffered product { id } reasons { code message } } } }"
PREFER = """mutation ($personal: Boolean!) { setMatchPreference(input: {isPersonal: $personal}) {
    ... on Matching { isPersonal } ... on Refusal { code } } }"""
DRAWN, NOT_DRAWN = (0.0, 0.5), (1.0, 0.0)
LOAN = catalogue.product_id("longan-demo-bank", "ldb-everyday")


@pytest.fixture(autouse=True)
def nothing_is_explored(monkeypatch: pytest.MonkeyPatch, models: None) -> None:
    monkeypatch.setattr(settings(), "explore_share", 0.0)


async def seen(person: Phone, **asked: Any) -> list[Any]:
    viewer = (await person.ask(MATCHES, first=100, **asked))["viewer"]
    return [edge["node"] for edge in viewer["matches"]["edges"]]


async def product_ids(person: Phone) -> list[str]:
    return [match["product"]["id"] for match in await seen(person)]


async def why_not(person: Phone, product_id: str) -> Any:
    return (await person.ask(WHY_NOT, id=product_id))["viewer"]["whyNot"]


async def walked(person: Phone, count: int, after: str | None) -> list[Match]:
    """All that follows, page by page."""
    found: list[Match] = []
    while True:
        async with reading() as db:
            page = await matches.page(db, person.user_id, kind=None, first=count, after=after)
        found, after = [*found, *page.items], page.end
        if not page.has_next:
            return found


async def change(product_id: UUID, **values: Any) -> None:
    async with transaction() as db:
        await db.execute(update(Product).where(Product.id == product_id).values(**values))


class TestTheNextReadIsRight:
    async def test_after_a_product_was_edited(self, regular: Phone) -> None:
        def rate(found: list[Any]) -> list[str]:
            return [match["product"]["annualRate"] for match in found if match["product"]["id"] == BY_PARTNER]

        assert rate(await seen(regular)) == ["0.144"]
        await change(LOAN, annual_rate=Decimal("0.1"))
        try:
            (match,) = [match for match in await seen(regular) if match["product"]["id"] == BY_PARTNER]
            assert (match["product"]["annualRate"], match["basis"]["annualCost"]) == ("0.1", "0.1000")
        finally:
            await change(LOAN, annual_rate=Decimal("0.144"))
        assert rate(await seen(regular)) == ["0.144"]

    async def test_after_a_product_was_retired_and_published_again(self, regular: Phone) -> None:
        before = await product_ids(regular)
        await change(LOAN, status=ProductStatus.RETIRED)
        try:
            assert await product_ids(regular) == [id for id in before if id != BY_PARTNER]
        finally:
            await change(LOAN, status=ProductStatus.PUBLISHED)
        assert await product_ids(regular) == before

    async def test_after_the_last_account_was_unlinked(self, shopper: Phone) -> None:
        assert any(match["oddsBand"] for match in await seen(shopper))
        for account in (await shopper.send("Home"))["linkedAccounts"]:
            await shopper.do("UnlinkAccount", linkedAccountId=account["id"])
        found = await seen(shopper)
        assert found
        assert {match["oddsBand"] for match in found} == {None}

    async def test_after_the_profile_changed(self, shopper: Phone) -> None:
        here = {product.id for product in catalogue.read().products if "CN-SH" in product.rules.get("regions", [])}
        only_here = {global_id("Product", id) for id in here}
        assert only_here & set(await product_ids(shopper))
        await shopper.tell(region="CN-XZ")
        assert not only_here & set(await product_ids(shopper))

    async def test_after_a_change_that_is_younger_than_the_transaction(self, shopper: Phone) -> None:
        async with reading() as db:
            await clock.now(db)
            await shopper.tell(region="CN-XZ")
            assert (await lists.list_for(db, shopper.user_id)).applicant.region == "CN-XZ"

    async def test_after_another_model_was_promoted(self, regular: Phone) -> None:
        champion = (await standings.standing(ModelKind.MATCH)).champion
        model = await standings.load_match(str(champion))
        await seen(regular)
        async with standings.put_back():
            version = await standings.promote(replace(model, odds_platt=replace(model.odds_platt, shift=-9.0)))
            await standings.catch_up()
            viewer = (await regular.ask(MATCHES, first=100))["viewer"]
            assert viewer["matching"]["modelVersion"].startswith(version)
            bands = {edge["node"]["oddsBand"] for edge in viewer["matches"]["edges"]}
            assert bands <= {"LOW", None}
        viewer = (await regular.ask(MATCHES, first=1))["viewer"]
        assert viewer["matching"]["modelVersion"].startswith(str(champion))

    async def test_after_an_approval_added_to_the_monthly_burden(self, shopper: Phone) -> None:
        async with reading() as db:
            before = await lists.list_for(db, shopper.user_id)
        application = await apply(shopper, AT_ONCE, "3000.00", termMonths=3)
        assert application["decision"]["outcome"] == "APPROVE"
        async with reading() as db:
            after = await lists.list_for(db, shopper.user_id)
        assert before.applicant.burden == 0 < after.applicant.burden
        assert len(after.candidates) <= len(before.candidates)

    async def test_and_nothing_is_ranked_anew_where_nothing_changed(self, regular: Phone) -> None:
        async with reading() as db:
            assert await lists.list_for(db, regular.user_id) is await lists.list_for(db, regular.user_id)

    async def test_nor_a_page_told_anew_until_its_evidence_changes(
        self, regular: Phone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def first() -> Match:
            async with reading() as db:
                return (await matches.page(db, regular.user_id, kind=None, first=5, after=None)).items[0]

        before = await first()
        assert before.odds_band is not None
        assert await first() is before
        nothing = dict.fromkeys(OddsBand, bands.NO_EVIDENCE)
        monkeypatch.setattr(bands, "evidence_of", lambda db, matcher: asyncio.sleep(0, nothing))
        assert (await first()).odds_band is None


class TestTheOrder:
    async def test_is_that_of_ranking_each_product_alone(self, regular: Phone) -> None:
        """Brute force: every published product, judged, illustrated and valued by itself, then sorted."""
        async with reading() as db:
            found = await lists.list_for(db, regular.user_id)
            published = (await db.execute(products.published())).scalars().all()
        values = {}
        for product in published:
            alone = shelf.shelf_of([product])
            everything = illustrated(alone, found.applicant)
            if len(allowed(alone, found.applicant)):
                values[product.id] = matcher().rank(found.sheet, found.scored, everything).value[0]
        order = sorted(values, key=lambda id: (-values[id], id.bytes))
        assert await product_ids(regular) == [global_id("Product", id) for id in order]

    async def test_of_one_kind_is_that_of_all(self, regular: Phone) -> None:
        loans = [match["id"] for match in await seen(regular, kind="LOAN")]
        assert loans == [match["id"] for match in await seen(regular) if match["id"] in loans]


class TestWalkingOnWhileTheListChanges:
    """`first` and `then`: what the dice say of the list at first, and once it has changed."""

    @pytest.mark.parametrize("count", [3, 5, 6, 8])
    @pytest.mark.parametrize(("first", "then"), [(DRAWN, NOT_DRAWN), (NOT_DRAWN, DRAWN), (DRAWN, (0.0, 0.9))])
    async def test_everything_is_seen_once(
        self,
        regular: Phone,
        monkeypatch: pytest.MonkeyPatch,
        count: int,
        first: tuple[float, float],
        then: tuple[float, float],
    ) -> None:
        monkeypatch.setattr(settings(), "explore_share", 0.05)
        monkeypatch.setattr(exploring, "_dice", lambda list_id: first)
        async with reading() as db:
            begun = await matches.page(db, regular.user_id, kind=None, first=count, after=None)
        monkeypatch.setattr(exploring, "_dice", lambda list_id: then)
        rest = await walked(regular, count, begun.end)
        seen_so = [match.id for match in begun.items] + [match.id for match in rest]
        async with reading() as db:
            found = await lists.list_for(db, regular.user_id)
        assert len(seen_so) == len(found.candidates)
        assert len(set(seen_so)) == len(seen_so)
        assert all(0 < match.shown.propensity <= 1 for match in rest)

    @pytest.mark.parametrize("count", [3, 5, 6])
    async def test_and_nothing_is_left_out_where_the_last_that_was_seen_is_gone(
        self, regular: Phone, monkeypatch: pytest.MonkeyPatch, count: int
    ) -> None:
        monkeypatch.setattr(settings(), "explore_share", 0.05)
        monkeypatch.setattr(exploring, "_dice", lambda list_id: DRAWN)
        everything = {match.id for match in await walked(regular, 100, None)}
        async with reading() as db:
            begun = await matches.page(db, regular.user_id, kind=None, first=count, after=None)
        await change(begun.items[-1].id, status=ProductStatus.RETIRED)
        try:
            rest = [match.id for match in await walked(regular, count, begun.end)]
        finally:
            await change(begun.items[-1].id, status=ProductStatus.PUBLISHED)
        assert len(rest) == len(everything) - count
        assert {match.id for match in begun.items}.isdisjoint(rest)

    async def test_by_cost_alone_too(self, shopper: Phone) -> None:
        await shopper.ask(PREFER, personal=False)
        async with reading() as db:
            begun = await matches.page(db, shopper.user_id, kind=None, first=5, after=None)
        everything = [match.id for match in await walked(shopper, 100, None)]
        await change(everything[1], status=ProductStatus.RETIRED)
        try:
            assert [match.id for match in await walked(shopper, 4, begun.end)] == everything[5:]
        finally:
            await change(everything[1], status=ProductStatus.PUBLISHED)


class TestThePreference:
    async def test_by_cost_alone(self, shopper: Phone) -> None:
        personal = await seen(shopper)
        answer = await shopper.ask(PREFER, personal=False)
        assert answer == {"setMatchPreference": {"isPersonal": False}}
        found = await seen(shopper)
        costs = [(float(match["basis"]["annualCost"]), float(match["monthlyCost"]["amount"])) for match in found]
        assert costs == sorted(costs)
        assert {match["oddsBand"] for match in found} == {None}
        assert {reason["code"] for match in found for reason in match["reasons"]} == {"BY_COST"}
        assert {match["id"] for match in found} == {match["id"] for match in personal}
        await shopper.ask(PREFER, personal=True)
        assert [match["id"] for match in await seen(shopper)] == [match["id"] for match in personal]

    async def test_takes_a_sign_in(self, phone: Phone) -> None:
        assert (await phone.error(PREFER, personal=False))[1] == "UNAUTHENTICATED"

    async def test_the_weights_are_told(self, regular: Phone) -> None:
        matching = (await regular.ask(MATCHES, first=1))["viewer"]["matching"]
        assert matching["isPersonal"] is matching["simulated"] is True
        weights = {each["name"]: each["weight"] for each in matching["weights"]}
        assert weights["sponsored"] == 0
        assert all(each["meaning"] for each in matching["weights"])


class TestWhyNot:
    async def test_every_product_is_a_match_or_has_a_reason_against_it(self, regular: Phone) -> None:
        matched = await product_ids(regular)
        async with reading() as db:
            published = {global_id("Product", row.id) for row in (await db.execute(products.published())).scalars()}
        for id in published:
            told = await why_not(regular, id)
            assert told["isOffered"] is (id in matched)
            assert told["product"]["id"] == id
            assert told["reasons"] and all(reason["message"] for reason in told["reasons"])
        assert published - set(matched), "somebody must be refused something for this to say anything"

    async def test_a_match_says_where_it_stands(self, regular: Phone) -> None:
        matched = await product_ids(regular)
        told = await why_not(regular, matched[2])
        (reason,) = told["reasons"]
        assert reason["code"] == "OFFERED"
        assert f"number 3 of {len(matched)}" in reason["message"]

    async def test_a_rule_is_named_with_what_it_asks_for(self, regular: Phone) -> None:
        prime = global_id("Product", catalogue.product_id("longan-demo-bank", "ldb-prime"))
        await change(uuid_of(prime), rules={"age_min": 40})
        try:
            told = await why_not(regular, prime)
            assert told["reasons"][0] == {"code": "AGE_OUTSIDE", "message": "This product is for ages 40 to 200."}
        finally:
            await change(uuid_of(prime), rules={"income_at_least": "6000.00"})

    async def test_what_is_not_offered_now_says_so(self, regular: Phone) -> None:
        await change(LOAN, status=ProductStatus.RETIRED)
        try:
            told = await why_not(regular, BY_PARTNER)
            assert (told["isOffered"], [reason["code"] for reason in told["reasons"]]) == (False, ["NOT_OFFERED"])
        finally:
            await change(LOAN, status=ProductStatus.PUBLISHED)

    @pytest.mark.parametrize("id", ["", "nonsense", global_id("Partner", NOBODYS), global_id("Product", NOBODYS)])
    async def test_what_never_was_is_null(self, regular: Phone, id: str) -> None:
        assert await why_not(regular, id) is None

    async def test_a_draft_is_nobodys_business(self, regular: Phone) -> None:
        await change(LOAN, status=ProductStatus.DRAFT)
        try:
            assert await why_not(regular, BY_PARTNER) is None
        finally:
            await change(LOAN, status=ProductStatus.PUBLISHED)


class TestExploring:
    async def test_what_was_drawn_by_lot_says_so_and_stands_fifth(
        self, regular: Phone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        straight = await seen(regular)
        monkeypatch.setattr(exploring, "_dice", lambda list_id: (0.0, 0.5))
        monkeypatch.setattr(settings(), "explore_share", 0.05)
        answers.forget()  # what a test patches raises no revision
        explored = await seen(regular)
        assert {match["id"] for match in explored} == {match["id"] for match in straight}
        drawn = explored[4]
        assert [match["id"] for match in straight if match["id"] != drawn["id"]] == [
            match["id"] for match in explored if match["id"] != drawn["id"]
        ]
        assert drawn["reasons"][0]["code"] == "TRIED"
        assert ["TRIED" in [reason["code"] for reason in match["reasons"]] for match in explored].count(True) == 1


class TestImpressions:
    @pytest.fixture
    async def shown(self, member: Phone) -> AsyncIterator[list[Impression]]:
        await member.ask(MATCHES, first=5)
        async with reading() as db:
            mine = select(Impression).where(Impression.user_id == member.user_id).order_by(Impression.position)
            yield list((await db.execute(mine)).scalars())

    async def test_a_page_is_written_down_with_positions_and_propensities(
        self, member: Phone, shown: list[Impression]
    ) -> None:
        matches = (await seen(member))[:5]
        assert [global_id("Product", row.product_id) for row in shown] == [match["product"]["id"] for match in matches]
        assert [(row.position, row.propensity, row.is_explored) for row in shown] == [(n, 1.0, False) for n in range(5)]
        assert {row.model_version for row in shown} == {matcher().model_version}
        assert all(row.row_sealed and row.opened_at is None for row in shown)

    async def test_the_same_list_read_again_is_not_shown_anew(self, member: Phone, shown: list[Impression]) -> None:
        async def count() -> int:
            async with reading() as db:
                mine = select(func.count()).select_from(Impression).where(Impression.user_id == member.user_id)
                return (await db.execute(mine)).scalar_one()

        await member.ask(MATCHES, first=5)
        assert await count() == len(shown) == 5
        lists.forget()
        await member.ask(MATCHES, first=5)
        assert await count() == 5
        await member.ask(MATCHES, first=7)
        assert await count() == 7
