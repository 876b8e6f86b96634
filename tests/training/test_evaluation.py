"""What `make eval` counts, on a few runs."""

from training import delegations, evaluation, tables, trivial
from training.corpora import runs
from training.evaluation import Played
from training.trivial import Call


def test_interval_is_wilsons() -> None:
    assert tables.interval(18, 18) == "82.4 to 100.0"
    assert tables.interval(0, 84) == "0.0 to 4.4"
    assert tables.interval(0, 0) == "-"


def test_public_runs_come_with_their_labels_and_spans() -> None:
    found = list(runs("toolbench"))
    assert len(found) == 18
    assert sum(bool(run.label["failed"]) for run in found) == 4
    assert all(any(isinstance(step, Call) for step in trivial.steps(run.request)) for run in found)


def test_trivial_rules() -> None:
    call = Call("search", '{"q": "pump"}', "[]")
    assert trivial.loops([call] * 3)
    assert not trivial.loops([call, call, call._replace(result="[1]")])
    assert trivial.unhedged([call, "It weighs 40 kg."])
    assert not trivial.unhedged([call, "I could not find it."])


def test_tables_count_what_was_shown_found_and_flagged() -> None:
    script = {
        "user": "How many?",
        "steps": [{"tool": "search", "arguments": {"q": "x"}, "result": []}, {"say": "There are 4,120 of them."}],
    }
    request = evaluation.builders.request(evaluation.builders.spans(script))
    findings = evaluation.play(request)
    shown = Played("made", "english", "a", frozenset({"empty_result_fabrication"}), findings)
    quiet = Played("made", "english", "b", frozenset(), findings)
    row = next(line for line in evaluation.by_mode([shown, quiet]).splitlines() if "empty_result" in line)
    assert [cell.strip() for cell in row.split("|")][2:4] == ["1", "100.0"]
    assert " 50.0 |" in row  # precision
    assert (
        evaluation.by_emitter([shown, quiet]).splitlines()[-1]
        == "| made | english | 1 | 100.0 | 20.7 to 100.0 | 1 | 1 |"
    )


def test_delegations_are_counted_with_and_without_receipts() -> None:
    judged = [("made", "receipt", True), ("made", "receipt", False), ("made", "complete", True)]
    assert delegations.by_receipt(judged).splitlines()[-1] == "| made | 2 | 50.0 | 9.5 to 90.5 | 0 | - | - | 1 | 1 |"
