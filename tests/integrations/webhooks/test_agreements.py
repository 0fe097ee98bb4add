"""What a partner hears of agreements: the payout to make, and what becomes of the loan, in the order in which it happens."""

from graphql import parse, validate

from domain.agreements.drawing import PayoutOutcome, conclude
from infra.database import transaction
from infra.ids import global_id
from tests.api.doors import served_schemas
from tests.api.people import Shop
from tests.domain.agreements.loans import open_loan, repay, send
from tests.integrations.webhooks.hooks import Hook, listen, send_all
from tests.working import work_off


async def test_a_partner_hears_of_a_payout_and_of_what_becomes_of_the_loan(shop: Shop, server: Hook) -> None:
    await listen(shop, server.url)
    async with transaction() as db:
        agreement = await open_loan(db, 500_00, months=1, partner_id=shop.partner.id)
        drawn = await send(db, agreement, 500_00)
    async with transaction() as db:
        await conclude(db, agreement.user_id, drawn.id, PayoutOutcome.SETTLED, "R-1")
    async with transaction() as db:
        standing = await repay(db, agreement, 500_00)
    assert standing.agreement.status == "SETTLED"
    await work_off(agreement.user_id)
    for _ in range(4):
        await send_all()
    application, its, draw = (
        global_id("Application", agreement.application_id),
        global_id("Agreement", agreement.id),
        global_id("DrawDown", drawn.id),
    )
    heard = [(posted.told["type"], posted.told["data"]) for posted in server.posted]
    assert [kind for kind, _ in heard] == [
        "payout.requested",
        "agreement.drawn",
        "agreement.repaid",
        "agreement.settled",
    ]
    assert {data["applicationId"] for _, data in heard} == {application}
    assert heard[0][1]["drawDownId"] == draw and {data["agreementId"] for _, data in heard[1:]} == {its}
    for _, data in heard:
        assert data["fetch"]["variables"]["id"] in (draw, its)
        assert validate(served_schemas()["partner"], parse(data["fetch"]["query"])) == []
