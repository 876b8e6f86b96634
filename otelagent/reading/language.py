"""A cheap guess at the language of a text, by its script and its commonest words."""

from typing import Final

from otelagent.reading.lexicon import exact

_COMMON: Final = {
    "en": "the and of to is in that for was with are this it on as be by from have has not or which were at an you will can",
    "de": "der die das und ist nicht ein eine mit von zu für auf den dem des im sich auch wird werden wurde sind als es bei aus nach wie einen ich sie",
    "fr": "le la les et des est un une dans pour que qui sur pas du par avec au ce sont plus cette aux nous vous il elle été ont être leur ne",
    "es": "el la los las y es que de en un una por para con no se del al lo como más su fue son está han sus pero este esta ha",
    "pt": "o a os as e é que de em um uma por para com não se do da no na dos das como mais foi são está ao pelo pela sua seu foram",
    "it": "il lo la gli le e è che di in un una per con non si del della dei delle nel nella come più sono stato anche questo alla dal ha",
    "nl": "de het een en is niet van in op te dat voor met zijn aan door ook als naar bij worden wordt werd deze uit om er maar heeft",
}
_WORDS: Final = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_TOKEN: Final = exact(r"\pL+")
_KANA: Final = exact(r"[ぁ-ゖァ-ヺ]")
_HAN: Final = exact(r"\p{Han}")
_OTHER: Final = (("ko", exact(r"\p{Hangul}")), ("ru", exact(r"\p{Cyrillic}")), ("ar", exact(r"\p{Arabic}")))
_WINDOW: Final = 2_000


def language(text: str) -> str | None:
    """Two letters for the language that most of a text is written in; None where it doesn't show clearly."""
    data = text[:_WINDOW].encode(errors="replace")
    tokens = [token.decode().lower() for token in _TOKEN.findall(data)]
    letters = sum(map(len, tokens))
    if letters < 12:
        return None
    if not data.isascii() and (script := _script(data, letters)):
        return script
    counts = {name: sum(token in common for token in tokens) for name, common in _WORDS.items()}
    best, second = sorted(counts.values(), reverse=True)[:2]
    if best < 3 or best < 0.12 * len(tokens) or best < 1.3 * second:
        return None
    return max(counts, key=lambda name: counts[name])


def _script(data: bytes, letters: int) -> str | None:
    kana = len(_KANA.findall(data))
    han = len(_HAN.findall(data))
    if kana + han > 0.3 * letters:
        return "ja" if kana > 0.1 * (kana + han) else "zh"
    return next((name for name, pattern in _OTHER if len(pattern.findall(data)) > 0.4 * letters), None)
