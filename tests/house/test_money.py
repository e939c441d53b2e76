"""Money is whole piastres wherever it is kept, sent or told: no column or field could hold less."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BigInteger, Float, Numeric

from api.app import create_app  # and with it every table
from clutch.settings import Settings
from storage.tables.base import Base

PIASTRES = "_piastres"
MONEY = (PIASTRES, "price", "total", "fee", "amount", "cost")


def is_money(name: str) -> bool:
    return any(word in name for word in MONEY)


def fields(schema: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every named field below a schema of the API's document."""
    if isinstance(schema, list):
        for each in schema:
            yield from fields(each, name)
    elif isinstance(schema, dict):
        for key, inner in schema.get("properties", {}).items():
            yield key, inner
        for inner in schema.values():
            yield from fields(inner)


def types_of(field: Any) -> set[str]:
    return {each.get("type", "") for each in [field, *field.get("anyOf", [])]} - {"", "null"}


def test_every_sum_is_kept_as_whole_piastres() -> None:
    columns = [column for table in Base.metadata.tables.values() for column in table.columns]
    sums = [column for column in columns if column.name.endswith(PIASTRES)]
    assert len(sums) >= 12
    assert [str(each) for each in sums if not isinstance(each.type, BigInteger)] == []
    broken = (Float, Numeric)
    assert [
        str(each) for each in columns if is_money(each.name) and isinstance(each.type, broken)
    ] == []


def test_every_sum_is_sent_and_told_as_whole_piastres() -> None:
    told = list(fields(create_app(Settings()).openapi()["components"]["schemas"]))
    sums = [(name, field) for name, field in told if name.endswith(PIASTRES)]
    assert len(sums) >= 25
    assert [name for name, field in sums if types_of(field) != {"integer"}] == []
    assert [name for name, field in told if is_money(name) and "number" in types_of(field)] == []
