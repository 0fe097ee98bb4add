"""The whole journey, as a phone goes through it."""

from tests.phones import Phone


async def test_a_newcomer_reaches_an_answer(shopper: Phone) -> None:
    home = await shopper.send("Home")
    assert home["scoring"]["state"] == "READY"
