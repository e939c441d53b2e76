"""`clutch db`: the private PostGIS server."""

import typer

app = typer.Typer()
db = typer.Typer(no_args_is_help=True, help="The private PostGIS server.")
app.add_typer(db, name="db")


@db.command()
def install() -> None:
    """Install what the server needs."""


@db.command()
def status() -> None:
    """Say whether the server runs."""
