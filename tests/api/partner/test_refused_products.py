"""What a partner cannot offer is refused by field, in words that say what would be right, and leaves nothing behind."""

from typing import Any

import pytest

from tests.api.doors import Client
from tests.api.offering import LOAN, RENTAL, on_the_shelf, upsert, yuan
from tests.api.people import Shop

REFUSED: list[tuple[dict[str, Any], list[str], str]] = [
    ({"sku": ""}, ["sku"], "An SKU has 1 to 64 letters, digits and . _ / -, and begins with a letter or a digit."),
    (
        {"sku": "x" * 65},
        ["sku"],
        "An SKU has 1 to 64 letters, digits and . _ / -, and begins with a letter or a digit.",
    ),
    ({"sku": "-a"}, ["sku"], "An SKU has 1 to 64 letters, digits and . _ / -, and begins with a letter or a digit."),
    ({"sku": "a\n"}, ["sku"], "An SKU has 1 to 64 letters, digits and . _ / -, and begins with a letter or a digit."),
    ({"title": " "}, ["title"], "A title has 1 to 80 characters that can be written on one line."),
    ({"title": "长" * 81}, ["title"], "A title has 1 to 80 characters that can be written on one line."),
    ({"title": "a\nb"}, ["title"], "A title has 1 to 80 characters that can be written on one line."),
    ({"title": "a\u202eb"}, ["title"], "A title has 1 to 80 characters that can be written on one line."),
    ({"title": "a\0b"}, ["title"], "This text has characters that cannot be stored."),
    ({"amountMin": yuan("0")}, ["amountMin"], "The smallest amount must be above 0, and no higher than the largest."),
    ({"amountMin": yuan("-1")}, ["amountMin"], "The smallest amount must be above 0, and no higher than the largest."),
    (
        {"amountMin": yuan("8000.01")},
        ["amountMin"],
        "The smallest amount must be above 0, and no higher than the largest.",
    ),
    ({"amountMin": yuan("1", "USD")}, ["amountMin"], "This product is in CNY."),
    ({"amountMax": yuan("8000", "HKD")}, ["amountMax"], "This product is in CNY."),
    ({"deposit": yuan("-0.01")}, ["deposit"], "A deposit cannot be below 0."),
    ({"deposit": yuan("100")}, ["deposit"], "Only a RENTAL has a deposit."),
    ({"kind": "ELECTRONICS", "deposit": yuan("100")}, ["deposit"], "Only a RENTAL has a deposit."),
    ({"deposit": yuan("100", "JPY")}, ["deposit"], "This product is in CNY."),
    (
        RENTAL | {"amountMax": yuan("2600")},
        ["amountMax"],
        "This kind of product has one monthly price: both amounts are the same.",
    ),
    ({"goods": "HOME"}, ["goods"], "Only a RENTAL says here what is rented."),
    (RENTAL | {"annualRate": "0"}, ["annualRate"], "This kind of product lends no money, so it has no annual rate."),
    ({"rules": {"ageMin": 17}}, ["rules", "ageMin"], "Enter an age from 18 to 120."),
    ({"rules": {"ageMax": 121}}, ["rules", "ageMax"], "Enter an age from 18 to 120."),
    ({"rules": {"ageMin": 31, "ageMax": 30}}, ["rules", "ageMin"], "The lowest age cannot be above the highest, 30."),
    (
        {"rules": {"incomeAtLeast": yuan("0")}},
        ["rules", "incomeAtLeast"],
        "Enter an income above 0, or clear the rule.",
    ),
    ({"rules": {"incomeAtLeast": yuan("1", "USD")}}, ["rules", "incomeAtLeast"], "This product is in CNY."),
    *(
        (
            {"rules": {"occupations": occupations}},
            ["rules", "occupations"],
            "Choose occupations from student, employee, self-employed, gig-worker, homemaker, unemployed; "
            "to allow all, clear the rule.",
        )
        for occupations in ([], ["student", "astronaut"])
    ),
    *(
        (
            {"rules": {"regions": regions}},
            ["rules", "regions"],
            "Name 1 to 100 regions by their ISO 3166-2 codes, as CN-SH; for all regions, clear the rule.",
        )
        for regions in ([], ["CN-SH", "CN-XX"], ["Shanghai"], [f"US-{number}" for number in range(101)])
    ),
    *(
        (
            {"termMonths": months},
            ["termMonths"],
            "Terms are 1 to 12 different numbers of months, shortest first, the longest up to 84.",
        )
        for months in ([], [0, 6], [12, 6], [6, 6, 12], [6, 85], list(range(1, 14)))
    ),
    *(
        (
            {"annualRate": rate},
            ["annualRate"],
            "A rate is a fraction from 0 to below 1 with at most five decimals, as 0.12.",
        )
        for rate in ("-0.01", "1", "12", "0.123456")
    ),
    *(
        ({"annualRate": rate}, ["annualRate"], "A decimal number is written in plain digits, as 1234.50.")
        for rate in ("NaN", "sNaN", "Infinity", "9E+999999")
    ),
    *(
        (
            {"amountMax": yuan(amount)},
            ["amountMax"],
            "Enter an amount as a decimal number with an ISO 4217 currency, and no more decimals than it has.",
        )
        for amount in ("8000.001", "NaN", "9E+999999", "1E+30")
    ),
]


class TestRefusing:
    @pytest.mark.parametrize(("told", "field", "message"), REFUSED)
    async def test_what_cannot_be_is_refused_by_name(
        self, client: Client, shop: Shop, told: dict[str, Any], field: list[str], message: str
    ) -> None:
        refused = await upsert(client, **LOAN | told)
        expected = {"__typename": "Refused", "code": "INVALID", "message": message, "field": ["input", *field]}
        assert refused == expected
        assert await on_the_shelf(shop) == {"loan": (1, "A loan")}

    async def test_nothing_may_cost_more_than_the_law_allows(self, client: Client, shop: Shop) -> None:
        refused = await upsert(client, **LOAN | {"annualRate": "0.2401"})
        assert (refused["code"], refused["field"]) == ("COST_ABOVE_CAP", ["input", "annualRate"])
        assert refused["message"] == "All told, this would cost 24.01% a year; the law allows up to 24%."
        assert await on_the_shelf(shop) == {"loan": (1, "A loan")}
        assert (await upsert(client, **LOAN | {"annualRate": "0.24"}))["__typename"] == "Product"

    async def test_each_end_of_each_term_keeps_the_cap(self, client: Client) -> None:
        # Of so little, the cents that instalments are rounded to weigh: 1.20 over 3 months costs 24.93 % a year.
        low, high = {"amountMin": yuan("1.20")}, {"amountMin": yuan("1.00"), "amountMax": yuan("1.20")}
        for end in (low, high):
            offered = LOAN | end | {"annualRate": "0.235"}
            assert (await upsert(client, **offered | {"termMonths": [1, 2]}))["__typename"] == "Product"
            refused = await upsert(client, **offered | {"termMonths": [1, 2, 3]})
            assert (refused["code"], refused["field"]) == ("COST_ABOVE_CAP", ["input", "annualRate"])
        less = await upsert(client, sku=LOAN["sku"], amountMax=yuan("1.00"), termMonths=[1, 2, 3])
        assert less["__typename"] == "Product"

    async def test_an_idempotency_key_has_a_length(self, client: Client) -> None:
        refused = await upsert(client, "short", **LOAN)
        assert (refused["code"], refused["field"]) == ("INVALID", ["input", "idempotencyKey"])

    @pytest.mark.parametrize("more", ["sponsored: true", "feeRate: 0", 'currency: "CNY"', "version: 9"])
    async def test_what_is_ours_is_not_asked(self, client: Client, more: str) -> None:
        query = f'mutation {{ upsertProduct(input: {{ sku: "loan", idempotencyKey: "12345678", {more} }}) {{ __typename }} }}'
        assert (await client.error_code(query))[1] == "BAD_REQUEST"
