"""What is others' is answered as what never was: every kind of thing at the doors of people and of partners, to a byte.

The kinds, and the mutations that take the id of one, are those of the schemas: a new one is here by itself, or fails here.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

import httpx2
import pytest
from graphql import GraphQLField, get_named_type
from sqlalchemy import Column, func, insert, select
from sqlalchemy.orm import class_mapper

from api.app.nodes import NODES as APP_NODES
from api.app.schema import schema as app_schema
from api.partner.schema import NODES as PARTNER_NODES
from api.partner.schema import schema as partner_schema
from domain.agreements.agreements import Agreement
from domain.agreements.draw_downs import DrawDown
from domain.agreements.repaying import REPAYMENT
from domain.applications.applications import Application
from domain.applications.offers import Offer
from domain.consent.consents import Consent
from domain.credit.scores import Score
from domain.disputes.disputes import Dispute
from domain.evidence import leaves as evidence
from domain.evidence.leaves import Evidence, EvidenceKind
from domain.facts.accounts import LinkedAccount
from domain.invitations.invitations import Invitation
from domain.market.products import Product
from domain.notices.notices import Notice
from domain.notices.words import DEVICE_SIGNED_IN
from domain.payments.payments import Payment
from domain.people import partner_tokens, sessions
from domain.people.partners import PartnerClient
from domain.people.payment_accounts import PaymentAccount
from domain.people.second_factors import SecondFactor
from domain.people.sessions import Session
from domain.people.users import User
from domain.permissions import ALLOWS, Scope
from domain.privacy.exports import DataExport
from domain.statements.statements import Statement
from infra import clock
from infra.database import Db, transaction
from infra.entity import Entity
from infra.ids import global_id, new_id
from integrations.webhooks.deliveries import WebhookDelivery
from integrations.webhooks.endpoints import WebhookEndpoint
from membership.plans.subscriptions import PlanSubscription
from membership.redemptions import Redemption, RedemptionStatus
from tests.api.offering import close
from tests.api.people import open_shop, somebody
from tests.api.walking import Place, document, leaves, mutations, put, sample

# Rows of every kind, with anything in them: whoever reads a list of all of a kind would stumble over these.
pytestmark = pytest.mark.usefixtures("house_apart")

SCHEMAS = {"app": app_schema(), "partner": partner_schema()}
ADDRESSES = {"app": "/graphql", "partner": "/partner/graphql"}
NODES = {"app": APP_NODES, "partner": PARTNER_NODES}
FOUND = "query ($id: ID!) { node(id: $id) { __typename id } }"
ENTITIES: dict[str, type[Entity]] = {
    "Agreement": Agreement, "Application": Application, "Consent": Consent, "DataExport": DataExport, "Device": Session,
    "Dispute": Dispute, "DrawDown": DrawDown, "Evidence": Evidence, "Invitation": Invitation, "LinkedAccount": LinkedAccount,
    "Notice": Notice, "Offer": Offer, "PaymentAccount": PaymentAccount, "PlanSubscription": PlanSubscription,
    "Product": Product, "Redemption": Redemption, "Repayment": Payment, "Score": Score, "User": User,
    "WebhookEndpoint": WebhookEndpoint, "WebhookDelivery": WebhookDelivery, "SecondFactor": SecondFactor, "Statement": Statement,
}  # fmt: skip
MORE: dict[str, dict[str, Any]] = {
    "Notice": {"code": DEVICE_SIGNED_IN.code, "is_listed": True},
    "Redemption": {"status": RedemptionStatus.USED, "used_at": func.longan_now()},
    "Repayment": {"cause": REPAYMENT},
}
# Of what is no row with an owner: what somebody was sent, is asked by a code, begins with, or was told under seal.
NO_NODES = {"challengeId", "consentRequestId", "enrolmentId", "payoffQuoteId"}
LEAST = {"app": 25, "partner": 11}  # mutations that take the id of what somebody has
# Shown to everybody, or worked out of the person and no row of its own.
EVERYBODYS = {"app": {"Product", "Partner", "Match", "Benefit"}, "partner": set[str]()}


class Caller(NamedTuple):
    http: httpx2.AsyncClient
    address: str
    token: str

    async def told(self, query: str, **variables: Any) -> Any:
        """All that an answer says, but of the request itself."""
        headers = {"Authorization": f"Bearer {self.token}"}
        sent = await self.http.post(self.address, json={"query": query, "variables": variables}, headers=headers)
        answer = sent.json()
        return answer.get("data"), [(each["message"], each.get("path")) for each in answer.get("errors", ())]


class Belongings(NamedTuple):
    """Whose the things are, a stranger of the same kind, and what there is, by kind."""

    door: str
    owner: Caller
    stranger: Caller
    ids: dict[str, UUID]


@pytest.fixture(params=SCHEMAS)
async def world(request: pytest.FixtureRequest, http: httpx2.AsyncClient) -> AsyncIterator[Belongings]:
    door = request.param
    shop, other = await open_shop(), await open_shop()
    async with transaction() as db:
        owner, stranger = [await sessions.begin(db, (await somebody(db)).id, "phone") for _ in range(2)]
        known = {"user_id": owner.user_id, "session_id": owner.id, "partner_id": shop.partner.id}
        ids = {"User": owner.user_id, "Product": shop.product.id}
        ids["Evidence"] = await _evidence(db, owner.user_id)
        for kind, entity in ENTITIES.items():
            if kind not in ids:
                ids[kind] = await _keep(db, entity, {**known, **MORE.get(kind, {})}, ids)
    tokens = {"app": (owner.access_token, stranger.access_token), "partner": (shop.token, other.token)}[door]
    mine, others = [Caller(http, ADDRESSES[door], token) for token in tokens]
    yield Belongings(door, mine, others, ids)
    await close(shop)
    await close(other)


async def _evidence(db: Db, user_id: UUID) -> UUID:
    """A leaf that holds: whoever audits the log finds nothing that was changed in it."""
    leaf = await evidence.of(db, user_id, EvidenceKind.DECISION, new_id(), {})
    db.add(leaf)
    await db.flush()
    return leaf.id


async def _keep(db: Db, entity: type[Entity], known: dict[str, Any], ids: dict[str, UUID]) -> UUID:
    """A row of the owner's, with something in each column that must have something."""
    id, now, columns = new_id(), await clock.now(db), class_mapper(entity).columns
    told = {"id": id, **known}
    row = {
        column.name: told[column.name] if column.name in told else await _filling(db, column, ids, now)
        for column in columns
        if column.name in told or not (column.nullable or column.server_default or column.default)
    }
    await db.execute(insert(entity).values(row))
    return id


async def _filling(db: Db, column: Column[Any], ids: dict[str, UUID], now: datetime) -> Any:
    for key in column.foreign_keys:
        known = [ids[kind] for kind in ids if ENTITIES[kind].__table__ is key.column.table]
        return known[0] if known else await db.scalar(select(key.column).limit(1))
    type_: Any = column.type.python_type
    if issubclass(type_, Enum):
        return next(iter(type_))
    if type_ is datetime:
        return now + timedelta(days=1) if column.name == "expires_at" else now
    values = {UUID: new_id(), str: str(new_id()), bytes: new_id().bytes, date: now.date(), object: []}
    return values[type_] if type_ in values else type_(1)


async def test_what_is_others_is_found_by_its_owner_alone(world: Belongings) -> None:
    own = sorted(NODES[world.door].keys() - EVERYBODYS[world.door])
    assert {*own} <= ENTITIES.keys(), "put the new kind's entity into ENTITIES"
    shown = []
    for kind in own:
        id, never = global_id(kind, world.ids[kind]), global_id(kind, new_id())
        assert (
            await world.stranger.told(FOUND, id=id)
            == await world.stranger.told(FOUND, id=never)
            == ({"node": None}, [])
        )
        shown.append((await world.owner.told(FOUND, id=id))[0]["node"])
    assert [node and node["__typename"] for node in shown] == own


@pytest.mark.parametrize("world", ["partner"], indirect=True)
async def test_a_client_finds_what_its_scopes_open(world: Belongings) -> None:
    kinds, told = [*PARTNER_NODES], partner_tokens.read(world.owner.token)
    assert told is not None
    ids = [global_id(kind, world.ids[kind]) for kind in kinds]
    for scope in Scope:
        async with transaction() as db:
            (await db.get_one(PartnerClient, told.client_id)).scopes = [scope]
        nodes = (await world.owner.told("query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }", ids=ids))[0][
            "nodes"
        ]
        opened = [kind if PARTNER_NODES[kind].permission in ALLOWS[scope] else None for kind in kinds]
        assert [node and node["__typename"] for node in nodes] == opened, scope


async def test_no_mutation_tells_what_is_others_from_what_never_was(world: Belongings) -> None:
    found = set[str]()
    for name, field in mutations(SCHEMAS[world.door]._schema).items():
        for place, kind in [each for each in ids_of(field) if each[1] not in EVERYBODYS[world.door]]:
            theirs = put(of_nobody(field), place, global_id(kind, world.ids[kind]))
            foreign = await world.stranger.told(document(name, field), **theirs)
            assert foreign == await world.stranger.told(document(name, field), **of_nobody(field)), (name, place, kind)
            if foreign[0]["it"]["code"] == "NOT_FOUND":
                found.add(name)
    assert len(found) >= LEAST[world.door], "most get so far that they look for it"


def ids_of(field: GraphQLField) -> Iterator[tuple[Place, str]]:
    """Where an input takes the id of something, and of which kinds that may be, as its name or its description says."""
    for name, argument in field.args.items():
        for place, type_ in leaves(argument.type, (name,)):
            if type_ == "ID" and (leaf := _leaf_of(place)) not in NO_NODES:
                kinds = {kind for kind in ENTITIES if kind.lower() == leaf.lower().removesuffix("s").removesuffix("id")}
                said = _description(field, place).replace(".", "").split()
                kinds |= {kind for kind in ENTITIES if kind in said}
                assert kinds or {"Partner", "Benefit", "Match"} & {*said}, (
                    f"of which kind is {leaf}? Its description tells"
                )
                yield from ((place, kind) for kind in kinds)


def _leaf_of(place: Place) -> str:
    return [str(step) for step in place if isinstance(step, str)][-1]


def _description(field: GraphQLField, place: Place) -> str:
    at: Any = field.args[str(place[0])]
    for step in place[1:]:
        if isinstance(step, str):
            at = get_named_type(at.type).fields[step]
    return at.description or ""


def of_nobody(field: GraphQLField) -> Any:
    """Arguments that are right in shape, each id in them of something that never was."""
    given: Any = {name: sample(argument.type) for name, argument in field.args.items()}
    for place, kind in ids_of(field):
        given = put(given, place, global_id(kind, new_id()))
    return given
