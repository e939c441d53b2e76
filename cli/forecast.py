"""`clutch forecast`."""

import typer

app = typer.Typer()
