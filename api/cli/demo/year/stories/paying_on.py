"""Pays on: a loan over a year, each instalment on its day."""

from api.cli.demo.year.life import YearLife, YearStory
from infra.words import N_


async def live(life: YearLife) -> None:
    agreement = await life.borrow("6000.00")
    await life.pay_each(agreement["schedule"])
    sha256 = await life.person.read_paper("proof-of-settlement")
    told = N_("has paid all of it, never late: proof of settlement, sha256 {hash}…")
    life.tell(told, hash=sha256[:12], mark="✓", style="green")


STORY = YearStory("steady-shopper", N_("Lin Pei"), N_("pays on to the end"), live)
