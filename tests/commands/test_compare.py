"""`otelagent compare` as its user meets it."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from otelagent.cli import main
from tests import builders

BAD = builders.CAPTURES / "pydantic-ai__native-default__rate_limit.binpb.gz"
GOOD = builders.CAPTURES / "pydantic-ai__native-default__rate_limit_retried.binpb.gz"


def compare(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, args)])


def run(path: Path, *steps: dict[str, Any], seed: str = "a") -> Path:
    spans = builders.spans({"user": "Look it up.", "agent": "atlas", "steps": list(steps)}, seed)
    path.write_bytes(builders.request(spans))
    return path


def tool(query: str, result: object) -> dict[str, Any]:
    return {"tool": "search", "arguments": {"q": query}, "result": result}


def parts_at(good: Path, bad: Path) -> tuple[str, Any, Any]:
    first = json.loads(compare("--format", "json", good, bad).stdout)["first_divergence"]
    return first["difference"], first["good"] and first["good"]["step"], first["bad"] and first["bad"]["step"]


def test_run_does_not_diverge_from_itself() -> None:
    result = compare(BAD, BAD)
    assert result.exit_code == 0
    assert "the runs do the same" in result.stdout


def test_other_words_and_contents_are_no_divergence(tmp_path: Path) -> None:
    good = run(tmp_path / "good", tool("a", {"n": 1}), {"say": "It is one."})
    bad = run(tmp_path / "bad", tool("a", {"n": 2}), {"say": "It is two."}, seed="b")
    assert compare(good, bad).exit_code == 0
    assert parts_at(good, bad) == ("result", 2, 2)


def test_empty_result_is_where_they_part(tmp_path: Path) -> None:
    good = run(tmp_path / "good", tool("a", {"n": 1}), tool("b", {"n": 2}), {"say": "Both."})
    bad = run(tmp_path / "bad", tool("a", {"n": 1}), tool("b", []), {"say": "Both."}, seed="b")
    assert compare(good, bad).exit_code == 1
    assert parts_at(good, bad) == ("outcome", 4, 4)


def test_other_arguments_come_before_the_result_that_they_lead_to(tmp_path: Path) -> None:
    good = run(tmp_path / "good", tool("a", {"n": 1}), {"say": "Done."})
    bad = run(tmp_path / "bad", tool("z", {"n": 9}), {"say": "Done."}, seed="b")
    assert parts_at(good, bad) == ("arguments", 2, 2)


def test_step_that_the_bad_run_leaves_out_is_missing() -> None:
    made = json.loads(compare("--format", "json", GOOD, BAD).stdout)
    first = made["first_divergence"]
    assert (first["difference"], first["bad"]) == ("missing", None)
    assert first["good"]["step"] == 5
    assert [step["difference"] for step in made["steps"]][:4] == ["same"] * 4


def test_what_cannot_be_read_could_not_run(tmp_path: Path) -> None:
    assert compare(tmp_path / "none", BAD).exit_code == 2
