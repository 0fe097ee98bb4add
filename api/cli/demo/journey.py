"""One person's journey: a phone, accounts, a score, matches, an application, an answer."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx2

from api.cli.demo.answers import Outcome
from api.cli.demo.borrowing import Borrowing
from api.cli.demo.desks import PartnerDesk, ReviewDesk
from api.cli.demo.doors import Data, DoorClient, RefusedAtDoor
from api.cli.demo.listening import Listener, listening
from api.cli.demo.telling import DemoTeller
from api.dev.lives import CURRENCY, PHONE_NUMBERS, Wish, life_of

PROVIDERS = ("wechat", "taobao", "oidc")
REDIRECT = "longan://linked"
TOO_RISKY = "D"  # for the partner whose server the demo plays
WAIT_SECONDS = 30.0
LOOK_AGAIN_SECONDS = 3.0
MATCHES = 50
SHARED = ["SCORE_CHECK"]


@dataclass(frozen=True)
class Desks:
    partner: PartnerDesk
    review: ReviewDesk


class Journey:
    def __init__(
        self,
        http: httpx2.AsyncClient,
        address: str,
        tell: DemoTeller,
        person: Data,
        desks: Callable[[], Awaitable[Desks | None]],
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self.app = DoorClient(http, "/graphql")
        self.address = address
        self.tell = tell
        self.persona: str = person["key"]
        self.name: str = person["name"]
        self.life = life_of(self.persona)
        self.desks = desks
        self.wait_seconds = wait_seconds
        self.known_since: str | None = None
        self.phone = ""
        self.session: Data = {}
        self.wants_money = False

    async def walk(self) -> Outcome:
        started = time.monotonic()
        await self.register()
        await self.introduce()
        await self.link_accounts()
        viewer = await self.look_around()
        answer = await self.apply(viewer)
        agreement = await self.borrow(answer)
        outcome = Outcome(self.persona, self.name, viewer, answer, time.monotonic() - started, agreement)
        self.tell.total(outcome.seconds)
        return outcome

    async def register(self) -> None:
        self.phone = f"{PHONE_NUMBERS}{secrets.randbelow(10**8):08}"
        with self.tell.timed() as took:
            challenge = await self.app.send("RequestPhoneCode", input={"phone": self.phone})
            message = await self.message_of(challenge)
        self.tell.message(message, took())
        answer = {"challengeId": challenge["id"], "code": message["code"], "deviceName": "Longan demo"}
        with self.tell.timed() as took:
            session = await self.app.send("SignIn", input={**answer, "idempotencyKey": f"demo-{uuid4()}"})
        self.session, self.app.token = session, session["accessToken"]
        self.tell.signed_in(session["viewer"]["maskedPhone"], took())

    async def message_of(self, challenge: Data) -> Data:
        """The message with this code, which arrives by itself: the worker sends it after the answer."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                kept = (await self.app.http.get("/dev/messages", params={"to": self.phone})).json()
                for message in kept:
                    if message["challengeId"] == challenge["id"]:
                        found: Data = message
                        return found
                await asyncio.sleep(0.05)

    async def introduce(self) -> None:
        with self.tell.timed() as took:
            user = await self.app.send("UpdateProfile", input=self.life.profile())
        self.tell.introduced(user["profile"], took())

    async def link_accounts(self) -> Data | None:
        """The score after the last of them; None where too little is known for one."""
        names = {provider["key"]: provider["name"] for provider in await self.app.send("AccountProviders")}
        before: Data | None = None
        self.tell.linking()
        async with self.subscribed("ScoreChanged") as listener:
            for key in (key for key in PROVIDERS if key in names):
                with self.tell.timed(names[key]) as took:
                    await self.link(key)
                    viewer = await self.scored(listener)
                self.tell.linked(names[key], viewer, before, took())
                before = viewer["score"]
        return before

    async def link(self, provider: str) -> None:
        request = await self.app.send("StartAccountLink", input={"provider": provider, "redirectUri": REDIRECT})
        # A person would say yes on the provider's page; the sandbox lets a persona say it.
        page = await self.app.http.get(f"{request['authorizationUrl']}&persona={self.persona}")
        await self.app.send("CompleteAccountLink", input={"callbackUrl": page.headers["location"]})

    async def scored(self, listener: Listener) -> Data:
        """The person, when the score of what is known now is there; by subscription, or else by looking."""
        async with asyncio.timeout(self.wait_seconds):
            while True:
                change = await listener.next(LOOK_AGAIN_SECONDS)
                viewer: Data = change["viewer"] if change else await self.app.send("Home", first=0)
                if viewer["scoring"]["state"] != "WORKING":
                    return viewer

    async def look_around(self) -> Data:
        with self.tell.timed() as took:
            viewer = await self.home()
        if viewer["score"]:
            self.known_since = viewer["score"]["asOf"]
            self.tell.score(viewer["score"])
        else:
            self.tell.no_score(viewer["scoring"])
        self.tell.membership(viewer["membership"])
        found = viewer["matches"]
        matches = [edge["node"] for edge in found["edges"]]
        self.tell.matches(matches, took(), are_more=found["pageInfo"]["hasNextPage"])
        return viewer

    async def home(self) -> Data:
        """Home, when membership has heard of the score: it reacts to it, a moment later."""
        for _ in range(10):
            viewer: Data = await self.app.send("Home", first=MATCHES)
            if not is_about_to_rise(viewer["membership"]):
                break
            await asyncio.sleep(0.1)
        return viewer

    async def apply(self, viewer: Data) -> Data | None:
        """The application as it stands at the end; None where there was none."""
        matches = [edge["node"] for edge in viewer["matches"]["edges"]]
        match = wished(matches, self.life.wish)
        if match is None:
            self.tell.nothing_to_apply_for()
            return None
        request = {**asked_for(match, self.life.wish), "share": SHARED, "idempotencyKey": f"demo-{uuid4()}"}
        self.wants_money = match["product"]["kind"] == "LOAN"
        self.tell.applying(match, request)
        try:
            with self.tell.timed() as took:
                application = await self.app.send("Apply", input=request)
        except RefusedAtDoor as refusal:
            self.tell.refused(str(refusal))
            return None
        if application["status"] in ("SUBMITTED", "IN_REVIEW"):
            return await self.await_answer(application, match, request)
        self.tell.decided(application, took())
        return application  # type: ignore[no-any-return]

    async def borrow(self, application: Data | None) -> Data | None:
        """The agreement at its end; None where there is no money to be had."""
        offer = application["offer"] if application and self.wants_money else None
        if offer is None:
            return None
        try:
            return await Borrowing(self.app, self.tell, self.prove).walk(offer, self.name, self.life.birth_date)
        except RefusedAtDoor as refusal:
            self.tell.refused(str(refusal))
            return None

    async def prove(self) -> None:
        """Once more who it is, by a code to the phone: a card is added in a session of today."""
        challenge = await self.app.send("RequestPhoneCode", input={"phone": self.phone, "purpose": "STEP_UP"})
        message = await self.message_of(challenge)
        await self.app.send("StepUp", input={"kind": "CODE", "response": message["code"]})

    async def await_answer(self, application: Data, match: Data, request: Data) -> Data:
        self.tell.promised(application, match)
        desks = await self.desks()
        if desks is None:
            self.tell.still_waiting()
            return application
        async with self.subscribed("ApplicationChanged", id=application["id"]) as listener:
            decides = self.partner_decides if application["status"] == "SUBMITTED" else self.reviewer_decides
            if not await decides(desks, application, match):
                self.tell.still_waiting()
                return application
            with self.tell.timed() as took:
                await listener.next(WAIT_SECONDS)
            self.tell.heard(took())
        # The same request again, with the same key, is the same application: now with its offer.
        answered: Data = await self.app.send("Apply", input=request)
        self.tell.decided(answered)
        return answered

    async def partner_decides(self, desks: Desks, application: Data, match: Data) -> bool:
        desk, partner = desks.partner, match["product"]["partner"]
        if partner["id"] != desk.partner_id:
            return False
        with self.tell.timed() as took:
            await desk.sign_in()
        self.tell.partner_signed_in(took())
        with self.tell.timed() as took:
            seen = await desk.find(application["id"], since=self.known_since)
        self.tell.partner_saw(seen, took())
        if seen["grade"] == TOO_RISKY:
            with self.tell.timed() as took:
                await desk.decline(seen)
            self.tell.partner_declined(took())
            return True
        with self.tell.timed() as took:
            # Never what it costs all told: with a fee that is more than the rate that was shown. A rental has none.
            terms = await desk.approve(seen, annual_rate=match["product"]["annualRate"] or "0")
        self.tell.partner_approved(terms, took())
        return True

    async def reviewer_decides(self, desks: Desks, application: Data, match: Data) -> bool:
        with self.tell.timed() as took:
            if not await desks.review.sign_in():
                return False
        self.tell.reviewer_signed_in(took())
        with self.tell.timed() as took:
            await desks.review.approve(application["id"], self.tell.review_reason())
        self.tell.reviewer_approved(took())
        return True

    @asynccontextmanager
    async def subscribed(self, operation: str, **variables: Any) -> AsyncIterator[Listener]:
        assert self.app.token is not None, "signed in first"
        locale = self.tell.locale
        async with listening(self.address, self.app.token, locale, operation, **variables) as listener:
            yield listener


def is_about_to_rise(membership: Data | None) -> bool:
    missing: Data | None = ((membership or {}).get("next") or {}).get("missing")
    return missing is not None and missing["points"] == 0 and missing["activity"] == 0


def wished(matches: list[Data], wish: Wish) -> Data | None:
    """The match of the wished title, or the best of the kind, or the best there is."""
    of_kind = [match for match in matches if match["product"]["kind"] == wish.kind]
    by_title = [match for match in of_kind if match["product"]["title"] == wish.title]
    return next(iter([*by_title, *of_kind, *matches]), None)


def asked_for(match: Data, wish: Wish) -> Data:
    """The wish, kept within what the product offers."""
    product = match["product"]
    low, high = Decimal(product["amountMin"]["amount"]), Decimal(product["amountMax"]["amount"])
    amount = min(max(Decimal(wish.amount), low), high)
    months = min(product["termMonths"], key=lambda months: abs(months - wish.months))
    return {
        "productId": product["id"],
        "amount": {"amount": f"{amount:.2f}", "currency": CURRENCY},
        "termMonths": months,
    }
