"""The steps of the guide, in the order in which an engineer takes them: what each is for, what it sends, and what is kept of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from graphql import OperationDefinitionNode, parse

from infra.words import N_

DOCUMENTS = Path(__file__).parent / "documents.graphql"


@dataclass(frozen=True)
class KeptId:
    """A value of an earlier answer, by the name that the languages give it."""

    name: str


@dataclass(frozen=True)
class GuideStep:
    """`keeps`: under which name, and where in the answer's `data`, the value lies that a later step needs. `needs`: which of them it
    is not taken without; nothing may wait, and not every client is a test client."""

    title: str
    why: str
    operation: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    keeps: tuple[str, tuple[str | int, ...]] | None = None
    needs: str | None = None

    @property
    def document(self) -> str:
        return documents()[self.operation]


@cache
def documents() -> Mapping[str, str]:
    """Each document by its name, as it is sent."""
    text = DOCUMENTS.read_text("utf-8")
    found = [each for each in parse(text).definitions if isinstance(each, OperationDefinitionNode)]
    return {each.name.value: text[each.loc.start : each.loc.end] for each in found if each.name and each.loc}


def steps(today: date) -> list[GuideStep]:
    """The steps, with keys of their own, so that whoever opens the page anew pastes requests that nobody has sent."""
    return [
        GuideStep(
            N_("Who you are"),
            N_("Which partner your client belongs to, what it may do, and whether it is a test client."),
            "Me",
            keeps=("test", ("me", "isTest")),
        ),
        GuideStep(
            N_("Put up a product"),
            N_(
                "Under your own SKU. It is a draft until you publish it; what is left out stays as it is, so the same request changes it."
            ),
            "UpsertProduct",
            {
                "input": {
                    "sku": "GUIDE-PHONE",
                    "kind": "ELECTRONICS",
                    "title": "手机分期",
                    "amountMin": {"amount": "1000", "currency": "CNY"},
                    "amountMax": {"amount": "8000", "currency": "CNY"},
                    "termMonths": [6, 12],
                    "annualRate": "0.12",
                    "idempotencyKey": str(uuid4()),
                }
            },
            ("product", ("upsertProduct", "id")),
        ),
        GuideStep(
            N_("Find it again"),
            N_("By your SKU, which is yours for good."),
            "ProductBySku",
            {"sku": "GUIDE-PHONE"},
        ),
        GuideStep(
            N_("Publish it, with a test client"),
            N_(
                "In its own world, where nobody real is shown it. A live client publishes by the same request, to everybody."
            ),
            "UpsertProduct",
            {"input": {"sku": "GUIDE-PHONE", "status": "PUBLISHED", "idempotencyKey": str(uuid4())}},
            needs="test",
        ),
        GuideStep(
            N_("Let somebody apply, with a test client"),
            N_("Somebody who never was does what only people do. Of a live client, people do it in their app."),
            "Simulate",
            {"input": {"event": "APPLICATION", "productId": KeptId("product"), "idempotencyKey": str(uuid4())}},
            needs="test",
        ),
        GuideStep(
            N_("Follow what people ask for"),
            N_(
                "The oldest change first. Keep endCursor with what you did, and ask again after it: no change is ever missed. "
                "A grade that you read is told to the person."
            ),
            "Applications",
            {"status": "SUBMITTED", "first": 10},
            ("application", ("applications", "edges", 0, "node", "id")),
        ),
        GuideStep(
            N_("Answer one"),
            N_(
                "Approve with terms, decline with up to four reasons, or refer. Decided once, it stays decided; the same key "
                "answers the same. Where nobody waits, nobody is answered."
            ),
            "DecideApplication",
            {
                "input": {
                    "applicationId": KeptId("application"),
                    "outcome": "DECLINE",
                    "reasons": [{"code": "OUT_OF_STOCK"}],
                    "idempotencyKey": str(uuid4()),
                }
            },
            needs="application",
        ),
        GuideStep(
            N_("Ask somebody at the door"),
            N_(
                "A code for a QR code or a link. Whoever opens it sees the exact answer that you would get, and says yes or no; "
                "your webhook is told of a yes, with the token."
            ),
            "RequestConsent",
            {
                "input": {
                    "purpose": "SHOPPING",
                    "scopes": ["SCORE_CHECK"],
                    "days": 30,
                    "reference": "till 3",
                    "idempotencyKey": str(uuid4()),
                }
            },
            ("request", ("requestConsent", "id")),
        ),
        GuideStep(
            N_("Let somebody say yes, with a test client"),
            N_("Somebody new of its world. A live client waits for its webhook."),
            "SimulateConsent",
            {
                "input": {
                    "event": "CONSENT_GRANTED",
                    "consentRequestId": KeptId("request"),
                    "idempotencyKey": str(uuid4()),
                }
            },
            ("consent", ("simulateConsent", "consentToken")),
            needs="test",
        ),
        GuideStep(
            N_("Hold their grade against yours"),
            N_(
                "YES, NO or UNKNOWN, as long as they let you ask. They see that you did; the same again within 24 hours is not charged."
            ),
            "CheckScore",
            {
                "input": {
                    "consentToken": KeptId("consent"),
                    "purpose": "SHOPPING",
                    "atLeast": "B",
                    "idempotencyKey": str(uuid4()),
                }
            },
            needs="consent",
        ),
        GuideStep(
            N_("Follow what became of offers"),
            N_("Agreements with what is owed on each, and where to pay out what was drawn."),
            "Agreements",
            {"first": 10},
        ),
        GuideStep(
            N_("Close your books"),
            N_("A day of money, line by line: what you paid out, what was received for you, and what you are owed."),
            "Settlement",
            {"on": today.isoformat()},
        ),
        GuideStep(
            N_("Be told instead of asking"),
            N_("A public https address of yours. The secret that signs what is sent there is shown once: keep it."),
            "CreateWebhookEndpoint",
            {
                "input": {
                    "url": "https://203.0.114.7/longan",
                    "eventTypes": ["APPLICATION_SUBMITTED", "APPLICATION_DECIDED", "PAYOUT_REQUESTED"],
                    "idempotencyKey": str(uuid4()),
                }
            },
            ("endpoint", ("createWebhookEndpoint", "endpoint", "id")),
        ),
        GuideStep(
            N_("See what was sent"),
            N_("Each delivery with its attempts and the last answer of your server."),
            "WebhookDeliveries",
            {"first": 10},
        ),
        GuideStep(
            N_("Take the webhook down"),
            N_("Its secret ends with it."),
            "DeleteWebhookEndpoint",
            {"input": {"webhookEndpointId": KeptId("endpoint")}},
            needs="endpoint",
        ),
    ]
