"""A decision leaves evidence: the person reads it, takes its proof away, and anybody checks that without us."""

import asyncio
import json
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from typer.testing import CliRunner

from api.cli import app
from domain.applications.decisions import Decision
from domain.consent.consents import Consent
from domain.evidence import bundles, checkpoints, keeping, sealing
from domain.evidence.bundles import NotProved
from domain.evidence.leaves import Evidence
from domain.evidence.log import EvidenceHead
from infra import reactions
from infra.database import reading, transaction
from infra.outbox import Event
from infra.schedules import Schedule
from infra.settings import settings
from tests.applying import AT_ONCE, BY_PARTNER, apply, product
from tests.phones import Answer, NewPhone, Phone, uuid_of

PROOF = "{ viewer { evidence(first: 1) { nodes { id proofUrl sealedAt } } } }"


async def seal() -> int:
    async with transaction() as db:
        return await sealing.seal(db)


async def mine(phone: Phone) -> list[Answer]:
    edges = (await phone.send("MyEvidence"))["evidence"]["edges"]
    return [edge["node"] for edge in edges]


async def download(phone: Phone, url: str) -> httpx2.Response:
    path = url.removeprefix(settings().public_url)
    return await phone.http.get(path, headers={"Authorization": f"Bearer {phone.token}"} if phone.token else {})


@pytest.fixture
async def decided(shopper: Phone) -> Phone:
    """Somebody who applied and was decided about at once."""
    assert (await apply(shopper, AT_ONCE))["__typename"] == "Application"
    return shopper


async def bundle_of(phone: Phone) -> bytes:
    await seal()
    (node,) = (await phone.ask(PROOF))["viewer"]["evidence"]["nodes"]
    response = await download(phone, node["proofUrl"])
    assert response.status_code == 200, response.text
    return response.content


async def key_of(phone: Phone) -> bytes:
    response = await phone.http.get("/.well-known/evidence-key")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/x-pem-file")
    return response.content


async def test_a_decision_is_sealed_within_a_minute_and_proved(decided: Phone) -> None:
    before, consented = await mine(decided)
    assert consented["kind"] == "CONSENT"
    assert (before["kind"], before["sealedAt"], before["proofUrl"]) == ("DECISION", None, None)
    raw = await bundle_of(decided)
    after, _ = await mine(decided)
    assert after["sealedAt"] >= before["at"] == after["at"]
    proved = bundles.verify(raw, checkpoints.read_pem(await key_of(decided)))
    async with reading() as db:
        made = (await db.execute(select(Decision).where(Decision.user_id == decided.user_id))).scalar_one()
    assert proved.kind == "DECISION"
    assert proved.content == {
        "decision": str(made.id),
        "person": str(decided.user_id),
        "application": str(made.application_id),
        "outcome": made.outcome,
        "decidedAt": made.decided_at.isoformat(),
        "decidedBy": "rules",
        "decidedById": None,
        "reasons": [[reason.code, dict(reason.values)] for reason in made.reasons],
        "rules": made.rule_version,
        "model": made.model_version,
        "madeFrom": sha256((made.vector_sealed or b"") + (made.asked_sealed or b"")).hexdigest(),
    }


async def test_a_consent_is_in_the_log_as_it_was_given_and_as_it_ended(shopper: Phone) -> None:
    application = await apply(shopper, BY_PARTNER)
    await shopper.do("WithdrawApplication", applicationId=application["id"])
    assert [each["kind"] for each in await mine(shopper)] == ["CONSENT", "CONSENT"]
    await seal()
    nodes = (await shopper.ask(PROOF.replace("first: 1", "first: 2")))["viewer"]["evidence"]["nodes"]
    key = checkpoints.read_pem(await key_of(shopper))
    ended, given = [bundles.verify((await download(shopper, each["proofUrl"])).content, key) for each in nodes]
    async with reading() as db:
        consent = (await db.execute(select(Consent).where(Consent.user_id == shopper.user_id))).scalar_one()
    assert consent.revoked_at is not None
    assert given.content == {
        "consent": str(consent.id),
        "person": str(shopper.user_id),
        "partner": str(consent.partner_id),
        "application": str(uuid_of(application["id"])),
        "purpose": "LENDING",
        "scopes": ["SCORE_CHECK"],
        "grantedAt": consent.granted_at.isoformat(),
        "expiresAt": consent.expires_at.isoformat(),
        "revokedAt": None,
    }
    assert ended.content == {**given.content, "revokedAt": consent.revoked_at.isoformat()}


async def test_what_was_refused_leaves_none(member: Phone) -> None:
    assert (await apply(member, AT_ONCE))["__typename"] == "Refused"
    assert await mine(member) == []


async def test_it_is_found_again_by_its_id_and_by_nobody_else(decided: Phone, new_phone: NewPhone) -> None:
    other = await new_phone()
    await other.sign_in()
    await seal()
    (node,) = (await decided.ask(PROOF))["viewer"]["evidence"]["nodes"]
    ask = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await decided.ask(ask, id=node["id"]))["node"] == {"id": node["id"]}
    assert (await other.ask(ask, id=node["id"]))["node"] is None
    assert await mine(other) == []
    assert (await download(other, node["proofUrl"])).status_code == 404
    assert (await download(Phone(decided.http), node["proofUrl"])).status_code == 401
    for path in ("/evidence/none", "/evidence/" + (await decided.ask("{ viewer { id } }"))["viewer"]["id"]):
        assert (await download(decided, path)).status_code == 404


async def test_a_proof_is_kept_by_nobody_on_the_way(decided: Phone) -> None:
    await seal()
    (node,) = (await decided.ask(PROOF))["viewer"]["evidence"]["nodes"]
    headers = (await download(decided, node["proofUrl"])).headers
    assert (headers["cache-control"], headers["vary"]) == ("no-store", "Authorization")
    assert headers["content-disposition"] == f'attachment; filename="evidence-{uuid_of(node["id"])}.json"'


def changed(bundle: Answer, name: str) -> Answer:
    other: dict[str, Any] = {
        "content": bundle["content"].replace("APPROVE", "DECLINE").replace("rules", "staff"),
        "salt": "0" * 64,
        "leaf": bundle["leaf"].replace("DECISION", "CONSENT"),
        "position": bundle["position"] + 1,
        "path": [*bundle["path"], "0" * 64],
        "checkpoint": bundle["checkpoint"].replace(f"\n{bundle['checkpoint'].splitlines()[1]}\n", "\n999999\n", 1),
    }
    return {**bundle, name: other[name]}


WRONG = {
    "content": "The content is not what the log committed to.",
    "salt": "The content is not what the log committed to.",
    "leaf": "The path does not lead from this leaf to the signed head.",
    "position": "The path does not lead from this leaf to the signed head.",
    "path": "The path does not lead from this leaf to the signed head.",
    "checkpoint": "The checkpoint does not hold: it is not signed by this key.",
}


async def test_a_bundle_that_was_changed_proves_nothing(decided: Phone) -> None:
    bundle, key = json.loads(await bundle_of(decided)), checkpoints.read_pem(await key_of(decided))
    told = {}
    for name in WRONG:
        with pytest.raises(NotProved) as refused:
            bundles.verify(json.dumps(changed(bundle, name)).encode(), key)
        told[name] = str(refused.value)
    assert told == WRONG


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff", b'{"content": 1}', b"null"])
def test_what_is_no_bundle_is_told(raw: bytes) -> None:
    with pytest.raises(NotProved, match=r"^It is no bundle: .* is wrong\.$"):
        bundles.verify(raw, checkpoints.signing_key().public_key())


async def test_the_command_needs_the_two_files_alone(decided: Phone, tmp_path: Path) -> None:
    bundle, key = tmp_path / "bundle.json", tmp_path / "head.pub"
    bundle.write_bytes(await bundle_of(decided))
    key.write_bytes(await key_of(decided))
    done = CliRunner().invoke(app, ["verify", str(bundle), "--key", str(key)])
    assert (done.exit_code, "Proved: DECISION of " in done.output) == (0, True)
    bundle.write_text(bundle.read_text().replace("APPROVE", "DECLINE").replace("rules", "staff"))
    done = CliRunner().invoke(app, ["verify", str(bundle), "--key", str(key)])
    assert (done.exit_code, done.output) == (1, "Not proved. The content is not what the log committed to.\n")
    key.write_text("no key")
    done = CliRunner().invoke(app, ["verify", str(bundle), "--key", str(key)])
    assert (done.exit_code, done.output) == (1, "Not proved. the key is not the PEM of an Ed25519 public key\n")


async def test_heads_lie_outside_the_database_and_are_never_written_again(
    decided: Phone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "evidence_heads", tmp_path)
    size = await seal()
    async with reading() as db:
        head = await db.get_one(EvidenceHead, size)
    event = Event(
        name=sealing.HEAD_SIGNED, user_id=None, subject_id=None, data={"size": size}, occurred_at=head.signed_at
    )
    for _ in range(2):
        await keeping.keep_head_outside(event)
    (kept,) = keeping.read_heads(tmp_path, checkpoints.signing_key().public_key())
    assert (kept.size, kept.at) == (size, head.signed_at)
    (path,) = tmp_path.iterdir()
    assert path.read_text() == head.note
    path.write_text(head.note.replace(f"\n{size}\n", f"\n{size + 1}\n"))
    with pytest.raises(checkpoints.NotSigned, match=path.name):
        list(keeping.read_heads(tmp_path, checkpoints.signing_key().public_key()))


async def test_a_log_that_did_not_grow_is_signed_by_a_new_key_alone(
    decided: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def note() -> str:
        return (await decided.http.get("/.well-known/evidence-checkpoint")).text

    size = await seal()
    first = await note()
    assert (await seal(), await note()) == (size, first)
    old, new = checkpoints.signing_key(), Ed25519PrivateKey.generate()
    monkeypatch.setattr(checkpoints, "signing_key", lambda: new)
    assert await seal() == size
    assert checkpoints.read(await note(), new.public_key()).root == checkpoints.read(first, old.public_key()).root
    # Both are of one log, which is audited by both keys.
    both = new.public_key(), old.public_key()
    assert {checkpoints.read(each, *both).size for each in (first, await note())} == {size}
    with pytest.raises(checkpoints.NotSigned):
        checkpoints.read(first, new.public_key())
    monkeypatch.setattr(checkpoints, "signing_key", lambda: old)
    assert await seal() == size
    assert checkpoints.read(await note(), old.public_key()).size == size


async def test_two_sealers_give_each_place_once(decided: Phone) -> None:
    assert (await apply(decided, product("longan-demo-bank", "ldb-everyday")))["__typename"] == "Application"
    sizes = await asyncio.gather(*(seal() for _ in range(4)))
    assert len(set(sizes)) == 1
    async with reading() as db:
        placed = select(func.count(), func.count(Evidence.position.distinct()), func.max(Evidence.position))
        assert tuple((await db.execute(placed)).one()) == (sizes[0], sizes[0], sizes[0] - 1)


async def test_sealing_recurs_each_minute() -> None:
    async with reading() as db:
        assert (await db.get_one(Schedule, sealing.SEALING_DUE)).every == timedelta(minutes=1)
    assert reactions.owed_to(sealing.SEALING_DUE) == ["seal_evidence"]
    assert reactions.owed_to(sealing.HEAD_SIGNED) == ["keep_head_outside"]
