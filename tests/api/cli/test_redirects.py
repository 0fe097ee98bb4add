"""Where a client's website may send people back to is what the command line was told last."""

from domain.people.partners import PartnerClient
from infra.database import reading
from tests.api.oauth.sharing import CALLBACK, open_website
from tests.commands import longan


async def redirects_of(client_id: str) -> list[str]:
    async with reading() as db:
        return (await db.get_one(PartnerClient, client_id)).redirect_uris


async def test_the_addresses_are_those_that_were_told_last() -> None:
    website = await open_website()
    others = ["https://shop.example/a", "https://shop.example/b"]
    assert await longan("clients", "redirects", website.client_id, *others) == (0, "\n".join(others) + "\n")
    assert await redirects_of(website.client_id) == others
    assert await longan("clients", "redirects", website.client_id) == (0, "nowhere\n")
    assert await redirects_of(website.client_id) == []


async def test_what_is_no_address_of_a_website_changes_nothing() -> None:
    website = await open_website()
    code, output = await longan("clients", "redirects", website.client_id, CALLBACK, "http://shop.example/")
    assert (code, "An address is https://host/path" in output) == (1, True)
    assert await redirects_of(website.client_id) == [CALLBACK]
    assert await longan("clients", "redirects", "nobody", CALLBACK) == (1, "Not done: there is no client nobody.\n")
