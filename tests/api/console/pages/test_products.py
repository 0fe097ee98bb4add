"""Products in a browser: the table, one product's funnel, a rehearsal, and what groups pay."""

import re
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from sqlalchemy import update

from api.console.pages.exporting import table_as_csv
from domain.actors import Role
from domain.market.products import Product
from domain.matching.reach import rehearsing
from domain.matching.sweeps import group_costs
from domain.matching.sweeps.group_costs import GroupLine
from domain.matching.sweeps.sweeps import Done
from infra.database import Db, reading, transaction
from infra.ids import global_id
from infra.setting_parts import Rate
from infra.settings import settings
from tests.api import reaching
from tests.api.console.pages.conftest import Browser, NewBrowser, words_of
from tests.api.offering import close
from tests.api.people import Shop, open_shop

FORM = {"amount_min": "1000", "amount_max": "10000", "term_months": "6, 12", "annual_rate": "12"}


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = await open_shop()
    yield shop
    await close(shop)


@pytest.fixture
async def swept(monkeypatch: pytest.MonkeyPatch) -> Done:
    return await reaching.swept(monkeypatch)


@pytest.fixture
async def browser(browser_of: NewBrowser) -> Browser:
    return await browser_of(Role.MARKETING)


@pytest.fixture
def here(shop: Shop) -> str:
    return f"/console/products/{global_id('Product', shop.product.id)}"


async def named_anew(shop: Shop) -> str:
    """A title that no other product has."""
    title = f"Loan-{shop.product.id.hex[-12:]}"
    async with transaction() as db:
        await db.execute(update(Product).where(Product.id == shop.product.id).values(title=title))
    return title


class TestTable:
    async def row_of(self, browser: Browser, here: str, query: str = "") -> str | None:
        """Page by page."""
        path = f"/console/products?{query}"
        while True:
            text = (await browser.open(path)).text
            found = re.search(rf'<tr><th scope="row"><a href="{here}.*?</tr>', text)
            further = re.search(r'class="button" href="([^"]+)"', text)
            if found or not further:
                return found[0] if found else None
            path = further[1].replace("&amp;", "&")

    async def test_each_product_has_its_counts(self, browser: Browser, shop: Shop, here: str, swept: Done) -> None:
        await reaching.reached(swept, shop.product.id, eligible=30, against={"AGE_OUTSIDE": 90})
        await reaching.happened(shop.product.id, shown=1234, opened=56, applied=7, approved=3)
        row = await self.row_of(browser, here)
        assert row is not None
        told = " ".join(re.sub(r"<[^>]+>", " ", row).split())
        assert told == "A loan Shop Loan 25% 1,234 56 7 3"

    @pytest.mark.parametrize(
        "query", ["kind=LOAN&sort=title&days=7", "sort=kind&days=90", "sort=nonsense&days=x&kind=x"]
    )
    async def test_it_is_found_however_it_is_sorted(self, browser: Browser, here: str, swept: Done, query: str) -> None:
        assert await self.row_of(browser, here, query)

    async def test_another_kind_leaves_it_out(self, browser: Browser, here: str, swept: Done) -> None:
        assert await self.row_of(browser, here, "kind=RENTAL") is None

    @pytest.mark.parametrize("skip", ["99999", "-1", "x", "123456"])
    async def test_an_odd_place_in_the_list_is_no_error(self, browser: Browser, swept: Done, skip: str) -> None:
        assert (await browser.open(f"/console/products?skip={skip}")).status_code == 200

    async def test_it_is_found_by_a_part_of_its_name_and_added_up(
        self, browser: Browser, shop: Shop, here: str, swept: Done
    ) -> None:
        await reaching.happened(shop.product.id, shown=1234, opened=56, applied=7, approved=3)
        name = await named_anew(shop)
        assert await self.row_of(browser, here, f"q={name.upper()}")
        told = await browser.text(f"/console/products?q={name[1:]}")
        assert f"1 product · “{name[1:]}” Show all · CSV" in told
        assert "All together 1,234 56 7 3" in told
        nothing = await browser.text("/console/products?q=%25nothing%25")
        assert "No product is like that" in nothing

    async def test_a_search_is_no_pattern_and_no_nul(self, browser: Browser, shop: Shop, swept: Done) -> None:
        assert "0 products" in await browser.text("/console/products?q=_%25_")
        assert (await browser.open("/console/products?q=%00a")).status_code == 200

    @pytest.mark.parametrize("sort", ["eligible", "shown", "opened", "applied", "approved"])
    async def test_the_best_by_a_result_stands_first(
        self, browser: Browser, shop: Shop, here: str, swept: Done, sort: str
    ) -> None:
        await reaching.reached(swept, shop.product.id, eligible=399, against={"AGE_OUTSIDE": 1})
        counts = {"shown": 1, "opened": 1, "applied": 1, "approved": 1}
        await reaching.happened(shop.product.id, **counts | ({sort: 987_654} if sort in counts else {}))
        text = (await browser.open(f"/console/products?sort={sort}")).text
        assert re.findall(r'<tr><th scope="row"><a href="([^"?]+)', text)[0] == here

    async def test_the_list_is_taken_away_as_csv(self, browser: Browser, shop: Shop, swept: Done) -> None:
        await reaching.reached(swept, shop.product.id, eligible=30, against={"AGE_OUTSIDE": 90})
        await reaching.happened(shop.product.id, shown=1234, opened=56, applied=7, approved=3, declined=2)
        name = await named_anew(shop)
        response = await browser.open(f"/console/products.csv?days=7&q={name}")
        assert response.headers["content-type"] == "text/csv; charset=utf-8"
        assert response.headers["content-disposition"] == 'attachment; filename="longan-products.csv"'
        assert response.text.splitlines() == [
            "\ufeffsku,product,partner,kind,status,days,people,eligible,shown,opened,applied,approved,declined,accepted",
            f"{shop.product.sku},{name},Shop,LOAN,PUBLISHED,7,120,30,1234,56,7,3,2,0",
        ]

    @pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx", "＝1+1", "＋1", "－1", "＠x"])
    def test_no_cell_is_a_formula(self, name: str) -> None:
        written = bytes(table_as_csv("x", ("a",), [(name,)]).body).decode()
        assert written.splitlines()[1].strip('"') == f"'{name}"


class TestProduct:
    async def test_what_a_lower_cap_withholds_is_said(
        self, browser: Browser, here: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert "Withheld" not in await browser.text(here)
        monkeypatch.setattr(settings(), "cost_cap", Decimal("0.01"))
        told = await browser.text(here)
        assert "Published Withheld" in told
        assert "Nobody sees it or can apply for it: one of its terms costs more than the cap of today" in told

    @pytest.mark.parametrize(("shown", "is_drawn"), [(2, False), (19, False), (20, True)])
    async def test_a_funnel_of_a_few_people_is_no_shape(
        self, browser: Browser, shop: Shop, here: str, swept: Done, shown: int, is_drawn: bool
    ) -> None:
        """However many could have it: who was never asked says nothing of those who were."""
        await reaching.reached(swept, shop.product.id, eligible=300, against={"AGE_OUTSIDE": 100})
        await reaching.happened(shop.product.id, shown=shown, opened=1)
        response = await browser.open(here)
        told = words_of(response)
        assert ("Fewer than 20 so far: too few to draw a shape from." in told) is not is_drawn
        assert ('<svg class="funnel"' in response.text) is is_drawn

    async def test_the_funnel_is_told_step_by_step(self, browser: Browser, shop: Shop, here: str, swept: Done) -> None:
        await reaching.reached(swept, shop.product.id, eligible=300, against={"AGE_OUTSIDE": 80, "GRADE_TOO_LOW": 20})
        await reaching.happened(shop.product.id, shown=1000, opened=200, applied=20, approved=10, declined=5)
        told = await browser.text(f"{here}?days=7")
        assert "Eligible simulated 75% 300 of 400 people" in told
        assert "Opened 200 20.0% 17.6% – 22.6%" in told
        assert "Approved 10 50.0% 29.9% – 70.1%" in told
        assert "Accepted 0 0.0%" in told
        assert "Declined: 5" in told
        assert "Of 400 people on Nov 22, 2026, 9:02:03" in told
        assert "younger or older than the product is for 80 20%" in told
        assert "Shown at most 1,000 a day 6 days ago today" in told

    async def test_what_is_not_known_is_said_to_be_unknown(self, browser: Browser, here: str, swept: Done) -> None:
        told = await browser.text(here)
        assert "Eligible – not counted yet" in told
        assert "Not counted yet: everybody is matched at night" in told
        assert "Opened 0 – –" in told

    async def test_more_than_the_step_before_is_no_share_of_it(
        self, browser: Browser, shop: Shop, here: str, swept: Done
    ) -> None:
        await reaching.happened(shop.product.id, shown=3, applied=2, approved=4)
        assert "Applied for 2 – – Approved 4 – –" in await browser.text(here)

    @pytest.mark.parametrize(
        "id", ["nonsense", global_id("Product", reaching.NOBODYS), global_id("Partner", reaching.NOBODYS)]
    )
    async def test_what_is_not_there_is_not_found(self, browser: Browser, swept: Done, id: str) -> None:
        assert (await browser.open(f"/console/products/{id}")).status_code == 404
        assert (await browser.send(f"/console/products/{id}/rehearse", FORM)).status_code == 404


class TestRehearsing:
    async def test_a_part_of_the_page_tells_what_would_change(
        self, browser_of: NewBrowser, here: str, swept: Done
    ) -> None:
        browser = await browser_of(Role.RISK)
        response = await browser.send(f"{here}/rehearse", {**FORM, "age_max": "25"}, htmx=True)
        told = words_of(response)
        assert response.status_code == 200 and "<html" not in response.text
        assert re.match(
            r"Eligible now → then simulated \d+ → \d+ of 150 people Would gain it 0 Would lose it −\d\d", told
        )
        assert "younger or older than the product is for" in told and f"Snapshot {swept.id}" in told

    async def test_it_tells_marketing_of_nobody_alone(self, browser: Browser, here: str, swept: Done) -> None:
        told = words_of(await browser.send(f"{here}/rehearse", {**FORM, "age_max": "25"}, htmx=True))
        assert re.match(
            r"Eligible now → then simulated \d+0 → (\d+0|fewer than 20) of 150 people Would gain it fewer than 20 Would lose it −\d0",
            told,
        )
        assert "nothing of fewer than 20 people" in told

    async def test_without_script_the_whole_page_tells_it(self, browser: Browser, here: str, swept: Done) -> None:
        said = {**FORM, "regions": "cn-sh，CN-BJ", "age_min": "30", "grade_at_least": "C", "occupations": "student"}
        response = await browser.send(f"{here}/rehearse", said)
        assert response.status_code == 200 and "Would lose it −" in words_of(response)
        assert 'value="cn-sh，CN-BJ"' in response.text and 'value="student" checked' in response.text
        assert "<option selected>C</option>" in response.text

    async def test_nothing_is_changed(self, browser: Browser, shop: Shop, here: str, swept: Done) -> None:
        response = await browser.send(f"{here}/rehearse", {**FORM, "age_max": "25", "annual_rate": "8"})
        assert response.status_code == 200
        async with reading() as db:
            kept = await db.get_one(type(shop.product), shop.product.id)
        assert (kept.rules, kept.version, kept.annual_rate) == ({}, 1, shop.product.annual_rate)

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            ({"age_min": "<b>"}, "“<b>” is not a number that belongs here."),
            ({"income_at_least": "12.345"}, "“12.345” is not a number that belongs here."),
            ({"annual_rate": "dear"}, "“dear” is not a number that belongs here."),
            ({"annual_rate": "9e999999999"}, "“9e999999999” is not a number that belongs here."),
            ({"annual_rate": "sNaN"}, "“sNaN” is not a number that belongs here."),
            ({"amount_min": "9e999999999"}, "“9e999999999” is not a number that belongs here."),
            ({"annual_rate": "NaN"}, "A rate is a fraction from 0 to below 1"),
            ({"annual_rate": "40"}, "All told, this would cost 40.00% a year; the law allows up to 24%."),
            ({"term_months": ""}, "Terms are 1 to 12 different numbers of months"),
            ({"amount_min": ""}, "This can be changed, but not cleared."),
            ({"regions": "Shanghai"}, "Name 1 to 100 regions by their ISO 3166-2 codes"),
        ],
    )
    async def test_what_could_not_be_offered_is_refused(
        self, browser: Browser, here: str, swept: Done, said: dict[str, str], why: str
    ) -> None:
        part = await browser.send(f"{here}/rehearse", {**FORM, **said}, htmx=True)
        assert words_of(part).startswith(why) and "Would gain it" not in part.text
        whole = await browser.send(f"{here}/rehearse", {**FORM, **said})
        assert whole.status_code == 400 and why in words_of(whole)

    async def test_too_many_are_refused(
        self, browser: Browser, here: str, swept: Done, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rehearsing, "PER_ACTOR", Rate(times=2, seconds=600))
        answers = [await browser.send(f"{here}/rehearse", FORM) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert "Too many rehearsals at once. Please wait a moment." in words_of(answers[2])

    async def test_a_form_from_elsewhere_is_refused(self, browser: Browser, here: str, swept: Done) -> None:
        assert (await browser.send(f"{here}/rehearse", FORM, token="0" * 64)).status_code == 403


class TestGroups:
    async def test_each_group_is_told_with_its_interval(
        self, browser: Browser, swept: Done, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def lines(db: Db, sweep_id: object) -> list[GroupLine]:
            return [
                GroupLine("age", "-24", 120, 0.12, 0.0213, (0.0201, 0.0225), is_concern=True),
                GroupLine("region", "untold", 900, 0.1, 0.001, (0.0, 0.002), is_concern=False),
            ]

        monkeypatch.setattr(group_costs, "lines", lines)
        told = await browser.text("/console/products/groups")
        assert "under 25 2.13% 2.01% – 2.25% 12.0% 120 Noticeably more than people in all" in told
        assert "Not told 0.10% 0.00% – 0.20% 10.0% 900" in told
        assert told.count("Noticeably more") == 1
        csv = (await browser.open("/console/products/groups.csv")).text.splitlines()
        assert csv == [
            "\ufeffcolumn,group,people,annual_cost,could_be_saved,low,high,concern",
            "age,'-24,120,0.12,0.0213,0.0201,0.0225,True",
            "region,untold,900,0.1,0.001,0.0,0.002,False",
        ]

    async def test_before_the_first_sweep_it_is_not_measured(self, browser: Browser, swept: Done) -> None:
        assert "Not measured yet" in await browser.text("/console/products/groups")
