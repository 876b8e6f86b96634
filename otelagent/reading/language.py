"""A cheap guess at the language of a text, by its script and its commonest words."""

from typing import Final

from otelagent.reading.lexicon import SPACED, exact, folded

_COMMON: Final = {
    "en": "the and of to is in that for was with are this it on as be by from have has not or which were at an you will can no "
    "i we found results could there unable please all could couldn’t data only "
    "do does did don’t use my your me they their what how any our more than if so about after before never must should would",
    "de": "der die das und ist nicht ein eine mit von zu für auf den dem des im sich auch wird werden wurde wurden sind als es bei "
    "aus nach wie einen ich sie keine kein keinen konnte konnten gefunden ergebnisse leider alle nur bitte wenn falls es gab gibt kann können hat haben noch",
    "fr": "le la les et des est un une dans pour que qui sur pas du par avec au ce sont plus cette aux nous vous il elle été ont "
    "être leur ne n’a n’ai je j’ai aucun aucune résultat résultats données tous toutes veuillez trouvé si rien je vais y a c’est n’y d’une",
    "es": "el la los las y es que de en un una por para con no se del al lo como más su fue son está han sus pero este esta ha he "
    "ningún ninguna resultados encontré encontraron datos todos hay solo sólo a si algo nada muy ya también cuando donde puede pude podría le me voy hubo",
    "pt": "o a os as e é que de em um uma por para com não se do da no na dos das como mais foi são está ao pelo pela sua seu "
    "foram nenhum nenhuma resultados encontrei encontrado dados todos há apenas algo nada muito já também quando onde pode pude poderia me vou houve lhe",
    "it": "il lo la gli le e è che di in un una per con non si del della dei delle nel nella come più sono stato anche questo alla "
    "dal ha",
    "nl": "de het een en is niet van in op te dat voor met zijn aan door ook als naar bij worden wordt werd deze uit om er maar "
    "heeft",
}
_WORDS: Final = {name: frozenset(folded(words).split()) for name, words in _COMMON.items()}
_KANA: Final = exact(r"[ぁ-ゖァ-ヺー]")
_HAN: Final = exact(r"\p{Han}")
_OTHER: Final = (("ko", exact(r"\p{Hangul}")), ("ru", exact(r"\p{Cyrillic}")), ("ar", exact(r"\p{Arabic}")))
_MARKS: Final = str.maketrans(dict.fromkeys('.,;:!?()[]{}"*_#|/<>=+«»“”„…—–0123456789', " "))
_WINDOW: Final = 1_500


def language(text: str) -> str | None:
    """Two letters for the language that most of a text is written in; None where it doesn't show clearly."""
    shown = folded(text[:_WINDOW]).translate(_MARKS)
    tokens = shown.split()
    letters = sum(map(len, tokens))
    if letters < 12:
        return None
    if not shown.isascii() and (script := _script(shown, letters)):
        return script
    counts = {name: sum(token in common for token in tokens) for name, common in _WORDS.items()}
    best, second = sorted(counts.values(), reverse=True)[:2]
    if best < 3 or best < 0.12 * len(tokens) or best < 1.3 * second:
        return None
    return max(counts, key=lambda name: counts[name])


def likely(text: str) -> tuple[str, ...]:
    """The languages of the word lists that a text may be in: one where it shows, all of them where nothing does."""
    shown = text[:_WINDOW]
    data = shown.encode(errors="replace")
    if not shown.isascii() and 3 * len(_HAN.findall(data[:600])) + (
        kana := 3 * len(_KANA.findall(data[:600]))
    ) > 0.2 * len(data[:600]):
        return ("ja",) if kana else ("zh",)
    tokens = set(folded(shown).translate(_MARKS).split())
    counts = {name: len(tokens & _WORDS[name]) for name in SPACED}
    best = max(counts.values())
    return tuple(name for name in SPACED if counts[name] == best)


def _script(text: str, letters: int) -> str | None:
    data = text.encode(errors="replace")
    kana = len(_KANA.findall(data))
    han = len(_HAN.findall(data))
    if kana + han > 0.3 * letters:
        return "ja" if kana > 0.1 * (kana + han) else "zh"
    return next((name for name, pattern in _OTHER if len(pattern.findall(data)) > 0.4 * letters), None)
