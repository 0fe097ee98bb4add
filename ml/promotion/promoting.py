"""Promoting: from a proposal by one person and the approval of another to the model that decides, and back in one step."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from domain.people import staff
from domain.people.staff import Staff
from domain.permissions import MAY, Permission, roles_that_may
from infra import clock, outbox, vault
from infra.database import Db
from infra.entity import Json
from ml.live import approvals, registry, store
from ml.live.approvals import NEEDED, ModelApproval, Move
from ml.live.registry import Standing
from ml.live.store import Kind, ModelArtefact
from ml.models import promotable
from ml.models.artefact import Artefact, ArtefactError
from ml.promotion import reach, releasing
from ml.promotion.releasing import Gate


class NotPromoted(Exception):
    """Why not, in sentences for the operator."""


@dataclass(frozen=True)
class Voucher:
    name: str
    approval: ModelApproval


async def kind_of(db: Db, version: str) -> Kind:
    """Raises NotPromoted where no model of either kind is kept under this version."""
    kept = await db.get(ModelArtefact, version)
    if kept is None:
        raise NotPromoted(f"There is no model {version}. Where it was trained: longan models propose {version}")
    return kept.kind


async def propose(db: Db, version: str, *, by: str) -> None:
    """The first of the two words. The model must be sound by then, and leaves this machine's folder for all machines."""
    member = await _who(db, by)
    await _bring(db, version)
    kind = await kind_of(db, version)
    await _require_sound(db, kind, version)
    if (await approvals.given(db, {version}))[version]:
        raise NotPromoted(f"Model {version} is proposed already.")
    await _vouch(db, kind, version, member, is_proposal=True)


async def approve(db: Db, version: str, *, by: str) -> None:
    """The second word, by somebody else."""
    member, kind = await _who(db, by), await kind_of(db, version)
    before = (await approvals.given(db, {version}))[version]
    if not before:
        raise NotPromoted(f"Nobody has proposed model {version} yet: longan models propose {version}")
    if any(known.id == member.id for _, known in before):
        raise NotPromoted("You have vouched for this model already: another person must approve it.")
    await _vouch(db, kind, version, member, is_proposal=False)


async def promote(db: Db, version: str, measured: Gate | None = None) -> Standing:
    """Make it the champion. `measured`: the release gate's findings, where the champion's figures can be compared."""
    kind = await kind_of(db, version)
    candidate = await _require_sound(db, kind, version)
    before = (await registry.standing(db, kind)).champion
    if len((await approvals.given(db, {version}))[version]) < NEEDED:
        raise NotPromoted(f"Two people must vouch for model {version} first: one proposes, another approves.")
    if isinstance(candidate, Artefact):
        await _require_gate(db, before, candidate, measured)
    await _announce(db, kind, Move.PROMOTED, version, before, measured.figures if measured else {})
    return await registry.switch(db, kind, lambda now: now.promoted(version))


async def challenge(db: Db, version: str | None) -> Standing:
    """Let it score live traffic in the shadow; None ends that. Nothing that people see changes, so it needs no approval."""
    now = await registry.standing(db, Kind.SCORE)
    before = now.challenger
    if version is not None:
        await _bring(db, version)
        if await kind_of(db, version) is not Kind.SCORE:
            raise NotPromoted("Only a score model can challenge.")
        if version == now.champion:
            raise NotPromoted("It is the champion already.")
        await _require_sound(db, Kind.SCORE, version)
        await approvals.write_down(db, Kind.SCORE, Move.CHALLENGED, version, before, {})
    elif before is not None:
        await approvals.write_down(db, Kind.SCORE, Move.WITHDRAWN, before, before, {})
    return await registry.switch(db, Kind.SCORE, lambda now: now.challenged(version))


async def roll_back(db: Db, kind: Kind = Kind.SCORE) -> Standing:
    """Back to the champion before this one, at once: it was approved when it was promoted."""
    now = await registry.standing(db, kind)
    if not now.before:
        raise NotPromoted("There is no earlier champion to go back to.")
    await _announce(db, kind, Move.ROLLED_BACK, now.before[0], now.champion, {})
    return await registry.switch(db, kind, Standing.rolled_back)


async def rivals(db: Db, version: str) -> dict[str, Artefact]:
    """The champion and the candidate, by the names that the gate gives them."""
    champion = (await registry.standing(db, Kind.SCORE)).champion
    if champion is None:
        raise NotPromoted("There is no champion to compare with.")
    return {
        releasing.FIRST: await store.load_score(db, champion),
        releasing.SECOND: await store.load_score(db, version),
    }


def measure(models: Mapping[str, Artefact], book: Path, describe: Path) -> Gate:
    """Champion and candidate on the same rows of a book. Slow; raises BookRefused for a malformed book."""
    from ml.books import describing, reading
    from ml.books.findings import Notes
    from ml.lab.comparing import compare

    notes, description = Notes(), describing.read(describe)
    table = reading.read(book, notes, encoding=description.encoding, separator=description.separator)
    return releasing.gate(compare(models, table, description, notes=notes, only_fresh=True))


async def vouchers(db: Db, versions: set[str]) -> dict[str, list[Voucher]]:
    """Who vouches for each, by name."""
    seal = vault.house_seal()
    return {
        version: [Voucher(seal.open(member.name_sealed, staff.NAME), approval) for approval, member in given]
        for version, given in (await approvals.given(db, versions)).items()
    }


async def _who(db: Db, email: str) -> Staff:
    member = await staff.find(db, email)
    if member is None:
        raise NotPromoted("Nobody with this address works here.")
    if Permission.VOUCH_FOR_MODELS not in MAY[member.role]:
        able = " or ".join(role.value for role in roles_that_may(Permission.VOUCH_FOR_MODELS))
        raise NotPromoted(f"A {member.role} cannot vouch for a model: that takes the role {able}.")
    return member


async def _vouch(db: Db, kind: Kind, version: str, member: Staff, *, is_proposal: bool) -> None:
    now = await clock.now(db)
    db.add(ModelApproval(version=version, staff_id=member.id, kind=kind, is_proposal=is_proposal, given_at=now))
    await db.flush()


async def _bring(db: Db, version: str) -> None:
    if await db.get(ModelArtefact, version) is not None:
        return
    if not (store.folder() / version).is_dir():
        raise NotPromoted(f"There is no model {version}, neither kept for all machines nor in {store.folder()}.")
    try:
        await store.bring(db, version)
    except ArtefactError as error:
        raise NotPromoted(str(error)) from error


async def _require_sound(db: Db, kind: Kind, version: str) -> store.AnyModel:
    """It loads, may be used in this environment, and can score the people that there are."""
    try:
        model = await registry.load(db, kind, version)
    except ArtefactError as error:
        raise NotPromoted(str(error)) from error
    if isinstance(model, Artefact) and not model.is_mapped:
        unmapped = ", ".join(model.unmapped) or "all"
        raise NotPromoted(f"These inputs of model {version} are mapped to no fact ([facts]): {unmapped}.")
    if isinstance(model, Artefact) and (found := promotable.objections(model)):
        raise NotPromoted(" ".join(found))
    if isinstance(model, Artefact) and not (reached := await reach.reach_of(db, model)).is_enough:
        raise NotPromoted(
            f"It would score {reached.scored} of {reached.people} people who have a score now: too little of what it asks "
            "is known of them."
        )
    return model


async def _require_gate(db: Db, before: str | None, candidate: Artefact, measured: Gate | None) -> None:
    champion = None if before in (None, candidate.version) else await _readable(db, str(before))
    if measured is not None and measured.failures:
        raise NotPromoted("The release gate stays shut. " + " ".join(measured.failures))
    if measured is None and releasing.needs_measuring(champion, candidate):
        raise NotPromoted(
            "Measure it against the champion on the same rows first: add --book and --describe to this command."
        )


async def _readable(db: Db, version: str) -> Artefact | None:
    """A champion that cannot be read any more stops nobody from replacing it."""
    try:
        return await store.load_score(db, version)
    except ArtefactError:
        return None


async def _announce(db: Db, kind: Kind, move: Move, version: str, before: str | None, gate: Json) -> None:
    await approvals.write_down(db, kind, move, version, before, gate)
    await outbox.announce(db, approvals.MODEL_PROMOTED, kind=kind, version=version)
