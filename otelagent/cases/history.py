"""The messages of a model's input, as elements of a case: most say again what turns and calls have said."""

from collections import Counter
from collections.abc import Sequence

from otelagent.cases.case import Call, Note, Turn
from otelagent.cases.draft import MISSING, Draft, plain
from otelagent.model import Item, Message, Text, ToolCall, ToolResult
from otelagent.reading.envelopes import unwrap


class History:
    """The messages of one run, as they were shown to its turns."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._known: dict[tuple[int, int], str] = {}
        """Messages by fingerprint and which of the equal ones of a history: the ids of what they stand for."""
        self._unmatched: list[Turn] = []
        self._shown: set[str] = set()
        """Calls whose result stands in a history."""

    def said(self, turn: Turn) -> None:
        """A completion that later messages may repeat."""
        self._unmatched.append(turn)

    def read(self, history: Sequence[Item], start: int) -> list[str]:
        """Take in new messages; gives what the history no longer has."""
        shown, equal = set(), Counter[int]()
        for item in history:
            equal[item.fingerprint] += 1
            key = (item.fingerprint, equal[item.fingerprint])
            if key not in self._known:
                self._known[key] = self._message(item.read(), start)
            shown.add(self._known[key])
        if not history:
            return []
        return [known for known in dict.fromkeys(self._known.values()) if known and known not in shown]

    def _message(self, message: Message, start: int) -> str:
        """The id of what a message stands for: a turn or call that is known, or a new element."""
        if message.role == "tool" or any(isinstance(part, ToolResult) for part in message.parts):
            return self._results(message, start)
        text = "\n".join(p.text for p in message.parts if isinstance(p, Text) and not p.reasoning)
        asked = tuple(p for p in message.parts if isinstance(p, ToolCall))
        if message.role != "assistant":
            added = Note(id=self._draft.new_id("m"), role=message.role, text=text)
            self._draft.append(added, start)
            return added.id
        known = self._asker(asked) or self._completion(text, asked)
        if known is not None:
            self._unmatched = [turn for turn in self._unmatched if turn is not known]
            self._name(known, asked)
            return known.id
        past = Turn(id=self._draft.new_id("t"), text=text, span=False)
        self._draft.ask(past, asked)
        self._draft.append(past, start)
        return past.id

    def _asker(self, asked: Sequence[ToolCall]) -> Turn | None:
        """The turn whose calls these are, by ids: some emitters split a completion into several messages. Ids may come
        again once they are answered."""
        ids = {call.id for p in asked if (call := self._draft.answers.get(p.id or "")) and call.id not in self._shown}
        return next((turn for turn in self._draft.turns if any(call.id in ids for call in turn.calls)), None)

    def _completion(self, text: str, asked: Sequence[ToolCall]) -> Turn | None:
        """The first turn whose completion says the same, or shows less than the message does."""
        same = next((turn for turn in self._unmatched if _same(turn, text, asked)), None)
        if same is not None:
            return same
        less = next((turn for turn in self._unmatched if _shows_less(turn, text)), None)
        if less is not None:
            self._reveal(less, text, asked)
        return less

    def _reveal(self, turn: Turn, text: str, asked: Sequence[ToolCall]) -> None:
        """A completion that its own span doesn't show and a later history does."""
        turn.text = text
        for part in asked:
            made = next((c for c in turn.calls if not c.asked and c.tool == part.name), None)
            if made is None:
                self._draft.ask(turn, (part,))
            else:
                made.asked = True
                if part.id:
                    self._draft.answers[part.id] = made

    def _name(self, turn: Turn, asked: Sequence[ToolCall]) -> None:
        """Ids that only later messages tell."""
        for part in asked:
            call = next((c for c in turn.calls if c.asked and c.tool == part.name), None)
            if part.id and part.id not in self._draft.answers and call is not None:
                self._draft.answers[part.id] = call

    def _results(self, message: Message, start: int) -> str:
        found = ""
        for part in message.parts:
            if isinstance(part, ToolResult):
                call = self._answered(part, start)
                self._shown.add(call.id)
                _show(call, part.result)
                found = found or call.id
        return found

    def _answered(self, part: ToolResult, start: int) -> Call:
        by_id = self._draft.answers.get(part.id or "")
        if by_id is not None:
            return by_id
        made = [c for turn in self._draft.turns for c in turn.calls if c.asked or c.kind == "tool"]
        open_calls = [c for c in made if c.id not in self._shown and not _shown_already(c)]
        open_calls.sort(key=lambda call: not call.asked)
        named = next((c for c in open_calls if part.name in (None, c.tool)), None)
        if named is None:
            named = Call(id=self._draft.new_id("c"), tool=part.name or "tool", span=False)
            past = Turn(id=self._draft.new_id("t"), span=False, calls=[named])
            self._draft.append(past, start)
        named.asked = True
        if part.id:
            self._draft.answers[part.id] = named
        return named


def _shows_less(turn: Turn, text: str) -> bool:
    """Its span shows no call that the model asked for, and no other text."""
    return turn.text.strip() in ("", text.strip()) and not any(call.asked for call in turn.calls)


def _same(turn: Turn, text: str, asked: Sequence[ToolCall]) -> bool:
    """Whether a message of a history is a turn's completion."""
    own = [call for call in turn.calls if call.asked]
    if asked:
        return [c.tool for c in own] == [p.name for p in asked]
    same = text.strip() == turn.text.strip()
    return same and (bool(text.strip()) or not own)  # some emitters leave the calls out of histories


def _show(call: Call, result: object) -> None:
    """Note what the model was shown of a call, where no span tells it."""
    if result is None or _shown_already(call):
        return
    value = plain(unwrap(result).value)
    if call.result is MISSING:
        if call.span:
            call.seen = value
        else:
            call.result = value


def _shown_already(call: Call) -> bool:
    return call.seen is not MISSING or (not call.span and call.result is not MISSING)
