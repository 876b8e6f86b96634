"""Rules about the answer itself: its language, format and length. They may be asked for politely, in a question."""

from collections.abc import Callable, Iterator
from typing import Final

from otelagent.reading.lexicon import matches, pattern
from otelagent.reading.rule_draft import LENGTHS, Draft, RuleSentence, amount, counting, demand, merged

_LANGUAGE_NAMES: Final = merged("languages")


def _language(sentence: RuleSentence) -> Iterator[Draft]:
    for word, code in _LANGUAGE_NAMES.items():
        if word.encode() in sentence.lowered:
            asked = demand(sentence.language, word)
            for match in matches(pattern("constraints", sentence.language, "answering"), sentence.lowered, 8):
                if asked.search(sentence.lowered[max(0, match.start() - 48) : match.end() + 48]):
                    yield Draft("language", (code,))
                    return


def _format(sentence: RuleSentence) -> Iterator[Draft]:
    for name in ("json", "no_bullets", "no_table", "no_emoji", "bullets", "no_markdown", "table"):
        if sentence.find(name):
            yield Draft("format", (name,))
            return


def _lengths(sentence: RuleSentence) -> Iterator[Draft]:
    if sentence.find("of_a_part"):
        return
    for kind in ("max_length", "min_length"):
        for each in counting(sentence.language, kind):
            if match := each.search(sentence.lowered):
                yield Draft(kind, (LENGTHS[match[2].decode()],), amount(match[1]))
                return


OF_THE_ANSWER: Final[tuple[Callable[[RuleSentence], Iterator[Draft]], ...]] = (_language, _format, _lengths)
