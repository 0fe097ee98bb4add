"""The `longan` command. Each command's own file imports what it needs when it runs, so that every start is quick."""

import typer

from api.cli.bench import bench
from api.cli.demo import demo
from api.cli.dev import dev
from api.cli.evaluate import evaluate
from api.cli.keys import keys
from api.cli.lift import lift
from api.cli.match import match
from api.cli.migrate import migrate
from api.cli.models import models
from api.cli.prepare import prepare
from api.cli.replay import replay
from api.cli.rescore import rescore
from api.cli.schema import schema
from api.cli.staff import staff
from api.cli.train import train
from api.cli.up import up

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # what they show may be personal
    help="Longan: credit scores, matches, applications and memberships over GraphQL.",
)
app.command()(up)
app.command()(prepare)
app.command()(migrate)
app.command()(schema)
app.command()(train)
app.command()(evaluate)
app.command()(lift)
app.command()(rescore)
app.command()(replay)
app.command()(demo)
app.add_typer(models, name="models")
app.add_typer(match, name="match")
app.add_typer(bench, name="bench")
app.add_typer(dev, name="dev")
app.add_typer(keys, name="keys")
app.add_typer(staff, name="staff")
