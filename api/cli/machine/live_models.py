"""Whether what is live can be believed and served: sealed under this house's key, whole, and allowed here."""

import asyncio

from api.cli.machine.findings import MachineFinding, State

PATIENCE_SECONDS = 20
REPAIR = (
    "If a dump was restored, give this machine the keys of the house that it came from. If the keys are right: "
    "longan models reseal MODEL --by ADDRESS"
)


async def look(url: str) -> MachineFinding | None:
    """None where the database does not answer or has no tables yet: that is told elsewhere."""
    from ml.models.artefact import ArtefactError

    try:
        live = await _served(url)
    except ArtefactError as why:
        return MachineFinding("Models", State.WRONG, str(why).partition(" What to do")[0].rstrip("."), REPAIR)
    except Exception:  # a driver has many words for no
        return None
    if not live:
        return MachineFinding("Models", State.LOOK, "none is live", "longan models lists them, longan models promote")
    return MachineFinding("Models", State.WELL, ", ".join(f"{kind} {version}" for kind, version in live.items()))


async def _served(url: str) -> dict[str, str]:
    """What is live, by kind. Raises ArtefactError for the first that cannot be believed or served."""
    from sqlalchemy.ext.asyncio import AsyncSession

    from infra.database import make_engine
    from ml.live import registry
    from ml.live.store import ModelKind

    engine, live = make_engine(url), {}
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), AsyncSession(engine) as db:
            for kind in ModelKind:
                if champion := (await registry.standing(db, kind)).champion:
                    live[kind.value] = (await registry.load(db, kind, champion)).version
    finally:
        await engine.dispose()
    return live
