"""`clutch bench NAME`: measures speed and quality against peers in the same run."""

import importlib
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.pretty import pprint

from benchmarks.options import NAMES, Options
from clutch.errors import InvalidInput

app = typer.Typer()


@app.command("bench")
def bench(
    name: Annotated[str, typer.Argument(help=f"What to measure: {', '.join(NAMES)}.")],
    shops: Annotated[int, typer.Option(help="Shops in the table (matching).", min=1)] = 1_000_000,
    clients: Annotated[int, typer.Option(help="Clients that listen (live).", min=1)] = 2_000,
    seed: Annotated[int, typer.Option(help="Seed of everything drawn at random.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Measure speed and quality against peers in the same run.

    Real data is read from the folder that CLUTCH_BENCH_DATA names.
    """
    if name not in NAMES:
        raise InvalidInput("NAME", f"one of {', '.join(NAMES)}", found=name)
    console = Console(stderr=True)
    with console.status(f"{name} ...") as status:
        options = Options(
            shops=shops, clients=clients, seed=seed, note=lambda text: status.update(text)
        )
        figures = importlib.import_module(f"benchmarks.{name}").run(options)
    if as_json:
        typer.echo(orjson.dumps(figures, option=orjson.OPT_SERIALIZE_NUMPY))
    else:
        pprint(figures, expand_all=True)
