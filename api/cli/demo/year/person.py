"""Somebody with a phone and perhaps an agreement, as the app lets them live with it."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx2
from rich.console import Console

from api.cli.demo.borrowing import Borrowing
from api.cli.demo.doors import Data
from api.cli.demo.journey import SHARED, Journey
from api.cli.demo.telling import DemoTeller
from infra.words import Locale

WAIT_SECONDS = 180.0  # where a month has passed for everybody, models may be trained meanwhile
LOOK_AGAIN_SECONDS = 0.2
CURRENCY = "CNY"
Decide = Callable[[Data, str], Awaitable[None]]


class YearPerson:
    """Somebody of whose journey to a score nothing is told: `longan demo` tells it."""

    def __init__(self, http: httpx2.AsyncClient, address: str, persona: str, name: str, locale: Locale) -> None:
        quiet = DemoTeller(locale, Console(file=io.StringIO()))
        self.name = name
        self._journey = Journey(http, address, quiet, {"key": persona, "name": name}, _nobody, WAIT_SECONDS)
        self._borrowing = Borrowing(self._journey.app, quiet, self._journey.prove)
        self._renewal = ""
        self._agreement_id = ""
        self.score: Data | None = None  # as it was when their accounts were linked last

    async def arrive(self) -> None:
        """A phone, accounts and so a score, an identity, and a card."""
        await self.register()
        await self.link_accounts()
        await self._borrowing.confirm_identity(self.name, self._journey.life.birth_date)

    async def register(self) -> None:
        """A phone, and nothing else that is known of them."""
        await self._journey.register()
        self._renewal = self._journey.session["refreshToken"]

    async def link_accounts(self) -> None:
        """What they tell of themselves, and their accounts; so a score."""
        await self._journey.introduce()
        self.score = await self._journey.link_accounts()

    async def renew(self) -> None:
        """New tokens: those of weeks ago have run out."""
        self._journey.app.token = None
        session = await self.do("RefreshSession", refreshToken=self._renewal)
        self._journey.app.token, self._renewal = session["accessToken"], session["refreshToken"]

    async def sign(self, kind: str, title: str, amount: str, months: int, decide: Decide | None = None) -> Data:
        """Apply for the product of this title, accept what is offered, and so have an agreement. The offer.

        `decide`: the partner decides on its own what to offer, of an application and at a rate.
        """
        found = await self._journey.app.send("Products", kind=kind, first=100)
        product = next(edge["node"] for edge in found["edges"] if edge["node"]["title"] == title)
        wish = {"productId": product["id"], "amount": money_of(amount), "termMonths": months, "share": SHARED}
        asked = {**wish, "idempotencyKey": key()}
        application = await self._journey.app.send("Apply", input=asked)
        if decide and application["offer"] is None:
            await decide({**wish, "id": application["id"]}, product["annualRate"])
            # The same request again, with the same key, is the same application: now with its offer.
            application = await self._journey.app.send("Apply", input=asked)
        agreement = await self._borrowing.accept(application["offer"])
        self._agreement_id = agreement["id"]
        return application["offer"]  # type: ignore[no-any-return]

    async def borrow(self, title: str, amount: str, months: int) -> Data:
        """Sign a loan, and draw all of it. The agreement, once the money is there."""
        offer = await self.sign("LOAN", title, amount, months)
        return await self._borrowing.draw(self._agreement_id, offer["amount"])

    async def look(self) -> Data:
        return await self._borrowing.look(self._agreement_id)

    async def look_until(self, is_so: Callable[[Data], bool]) -> Data:
        """The agreement, once it is so by what others do, or the day."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                if is_so(agreement := await self.look()):
                    return agreement
                await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def ask(self, operation: str, **variables: Any) -> Any:
        return await self._journey.app.send(operation, **variables)

    async def do(self, operation: str, **input: Any) -> Data:
        answer: Data = await self._borrowing.send(operation, **input)
        return answer

    async def confirm_delivery(self) -> Data:
        """What was bought has come. The agreement since."""
        await self._journey.app.send("ConfirmDelivery", input={"agreementId": self._agreement_id})
        return await self.look()

    async def change(self, operation: str, **input: Any) -> Data:
        """Do something to their agreement."""
        return await self.do(operation, agreementId=self._agreement_id, **input)

    async def pay(self, today: date) -> tuple[Decimal, Data]:
        """Pay all that is due by now. How much that was, and the agreement since."""
        rows = [row for row in (await self.look())["schedule"] if row["dueOn"] <= today.isoformat()]
        due = sum((amount_of(row["due"]) - amount_of(row["paid"]) for row in rows), Decimal(0))
        if due:
            await self.change("Repay", amount=money_of(str(due)))
        return due, await self.look()

    async def pay_off(self) -> tuple[Data, Data]:
        """Pay all that is left by today's quote. The quote, and the agreement since."""
        quote = (await self.look())["payoffQuote"]
        await self.change("Repay", amount=quote["amount"], payoffQuoteId=quote["id"])
        return quote, await self.look()

    async def read_paper(self, name: str) -> str:
        """The hash of a paper, as it is read."""
        token = {"Authorization": f"Bearer {self._journey.app.token}"}
        where = f"/papers/{self._agreement_id}/{name}/{self._journey.tell.locale}"
        answer = await self._journey.app.http.get(where, headers=token)
        return answer.raise_for_status().headers["etag"].strip('"')

    @property
    def agreement_id(self) -> str:
        """Empty before they have signed one."""
        return self._agreement_id


async def _nobody() -> None:
    """All that is applied for here is decided at once."""


def amount_of(told: Data) -> Decimal:
    return Decimal(told["amount"])


def money_of(amount: str) -> Data:
    return {"amount": amount, "currency": CURRENCY}


def key() -> str:
    return f"demo-{uuid4()}"
