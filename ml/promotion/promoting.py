"""Promoting: from a proposal by one person and the approval of another to the model that decides, and back in one step."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from domain import approvals as domain_approvals
from domain.actors import StaffActor
from domain.permissions import Permission, roles_that_may
from infra import outbox
from infra.database import Db
from infra.entity import Json
from infra.errors import Refusal, RefusalCode
from ml.live import approvals, registry, store
from ml.live.approvals import MODEL, MoveKind
from ml.live.registry import ModelStanding
from ml.live.store import ModelArtefact, ModelKind
from ml.models import promotable
from ml.models.artefact import Artefact, ArtefactError
from ml.promotion import reach

# The gate loads the laboratory, which takes seconds; most who ask what is live measure nothing.
if TYPE_CHECKING:
    from ml.promotion.releasing import Gate


class NotPromoted(Exception):
    """Why not, in sentences for the operator."""


@dataclass(frozen=True)
class Voucher:
    name: str
    is_proposal: bool


async def kind_of(db: Db, version: str) -> ModelKind:
    """Raises NotPromoted where no model of either kind is kept under this version."""
    kept = await db.get(ModelArtefact, version)
    if kept is None:
        raise NotPromoted(f"There is no model {version}. Where it was trained: longan models propose {version}")
    return kept.kind


async def propose(db: Db, version: str, *, by: StaffActor) -> None:
    """The first of the two words. The model must be sound by then, and leaves this machine's folder for all machines."""
    _require_voucher(by)
    await _bring(db, version)
    await _require_sound(db, await kind_of(db, version), version)
    hash = await store.digest(db, version)
    with _sentences({RefusalCode.NOT_OPEN: f"Model {version} is proposed already."}):
        await domain_approvals.propose(db, by, MODEL, subject=version, hash=hash, title=version)


async def approve(db: Db, version: str, *, by: StaffActor) -> None:
    """The second word, by somebody else, for the model as it was proposed."""
    _require_voucher(by)
    await kind_of(db, version)
    # The version that the approver names is the hash of what they saw; whether it is still that, its files say.
    hash = await store.digest(db, version)
    with _sentences(
        {
            RefusalCode.NOT_OPEN: f"Nobody has proposed model {version} yet: longan models propose {version}",
            RefusalCode.SECOND_PERSON_REQUIRED: "You have vouched for this model already: another person must approve it.",
            RefusalCode.STALE: f"Model {version} is not what was proposed any more.",
        }
    ):
        await domain_approvals.approve(db, by, MODEL, subject=version, seen=hash, now=hash)


async def promote(db: Db, version: str, measured: "Gate | None" = None, *, by: StaffActor) -> ModelStanding:
    """Make it the champion. `measured`: the release gate's findings, where the champion's figures can be compared."""
    _require_voucher(by)
    kind = await kind_of(db, version)
    candidate = await _require_sound(db, kind, version)
    before = (await registry.standing(db, kind)).champion
    if not await domain_approvals.is_approved(db, MODEL, version, await store.digest(db, version)):
        raise NotPromoted(f"Two people must vouch for model {version} first: one proposes, another approves.")
    if isinstance(candidate, Artefact):
        await _require_gate(db, before, candidate, measured)
    await _announce(db, kind, MoveKind.PROMOTED, version, before, measured.figures if measured else {}, by)
    return await registry.switch(db, kind, lambda now: now.promoted(version))


async def challenge(db: Db, version: str | None, *, by: StaffActor) -> ModelStanding:
    """Let it score live traffic in the shadow; None ends that. Nothing that people see changes, so it needs no approval."""
    _require_voucher(by)
    now = await registry.standing(db, ModelKind.SCORE)
    before = now.challenger
    if version is not None:
        await _bring(db, version)
        if await kind_of(db, version) is not ModelKind.SCORE:
            raise NotPromoted("Only a score model can challenge.")
        if version == now.champion:
            raise NotPromoted("It is the champion already.")
        await _require_sound(db, ModelKind.SCORE, version)
        await approvals.write_down(db, ModelKind.SCORE, MoveKind.CHALLENGED, version, before, {}, by)
    elif before is not None:
        await approvals.write_down(db, ModelKind.SCORE, MoveKind.WITHDRAWN, before, before, {}, by)
    return await registry.switch(db, ModelKind.SCORE, lambda now: now.challenged(version))


async def roll_back(db: Db, kind: ModelKind = ModelKind.SCORE, *, by: StaffActor) -> ModelStanding:
    """Back to the champion before this one, at once: it was approved when it was promoted."""
    _require_voucher(by)
    now = await registry.standing(db, kind)
    if not now.before:
        raise NotPromoted("There is no earlier champion to go back to.")
    await _announce(db, kind, MoveKind.ROLLED_BACK, now.before[0], now.champion, {}, by)
    return await registry.switch(db, kind, ModelStanding.rolled_back)


async def reseal(db: Db, version: str, *, by: StaffActor) -> ModelStanding:
    """Let a model be live again where the row that says what is live cannot be believed.

    The row is not asked what it should be: only what two people have vouched for comes back, or on the embedded default
    a model that learned from simulated people, as at the first start.
    """
    _require_voucher(by)
    kind = await kind_of(db, version)
    if await registry.is_believable(db, kind):
        raise NotPromoted(
            f"What is live of the kind {kind} is sealed under this house's key: there is nothing to repair."
        )
    model = await _require_sound(db, kind, version)
    if not model.simulated and not await domain_approvals.is_approved(
        db, MODEL, version, await store.digest(db, version)
    ):
        raise NotPromoted(f"Two people must vouch for model {version} first: one proposes, another approves.")
    await _announce(db, kind, MoveKind.PROMOTED, version, None, {"resealed": True}, by)
    return await registry.reseal(db, kind, version)


async def rivals(db: Db, version: str) -> dict[str, Artefact]:
    """The champion and the candidate, by the names that the gate gives them."""
    from ml.promotion import releasing

    champion = (await registry.standing(db, ModelKind.SCORE)).champion
    if champion is None:
        raise NotPromoted("There is no champion to compare with.")
    return {
        releasing.FIRST: await store.load_score(db, champion),
        releasing.SECOND: await store.load_score(db, version),
    }


def measure(
    models: Mapping[str, Artefact], book: Path, describe: Path, progress: Callable[[str, float], None] = lambda *_: None
) -> "Gate":
    """Champion and candidate on the same rows of a book. Slow; raises BookRefused for a malformed book."""
    from ml.books import describing, reading
    from ml.books.findings import Notes
    from ml.lab.comparing import compare
    from ml.promotion import releasing

    progress(f"Reading {book.name}", 0.0)
    notes, description = Notes(), describing.read(describe)
    table = reading.read(book, notes, encoding=description.encoding, separator=description.separator)
    progress("Checking the book", 0.2)
    return releasing.gate(compare(models, table, description, notes=notes, progress=progress, only_fresh=True))


async def vouchers(db: Db, versions: set[str]) -> dict[str, list[Voucher]]:
    """Who vouches for each, by name."""
    given = await approvals.vouchers(db, versions)
    return {version: [Voucher(*word) for word in words] for version, words in given.items()}


def _require_voucher(actor: StaffActor) -> None:
    if not actor.may(Permission.VOUCH_FOR_MODELS):
        able = " or ".join(role.value for role in roles_that_may(Permission.VOUCH_FOR_MODELS))
        raise NotPromoted(f"A {actor.role} cannot vouch for a model, or move one: that takes the role {able}.")


@contextmanager
def _sentences(sentences: Mapping[RefusalCode, str]) -> Iterator[None]:
    """What a refusal means for a model."""
    try:
        yield
    except Refusal as refusal:
        raise NotPromoted(sentences.get(refusal.code, refusal.message)) from None


async def _bring(db: Db, version: str) -> None:
    if await db.get(ModelArtefact, version) is not None:
        return
    if not (store.folder() / version).is_dir():
        raise NotPromoted(f"There is no model {version}, neither kept for all machines nor in {store.folder()}.")
    try:
        await store.bring(db, version)
    except ArtefactError as error:
        raise NotPromoted(str(error)) from error


async def _require_sound(db: Db, kind: ModelKind, version: str) -> store.AnyModel:
    """Require that it loads, may be used in this environment, and can score the people that there are."""
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
        raise NotPromoted(reached.sentence)
    return model


async def _require_gate(db: Db, before: str | None, candidate: Artefact, measured: "Gate | None") -> None:
    from ml.promotion import releasing

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


async def _announce(
    db: Db, kind: ModelKind, move: MoveKind, version: str, before: str | None, gate: Json, by: StaffActor
) -> None:
    await approvals.write_down(db, kind, move, version, before, gate, by)
    await outbox.announce(db, approvals.MODEL_PROMOTED, kind=kind, version=version)
