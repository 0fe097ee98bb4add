"""Browsing the shelf, against an oracle that looks at one product after the other; and walks that survive what changes."""

import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from domain.market import quoting
from domain.market.kinds import ProductKind
from domain.market.products import Product
from domain.market.terms import costing
from domain.market.words import line_of, words_of
from domain.matching import shelf
from domain.matching.browsing import ProductSort, Wanted, _page, _read
from domain.matching.shelf import Shelf
from infra.errors import Refusal
from infra.money import Money
from tests.domain.matching import goods

NAMES = [
    "苹果手机",
    "Apple iPhone 15",
    "手机 苹果 分期",
    "100% 放心贷",
    "a_b\\c",
    "ＡＰＰＬＥ　ＷＡＴＣＨ",
    "公寓 月租",
]
PARTNERS = {UUID(int=1 << 64): "招商银行", UUID(int=2 << 64): "Longan Motors", UUID(int=3 << 64): "一百租房"}


def offered(count: int = 200) -> list[Product]:
    draw = random.Random(4)
    return [
        goods.product(
            n, **(goods.drawn(draw, n) | {"title": draw.choice(NAMES), "partner_id": draw.choice([*PARTNERS])})
        )
        for n in range(count)
    ]


GOODS = offered()


def walk(on_shelf: Shelf, wanted: Wanted, limit: int = 7) -> Iterator[Product]:
    after = None
    while True:
        page = _page(on_shelf, PARTNERS, wanted, limit, after, _read(after, wanted.sort) if after else None)
        yield from page.items
        after = page.end
        if not page.has_next:
            return


def found(wanted: Wanted) -> list[Product]:
    shelf_now = shelf.shelf_of(GOODS)
    products = list(walk(shelf_now, wanted))
    assert (
        len(products)
        == len({product.id for product in products})
        == _page(shelf_now, PARTNERS, wanted, 1, None, None).count
    )
    return products


def is_wanted(product: Product, wanted: Wanted) -> bool:
    amount = wanted.amount.minor if wanted.amount else quoting.illustrate(product, None, None).amount
    months = wanted.months or quoting.usual_term(product)
    return (
        (wanted.kinds is None or product.kind in wanted.kinds)
        and (wanted.partner_id is None or product.partner_id == wanted.partner_id)
        and (wanted.amount is None or product.amount_min <= amount <= product.amount_max)
        and (wanted.months is None or months in product.term_months)
        and (
            wanted.monthly_at_most is None
            or quoting.quote(product, amount, months).monthly_payment <= wanted.monthly_at_most.minor
        )
    )


def value_of(product: Product, wanted: Wanted) -> float:
    amount = wanted.amount.minor if wanted.amount else quoting.illustrate(product, None, None).amount
    months = wanted.months or quoting.usual_term(product)
    match wanted.sort:
        case ProductSort.LOWEST_COST:
            return float(quoting.quote(product, 10**10, months).annual_cost)
        case ProductSort.LOWEST_MONTHLY:
            return quoting.quote(product, amount, months).monthly_payment
        case ProductSort.LARGEST_AMOUNT:
            return -product.amount_max
    return 0


def drawn(seed: int) -> Wanted:
    draw = random.Random(seed)

    def perhaps(value: Any) -> Any:
        return value if draw.random() < 0.4 else None

    return Wanted(
        kinds=perhaps(frozenset(draw.sample(list(ProductKind), 2))),
        partner_id=perhaps(draw.choice([*PARTNERS])),
        amount=perhaps(Money(draw.randrange(1, 30) * 100_000, "CNY")),
        months=perhaps(draw.choice([1, 3, 6, 12, 24, 84])),
        monthly_at_most=perhaps(Money(draw.randrange(10_000, 500_000), "CNY")),
        sort=draw.choice(list(ProductSort)),
    )


@pytest.mark.parametrize("seed", range(60))
def test_what_is_found_is_what_somebody_finds_who_looks_at_each(seed: int) -> None:
    wanted = drawn(seed)
    products = found(wanted)
    assert {product.id for product in products} == {product.id for product in GOODS if is_wanted(product, wanted)}
    values = [value_of(product, wanted) for product in products]
    assert all(one <= other + 1e-6 for one, other in pairwise(values))
    if wanted.sort is ProductSort.OLDEST:
        assert [product.id for product in products] == sorted(product.id for product in products)


@pytest.mark.parametrize(
    ("search", "titles"),
    [
        ("iphone", {"Apple iPhone 15"}),
        ("IPHONE15", {"Apple iPhone 15"}),
        ("15 apple", {"Apple iPhone 15"}),
        ("apple", {"Apple iPhone 15", "ＡＰＰＬＥ　ＷＡＴＣＨ"}),
        ("ａｐｐｌｅ", {"Apple iPhone 15", "ＡＰＰＬＥ　ＷＡＴＣＨ"}),
        ("苹果手机", {"苹果手机", "手机 苹果 分期"}),
        ("手机苹果分期", {"手机 苹果 分期"}),
        ("苹果电脑", set()),
        ("苹果iphone", set()),
        ("手", {"苹果手机", "手机 苹果 分期"}),
        ("%", {"100% 放心贷"}),
        ("_", {"a_b\\c"}),
        ("\\", {"a_b\\c"}),
        (".*", set()),
        ("\n", set(NAMES)),
        ("  ", set(NAMES)),
        ("", set(NAMES)),
    ],
)
def test_words_stand_in_the_title(search: str, titles: set[str]) -> None:
    assert {product.title for product in found(Wanted(words=words_of(search)))} == titles


def test_words_stand_in_the_partners_name_too() -> None:
    bank, motors, _ = PARTNERS
    assert {product.partner_id for product in found(Wanted(words=words_of("招商银行")))} == {bank}
    both = found(Wanted(words=words_of("motors 苹果")))
    assert {(product.partner_id, "苹果" in product.title) for product in both} == {(motors, True)}


@pytest.mark.parametrize("search", ["x" * 41, "a b c d e f g h i"])
def test_more_than_a_search_field_holds_is_refused(search: str) -> None:
    with pytest.raises(Refusal) as refused:
        words_of(search)
    assert (refused.value.code, refused.value.field) == ("INVALID", ("search",))
    assert words_of("x" * 40) == ("x" * 40,)


def test_a_word_longer_than_what_is_searched_is_not_found() -> None:
    last = max(GOODS, key=lambda product: product.id)
    assert found(Wanted(words=words_of(line_of(last.title) + "x"))) == []


@pytest.mark.parametrize("sort", ProductSort)
def test_a_walk_goes_on_where_it_was_though_what_it_stood_on_is_gone(sort: ProductSort) -> None:
    wanted = Wanted(sort=sort)
    every = [product.id for product in walk(shelf.shelf_of(GOODS), wanted)]
    first = _page(shelf.shelf_of(GOODS), PARTNERS, wanted, 50, None, None)
    gone = {product.id for product in first.items[40:]}
    left = shelf.shelf_of([product for product in GOODS if product.id not in gone])
    rest = _page(left, PARTNERS, wanted, 100, first.end, _read(str(first.end), sort))
    assert [product.id for product in rest.items] == every[50:150]
    assert (rest.has_previous, rest.has_next, rest.count) == (True, True, len(every) - 10)


def test_a_cursor_belongs_to_its_order() -> None:
    cursor = _page(shelf.shelf_of(GOODS), PARTNERS, Wanted(sort=ProductSort.LOWEST_COST), 1, None, None).end
    for sort in (ProductSort.OLDEST, ProductSort.LOWEST_MONTHLY):
        with pytest.raises(Refusal):
            _read(str(cursor), sort)


def test_an_order_by_dearness_is_the_order_by_yearly_cost() -> None:
    columns = shelf.shelf_of(GOODS).columns
    costs = costing.annual_costs(columns.annual_rate, columns.fee_rate, columns.months * 0 + 12)
    dearness = costing.dearness(columns.annual_rate, columns.fee_rate, 12)
    assert (costs[dearness.argsort(kind="stable")] == sorted(costs)).all()
