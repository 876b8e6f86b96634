"""What agents were given is kept as text within a budget, and read only where a claim must be grounded."""

from otelagent.reading.arguments import fingerprint
from otelagent.reading.claims import claims
from otelagent.reading.given import MAX_UNREAD, Budget, Given

CLAIM = claims("Sales rose by 67% to 41,200 units.")


def test_claims_are_grounded_in_what_was_taken() -> None:
    given = Given(Budget())
    assert given.ungrounded(CLAIM) == CLAIM
    given.take('{"share": "67 %", "units": 41200}')
    assert given.ungrounded(CLAIM) == ()


def test_the_status_of_an_envelope_was_given_too() -> None:
    given = Given(Budget())
    given.take('{"status": 403, "body": "Forbidden"}')
    assert given.ungrounded(claims("The page answers with a 403 for this role.")) == ()


def test_text_that_the_budget_has_no_room_for_is_lost_and_said() -> None:
    given = Given(Budget(characters=1))
    given.take("sales rose by 67% to 41200 units")
    assert given.full


def test_release_gives_the_budget_back() -> None:
    budget = Budget(characters=100)
    given = Given(budget)
    given.take("x" * 60)
    assert budget.left == 40
    given.take("x" * 60)
    assert budget.left == 40, "the same text again costs nothing"
    given.release()
    assert budget.left == 100


def test_result_that_a_message_shows_decoded_is_kept_once() -> None:
    budget = Budget(characters=1000)
    given = Given(budget)
    text = '{"share":  "67 %", "units": 41200}'
    given.take(text, fingerprint(text))
    left = budget.left
    given.take({"units": 41200, "share": "67 %"})
    assert budget.left == left
    given.take({"units": 41201, "share": "67 %"})
    assert budget.left < left, "another result"


def test_result_without_its_envelope_is_known_but_an_envelope_is_not_known_by_its_inside() -> None:
    given = Given(Budget())
    given.take({"units": 41200}, fingerprint({"units": 41200}))
    given.take({"status": 403, "body": {"units": 41200}})
    assert given.ungrounded(claims("The page answers with a 403 for this role.")) == ()


def test_result_that_was_let_go_may_still_be_taken_from_a_message() -> None:
    given = Given(Budget(characters=300))
    given.take("x" * 100)
    text = '{"share": "67 %", "units": 41200' + " " * 300 + "}"
    given.take(text, fingerprint(text))
    given.take({"units": 41200, "share": "67 %"})
    assert given.ungrounded(CLAIM) == ()


def test_trace_with_very_much_text_keeps_hashes_only() -> None:
    budget = Budget()
    given = Given(budget)
    given.take("padding " * 200_000)
    given.take("sales rose by 67% to 41200 units")
    assert budget.left == MAX_UNREAD - len("sales rose by 67% to 41200 units")
    assert given.ungrounded(CLAIM) == ()
