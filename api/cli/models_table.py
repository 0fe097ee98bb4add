"""The list of `longan models`: what is kept for all machines, and where each stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from infra import terminal
from infra.database import Db
from infra.terminal import Listing
from ml.live import registry, store
from ml.live.registry import ModelStanding, ModelState
from ml.live.store import ModelArtefact, ModelKind
from ml.models.artefact import Artefact, ArtefactError
from ml.promotion import challenging, promoting
from ml.promotion.challenging import SideBySide
from ml.promotion.promoting import Voucher

FIGURES = ("auc", "logloss", "ece")


@dataclass(frozen=True)
class ModelLine:
    """`broken`: why it cannot be used. `unmapped`: inputs that no fact feeds, so that nobody can be scored."""

    version: str
    kind: ModelKind
    place: str
    simulated: bool
    rows: int | None
    book: str | None
    figures: Mapping[str, float]
    unmapped: tuple[str, ...]
    broken: str | None
    vouchers: tuple[Voucher, ...]


async def lines(db: Db) -> list[ModelLine]:
    """Champions first, then what else is kept."""
    kept = await store.list_artefacts(db)
    standings = {kind: await registry.standing(db, kind) for kind in ModelKind}
    vouchers = await promoting.vouchers(db, {each.version for each in kept})
    found = [await _line(db, each, standings[each.kind], tuple(vouchers[each.version])) for each in kept]
    return sorted(found, key=lambda line: (line.kind, line.place or "z", line.version))


async def shadow(db: Db) -> tuple[str, SideBySide] | None:
    challenger = (await registry.standing(db, ModelKind.SCORE)).challenger
    return (challenger, await challenging.side_by_side(db, challenger)) if challenger else None


async def _line(db: Db, kept: ModelArtefact, standing: ModelStanding, vouchers: tuple[Voucher, ...]) -> ModelLine:
    card: Mapping[str, Any] = {}
    unmapped: tuple[str, ...] = ()
    broken = None
    try:
        model = await store.load(db, kept.version)
        card, unmapped = model.card, model.unmapped if isinstance(model, Artefact) else ()
    except ArtefactError as error:
        broken = str(error)
    data = card.get("data", {})
    figures = card.get("figures", {}) if kept.kind is ModelKind.SCORE and not kept.simulated else {}
    return ModelLine(
        version=kept.version,
        kind=kept.kind,
        place=_place(kept.version, standing),
        simulated=kept.simulated,
        rows=data.get("rows"),
        book=data.get("hash"),
        figures={name: figures[name] for name in FIGURES if name in figures},
        unmapped=unmapped,
        broken=broken,
        vouchers=vouchers,
    )


def _place(version: str, standing: ModelStanding) -> str:
    state = standing.state_of(version)
    return "" if state is ModelState.STORED else state.lower()


def show(found: list[ModelLine], beside: tuple[str, SideBySide] | None) -> None:
    console = terminal.console()
    table = Listing(
        "version", "kind", "place", "trained on", "figures", "vouched for by", prose=("trained on", "vouched for by")
    )
    for line in found:
        style = "bold green" if line.place == "champion" else "red" if line.broken else ""
        table.add_row(*(Text(cell, style) for cell in _cells(line)))
    console.print(table)
    if beside:
        console.print(f"\n{_compare(*beside)}", soft_wrap=True)


def _cells(line: ModelLine) -> tuple[str, ...]:
    rows = f"{line.rows:,} rows" if line.rows is not None else ""
    source = "simulated people" if line.simulated else f"book {line.book or 'unknown'}"
    figures = "  ".join(f"{name} {value:.3f}" for name, value in line.figures.items())
    unmapped = "inputs not mapped to facts" if line.unmapped else ""
    names = ", ".join(f"{each.name} ({_word(each)})" for each in line.vouchers)
    trained_on = line.broken or " ".join(filter(None, (source, rows)))
    return line.version, line.kind.value, line.place, trained_on, figures or unmapped, names


def _word(voucher: Voucher) -> str:
    return "proposed" if voucher.is_proposal else "approved"


def _compare(challenger: str, seen: SideBySide) -> str:
    mean = "" if seen.mean_difference is None else f", {seen.mean_difference:+.1f} points on average"
    return (
        f"In the shadow {challenger} has scored {seen.scores:,} times{mean}; "
        f"{seen.moved:,} would have another grade, of {seen.unknown:,} it knows not enough."
    )


def summary(found: list[ModelLine], beside: tuple[str, SideBySide] | None) -> dict[str, Any]:
    return {
        "models": [
            {
                "version": line.version,
                "kind": line.kind.value,
                "place": line.place or None,
                "simulated": line.simulated,
                "rows": line.rows,
                "book": line.book,
                "figures": dict(line.figures),
                "unmapped": list(line.unmapped),
                "broken": line.broken,
                "vouchers": [{"name": each.name, "word": _word(each)} for each in line.vouchers],
            }
            for line in found
        ],
        "shadow": None
        if beside is None
        else {
            "challenger": beside[0],
            "scores": beside[1].scores,
            "unknown": beside[1].unknown,
            "mean_difference": beside[1].mean_difference,
            "moved": beside[1].moved,
        },
    }
