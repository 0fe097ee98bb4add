"""A loan that was approved, to its end: accepted, drawn, repaid by an instalment, and paid off to the cent."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from api.cli.demo.doors import Data, DoorClient
from api.cli.demo.telling import DemoTeller
from domain.people import id_numbers

WAIT_SECONDS = 30.0
LOOK_AGAIN_SECONDS = 0.1
REGION = "110105"
CARD = "622202"


class Borrowing:
    def __init__(self, app: DoorClient, tell: DemoTeller, prove: Callable[[], Awaitable[None]]) -> None:
        """`prove`: prove once more who one is, by a code to the phone."""
        self.app = app
        self.tell = tell
        self.prove = prove

    async def walk(self, offer: Data, name: str, birth_date: str) -> Data:
        """The agreement at the end."""
        self.tell.borrowing()
        await self.confirm_identity(name, birth_date)
        agreement = await self.accept(offer)
        agreement = await self.draw(agreement["id"], offer["amount"])
        first = next(each for each in agreement["schedule"] if each["status"] != "PAID")
        with self.tell.timed() as took:
            agreement = await self.repay(agreement["id"], first["due"])
        self.tell.repaid(first, agreement, took())
        quote = agreement["payoffQuote"]
        if quote is None:
            return agreement
        with self.tell.timed() as took:
            agreement = await self.repay(agreement["id"], quote["amount"], payoffQuoteId=quote["id"])
        self.tell.paid_off(quote, agreement, took())
        return agreement

    async def confirm_identity(self, name: str, birth_date: str) -> None:
        with self.tell.timed() as took:
            number = id_number(birth_date, secrets.randbelow(998))
            await self.send("VerifyIdentity", name=name, idNumber=number)
            await self.prove()
            account = await self.send("AddPaymentAccount", kind="BANK", number=card_number(), isDefault=True)
        self.tell.known(account["maskedNumber"], took())

    async def accept(self, offer: Data) -> Data:
        with self.tell.timed() as took:
            documents = [document["sha256"] for document in offer["documents"]]
            agreement: Data = await self.send("AcceptOffer", offerId=offer["id"], documents=documents)
        self.tell.accepted(took())
        return agreement

    async def draw(self, agreement_id: str, amount: Data) -> Data:
        with self.tell.timed() as took:
            await self.send("DrawDown", agreementId=agreement_id, amount=amount)
        self.tell.drawn(amount, took())
        with self.tell.timed() as took:
            async with asyncio.timeout(WAIT_SECONDS):
                agreement = await self.paid_out(agreement_id)
        self.tell.arrived(agreement, took())
        return agreement

    async def paid_out(self, agreement_id: str) -> Data:
        """The agreement, once it is known what became of the money."""
        while True:
            agreement = await self.look(agreement_id)
            if agreement["drawDowns"][0]["status"] != "SENT":
                return agreement
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def repay(self, agreement_id: str, amount: Data, **more: str) -> Data:
        await self.send("Repay", agreementId=agreement_id, amount=amount, **more)
        return await self.look(agreement_id)

    async def look(self, agreement_id: str) -> Data:
        agreement: Data = await self.app.send("AgreementById", id=agreement_id)
        return agreement

    async def send(self, operation: str, **input: Any) -> Any:
        return await self.app.send(operation, input={**input, "idempotencyKey": f"demo-{uuid4()}"})


def id_number(birth_date: str, of_the_day: int) -> str:
    """An invented number of somebody who was born on this day."""
    body = f"{REGION}{birth_date.replace('-', '')}{of_the_day:03}"
    return body + id_numbers.check_digit(body)


def card_number() -> str:
    """An invented card, whose last digit agrees with the others."""
    while True:
        body = f"{CARD}{secrets.randbelow(10**12):012}"
        doubled = (sum(divmod(2 * int(digit), 10)) for digit in body[-1::-2])
        number = f"{body}{-(sum(map(int, body[-2::-2])) + sum(doubled)) % 10}"
        if not number.endswith("00"):  # which the sandbox's register says is somebody else's
            return number
