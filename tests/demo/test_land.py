import numpy as np
import pytest

from demo.land import is_land
from demo.places import AREA_CODES, PLACES

WET = {
    "the Nile at the 6th of October bridge": (31.2285, 30.0515),
    "the Nile at Imbaba bridge": (31.2262, 30.0757),
    "the Nile's western arm at Galaa bridge": (31.2167, 30.0425),
    "the sea off Stanley": (29.945, 31.250),
    "the eastern harbour of Alexandria": (29.895, 31.208),
    "Lake Mariout": (29.90, 31.13),
}
DRY = {
    "Ramses station": (31.2470, 30.0630),
    "the citadel of Cairo": (31.2600, 30.0290),
    "Misr station in Alexandria": (29.9050, 31.1920),
    "Tanta": (31.0000, 30.7865),
}


@pytest.mark.parametrize("name", WET)
def test_water_is_not_land(name: str) -> None:
    lon, lat = WET[name]
    assert not is_land(np.array([lon]), np.array([lat]))[0]


@pytest.mark.parametrize("name", DRY)
def test_streets_are_land(name: str) -> None:
    lon, lat = DRY[name]
    assert is_land(np.array([lon]), np.array([lat]))[0]


def test_every_place_stands_on_land_in_a_known_town_and_has_its_own_name() -> None:
    lon, lat = (np.array([place[i] for place in PLACES]) for i in (3, 4))
    assert is_land(lon, lat).all()
    assert {place.town for place in PLACES} == set(AREA_CODES)
    assert len({place.name for place in PLACES}) == len({p.name_ar for p in PLACES}) == len(PLACES)
