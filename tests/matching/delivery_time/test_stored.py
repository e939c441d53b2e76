import pytest
from hypothesis import given
from hypothesis import strategies as st

from clutch.errors import ClutchError
from matching.delivery_time import ModelUnreadable, cold_start, from_bytes


def test_a_learned_model_comes_back_exactly(learned, make_trips):
    again = from_bytes(learned.to_bytes())
    trips = make_trips(200, seed=20)
    assert again.to_bytes() == learned.to_bytes()
    assert again.version == learned.version
    assert (again.source, again.trips_seen, again.timezone) == ("learned", 1500, "Africa/Cairo")
    assert again.predict(trips).equals(learned.predict(trips))
    assert again.observe(trips).version != learned.version


def test_the_prior_comes_back_exactly(make_trips):
    trips = make_trips(50, seed=21)
    again = from_bytes(cold_start().to_bytes())
    assert again.source == "prior"
    assert again.predict(trips).equals(cold_start().predict(trips))


def test_bytes_that_were_cut_are_refused():
    data = cold_start().to_bytes()
    for length in (0, 10, 60, len(data) // 2, len(data) - 1):
        with pytest.raises(ModelUnreadable, match="not a readable delivery time model"):
            from_bytes(data[:length])


@given(st.data())
def test_bytes_that_were_changed_anywhere_are_refused(data):
    packed = bytearray(cold_start().to_bytes())
    position = data.draw(st.integers(0, len(packed) - 1))
    packed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ModelUnreadable):
        from_bytes(bytes(packed))


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused_in_the_products_words(data):
    with pytest.raises(ClutchError):
        from_bytes(data)
