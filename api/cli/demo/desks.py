"""The desks behind what people do: a partner's server, a reviewer at the console, and the sandbox's cashier."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx2
import pyotp

from api.cli.address import local_address
from api.cli.demo.doors import Data, DoorClient, RefusedAtDoor

Credentials = Mapping[str, Any]
STEP_SECONDS = 30  # of a one-time code
COMMAND = (sys.executable, "-m", "api.cli", "dev", "credentials")


async def ready_credentials(address: str) -> Credentials | None:
    """What `longan dev credentials` prints, where this is the machine and the folder that `address` runs in."""
    if local_address() != address:
        return None
    # In a thread: a pipe of asyncio's own, left open where nobody needs the answer any more, outlives its loop.
    asked = await asyncio.to_thread(subprocess.run, COMMAND, capture_output=True, timeout=60)
    return json.loads(asked.stdout) if asked.returncode == 0 else None


class PartnerDesk:
    """A lender's server: a token by client credentials, the feed of applications, a decision."""

    def __init__(self, http: httpx2.AsyncClient, credentials: Credentials) -> None:
        self.door = DoorClient(http, "/partner/graphql")
        self.partner_id: str = credentials["partner"]["partnerId"]
        self.client = (credentials["partner"]["clientId"], credentials["partner"]["clientSecret"])

    async def sign_in(self) -> None:
        answer = await self.door.http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=self.client)
        self.door.token = answer.raise_for_status().json()["access_token"]

    async def say(self, operation: str, **input: Any) -> Data:
        """Sign in, and say this once."""
        await self.sign_in()
        answer: Data = await self.door.send(operation, input={**input, "idempotencyKey": f"demo-{uuid4()}"})
        return answer

    async def find(self, application_id: str, since: str | None) -> Data:
        """The application in the feed of changes since then."""
        after = None
        while True:
            page = await self.door.send("Applications", updatedSince=since, after=after)
            for edge in page["edges"]:
                if edge["node"]["id"] == application_id:
                    found: Data = edge["node"]
                    return found
            if not page["pageInfo"]["hasNextPage"]:
                raise RefusedAtDoor("NOT_FOUND", "The application is not in the partner's feed.")
            after = page["pageInfo"]["endCursor"]

    async def approve(self, application: Data, annual_rate: str) -> Data:
        """Approves five sixths of what was asked, as a careful lender might."""
        asked = application["amount"]
        amount = Decimal(asked["amount"]) * 5 / 6 // 100 * 100
        terms = {
            "amount": {"amount": f"{amount:.2f}", "currency": asked["currency"]},
            "termMonths": application["termMonths"],
            "annualRate": annual_rate,
        }
        decision = {"applicationId": application["id"], "outcome": "APPROVE", "terms": terms}
        await self.door.send("DecideApplication", input={**decision, "idempotencyKey": f"demo-{uuid4()}"})
        return terms

    async def decline(self, application: Data) -> None:
        """Say no to a grade that this lender does not carry; what weighs most comes first."""
        reasons = [{"code": "RECENT_ARREARS"}, {"code": "BURDEN_TOO_HIGH"}]
        decision = {"applicationId": application["id"], "outcome": "DECLINE", "reasons": reasons}
        await self.door.send("DecideApplication", input={**decision, "idempotencyKey": f"demo-{uuid4()}"})


class ReviewDesk:
    """A member of staff with the role risk: password and one-time code, the queue, a decision."""

    def __init__(self, http: httpx2.AsyncClient, credentials: Credentials) -> None:
        self.door = DoorClient(http, "/console/graphql")
        self.proofs: Mapping[str, str] = credentials["risk"]

    async def sign_in(self) -> bool:
        """False where the codes of this minute have been used: each is good once."""
        for moment in (time.time(), time.time() + STEP_SECONDS):
            answer = await self.door.http.post("/console/session", json=self._proofs_at(moment))
            if answer.status_code == httpx2.codes.OK:
                self.door.token = answer.json()["token"]
                return True
        return False

    def _proofs_at(self, moment: float) -> dict[str, str]:
        code = pyotp.TOTP(self.proofs["totpSecret"]).at(int(moment))
        return {"email": self.proofs["email"], "password": self.proofs["password"], "totp": code}

    async def approve(self, application_id: str, reason: str) -> None:
        review = {"applicationId": application_id, "outcome": "APPROVE", "reasons": [reason]}
        await self.door.send("ReviewApplication", input={**review, "idempotencyKey": f"demo-{uuid4()}"})


class CashierDesk:
    """How the sandbox's cashier goes, whoever asks it next."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def refuse(self, times: int) -> None:
        (await self._http.post("/dev/cashier", json={"mode": "FAIL", "times": times})).raise_for_status()

    async def accept(self) -> None:
        """Everything that comes again."""
        (await self._http.delete("/dev/cashier")).raise_for_status()
