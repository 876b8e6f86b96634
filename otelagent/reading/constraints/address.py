"""Rules on how the reader is addressed: formal or informal."""

from collections.abc import Iterator
from typing import Any, Final

from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, Violation
from otelagent.reading.lexicon import exact

_LANGUAGES: Final = ("de", "fr", "es", "pt", "zh", "ja")
_FORMS: Final = ("formal", "informal")
_QUOTES: Final = exact(
    r"\"[^\"\n]{0,400}\"|“[^”\n]{0,400}”|«[^»\n]{0,400}»|„[^“”\n]{0,400}[“”]|[「『][^」』\n]{0,400}[」』]"
)
_START: Final = r"(?:^|[^\pL\pN])"
_END: Final = r"(?:[^\pL\pN]|$)"


def _word(words: str) -> Any:
    return exact(rf"(?i){_START}(?:{words}){_END}")


_BROKEN: Final = {
    ("formal", "de"): _word("du|dich|dir|deine?[mnrs]?|euch|eure?[mnrs]?"),
    ("informal", "de"): exact(r"[\p{Ll},] (?:Sie|Ihnen|Ihre?[mnrs]?)\b"),
    ("formal", "fr"): _word("tu|toi|t['’]\\pL+"),
    ("informal", "fr"): _word("vous|votre|vos"),
    ("formal", "es"): _word("tú|tus?|te|contigo"),
    ("informal", "es"): _word("usted"),
    ("formal", "pt"): _word("tu|teus?|tuas?|contigo|te"),
    ("informal", "pt"): _word("o senhor|a senhora|você"),
    ("formal", "zh"): exact("你(?:[^们]|$)"),
    ("informal", "zh"): exact("您"),
    ("formal", "ja"): exact(
        "[^すたんいうかねよ](?:だ|である|だった|であった|となる|になる|した|された|ない)(?:。|$)|(?:よ|くれ|だね|だぞ|てね|だろう)(?:。|！|$)"
    ),
    ("informal", "ja"): exact("(?:です|ます|ました|ません|でした)(?:。|$)"),
}
"""What an answer that keeps the form doesn't say."""
_POLITE: Final = exact("(?:です|ます|ました|ません|でした|ください|でしょう|ございます)")


def read(sentence: Sentence) -> Iterator[Draft]:
    """The form that the reader is to be addressed in."""
    for form in _FORMS:
        if sentence.language in _LANGUAGES and sentence.find(f"address_{form}"):
            yield Draft("address", (form, sentence.language))
            return


def breaks(rule: Constraint, text: str) -> Violation | None:
    """The other form is used, quotations aside."""
    form, language = rule.terms
    data = _QUOTES.sub(b" ", text.encode(errors="replace"))
    if (form, language) == ("formal", "ja") and _POLITE.search(data):
        return None
    broken = _BROKEN[form, language].search(data)
    return Violation(rule, "addresses the reader in another form") if broken else None
