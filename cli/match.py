"""`clutch match`: the order service's question, asked from a terminal."""

import datetime as dt
import math
from contextlib import ExitStack
from typing import Annotated

import orjson
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cli.connection import one_transaction, ready_database
from clutch.errors import InvalidInput
from clutch.settings import settings
from matching.knowledge import load_knowledge
from matching.nearby import Match, Matches, PartWanted, Question, match_shops
from matching.opening_hours import CAIRO
from matching.roads import open_road_engine
from storage.session import run

app = typer.Typer()


@app.command("match")
def match(
    make: Annotated[str, typer.Option(help="The car's make: toyota, VW, فولكس فاجن.")],
    lon: Annotated[float, typer.Option(help="Longitude of the customer, degrees.")],
    lat: Annotated[float, typer.Option(help="Latitude of the customer, degrees.")],
    limit: Annotated[int, typer.Option(help="Shops to show, 1 to 50.")] = 10,
    part: Annotated[list[str] | None, typer.Option(help="A part number; may be repeated.")] = None,
    max_distance_km: Annotated[float | None, typer.Option(help="How far a shop may be.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the API's answer.")] = False,
) -> None:
    """Rank the nearby shops that carry a make, with a delivery time for each."""
    _check("--lon", lon, -180, 180, "degrees from -180 to 180")
    _check("--lat", lat, -90, 90, "degrees from -90 to 90")
    _check("--limit", limit, 1, 50, "a whole number from 1 to 50")
    if max_distance_km is not None:
        low = math.nextafter(0, 1)
        _check("--max-distance-km", max_distance_km, low, 20_100, "kilometres above 0, to 20100")
    question = Question(
        make=make,
        lon=lon,
        lat=lat,
        parts=[PartWanted(number, 1) for number in part or []],
        limit=limit,
        max_distance_km=max_distance_km,
    )
    matches = _answer(question)
    if as_json:
        typer.echo(orjson.dumps(matches, option=orjson.OPT_UTC_Z))
    else:
        print_matches(matches)


def _answer(question: Question) -> Matches:
    chosen = settings()
    with ExitStack() as stack:
        roads = open_road_engine(chosen.road_engine_url, chosen.road_engine_extract)
        if roads is not None:
            stack.callback(roads.close)
        database = stack.enter_context(ready_database(chosen))
        session = stack.enter_context(one_transaction(database.url))
        knowledge = load_knowledge(session)
        knowledge.makes.find(question.make, field="--make")
        now = dt.datetime.now(dt.UTC)
        return run(session, match_shops(question, knowledge=knowledge, roads=roads, now=now))


def _check(option: str, value: float, low: float, high: float, expected: str) -> None:
    # NaN is not between anything.
    if not low <= value <= high:
        raise InvalidInput(option, expected, found=f"{value:g}")


def print_matches(matches: Matches) -> None:
    """Print an answer as a table, best shop first."""
    if not matches["matches"]:
        nearest = matches["nearest_distance_m"]
        where = "" if nearest is None else f"; the nearest is {nearest / 1000:.1f} km away"
        typer.echo(f"no shop here carries this make{where}")
        return
    headings = ("#", "shop", "km", "score", "likely", "9 times of 10", "why")
    table = Table(*headings, box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for place, match in enumerate(matches["matches"], start=1):
        table.add_row(str(place), *_cells(match))
    Console().print(table)
    typer.echo(
        f"delivery times: {matches['model_version']}; ranking weights: {matches['weights_version']}"
    )


def _cells(match: Match) -> list[str]:
    delivery = match["delivery"]
    if delivery is None:
        likely, promised = "closed", "this week"
    else:
        likely = f"{delivery['p50_minutes']:.0f} min"
        promised = f"by {delivery['promise_at'].astimezone(CAIRO):%a %H:%M}"
    reasons = sorted(match["explanation"], key=lambda term: -term["contribution"])[:3]
    return [
        match["shop"]["name"],
        f"{match['distance_m'] / 1000:.1f}",
        f"{match['score']:.3f}",
        likely,
        promised,
        ", ".join(term["text_en"] for term in reasons),
    ]
