"""`longan bench ...`: what things cost, measured on this machine with simulated people in a scratch database."""

import typer

from api.cli.bench.account import account
from api.cli.bench.day import day
from api.cli.bench.door import door
from api.cli.bench.evidence import evidence
from api.cli.bench.growing import growth
from api.cli.bench.ledger import ledger
from api.cli.bench.match import match
from api.cli.bench.rescore import rescore
from api.cli.bench.serve import serve
from api.cli.bench.share import share
from api.cli.bench.signals import signals
from api.cli.bench.stranger import stranger
from api.cli.bench.tiers import tiers
from api.cli.bench.webhooks import webhooks

bench = typer.Typer(no_args_is_help=True, help="Measure on this machine, with simulated people in a scratch database.")


@bench.callback()
def here() -> None:
    """Measure on this machine, with simulated people in a scratch database."""


bench.command()(rescore)
bench.command()(match)
bench.command()(stranger)
bench.command()(share)
bench.command()(signals)
bench.command()(evidence)
bench.command()(serve)
bench.command()(growth)
bench.command()(account)
bench.command()(door)
bench.command()(webhooks)
bench.command()(ledger)
bench.command()(day)
bench.command()(tiers)
