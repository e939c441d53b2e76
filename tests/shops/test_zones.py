import orjson
import pytest

from shops.zones import multi_polygon

RING = [[31.0, 30.0], [31.5, 30.0], [31.5, 30.5], [31.0, 30.0]]


def test_a_multi_polygon_stays_as_it_is() -> None:
    zone = {"type": "MultiPolygon", "coordinates": [[RING], [RING]]}
    assert orjson.loads(multi_polygon(orjson.dumps(zone).decode())) == zone


@pytest.mark.parametrize(
    "zone",
    [
        "everywhere",
        "[]",
        "null",
        '{"type": "Polygon"}',
        {"type": "Point", "coordinates": [31, 30]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[]]},
        {"type": "Polygon", "coordinates": [RING[:3]]},
        {"type": "Polygon", "coordinates": [[*RING[:3], [31.1, 30.0]]]},
        {"type": "Polygon", "coordinates": [[[31, 95], [31, 96], [32, 95], [31, 95]]]},
        {"type": "Polygon", "coordinates": [[[True, 30], [31, 31], [32, 30], [True, 30]]]},
        {"type": "MultiPolygon", "coordinates": [RING]},
        {"type": "MultiPolygon", "coordinates": [[RING], []]},
        {"type": "MultiPolygon", "coordinates": 7},
    ],
)
def test_anything_else_is_refused(zone: object) -> None:
    text = zone if isinstance(zone, str) else orjson.dumps(zone).decode()
    with pytest.raises(ValueError, match="expected a GeoJSON Polygon or MultiPolygon"):
        multi_polygon(text)
