"""A client learns who it is, and finds a product by the partner's own name for it."""

from infra.ids import global_id
from tests.api.doors import Client
from tests.api.people import Shop


async def test_a_client_learns_who_it_is(client: Client, shop: Shop) -> None:
    assert (await client.send("Me"))["me"] == {
        "id": global_id("Partner", shop.product.partner_id),
        "name": (await client.ask("{ me { name } }"))["me"]["name"],
        "isTest": False,
        "scopes": ["applications", "facts", "invitations", "products", "redemptions", "score_reports", "scores"],
    }


async def test_a_product_is_found_by_its_sku(client: Client, shop: Shop) -> None:
    assert (await client.send("ProductBySku", sku="loan"))["product"] == {
        "id": global_id("Product", shop.product.id),
        "sku": "loan",
        "title": "A loan",
        "kind": "LOAN",
        "status": "PUBLISHED",
    }


async def test_a_sku_that_is_nobody_s_or_somebody_else_s_is_nothing(client: Client) -> None:
    assert (await client.send("ProductBySku", sku="nothing"))["product"] is None
