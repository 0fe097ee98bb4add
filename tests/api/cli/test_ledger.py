"""`longan ledger`: proves, writes down and compares; what is broken ends it with exit code 1."""

import asyncio

from sqlalchemy import text

from domain.agreements.agreements import Agreement
from infra.database import transaction
from infra.ids import global_id, new_id
from tests.commands import figures, longan
from tests.domain.agreements.loans import open_loan, pay_out, repay


async def lent() -> Agreement:
    async with transaction() as db:
        agreement = await open_loan(db, 1_200_00)
        await pay_out(db, agreement, 500_00)
        await repay(db, agreement, 20_00)
    return agreement


async def test_an_agreement_is_proven_written_down_and_compared_and_damage_is_named() -> None:
    agreement = await lent()
    name = global_id("Agreement", agreement.id)
    asked = ["--agreement", name]
    proven, journal, mistyped, compared = await asyncio.gather(
        figures("ledger", "check", *asked),
        longan("ledger", "export", "--format", "beancount", *asked),
        longan("ledger", "check", "--agreement", "nonsense"),
        figures("ledger", "reconcile"),
    )
    assert proven[0] == 0 and proven[1] == {"accounts": 8, "transfers": 6, "faults": []}
    assert journal[0] == 0 and f"Assets:Principal:{str(agreement.id).upper()}  500.00 CNY" in journal[1]
    assert mistyped[0] == 2 and "nonsense is no id" in mistyped[1]
    differences = [each for each in compared[1]["differences"] if each["of"] == str(agreement.id)]
    assert compared[0] == 1  # money came that no payment brought
    assert [(each["kind"], each["expected"], each["actual"]) for each in differences] == [("PAYMENT", 0, 20_00)]
    await tamper_with(agreement, "PAYABLE")
    try:
        code, told = await longan("ledger", "check", *asked)
    finally:
        await tamper_with(agreement, "PAYABLE", back=True)
    assert code == 1 and "BALANCE_WRONG" in told and "8 accounts, 6 transfers. 1 faults." in told


async def tamper_with(agreement: Agreement, kind: str, *, back: bool = False) -> None:
    sign = "-" if back else "+"
    async with transaction() as db:
        await db.execute(text("ALTER TABLE ledger_accounts DISABLE TRIGGER refuse_balance"))
        wrong = f"UPDATE ledger_accounts SET credits = credits {sign} 1 WHERE user_id = :user_id AND kind = :kind"
        await db.execute(text(wrong), {"user_id": agreement.user_id, "kind": kind})
        await db.execute(text("ALTER TABLE ledger_accounts ENABLE TRIGGER refuse_balance"))


async def test_a_day_that_is_none_and_an_agreement_that_is_not_there() -> None:
    wrong, nothing = await asyncio.gather(
        longan("ledger", "check", "--since", "yesterday"), longan("ledger", "check", "--agreement", str(new_id()))
    )
    assert wrong[0] == 2 and nothing[0] == 0 and nothing[1].strip() == "0 accounts, 0 transfers. 0 faults."
