"""A thousand findings of one kind on one tool are one incident."""

from otelagent.incidents import EXAMPLES, MAX_OPEN, Incidents, subject

SEARCH = subject("schema_drift", "tool", "shop", "search", "atlas")


def test_findings_of_one_kind_on_one_tool_are_one_incident() -> None:
    incidents = Incidents()
    for number in range(1_000):
        found = incidents.add(SEARCH, float(number), number.to_bytes(16))
    assert len(incidents) == 1
    assert (found.count, found.first, found.last, len(found.examples)) == (1_000, 0.0, 999.0, EXAMPLES)
    assert incidents.begun == {("schema_drift", "tool"): 1}


def test_a_tool_is_one_for_all_agents_and_agents_are_apart() -> None:
    assert subject("m", "tool", "s", "search", "a") == subject("m", "tool", "s", "search", "b")
    assert subject("m", "model", "s", None, "a") != subject("m", "model", "s", None, "b")


def test_after_an_hour_of_quiet_it_is_another_one() -> None:
    incidents = Incidents()
    first = incidents.add(SEARCH, 0.0, b"a" * 16).id
    assert incidents.add(SEARCH, 3_600.0, b"b" * 16).id == first
    assert incidents.add(SEARCH, 7_300.0, b"c" * 16).id != first
    assert [i.id for i in incidents.close(20_000.0)] != [first]
    assert len(incidents) == 0


def test_the_same_finding_again_counts_once() -> None:
    incidents = Incidents()
    incidents.add(SEARCH, 0.0, b"a" * 16)
    assert incidents.add(SEARCH, 1.0, b"a" * 16, again=True).count == 1


def test_incidents_are_bounded() -> None:
    incidents = Incidents()
    for number in range(MAX_OPEN + 50):
        incidents.add(subject("m", "tool", "s", f"tool {number}", None), 0.0, b"t" * 16)
    assert len(incidents) == MAX_OPEN
