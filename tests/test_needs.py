"""Which later call meets the need of a bad one, and what an answer says after an action that may have failed."""

from typing import Any

from otelagent.diagnosis.scan import scan
from tests import builders

LIMITED = "HTTP 429: too many requests"


def modes(user: str, *steps: dict[str, Any]) -> list[str]:
    request = builders.request(builders.spans({"user": user, "steps": list(steps)}))
    return sorted(finding.mode for finding in scan([request]).findings.values())


def rain(city: str, result: Any) -> dict[str, Any]:
    return {"tool": "weather_history", "arguments": {"city": city, "month": "2026-10"}, "result": result}


def test_another_of_the_things_that_were_asked_for_is_no_retry() -> None:
    found = modes(
        "Which had the most rain in October, Oslo or Bergen?",
        rain("Bergen", LIMITED),
        rain("Oslo", {"mm": 91.4}),
        {"say": "Oslo had the most rain in October, with 91.4 mm."},
    )
    assert found == ["rate_limit_mid_chain"]


def test_the_same_in_another_spelling_is_one() -> None:
    found = modes(
        "How much rain fell in Tromsø in October?",
        rain("Tromso", LIMITED),
        rain("Tromsø", {"mm": 126.8}),
        {"say": "126.8 mm fell in Tromsø in October."},
    )
    assert found == []


def mail(result: Any) -> dict[str, Any]:
    return {"tool": "send_email", "arguments": {"to": "dana@example.com"}, "result": result}


def test_a_deed_that_its_call_may_have_failed() -> None:
    user = "Email the offer to Dana."
    assert modes(user, mail("550 5.1.1 User unknown"), {"say": "I've emailed the offer to Dana."}) == [
        "tool_error_ignored"
    ]
    assert modes(user, mail("550 5.1.1 User unknown"), {"say": "The mail to Dana bounced: no such user."}) == []


def test_it_was_done_in_a_second_call() -> None:
    found = modes(
        "Email the offer to Dana.",
        mail("550 5.1.1 User unknown"),
        mail({"id": "m1", "status": "sent"}),
        {"say": "I've emailed the offer to Dana."},
    )
    assert found == []


def test_a_number_that_only_a_success_would_have_given() -> None:
    found = modes(
        "Book flight DA123 for Adam.",
        {"tool": "find_flight", "arguments": {"n": "DA123"}, "result": {"flight": "DA123", "price": 200}},
        {"tool": "book_flight", "arguments": {"n": "DA123"}, "result": "KeyError: 'user_id'"},
        {"say": "Flight DA123 for $200: your confirmation number is 8h7clk3q."},
    )
    assert found == ["tool_error_ignored"]


def test_a_story_has_lacks_of_its_own() -> None:
    found = modes(
        "Is there evidence on dosing in dialysis?",
        {"tool": "pubmed_search", "arguments": {"term": "dosing dialysis"}, "result": {"count": "0", "idlist": []}},
        {
            "say": "Yes. A 2023 trial enrolled 34 patients and lowered HbA1c by 0.9 points; adverse events occurred in "
            "29% of patients. No dose adjustment on dialysis days was required."
        },
    )
    assert found == ["empty_result_fabrication"]


def test_pages_of_a_cursor_are_counted_together() -> None:
    def page(number: int, ids: list[int], following: str | None) -> dict[str, Any]:
        result = {"count": 5, "next_page": following, "results": [{"id": each} for each in ids]}
        return {"tool": "ticket_search", "arguments": {"page": number}, "result": result}

    found = modes(
        "How many tickets did Lisbon open?",
        page(1, [8101, 8104, 8110], "https://example.com/?page=2"),
        page(2, [8117, 8121], None),
        {"say": "Lisbon opened 5 tickets: 8101, 8104, 8110, 8117 and 8121."},
    )
    assert found == []
