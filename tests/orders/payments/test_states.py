"""Payments by their news: whatever the order, however often, they end alike."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

from orders.payments.states import PaymentStatus, Standing, standing

TOTAL = 1_000
NOTHING = Standing(PaymentStatus.PENDING)


def any_standing() -> SearchStrategy[Standing]:
    dead_or_waiting = st.sampled_from(list(PaymentStatus)[:4]).map(Standing)
    sums = st.tuples(st.integers(1, TOTAL), st.integers(0, TOTAL)).filter(lambda s: s[1] <= s[0])
    paid = sums.map(lambda s: standing(PaymentStatus.CAPTURED, captured=s[0], refunded=s[1]))
    return dead_or_waiting | paid


@st.composite
def a_history(draw: st.DrawFn) -> list[Standing]:
    """Draw what a provider tells of one payment, in the order in which it happens."""
    told = [NOTHING]
    if draw(st.booleans()):
        return [*told, Standing(PaymentStatus.FAILED)]
    told.append(Standing(PaymentStatus.AUTHORISED))
    if draw(st.booleans()):
        return [*told, Standing(PaymentStatus.CANCELLED)]
    refunded = 0
    told.append(standing(PaymentStatus.CAPTURED, captured=TOTAL))
    for share in draw(st.lists(st.integers(1, TOTAL // 3), max_size=3)):
        refunded += share
        told.append(standing(PaymentStatus.CAPTURED, captured=TOTAL, refunded=refunded))
    if draw(st.booleans()) and refunded < TOTAL:
        told.append(standing(PaymentStatus.CAPTURED, captured=TOTAL, refunded=TOTAL))
    return told


def heard(news: list[Standing]) -> Standing:
    known = NOTHING
    for each in news:
        known = known.merged(each)
    return known


@given(a_history(), st.data())
def test_news_late_doubled_and_reordered_end_where_they_end_in_order(
    history: list[Standing], data: DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=6))
    shuffled = data.draw(st.permutations([*history, *again]))
    assert heard(shuffled) == heard(history) == history[-1]


@given(any_standing(), any_standing(), any_standing())
def test_merging_is_a_join(a: Standing, b: Standing, c: Standing) -> None:
    assert a.merged(a) == a
    assert a.merged(b) == b.merged(a)
    assert a.merged(b).merged(c) == a.merged(b.merged(c))


@given(any_standing(), any_standing())
def test_money_never_becomes_less_and_refunds_never_exceed_it(a: Standing, b: Standing) -> None:
    known = a.merged(b)
    assert known.captured_piastres >= max(a.captured_piastres, b.captured_piastres)
    assert 0 <= known.refunded_piastres <= known.captured_piastres
    assert (known.status is PaymentStatus.REFUNDED) == (
        known.captured_piastres > 0 and known.refunded_piastres == known.captured_piastres
    )


def test_captured_money_outweighs_a_cancellation() -> None:
    captured = standing(PaymentStatus.CAPTURED, captured=TOTAL)
    assert Standing(PaymentStatus.CANCELLED).merged(captured) == captured


def test_the_order_shows_its_own_four_statuses() -> None:
    shown = [Standing(each).of_order for each in list(PaymentStatus)[:4]]
    assert shown == ["pending", "pending", "failed", "pending"]
    part = standing(PaymentStatus.CAPTURED, captured=TOTAL, refunded=1)
    whole = standing(PaymentStatus.CAPTURED, captured=TOTAL, refunded=TOTAL)
    assert (part.of_order, whole.of_order) == ("paid", "refunded")
