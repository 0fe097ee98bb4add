"""The list of `longan models`: what is kept under `var/models`, and where each stands."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.database import Db
from ml.live import registry
from ml.live.registry import Kind, Standing
from ml.models.artefact import Artefact, ArtefactError
from ml.promotion import challenging, promoting
from ml.promotion.promoting import Voucher


@dataclass(frozen=True)
class Kept:
    """`broken`: why it cannot be used."""

    version: str
    kind: Kind
    trained_on: str
    figures: str
    place: str
    broken: str | None = None


async def show(db: Db) -> None:
    kept = list(shelf())
    vouched = await promoting.vouchers(db, {each.version for each in kept})
    console = Console()
    table = Table(box=None, padding=(0, 2))
    for name in ("version", "kind", "place"):
        table.add_column(name, no_wrap=True)
    for name in ("trained on", "figures", "vouched for by"):
        table.add_column(name)
    for each in sorted(kept, key=lambda each: (each.kind, each.place or "z", each.version)):
        style = "bold green" if each.place == "champion" else "red" if each.broken else ""
        names = ", ".join(_signed(voucher) for voucher in vouched[each.version])
        cells = (each.version, each.kind.value, each.place, each.broken or each.trained_on, each.figures, names)
        table.add_row(*(Text(cell, style) for cell in cells))
    console.print(table)
    await _compare(db, console)


def shelf() -> Iterator[Kept]:
    """Every folder that looks like a model, also those that cannot be used."""
    standings = {kind: registry.standing(kind) for kind in Kind}
    if not registry.folder().is_dir():
        return
    for path in sorted(registry.folder().iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            yield _kept(path.name, standings)


def _kept(version: str, standings: dict[Kind, Standing]) -> Kept:
    kind = promoting.kind_of(version)
    place = _place(version, standings[kind])
    try:
        model = registry.load(kind, version)
    except ArtefactError as error:
        return Kept(version, kind, "", "", place, str(error))
    data = model.card.get("data", {})
    rows = f"{data['rows']:,} rows" if "rows" in data else ""
    source = "simulated people" if model.simulated else f"book {data.get('hash', 'unknown')}"
    figures = model.card.get("figures", {}) if isinstance(model, Artefact) and not model.simulated else {}
    told = "  ".join(f"{name} {figures[name]:.3f}" for name in ("auc", "logloss", "ece") if name in figures)
    unmapped = "inputs not mapped to facts" if isinstance(model, Artefact) and not model.is_mapped else ""
    return Kept(version, kind, " ".join(filter(None, (source, rows))), told or unmapped, place)


def _place(version: str, standing: Standing) -> str:
    if version == standing.champion:
        return "champion"
    if version == standing.challenger:
        return "challenger"
    return "former" if version in standing.before else ""


def _signed(voucher: Voucher) -> str:
    return f"{voucher.name} ({'proposed' if voucher.approval.is_proposal else 'approved'})"


async def _compare(db: Db, console: Console) -> None:
    challenger = registry.standing(Kind.SCORE).challenger
    if challenger is None:
        return
    seen = await challenging.side_by_side(db, challenger)
    mean = "" if seen.mean_difference is None else f", {seen.mean_difference:+.1f} points on average"
    console.print(
        f"\nIn the shadow {challenger} has scored {seen.scores:,} times{mean}; "
        f"{seen.moved:,} would have another grade, of {seen.unknown:,} it knows not enough.",
        highlight=False,
    )
