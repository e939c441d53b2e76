"""`clutch reorder`."""

import typer

app = typer.Typer()
