"""Whether a call only read: told by what it ran or, where its tool's name tells nothing, by what it took and gave."""

from collections.abc import Iterator
from typing import Any, Final

from otelagent.model import Role
from otelagent.reading.deed_patterns import reports
from otelagent.reading.envelopes import unwrap, unwrap_arguments
from otelagent.reading.lexicon import compiled, exact
from otelagent.reading.members import SUCCEEDED, SUCCESS, folded, names
from otelagent.reading.roles import (
    changes_nothing,
    is_program,
    is_transfer,
    orders,
    runs_anything,
    stands_for_agent,
    told_by_name,
)

_ASKED: Final = 3
"""Values that a question has at most."""
_SHORT: Final = 80
"""Characters of a value that isn't written for somebody, and of a receipt."""
_LEAVES: Final = 200
_COMMANDS: Final = names("query sql statement command cmd q")
_LINES: Final = names("sql statement command cmd")
_WRITTEN: Final = names("text body message content subject title html comment note payload amount value")
"""Arguments that carry what is to be written."""
_CODE: Final = exact(r"^[\pL#/-]{1,6}[-/#]?\d+[\pL\d/-]{0,12}$")
"""What something new is called: `C-882`."""
_MADE: Final = names(
    "savedas savedto file filename filepath path outputfile outputpath byteswritten artifact location"
    " datei dateiname fichier archivo arquivo ficheiro"
)
"""Members that name what a call may have made."""
_STATES: Final = names("status state estado statut etat filter filtro view tab sort sortby order orderby stage")
"""Arguments that tell which records are looked for: those that are open, and not that they are to be opened."""
_LASTING: Final = frozenset(("active", "inactive", "actif", "activo", "ativo"))
"""What records are, and no call makes them, though some of it looks like a participle."""
_REACHED: Final = names("paged ack acked acknowledged notified invited delivered dispatched triggered")
"""Members that tell whom or what a call has reached."""
_LETTER: Final = 200
"""Characters of a value that may say that a message went out; a longer one may be the message."""
_MESSAGE: Final = compiled(
    "mail|sms|messag|notif|confirm|nachricht|benachricht|bestätig|bestaetig|courriel|correo|aviso|avis\\b|mensag|mensaj"
    "|邮件|短信|消息|通知|メール|お知らせ"
)
_SENT: Final = compiled(
    "(?:mail|sms|messages?|notifications?|confirmations?|receipts?|invitations?|nachricht|bestätigung|benachrichtigung"
    "|correo|notificacion|notificación|courriel|mensagem|aviso|通知|邮件|短信|メール)"
    "(?:was|is|wurde|fue|foi)?(?:sent|delivered|gesendet|versendet|versandt|enviad[oa]s?|envoyée?s?|envoye?e?s?|送信済み?|已发送)$"
)
"""A flag or count of messages that went out."""
_REFERS: Final = names("nr no number ref reference code url uri link ts timestamp sha key etag version status state")
"""Members of a receipt that tell nothing of the world."""

_GUESTS: Final = names(
    "attendees attendee guests invitees invites invited sendinvites sendinvitations requiredattendees optionalattendees"
    " teilnehmer gaeste gäste eingeladene invites invités participantes invitados convidados asistentes"
    " envoyerinvitations enviarinvitaciones enviarconvites 参加者 招待者 ゲスト 与会者 参会人 参与者 邀请人"
)
"""Arguments that name whom an entry of a calendar is for."""
_DID: Final = SUCCESS | SUCCEEDED | _MADE | _REACHED
Leaf = tuple[str, object]
"""The name that a value stands under, and the value."""


def invites(arguments: Any) -> bool:
    """An entry of a calendar or a room was given guests: the service sends them invitations."""
    return any(name in _GUESTS and value is not False for name, value in _leaves(unwrap_arguments(arguments).value))


def informs(result: Any) -> bool:
    """A result says that somebody was written to: `emailSent: true`, "confirmation sent to ops@acme.example"."""
    return any(name in _REACHED or _tells_of_message(name, value) for name, value in _leaves(unwrap(result).value))


def _tells_of_message(name: str, value: object) -> bool:
    if not isinstance(value, str):
        return bool(value) and bool(_SENT.search(name.encode(errors="replace")))
    told = f"{name}: {value}"
    about = len(value) <= _LETTER and bool(_MESSAGE.search(told.encode(errors="replace")))
    return about and reports(told, ("send", "notify"))


def only_reads(tool: str | None, role: Role, arguments: Any, result: Any) -> bool:
    """A call changed nothing. False where it may have, and for agents, which have tools of their own."""
    if tool is None or is_transfer(tool) or stands_for_agent(tool):
        return False
    asked = [*_leaves(unwrap_arguments(arguments).value)]
    told = None if runs_anything(tool) else told_by_name(tool)
    command = next((value for name, value in asked if isinstance(value, str) and name in _COMMANDS), "")
    if runs_anything(tool) or (told is None and (changes_nothing(command) or _is_line(asked))):
        return changes_nothing(_line(tool, command or _first(asked)))
    return told is None and role is Role.SOURCE and _asks(asked) and _tells(result, asked)


def _is_line(asked: list[Leaf]) -> bool:
    """What is run is given as such, and not as a question that may be put in words."""
    return any(isinstance(value, str) and name in _LINES for name, value in asked)


def _line(tool: str, command: str) -> str:
    """A tool that is named after a program may leave its name out."""
    program = is_program(tool)
    return f"{program} {command}" if program and not command.startswith(program) else command


def _first(asked: list[Leaf]) -> str:
    return next((value for _, value in asked if isinstance(value, str)), "")


def _asks(asked: list[Leaf]) -> bool:
    """A few short values or lists of such, none of which says what to do or is meant for a reader."""
    return len({name for name, _ in asked}) <= _ASKED and not any(
        name in _WRITTEN
        or (isinstance(value, str) and (len(value) > _SHORT or (name not in _STATES and orders(value))))
        for name, value in asked
    )


def _tells(result: Any, asked: list[Leaf]) -> bool:
    """More than that something was done, and what was asked: a record, a number, a passage."""
    known = {str(value).lower() for _, value in asked}
    content = _rows(unwrap(result).value)
    told = [(name, value) for name, value in _leaves(content) if str(value).lower() not in known]
    if isinstance(content, list) and all(isinstance(row, dict) for row in content):
        few = len(content) == 1 and len(content[0]) == 1
        return not few and not any(name in SUCCESS or name in SUCCEEDED for name, _ in told)
    if any(name in _DID or _receipt(value) or _counted(name, value) for name, value in told):
        return False
    if len(told) <= _ASKED and any(isinstance(value, str) and _CODE.search(value.encode()) for _, value in told):
        return False
    return any(not (name.endswith("id") or name in _REFERS or value is True) for name, value in told)


def _rows(content: Any) -> Any:
    """The records that are all a result has, under a name or not: `{"cards": [{...}]}`."""
    members = list(content.values()) if isinstance(content, dict) else []
    listed = len(members) == 1 and isinstance(members[0], list) and all(isinstance(row, dict) for row in members[0])
    return members[0] if listed and members[0] else content


def _counted(name: str, value: object) -> bool:
    """How many of what was done: `{"sent": 83}`."""
    return type(value) is int and value > 0 and reports(name)


def _receipt(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _SHORT and value.lower() not in _LASTING and reports(value)


def _leaves(value: object) -> Iterator[Leaf]:
    """Values in a structure by the names that they stand under, the first few hundred."""
    stack: list[Leaf] = [("", value)]
    for _ in range(_LEAVES):
        if not stack:
            return
        name, node = stack.pop()
        if isinstance(node, dict):
            stack.extend((folded(key), member) for key, member in reversed(list(node.items())[:_LEAVES]))
        elif isinstance(node, list | tuple):
            stack.extend((name, member) for member in reversed(node[:_LEAVES]))
        elif node is not None and node != "":
            yield name, node
