"""What a command's exit code says, with what it printed and what it was to do."""

from collections.abc import Mapping
from typing import Final

from otelagent.model import Captured, Outcome, Status
from otelagent.reading import members
from otelagent.reading.envelopes import unwrap
from otelagent.reading.failures import LANGUAGES, Reading, is_answer, kind, statement, troubled
from otelagent.reading.lexicon import compiled, folded, grammar
from otelagent.reading.members import folded as folded_name

_SHORT: Final = 500
_LAST: Final = 80
"""Characters in which a text says that its command failed."""
_LINES: Final = 4
"""Lines up to which what a failed command printed is its error; more is a report: of tests, of a linter."""
_TALLY: Final = compiled(
    r"^\W*\d{1,5} \pL"
    r"|\b\d{1,5} (?:\w+ )?(?:passed|failed|tests?|failures?|errors?|warnings?|skipped|problems?)\b(?:[^:]|$)"
)
_EXITED: Final = compiled(
    "(?:" + "|".join(each for language in LANGUAGES for each in grammar("outcome", language)["exited"]) + r")\W*$"
)
"""How a text ends that says that its command failed."""
_BARE_ONE: Final = compiled(r"^[\W_]*(?:(?:process|command|exited|exit|with|status|code)[\W_]*)+1[\W_]*$")
_SEARCHES: Final = compiled(r"^\s*(?:sudo )?(?:[ef]?grep|rg|ag|ack|git grep|pgrep|findstr|journalctl .*\| ?grep)\b")
_PIPED: Final = compiled(r"\| ?(?:[ef]?grep|rg)\b[^|;&]*$")


def failed_output(printed: str) -> bool:
    """What a command printed that failed is an error in a few lines, and no report."""
    text = printed.strip()
    brief = len(text) <= _SHORT and text.count("\n") < _LINES
    return (
        brief and (troubled(text) or statement(text) is not None) and not _TALLY.search(text.encode(errors="replace"))
    )


def broke_off(text: str) -> bool:
    """A command's output that ends by saying that it failed, and names an error in one of its last lines."""
    lines = text.strip().splitlines()[-_TAIL:]
    tail = "\n".join(lines)
    named = any(_FAILED_LINE.search(line.strip().encode(errors="replace")) for line in lines)
    return exited(text) and named and not _TALLY.search(tail.encode(errors="replace"))


_TAIL: Final = 8
_FAILED_LINE: Final = compiled(
    r"^\W*(?:\w[\w.-]* )?(?:error|fatal|fehler|erreur|erro|panic|exception)(?:(?: \w+)?: |\] )\S"
    r"|^(?:(?:\d\d:){2}\d\d\S*\s+)?(?:encountered an error|(?:[a-z]+ )?(?:error|exception) (?:in|at|on) \S)"
    r"|^(?:[a-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Fault): \S"
)


def failing_lines(text: str) -> Reading | None:
    """A program's output of which one of the last lines says that it failed: an error by its name, a tool's own line of
    counts of which one is of failures."""
    if len(text) > _OUTPUT or "\n" not in text.strip():
        return None
    lines = text.strip().splitlines()
    if any(_SUMMED_UP.search(line.encode(errors="replace")) for line in lines[-_LINES:]):
        return Reading(kind(lines[-1]).status, "ends with a count of failures")
    stamped = sum(bool(_STAMPED.search(line.encode(errors="replace"))) for line in lines)
    if stamped * 2 > len(lines):
        return None  # a log, which somebody may have asked for
    for line in lines[-_ENDING:]:
        if _FAILED_LINE.search(line.strip().encode(errors="replace")) and not is_answer(line.strip()):
            return Reading(kind(line).status, "a line says that it failed")
    return None


_SUMMED_UP: Final = compiled(
    r"\b(?:completed|finished|ended|done) with [1-9]\d* errors?\b|\berrors?=[1-9]|\bfailed=[1-9]|\bunreachable=[1-9]"
    r"|^\W*(?:build|job|deployment|upgrade|release|pipeline|script|install(?:ation)?|migration) failed\b"
)
"""How a program sums up that it failed; tests sum up what they found."""
_OUTPUT: Final = 4000
_ENDING: Final = 14
_STAMPED: Final = compiled(
    r"^\W*(?:\d{4}-\d\d|\d\d:\d\d|\w{3} \d{1,2} \d\d:|\[?(?:info|warn|warning|debug|error)\]?\b)"
)


def tallies(text: str) -> bool:
    """It counts what passed and what failed, or lists findings."""
    return bool(_TALLY.search(text.encode(errors="replace")))


def exited(text: str) -> bool:
    """A text that ends by saying that its command failed: "exit status 1"."""
    return bool(_EXITED.search(folded(text[-_LAST:]).encode(errors="replace")))


def searched(command: str, printed: Captured | None, found: Outcome) -> Outcome:
    """A search in files or output that printed nothing but its exit code of 1 matched nothing."""
    if found.status is not Status.ERROR or printed is None or not _searches(command):
        return found
    nothing = _code(unwrap(printed.value).value) == 1
    return Outcome(Status.EMPTY, found.path, "a search that matched nothing") if nothing else found


def _searches(command: str) -> bool:
    data = command.encode(errors="replace")
    return bool(_SEARCHES.search(data) or _PIPED.search(data))


def _code(result: object) -> int | None:
    """The exit code, where that is all."""
    if isinstance(result, str):
        return 1 if len(result) <= _LAST and _BARE_ONE.search(result.encode(errors="replace")) else None
    if not isinstance(result, Mapping) or not all(map(members.OF_COMMANDS.__contains__, map(folded_name, result))):
        return None
    told = {folded_name(key): member for key, member in result.items()}
    printed = any(told[name] for name in told.keys() & (members.PRINTED | members.PRINTED_ERRORS))
    return None if printed else next((told[name] for name in told.keys() & members.EXIT_CODES), None)
