"""Texts made from templates: attacks of many wordings embedded in benign results, and benign texts that read like them.

Deterministic. The templates are our own; they copy no corpus.
"""

import base64
import html
import json
import random
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

TEMPLATES = tomllib.loads((Path(__file__).parent / "data" / "templates.toml").read_text("utf-8"))
SLOTS: dict[str, list[str]] = TEMPLATES["slots"]
LANGUAGES = ("en", "de", "fr", "es", "pt", "zh", "ja")


class Made(NamedTuple):
    text: str
    label: int
    kind: str
    span: str


def filled(template: str, rng: random.Random) -> str:
    """Slots filled, those of fillings too."""
    for _ in range(4):
        if "{" not in template:
            break
        for slot, fillings in SLOTS.items():
            mark = "{" + slot + "}"
            while mark in template:
                template = template.replace(mark, rng.choice(fillings), 1)
    return template


def goal(language: str, rng: random.Random) -> str:
    return filled(rng.choice(TEMPLATES["goals"][language]), rng)


def marked(language: str, rng: random.Random) -> str:
    frame = rng.choice(TEMPLATES["marked"][language])
    if "{goal}" in frame:
        said = goal(language, rng)
        frame = frame.replace("{goal_}", said[0].lower() + said[1:]).replace("{goal}", said)
    return _cased(filled(frame.replace("{goal_}", goal(language, rng)), rng), rng)


def plain(language: str, rng: random.Random) -> str:
    frame = rng.choice(TEMPLATES["plain"][language])
    said = goal(language, rng)
    return filled(frame.replace("{goal_}", said[0].lower() + said[1:]).replace("{goal}", said), rng)


def _cased(text: str, rng: random.Random) -> str:
    choice = rng.random()
    return text.upper() if choice < 0.06 else text.lower() if choice < 0.1 else text


# --- where an attack stands ---------------------------------------------------------------------------------------


def within(attack: str, context: str, rng: random.Random) -> str:
    """The attack at some place in a benign text."""
    place = rng.choice(("end", "end", "start", "middle", "middle", "alone"))
    gap = rng.choice((" ", "\n", "\n\n"))
    if place == "alone" or not context:
        return attack
    if place == "end":
        return context + gap + attack
    if place == "start":
        return attack + gap + context
    for cut in (". ", "\n"):
        places = [at for at in range(len(context)) if context.startswith(cut, at)]
        if places:
            at = rng.choice(places) + len(cut)
            return context[:at] + attack + gap + context[at:]
    return context + gap + attack


def hidden(attack: str, rng: random.Random) -> str:
    """Hidden in mark-up, as pages do it."""
    return rng.choice(
        (
            "<!-- {} -->", '<div style="display:none">{}</div>', '<span style="font-size:0">{}</span>',
            '<img src="x.png" alt="{}">', '<p style="color:#fff">{}</p>', "<!--\n{}\n-->",
            '<meta name="description" content="{}">',
            "[comment]: # ({})", "/* {} */", "# {}", "// {}", "**{}**", "> {}", "[{}](https://example.org)",
        )
    ).replace("{}", attack)  # fmt: skip


def disguised(attack: str, rng: random.Random) -> str:
    """Written so that a filter for phrases misses it."""
    ways: Sequence[Callable[[str], str]] = (
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: text.encode().hex(),
        lambda text: "\u200b".join(text),
        lambda text: "".join(chr(0xE0000 + ord(sign)) if ord(sign) < 127 else sign for sign in text),
        lambda text: "".join(
            {"a": "а", "e": "е", "o": "о", "i": "і", "p": "р", "c": "с"}.get(sign, sign) for sign in text
        ),
        lambda text: "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text),
        lambda text: "".join(f"&#{ord(sign)};" for sign in text),
        lambda text: html.escape(text),
        lambda text: quote(text),
        lambda text: text.replace(" ", "\n"),
        lambda text: text.replace(" ", "  \t"),
    )
    return rng.choice(ways)(attack)


def wrapped(text: str, rng: random.Random) -> str:
    """As tools return it: JSON, nested JSON, YAML, a mail, a row, or as it is."""
    match rng.randrange(9):
        case 0:
            return json.dumps({rng.choice(("content", "result", "text", "body", "snippet")): text})
        case 1:
            results = [{"title": filled("{title}", rng), "url": filled("{url}", rng), "snippet": text}]
            return json.dumps({"results": results, "count": 1}, ensure_ascii=False, indent=rng.choice((None, 2)))
        case 2:
            return json.dumps({"status": "ok", "data": json.dumps({"description": text, "id": rng.randrange(10**6)})})
        case 3:
            return f"title: {filled('{title}', rng)}\nbody: |\n  " + text.replace("\n", "\n  ")
        case 4:
            return filled("From: {email}\nTo: {email}\nSubject: {title}\n\n", rng) + text
        case 5:
            return str({"id": rng.randrange(1000), "review": text, "rating": rng.randrange(1, 6)})
        case _:
            return text


def benign(language: str, rng: random.Random) -> tuple[str, str]:
    """A benign text that is near an attack in its wording, and its kind."""
    kind = rng.choice([kind for kind in TEMPLATES["benign"] if language in TEMPLATES["benign"][kind]])
    lines = TEMPLATES["benign"][kind][language]
    picked = rng.sample(lines, k=min(len(lines), rng.randrange(1, 6)))
    text = rng.choice((" ", "\n", "\n\n", "\n- ")).join(picked)
    while "{attack}" in text:
        attack = marked(language, rng).strip() if rng.random() < 0.8 else plain(language, rng)
        text = text.replace("{attack}", attack.split("\n")[0][:160].replace('"', "'"), 1)
    return filled(text, rng), kind


def texts(contexts: Sequence[str], seed: int = 17, attacks: int = 5400, near: int = 7600) -> Iterator[Made]:
    """Attacks in benign contexts, and benign texts; a good third of the attacks and half of the rest is not English."""
    rng = random.Random(seed)
    for number in range(attacks):
        language = "en" if rng.random() < 0.62 else rng.choice(LANGUAGES[1:])
        is_marked = number % 2 == 0
        attack = (marked if is_marked else plain)(language, rng)
        shown = attack
        if rng.random() < 0.12:
            shown = hidden(attack, rng)
        elif rng.random() < 0.10 and is_marked:
            shown = disguised(attack, rng)
        context = (
            rng.choice(contexts)[: rng.choice((200, 600, 1500))]
            if rng.random() < 0.55
            else filled(rng.choice(TEMPLATES["contexts"]), rng)
        )
        yield Made(
            wrapped(within(shown, context, rng), rng),
            1,
            f"made_{'marked' if is_marked else 'plain'}_{language}",
            attack,
        )
    for _ in range(near):
        language = "en" if rng.random() < 0.5 else rng.choice(LANGUAGES[1:])
        text, kind = benign(language, rng)
        yield Made(wrapped(text, rng), 0, f"made_{kind}", "")
