"""How the work ended that a record tells of, however deep that stands: a job, a run, a query, a deployment.

A thing has a state too: an order that failed is an answer. Work is told by the names around its state: `JobRunState`,
`QueryExecution.Status.State`. A list of several is one of things.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from otelagent.model import Status
from otelagent.reading import members
from otelagent.reading.failures import Reading, kind, troubled
from otelagent.reading.members import folded

_OBJECTS: Final = 24
_MEMBERS: Final = 40
_DEPTH: Final = 5
_WORD: Final = 40
"""Characters of a state in a word."""
_CONDITIONS: Final = 8
_WORK: Final = (
    *("job", "run", "execution", "query", "task", "step", "build", "deploy", "stack", "pipeline", "workflow"),
    *("operation", "statement", "import", "export", "migration", "replication", "sync", "backup", "provision"),
    *("command", "conclusion", "lifecycle", "invocation", "playbook", "crawl", "training", "batch", "transfer"),
    *("upload", "download", "release", "rollout", "lauf", "ausführung", "abfrage", "exécution", "tâche", "requête"),
    *("ejecución", "ejecucion", "tarea", "consulta", "execução", "execucao", "tarefa", "任务", "作业", "执行", "部署"),
    *("ジョブ", "実行", "タスク", "処理"),
)
"""Parts of the names of work."""
_STATES: Final = (
    *("status", "state", "conclusion", "outcome", "result", "phase", "estado", "statut", "situacao", "situação"),
    *("zustand", "状态", "状態", "结果", "結果"),
)
"""How the names end of a state in a word."""
_ENDED: Final = ("failed", "failure", "error", "errored", "aborted", "crashed", "failedwitherrors", "faulted")
_UNDONE: Final = ("rollbackcomplete", "rolledback", "rollbackinprogress", "cancelled", "canceled", "killed", "stopped")
"""Ends of states of work that came to nothing."""
_ERRORS: Final = (
    "error",
    "errors",
    "exception",
    "fault",
    "errorresult",
    "failuredetails",
    "failurereason",
    "errorinfo",
)
"""How the names end of what went wrong: `AthenaError`, `errorResult`, `userErrors`."""
_NO_ERRORS: Final = ("on", "last", "previous", "prior", "standard", "mean", "max", "min", "std", "square", "ignore")
"""How names begin that end so and say what to do or what was."""
_WHY: Final = ("reason", "message", "error", "cause", "detail", "details", "msg", "text", "info")


def ended_badly(result: object, *, acted: bool = False) -> Reading | None:
    """What a record of work says that came to nothing; None for other records, and for work that went on well.

    `acted`: it is an action's, which may have been asked to stop or to undo it.
    """
    value = result[0] if isinstance(result, list) and len(result) == 1 else result
    waiting = [(value, False, _DEPTH)] if isinstance(value, dict) else []
    for _ in range(_OBJECTS):
        if not waiting:
            break
        each, work, depth = waiting.pop()
        own, told = _named(tuple(islice(each, _MEMBERS)))
        work = work or own
        for key, name in told:
            member = each[key]
            if depth < _DEPTH and name in _TELLING and (found := _refused(name, member)):
                return found
            if isinstance(member, str):
                if found := _ended(each, name, member, work=work, acted=acted):
                    return found
            elif isinstance(member, list | dict):
                if member and (_wrong(name, member) or (name == "conditions" and _unmet(member))):
                    return Reading(_why(each), "its work went wrong")
                inner = member[0] if isinstance(member, list) and len(member) == 1 else member
                if depth and isinstance(inner, dict):
                    waiting.append((inner, work or _is_work(name), depth - 1))
    return None


def _refused(name: str, member: Any) -> Reading | None:
    """Deep inside an error with its code and words, or a status that only a call has: ZERO_RESULTS."""
    if name in members.PLAIN_ERROR and isinstance(member, Mapping) and _ERROR.intersection(map(folded, member)):
        return Reading(
            kind(" ; ".join(each for each in member.values() if isinstance(each, str))).status, "an error inside"
        )
    status = members.STRONG.get(folded(member)) if name == "status" and isinstance(member, str) else None
    return Reading(status, "a status inside") if status is not None and status is not Status.ERROR else None


_TELLING: Final = members.PLAIN_ERROR | {"status"}
_ERROR: Final = frozenset({"code", "message", "msg", "reason", "type"})


@lru_cache(maxsize=1024)
def _named(keys: tuple[Any, ...]) -> tuple[bool, tuple[tuple[Any, str], ...]]:
    """Whether these names of members tell of work, and each as it is written and folded. Many results share them."""
    told = tuple([(key, folded(key)) for key in keys])
    return any(_is_work(name) for _, name in told), told


def _ended(told: dict[Any, Any], name: str, said: str, *, work: bool, acted: bool) -> Reading | None:
    if work and len(said) <= _WORD and name.endswith(_STATES) and (status := _bad(folded(said), acted)):
        return Reading(_why(told) if status is Status.ERROR else status, "its work came to nothing")
    if _coined(name) and folded(said) not in members.NO_ERROR and not said.isdigit():
        return Reading(kind(said).status, "its work went wrong")
    return None


@lru_cache(maxsize=4096)
def _is_work(name: str) -> bool:
    return any(part in name for part in _WORK)


@lru_cache(maxsize=1024)
def _bad(word: str, acted: bool = False) -> Status | None:
    status = members.STRONG.get(word) or members.WEAK.get(word)
    if status is None and (word.endswith(_ENDED) or (word.endswith(_UNDONE) and not acted)):
        return Status.ERROR
    if status is None and word.endswith(("timedout", "timeout")):
        return Status.TIMEOUT
    return status if status in (Status.ERROR, Status.TIMEOUT, Status.DENIED, Status.RATE_LIMITED) else None


def _wrong(name: str, member: Any) -> bool:
    """A member by its name holds what went wrong, and is no plain `error` or `errors`, which other rules know."""
    if not _coined(name):
        return False
    return any(member.values()) if isinstance(member, Mapping) else isinstance(member[0], str | Mapping)


@lru_cache(maxsize=4096)
def _coined(name: str) -> bool:
    if name in members.ERROR_TEXTS | members.ERROR_LISTS or not name.endswith(_ERRORS):
        return False
    return not name.startswith(_NO_ERRORS)


def _unmet(conditions: Any) -> bool:
    """Conditions as Kubernetes writes them: one that is a failure holds, or another doesn't and says why."""
    for each in conditions[:_CONDITIONS] if isinstance(conditions, list) else ():
        if not isinstance(each, Mapping):
            return False
        told = {folded(key): member for key, member in each.items()}
        holds, named = str(told.get("status", "")), folded(str(told.get("type", "")))
        if holds == "True" and _bad(named) is not None:
            return True
        if holds == "False" and troubled(f"{_apart(told.get('reason'))} ; {told.get('message') or ''}"):
            return True
    return False


def _apart(reason: object) -> str:
    """`ReconcileError` as words."""
    return "".join(f" {each}" if each.isupper() else each for each in str(reason or "")[:_WORD])


def _why(told: Mapping[Any, Any]) -> Status:
    """The kind of failure that the words beside a state tell."""
    said: list[str] = []
    for key, member in islice(told.items(), _MEMBERS):
        name = folded(key)
        if name.endswith(_WHY):
            inner = member.values() if isinstance(member, Mapping) else (member,)
            said += [each[:300] for each in inner if isinstance(each, str)]
    return kind(" ; ".join(said)).status if said else Status.ERROR
