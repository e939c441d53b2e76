"""`clutch price`."""

import typer

app = typer.Typer()
