import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.lifecycle import AGREED, OPEN, Party, Status, TransitionRefused, check, steps_from

# Written from the description, step by step; c customer, s shop, k courier, p platform.
TABLE = """
draft      submitted   c
draft      cancelled   c p
submitted  quoted      s
submitted  cancelled   c p
quoted     accepted    c
quoted     submitted   s p
quoted     cancelled   c p
accepted   processing  s p
accepted   cancelled   c s p
processing shipped     s k p
processing cancelled   c s p
shipped    delivered   s k p
shipped    cancelled   p
"""
PARTIES = {"c": "customer", "s": "shop", "k": "courier", "p": "platform"}
ALLOWED = {
    (line.split()[0], line.split()[1], PARTIES[sign])
    for line in TABLE.strip().splitlines()
    for sign in line.split()[2:]
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("to", Status)
@pytest.mark.parametrize("party", Party)
def test_a_step_is_taken_or_refused_as_the_table_says(
    status: Status, to: Status, party: Party
) -> None:
    able = {step for start, step, by in ALLOWED if (start, by) == (status, party)}
    assert set(steps_from(status, party)) == able
    if to in able:
        check(status, to, party)
        return
    with pytest.raises(TransitionRefused) as refused:
        check(status, to, party)
    assert refused.value.allowed == list(steps_from(status, party))
    assert f"the order is {status} and cannot become {to}" in str(refused.value)


@given(st.lists(st.tuples(st.sampled_from(Party), st.sampled_from(Status))))
def test_a_walk_ends_where_the_table_leads_and_what_is_over_stays_over(
    wishes: list[tuple[Party, Status]],
) -> None:
    machine, table = Status.DRAFT, "draft"
    agreed = False
    for party, to in wishes:
        try:
            check(machine, to, party)
        except TransitionRefused:
            assert (table, to.value, party.value) not in ALLOWED
            continue
        assert table not in ("delivered", "cancelled")
        machine, table = to, to.value
        # Nobody comes back from an agreement to choosing.
        assert not (agreed and machine in OPEN)
        agreed = agreed or machine in AGREED
    assert machine == table


def test_every_status_can_be_reached_and_all_but_the_ends_be_left() -> None:
    assert {to for _, to, _ in ALLOWED} | {"draft"} == {status.value for status in Status}
    ends = {status for status in Status if not any(steps_from(status, party) for party in Party)}
    assert ends == {Status.DELIVERED, Status.CANCELLED}
