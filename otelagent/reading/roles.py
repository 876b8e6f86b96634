"""What a tool is for: source, action, note or poll, from its name, else from its description; configuration wins."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from otelagent.model import Role
from otelagent.reading.lexicon import exact, words
from otelagent.reading.members import folded, names

LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "zh", "ja")

_CAMEL: Final = exact(r"(\p{Ll}|[0-9])(\p{Lu})|(\p{Lu}+)(\p{Lu}\p{Ll})")
_BREAK: Final = exact(r"[^\pL\pN]+")
_CACHED: Final = 4096
_COMMAND: Final = 1_000
_ORDER: Final = 40
"""Characters of an argument that may name what to do."""
_CALLS: Final = ("toolname", "toolslug", "tool", "actionname", "action", "functionname", "function", "service", "api")
"""Arguments that name the tool to call."""
_NEXT: Final = exact(r"\s*(?:&&|\|\||\||;|\n)\s*")
_PASSING: Final = exact(r"^(?:cd|export|set|source|sudo -n true|echo)\b|^\s*$|^\w+=")
_REDIRECT: Final = exact(r"(?:^|[^0-9&2])>{1,2}\s*[\w./~]|\s-delete\b|\|\s*(?:tee|xargs)\b")
_READS: Final = exact(
    r"(?i)^\s*(?:sudo )?(?:ls|ll|dir|cat|bat|less|more|head|tail|grep|egrep|rg|ag|find|fd|locate|tree|wc|du|df|ps|top"
    r"|free|uptime|which|whereis|stat|file|sort|uniq|jq|yq|env|printenv|date|whoami|hostname|dig|nslookup|ping|netstat|ss|lsof"
    r"|journalctl|dmesg|last|history|select|show|describe|explain|with \w+ as|pragma|get-\w+"
    r"|git (?:log|show|diff|status|blame|grep|branch|ls-files|remote)"
    r"|kubectl(?: -n \S+| --\S+)* (?:get|describe|logs|top|explain|version|diff|rollout (?:history|status))"
    r"|docker (?:ps|images|logs|inspect|stats)"
    r"|systemctl (?:status|list-\S+)|helm (?:list|status|get|history)|terraform (?:show|output|state list)"
    r"|aws \S+ (?:describe|list|get|ls)\S*|gcloud \S+(?: \S+)? (?:list|describe)|az \S+(?: \S+)? (?:list|show)"
    r"|npm (?:ls|list|view|outdated)|pip (?:list|show|freeze)|psql .*-c \W*select)\b"
)
"""How commands begin that change nothing and print what they find."""
_AGENTS: Final = ("agent", "delegate", "assistant", "analyst", "expert", "specialist", "coworker", "worker", "team")
_SEPARATORS: Final = ("__", "/", ":", ".")


def _listed(key: str) -> frozenset[str]:
    return frozenset(word for language in LANGUAGES for word in words("roles", language).get(key, ()))


_ACTIONS: Final = _listed("action")
_ACTION_NOUNS: Final = _listed("action_noun")
_ORDERS: Final = _ACTIONS | _ACTION_NOUNS
_FACTS: Final = _listed("fact")
_NAMED_FACTS: Final = frozenset(word for name in ("fr", "es", "pt") for word in words("roles", name).get("fact", ()))
"""Those that stand before what they are facts of: `estado_pedido`."""
_SOURCES: Final = _listed("source")
_RUNS: Final = _listed("run")
_COMMANDS: Final = _listed("command")
_CALLED: Final = _listed("called")
_HANDS: Final = _listed("hand")
_PROGRAMS: Final = _listed("program")
_OPENS: Final = _listed("opens")
_PAGES: Final = _listed("page")
_LOOKS: Final = _listed("looks")
_DRAFTS: Final = _listed("draft")
_CARTS: Final = _listed("cart")
_RECORDS: Final = _listed("record")
_NOTES: Final = _listed("note")
_PLANS: Final = _listed("plan")
_KEEPS: Final = _listed("keep")
_POLLS: Final = _listed("poll")
_POLLED: Final = _listed("poll_of")
_POLL_WORDS: Final = _listed("poll_word")
_JOINTS: Final = _listed("joint")
_TRANSFERS: Final = _listed("transfer")
_DISPATCH: Final = _listed("dispatch")
_LIST: Final = frozenset({"list", "liste", "lista"})
_GETS: Final = frozenset({"get", "fetch", "read", "find", "retrieve"})
_ANSWERS: Final = frozenset({"answer", "result", "response", "output"})
_GIVES: Final = frozenset({"submit", "give", "provide", "return", "send"})
_UNSPACED: Final = sorted(
    (
        (word, role)
        for role, key in ((Role.ACTION, "action"), (Role.SOURCE, "source"), (Role.NOTE, "note"), (Role.POLL, "poll"))
        for language in ("zh", "ja")
        for word in words("roles", language).get(key, ())
    ),
    key=lambda pair: -len(pair[0]),
)
"""Longest first: to open a page is to read it."""
_UNSPACED_LOOKS: Final = tuple(word for name in ("zh", "ja") for word in words("roles", name).get("looks", ()))
_UNSPACED_FACTS: Final = tuple(word for name in ("zh", "ja") for word in words("roles", name).get("fact", ()))
"""Nouns that end the names of sources in scripts without spaces."""


def role(tool: str | None, description: str | None, overrides: Mapping[str, Role], command: str = "") -> Role:
    """The role by the first pattern that matches (`*`, `?`; case aside), else by verbs; a source if nothing tells.

    `command`: what a tool that runs commands is to run; one that only reads makes it a source.
    """
    if tool is None:
        return Role.SOURCE
    folded = tool.lower()
    for pattern, configured in overrides.items():
        if fnmatchcase(folded, pattern.lower()):
            return configured
    found = _guessed(tool[:200], (description or "")[:100])
    return Role.SOURCE if command and found is Role.ACTION and runs_anything(tool) and reads(command) else found


def reads(command: str) -> bool:
    """The first command that isn't `cd` or the like prints what it finds: `ls`, `git log`, `kubectl get`, `SELECT`."""
    shown = command[:_COMMAND].strip()
    first = next((part for part in _NEXT.split(shown) if not _PASSING.search(part)), "")
    return bool(_READS.search(first)) and not _REDIRECT.search(shown)


def changes_nothing(command: str) -> bool:
    """Each of its commands only prints what it finds."""
    parts = _NEXT.split(command)
    return (
        bool(command.strip())
        and len(command) <= _COMMAND
        and all(_READS.search(part) or _PASSING.search(part) for part in parts)
        and not _REDIRECT.search(command)
    )


def told_by_name(tool: str) -> Role | None:
    """The role that a tool's name tells; None for a name without a word that one knows."""
    return _named(tool[:200])


def orders(word: str) -> bool:
    """An argument says what to do: `create`, `send_mail`."""
    return not _ORDERS.isdisjoint(_split(word[:_ORDER])[:1])


def runs_anything(tool: str) -> bool:
    """What the tool does, its arguments say: it runs commands, workflows, code."""
    return _runs(tool[:200])


def called_by(tool: str, arguments: Any) -> str | None:
    """The tool that a call of `execute_tool`, `call_service` or `invoke` names, where that name tells what it does."""
    if not runs_anything(tool) or is_program(tool) or not isinstance(arguments, dict):
        return None
    given = {
        folded(key): value for key, value in arguments.items() if isinstance(value, str) and len(value) <= _ORDER * 2
    }
    found = next((given[key] for key in _CALLS if key in given), None)
    return found if found and " " not in found and found != tool and told_by_name(found) is not None else None


def is_program(tool: str) -> str | None:
    """The program of a command line that a tool is named after: `kubectl`."""
    return _program(tool[:200])


@lru_cache(maxsize=_CACHED)
def _program(tool: str) -> str | None:
    parts = _split(tool)
    return parts[0] if len(parts) == 1 and parts[0] in _PROGRAMS else None


@lru_cache(maxsize=_CACHED)
def looks(tool: str) -> bool:
    """It searches: that it finds nothing doesn't show that there is nothing, as the empty list of a scanner may."""
    parts = _split(tool[:200])
    return not _LOOKS.isdisjoint(parts) or any(part.startswith(word) for part in parts[:1] for word in _UNSPACED_LOOKS)


def handles(tool: str) -> bool:
    """The tool works a screen as a person does: what comes of a click depends on where it goes."""
    return not _HANDS.isdisjoint(_split(tool[:200]))


def drafts(tool: str) -> bool:
    """The tool prepares what another tool would send or book."""
    parts = _split(tool[:200])
    return not _DRAFTS.isdisjoint(parts) and "send" not in parts


def fills_cart(tool: str) -> bool:
    """The tool collects what isn't ordered yet."""
    return not _CARTS.isdisjoint(_split(tool[:200]))


def keeps_words(tool: str) -> bool:
    """The tool writes a note, a log, a diary."""
    return not _RECORDS.isdisjoint(_split(tool[:200])[-2:])


def is_transfer(tool: str | None) -> bool:
    """The tool hands the conversation, or work, to another agent: an empty result of its own means nothing."""
    return tool is not None and _transfers(tool[:200])


@lru_cache(maxsize=_CACHED)
def stands_for_agent(tool: str) -> bool:
    """Its name says that an agent answers: `ask_analyst`, `Delegate work to coworker`."""
    plain = "".join(filter(str.isalnum, tool.lower()))
    return tool.lower().startswith("ask_") or any(word in plain for word in _AGENTS)


@lru_cache(maxsize=_CACHED)
def starts_any(tool: str) -> bool:
    """Its name says that an agent works, and not which: `delegate_task`, `run_subagent`, `call_agent`."""
    return set(_split_words(tool)) <= _DISPATCH


def is_closing(tool: str | None) -> bool:
    """The agent gives its answer by calling this tool: `final_answer`, `final_result`, `submit_final_answer`."""
    return tool is not None and _closes(tool[:200])


@lru_cache(maxsize=_CACHED)
def _named(tool: str) -> Role | None:
    return _by_name(_split(tool))


@lru_cache(maxsize=_CACHED)
def _runs(tool: str) -> bool:
    parts = _split(tool)
    called = "call" in parts and not _CALLED.isdisjoint(parts)
    return called or not _RUNS.isdisjoint(parts) or is_program(tool) is not None


@lru_cache(maxsize=_CACHED)
def _closes(tool: str) -> bool:
    parts = tuple(_split(tool))
    final = "final" in parts and parts[-1] in _ANSWERS and set(parts) <= {"final", *_GIVES, *_ANSWERS}
    return final or parts == ("attempt", "completion")


@lru_cache(maxsize=_CACHED)
def _transfers(tool: str) -> bool:
    name = " ".join(_split(tool))
    return any(name == phrase or name.startswith(f"{phrase} ") for phrase in _TRANSFERS)


@lru_cache(maxsize=_CACHED)
def _guessed(tool: str, description: str) -> Role:
    if _closes(tool):
        return Role.NOTE
    parts = _split(tool)
    return _by_name(parts) or _by_description(description) or Role.SOURCE


def _by_name(parts: list[str]) -> Role | None:
    if not parts:
        return None
    for read in (_note, _poll, _joined, _unspaced, _opened, _verb):
        if found := read(parts):
            return found
    return None


def _note(parts: list[str]) -> Role | None:
    """think, write_todos, update_plan; not plan_trip, get_notes."""
    if _NOTES.intersection(parts):
        return None if _SOURCES.intersection(parts[:-1]) or parts[-1] in _SOURCES - {"list"} else Role.NOTE
    rest = set(parts) - _KEEPS - {"my", "a", "the", "list", "tool", "to", "self"}
    return Role.NOTE if rest and rest <= _PLANS else None


def _poll(parts: list[str]) -> Role | None:
    """wait_for_job, get_task_status; not get_order_status."""
    asks = _POLL_WORDS.intersection(parts[-2:]) and _POLLED.intersection(parts) and not _ACTIONS.intersection(parts[:1])
    return Role.POLL if parts[0] in _POLLS or asks else None


def _joined(parts: list[str]) -> Role | None:
    """search_and_replace, get_or_create: the action weighs more."""
    joint = next((i for i, part in enumerate(parts) if part in _JOINTS), None)
    return Role.ACTION if joint is not None and _ACTIONS.intersection(parts[joint + 1 :]) else None


def _unspaced(parts: list[str]) -> Role | None:
    """The verb stands first or last: 查询订单, 予約確認 look something up, 予約作成 books."""
    if parts[0].isascii():
        return None
    first = next((found for word, found in _UNSPACED if parts[0].startswith(word)), None)
    last = next((found for word, found in _UNSPACED if parts[-1].endswith(word)), None)
    if Role.SOURCE in (first, last) or (first is None and parts[-1].endswith(_UNSPACED_FACTS)):
        return Role.SOURCE
    return first or last


def _opened(parts: list[str]) -> Role | None:
    """open_page, ouvrir_dossier; not open_account."""
    return Role.SOURCE if _OPENS.intersection(parts) and parts[-1] in _PAGES else None


def _verb(parts: list[str]) -> Role | None:
    """delete_file, file_delete; list_add and liste_ajouter add, get_update and order_get get."""
    if len(parts) > 2 and parts[0] == "google" and parts[1] in _PRODUCTS:
        return _verb(parts[2:])
    fact = parts[-1] in _FACTS or parts[0] in _NAMED_FACTS or parts[-1] in _GETS
    if parts[0] in _PROGRAMS and (len(parts) == 1 or reads(" ".join(parts))):
        return Role.ACTION if len(parts) == 1 else Role.SOURCE
    if (parts[0] in _LIST and parts[-1] in _ACTIONS) or not _CHANGES.isdisjoint(pairwise(parts)):
        return Role.ACTION
    for part in parts:
        if part in _SOURCES:
            return Role.SOURCE
        if part in _ACTIONS:
            return Role.ACTION
        if part in _ACTION_NOUNS and (part is parts[0] or len(parts) == 2):
            return Role.SOURCE if fact else Role.ACTION
        if part in _RUNS:
            return Role.ACTION if len(parts) == 1 or _COMMANDS.intersection(parts) else Role.SOURCE
    return Role.SOURCE if fact else None


_PRODUCTS: Final = names("calendar sheets sheet docs doc drive mail tasks forms meet chat contacts slides")
"""Of Google: in `google_calendar_create_event` nothing is searched."""

_CHANGES: Final = frozenset(
    (verb, fact)
    for verb, facts in (("change", "state status data details info"), ("share", "list details info summary"))
    for fact in facts.split()
)
"""Verbs that are nouns too, before facts that they are done to: `change_state`, not `change_history`."""


def _by_description(description: str) -> Role | None:
    """The verb that a description begins with, in the third person too."""
    first = _split_words(description)[:2]
    if not first:
        return None
    for word in first:
        for form in (word, word.removesuffix("s"), word.removesuffix("es")):
            if form in _SOURCES:
                return Role.SOURCE
            if form in _ACTIONS:
                return Role.ACTION
    return _unspaced(first)


def _split(name: str) -> list[str]:
    """The words of a name in snake, camel or dotted form; of `server__tool` or `server.tool` only the tool's."""
    for separator in _SEPARATORS:
        tail = name.rstrip(separator).rpartition(separator)[2]
        name = tail or name
    return _split_words(name)


def _split_words(text: str) -> list[str]:
    spaced = _CAMEL.sub(r"\1\3 \2\4", text)
    return [word.lower() for word in _BREAK.split(spaced) if word]
