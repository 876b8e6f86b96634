"""What a short result may be saying where no rule is sure: that something went wrong, or that there is nothing.

The rules of `failures` and `structure` know whole phrases and fields. Here any word of trouble or of a lack does, by
its stem, in a result that has little else. That is no verdict: "the order isn't paid" is an answer. Only an answer that
states specifics which nothing grounds makes a bad source of such a result.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from otelagent.model import Status
from otelagent.reading import members
from otelagent.reading.batches import graver, refused
from otelagent.reading.documents import shown
from otelagent.reading.exits import failing_lines, tallies
from otelagent.reading.failures import Reading, http, is_answer, kind, lacking, nothing, statement, troubled
from otelagent.reading.fields import Fields
from otelagent.reading.jobs import ended_badly
from otelagent.reading.lexicon import exact
from otelagent.reading.members import folded
from otelagent.reading.states import tells_done

_SHORT: Final = 240
"""Characters up to which a result may be nothing but such a report."""
_LINES: Final = 4
_LEAVES: Final = 12
_DEPTH: Final = 4
_TALKS: Final = (members.AROUND | members.NOTES) - members.names("text title description name query input content body")
_TALKING: Final = (
    *("err", "fail", "fault", "msg", "mess", "reason", "cause", "info", "note", "fehl", "grund", "mens", "texto"),
    *("texte", "aviso", "descri", "motiv", "razon", "hinweis", "内容", "说明", "原因", "理由", "状況"),
)
"""Parts of the names of members that say what happened."""
_WAITS: Final = members.names("wait retry sec secs seconds espera esperar attente attendre warten aguardar 等待 待機")
_CODES: Final = (
    members.CODE_KEYS
    | members.REPLY_CODES
    | members.HTTP_KEYS
    | members.EXIT_CODES
    | members.COUNTS
    | members.WAIT
    | _WAITS
)


def hint(result: object) -> Reading | None:
    """What a good result may be saying of itself; None for one with content."""
    if _blank(result):
        return Reading(Status.EMPTY, "holds hardly anything but nulls")
    return _of_words(result) or ended_badly(result) or _reported(result)


def _reported(result: object) -> Reading | None:
    """A member of a short object of its own words opens as a report of failure does; a message is a grave one."""
    if isinstance(result, str):
        return failing_lines(result)
    if not isinstance(result, Mapping) or len(result) > _LEAVES:
        return None
    fields = Fields(result)
    if fields.record:
        return None
    for name, (_, member) in fields.by_name.items():
        if isinstance(member, str) and len(member) <= _SHORT and any(part in name for part in _REPORTS):
            reading = statement(member)
            if reading is not None and reading.status not in (Status.EMPTY, Status.PARTIAL):
                return Reading(reading.status, "may report a failure")
    if any(_none_there(member) for _, member in fields.by_name.values() if isinstance(member, list)):
        return Reading(Status.EMPTY, "may say that there is nothing")
    return graver({name: member for name, (_, member) in fields.by_name.items()})


def _none_there(listed: list[Any]) -> bool:
    """Of each thing that was asked for it says no more than that it wasn't found."""
    return 0 < len(listed) <= _FEW and all(
        isinstance(each, Mapping) and len(each) <= _REPLY and _says_none(each) for each in listed
    )


def _says_none(item: Mapping[Any, Any]) -> bool:
    said = (member for key, member in item.items() if isinstance(member, str) and folded(key) in members.MESSAGES)
    return any(len(each) <= _SENTENCE and lacking(each) for each in said)


_FEW: Final = 3
_SENTENCE: Final = 120


def _of_words(result: object) -> Reading | None:
    """It has little but words of trouble or of a lack."""
    words: list[str] = []
    for word in _words(result, _DEPTH):
        if word is None or len(words) == _LEAVES:
            return None
        words.append(word)
    text = "; ".join(filter(None, words)).replace("_", " ")
    if len(text) > _SHORT or text.count("\n") > _LINES:
        return None
    if troubled(text):
        status = kind(text).status
        if status is Status.ERROR and _has_nothing(text, words):
            return Reading(Status.EMPTY, "may say that there is nothing")
        return None if is_answer(text) else Reading(status, "may report a failure")
    if not text.strip() or lacking(text):
        return None if is_answer(text) else Reading(Status.EMPTY, "may say that there is nothing")
    return None


def not_done(result: object) -> Reading | None:
    """What an action may be saying that wasn't carried out: a flag that is false, or a reason with a word of trouble,
    in a record of a few members that names nothing that was made and says of nothing that it was done."""
    return refused(result) or ended_badly(result, acted=True) or _refusing(result)


def _refusing(result: object) -> Reading | None:
    if isinstance(result, str):
        return _said_not_done(shown(result) if result.startswith("<") else result)
    if not isinstance(result, Mapping) or not 1 <= len(result) <= _REPLY:
        return None
    said: list[str] = []
    refused = False
    for key, member in result.items():
        name = folded(key)
        if member is True or isinstance(member, Mapping | list) or _sound(member):
            return None
        refused = refused or (isinstance(member, str) and bool(member) and name.startswith(_REFUSALS))
        refused = refused or (member is False and name not in members.VALIDATION | members.PARTIAL_FLAGS)
        if isinstance(member, str) and any(part in name for part in _WHY):
            said.append(member)
    text = "; ".join(said).replace("_", " ")
    if len(text) > _SHORT or tells_done(text, ()) or is_answer(text) or not (troubled(text) or (refused and said)):
        return None
    return Reading(kind(text).status, "may say that it wasn't carried out")


def _said_not_done(text: str) -> Reading | None:
    """What a command or a service printed that says of trouble, and of nothing that it was done."""
    if len(text) > _SHORT or text.count("\n") > _LINES:
        return failing_lines(text)
    if not troubled(text) or tells_done(text, ()) or is_answer(text) or tallies(text):
        return None
    return Reading(kind(text).status, "may say that it wasn't carried out")


_REPORTS: Final = (
    *("err", "fail", "fault", "msg", "mess", "reason", "cause", "info", "note", "fehl", "grund", "mens", "aviso"),
    *("motiv", "razon", "hinweis", "report", "rapport", "bericht", "informe", "relat", "outcome", "ergebnis", "result"),
    *("statut", "estado", "status", "detail", "observ", "原因", "理由", "状況", "结果", "結果", "内容", "提示", "报告"),
)
"""Parts of the names of members that may report how it went."""
_REPLY: Final = 5
_REFUSALS: Final = ("refus", "declin", "reject", "rechaz", "recus", "rejei", "ablehn", "zurueckweis", "拒")
"""How the names of members begin that say why somebody else refused."""
_WHY: Final = (
    *("reason", "cause", "motiv", "razon", "raison", "grund", "ursach", "msg", "message", "mensa", "error", "fehl"),
    *("detail", "detalhe", "descri", "texto", "libelle", "原因", "理由", "応答", "详情", "詳細", "信息"),
)
"""Parts of the names of members that say why."""


def _sound(member: object) -> bool:
    return isinstance(member, str) and folded(member) in members.FINE | members.SOUND | members.WAITING


def _has_nothing(text: str, words: list[str]) -> bool:
    """Beside a word of trouble ("expired") it says that there is nothing to give, or its fields are null."""
    last = [part for part in _PARTS.split(text.encode(errors="replace")) if part.strip()][-1:]
    return any(nothing(part.decode(errors="replace").strip()) for part in last) or (
        lacking(text) and words.count("") >= _NULLS
    )


_PARTS: Final = exact(r"[;,.:]\s|[，；、。：]")
_NULLS: Final = 2


def _blank(result: object) -> bool:
    """A record that holds twice as many nulls as anything else, and three or more."""
    nulls = rest = 0
    for leaf in islice(_leaves(result, _DEPTH), _RECORD) if isinstance(result, Mapping) else ():
        nulls, rest = (nulls + 1, rest) if leaf is None else (nulls, rest + 1)
        if rest > _TOLD:
            return False
    return nulls > _NULLS and nulls >= 2 * rest and nulls + rest < _RECORD


_RECORD: Final = 40
"""Fields up to which a record is looked at."""
_TOLD: Final = 8
"""Fields that hold something, more than which make a record of content."""


def _leaves(value: object, depth: int) -> Iterator[object]:
    """Fields of a record, codes and identifiers aside."""
    if isinstance(value, Mapping) and depth:
        for key, member in islice(value.items(), _RECORD):
            name = folded(key)
            if isinstance(member, Mapping):
                yield from _leaves(member, depth - 1)
            elif member is None or not (name in members.ASIDE or name.endswith("id")):
                yield member
    else:
        yield value


def _words(value: object, depth: int, name: str = "") -> Iterator[str | None]:
    """The texts in a result, "" for what says nothing, None for content: a number, a list of numbers."""
    if isinstance(value, str):
        if value.lstrip().startswith("<"):
            value = shown(value)
        record = name and " " in value.strip() and not (name in _TALKS or any(part in name for part in _TALKING))
        yield None if record else value[: _SHORT + 1]
    elif value is None or value is False:
        yield ""
    elif isinstance(value, Mapping) and depth:
        yield from _members(value, depth, name)
    elif (
        isinstance(value, list) and len(value) > 1 and all(isinstance(item, Mapping) and "id" in item for item in value)
    ):
        yield None  # things
    elif isinstance(value, list) and depth and len(value) <= _LEAVES:
        for item in value:
            yield from _words(item, depth - 1, name)
    elif value is True:
        yield "yes"
    elif isinstance(value, int | float) and (_none(value, name) or name in _CODES or _failed(value, name)):
        yield f"code {value:.0f}" if value not in (0, 1) else ""
    else:
        yield None


_COUNTED: Final = (
    *("count", "files", "rows", "items", "results", "records", "hits", "found", "match", "chang", "affected"),
    *("total", "num", "nb", "size", "len", "anzahl", "treffer", "nombre", "trouv", "cantidad", "encontrad", "quant"),
)
"""Parts of names of counts."""


def _none(value: float, name: str) -> bool:
    """A count of nothing; a measure that is zero is content: `{"usd": 0}`."""
    counts = not name.isascii() or any(part in name for part in _COUNTED) or name.endswith("id")
    return value == 0 and (not name or counts or name in members.COUNTS | members.ASIDE)


def _failed(value: float, name: str) -> bool:
    """The HTTP status of a request that failed, under any name for such codes, or alone."""
    coded = not name or any(part in name for part in _CODED)
    return coded and isinstance(value, int) and value > _CLIENT and http(value) is not None


_CODED: Final = ("cod", "stat", "err", "etat", "码", "コード", "エラー")
_CLIENT: Final = 399
"""Below are the HTTP statuses of requests that didn't fail."""


def _members(value: Mapping[Any, Any], depth: int, under: str = "") -> Iterator[str | None]:
    if len(value) > _LEAVES:
        yield None
        return
    for key, member in value.items():
        told = isinstance(member, int | float) or len(value) > 1
        name = under if under in members.STATUS and isinstance(member, str) else folded(key) if told else ""
        yield from _words(member, depth - 1, name)
