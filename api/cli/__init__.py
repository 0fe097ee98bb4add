"""The `longan` command. Each command's own file imports what it needs when it runs, so that every start is quick."""

from typing import Annotated

import typer

from api.cli.audit import audit
from api.cli.bench import bench
from api.cli.clients import clients
from api.cli.day import day
from api.cli.demo import demo
from api.cli.dev import dev
from api.cli.evaluate import evaluate
from api.cli.hiding import hiding
from api.cli.hooks import listen, trigger
from api.cli.invent import invent
from api.cli.keys import keys
from api.cli.ledger import ledger
from api.cli.lift import lift
from api.cli.machine.doctor import doctor
from api.cli.machine.logs import logs
from api.cli.machine.open import open_page
from api.cli.machine.reset import reset
from api.cli.machine.status import status
from api.cli.match import match
from api.cli.migrate import migrate
from api.cli.models import models
from api.cli.money import money
from api.cli.outcomes import outcomes
from api.cli.prepare import prepare
from api.cli.reactions import reactions
from api.cli.replay import replay
from api.cli.rescore import rescore
from api.cli.schema import schema
from api.cli.staff import staff
from api.cli.train import train
from api.cli.up import up
from api.cli.verify import verify


def _say_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version
        from platform import python_version

        typer.echo(f"longan {version('longan')} (Python {python_version()})")
        raise typer.Exit


app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,  # what they show may be personal
)


@app.callback()
def longan(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_say_version, is_eager=True, help="Say which Longan this is.")
    ] = False,
) -> None:
    """Longan: credit scores, matches, applications and memberships over GraphQL."""


HERE, MODELS, OPERATING = "On this machine", "Models", "Operating"

app.command(rich_help_panel=HERE)(up)
app.command(rich_help_panel=HERE)(status)
app.command(rich_help_panel=HERE)(logs)
app.command("open", rich_help_panel=HERE)(open_page)
app.command(rich_help_panel=HERE)(doctor)
app.command(rich_help_panel=HERE)(demo)
app.command(rich_help_panel=HERE)(invent)
app.command(rich_help_panel=HERE)(reset)
app.add_typer(dev, name="dev", rich_help_panel=HERE)
app.command(rich_help_panel=HERE)(listen)
app.command(rich_help_panel=HERE)(trigger)
app.command(rich_help_panel=MODELS)(train)
app.command(rich_help_panel=MODELS)(evaluate)
app.command(rich_help_panel=MODELS)(outcomes)
app.command(rich_help_panel=MODELS)(lift)
app.command(rich_help_panel=MODELS)(hiding)
app.add_typer(models, name="models", rich_help_panel=MODELS)
app.add_typer(match, name="match", rich_help_panel=MODELS)
app.add_typer(bench, name="bench", rich_help_panel=MODELS)
app.command(rich_help_panel=OPERATING)(prepare)
app.command(rich_help_panel=OPERATING)(migrate)
app.add_typer(reactions, name="reactions", rich_help_panel=OPERATING)
app.add_typer(day, name="day", rich_help_panel=OPERATING)
app.command(rich_help_panel=OPERATING)(rescore)
app.command(rich_help_panel=OPERATING)(replay)
app.command(rich_help_panel=OPERATING)(audit)
app.command(rich_help_panel=OPERATING)(verify)
app.add_typer(ledger, name="ledger", rich_help_panel=OPERATING)
app.add_typer(money, name="money", rich_help_panel=OPERATING)
app.command(rich_help_panel=OPERATING)(schema)
app.add_typer(staff, name="staff", rich_help_panel=OPERATING)
app.add_typer(clients, name="clients", rich_help_panel=OPERATING)
app.add_typer(keys, name="keys", rich_help_panel=OPERATING)
